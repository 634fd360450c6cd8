"""Days, weeks and months of Viet Nam, the same for every engine.

Viet Nam keeps one time all year, so a day is an ordinary day that begins at 17:00 UTC.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from diembao.index.protocol import MAX_CELLS, Period, Unit

AHEAD = timedelta(hours=7)
_DAY_SECONDS = 86_400
_EPOCH = date(1970, 1, 1)


def day_of(seconds: float) -> date:
    """The day in Viet Nam of a moment; seconds since 1970 in UTC."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds) + AHEAD).date()


def day_number(day: date) -> int:
    """Days since 1 January 1970."""
    return (day - _EPOCH).days


def date_of_number(number: int) -> date:
    """The day that is so many days after 1 January 1970."""
    return _EPOCH + timedelta(days=number)


def start_second(day: date) -> int:
    """When a day in Viet Nam begins; seconds since 1970 in UTC."""
    return day_number(day) * _DAY_SECONDS - int(AHEAD.total_seconds())


@lru_cache(16_384)  # forty years of days: a histogram asks for each of its days
def period_around(day: date, unit: Unit) -> Period:
    """The whole day, week or month that a day lies in."""
    match unit:
        case Unit.DAY:
            return Period(day, day)
        case Unit.WEEK:
            monday = day - timedelta(days=day.weekday())
            return Period(monday, monday + timedelta(days=6))
        case Unit.MONTH:
            first = day.replace(day=1)
            return Period(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


def periods_between(first: date, last: date, unit: Unit) -> list[Period]:
    """The whole units from the one that `first` lies in to the one of `last`."""
    found = [period_around(first, unit)]
    while found[-1].last < last:
        found.append(period_around(found[-1].last + timedelta(days=1), unit))
    return found


def check_cells(values: Sequence[int], periods: int) -> None:
    """values: how many of each grouping. Raises ValueError when a table would be too large."""
    if len(values) > 2:
        raise ValueError("at most two fields can be crossed")
    cells = math.prod(values) * max(1, periods)
    if cells > MAX_CELLS:
        raise ValueError(f"{cells} cells are more than the {MAX_CELLS} that can be counted at once")
