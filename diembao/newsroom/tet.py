"""Tết Nguyên Đán, when newspapers print little and offices are closed; by the Vietnamese lunisolar calendar."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Final

# From two days before the new year to the fifth day after it.
_BEFORE, _AFTER = timedelta(days=2), timedelta(days=5)
_NEW_YEAR: Final = "Tết Nguyên Đán"


def holiday(year: int) -> tuple[date, date]:
    """The first and the last day on which newspapers print little.

    Raises:
        ValueError: a year the calendar does not know.
    """
    first = new_year(year)
    return first - _BEFORE, first + _AFTER - timedelta(days=1)


@cache
def new_year(year: int) -> date:
    """The first day of Tết in a year of the common calendar; right for Viet Nam where China differs (2007, 2030).

    Raises:
        ValueError: a year the calendar does not know.
    """
    import holidays

    known = holidays.country_holidays("VN", years=year, language="vi")
    days = [day for day, name in known.items() if _NEW_YEAR in name.split("; ")]
    if not days:
        raise ValueError(f"no Tết known for {year}")
    return min(days)


def is_tet(day: date) -> bool:
    """Whether newspapers are on holiday; False for years the calendar does not know."""
    try:
        first, last = holiday(day.year)
    except ValueError:
        return False
    return first <= day <= last
