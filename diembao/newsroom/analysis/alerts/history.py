"""What the index knows of an alert's search: articles by day, and single moments."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from diembao.index.protocol import Filter, Grouping, Keyword, Period, Query, SearchIndex, Sort, Unit
from diembao.newsroom.analysis.alerts.rules import HISTORY
from diembao.newsroom.analysis.figures import within
from diembao.newsroom.days import day_of

# No newspaper of ours is older, and an article without a day comes before all others.
_DATED = datetime(1900, 1, 1, tzinfo=UTC)
# An engine takes a good many values in one filter, but not any number.
_MOST_LEFT_OUT = 500
_MOST_ASKED = 1000


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


def moment_of(index: SearchIndex, query: Query, day: date, number: int) -> datetime:
    """When the article of this number was printed on a day; its end where it cannot be told."""
    end = within(query, Period(day, day)).published_to or _DATED
    if number > _MOST_ASKED:
        return end - timedelta(seconds=1)
    hits = index.search(replace(within(query, Period(day, day)), sort=Sort.OLDEST, size=number)).items
    at = hits[number - 1].published_at if len(hits) >= number else None
    return at or end - timedelta(seconds=1)


def newest_before(index: SearchIndex, query: Query, moment: datetime) -> datetime | None:
    """When the last article before a moment was printed."""
    hits = index.search(
        replace(query, published_from=_DATED, published_to=moment, sort=Sort.NEWEST, size=1, facets=())
    ).items
    return hits[0].published_at if hits else None


def has_written(index: SearchIndex, query: Query, source: str, before: datetime) -> bool:
    """Whether an outlet had an article of the search before a moment."""
    of_outlet = replace(query, filters=(*query.filters, Filter(Keyword.SOURCE, (source,))), published_to=before)
    return index.count(of_outlet) > 0


def begins(index: SearchIndex) -> date | None:
    """The first day of the archive; None while it is empty."""
    hits = index.search(Query(published_from=_DATED, sort=Sort.OLDEST, size=1)).items
    at = hits[0].published_at if hits else None
    return day_of(at) if at else None
