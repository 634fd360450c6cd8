"""The frozen records that every room speaks.

`Page` is what was fetched, `Article` what was read out of it, `Annotations` what we think of it, each
judgement with its evidence and the version of the step that made it. Times are aware and in UTC; all
text is NFC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class PublishedFrom(StrEnum):
    """Where the publishing time was read, most trustworthy first."""

    PAGE = "page"  # structured data or meta of the page, with hour and zone
    TEXT = "text"  # printed on the page
    FEED = "feed"
    URL = "url"
    GIVEN = "given"  # stated by whoever imported or pushed the article
    NONE = "none"


class Relevance(StrEnum):
    RELEVANT = "relevant"
    MARGINAL = "marginal"
    IRRELEVANT = "irrelevant"


class Flag(StrEnum):
    """Marks of an article that analysts filter by."""

    NEEDS_RESPONSE = "needs_response"
    SOURCE_REMOVED = "source_removed"  # by its newspaper
    WITHDRAWN = "withdrawn"  # by us


class Stance(StrEnum):
    """Towards the province, never the mood of the text."""

    FAVOURABLE = "favourable"
    UNFAVOURABLE = "unfavourable"
    NEUTRAL = "neutral"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True)
class ArchivePlace:
    """Where a record stands in the archive: file relative to the archive, byte offset and length."""

    file: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class FeedHints:
    """What a feed or list page said about an address before it was fetched."""

    title: str = ""
    summary: str = ""
    published_at: datetime | None = None
    author: str = ""
    section: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One fetched page. `body` is the decoded entity as it came (bytes, after content-encoding)."""

    url: str
    source: str
    fetched_at: datetime
    status: int
    content_type: str
    body: bytes
    hints: FeedHints = field(default_factory=FeedHints)


@dataclass(frozen=True, slots=True)
class Article:
    """What was read out of a page or an imported row."""

    url: str
    canonical_url: str
    source: str
    title: str
    lead: str
    text: str  # the whole text, lead first, paragraphs separated by one newline
    authors: tuple[str, ...] = ()
    published_at: datetime | None = None
    published_from: PublishedFrom = PublishedFrom.NONE
    section: str = ""
    image: str = ""
    credit: str = ""  # "Theo TTXVN", "Nguồn: Báo Xây dựng"
    read_by: str = ""  # reader and version, for the trail


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a judgement was made: a rule or feature that spoke, and where in the text.

    `start` and `end` are code-point offsets into the field named by `where` (`title` or `text`);
    -1 when the evidence is not a span.
    """

    rule: str
    text: str = ""
    where: str = ""
    start: int = -1
    end: int = -1
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Topic:
    slug: str
    score: float


@dataclass(frozen=True, slots=True)
class PlaceMention:
    """A place of the province named in the text. `code` is empty for areas and landmarks without one."""

    name: str
    code: str
    kind: str  # unit | old_unit | district | province | landmark | area
    surface: str


@dataclass(frozen=True, slots=True)
class Entity:
    type: str  # person | organisation | place
    text: str
    office: str = ""


@dataclass(frozen=True, slots=True)
class Annotations:
    """What the machine thinks of one article."""

    relevance: Relevance
    relevance_score: float
    evidence: tuple[Evidence, ...] = ()
    topics: tuple[Topic, ...] = ()
    stance: Stance | None = None  # only for relevant articles
    stance_evidence: tuple[Evidence, ...] = ()
    needs_response: bool = False
    severity: int = 0
    accused: str = ""
    places: tuple[PlaceMention, ...] = ()
    entities: tuple[Entity, ...] = ()
    language: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)  # step -> version
