"""Keeping what came in, many at a time: archive, flush to disk, then one transaction.

Flushing costs milliseconds whether one page is written or fifty, so whoever has something to keep joins the batch
that is written next. A call returns only when its part is on the disk; until then nothing is acknowledged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from sqlalchemy.orm import Session

from crawlers.download import Fetched
from diembao.errors import ArchiveError, StoreUnavailable
from diembao.records import ArchivePlace
from diembao.store import pages
from diembao.store.archive import ArchiveWriter
from diembao.store.database import Store

_BATCH = 100
# So long others may join a batch: a transaction costs as much as keeping thirty pages in it, and nobody waits for this.
_GATHERING_SECONDS = 0.03

T = TypeVar("T")
# What is done in the transaction; the place is that of the answer given with it.
Work = Callable[[Session, ArchivePlace | None], T]


@dataclass(slots=True)
class _Job(Generic[T]):
    work: Work[T] | None  # None: the answer is the page of that number, and nothing is to be done but to mark it
    answer: Fetched | None
    at: datetime
    done: asyncio.Future[T]
    place: ArchivePlace | None = None
    page_id: int = 0


class Keeper:
    """Writes to archive and store in one thread of its own. Use it from one event loop."""

    def __init__(self, store: Store, archive: ArchiveWriter) -> None:
        self._store = store
        self._archive = archive
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="keeper")
        self._waiting: list[_Job[object]] = []
        self._writing: asyncio.Task[None] | None = None
        self._closing = False

    async def keep(self, work: Work[T], at: datetime, answer: Fetched | None = None) -> T:
        """Archive the answer, if there is one, and do the work in a transaction; its result, once all is durable.

        Raises:
            StoreUnavailable, ArchiveError: nothing was kept.
        """
        job: _Job[T] = _Job(work, answer, at, asyncio.get_running_loop().create_future())
        return await self._join(job)

    async def keep_page(self, page_id: int, at: datetime, answer: Fetched) -> None:
        """Archive a page and mark it as fetched, once all is durable: what is done a thousand times for every other
        thing to keep is done with few statements for the whole batch. Raises as `keep`."""
        await self._join(_Job[None](None, answer, at, asyncio.get_running_loop().create_future(), page_id=page_id))

    async def _join(self, job: _Job[T]) -> T:
        self._waiting.append(job)  # type: ignore[arg-type] # jobs of different results share the queue
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return await job.done

    async def close(self) -> None:
        """Write what is waiting, close the archive."""
        self._closing = True
        if self._writing is not None:
            await self._writing
        self._thread.shutdown()
        self._archive.close()

    async def _write(self) -> None:
        while self._waiting:
            if len(self._waiting) < _BATCH and not self._closing:
                await asyncio.sleep(_GATHERING_SECONDS)
            batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
            fault = await self._try(batch)
            if fault is None:
                continue
            if len(batch) > 1 and not isinstance(fault, StoreUnavailable | ArchiveError):
                # One of them cannot be kept; the others must not suffer for it.
                for job in batch:
                    _fail([job], await self._try([job]))
            else:
                _fail(batch, fault)

    async def _try(self, batch: list[_Job[object]]) -> BaseException | None:
        """Keep a batch and answer its callers; the error that prevented it."""
        loop = asyncio.get_running_loop()
        (kept,) = await asyncio.gather(loop.run_in_executor(self._thread, self._commit, batch), return_exceptions=True)
        if isinstance(kept, BaseException):
            return kept
        for job, result in zip(batch, kept, strict=True):
            if not job.done.done():
                job.done.set_result(result)
        return None

    def _commit(self, batch: list[_Job[object]]) -> list[object]:
        fresh = [job for job in batch if job.answer is not None and job.place is None]
        for job in fresh:
            if job.answer is not None:
                answer = job.answer
                body = answer.packed if answer.coding else answer.body
                job.place = self._archive.write_response(
                    answer.url, answer.status, answer.headers, body, job.at, coding=answer.coding
                )
        if fresh:
            self._archive.sync()
        with self._store.write() as session:
            pages.mark_all_fetched(session, [_archived(job) for job in batch if job.work is None])
            return [job.work(session, job.place) if job.work is not None else None for job in batch]


def _archived(job: _Job[object]) -> pages.Archived:
    if job.answer is None or job.place is None:
        raise ValueError("a page is marked as fetched only when it is archived")
    return pages.Archived(job.page_id, job.answer.status, job.answer.header("content-type"), job.place, job.at)


def _fail(batch: list[_Job[object]], fault: BaseException | None) -> None:
    for job in batch:
        if fault is not None and not job.done.done():
            job.done.set_exception(fault)
