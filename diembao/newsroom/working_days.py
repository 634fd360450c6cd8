"""Working days of offices in Viet Nam: deadlines are set and told in them.

Holidays and the days moved for them come from the `holidays` package; Saturdays and Sundays are free, except those
that a government decision makes working days.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any, Final

# A deadline further away is a mistyped one.
MOST: Final = 250


def is_working_day(day: date) -> bool:
    """Whether offices work on a day; holidays of years that the calendar does not know are missing."""
    return bool(_calendar().is_working_day(day))


def after(day: date, number: int) -> date:
    """The last of so many working days that follow a day, itself not counted, as deadlines are counted.

    Raises:
        ValueError: not a number from 1 to MOST.
    """
    if not 1 <= number <= MOST:
        raise ValueError(f"a deadline is 1 to {MOST} working days away")
    while number:
        day += timedelta(days=1)
        number -= is_working_day(day)
    return day


def between(first: date, last: date) -> int:
    """Working days after `first` up to `last`; negative when `last` comes first."""
    if last < first:
        return -between(last, first)
    return sum(is_working_day(first + timedelta(days=number)) for number in range(1, (last - first).days + 1))


@cache
def _calendar() -> Any:
    import holidays

    return holidays.country_holidays("VN")
