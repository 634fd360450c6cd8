"""Counts that are the same in every engine: which values are most frequent, and what a day is.

Both engines take requests in the shape of Elasticsearch and answer in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from diembao.index.analysis import PUBLISHED_AT, keyword_value
from diembao.index.periods import day_of
from diembao.index.protocol import (
    DayCount,
    FacetCount,
    FacetRequest,
    Grouping,
    Keyword,
    Period,
    Query,
    Tabulation,
    Unit,
)

# Both engines know fixed intervals with an offset; time zones only one of them, and the other ignores them
# without a word.
_DAYS = {"field": PUBLISHED_AT, "fixed_interval": "1d", "offset": "-7h", "min_doc_count": 1}
_HISTOGRAM = "days"

Aggregations = dict[str, dict[str, Any]]
Buckets = Sequence[Mapping[str, Any]]


class Counting:
    """The facets and the histogram of one query.

    most: buckets an engine returns at most. parts: the name of its setting for how many values each part of
    the index reports; counts are exact only when no part keeps any back.
    """

    def __init__(self, query: Query, most: int, parts: str) -> None:
        self._query = query
        self._most = most
        self._parts = parts

    def wanted(self) -> Aggregations:
        """What to ask the engine for; empty when nothing is to be counted."""
        asked = {facet.field.value: self._terms(facet, self._first_size(facet)) for facet in self._query.facets}
        if self._query.histogram:
            asked[_HISTOGRAM] = {"date_histogram": dict(_DAYS)}
        return asked

    def facets(
        self, answer: Mapping[str, Any], ask: Callable[[Aggregations], Mapping[str, Any]]
    ) -> dict[Keyword, tuple[FacetCount, ...]]:
        """The most frequent values, those equally frequent by value.

        Engines cut among equals as they like; where the cut went through equals, all values are asked for.
        """
        return {facet.field: self._facet(facet, answer, ask) for facet in self._query.facets}

    def histogram(self, answer: Mapping[str, Any]) -> tuple[DayCount, ...]:
        if not self._query.histogram:
            return ()
        buckets: Buckets = answer[_HISTOGRAM]["buckets"]
        return tuple(DayCount(day_of(bucket["key"] / 1000), bucket["doc_count"]) for bucket in buckets)

    def _facet(
        self, facet: FacetRequest, answer: Mapping[str, Any], ask: Callable[[Aggregations], Mapping[str, Any]]
    ) -> tuple[FacetCount, ...]:
        name, size = facet.field.value, facet.size
        buckets: Buckets = answer[name]["buckets"]
        if len(buckets) >= self._first_size(facet) and buckets[-1]["doc_count"] == buckets[size - 1]["doc_count"]:
            buckets = ask({name: self._terms(facet, self._most)})[name]["buckets"]
        counts = (FacetCount(bucket["key"], bucket["doc_count"]) for bucket in buckets)
        return tuple(sorted(counts, key=lambda count: (-count.count, count.value))[:size])

    def _first_size(self, facet: FacetRequest) -> int:
        return min(self._most, 4 * facet.size + 50)

    def _terms(self, facet: FacetRequest, size: int) -> dict[str, Any]:
        return {"terms": {"field": facet.field.value, "size": size, self._parts: self._most}}


def tabulation(by: Sequence[Grouping], over: Unit | Sequence[Period] | None) -> Tabulation:
    return Tabulation(tuple(by), over if over is None or isinstance(over, Unit) else tuple(over))


def chosen_values(
    by: Sequence[Grouping], count: Callable[[tuple[FacetRequest, ...]], Mapping[Keyword, tuple[FacetCount, ...]]]
) -> list[tuple[str, ...]]:
    """The values of each grouping: those it names, else the most frequent ones, which `count` tells of fields."""
    wanted = dict.fromkeys(grouping.field for grouping in by if not grouping.values)
    frequent: Mapping[Keyword, tuple[FacetCount, ...]] = {}
    if wanted:
        frequent = count(tuple(FacetRequest(field, max(g.size for g in by if g.field is field)) for field in wanted))
    return [
        tuple(dict.fromkeys(map(keyword_value, grouping.values)))
        or tuple(count.value for count in frequent[grouping.field][: grouping.size])
        for grouping in by
    ]
