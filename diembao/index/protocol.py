"""The search index as every other room sees it.

The index is never the only copy of anything: it can be emptied and filled again from the store. All calls
are synchronous and thread-safe; the web runs them in threads. Times are aware; the index keeps whole
seconds of UTC, and a day in a histogram is a day in Viet Nam (UTC+7, no summer time).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from diembao.index.language import Node

MAX_SIZE = 1000
MAX_FACET_SIZE = 1000
MAX_CELLS = 50_000


class Keyword(StrEnum):
    """Fields that can be filtered and counted by their whole value. A member equals its plain string."""

    ID = "id"
    STORY = "story"
    SOURCE = "source"
    OUTLET_TYPE = "outlet_type"
    SCOPE = "scope"
    SECTION = "section"
    TOPIC = "topic"
    STANCE = "stance"
    RELEVANCE = "relevance"
    PLACE = "place"
    PLACE_CODE = "place_code"
    DISTRICT = "district"  # of those there were until 30/06/2025, by where its communes lay
    ENTITY = "entity"  # people and organisations together
    PERSON = "person"
    ORGANISATION = "organisation"
    AUTHOR = "author"
    STATE = "state"
    LANGUAGE = "language"
    FLAG = "flag"


class Sort(StrEnum):
    RELEVANCE = "relevance"  # how well it matches, then newest first; newest where nothing is asked for
    NEWEST = "newest"
    OLDEST = "oldest"


@dataclass(frozen=True, slots=True)
class IndexDocument:
    """One article as the index knows it. Keyword values longer than 512 characters are cut.

    version: grows with every change of the article or its annotations; an older or equal version never
    overwrites what the index holds.
    published_at: aware; None sorts as the oldest, is in no date range and in no histogram.
    """

    id: str
    version: int
    title: str
    url: str
    source: str
    story: str = ""
    lead: str = ""
    body: str = ""  # the whole text; when it begins with the lead, the lead is not indexed twice
    source_title: str = ""
    outlet_type: str = ""
    scope: str = ""
    section: str = ""
    topics: tuple[str, ...] = ()
    stance: str = ""
    relevance: str = ""
    places: tuple[str, ...] = ()  # names, as shown
    place_codes: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()  # former ones
    people: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    state: str = ""
    published: bool = False  # may be seen by anonymous visitors
    published_at: datetime | None = None
    language: str = ""
    flags: tuple[str, ...] = ()  # marks to filter by: `diembao.records.Flag`


@dataclass(frozen=True, slots=True)
class Deletion:
    """A document to take out; `version` as in `IndexDocument`, so that a late older write cannot revive it."""

    id: str
    version: int


@dataclass(frozen=True, slots=True)
class Rejection:
    """A document the engine refuses for good: sending it again would be refused again."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class WriteReport:
    """accepted: written; stale: ignored because the index holds the same version or a newer one."""

    accepted: int = 0
    stale: int = 0
    rejected: tuple[Rejection, ...] = ()


@dataclass(frozen=True, slots=True)
class Filter:
    """Any of the values, exactly as indexed; `exclude`: none of them. Filters of one query are all required."""

    field: Keyword
    values: tuple[str, ...]
    exclude: bool = False


@dataclass(frozen=True, slots=True)
class FacetRequest:
    field: Keyword
    size: int = 10  # most frequent values, at most MAX_FACET_SIZE


@dataclass(frozen=True, slots=True)
class Highlighting:
    """fields: of title, lead, body. fragments: most per field (the title is always one whole fragment).
    length: of a fragment, in characters, approximately."""

    fields: tuple[str, ...] = ("title", "lead", "body")
    fragments: int = 2
    length: int = 180


@dataclass(frozen=True, slots=True)
class Query:
    """tree: from `language.parse`; None matches everything. published_from is inclusive, published_to exclusive.

    after: `Hits.next` of the page before, with everything else unchanged but the size.
    collapse: one article a story, its best; `total` still counts articles. count_stories: how many stories match.
    bare: of a hit only id, score, `same_story` and highlights are wanted, for who shows what the store holds; an
    engine that would have to fetch the rest leaves it empty.
    """

    tree: Node | None = None
    filters: tuple[Filter, ...] = ()
    published_from: datetime | None = None
    published_to: datetime | None = None
    public_only: bool = False
    sort: Sort = Sort.RELEVANCE
    size: int = 20  # 0 to MAX_SIZE
    after: str | None = None
    facets: tuple[FacetRequest, ...] = ()
    histogram: bool = False
    count_stories: bool = False
    collapse: bool = False
    highlight: Highlighting | None = None
    bare: bool = field(default=False, repr=False)  # not part of what is asked: a cursor is good for both

    def __post_init__(self) -> None:
        """Raises ValueError for numbers out of range and times without a zone: callers check what users give."""
        if not 0 <= self.size <= MAX_SIZE:
            raise ValueError(f"size must be 0 to {MAX_SIZE}")
        if any(not 1 <= facet.size <= MAX_FACET_SIZE for facet in self.facets):
            raise ValueError(f"the size of a facet must be 1 to {MAX_FACET_SIZE}")
        if any(moment is not None and moment.tzinfo is None for moment in (self.published_from, self.published_to)):
            raise ValueError("a time has no zone")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of plain text, not escaped for anything."""

    text: str
    is_match: bool


@dataclass(frozen=True, slots=True)
class Fragment:
    """A stretch of a field. cut_before, cut_after: the field goes on there."""

    pieces: tuple[Piece, ...]
    cut_before: bool = False
    cut_after: bool = False

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Hit:
    """score: the rank class, comparable within one query only; equal scores are ordered by time."""

    id: str
    score: float
    title: str
    url: str
    source: str
    story: str
    published_at: datetime | None
    same_story: int = 0  # matching articles of this story, itself included; only when collapsed
    highlights: Mapping[str, tuple[Fragment, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FacetCount:
    value: str
    count: int


@dataclass(frozen=True, slots=True)
class DayCount:
    day: date  # in Viet Nam
    count: int


@dataclass(frozen=True, slots=True)
class Hits:
    """total and all counts are exact. histogram: days with at least one article, oldest first.
    facets: most frequent first, then by value. stories: None unless asked for."""

    total: int
    items: tuple[Hit, ...] = ()
    facets: Mapping[Keyword, tuple[FacetCount, ...]] = field(default_factory=dict)
    histogram: tuple[DayCount, ...] = ()
    stories: int | None = None
    next: str | None = None


class Unit(StrEnum):
    """Stretches of time in Viet Nam; a week runs from Monday to Sunday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Days in Viet Nam, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        """Raises ValueError when it ends before it begins."""
        if self.last < self.first:
            raise ValueError("a period ends before it begins")


@dataclass(frozen=True, slots=True)
class Grouping:
    """Count apart by the values of a field: these in this order, or where none are given the `size` most frequent
    of all articles that match (equally frequent ones by value). An article counts for each of its values."""

    field: Keyword
    size: int = 10  # at most MAX_FACET_SIZE
    values: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError for a size out of range."""
        if not 1 <= max(self.size, len(self.values)) <= MAX_FACET_SIZE or self.size < 1:
            raise ValueError(f"a grouping must have 1 to {MAX_FACET_SIZE} values")

    @property
    def most(self) -> int:
        """How many values there can be."""
        return len(self.values) or self.size


@dataclass(frozen=True, slots=True)
class Tabulation:
    """What a table of counts is to be made of; see `SearchIndex.counts`."""

    by: tuple[Grouping, ...] = ()
    over: Unit | tuple[Period, ...] | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """values: one of each grouping. period: None where time is not asked for. stories: those with at least one
    article in this cell, so that cells do not add up to the whole."""

    values: tuple[str, ...]
    period: Period | None
    articles: int
    stories: int


@dataclass(frozen=True, slots=True)
class Counts:
    """articles, stories: of the whole query, undated ones included. values: of each grouping, in order.
    cells: those with at least one article, by value in the order of `values`, then by time as it was asked for."""

    articles: int
    stories: int
    values: tuple[tuple[str, ...], ...] = ()
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """place: directory or address, without secrets. schema: fingerprint of fields and analysis."""

    engine: str
    place: str
    schema: str
    documents: int
    size_bytes: int


class Rebuild(Protocol):
    """A fresh index being filled beside the one that answers."""

    def add(self, documents: Sequence[IndexDocument]) -> WriteReport: ...


class SearchIndex(Protocol):
    """All methods raise `IndexUnavailable` when the engine cannot be reached or used.

    Writing methods raise `IndexBusy` while another process writes (embedded engine). Nothing written is
    safe or seen before `commit` returns; send the batch again when it raises.
    """

    def add(self, documents: Sequence[IndexDocument]) -> WriteReport:
        """Write or overwrite. Idempotent."""

    def delete(self, deletions: Sequence[Deletion]) -> WriteReport:
        """Take documents out. Unknown ids are accepted and remembered, so that order does not matter."""

    def commit(self) -> None:
        """Make everything written durable and visible here; elsewhere within a second."""

    def search(self, query: Query) -> Hits:
        """Raises `BadQuery` for a cursor that is not of this query (code `bad_cursor`)."""

    def count(self, query: Query) -> int:
        """How many articles match; paging, facets and highlighting are ignored."""

    def counts(self, query: Query, by: Sequence[Grouping] = (), over: Unit | Sequence[Period] | None = None) -> Counts:
        """Exact numbers of articles and of stories, apart by up to two fields, by time, or by both.

        over: every day, week or month in which something was printed, whole ones, wherever the query begins and ends;
        or the given periods, which may overlap (a month and the same month of last year). The query's time applies
        too. Paging, facets, highlighting and `collapse` are ignored.

        Raises:
            ValueError: more than two groupings, or more than MAX_CELLS cells could come of it.
        """

    def tables(self, query: Query, wanted: Sequence[Tabulation]) -> tuple[Counts, ...]:
        """As many answers of `counts`, of one snapshot; what they have in common is found out once."""

    def scan(self, query: Query) -> Iterator[Hit]:
        """Every match in the order of the query, from one snapshot: for exports. Size and cursor are ignored,
        and so is `collapse`."""

    def versions(self) -> Iterator[tuple[str, int]]:
        """Every document's id and version, in no order, for reconciling with the store."""

    def status(self) -> IndexStatus: ...

    def rebuild(self) -> AbstractContextManager[Rebuild]:
        """Fill a new index beside the live one: `with index.rebuild() as fresh: fresh.add(batch)`.

        Searches go on in the old one. On leaving the block the new one takes over at once; on an error it
        is thrown away. What was written to the old index meanwhile must be sent again (versions make that
        safe). Raises `IndexBusy` when another rebuild is under way.
        """

    def clear(self) -> None:
        """Start again with nothing in it."""

    def close(self) -> None:
        """Let go of files, locks and connections. Uncommitted writes are dropped."""
