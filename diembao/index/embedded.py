"""The embedded engine: tantivy in a directory of its own (`generations` says how it is laid out).

Any number of processes read, one writes. The engine's traps are named where they are avoided.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from diembao.errors import IndexBusy, IndexUnavailable
from diembao.index.analysis import (
    ID_KEY,
    LIVE,
    MARK,
    SORT_KEY,
    STORY_KEY,
    VERSION,
    keyword_value,
)
from diembao.index.answers import Answers
from diembao.index.counting import Aggregations, Counting, chosen_values, tabulation
from diembao.index.embedded_classes import Classes
from diembao.index.embedded_columns import Columns, Matching
from diembao.index.embedded_counts import tabulate
from diembao.index.embedded_schema import SHOWN, both, build_schema, fingerprint, numbers, open_index, order, translate
from diembao.index.embedded_writing import Writing
from diembao.index.generations import Generations, size_of
from diembao.index.paging import (
    Position,
    Row,
    StoryCounter,
    decode_cursor,
    encode_cursor,
    make_hit,
    one_page,
    one_page_of_stories,
    row_order,
)
from diembao.index.periods import check_cells, date_of_number
from diembao.index.plan import Has, InStories, make_plan
from diembao.index.protocol import (
    Counts,
    DayCount,
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

_MOST_BUCKETS = 65_000  # the engine refuses to return more
_SCAN_PAGE = 1000
_VERSIONS_PAGE = 50_000
_ID_KEYS = 2**62
# Fetched beyond a page, so that articles of one second are put in order before the page is cut.
_TIES = 8
_MOST_EQUAL = 5000  # stories printed equally often, of which the first by name are looked for
_COMMITTED = "meta.json"  # which segments there are: replaced by every commit
_HELPERS = 2
# Questions under way; others wait. A large one takes some 50 MB while it lasts, and more at once are not faster.
_AT_ONCE = 4
_MOST_KEPT = 400_000  # parts of answers of some 100 bytes
_TOTAL = "total"
_COUNT = {"value_count": {"field": VERSION}}


class _Open:
    """A generation that is open. The engine wants one handle for reading and writing."""

    def __init__(self, directory: Path, schema: Any) -> None:
        self.directory = directory
        self._schema = schema
        self._lock = threading.Lock()
        # Before it is opened: a snapshot is never older than its mark says.
        mark = self._mark()
        with engine_errors():
            self.index = open_index(schema, str(directory))
            self._snapshot = Snapshot(mark, self.index.searcher(), schema)

    def snapshot(self) -> Snapshot:
        """What was committed last, by whomever.

        Raises:
            IndexUnavailable: also when a rebuild elsewhere is just removing this generation.
        """
        mark = self._mark()
        with self._lock:
            if mark not in ("", self._snapshot.mark):
                with engine_errors():
                    self.index.reload()
                    self._snapshot = Snapshot(mark, self.index.searcher(), self._schema)
            return self._snapshot

    def _mark(self) -> str:
        """Of the last commit; "" when a rebuild has removed it: what is open can still be read."""
        try:
            stat = (self.directory / _COMMITTED).stat()
        except FileNotFoundError:
            return ""
        return f"{self.directory.name}-{stat.st_ino}-{stat.st_mtime_ns}"


class Snapshot:
    """The articles as one commit left them. mark: differs from that of every other commit."""

    def __init__(self, mark: str, searcher: Any, schema: Any) -> None:
        self.mark, self.searcher = mark, searcher
        self._schema = schema
        self._lock = threading.Lock()
        self._columns: Columns | None = None
        self.answers = Answers(_MOST_KEPT)

    @property
    def columns(self) -> Columns:
        with self._lock:  # whoever comes meanwhile waits, instead of reading the same
            if self._columns is None:
                self._columns = Columns(self.searcher, self._schema)
            return self._columns


class EmbeddedIndex:
    """`SearchIndex` on tantivy below one directory. Nothing is opened before it is used."""

    def __init__(self, root: Path) -> None:
        self._schema = build_schema()
        self._generations = Generations(root, fingerprint())
        self._open: _Open | None = None
        self._opening = threading.Lock()
        self._writing: Writing | None = None
        self._helper: ThreadPoolExecutor | None = None
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
                return _Search(snapshot, self._schema, query).hits(self._helping())

        return snapshot.answers.of(query, find, _weight_of_hits)

    def count(self, query: Query) -> int:
        return _Search(self._snapshot(), self._schema, query).total()

    def counts(self, query: Query, by: Sequence[Grouping] = (), over: Unit | Sequence[Period] | None = None) -> Counts:
        return self.tables(query, [tabulation(by, over)])[0]

    def tables(self, query: Query, wanted: Sequence[Tabulation]) -> tuple[Counts, ...]:
        snapshot = self._snapshot()

        def find() -> tuple[Counts, ...]:
            with self._at_once:
                return _Search(snapshot, self._schema, query).tables(wanted)

        return snapshot.answers.of((query, *wanted), find, _weight_of_tables)

    def scan(self, query: Query) -> Iterator[Hit]:
        return _Search(self._snapshot(), self._schema, query).every_hit()

    def versions(self) -> Iterator[tuple[str, int]]:
        searcher = self._snapshot().searcher
        live = translate(self._schema, Has(MARK, LIVE))
        windows = _count(searcher, live) // _VERSIONS_PAGE + 1
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
            documents=_count(searcher, translate(self._schema, Has(MARK, LIVE))),
            size_bytes=size_of(self._generations.current()),
        )

    @contextmanager
    def rebuild(self) -> Iterator[Writing]:
        with self._generations.successor() as directory:
            opened = _Open(directory, self._schema)
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
            helper, self._helper = self._helper, None
        if helper is not None:
            helper.shutdown()

    def _helping(self) -> Executor:
        """The engine lets go of the interpreter: half of a large question is asked beside the other."""
        with self._opening:
            if self._helper is None:
                self._helper = ThreadPoolExecutor(_HELPERS, thread_name_prefix="index")
            return self._helper

    def _snapshot(self) -> Snapshot:
        while True:
            opened = self._opened()
            try:
                return opened.snapshot()
            except IndexUnavailable:
                if self._generations.current() == opened.directory:
                    raise

    def _opened(self, anew: bool = False) -> _Open:
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

    def _try_to_open(self, directory: Path) -> _Open | None:
        try:
            return _Open(directory, self._schema)
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


class _Search:
    """One query on one snapshot."""

    def __init__(self, snapshot: Snapshot, schema: Any, query: Query) -> None:
        self._snapshot = snapshot
        self._searcher = snapshot.searcher
        self._schema = schema
        self._query = query
        self._plan = make_plan(query)
        with engine_errors():
            self._wanted = translate(schema, self._plan.wanted)

    def total(self) -> int:
        return _count(self._searcher, self._wanted)

    def hits(self, helper: Executor) -> Hits:
        query = self._query
        after = decode_cursor(query)
        if not query.count_stories:
            counting = Counting(query, _MOST_BUCKETS, "segment_size")
            wanted = counting.wanted()
            # Whoever visits all matches can count them on the way.
            answer = self._aggregate({**wanted, _TOTAL: _COUNT} if wanted else {})
            total = int(answer[_TOTAL]["value"]) if wanted else None
            rows, more, total = self._page(total, after, self._story_sizes)
            facets, histogram, stories = counting.facets(answer, self._aggregate), counting.histogram(answer), None
        else:
            # The engine lets go of the interpreter while it counts: three parts side by side.
            found = helper.submit(self._matching)
            counting = Counting(replace(query, histogram=False), _MOST_BUCKETS, "segment_size")
            halves = _halves(counting.wanted())
            other = helper.submit(self._aggregate, halves[1])
            answer = {**self._aggregate(halves[0]), **other.result()}
            matching = found.result()
            rows, more, total = self._page(matching.articles, after, lambda chosen: matching.sizes_of(chosen.keys))
            facets, stories = counting.facets(answer, self._aggregate), matching.different_stories
            histogram = _by_day(matching) if query.histogram else ()
        return Hits(
            total=total,
            items=tuple(self._hit(row) for row in rows),
            facets=facets,
            histogram=histogram,
            stories=stories,
            next=encode_cursor(query, rows[-1].position) if more else None,
        )

    def _page(self, total: int | None, after: Position | None, sizes: StoryCounter) -> tuple[list[Row[Any]], bool, int]:
        """The rows that come next, whether more follow, and how many match: `total` where that is known."""
        query = self._query
        if total is None and query.size and not (self._plan.ladder or after or query.collapse):
            rows, total = self._in_order(0, self._wanted, None, query.size + 1, count=True)
            return rows[: query.size], len(rows) > query.size, total
        total = self.total() if total is None else total
        if not (query.size and total):
            return [], False, total
        read = self._reader(total)
        rows, more = (
            one_page_of_stories(read, sizes, after, query.size) if query.collapse else one_page(read, after, query.size)
        )
        return rows, more, total

    def tables(self, wanted: Sequence[Tabulation]) -> tuple[Counts, ...]:
        for one in wanted:
            check_cells([grouping.most for grouping in one.by], 1)
        matching = self._matching()
        every = {grouping: None for one in wanted for grouping in one.by}
        chosen = {one: values for one in every if (values := self._most_printed(matching, one))}
        others = [one for one in every if one not in chosen]
        found = chosen_values(self._query, others, _MOST_BUCKETS, "segment_size", self._aggregate)
        chosen |= zip(others, found, strict=True)
        return tuple(
            tabulate(matching, [(grouping.field, chosen[grouping]) for grouping in one.by], one.over) for one in wanted
        )

    def _most_printed(self, matching: Matching, grouping: Grouping) -> tuple[str, ...]:
        """The most frequent stories; () where the engine has to be asked. It would count every story there is."""
        if grouping.field is not Keyword.STORY or grouping.values:
            return ()
        largest = matching.most_printed(grouping.size)
        if len(largest) > _MOST_EQUAL:
            return ()
        named = [(-size, keyword_value(self._shown(address)["story"])) for size, address in largest]
        if not all(name for _, name in named):  # articles without a story stand for themselves in the columns
            return ()
        return tuple(name for _, name in sorted(named)[: grouping.size])

    def every_hit(self) -> Iterator[Hit]:
        read = self._reader(self.total())
        after: Position | None = None
        while rows := read(after, _SCAN_PAGE, None):
            for row in rows:
                yield self._hit(row)
            after = rows[-1].position

    def _reader(self, total: int) -> Callable[[Position | None, int, InStories | None], list[Row[Any]]]:
        classes = Classes(self._schema, self._plan)

        def read(after: Position | None, limit: int, stories: InStories | None) -> list[Row[Any]]:
            rows: list[Row[Any]] = []
            for score, belonging in classes:
                if len(rows) >= limit or (after is None and len(rows) == total):
                    break
                if after is None or score <= after.score:
                    asked = self._of_stories(belonging, stories) if stories else belonging
                    start = after if after and after.score == score else None
                    rows += self._in_order(score, asked, start, limit - len(rows))[0]
            return rows

        return read

    def _in_order(
        self, score: int, asked: Any, after: Position | None, limit: int, *, count: bool = False
    ) -> tuple[list[Row[Any]], int]:
        """Rows of one class in order, and where asked for how many it has (else 0)."""
        newest = self._plan.newest_first
        with engine_errors():
            if after:
                bounds = (None, after.sort_key) if newest else (after.sort_key, None)
                asked = both(asked, numbers(self._schema, SORT_KEY, *bounds))
            answer = self._searcher.search(
                asked, limit=limit + _TIES, count=count, order_by_field=SORT_KEY, order=order(newest)
            )
            found = answer.hits
            addresses = [address for _, address in found]
            id_keys = self._searcher.fast_field_values(ID_KEY, addresses)
            story_keys = self._searcher.fast_field_values(STORY_KEY, addresses)
        rows = [
            Row(Position(score, sort_key, id_key), story_key, address)
            for (sort_key, address), id_key, story_key in zip(found, id_keys, story_keys, strict=True)
            if after is None or sort_key != after.sort_key or id_key > after.id_key
        ]
        return sorted(rows, key=row_order(newest))[:limit], answer.count if count else 0

    def _hit(self, row: Row[Any]) -> Hit:
        return make_hit(self._query, row, self._shown(row.handle))

    def _shown(self, address: Any) -> dict[str, Any]:
        with engine_errors():
            shown: dict[str, Any] = json.loads(self._searcher.doc(address).get_first(SHOWN))
        return shown

    def _aggregate(self, wanted: Aggregations) -> Mapping[str, Any]:
        if not wanted:
            return {}
        with engine_errors():
            answer: Mapping[str, Any] = self._searcher.aggregate(self._wanted, wanted)
        return answer

    def _matching(self) -> Matching:
        return self._snapshot.columns.matching(self._plan.wanted, self._wanted)

    def _of_stories(self, query: Any, stories: InStories) -> Any:
        with engine_errors():
            return both(query, translate(self._schema, stories))

    def _story_sizes(self, stories: InStories) -> Counter[int]:
        members = self._of_stories(self._wanted, stories)
        with engine_errors():
            # Ordering by a field brings its values along, and in whole numbers: aggregations give floats.
            number = max(1, _count(self._searcher, members))
            hits = self._searcher.search(members, limit=number, count=False, order_by_field=STORY_KEY).hits
        return Counter(story for story, _ in hits)


def _halves(wanted: Aggregations) -> tuple[Aggregations, Aggregations]:
    """Two parts that take about as long: names of people and bodies, of which there are thousands, and the rest."""
    names = {Keyword.PERSON.value, Keyword.ORGANISATION.value}
    return {name: wanted[name] for name in wanted.keys() - names}, {
        name: wanted[name] for name in wanted.keys() & names
    }


def _by_day(matching: Matching) -> tuple[DayCount, ...]:
    days, counts = matching.by_day()
    return tuple(
        DayCount(date_of_number(day), count) for day, count in zip(days.tolist(), counts.tolist(), strict=True)
    )


def _weight_of_hits(hits: Hits) -> int:
    return 20 * (1 + len(hits.items)) + len(hits.histogram) + sum(map(len, hits.facets.values()))


def _weight_of_tables(tables: Sequence[Counts]) -> int:
    return 10 + sum(2 * len(counts.cells) + sum(map(len, counts.values)) for counts in tables)


def _count(searcher: Any, query: Any) -> int:
    with engine_errors():
        # Every document has a version. Faster than a search: that one keeps a list of the best as well.
        return int(searcher.aggregate(query, {_TOTAL: _COUNT})[_TOTAL]["value"])


def _ids_and_versions(searcher: Any, query: Any) -> Iterator[tuple[str, int]]:
    size = _count(searcher, query)
    if size:
        with engine_errors():
            hits = searcher.search(query, limit=size, count=False, order_by_field=Keyword.ID.value).hits
            held = searcher.fast_field_values(VERSION, [address for _, address in hits])
        yield from zip((identity for identity, _ in hits), held, strict=True)
