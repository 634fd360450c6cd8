"""Articles and stories by value and time, exactly, out of the columns of the embedded engine.

The engine's own aggregations only estimate how many different stories there are, so what matches is read as columns
(well below a microsecond an article) and counted here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diembao.index.analysis import ID_KEY, SORT_KEY, STORY_KEY, UNDATED, seconds_of
from diembao.index.periods import AHEAD, check_cells, date_of_number, day_number, period_around
from diembao.index.protocol import Cell, Counts, Period, Unit
from diembao.index.tantivy_errors import engine_errors

Numbers = NDArray[np.int64]


class Columns:
    """Story, identity and time of every article that a query matches, each in one array."""

    def __init__(self, searcher: Any, query: Any, number: int) -> None:
        with engine_errors():
            # Ordering by a field brings its values along, and in whole numbers.
            hits = searcher.search(query, limit=max(1, number), count=False, order_by_field=STORY_KEY).hits
            addresses = [address for _, address in hits]
            self.ids: Numbers = np.array(searcher.fast_field_values(ID_KEY, addresses), np.int64)
            sort_keys: Numbers = np.array(searcher.fast_field_values(SORT_KEY, addresses), np.int64)
        stories: Numbers = np.array([story for story, _ in hits], np.int64)
        # They come in the order of their stories: a new one begins wherever two neighbours differ.
        self.stories: Numbers = np.concatenate(([0], np.cumsum(np.diff(stories) != 0))) if hits else stories
        seconds: Numbers = seconds_of(sort_keys)
        self.days: Numbers = (seconds + int(AHEAD.total_seconds())) // 86_400
        self.is_dated = seconds != UNDATED

    @property
    def articles(self) -> int:
        return len(self.stories)

    @property
    def different_stories(self) -> int:
        return int(self.stories[-1]) + 1 if self.articles else 0


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
    columns: Columns,
    chosen: Sequence[tuple[str, ...]],
    ids_with: Callable[[int, str], Sequence[int]],
    over: Unit | Sequence[Period] | None,
) -> Counts:
    """chosen: the values of each grouping. ids_with: what matches and has a value of the grouping of this number.

    Raises:
        ValueError: the table would be too large.
    """
    rows = _Rows(np.arange(columns.articles), np.zeros(columns.articles, np.int64))
    for number, values in enumerate(chosen):
        rows = rows.crossed(_members(columns, values, [ids_with(number, value) for value in values]), len(values))
    periods: list[Period] = []
    if over is not None:
        periods, times = _by_unit(columns, over) if isinstance(over, Unit) else _by_period(columns, over)
        check_cells([len(values) for values in chosen], len(periods))
        rows = rows.crossed(times, len(periods))
    cells = _cells(columns, rows, chosen, periods) if chosen or periods else ()
    return Counts(columns.articles, columns.different_stories, tuple(chosen), cells)


def _members(columns: Columns, values: Sequence[str], ids: Sequence[Sequence[int]]) -> _Rows:
    order = np.argsort(columns.ids)
    wanted: Numbers = np.array([identity for found in ids for identity in found], np.int64)
    articles = order[np.searchsorted(columns.ids, wanted, sorter=order)] if len(wanted) else wanted
    return _Rows(articles, np.repeat(np.arange(len(values)), [len(found) for found in ids]))


def _by_unit(columns: Columns, unit: Unit) -> tuple[list[Period], _Rows]:
    articles = np.flatnonzero(columns.is_dated)
    days, day_of_article = np.unique(columns.days[articles], return_inverse=True)
    around = [period_around(date_of_number(int(day)), unit) for day in days]
    periods = sorted(set(around))
    place = {period: number for number, period in enumerate(periods)}
    cells: Numbers = np.array([place[period] for period in around], np.int64)
    return periods, _Rows(articles, cells[day_of_article])


def _by_period(columns: Columns, given: Sequence[Period]) -> tuple[list[Period], _Rows]:
    periods = list(dict.fromkeys(given))
    found = [
        np.flatnonzero(
            columns.is_dated & (columns.days >= day_number(period.first)) & (columns.days <= day_number(period.last))
        )
        for period in periods
    ]
    cells = np.repeat(np.arange(len(periods)), [len(articles) for articles in found])
    return periods, _Rows(np.concatenate([*found, np.zeros(0, np.int64)]), cells)


def _cells(
    columns: Columns, rows: _Rows, chosen: Sequence[tuple[str, ...]], periods: Sequence[Period]
) -> tuple[Cell, ...]:
    numbers, articles = np.unique(rows.cells, return_counts=True)
    stories = max(1, columns.different_stories)
    different = np.unique(rows.cells * stories + columns.stories[rows.articles]) // stories
    _, story_counts = np.unique(different, return_counts=True)
    sizes = [len(values) for values in chosen] + ([len(periods)] if periods else [])
    places = np.unravel_index(numbers, sizes)
    cells = []
    for at, (number_of_articles, number_of_stories) in enumerate(zip(articles, story_counts, strict=True)):
        values = tuple(chosen[level][places[level][at]] for level in range(len(chosen)))
        period = periods[places[-1][at]] if periods else None
        cells.append(Cell(values, period, int(number_of_articles), int(number_of_stories)))
    return tuple(cells)
