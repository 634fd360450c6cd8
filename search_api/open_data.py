"""Open data: how many published stories and articles there were on each day of Viet Nam, and nothing else of them.

Counted by the same means as the routes of `stats`, so that both tell the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from operator import itemgetter

from diembao.index.protocol import (
    MAX_CELLS,
    MAX_FACET_SIZE,
    Grouping,
    Keyword,
    Period,
    Query,
    SearchIndex,
    Sort,
    Unit,
)
from search_api.labels import Labels
from search_api.moments import day_of, end_of, start_of

# Before the first printed newspaper: what has a time at all is later.
_ANY_TIME = date(1800, 1, 1)


class Table(StrEnum):
    TOTAL = "total"
    TOPIC = "topic"
    COMMUNE = "commune"
    OUTLET = "outlet"


@dataclass(frozen=True, slots=True)
class Form:
    """columns: as files and descriptions name them; they never change. field: what is counted by."""

    columns: tuple[str, ...]
    field: Keyword | None = None


FORMS: Mapping[Table, Form] = {
    Table.TOTAL: Form(("day", "stories", "articles")),
    Table.TOPIC: Form(("day", "topic", "topic_name", "stories", "articles"), Keyword.TOPIC),
    Table.COMMUNE: Form(("day", "commune_code", "commune_name", "stories", "articles"), Keyword.PLACE_CODE),
    Table.OUTLET: Form(("day", "outlet", "outlet_name", "stories", "articles"), Keyword.SOURCE),
}
Row = Sequence[str | int]


def extent(index: SearchIndex) -> Period | None:
    """From the first to the last day on which something published was printed; None: nothing is published."""
    ends = []
    for sort in (Sort.OLDEST, Sort.NEWEST):
        asked = Query(published_from=start_of(_ANY_TIME), public_only=True, sort=sort, size=1)
        ends += [day_of(hit.published_at) for hit in index.search(asked).items if hit.published_at]
    return Period(ends[0], ends[1]) if len(ends) == 2 else None


def rows(index: SearchIndex, labels: Labels, table: Table, period: Period) -> Iterator[Row]:
    """The rows of a table, by day and then by code. The total has every day, other tables those with an article."""
    form = FORMS[table]
    if form.field is None:
        counted = {cell.period: cell for cell in index.counts(_asked(period), over=Unit.DAY).cells}
        for day in _days(period):
            cell = counted.get(Period(day, day))
            yield (day.isoformat(), cell.stories, cell.articles) if cell else (day.isoformat(), 0, 0)
        return
    [values] = index.counts(_asked(period), [Grouping(form.field, MAX_FACET_SIZE)]).values
    if not values:
        return
    for part in _parts(period, MAX_CELLS // len(values)):
        cells = index.counts(_asked(part), [Grouping(form.field, values=values)], Unit.DAY).cells
        of_days = [(cell.period.first, cell.values[0], cell) for cell in cells if cell.period]
        for day, code, cell in sorted(of_days, key=itemgetter(0, 1)):
            yield day.isoformat(), code, labels.of(form.field, code), cell.stories, cell.articles


def _asked(period: Period) -> Query:
    return Query(published_from=start_of(period.first), published_to=end_of(period.last), public_only=True)


def _days(period: Period) -> Iterator[date]:
    for number in range((period.last - period.first).days + 1):
        yield period.first + timedelta(days=number)


def _parts(period: Period, days: int) -> Iterator[Period]:
    """One after the other, each of so many days: the index counts only so many cells at once."""
    first = period.first
    while first <= period.last:
        last = min(period.last, first + timedelta(days=days - 1))
        yield Period(first, last)
        first = last + timedelta(days=1)
