"""What a story shows: its best headline and lead, who had it first, who followed and when, how it grows or fades.

`portraits` reads many stories in one query; the rest are pure functions of the printings of a story. Numbers are of
articles; sources are named as they are stored, outlets as they call themselves.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import Row
from sqlalchemy.orm import Session

from diembao.store import articles, stories
from diembao.store.models import ArticleRow
from nlp.stories.linking import nearness
from nlp.stories.printing import Printing

Pace = Literal["breaking", "growing", "steady", "fading", "over"]

_BREAKING_WITHIN: Final = timedelta(hours=6)
_FADING_AFTER: Final = timedelta(hours=24)
_OVER_AFTER: Final = timedelta(days=7)
# So many outlets in so short a time are news of the day in a province that thirty to sixty articles a day speak of.
_BREAKING_OUTLETS: Final = 4
# How many times the usual number of outlets it takes; and the least that is taken for usual.
_ABOVE_USUAL: Final = 2.0
# The usual is taken from stories of so long before.
_USUAL_OF: Final = timedelta(days=28)
_HEADLINE_WORDS: Final = range(7, 19)
_RELATED_DAYS: Final = timedelta(days=90)
_RELATED_FROM: Final = 0.14
_MOST_LOOKED_AT: Final = 200


@dataclass(frozen=True, slots=True)
class Printed:
    """One article of a story. at: source time, else when it was fetched."""

    id: int
    source: str
    outlet: str
    title: str
    lead: str
    at: datetime
    reprint_of: int | None
    certainty: float
    credit_source: str
    relevance: str
    topic: str
    stance: str
    needs_response: bool
    places: tuple[str, ...]
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Portrait:
    """A story as it is shown.

    headline_of: the article whose headline and lead stand for the story; first: the original, which a credit line may
    name before an earlier copy; outlets: titles of the papers, that of the original first, then as they printed it;
    articles, originals: printings, and those that are nobody's copy; growth: outlets that had printed it by each time;
    topics: main ones, most frequent first; stances: articles by stance, reprints counted; needs_response: whether any
    printing asks for an answer; places, people: most named first.
    """

    headline: str
    lead: str
    headline_of: int
    first: Printed
    outlets: tuple[str, ...]
    articles: int
    originals: int
    growth: tuple[tuple[datetime, int], ...]
    topics: tuple[str, ...]
    stances: Mapping[str, int]
    needs_response: bool
    places: tuple[str, ...]
    people: tuple[str, ...]
    pace: Pace


@dataclass(frozen=True, slots=True)
class Usual:
    """What a story usually does in its first hours, against which being breaking is measured.

    outlets: how many print it, each weighted; weights: of each outlet, less for one that prints everything.
    """

    outlets: float = 1.0
    weights: Mapping[str, float] = field(default_factory=dict)

    def weigh(self, sources: Iterable[str]) -> float:
        return sum(self.weights.get(source, 1.0) for source in set(sources))


@dataclass(frozen=True, slots=True)
class Related:
    """An earlier story about the same, and how near it is (0..1)."""

    story_id: int
    nearness: float


def printings_of(session: Session, story_ids: Sequence[int]) -> dict[int, list[Printed]]:
    """The articles of each story, first printed first; a story without articles is left out."""
    found: dict[int, list[Printed]] = {}
    for row in stories.printings(session, story_ids):
        found.setdefault(row.story_id, []).append(_printed(row))
    return found


def portraits(
    session: Session, story_ids: Sequence[int], now: datetime, usual: Usual | None = None
) -> dict[int, Portrait]:
    """What is shown of each story, in the given order; one query for all of them, without their texts.

    usual: from `usual_lately`, once for all that is shown; without it four outlets in six hours are breaking.
    """
    found = printings_of(session, story_ids)
    return {number: portrait(found[number], now, usual) for number in story_ids if number in found}


def portrait(printings: Sequence[Printed], now: datetime, usual: Usual | None = None) -> Portrait:
    """What is shown of a story.

    Raises:
        ValueError: the story has no articles.
    """
    if not printings:
        raise ValueError("a story without articles shows nothing")
    ordered = sorted(printings, key=lambda one: (one.at, one.id))
    first = next((one for one in ordered if one.reprint_of is None), ordered[0])
    best = max(ordered, key=lambda one: _headline_worth(one, first))  # of equals the first
    return Portrait(
        headline=best.title,
        lead=best.lead,
        headline_of=best.id,
        first=first,
        outlets=tuple({one.source: one.outlet for one in [first, *ordered]}.values()),
        articles=len(ordered),
        originals=sum(one.reprint_of is None for one in ordered),
        growth=growth(ordered),
        topics=_most_named([one.topic] for one in ordered if one.topic),
        stances=dict(Counter(one.stance for one in ordered if one.stance)),
        needs_response=any(one.needs_response for one in ordered),
        places=_most_named(one.places for one in ordered),
        people=_most_named(one.people for one in ordered),
        pace=pace(ordered, now, usual),
    )


def growth(printings: Sequence[Printed]) -> tuple[tuple[datetime, int], ...]:
    """How many outlets had printed a story, at each time that this grew."""
    seen: set[str] = set()
    curve: list[tuple[datetime, int]] = []
    for one in sorted(printings, key=lambda one: (one.at, one.id)):
        if one.source not in seen:
            seen.add(one.source)
            if curve and curve[-1][0] == one.at:
                curve.pop()
            curve.append((one.at, len(seen)))
    return tuple(curve)


def pace(printings: Sequence[Printed], now: datetime, usual: Usual | None = None) -> Pace:
    """Whether a story is breaking (many outlets at once, against the usual), growing, fading or over."""
    usual = usual or Usual()
    times = [one.at for one in printings if one.at <= now]
    if not times:
        return "steady"
    quiet = now - max(times)
    if quiet > _OVER_AFTER:
        return "over"
    if quiet > _FADING_AFTER:
        return "fading"
    lately = {one.source for one in printings if now - _BREAKING_WITHIN <= one.at <= now}
    if len(lately) >= _BREAKING_OUTLETS and usual.weigh(lately) >= _ABOVE_USUAL * usual.outlets:
        return "breaking"
    before = {one.source for one in printings if now - 2 * _BREAKING_WITHIN <= one.at < now - _BREAKING_WITHIN}
    return "growing" if len(lately) > max(1, len(before)) else "steady"


def usual_lately(session: Session, now: datetime) -> Usual:
    """The usual, from the stories that began in the four weeks before yesterday; two queries."""
    since, until = now - _USUAL_OF, now - timedelta(days=1)
    begun = stories.first_printings(session, since, until)
    daily = {source: number / _USUAL_OF.days for source, number in articles.counts_by_source(session, since, until)}
    return usual_of(begun.values(), daily)


def usual_of(past: Iterable[Mapping[str, datetime]], daily: Mapping[str, float]) -> Usual:
    """The usual, from earlier stories.

    past: of each, when each source first printed it; daily: articles a day of each source, where known.
    """
    weights = {source: 1 / (1 + math.log1p(number)) for source, number in daily.items()}
    known = Usual(1.0, weights)
    sums = []
    for times in past:
        begun = min(times.values())
        sums.append(known.weigh(source for source, at in times.items() if at - begun <= _BREAKING_WITHIN))
    return Usual(sum(sums) / len(sums), weights) if sums else known


def related(session: Session, story_id: int, *, most: int = 5) -> list[Related]:
    """Earlier stories about the same, nearest first; found by the terms of the story's first article."""
    story = stories.get(session, story_id)
    first = session.get(ArticleRow, story.first_article_id) if story is not None and story.first_article_id else None
    printing = Printing.from_bytes(first.signature) if first is not None else None
    if story is None or first is None or printing is None:
        return []
    found: dict[int, float] = {}
    for other in articles.candidates(
        session,
        printing.terms.keys(24),
        within=(story.first_at - _RELATED_DAYS, story.first_at),
        besides=first.id,
        most=_MOST_LOOKED_AT,
    ):
        theirs = Printing.from_bytes(other.signature)
        if theirs is not None and other.story_id != story.id:
            value = nearness(theirs, printing, 0.0)
            found[other.story_id] = max(value, found.get(other.story_id, 0.0))
    ranked = sorted(found.items(), key=lambda pair: (-pair[1], -pair[0]))
    return [Related(number, value) for number, value in ranked if value >= _RELATED_FROM][:most]


def carried_by(outlets: Sequence[str], named: int = 2) -> tuple[tuple[str, ...], int]:
    """The outlets to name and how many more there are; one more than `named` is rather named than counted."""
    shown = len(outlets) if len(outlets) <= named + 1 else named
    return tuple(outlets[:shown]), len(outlets) - shown


def carried_by_line(outlets: Sequence[str], named: int = 2) -> str:
    """Who carried a story, as a digest says it: “VnExpress, Tuổi Trẻ và 5 báo khác”. Empty without outlets."""
    shown, more = carried_by(outlets, named)
    if more:
        return f"{', '.join(shown)} và {more} báo khác"
    return " và ".join(part for part in (", ".join(shown[:-1]), *shown[-1:]) if part)


def _printed(row: Row[*tuple[Any, ...]]) -> Printed:
    return Printed(
        id=row.id,
        source=row.source,
        outlet=row.outlet,
        title=row.title,
        lead=row.lead,
        at=row.effective_at,
        reprint_of=row.reprint_of,
        certainty=row.reprint_certainty,
        credit_source=row.credit_source,
        relevance=row.relevance,
        topic=row.topic,
        stance=row.stance,
        needs_response=row.needs_response,
        places=tuple(dict.fromkeys(place["name"] for place in row.places or ())),
        people=tuple(dict.fromkeys(one["text"] for one in row.entities or () if one["type"] == "person")),
    )


def _headline_worth(one: Printed, first: Printed) -> float:
    """The original's headline, unless it is not relevant, shouts, asks or is of an odd length."""
    words = one.title.split()
    worth = 2.0 * (one.relevance == "relevant") + 0.5 * (one.id == first.id) + 0.5 * bool(one.lead)
    worth += (
        1.0 * (len(words) in _HEADLINE_WORDS) - 1.0 * (one.title.isupper()) - 0.5 * one.title.rstrip().endswith("?")
    )
    return worth - 1.5 * ("|" in one.title)


def _most_named(lists: Iterable[Sequence[str]]) -> tuple[str, ...]:
    counted: Counter[str] = Counter()
    for names in lists:
        counted.update(names)
    return tuple(name for name, _ in counted.most_common())
