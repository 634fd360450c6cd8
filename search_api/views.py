"""Stories and printings in the shape that pages, feeds and JSON show: what the law and the agreements allow.

A summary is our own (written by an editor) or, where the agreement with an outlet allows it, the first
sentences of that outlet's lead, said to be the outlet's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from diembao.records import PlaceMention
from diembao.settings import Settings
from diembao.store.models import StoryRow
from diembao.store.public import Printing, distinct_outlets
from nlp.segmentation import sentences
from search_api.places import Unit, Units, slug_of

_EXCERPT_SENTENCES = 2
_EXCERPT_LENGTH = 320
_CARD_PLACES = 2
# Provinces say nothing here: everything is about the province.
_SHOWN_KINDS = ("unit", "old_unit", "district", "landmark", "area")


@dataclass(frozen=True, slots=True)
class PlaceView:
    """A place by the name people know it by; `path` is empty for places without a page of their own."""

    label: str
    code: str
    path: str


@dataclass(frozen=True, slots=True)
class StoryView:
    """A story as shown. `summary_by` names the outlet an excerpt is from; empty when the summary is our own.
    correction: what our editors put right in their own words; empty where nothing was."""

    id: int
    title: str
    summary: str
    summary_by: str
    first: Printing
    printings: tuple[Printing, ...]
    outlets: int
    topics: tuple[str, ...]
    places: tuple[PlaceView, ...]
    published_at: datetime | None
    updated_at: datetime
    correction: str
    corrected_at: datetime | None

    @property
    def path(self) -> str:
        return f"/tin/{self.id}-{slug_of(self.title)}"

    @property
    def topic(self) -> str:
        return self.topics[0] if self.topics else ""

    @property
    def has_own_summary(self) -> bool:
        return bool(self.summary) and not self.summary_by

    @property
    def last(self) -> Printing:
        return self.printings[-1]

    @property
    def card_places(self) -> tuple[PlaceView, ...]:
        return self.places[:_CARD_PLACES]


def visible_until(settings: Settings, now: datetime) -> datetime:
    """Printings later than this are too fresh to be shown."""
    return now - timedelta(minutes=settings.publish_delay_minutes)


def excerpt(lead: str) -> str:
    """The first sentences of a lead: at most two, at most some 320 characters, cut at a word."""
    short = " ".join(sentences(lead)[:_EXCERPT_SENTENCES])
    if len(short) <= _EXCERPT_LENGTH:
        return short
    return short[:_EXCERPT_LENGTH].rpartition(" ")[0].rstrip(",;:–- ") + "…"


def story_views(rows: Sequence[StoryRow], printings: Mapping[int, Sequence[Printing]], units: Units) -> list[StoryView]:
    """Views of the stories that have something to show, in the order given."""
    return [story_view(row, printings[row.id], units) for row in rows if printings.get(row.id)]


def story_view(row: StoryRow, printings: Sequence[Printing], units: Units) -> StoryView:
    """printings: those that may be seen, first printed first; at least one."""
    summary, by = _summary(row, printings)
    # The original, which a credit line may name before a copy that bears an earlier time.
    first = next((printing for printing in printings if printing.id == row.first_article_id), printings[0])
    return StoryView(
        id=row.id,
        title=row.headline or first.title,
        summary=summary,
        summary_by=by,
        first=first,
        printings=tuple(printings),
        outlets=distinct_outlets(printings),
        topics=_topics(printings),
        places=_places(printings, units),
        published_at=row.published_at,
        updated_at=row.updated_at,
        correction=row.correction,
        corrected_at=row.corrected_at,
    )


def _summary(row: StoryRow, printings: Sequence[Printing]) -> tuple[str, str]:
    if row.summary:
        return row.summary, ""
    for printing in printings:
        if short := excerpt(printing.lead):
            return short, printing.outlet
    return "", ""


def _topics(printings: Sequence[Printing]) -> tuple[str, ...]:
    """Main topics of the printings, the one most of them share first; then the others of the first printing."""
    mains = Counter(printing.topics[0] for printing in printings if printing.topics)
    return tuple(dict.fromkeys([*(slug for slug, _ in mains.most_common()), *printings[0].topics]))


def _places(printings: Sequence[Printing], units: Units) -> tuple[PlaceView, ...]:
    """Places by how many printings name them, communes and wards of today first."""
    counts = Counter[PlaceView]()
    for printing in printings:
        counts.update({view for place in printing.places if (view := _place(place, units)) is not None})
    return tuple(sorted(counts, key=lambda view: (not view.path, -counts[view], view.label)))


def _place(place: PlaceMention, units: Units) -> PlaceView | None:
    if place.kind not in _SHOWN_KINDS:
        return None
    unit: Unit | None = units.by_code.get(place.code) if place.kind == "unit" else None
    return PlaceView(unit.label, unit.code, unit.path) if unit else PlaceView(place.name, place.code, "")
