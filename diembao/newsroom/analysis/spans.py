"""Stretches of days that people ask for by name, and the ones they are compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from diembao.index.protocol import Period, Unit
from diembao.newsroom.tet import holiday

# Up to here a figure is drawn by day, up to there by week; beyond, by month.
_DAYS_BY_DAY = 62
_DAYS_BY_WEEK = 400
_TIMELINES = (31, 182)  # days, as far as they reach; beyond, whole years
_TET_LOOKED_BACK = 60  # years: far beyond what the calendar of Tết does not know yet


@dataclass(frozen=True, slots=True)
class Span:
    """A period and what it is measured against. year_before: the same days of the year before, whole months for whole
    months, Tết for Tết; a 29 February alone is the 28th where there is none."""

    asked: Period
    before: Period
    year_before: Period


def span(period: Period) -> Span:
    length = period.last - period.first + timedelta(days=1)
    return Span(period, _before(period, length), _same_of_last_year(period))


def _before(period: Period, length: timedelta) -> Period:
    """Whole months are compared with as many whole months, anything else with as many days."""
    months = _whole_months(period)
    if months:
        return Period(_months_back(period.first, months), period.first - timedelta(days=1))
    return Period(period.first - length, period.first - timedelta(days=1))


def _same_of_last_year(period: Period) -> Period:
    tet = _tet_of(period.first.year)
    if tet is not None and period.first == tet.first and period.last <= tet.last:
        last_year = _tet_of(period.first.year - 1)
        if last_year is not None:
            return Period(last_year.first, last_year.first + (period.last - period.first))
    first, after = _year_before(period.first), period.last + timedelta(days=1)
    # The day after the last, so that the end of February is its end in both years.
    last = _year_before(after) - timedelta(days=1) if _whole_months(period) else _year_before(period.last)
    return Period(first, last)


def _whole_months(period: Period) -> int:
    """How many months the period is made of; 0 when it is not made of whole ones."""
    after = period.last + timedelta(days=1)
    if period.first.day != 1 or after.day != 1:
        return 0
    return (after.year - period.first.year) * 12 + after.month - period.first.month


def _months_back(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 - months
    return date(index // 12, index % 12 + 1, 1)


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return date(day.year - 1, 2, 28)


def unit_of(period: Period) -> Unit:
    """The unit in which a period makes a chart that can be read."""
    days = (period.last - period.first).days + 1
    if days <= _DAYS_BY_DAY:
        return Unit.DAY
    return Unit.WEEK if days <= _DAYS_BY_WEEK else Unit.MONTH


def timeline_of(first: date, last: date, since: date | None, until: date | None, today: date) -> Period:
    """What a timeline shows of articles between these two days: what was asked for, or where nothing was, up to today
    and back to a round beginning. Few beginnings make few different axes, and those are drawn already
    (`chart_frames`)."""
    end = until or max(today, last)
    if since:
        return Period(since, max(since, end))
    days = (end - first).days + 1
    for length in _TIMELINES:
        if days <= length:
            return Period(end - timedelta(days=length - 1), end)
    return Period(date(first.year, 1, 1), end)


def _quarter(today: date) -> Period:
    return Period(date(today.year, (today.month - 1) // 3 * 3 + 1, 1), today)


def _tet(today: date) -> Period:
    """The last Tết that has begun; the one before the calendar ends where it knows no further."""
    for year in range(today.year, today.year - _TET_LOOKED_BACK, -1):
        tet = _tet_of(year)
        if tet is not None and tet.first <= today:
            return Period(tet.first, min(tet.last, today))
    return Period(today, today)


def _tet_of(year: int) -> Period | None:
    try:
        return Period(*holiday(year))
    except ValueError:
        return None


# No preset goes beyond today: days that have not come yet would only draw an empty end.
PRESETS: Mapping[str, Callable[[date], Period]] = {
    "today": lambda today: Period(today, today),
    "7days": lambda today: Period(today - timedelta(days=6), today),
    "30days": lambda today: Period(today - timedelta(days=29), today),
    "month": lambda today: Period(today.replace(day=1), today),
    "quarter": _quarter,
    "year": lambda today: Period(date(today.year, 1, 1), today),
    "tet": _tet,
}
