"""Articles and stories by value and time, exactly, out of the columns of the embedded engine.

The engine's own aggregations only estimate how many different stories there are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from diembao.index.embedded_columns import Matching
from diembao.index.embedded_numbers import Numbers
from diembao.index.periods import check_cells, date_of_number, day_number, period_around
from diembao.index.protocol import Cell, Counts, Keyword, Period, Unit

# Up to so many flags, one for each story in each cell, are faster than sorting: some 10 ms.
_MOST_FLAGS = 32_000_000


class _Rows:
    """One row for each time that an article counts: which article, in which cell."""

    def __init__(self, articles: Numbers, cells: Numbers) -> None:
        self.articles, self.cells = articles, cells

    def crossed(self, others: _Rows, width: int) -> _Rows:
        """Every row with every row of the same article; `width` is the number of cells that `others` can have."""
        order = np.argsort(others.articles, kind="stable")
        theirs = others.articles[order]
        begin = np.searchsorted(theirs, self.articles, "left")
        counts = np.searchsorted(theirs, self.articles, "right") - begin
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        partner = order[np.repeat(begin, counts) + within]
        return _Rows(np.repeat(self.articles, counts), np.repeat(self.cells, counts) * width + others.cells[partner])


def tabulate(
    matching: Matching, chosen: Sequence[tuple[Keyword, tuple[str, ...]]], over: Unit | Sequence[Period] | None
) -> Counts:
    """chosen: the field of each grouping with its values.

    Raises:
        ValueError: the table would be too large.
    """
    values = [of_field for _, of_field in chosen]
    sides = [_members(matching, field, of_field) for field, of_field in chosen]
    widths = [len(of_field) for of_field in values]
    periods: list[Period] = []
    if over is not None:
        periods, times = _by_unit(matching, over) if isinstance(over, Unit) else _by_period(matching, over)
        check_cells(widths, len(periods))
        sides, widths = [*sides, times], [*widths, len(periods)]
    if not sides:
        return Counts(matching.articles, matching.different_stories)
    rows = sides[0]
    for side, width in zip(sides[1:], widths[1:], strict=True):
        rows = rows.crossed(side, width)
    cells = _cells(matching, rows, values, periods, widths)
    return Counts(matching.articles, matching.different_stories, tuple(values), cells)


def _members(matching: Matching, field: Keyword, values: Sequence[str]) -> _Rows:
    found = [matching.with_value(field, value) for value in values]
    cells = np.repeat(np.arange(len(values)), [len(articles) for articles in found])
    return _Rows(np.concatenate([*found, np.zeros(0, np.int64)]), cells)


def _by_unit(matching: Matching, unit: Unit) -> tuple[list[Period], _Rows]:
    articles = np.flatnonzero(matching.is_dated)
    days, day_of_article = np.unique(matching.days[articles], return_inverse=True)
    around = [period_around(date_of_number(int(day)), unit) for day in days]
    periods = sorted(set(around))
    place = {period: number for number, period in enumerate(periods)}
    cells: Numbers = np.array([place[period] for period in around], np.int64)
    return periods, _Rows(articles, cells[day_of_article])


def _by_period(matching: Matching, given: Sequence[Period]) -> tuple[list[Period], _Rows]:
    periods = list(dict.fromkeys(given))
    found = [
        np.flatnonzero(
            matching.is_dated & (matching.days >= day_number(period.first)) & (matching.days <= day_number(period.last))
        )
        for period in periods
    ]
    cells = np.repeat(np.arange(len(periods)), [len(articles) for articles in found])
    return periods, _Rows(np.concatenate([*found, np.zeros(0, np.int64)]), cells)


def _cells(
    matching: Matching,
    rows: _Rows,
    chosen: Sequence[tuple[str, ...]],
    periods: Sequence[Period],
    widths: Sequence[int],
) -> tuple[Cell, ...]:
    possible = int(np.prod(widths))
    articles = np.bincount(rows.cells, minlength=possible)
    stories = _different_stories(matching, rows, possible)
    numbers = np.flatnonzero(articles)
    places = np.unravel_index(numbers, widths) if len(numbers) else ()
    cells = []
    for at, number in enumerate(numbers):
        values = tuple(chosen[level][places[level][at]] for level in range(len(chosen)))
        period = periods[places[-1][at]] if periods else None
        cells.append(Cell(values, period, int(articles[number]), int(stories[number])))
    return tuple(cells)


def _different_stories(matching: Matching, rows: _Rows, cells: int) -> Numbers:
    """Of each cell."""
    stories = matching.different_stories
    pairs = rows.cells * stories + matching.stories[rows.articles]
    if cells * stories <= _MOST_FLAGS:
        flags = np.zeros(cells * stories, np.bool_)
        flags[pairs] = True
        different: Numbers = np.count_nonzero(flags.reshape(cells, stories), axis=1)
        return different
    ordered = np.sort(pairs)
    return np.bincount(ordered[np.diff(ordered, prepend=-1) != 0] // stories, minlength=cells)
