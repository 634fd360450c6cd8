"""The one spider: it polls what is due, visits what was found, and keeps every result before it goes on."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from aiohttp.abc import AbstractResolver
from scrapy import Request, Spider
from scrapy.exceptions import IgnoreRequest

from crawlers import looks, polls, visits
from crawlers.download import Bounds, Connections, Fetched
from crawlers.feeds import MAX_BYTES as LARGEST_FEED
from crawlers.keeping import Keeper
from crawlers.look_queue import Look, LookQueue
from crawlers.politeness import PoliteDownloader, Stopping, fetched_of, request_for
from crawlers.queue import Poll, Task, Visit, WorkQueue
from crawlers.quiet import resting
from crawlers.source import Source
from diembao.errors import ArchiveError, DiembaoError, FetchFailed, StoreUnavailable
from diembao.settings import Settings
from diembao.store import pages
from diembao.store.archive import ArchiveWriter
from diembao.store.database import Store

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger("diembao.crawl")

# How long nothing is looked up while nothing happens; new work is due to the second, not sooner.
_IDLE_SECONDS = 1.0
# Results that come in close together are answered by one look at the queue.
_TOGETHER_SECONDS = 0.05
# An operator is told after so many bad polls in a row.
_ALARM_AFTER = 3
# A look whose worker died is due again after so many request timeouts.
_LOOK_TIMEOUTS = 6


@dataclass
class Assignment:
    """What a crawl is to do, and what came of it.

    names: only these sources, all when empty. once: poll all of them now and return when nothing is left to fetch.
    stop: set from outside to leave early. outcomes: counted as the crawl goes. fault: why it had to end.
    """

    settings: Settings
    store: Store
    sources: Mapping[str, Source]
    names: Sequence[str] = ()
    once: bool = False
    stop: threading.Event = field(default_factory=threading.Event)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    resolver: AbstractResolver | None = None
    outcomes: Counter[str] = field(default_factory=Counter)
    fault: DiembaoError | None = None


class PressSpider(Spider):
    """Reads newspapers as an `Assignment` says."""

    name = "press"

    def __init__(self, assignment: Assignment, **more: Any) -> None:
        super().__init__(**more)
        self._assignment = assignment
        settings = assignment.settings
        self.seconds = settings.fetch_timeout
        first = settings.poll_seconds or settings.poll_minutes * 60.0
        self._timing = polls.Timing(first, settings.poll_seconds)
        self._page_bounds = Bounds(settings.fetch_max_bytes, settings.fetch_timeout, types=visits.HTML_TYPES)
        self._poll_bounds = Bounds(min(LARGEST_FEED, settings.fetch_max_bytes), settings.fetch_timeout, cut=True)
        self._keeper = Keeper(assignment.store, ArchiveWriter.of(settings))
        self._queue = WorkQueue(
            assignment.store,
            assignment.sources,
            assignment.names,
            everything=assignment.once,
            request_seconds=settings.fetch_timeout,
            lease_seconds=settings.lease_seconds,
            now=assignment.now,
            pause_of=self._pause_of,
            resting=self._resting,
        )
        self._cadence = looks.Cadence(
            timedelta(days=settings.watch_days), timedelta(days=settings.watch_published_days)
        )
        self._look_queue = LookQueue(
            assignment.store,
            assignment.sources,
            self._cadence,
            lease=timedelta(seconds=_LOOK_TIMEOUTS * settings.fetch_timeout),
            now=assignment.now,
        )
        self._under_way: set[asyncio.Task[None]] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        if "assignment" not in kwargs:  # `scrapy crawl press`
            from crawlers.run import assignment_from_environment

            kwargs["assignment"] = assignment_from_environment()
        return super().from_crawler(crawler, *args, **kwargs)

    def connect(self) -> Connections:
        """The connections of this crawl; called when the event loop runs."""
        return Connections(self._assignment.settings, self._assignment.resolver)

    async def start(self) -> AsyncIterator[Any]:
        """Do all that is due, as long as there is something to do.

        No request goes through Scrapy's scheduler and scraper: the queue decides what is next, and a task lives from
        its request until its result is durable. They would cost a third of what a page costs to fetch.
        """
        while not self._leaving:
            for task in [*await self._take(), *await self._take_looks()]:
                self._begin(task)
            if self._assignment.once and self._queue.at_rest:
                break
            await self._queue.changed(_IDLE_SECONDS)
            await asyncio.sleep(_TOGETHER_SECONDS)
        while self._under_way:
            if self._leaving:
                self._downloader.drop_waiting()
            await asyncio.wait(self._under_way, timeout=_IDLE_SECONDS)
        none: tuple[Request, ...] = ()
        for request in none:  # Scrapy asks for a generator
            yield request

    def _begin(self, task: Task | Look) -> None:
        begun = asyncio.create_task(self._do(task))
        self._under_way.add(begun)
        begun.add_done_callback(self._ended)

    def _ended(self, ended: asyncio.Task[None]) -> None:
        self._under_way.discard(ended)
        fault = None if ended.cancelled() else ended.exception()
        if fault is not None:
            logger.error("a task of the crawl broke", exc_info=fault)

    async def _do(self, task: Task | Look) -> None:
        """A task from its request until its result is kept, or given back because the crawler is leaving."""
        kept = False
        try:
            request = self._request(task)
            await self._settle(task, await self._answer(request), conditional=request.meta["conditional"])
            kept = True
        except Stopping:
            kept = True  # of what was never sent there is nothing to keep
        except (StoreUnavailable, ArchiveError) as fault:
            self._assignment.fault = fault
        finally:
            self._release(task, spoiled=not kept)

    async def closed(self, reason: str) -> None:
        """Everything that came in is kept before the crawl counts as ended."""
        await self._keeper.close()
        try:
            await asyncio.to_thread(self._queue.close)
        except StoreUnavailable as fault:
            self._assignment.fault = self._assignment.fault or fault

    def _pause_of(self, source: Source) -> float:
        """The pause of a source's hosts, as far as it was found out by asking them."""
        return self._downloader.pause_of(source)

    @property
    def _downloader(self) -> PoliteDownloader:
        downloader = self.crawler.engine.downloader
        if not isinstance(downloader, PoliteDownloader):
            raise TypeError(f"{downloader!r} keeps no pauses")
        return downloader

    @property
    def _leaving(self) -> bool:
        return self._assignment.stop.is_set() or self._assignment.fault is not None

    async def _take(self) -> list[Task]:
        try:
            return await self._queue.take()
        except StoreUnavailable as fault:
            self._assignment.fault = fault
            return []

    async def _take_looks(self) -> list[Look]:
        """Looks again at articles, when those before have ended: what is new goes first."""
        names = self._queue.mine()
        if self._queue.looks_under_way or not names:
            return []
        try:
            taken = await asyncio.to_thread(self._look_queue.take, names, self._queue.held_hosts(), self._resting())
        except StoreUnavailable as fault:
            self._assignment.fault = fault
            return []
        for look in taken:
            self._queue.begin_look(look.source.name)
        return taken

    def _request(self, task: Task | Look) -> Request:
        headers = self._validators(task)
        return request_for(
            task.url,
            task.source,
            polling=isinstance(task, Poll),
            bounds=self._poll_bounds if isinstance(task, Poll) else self._page_bounds,
            headers=headers,
            meta={"conditional": bool(headers)},
        )

    def _resting(self) -> list[str]:
        """Sources in their quiet hours; none in a crawl that a person asked for."""
        assignment = self._assignment
        if assignment.once:
            return []
        return resting(assignment.sources.values(), assignment.settings, assignment.now())

    def _validators(self, task: Task | Look) -> dict[str, str]:
        now = self._assignment.now()
        if isinstance(task, Poll):
            return polls.validators(task.feed, now)
        return looks.validators(task.look, now) if isinstance(task, Look) else {}

    async def _answer(self, request: Request) -> Fetched | DiembaoError:
        """What the host answered, whatever its status, or why there is no answer. Raises Stopping."""
        try:
            return fetched_of(await self.crawler.engine.download_async(request))
        except DiembaoError as error:
            return error.bare()
        except Stopping:
            raise
        except IgnoreRequest:
            return FetchFailed("too_many_redirects: it leads on and on")

    async def _settle(self, task: Task | Look, result: Fetched | DiembaoError, *, conditional: bool) -> None:
        """Keep the result of a task; conditional: whether the request carried validators.

        Raises StoreUnavailable, ArchiveError.
        """
        if isinstance(task, Poll):
            await self._settle_poll(task, result, conditional=conditional)
            return
        with self._downloader.in_hand(result.size if isinstance(result, Fetched) else 0):
            if isinstance(task, Look):
                await self._settle_look(task, result, conditional=conditional)
            else:
                await self._settle_visit(task, result)

    def _release(self, task: Task | Look, *, spoiled: bool = False) -> None:
        if isinstance(task, Look):
            self._queue.end_look(task.source.name)
        else:
            self._queue.release(task, spoiled=spoiled)

    async def _settle_look(self, task: Look, result: Fetched | DiembaoError, *, conditional: bool) -> None:
        now = self._assignment.now()
        archive = self._assignment.settings.archive_dir
        seen = await asyncio.to_thread(
            looks.judge, task.look, result, task.source.read, archive, conditional=conditional, now=now
        )
        if seen.hold:
            self._queue.hold(task.url, seen.hold)
        answer = result if isinstance(result, Fetched) and seen.kind == "changed" else None
        outcome = await self._keeper.keep(looks.keeping(task.look, seen, answer, self._cadence, now), now, answer)
        self._assignment.outcomes[f"looks {outcome}"] += 1
        if outcome in ("changed", "removed", "restored"):
            logger.info("article %s at its source", outcome, extra={"url": task.url, "reason": seen.reason})

    async def _settle_visit(self, task: Visit, result: Fetched | DiembaoError) -> None:
        now = self._assignment.now()
        verdict = visits.judge(task.url, result, now)
        outcome = "fetched"
        if verdict.hold:
            self._queue.hold(task.url, verdict.hold)
        if isinstance(result, Fetched) and verdict.kind == outcome:
            await self._keeper.keep_page(task.page.id, now, result)
        else:
            outcome = await self._keeper.keep(visits.keeping(task.page.id, verdict, now), now)
        self._assignment.outcomes[outcome] += 1
        logger.debug("page %s", outcome, extra={"url": task.url, "reason": verdict.reason})

    async def _settle_poll(self, task: Poll, result: Fetched | DiembaoError, *, conditional: bool) -> None:
        now = self._assignment.now()
        reading = await asyncio.to_thread(polls.read, task.feed, task.source, result, conditional=conditional, now=now)
        if reading.hold:
            self._queue.hold(task.url, reading.hold)
        reading = await self._read_on(task, reading, now)
        kept = await self._keeper.keep(polls.keeping(task.feed, reading, self._timing, now), now)
        self._assignment.outcomes[f"polls {kept.status}"] += 1
        self._assignment.outcomes["found"] += kept.new
        self._tell(task, reading, kept)

    async def _read_on(self, task: Poll, reading: polls.Reading, now: datetime) -> polls.Reading:
        """The reading with the links of the pages it leads on to: parts of an index, older pages of a new list."""
        found = {link.url: link for link in reading.links}
        waiting = list(polls.reads_on(reading, await asyncio.to_thread(self._unknown, list(found))))
        for _ in range(polls.MOST_FURTHER):
            if not waiting or self._leaving or len(found) >= polls.MOST_LINKS:
                break
            result = await self._ask(waiting.pop(0), task.source)
            more = await asyncio.to_thread(polls.read, task.feed, task.source, result, conditional=False, now=now)
            fresh = [link for link in more.links if link.url not in found]
            found.update((link.url, link) for link in fresh)
            unknown = await asyncio.to_thread(self._unknown, [link.url for link in fresh])
            waiting += [url for url in polls.reads_on(more, unknown) if not more.parts]
        if reading.parts and not found:
            return replace(reading, status="empty", reason="an index of sitemaps that hold no address of the last days")
        if len(found) == len(reading.links):
            return reading
        return replace(reading, links=tuple(found.values())[: polls.MOST_LINKS])

    async def _ask(self, url: str, source: Source) -> Fetched | DiembaoError:
        try:
            return await self._answer(request_for(url, source, polling=True, bounds=self._poll_bounds))
        except Stopping:
            return FetchFailed("given back")

    def _unknown(self, urls: Sequence[str]) -> int:
        with self._assignment.store.read() as session:
            return len(urls) - len(pages.known_urls(session, urls))

    def _tell(self, task: Poll, reading: polls.Reading, kept: polls.Kept) -> None:
        """What an operator must know, once: a feed that went bad, and that it is well again."""
        about = {"source": task.feed.source, "url": task.url, "reason": reading.reason}
        if kept.failures == _ALARM_AFTER:
            logger.warning("cannot be read any more", extra=about)
        elif kept.status != "failing" and task.feed.failures >= _ALARM_AFTER:
            logger.warning("can be read again", extra=about)
        else:
            logger.debug("polled: %s, %d new", kept.status, kept.new, extra=about)
