"""Story, identity and time of everything the embedded engine holds, each in one array, and who has which value.

The engine hands over a column at well below a microsecond an article, and the members of a value at the price of
one question. Neither changes before something is written, so both are kept for a snapshot: a page of figures asks
about the same two hundred values whatever it is about. 50 bytes an article, and what `_MOST_KEPT` says.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import tantivy
from numpy.typing import NDArray

from diembao.index.analysis import ID_KEY, KEYWORDS, LIVE, MARK, SORT_KEY, STORY_KEY, UNDATED, seconds_of, story_key
from diembao.index.embedded_numbers import Numbers, matching_numbers
from diembao.index.embedded_schema import NUMBER, translate
from diembao.index.periods import AHEAD
from diembao.index.plan import AllOf, Condition, Except, Has, HasAny, Published
from diembao.index.protocol import Keyword
from diembao.index.tantivy_errors import engine_errors

Flags = NDArray[np.bool_]
# Members of values, of four bytes each: every topic, outlet, commune and stance of a million articles.
_MOST_KEPT = 8_000_000


class Columns:
    """Of everything a snapshot holds, in the order of stories. Safe to share between threads."""

    def __init__(self, searcher: Any, schema: Any) -> None:
        self._searcher, self._schema = searcher, schema
        with engine_errors():
            live = translate(schema, Has(MARK, LIVE))
            number = max(1, searcher.num_docs)
            # Ordering by a field brings its values along, and in whole numbers.
            hits = searcher.search(live, limit=number, count=False, order_by_field=STORY_KEY).hits
            addresses = [address for _, address in hits]
            ids: Numbers = np.array(searcher.fast_field_values(ID_KEY, addresses), np.int64)
            self._seconds: Numbers = seconds_of(np.array(searcher.fast_field_values(SORT_KEY, addresses), np.int64))
            numbers = searcher.fast_field_values(NUMBER, addresses)
        self.stories: Numbers = np.array([story for story, _ in hits], np.int64)
        self._segments = np.array([address.segment_ord for address in addresses], np.int32)
        self._docs = np.array([address.doc for address in addresses], np.int32)
        self.days: Numbers = (self._seconds + int(AHEAD.total_seconds())) // 86_400
        self.is_dated: Flags = np.not_equal(self._seconds, UNDATED)
        # A new story begins wherever two neighbours differ.
        self.story_numbers: Numbers = np.cumsum(np.diff(self.stories, prepend=self.stories[:1]) != 0)
        self._are_numbered = None not in numbers
        # Articles by number where all have one; else by the hash that the engine keeps of each id.
        self._keys: Numbers = np.array(numbers, np.int64) if self._are_numbered else ids
        self._by_key = np.argsort(self._keys).astype(np.int32)
        self._keys = self._keys[self._by_key]
        self._lock = threading.Lock()
        self._members: OrderedDict[tuple[Keyword, str], NDArray[np.int32]] = OrderedDict()
        self._kept = 0

    def __len__(self) -> int:
        return len(self.stories)

    def addresses(self, rows: NDArray[np.int32]) -> list[Any]:
        """Where the engine has them."""
        places = zip(self._segments[rows].tolist(), self._docs[rows].tolist(), strict=True)
        return [tantivy.DocAddress(segment, doc) for segment, doc in places]

    def matching(self, condition: Condition, query: Any) -> Matching:
        """What a condition matches. query: the same for the engine, which is asked only where words are looked for."""
        flags = self._flags(condition)
        rows = self._rows(query) if flags is None else np.flatnonzero(flags).astype(np.int32)
        return Matching(self, rows)

    def members(self, field: Keyword, value: str) -> NDArray[np.int32]:
        """The rows that have a value, in order."""
        if field is Keyword.STORY:
            key = story_key(value)  # the rows are in falling order of it
            first, after = len(self) - np.searchsorted(self.stories[::-1], [key, key - 1], "right")
            return np.arange(first, after, dtype=np.int32)
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
                return (self._seconds >= since) & (True if end is None else self._seconds < end)
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
        if self._are_numbered:
            keys = matching_numbers(self._searcher, self._schema, query, int(self._keys[-1]))
        else:
            with engine_errors():
                hits = self._searcher.search(query, limit=len(self), count=False, order_by_field=ID_KEY).hits
            keys = np.array([key for key, _ in hits], np.int64)
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

    def most_printed(self, number: int) -> list[tuple[int, Any]]:
        """The stories that have the most articles, with all of those equal to the last of them: how many, and where
        the engine has one of the articles."""
        if not self.articles:
            return []
        begins = np.flatnonzero(np.diff(self.stories, prepend=-1))
        sizes = np.diff(begins, append=self.articles)
        least = np.partition(sizes, -number)[-number] if number < len(sizes) else 1
        chosen = sizes >= least
        return list(
            zip(sizes[chosen].tolist(), self._columns.addresses(self._rows[begins[chosen]]), strict=True),
        )

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

    def with_value(self, field: Keyword, value: str) -> Numbers:
        """Which of them have it, by their place here, in order."""
        places = self._places[self._columns.members(field, value)]
        return places[places >= 0]

    @cached_property
    def _places(self) -> Numbers:
        places = np.full(len(self._columns), -1, np.int64)
        places[self._rows] = np.arange(self.articles)
        return places
