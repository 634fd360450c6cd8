"""Figures about what was printed: each as stories and as articles, each from one exact count of the index.

Nothing here is estimated. Whatever the page shows beside a figure leads to the articles that were counted,
because the same query makes both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from diembao.index.periods import periods_between, start_second
from diembao.index.protocol import (
    MAX_FACET_SIZE,
    Cell,
    Counts,
    Grouping,
    Keyword,
    Period,
    Query,
    SearchIndex,
    Tabulation,
    Unit,
)
from diembao.newsroom.analysis.spans import Span

TOPICS_BY_PLACES = (Grouping(Keyword.TOPIC, 20), Grouping(Keyword.PLACE_CODE, 92))


@dataclass(frozen=True, slots=True)
class Number:
    articles: int = 0
    stories: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """A number, the one of the period before and the one of the same days a year before."""

    now: Number
    before: Number
    year_before: Number


@dataclass(frozen=True, slots=True)
class Line:
    """One value of a field over time; `numbers` has one entry for each period asked for."""

    value: str
    numbers: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """total: every article counts once in each period, whatever values it has. lines: stacked by a field; an
    article with two values of it is in two lines, one with none is in none."""

    periods: tuple[Period, ...]
    total: tuple[Number, ...]
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """One value of a field, now and before. `part` of the whole is by articles; 0 when there are none."""

    value: str
    now: Number
    before: Number
    part: float


@dataclass(frozen=True, slots=True)
class Table:
    """Two fields crossed; `numbers[row][column]`."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    numbers: tuple[tuple[Number, ...], ...]


def change(index: SearchIndex, query: Query, span: Span) -> Change:
    """How much in the period, and against the two others; the query's own time is ignored."""
    counted = [index.counts(within(query, period)) for period in (span.asked, span.before, span.year_before)]
    return Change(*(Number(counts.articles, counts.stories) for counts in counted))


def timeline(
    index: SearchIndex, query: Query, period: Period, unit: Unit, by: Keyword | None = None, most: int = 8
) -> Timeline:
    """Numbers for each day, week or month that the period touches; the first and last may be part of one.

    Raises:
        ValueError: more cells than can be counted at once.
    """
    wanted = [Tabulation(over=unit)]
    if by is not None:
        wanted.append(Tabulation((Grouping(by, most),), unit))
    total, *stacked = index.tables(within(query, period), wanted)
    return timeline_of(period, unit, total, *stacked)


def timeline_of(period: Period, unit: Unit, total: Counts, stacked: Counts | None = None) -> Timeline:
    """Out of counts by the unit, and by a field and the unit."""
    periods = periods_between(period.first, period.last, unit)
    whole = by_period(total)
    lines: tuple[Line, ...] = ()
    if stacked is not None:
        cells = {(cell.values[0], cell.period): number_of(cell) for cell in stacked.cells}
        lines = tuple(
            Line(value, tuple(cells.get((value, one), Number()) for one in periods)) for value in stacked.values[0]
        )
    return Timeline(tuple(periods), tuple(whole.get(one, Number()) for one in periods), lines)


def shares(index: SearchIndex, query: Query, span: Span, by: Keyword, most: int = 20) -> tuple[Share, ...]:
    """The most frequent values of the period, with what each of them was the period before."""
    counts = index.counts(within(query, span.asked), [Grouping(by, most)])
    if not counts.cells:
        return ()
    before = index.counts(within(query, span.before), [Grouping(by, values=counts.values[0])])
    return shares_of(counts, before)


def shares_of(counts: Counts, before: Counts) -> tuple[Share, ...]:
    """Out of counts by a field, now and before."""
    was = {cell.values[0]: number_of(cell) for cell in before.cells}
    return tuple(
        Share(cell.values[0], number_of(cell), was.get(cell.values[0], Number()), cell.articles / counts.articles)
        for cell in counts.cells
    )


def changes(
    index: SearchIndex, query: Query, span: Span, by: Keyword, *, values: Sequence[str] = (), most: int = 0
) -> tuple[tuple[str, Change], ...]:
    """Each value of a field in the three periods of a span, the most frequent of the asked one first.

    values: these, zeros included, whatever else there is. most: only so many values, the most frequent of the asked
    period; 0 for every value that any of the three periods has, as far as the engine counts.
    """
    if most and not values:
        values = index.counts(within(query, span.asked), [Grouping(by, most)]).values[0]
    elif not values:
        values = _values_of(index, query, span, by)
    if not values:
        return ()
    periods = [span.asked, span.before, span.year_before]
    around = Period(min(period.first for period in periods), span.asked.last)
    counts = index.counts(within(query, around), [Grouping(by, values=tuple(values))], over=periods)
    cells = {(cell.values[0], cell.period): number_of(cell) for cell in counts.cells}
    found = [(value, Change(*(cells.get((value, period), Number()) for period in periods))) for value in values]
    return tuple(sorted(found, key=lambda pair: (-pair[1].now.articles, -pair[1].before.articles, pair[0])))


def _values_of(index: SearchIndex, query: Query, span: Span, by: Keyword) -> tuple[str, ...]:
    """Every value of a field that any of the three periods has."""
    every = Grouping(by, MAX_FACET_SIZE)
    found = [
        index.counts(within(query, period), [every]).values[0] for period in (span.asked, span.before, span.year_before)
    ]
    return tuple(dict.fromkeys(value for values in found for value in values))[:MAX_FACET_SIZE]


def of_values(
    index: SearchIndex, query: Query, period: Period, by: Keyword, values: Sequence[str]
) -> Mapping[str, Number]:
    """Numbers of these values, zeros included: for maps and fixed lists.

    Raises:
        ValueError: more values than can be counted at once.
    """
    return numbers_of(index.counts(within(query, period), [Grouping(by, values=tuple(values))]))


def numbers_of(counts: Counts) -> Mapping[str, Number]:
    """Of each value that was counted by, zeros included."""
    found = {cell.values[0]: number_of(cell) for cell in counts.cells}
    return {value: found.get(value, Number()) for value in counts.values[0]}


def topics_by_places(index: SearchIndex, query: Query, period: Period) -> Table:
    """The topics of the period against the communes and wards it was about, most frequent first."""
    return table_of(index.counts(within(query, period), TOPICS_BY_PLACES))


def table_of(counts: Counts) -> Table:
    """Out of counts by two fields."""
    rows, columns = counts.values
    cells = {cell.values: number_of(cell) for cell in counts.cells}
    return Table(rows, columns, tuple(tuple(cells.get((row, column), Number()) for column in columns) for row in rows))


def within(query: Query, period: Period) -> Query:
    """The days of the period and nothing else, whatever time the query had."""
    begins, ends = start_second(period.first), start_second(period.last + timedelta(days=1))
    return replace(
        query, published_from=datetime.fromtimestamp(begins, UTC), published_to=datetime.fromtimestamp(ends, UTC)
    )


def by_period(counts: Counts) -> dict[Period | None, Number]:
    return {cell.period: number_of(cell) for cell in counts.cells}


def number_of(cell: Cell) -> Number:
    return Number(cell.articles, cell.stories)
