"""Story, identity and time of everything the embedded engine holds, each in one array, and who has which value.

The engine hands over a column at well below a microsecond an article, and the members of a value at the price of
one question. Neither changes before something is written, so both are kept for a snapshot: a page of figures asks
about the same two hundred values whatever it is about. After a commit only what it has changed is read.
50 bytes an article, some 60 more for the tallies, and what `_MOST_KEPT` says.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diembao.index.analysis import ID_KEY, KEYWORDS, LIVE, MARK, SORT_KEY, STORY_KEY, UNDATED, seconds_of, story_key
from diembao.index.embedded_changes import Stamps
from diembao.index.embedded_numbers import Numbers, matching_numbers
from diembao.index.embedded_schema import BLOCK, NUMBER, translate
from diembao.index.embedded_tallies import Flags, Tally, frequent_values, values_in
from diembao.index.periods import AHEAD
from diembao.index.plan import AllOf, Condition, Except, Has, HasAny, Published
from diembao.index.protocol import FacetCount, FacetRequest, Keyword
from diembao.index.tantivy_errors import engine_errors

# Members of values, of four bytes each, beside the tallies.
_MOST_KEPT = 8_000_000
# Articles of the questions asked last, of some 20 bytes each; each question counts a quarter of all beside its own.
_MOST_MATCHED = 2_000_000
# Blocks that one commit changes; where it were more, everything is read anew. A bulk of the worker is ten.
_MOST_CHANGED = 60
# The engine counts the values of fewer articles than one in so many faster than the tallies do.
_NARROW = 30


@dataclass(frozen=True, slots=True)
class _Articles:
    """Articles as the engine hands them over, in the order of stories. keys: their numbers, where all have one; else
    the hash that the engine keeps of each id."""

    stories: Numbers
    seconds: Numbers
    keys: Numbers
    are_numbered: bool

    @staticmethod
    def read(searcher: Any, query: Any) -> _Articles:
        with engine_errors():
            number = max(1, searcher.num_docs)
            # Ordering by a field brings its values along, and in whole numbers.
            hits = searcher.search(query, limit=number, count=False, order_by_field=STORY_KEY).hits
            addresses = [address for _, address in hits]
            seconds = seconds_of(np.array(searcher.fast_field_values(SORT_KEY, addresses), np.int64))
            keys = searcher.fast_field_values(NUMBER, addresses)
            are_numbered = None not in keys
            if not are_numbered:
                keys = searcher.fast_field_values(ID_KEY, addresses)
        stories = np.array([story for story, _ in hits], np.int64)
        return _Articles(stories, seconds, np.array(keys, np.int64), are_numbered)

    def replaced(self, kept: Flags, new: _Articles) -> tuple[_Articles, NDArray[np.int32], NDArray[np.int32]]:
        """Those kept with the new ones; of every old row and of every new one the row it has now (-1: none)."""
        stories = np.concatenate([self.stories[kept], new.stories])
        order = np.argsort(-stories, kind="stable")  # two runs that are in order: soon done
        places = np.empty(len(order), np.int32)
        places[order] = np.arange(len(order), dtype=np.int32)
        number = int(np.count_nonzero(kept))
        moved = np.full(len(kept), -1, np.int32)
        moved[kept] = places[:number]
        seconds = np.concatenate([self.seconds[kept], new.seconds])[order]
        keys = np.concatenate([self.keys[kept], new.keys])[order]
        return _Articles(stories[order], seconds, keys, True), moved, places[number:]


class Columns:
    """Of everything a snapshot holds, in the order of stories. Safe to share between threads."""

    def __init__(
        self, searcher: Any, schema: Any, articles: _Articles, stamps: Stamps | None, tallies: dict[Keyword, Tally]
    ) -> None:
        self._searcher, self._schema = searcher, schema
        self._articles, self._stamps, self._tallies = articles, stamps, tallies
        self.stories = articles.stories
        self.days: Numbers = (articles.seconds + int(AHEAD.total_seconds())) // 86_400
        self.is_dated: Flags = np.not_equal(articles.seconds, UNDATED)
        # A new story begins wherever two neighbours differ.
        self.story_numbers: Numbers = np.cumsum(np.diff(self.stories, prepend=self.stories[:1]) != 0)
        self._by_key = np.argsort(articles.keys).astype(np.int32)
        self._keys = articles.keys[self._by_key]
        self._lock = threading.Lock()
        self._members: OrderedDict[tuple[Keyword, str], NDArray[np.int32]] = OrderedDict()
        self._kept = 0
        self._matched: OrderedDict[Condition, Matching] = OrderedDict()

    @staticmethod
    def read(searcher: Any, schema: Any, before: Columns | None = None) -> Columns:
        """before: of an earlier snapshot of the same generation."""
        stamps = Stamps.read(searcher, schema)
        if before is not None and stamps is not None and (after := before._after(searcher, stamps)):
            return after
        articles = _Articles.read(searcher, translate(schema, Has(MARK, LIVE)))
        return Columns(searcher, schema, articles, stamps, {})

    def __len__(self) -> int:
        return len(self.stories)

    def matching(self, condition: Condition, query: Any) -> Matching:
        """What a condition matches; the last few are kept, for a page asks several things of the same articles.

        query: the same for the engine, which is asked only where words are looked for.
        """
        with self._lock:
            if found := self._matched.get(condition):
                self._matched.move_to_end(condition)
                return found
        flags = self._flags(condition)
        rows = self._rows(query) if flags is None else np.flatnonzero(flags).astype(np.int32)
        matching = Matching(self, rows)
        with self._lock:
            self._matched[condition] = matching
            held = sum(one.articles + len(self) // 4 for one in self._matched.values())
            while held > _MOST_MATCHED:
                _, dropped = self._matched.popitem(last=False)
                held -= dropped.articles + len(self) // 4
        return matching

    def members(self, field: Keyword, value: str) -> NDArray[np.int32]:
        """The rows that have a value, in order."""
        if field is Keyword.STORY:
            key = story_key(value)  # the rows are in falling order of it
            first, after = len(self) - np.searchsorted(self.stories[::-1], [key, key - 1], "right")
            return np.arange(first, after, dtype=np.int32)
        if (tally := self._tallies.get(field)) and (rows := tally.rows_of(value)) is not None:
            return rows
        with self._lock:
            found = self._members.get((field, value))
            if found is not None:
                self._members.move_to_end((field, value))
                return found
        with engine_errors():
            query = translate(self._schema, HasAny(field.value, (value,)))
        found = self._rows(query)
        with self._lock:
            if (field, value) not in self._members:
                self._members[field, value] = found
                self._kept += len(found)
            while self._kept > _MOST_KEPT:
                _, dropped = self._members.popitem(last=False)
                self._kept -= len(dropped)
        return found

    def tally(self, field: Keyword) -> Tally | None:
        """What was counted of a field; None before `learn`."""
        return self._tallies.get(field)

    def learn(self, field: Keyword) -> None:
        """Read who has which value of a field; for a thousand values of 200,000 articles that takes half a second."""
        live = translate(self._schema, Has(MARK, LIVE))
        values, rest = frequent_values(self._searcher, live, field)
        found = [self._rows(translate(self._schema, HasAny(field.value, (value,)))) for value in values]
        starts = np.cumsum([0, *map(len, found)], dtype=np.int64)[: len(found)]
        members = np.concatenate([*found, np.zeros(0, np.int32)])
        self._tallies[field] = Tally(field, values, starts, members, rest)

    def _after(self, searcher: Any, stamps: Stamps) -> Columns | None:
        """The same of a later snapshot; None where everything has to be read anew."""
        if self._stamps is None:
            return None
        changed = stamps.changed(self._stamps)
        if len(changed) > _MOST_CHANGED:
            return None
        numbers = stamps.numbers_in(changed)
        query = translate(self._schema, HasAny(Keyword.ID.value, tuple(map(str, numbers.tolist()))))
        new = _Articles.read(searcher, query)
        kept = ~np.isin(self._articles.keys // BLOCK, changed)
        articles, moved, places = self._articles.replaced(kept, new)
        columns = Columns(searcher, self._schema, articles, stamps, {})
        known = dict(self._tallies)
        added = values_in(searcher, query, tuple(known))
        for field, tally in known.items():
            rows = {value: columns._rows_of(having) for value, having in added[field].items()}
            if after := tally.moved(moved, rows, len(places)):
                columns._tallies[field] = after
        return columns

    def _flags(self, condition: Condition) -> Flags | None:
        """Of every row whether it meets a condition; None for conditions on words."""
        match condition:
            case Has(field, token) if (field, token) == (MARK, LIVE):
                return np.ones(len(self), np.bool_)
            case HasAny(field, values) if field in KEYWORDS:
                flags = np.zeros(len(self), np.bool_)
                for value in values:
                    flags[self.members(Keyword(field), value)] = True
                return flags
            case Published(start, end):
                since = UNDATED + 1 if start is None else start
                return (self._articles.seconds >= since) & (True if end is None else self._articles.seconds < end)
            case Except(inner):
                inside = self._flags(inner)
                return None if inside is None else ~inside
            case AllOf(conditions):
                every = np.ones(len(self), np.bool_)
                for one in conditions:
                    if (met := self._flags(one)) is None:
                        return None
                    every &= met
                return every
            case _:
                return None

    def _rows(self, query: Any) -> NDArray[np.int32]:
        """In order."""
        if not len(self):
            return np.zeros(0, np.int32)
        if self._articles.are_numbered:
            keys = matching_numbers(self._searcher, self._schema, query, int(self._keys[-1]))
        else:
            with engine_errors():
                hits = self._searcher.search(query, limit=len(self), count=False, order_by_field=ID_KEY).hits
            keys = np.array([key for key, _ in hits], np.int64)
        return self._rows_of(keys)

    def _rows_of(self, keys: Numbers) -> NDArray[np.int32]:
        """In order."""
        return np.sort(self._by_key[np.searchsorted(self._keys, keys)])


class Matching:
    """The articles that one query matches, in the order of stories."""

    def __init__(self, columns: Columns, rows: NDArray[np.int32]) -> None:
        self._columns, self._rows = columns, rows
        keys = columns.story_numbers[rows]
        self.stories: Numbers = np.cumsum(np.diff(keys, prepend=keys[:1]) != 0)

    @property
    def articles(self) -> int:
        return len(self._rows)

    def most_printed(self, number: int) -> Numbers:
        """The stories (values of STORY_KEY) with the most articles, and all of those equal to the last of them."""
        begins = np.flatnonzero(np.diff(self.stories, prepend=-1))
        sizes = np.diff(begins, append=self.articles)
        least = np.partition(sizes, -number)[-number] if number < len(sizes) else 0
        most: Numbers = self._columns.stories[self._rows[begins[sizes >= least]]]
        return most

    @property
    def different_stories(self) -> int:
        return int(self.stories[-1]) + 1 if self.articles else 0

    def sizes_of(self, stories: Sequence[int]) -> dict[int, int]:
        """How many articles each of these stories (values of STORY_KEY) has among them."""
        keys: Numbers = np.array(stories, np.int64)
        held = self._columns.stories[self._rows[::-1]]  # in rising order
        sizes = np.searchsorted(held, keys, "right") - np.searchsorted(held, keys, "left")
        return dict(zip(stories, sizes.tolist(), strict=True))

    def by_day(self) -> tuple[Numbers, Numbers]:
        """The days (see `periods.day_number`) on which any was printed, in order, and how many on each."""
        days = self.days[self.is_dated]
        if not len(days):
            return days, days
        first = days.min()
        counts = np.bincount(days - first)
        found = np.flatnonzero(counts)
        return found + first, counts[found]

    @cached_property
    def days(self) -> Numbers:
        """Of every article; see `is_dated`."""
        return self._columns.days[self._rows]

    @cached_property
    def is_dated(self) -> Flags:
        return self._columns.is_dated[self._rows]

    @property
    def is_narrow(self) -> bool:
        """Whether the engine counts the values of so few articles faster than the tallies do."""
        return self.articles * _NARROW < len(self._columns)

    def facets(self, asked: Sequence[FacetRequest]) -> dict[Keyword, tuple[FacetCount, ...]]:
        """The most frequent values of those fields of which the tallies can tell."""
        known = [(facet, tally) for facet in asked if (tally := self._columns.tally(facet.field))]
        counted = ((facet.field, tally.top(self._flags, facet.size)) for facet, tally in known)
        return {field: counts for field, counts in counted if counts is not None}

    def with_value(self, field: Keyword, value: str) -> Numbers:
        """Which of them have it, by their place here, in order."""
        places = self._places[self._columns.members(field, value)]
        return places[places >= 0].astype(np.int64)

    @cached_property
    def _flags(self) -> Flags:
        flags = np.zeros(len(self._columns), np.bool_)
        flags[self._rows] = True
        return flags

    @cached_property
    def _places(self) -> NDArray[np.int32]:
        places = np.full(len(self._columns), -1, np.int32)
        places[self._rows] = np.arange(self.articles, dtype=np.int32)
        return places
