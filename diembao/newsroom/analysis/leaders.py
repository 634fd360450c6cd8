"""The stories of a period and the outlets that had them first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from diembao.index.protocol import Counts, Grouping, Keyword, Query, SearchIndex
from diembao.newsroom.stories import Portrait, portraits
from diembao.store import articles, stories

# Stories by how often they were printed; far down the list there is one printing each and nobody was first.
MOST_STORIES = 400
_PACE_ORDER = {"breaking": 0, "growing": 1, "steady": 2, "fading": 3, "over": 4}


@dataclass(frozen=True, slots=True)
class Leading:
    """A story with the printings that match; the portrait tells of all of them."""

    story_id: int
    matching: int
    portrait: Portrait


@dataclass(frozen=True, slots=True)
class First:
    """An outlet, how many of the looked-at stories it had first, and how many it carried at all."""

    source: str
    first: int
    carried: int


@dataclass(frozen=True, slots=True)
class Leaders:
    """stories: most printed first. growing: those whose pace is breaking or growing, the fastest first.
    firsts: over the `looked_at` most printed stories that at least two outlets carried."""

    stories: tuple[Leading, ...]
    growing: tuple[Leading, ...]
    firsts: tuple[First, ...]
    looked_at: int


def leaders(session: Session, index: SearchIndex, query: Query, now: datetime, most: int = 10) -> Leaders:
    """query: with its period."""
    return leaders_of(session, printed_most(index, query), now, most)


def leaders_of(session: Session, matching: Mapping[int, int], now: datetime, most: int = 10) -> Leaders:
    """matching: from `printed_most`. Stories are those of the store; the index may be a moment behind."""
    known = stories.outlets_of(session, list(matching))
    shared = [number for number in matching if known.get(number, 0) > 1]
    shown = [number for number in matching if number in known][: 3 * most]
    told = portraits(session, shown, now)
    leading = [Leading(number, matching[number], told[number]) for number in shown if number in told]
    growing = [one for one in leading if one.portrait.pace in ("breaking", "growing")]
    growing.sort(key=lambda one: (_PACE_ORDER[one.portrait.pace], -len(one.portrait.outlets)))
    return Leaders(tuple(leading[:most]), tuple(growing[:most]), _firsts(session, shared, most), len(shared))


def printed_most(index: SearchIndex, query: Query, most: int = MOST_STORIES) -> dict[int, int]:
    """Stories with how many of their articles match, the most printed first; of equals by number."""
    return stories_of(index.counts(query, [Grouping(Keyword.STORY, most)]))


def stories_of(counts: Counts) -> dict[int, int]:
    """Out of counts by story; see `printed_most`."""
    return {int(cell.values[0]): cell.articles for cell in counts.cells if cell.values[0].isdigit()}


def _firsts(session: Session, story_ids: Sequence[int], most: int) -> tuple[First, ...]:
    first: Mapping[int, str] = articles.first_sources(session, story_ids)
    carried = articles.carried_by(session, story_ids)
    counts = Counter(first.values())
    return tuple(First(source, number, carried[source]) for source, number in counts.most_common(most))
