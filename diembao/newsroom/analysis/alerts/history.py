"""What the index knows of an alert's search: articles by day, and single moments."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime

from diembao.index.protocol import Filter, Grouping, Keyword, Period, Query, SearchIndex, Sort, Unit
from diembao.newsroom.analysis.alerts.rules import HISTORY
from diembao.newsroom.analysis.figures import within
from diembao.newsroom.days import day_of

# No newspaper of ours is older, and an article without a day comes before all others.
_DATED = datetime(1900, 1, 1, tzinfo=UTC)
# An engine takes a good many values in one filter, but not any number.
_MOST_LEFT_OUT = 500
# The oldest articles are most likely those that came first, so that the first page nearly always tells.
_PAGE = 20


def without(query: Query, stories: Collection[int]) -> Query:
    """The query but for these stories, the newest of them where there are too many."""
    if not stories:
        return query
    values = tuple(str(number) for number in sorted(stories)[-_MOST_LEFT_OUT:])
    return replace(query, filters=(*query.filters, Filter(Keyword.STORY, values, exclude=True)))


def days_of(index: SearchIndex, query: Query, first: date, last: date) -> dict[date, int]:
    """Articles by day; days without any are left out."""
    counts = index.counts(within(query, Period(first, last)), over=Unit.DAY)
    return {cell.period.first: cell.articles for cell in counts.cells if cell.period is not None}


def history(index: SearchIndex, query: Query, last: date) -> dict[date, int]:
    """Articles by day up to this one, as far back as any rule looks."""
    return days_of(index, query, last - HISTORY, last)


def articles_on(index: SearchIndex, query: Query, day: date) -> int:
    return index.count(within(query, Period(day, day)))


def most_told(index: SearchIndex, query: Query, day: date, most: int = 5) -> list[int]:
    """The stories of a day with the most articles."""
    counts = index.counts(within(query, Period(day, day)), [Grouping(Keyword.STORY, most)])
    return [int(cell.values[0]) for cell in counts.cells if cell.values[0].isdigit()]


def came_before(index: SearchIndex, query: Query, number: int) -> int | None:
    """An article of the query that came in before the one of this number; articles are numbered as they come in."""
    asked = replace(query, sort=Sort.OLDEST, size=_PAGE, facets=(), after=None)
    while True:
        hits = index.search(asked)
        found = next((int(hit.id) for hit in hits.items if int(hit.id) < number), None)
        if found is not None or hits.next is None:
            return found
        asked = replace(asked, after=hits.next)


def came_since(index: SearchIndex, query: Query, moment: datetime, number: int) -> int | None:
    """As `came_before`, of what was printed at a moment or later."""
    return came_before(index, replace(query, published_from=moment, published_to=None), number)


def of_outlet(query: Query, source: str) -> Query:
    return replace(query, filters=(*query.filters, Filter(Keyword.SOURCE, (source,))))


def begins(index: SearchIndex) -> date | None:
    """The first day of the archive; None while it is empty."""
    hits = index.search(Query(published_from=_DATED, sort=Sort.OLDEST, size=1)).items
    at = hits[0].published_at if hits else None
    return day_of(at) if at else None
