"""The frozen records of this room: a document goes in, an analysis comes out.

They mirror the annotations of `diembao.records` without importing them: this room knows only text.
Offsets are code points into the *normalised* field (`nlp.text.normalise`) named by `where`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Relevance = Literal["relevant", "marginal", "irrelevant"]
Stance = Literal["favourable", "unfavourable", "neutral", "mixed"]
Field = Literal["title", "text", ""]
PlaceKind = Literal["unit", "old_unit", "district", "province", "landmark", "area"]
EntityType = Literal["person", "organisation", "place"]

NO_VERSIONS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Document:
    """One article as it comes to be judged.

    text: the whole text, lead first; lead: repeated alone where it is known, else empty.
    date: ISO 8601 day or time of publication, empty when unknown.
    """

    id: str
    title: str
    text: str
    lead: str = ""
    date: str = ""
    url: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a judgement was made: a rule or feature that spoke, and where in the text.

    `start` and `end` are -1 when the evidence is not a span. `weight` is signed: above zero it spoke
    for the judgement's class (for relevance: for "relevant"), below zero against it.
    """

    rule: str
    text: str = ""
    where: Field = ""
    start: int = -1
    end: int = -1
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class TopicScore:
    """A topic of the taxonomy by its slug; score 0..1."""

    slug: str
    score: float


@dataclass(frozen=True, slots=True)
class PlaceMention:
    """A place inside the province, as named in the text.

    code: five digits of today's unit; empty for areas, former units that were split and landmarks
    without one. surface: the words as they stand in the text.
    """

    name: str
    code: str
    kind: PlaceKind
    surface: str
    where: Field = ""
    start: int = -1
    end: int = -1


@dataclass(frozen=True, slots=True)
class EntityMention:
    """A person, organisation or place named in the text; `text` is the first surface met.

    name: the one form under which its spelling variants are united; office: "Chủ tịch UBND tỉnh …".
    """

    type: EntityType
    text: str
    name: str = ""
    office: str = ""
    where: Field = ""
    start: int = -1
    end: int = -1


@dataclass(frozen=True, slots=True)
class GateResult:
    """What the cheap step says: is the article ours, how surely, and why.

    relevance_score: 0..1, the calibrated probability that a fair reader calls it relevant.
    """

    relevance: Relevance
    relevance_score: float
    evidence: tuple[Evidence, ...] = ()
    language: str = ""
    versions: Mapping[str, str] = field(default_factory=lambda: NO_VERSIONS)


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything the room says of one document."""

    relevance: Relevance
    relevance_score: float
    evidence: tuple[Evidence, ...] = ()
    topics: tuple[TopicScore, ...] = ()
    stance: Stance | None = None  # only for relevant documents
    stance_evidence: tuple[Evidence, ...] = ()
    needs_response: bool = False
    severity: int = 0
    accused: str = ""
    places: tuple[PlaceMention, ...] = ()
    entities: tuple[EntityMention, ...] = ()
    language: str = ""
    versions: Mapping[str, str] = field(default_factory=lambda: NO_VERSIONS)
