"""A year of a subject that is written about as subjects are: less at weekends, hardly at Tết, more after it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from diembao.newsroom.analysis.alerts.usual import levels_of, usual
from diembao.newsroom.sessions import Sessions
from diembao.newsroom.tet import holiday, is_tet
from pipelines.indexing import drain

BEGIN, YEAR = date(2025, 3, 1), date(2025, 9, 1)  # the archive; the year that is judged
TET_FIRST, TET_LAST = holiday(2026)


def expected(day: date) -> float:
    if is_tet(day):
        return 2.5
    return 6.0 if day.weekday() >= 5 else 10.0


def days_of_the_year() -> Iterator[date]:
    return (YEAR + timedelta(days=number) for number in range(365))


def printed(seed: int | None) -> dict[date, int]:
    """So many a day; without a seed exactly what is expected."""
    chance = np.random.default_rng(seed) if seed is not None else None
    days = (BEGIN + timedelta(days=number) for number in range((YEAR - BEGIN).days + 365))
    return {day: round(expected(day)) if chance is None else int(chance.poisson(expected(day))) for day in days}


def level_of(days: dict[date, int], day: date, articles: int) -> int:
    known = usual(days, day, Sessions(), BEGIN)
    assert known is not None
    return max((level for level, fewest in levels_of(known).items() if articles >= fewest), default=0)


def test_weekdays_and_tet_are_no_surge_of_any_level() -> None:
    days = printed(None)
    assert {level_of(days, day, days[day]) for day in days_of_the_year()} == {0}


def test_what_varies_by_chance_is_hardly_ever_one_and_never_because_of_the_calendar() -> None:
    false = [(day, level) for seed in range(6) for days in (printed(seed),) for day in days_of_the_year()
             if (level := level_of(days, day, days[day]))]  # fmt: skip
    # Six years: what is called “a few times a year” is that, what is called rare is.
    assert sum(level >= 1 for _, level in false) <= 6 * 4
    assert sum(level >= 2 for _, level in false) <= 2
    assert not [day for day, level in false if level >= 2 and TET_FIRST <= day <= TET_LAST + timedelta(days=14)]


@pytest.mark.parametrize("seed", range(3))
def test_a_real_surge_is_found_on_whatever_day_it_comes(seed: int) -> None:
    days = printed(seed)
    # Four times what is expected there: a Monday, a Sunday, the first day after Tết, the month after a surge.
    for day in (date(2025, 11, 3), date(2025, 11, 9), TET_LAST + timedelta(days=2), date(2026, 6, 10)):
        assert level_of(days, day, round(4 * expected(day))) >= 2, day
    again = days | {date(2026, 6, 1): 60}
    assert level_of(again, date(2026, 6, 10), 40) >= 2, "one surge does not hide the next"
    # So is one in the quiet of Tết, which is judged as a Sunday is.
    assert level_of(days, TET_FIRST + timedelta(days=3), 30) >= 2


@pytest.mark.timeout(600)
def test_the_watch_is_silent_over_tet_and_tells_of_the_surge_after_it(one_market: Any) -> None:
    """The watch itself, day by day over seven weeks around Tết."""
    first, last = TET_FIRST - timedelta(days=35), TET_LAST + timedelta(days=8)
    alert = one_market.alert(
        one_market.person(), condition="spike", level=2, by_mail=False,
        watching_since=datetime(first.year, first.month, first.day, tzinfo=UTC),
    )  # fmt: skip
    surge, day = last - timedelta(days=2), first
    told: dict[date, int] = {}
    while day <= last:
        evening = datetime(day.year, day.month, day.day, 13, tzinfo=UTC)
        before = len(one_market.found(alert))
        for number in range(round(expected(day) * (4 if day == surge else 1) / 2)):
            one_market.prints(found=evening - timedelta(minutes=number), index=False)
        drain(one_market.store, one_market.index)
        one_market.round(evening + timedelta(minutes=5))
        if new := len(one_market.found(alert)) - before:
            told[day] = new
        day += timedelta(days=1)
    assert list(told) == [surge]
