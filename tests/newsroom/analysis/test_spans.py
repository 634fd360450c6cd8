from datetime import date

import pytest

from diembao.index.protocol import Period, Unit
from diembao.newsroom.analysis.spans import PRESETS, span, timeline_of, unit_of

SUNDAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("asked", "before", "year_before"),
    [
        # Seven days against the seven days before them.
        (Period(date(2026, 11, 16), SUNDAY), Period(date(2026, 11, 9), date(2026, 11, 15)), date(2025, 11, 16)),
        # A whole month against the whole month before, though one is longer.
        (Period(date(2026, 3, 1), date(2026, 3, 31)), Period(date(2026, 2, 1), date(2026, 2, 28)), date(2025, 3, 1)),
        (Period(date(2026, 1, 1), date(2026, 3, 31)), Period(date(2025, 10, 1), date(2025, 12, 31)), date(2025, 1, 1)),
        # A month that is not over is so many days, not a month.
        (Period(date(2026, 11, 1), SUNDAY), Period(date(2026, 10, 10), date(2026, 10, 31)), date(2025, 11, 1)),
    ],
)
def test_what_a_period_is_compared_with(asked: Period, before: Period, year_before: date) -> None:
    compared = span(asked)
    assert compared.before == before
    assert compared.year_before.first == year_before


def test_the_29th_of_february_is_compared_with_the_28th() -> None:
    leap = span(Period(date(2028, 2, 1), date(2028, 2, 29)))
    assert leap.year_before == Period(date(2027, 2, 1), date(2027, 2, 28))
    assert leap.before == Period(date(2028, 1, 1), date(2028, 1, 31))


def test_a_february_is_compared_with_the_whole_february_of_a_leap_year() -> None:
    assert span(Period(date(2029, 2, 1), date(2029, 2, 28))).year_before == Period(date(2028, 2, 1), date(2028, 2, 29))
    # Days that are no whole month stay the same days.
    assert span(Period(date(2029, 2, 3), date(2029, 2, 28))).year_before == Period(date(2028, 2, 3), date(2028, 2, 28))


def test_presets_end_today_and_begin_where_their_name_says() -> None:
    begins = {name: make(SUNDAY).first for name, make in PRESETS.items()}
    assert begins == {
        "today": SUNDAY,
        "7days": date(2026, 11, 16),
        "30days": date(2026, 10, 24),
        "month": date(2026, 11, 1),
        "quarter": date(2026, 10, 1),
        "year": date(2026, 1, 1),
        "tet": date(2026, 2, 15),
    }
    assert {make(SUNDAY).last for name, make in PRESETS.items() if name != "tet"} == {SUNDAY}


@pytest.mark.parametrize(
    ("today", "tet"),
    [
        (SUNDAY, Period(date(2026, 2, 15), date(2026, 2, 21))),
        (date(2026, 2, 14), Period(date(2025, 1, 27), date(2025, 2, 2))),  # the day before it begins: the last one
        (date(2026, 2, 17), Period(date(2026, 2, 15), date(2026, 2, 17))),  # on its first day: as far as it has come
        (date(2030, 12, 31), Period(date(2030, 1, 31), date(2030, 2, 6))),  # where China has it a day later
    ],
)
def test_tet_is_the_last_one_that_has_begun(today: date, tet: Period) -> None:
    assert PRESETS["tet"](today) == tet


def test_tet_is_compared_with_the_tet_before_not_with_the_same_days_of_the_calendar() -> None:
    tet = PRESETS["tet"]
    assert span(tet(SUNDAY)).year_before == Period(date(2025, 1, 27), date(2025, 2, 2))
    assert span(tet(date(2026, 2, 16))).year_before == Period(date(2025, 1, 27), date(2025, 1, 28))
    # A period that only begins then is a period of the calendar.
    assert span(Period(date(2026, 2, 15), date(2026, 3, 14))).year_before.first == date(2025, 2, 15)


def test_long_periods_are_drawn_in_longer_units() -> None:
    assert unit_of(Period(date(2026, 10, 1), date(2026, 11, 30))) is Unit.DAY
    assert unit_of(Period(date(2026, 1, 1), date(2026, 11, 30))) is Unit.WEEK
    assert unit_of(Period(date(2020, 1, 1), date(2026, 11, 30))) is Unit.MONTH


@pytest.mark.parametrize(
    ("first", "last", "since", "until", "expected"),
    [
        # What was asked for is shown as it was asked for.
        (
            date(2026, 3, 5),
            date(2026, 3, 9),
            date(2026, 3, 1),
            date(2026, 3, 31),
            (date(2026, 3, 1), date(2026, 3, 31)),
        ),
        # Without an end up to today, for “nothing since” is an answer, too.
        (date(2026, 3, 5), date(2026, 3, 9), date(2026, 3, 1), None, (date(2026, 3, 1), date(2026, 11, 30))),
        (date(2026, 11, 29), date(2026, 11, 29), None, None, (date(2026, 10, 31), date(2026, 11, 30))),
        (date(2026, 8, 1), date(2026, 8, 1), None, None, (date(2026, 6, 2), date(2026, 11, 30))),
        (date(2021, 8, 1), date(2026, 8, 1), None, None, (date(2021, 1, 1), date(2026, 11, 30))),
        (date(2021, 8, 1), date(2021, 8, 9), None, date(2021, 8, 20), (date(2021, 7, 21), date(2021, 8, 20))),
        # A newspaper with a wrong clock is not cut off.
        (date(2026, 11, 29), date(2026, 12, 2), None, None, (date(2026, 11, 2), date(2026, 12, 2))),
    ],
)
def test_a_timeline_shows_all_there_is_and_begins_at_a_round_place(first, last, since, until, expected):
    found = timeline_of(first, last, since, until, date(2026, 11, 30))
    assert (found.first, found.last) == expected
    assert found.first <= first and last <= found.last
