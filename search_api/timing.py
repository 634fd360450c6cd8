"""A search index whose questions are timed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from diembao.index.protocol import (
    Counts,
    Deletion,
    Grouping,
    Hit,
    Hits,
    IndexDocument,
    IndexStatus,
    Period,
    Query,
    Rebuild,
    SearchIndex,
    Tabulation,
    Unit,
    WriteReport,
)

# The name of a question (a method of `SearchIndex`), how it ended (`ok` or `failed`), and the seconds it took.
Observe = Callable[[str, str, float], None]


class TimedIndex:
    """`SearchIndex` that hands everything on to another and tells how long each question took."""

    def __init__(self, index: SearchIndex, observe: Observe) -> None:
        self._index = index
        self._observe = observe

    def search(self, query: Query) -> Hits:
        with self._timed("search"):
            return self._index.search(query)

    def count(self, query: Query) -> int:
        with self._timed("count"):
            return self._index.count(query)

    def counts(self, query: Query, by: Sequence[Grouping] = (), over: Unit | Sequence[Period] | None = None) -> Counts:
        with self._timed("counts"):
            return self._index.counts(query, by, over)

    def tables(self, query: Query, wanted: Sequence[Tabulation]) -> tuple[Counts, ...]:
        with self._timed("tables"):
            return self._index.tables(query, wanted)

    def scan(self, query: Query) -> Iterator[Hit]:
        return self._index.scan(query)

    def add(self, documents: Sequence[IndexDocument]) -> WriteReport:
        return self._index.add(documents)

    def delete(self, deletions: Sequence[Deletion]) -> WriteReport:
        return self._index.delete(deletions)

    def commit(self) -> None:
        self._index.commit()

    def versions(self) -> Iterator[tuple[str, int]]:
        return self._index.versions()

    def status(self) -> IndexStatus:
        return self._index.status()

    def rebuild(self) -> AbstractContextManager[Rebuild]:
        return self._index.rebuild()

    def clear(self) -> None:
        self._index.clear()

    def close(self) -> None:
        self._index.close()

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        outcome = "failed"
        try:
            yield
            outcome = "ok"
        finally:
            self._observe(name, outcome, time.perf_counter() - start)
