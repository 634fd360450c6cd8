"""Stories that the report names: those printed most, those that ask for an answer, and who had them first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from diembao.index.protocol import MAX_FACET_SIZE, Filter, Grouping, Keyword, Query, SearchIndex
from diembao.newsroom import matters as rules
from diembao.newsroom.analysis.leaders import printed_most
from diembao.newsroom.days import day_of
from diembao.newsroom.matters import Stage
from diembao.newsroom.stories import Portrait, portraits
from diembao.store import articles, matters, stories
from diembao.store.models import MatterRow, StoryRow


@dataclass(frozen=True, slots=True)
class Told:
    """A story with its articles that match. outlets: those of them, where they are asked for, else of all its
    articles. portrait: of all of them."""

    story: StoryRow
    articles: int
    outlets: int
    portrait: Portrait

    @property
    def headline(self) -> str:
        return self.story.headline or self.portrait.headline


@dataclass(frozen=True, slots=True)
class Matter:
    """row: what a person noted of it; None where nobody has yet."""

    told: Told
    row: MatterRow | None
    stage: Stage


@dataclass(frozen=True, slots=True)
class Outrunner:
    """An outlet with the stories of at least two outlets that it had first, and those it had at all; by number."""

    source: str
    first: tuple[int, ...]
    carried: tuple[int, ...]


def top_stories(session: Session, index: SearchIndex, within: Query, most: int, now: datetime) -> tuple[Told, ...]:
    """Most printed first. The index may be a moment ahead of the store: what the store has not is left out."""
    printings = printed_most(index, within, 2 * most)
    told = told_of(session, list(printings), now)[:most]
    outlets = _outlets(index, within, [one.story.id for one in told])
    return tuple(replace(one, articles=printings[one.story.id], outlets=outlets[one.story.id]) for one in told)


def matters_of(session: Session, index: SearchIndex, within: Query, now: datetime) -> tuple[Matter, ...]:
    """A matter for each story that matches, those most printed first, at most MAX_FACET_SIZE.

    within: what asks for an answer, with its period (`counting.asking`).
    """
    printings = printed_most(index, within, MAX_FACET_SIZE)
    noted = matters.of_stories(session, list(printings))
    today = day_of(now)
    return tuple(
        Matter(
            replace(told, articles=printings[told.story.id]),
            noted.get(told.story.id),
            rules.stage(noted.get(told.story.id), today),
        )
        for told in told_of(session, list(printings), now)
    )


def outrunners(session: Session, index: SearchIndex, within: Query) -> tuple[Outrunner, ...]:
    """Over the stories most printed (`leaders.MOST_STORIES`) that at least two outlets carried; most firsts first."""
    printed = printed_most(index, within)
    known = stories.outlets_of(session, list(printed))
    shared = [number for number in printed if known.get(number, 0) > 1]
    first = articles.first_sources(session, shared)
    carried: dict[str, list[int]] = {}
    for number, sources in articles.sources_of(session, shared).items():
        for source in sources:
            carried.setdefault(source, []).append(number)
    won: dict[str, list[int]] = {}
    for number in shared:
        if number in first:
            won.setdefault(first[number], []).append(number)
    ordered = sorted(won, key=lambda source: (-len(won[source]), source))
    return tuple(Outrunner(source, tuple(won[source]), tuple(sorted(carried[source]))) for source in ordered)


def told_of(session: Session, numbers: Sequence[int], now: datetime) -> tuple[Told, ...]:
    """Stories with all their articles, in the given order."""
    known = stories.by_ids(session, list(numbers))
    drawn = portraits(session, [number for number in numbers if number in known], now)
    return tuple(
        Told(known[number], drawn[number].articles, len(drawn[number].outlets), drawn[number])
        for number in numbers
        if number in drawn
    )


def _outlets(index: SearchIndex, within: Query, numbers: Sequence[int]) -> Counter[int]:
    """How many outlets carried each story, of what matches."""
    values = tuple(map(str, numbers))
    if not values:
        return Counter()
    only = replace(within, filters=(*within.filters, Filter(Keyword.STORY, values)))
    counts = index.counts(only, [Grouping(Keyword.STORY, values=values), Grouping(Keyword.SOURCE, MAX_FACET_SIZE)])
    return Counter(int(cell.values[0]) for cell in counts.cells)
