"""Writing to one Elasticsearch index in bulk, with external versions.

Whatever happens to the connection, the same batch can be sent again: a version that is there already is
refused by the server and counted as stale.
"""

from __future__ import annotations

import json
import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from elasticsearch import ApiError, ConnectionError, ConnectionTimeout, Elasticsearch

from diembao.errors import IndexUnavailable
from diembao.index.analysis import Analysed, analyse, check_identity
from diembao.index.elastic_errors import server_errors
from diembao.index.elastic_schema import document_body
from diembao.index.protocol import Deletion, IndexDocument, Rejection, WriteReport

_CHUNK_DOCUMENTS = 500
_CHUNK_BYTES = 8_000_000  # servers answer 413 from 100 MB on; smaller chunks also fail and repeat cheaper
# Chunks that are sent at once while the next one is being cut into words; then we wait for the server.
_UNDER_WAY = 2
_TRIES = 5
_SMALLER = 4  # times, after a piece that took too long
_FIRST_PAUSE = 0.5  # seconds; doubled with every try, and varied so that writers do not come back together
_BUSY = (429, 502, 503, 504)
_STALE = 409
_MISSING = 404


class NoIndex(IndexUnavailable):
    """The index was deleted from outside; it can be made again."""


@dataclass(slots=True)
class _Item:
    id: str
    lines: tuple[bytes, bytes]


class Writing:
    """Writes to one index or alias. Threads may share it.

    is_alias: the name must be an alias; else a server would make an index of that name, without our mapping.
    keep_alive: called before every chunk.
    """

    def __init__(
        self, client: Elasticsearch, index: str, is_alias: bool, keep_alive: Callable[[], None] | None = None
    ) -> None:
        self._client = client
        self._index = index
        self._is_alias = is_alias
        self._keep_alive = keep_alive

    def add(self, documents: Sequence[IndexDocument]) -> WriteReport:
        return self._write(documents, analyse)

    def delete(self, deletions: Sequence[Deletion]) -> WriteReport:
        return self._write(deletions, _checked)

    def _write(self, given: Sequence[Any], prepare: Callable[[Any], Analysed | Deletion]) -> WriteReport:
        rejected: list[Rejection] = []
        reports: list[WriteReport] = []
        under_way: deque[Future[WriteReport]] = deque()
        with ThreadPoolExecutor(_UNDER_WAY) as pool:
            for chunk in _chunks(_items(given, prepare, rejected)):
                if self._keep_alive:
                    self._keep_alive()
                if len(under_way) == _UNDER_WAY:
                    reports.append(under_way.popleft().result())
                under_way.append(pool.submit(self._send, chunk))
            reports += [chunk_sent.result() for chunk_sent in under_way]
        return WriteReport(
            accepted=sum(report.accepted for report in reports),
            stale=sum(report.stale for report in reports),
            rejected=(*rejected, *(rejection for report in reports for rejection in report.rejected)),
        )

    def _send(self, chunk: Sequence[_Item]) -> WriteReport:
        """One chunk; what the server is too busy for is sent again, after a growing pause, and what took it too long
        in smaller pieces: the same again would take as long again."""
        accepted = stale = 0
        rejected: list[Rejection] = []
        left = list(chunk)
        size = len(left)
        for attempt in range(_TRIES):
            if attempt:
                time.sleep(_FIRST_PAUSE * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))  # noqa: S311
            try:
                answers = [
                    answer
                    for first in range(0, len(left), size)
                    for answer in self._bulk(left[first : first + size], last=attempt == _TRIES - 1)
                ]
            except _Again as again:
                if again.took_too_long:
                    size = max(1, size // _SMALLER)
                continue
            busy: list[_Item] = []
            for item, answer in zip(left, answers, strict=True):
                status = answer["status"]
                if status in _BUSY:
                    busy.append(item)
                elif status == _MISSING:
                    raise NoIndex(f"there is no index {self._index}: {answer['error']['reason']}")
                elif status == _STALE:
                    stale += 1
                elif status >= 400:
                    rejected.append(Rejection(item.id, answer["error"]["reason"]))
                else:
                    accepted += 1
            left = busy
            if not left:
                return WriteReport(accepted, stale, tuple(rejected))
        raise IndexUnavailable(f"the search server stayed too busy for {len(left)} documents")

    def _bulk(self, items: Sequence[_Item], last: bool) -> list[dict[str, Any]]:
        """The answer for each item. Raises _Again for a failure that may pass, unless it was the last try."""
        operations: list[Any] = [line for item in items for line in item.lines]
        passing: tuple[type[Exception], ...] = () if last else (ConnectionError, ConnectionTimeout, ApiError)
        try:
            with server_errors(pass_on=passing):
                answer = self._client.bulk(index=self._index, operations=operations, require_alias=self._is_alias)
        except ApiError as error:
            if error.status_code in _BUSY:
                raise _Again(took_too_long=False) from error
            with server_errors():
                raise
        except (ConnectionError, ConnectionTimeout) as error:
            raise _Again(took_too_long=isinstance(error, ConnectionTimeout)) from error
        return [item["index"] for item in answer["items"]]


class _Again(Exception):
    """The same chunk is to be sent again."""

    def __init__(self, took_too_long: bool) -> None:
        super().__init__()
        self.took_too_long = took_too_long


def _checked(deletion: Deletion) -> Deletion:
    check_identity(deletion.id, deletion.version)
    return deletion


def _items(
    given: Sequence[Any], prepare: Callable[[Any], Analysed | Deletion], rejected: list[Rejection]
) -> Iterator[_Item]:
    """One after the other, as they are needed; those that cannot be prepared go to `rejected`."""
    for change in given:
        try:
            item = _item(prepare(change))
        except ValueError as error:
            rejected.append(Rejection(change.id, str(error)))
        else:
            yield item


def _item(change: Analysed | Deletion) -> _Item:
    action = {"index": {"_id": change.id, "version": change.version, "version_type": "external"}}
    body = document_body(change)
    return _Item(change.id, (json.dumps(action).encode(), json.dumps(body, ensure_ascii=False).encode()))


def _chunks(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    chunk: list[_Item] = []
    size = 0
    for item in items:
        if chunk and (len(chunk) >= _CHUNK_DOCUMENTS or size + len(item.lines[1]) > _CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(item)
        size += len(item.lines[1])
    if chunk:
        yield chunk
