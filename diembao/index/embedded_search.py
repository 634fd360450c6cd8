"""One question to the embedded engine: which articles, in which order, and what is counted of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from diembao.index.analysis import (
    ID_KEY,
    SORT_KEY,
    STORY_KEY,
    VERSION,
)
from diembao.index.counting import Aggregations, Counting, chosen_values
from diembao.index.embedded_classes import Classes
from diembao.index.embedded_columns import Matching
from diembao.index.embedded_counts import tabulate
from diembao.index.embedded_schema import MOST_BUCKETS, SHOWN, both, every_value, numbers, order, translate
from diembao.index.embedded_snapshot import Snapshot
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
from diembao.index.plan import InStories, make_plan
from diembao.index.protocol import (
    Counts,
    DayCount,
    FacetCount,
    FacetRequest,
    Grouping,
    Hit,
    Hits,
    Keyword,
    Query,
    Tabulation,
)
from diembao.index.tantivy_errors import engine_errors

_SCAN_PAGE = 1000
# Fetched beyond a page, so that articles of one second are put in order before the page is cut.
_TIES = 8
_MOST_EQUAL = 5000  # stories printed equally often, of which the first by name are looked for
_HELPERS = 2
_TOTAL = "total"
_COUNT = {"value_count": {"field": VERSION}}


class Helpers:
    """Threads beside those that ask. pool: for half of a large question, for the engine lets go of the interpreter;
    learner: for what makes later questions faster."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(_HELPERS, thread_name_prefix="index")
        self.learner = ThreadPoolExecutor(1, thread_name_prefix="index-learning")

    def close(self) -> None:
        self.learner.shutdown(cancel_futures=True)
        self.pool.shutdown()


class Search:
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
        return count(self._searcher, self._wanted)

    def hits(self, helpers: Helpers) -> Hits:
        query = self._query
        after = decode_cursor(query)
        if not query.count_stories:
            counting = Counting(query, MOST_BUCKETS, "segment_size")
            wanted = counting.wanted()
            # Whoever visits all matches can count them on the way.
            answer = self._aggregate({**wanted, _TOTAL: _COUNT} if wanted else {})
            total = int(answer[_TOTAL]["value"]) if wanted else None
            rows, more, total = self._page(total, after, self._story_sizes)
            facets, histogram, stories = counting.facets(answer, self._aggregate), counting.histogram(answer), None
        else:
            matching = self._matching()
            rows, more, total = self._page(matching.articles, after, lambda chosen: matching.sizes_of(chosen.keys))
            facets, stories = self._facets(matching, query.facets, helpers), matching.different_stories
            histogram = _by_day(matching) if query.histogram else ()
        return Hits(
            total=total,
            items=tuple(self._hit(row) for row in rows),
            facets=facets,
            histogram=histogram,
            stories=stories,
            next=encode_cursor(query, rows[-1].position) if more else None,
        )

    def _facets(
        self, matching: Matching, asked: Sequence[FacetRequest], helpers: Helpers
    ) -> dict[Keyword, tuple[FacetCount, ...]]:
        """Out of the tallies as far as they can tell; the engine counts the rest."""
        known: Mapping[Keyword, tuple[FacetCount, ...]] = {}
        if not matching.is_narrow:
            known = matching.facets(asked)
            self._snapshot.learn([facet.field for facet in asked], helpers.learner)
        if left := tuple(facet for facet in asked if facet.field not in known):
            counting = Counting(replace(self._query, facets=left, histogram=False), MOST_BUCKETS, "segment_size")
            halves = _halves(counting.wanted())
            # The engine lets go of the interpreter while it counts: two parts side by side.
            other = helpers.pool.submit(self._aggregate, halves[1])
            answer = {**self._aggregate(halves[0]), **other.result()}
            known = {**known, **counting.facets(answer, self._aggregate)}
        return {facet.field: known[facet.field] for facet in asked}

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

    def tables(self, wanted: Sequence[Tabulation], helpers: Helpers) -> tuple[Counts, ...]:
        for one in wanted:
            check_cells([grouping.most for grouping in one.by], 1)
        matching = self._matching()
        every = {grouping: None for one in wanted for grouping in one.by}
        chosen = {one: values for one in every if (values := self._most_printed(matching, one))}
        others = [one for one in every if one not in chosen]
        chosen |= zip(
            others, chosen_values(others, lambda facets: self._facets(matching, facets, helpers)), strict=True
        )
        return tuple(
            tabulate(matching, [(grouping.field, chosen[grouping]) for grouping in one.by], one.over) for one in wanted
        )

    def _most_printed(self, matching: Matching, grouping: Grouping) -> tuple[str, ...]:
        """The most frequent stories; () where the engine has to be asked. It would count every story there is."""
        if grouping.field is not Keyword.STORY or grouping.values:
            return ()
        largest = matching.most_printed(grouping.size)
        if not 0 < len(largest) <= _MOST_EQUAL:
            return ()
        name = Keyword.STORY.value
        with engine_errors():
            members = both(self._wanted, translate(self._schema, InStories(tuple(largest.tolist()))))
            buckets = self._searcher.aggregate(members, {name: every_value(name)})[name]["buckets"]
        if len(buckets) < len(largest):  # articles without a story stand for themselves in the columns
            return ()
        named = sorted((-bucket["doc_count"], bucket["key"]) for bucket in buckets)
        return tuple(key for _, key in named[: grouping.size])

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
            number = max(1, count(self._searcher, members))
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


def count(searcher: Any, query: Any) -> int:
    """How many articles match."""
    with engine_errors():
        # Every document has a version. Faster than a search: that one keeps a list of the best as well.
        return int(searcher.aggregate(query, {_TOTAL: _COUNT})[_TOTAL]["value"])
