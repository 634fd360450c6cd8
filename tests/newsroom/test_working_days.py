from datetime import date

import pytest

from diembao.newsroom import working_days


def test_weekends_holidays_and_moved_days_are_free() -> None:
    assert working_days.is_working_day(date(2026, 11, 23))
    for free in (date(2026, 11, 21), date(2026, 11, 22), date(2026, 2, 17), date(2026, 4, 27), date(2026, 9, 2)):
        assert not working_days.is_working_day(free), free


@pytest.mark.parametrize(
    ("begins", "number", "ends"),
    [
        (date(2026, 11, 20), 1, date(2026, 11, 23)),  # over a weekend
        (date(2026, 2, 12), 3, date(2026, 2, 24)),  # over Tết
        (date(2026, 12, 30), 2, date(2027, 1, 4)),  # into the next year, over its first day and a weekend
    ],
)
def test_a_deadline_counts_the_days_after_the_letter(begins: date, number: int, ends: date) -> None:
    assert working_days.after(begins, number) == ends
    assert working_days.between(begins, ends) == number and working_days.between(ends, begins) == -number


@pytest.mark.parametrize("number", [0, -1, working_days.MOST + 1])
def test_no_deadline_is_further_than_a_year_of_work(number: int) -> None:
    with pytest.raises(ValueError, match="1 to"):
        working_days.after(date(2026, 11, 20), number)
