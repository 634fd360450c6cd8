"""Who has which value of a field, kept in one array, so that the values of many articles are counted at once.

The engine counts the values of a field at some hundred nanoseconds an article; fourteen fields of eighty thousand
articles are most of what the analysts' search costs. Here one article costs a nanosecond or two. Of fields with
thousands of values, names of people first of all, only the frequent ones are kept: what is not kept is rarer than
`rest`, and where that could be among the values asked for, the engine is asked after all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diembao.index.embedded_numbers import BY_BLOCK, Numbers, numbers_of
from diembao.index.embedded_schema import MOST_BUCKETS, every_value
from diembao.index.protocol import FacetCount, Keyword
from diembao.index.tantivy_errors import engine_errors

Flags = NDArray[np.bool_]
Rows = NDArray[np.int32]

MOST_VALUES = 500
# How much commoner than at the last full reading a value that is not kept may have become.
_MOST_DRIFT = 200
_ROW_BITS = 32
_VALUES, _BLOCKS = "values", "blocks"


@dataclass(frozen=True)
class Tally:
    """The frequent values of one field.

    members: the rows of each value, in order, one value after the other; starts: where each begins, and each has one
    at least; rest: no value that is not kept is in more articles; drift: how much of that is guessed.
    """

    field: Keyword
    values: tuple[str, ...]
    starts: Numbers
    members: Rows
    rest: int
    drift: int = 0

    def top(self, flags: Flags, number: int) -> tuple[FacetCount, ...] | None:
        """The most frequent values among the flagged rows, those equally frequent by value; None where one that is
        not kept might be among them."""
        counts = self._counts(flags)
        if len(counts) > number:
            least = np.partition(counts, -number)[-number]
        else:
            least = counts.min(initial=0) if len(counts) == number else 0
        if self.rest and least <= self.rest:
            return None
        found = [
            FacetCount(self.values[place], int(counts[place]))
            for place in np.flatnonzero(counts >= max(1, least)).tolist()
        ]
        return tuple(sorted(found, key=lambda count: (-count.count, count.value))[:number])

    def rows_of(self, value: str) -> Rows | None:
        """The rows that have a value, in order; None for a value that is not kept."""
        place = self._places.get(value)
        if place is None:
            return None if self.rest else self.members[:0]
        return self.members[self.starts[place] : self._ends[place]]

    def moved(self, places: Rows, added: Mapping[str, Rows], changed: int) -> Tally | None:
        """The same after a commit; None when it is time to read all anew.

        places: of every old row its new one, -1 where it is gone; added: by value the new rows that have it;
        changed: how many articles came or were written again.
        """
        drift = self.drift + changed if self.rest else 0
        if drift > _MOST_DRIFT:
            return None
        new = () if self.rest else tuple(value for value in added if value not in self._places)
        values = (*self.values, *new)
        which: Numbers = np.repeat(np.arange(len(self.values)), self._ends - self.starts)
        rows: Numbers = places[self.members].astype(np.int64)
        which, rows = which[rows >= 0], rows[rows >= 0]
        names = {value: place for place, value in enumerate(values)}
        parts = [(names[value], of_value) for value, of_value in added.items() if value in names]
        which = np.concatenate([which, *(np.full(len(of_value), place) for place, of_value in parts)])
        rows = np.concatenate([rows, *(of_value.astype(np.int64) for _, of_value in parts)])
        keys = np.sort((which << _ROW_BITS) | rows, kind="stable")  # nearly in order already
        which = keys >> _ROW_BITS
        starts = np.flatnonzero(np.diff(which, prepend=-1))  # values that have lost all their articles are left out
        values = tuple(values[place] for place in which[starts].tolist())
        members = (keys & (1 << _ROW_BITS) - 1).astype(np.int32)
        return Tally(self.field, values, starts, members, self.rest + (drift - self.drift), drift)

    def _counts(self, flags: Flags) -> Numbers:
        if not self.values:
            return np.zeros(0, np.int64)
        counts: Numbers = np.add.reduceat(flags[self.members].view(np.uint8), self.starts, dtype=np.int64)
        return counts

    @cached_property
    def _ends(self) -> Numbers:
        return np.append(self.starts[1:], len(self.members))

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {value: place for place, value in enumerate(self.values)}


def frequent_values(searcher: Any, query: Any, keyword: Keyword) -> tuple[tuple[str, ...], int]:
    """The values worth keeping, and how many articles the most frequent other one is in."""
    with engine_errors():
        buckets = searcher.aggregate(query, {_VALUES: every_value(keyword.value)})[_VALUES]["buckets"]
    buckets.sort(key=lambda bucket: -bucket["doc_count"])
    kept, others = buckets[:MOST_VALUES], buckets[MOST_VALUES:]
    if len(buckets) == MOST_BUCKETS:  # there may be more
        return tuple(bucket["key"] for bucket in kept), max(others[0]["doc_count"], buckets[-1]["doc_count"])
    return tuple(bucket["key"] for bucket in kept), others[0]["doc_count"] if others else 0


def values_in(searcher: Any, query: Any, fields: Sequence[Keyword]) -> dict[Keyword, dict[str, Numbers]]:
    """By field and value the numbers of the articles that have it. For questions that match few."""
    found: dict[Keyword, dict[str, Numbers]] = {}
    for keyword in fields:
        asked = {**every_value(keyword.value), "aggs": {_BLOCKS: BY_BLOCK}}
        with engine_errors():
            buckets = searcher.aggregate(query, {_VALUES: asked})[_VALUES]["buckets"]
        found[keyword] = {bucket["key"]: numbers_of(bucket[_BLOCKS]["buckets"]) for bucket in buckets}
    return found
