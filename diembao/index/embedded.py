"""The embedded engine: tantivy in a directory of its own (`generations` says how it is laid out).

Any number of processes read, one writes. The engine's traps are named where they are avoided.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

from diembao.errors import IndexBusy, IndexUnavailable
from diembao.index.analysis import ID_KEY, LIVE, MARK, VERSION
from diembao.index.counting import tabulation
from diembao.index.embedded_schema import both, build_schema, fingerprint, numbers, translate
from diembao.index.embedded_search import Helpers, Search, count
from diembao.index.embedded_snapshot import OpenGeneration, Snapshot
from diembao.index.embedded_writing import Writing
from diembao.index.generations import Generations, size_of
from diembao.index.plan import Has
from diembao.index.protocol import (
    Counts,
    Deletion,
    Grouping,
    Hit,
    Hits,
    IndexDocument,
    IndexStatus,
    Keyword,
    Period,
    Query,
    Tabulation,
    Unit,
    WriteReport,
)
from diembao.index.tantivy_errors import engine_errors

_VERSIONS_PAGE = 50_000
_ID_KEYS = 2**62
# Questions under way; others wait. A large one takes some 50 MB while it lasts, and more at once are not faster.
_AT_ONCE = 4


class EmbeddedIndex:
    """`SearchIndex` on tantivy below one directory. Nothing is opened before it is used."""

    def __init__(self, root: Path) -> None:
        self._schema = build_schema()
        self._generations = Generations(root, fingerprint())
        self._open: OpenGeneration | None = None
        self._opening = threading.Lock()
        self._writing: Writing | None = None
        self._helpers: Helpers | None = None
        self._at_once = threading.BoundedSemaphore(_AT_ONCE)
        self._write_lock = threading.Lock()  # apart from the other, so that no search waits for a batch

    def add(self, documents: Sequence[IndexDocument]) -> WriteReport:
        with self._write_lock:
            return self._writer().add(documents)

    def delete(self, deletions: Sequence[Deletion]) -> WriteReport:
        with self._write_lock:
            return self._writer().delete(deletions)

    def commit(self) -> None:
        with self._write_lock:
            writing = self._writing
            if writing is None or not writing.has_pending:
                return
            try:
                writing.commit()
            except IndexUnavailable:
                self._stop_writing()
                if self._is_replaced(writing):
                    raise _replaced() from None
                raise
            if self._is_replaced(writing):
                self._stop_writing()
                raise _replaced()

    def search(self, query: Query) -> Hits:
        snapshot = self._snapshot()

        def find() -> Hits:
            with self._at_once:
                return Search(snapshot, self._schema, query).hits(self._helping())

        return snapshot.answers.of(query, find, _weight_of_hits)

    def count(self, query: Query) -> int:
        return Search(self._snapshot(), self._schema, query).total()

    def counts(self, query: Query, by: Sequence[Grouping] = (), over: Unit | Sequence[Period] | None = None) -> Counts:
        return self.tables(query, [tabulation(by, over)])[0]

    def tables(self, query: Query, wanted: Sequence[Tabulation]) -> tuple[Counts, ...]:
        snapshot = self._snapshot()

        def find() -> tuple[Counts, ...]:
            with self._at_once:
                return Search(snapshot, self._schema, query).tables(wanted, self._helping())

        return snapshot.answers.of((query, *wanted), find, _weight_of_tables)

    def scan(self, query: Query) -> Iterator[Hit]:
        return Search(self._snapshot(), self._schema, query).every_hit()

    def versions(self) -> Iterator[tuple[str, int]]:
        searcher = self._snapshot().searcher
        live = translate(self._schema, Has(MARK, LIVE))
        windows = count(searcher, live) // _VERSIONS_PAGE + 1
        bounds = [_ID_KEYS * number // windows for number in range(windows + 1)]
        for low, high in pairwise(bounds):
            window = both(live, numbers(self._schema, ID_KEY, low, high - 1))
            yield from _ids_and_versions(searcher, window)

    def status(self) -> IndexStatus:
        searcher = self._snapshot().searcher
        return IndexStatus(
            engine="tantivy",
            place=str(self._generations.home),
            schema=fingerprint(),
            documents=count(searcher, translate(self._schema, Has(MARK, LIVE))),
            size_bytes=size_of(self._generations.current()),
        )

    @contextmanager
    def rebuild(self) -> Iterator[Writing]:
        with self._generations.successor() as directory:
            opened = OpenGeneration(directory, self._schema)
            writing = Writing(opened.index, self._schema, directory, keep_small=True)
            try:
                yield writing
                writing.commit()
            finally:
                writing.close()

    def clear(self) -> None:
        with self.rebuild():
            pass

    def close(self) -> None:
        with self._write_lock:
            self._stop_writing()
        with self._opening:
            self._open = None
            helpers, self._helpers = self._helpers, None
        if helpers is not None:
            helpers.close()

    def _helping(self) -> Helpers:
        with self._opening:
            if self._helpers is None:
                self._helpers = Helpers()
            return self._helpers

    def _snapshot(self) -> Snapshot:
        while True:
            opened = self._opened()
            try:
                return opened.snapshot()
            except IndexUnavailable:
                if self._generations.current() == opened.directory:
                    raise

    def _opened(self, anew: bool = False) -> OpenGeneration:
        with self._opening:
            if anew:
                self._open = None
            while True:
                directory = self._generations.current()
                if self._open is None or self._open.directory != directory:
                    self._open = self._try_to_open(directory)
                # A rebuild elsewhere may have removed the files just while they were being opened.
                if self._open and self._generations.current() == directory:
                    return self._open

    def _try_to_open(self, directory: Path) -> OpenGeneration | None:
        try:
            return OpenGeneration(directory, self._schema)
        except IndexUnavailable:
            if self._generations.current() == directory:
                raise
            return None

    def _writer(self) -> Writing:
        if self._writing is not None and self._is_replaced(self._writing):
            lost = self._writing.has_pending
            self._stop_writing()
            if lost:
                raise _replaced()
        if self._writing is None:
            # A new handle for every writer: with an old one alive the engine leaves files behind for good.
            opened = self._opened(anew=True)
            self._writing = Writing(opened.index, self._schema, opened.directory)
        return self._writing

    def _is_replaced(self, writing: Writing) -> bool:
        return self._generations.current() != writing.directory

    def _stop_writing(self) -> None:
        writing, self._writing = self._writing, None
        if writing is not None:
            # What is committed is safe, the rest is to be dropped: a failure here changes neither, and is
            # to be expected where a rebuild has removed the files.
            with suppress(IndexUnavailable):
                writing.close()


def _replaced() -> IndexBusy:
    return IndexBusy("the search index was rebuilt meanwhile; what was written must be sent again")


def _weight_of_hits(hits: Hits) -> int:
    return 20 * (1 + len(hits.items)) + len(hits.histogram) + sum(map(len, hits.facets.values()))


def _weight_of_tables(tables: Sequence[Counts]) -> int:
    return 10 + sum(2 * len(counts.cells) + sum(map(len, counts.values)) for counts in tables)


def _ids_and_versions(searcher: Any, query: Any) -> Iterator[tuple[str, int]]:
    size = count(searcher, query)
    if size:
        with engine_errors():
            hits = searcher.search(query, limit=size, count=False, order_by_field=Keyword.ID.value).hits
            held = searcher.fast_field_values(VERSION, [address for _, address in hits])
        yield from zip((identity for identity, _ in hits), held, strict=True)
