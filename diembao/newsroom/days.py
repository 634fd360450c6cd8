"""Days of Viet Nam, as people write them and as the store keeps them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")
_VIETNAMESE_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", re.ASCII)
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def day_of(moment: datetime) -> date:
    """The day in Viet Nam."""
    return moment.astimezone(LOCAL).date()


def start_of(day: date) -> datetime:
    """The first moment of a day in Viet Nam, in UTC.

    Raises:
        OverflowError: a day at the very edge of the calendar.
    """
    return datetime.combine(day, time(), LOCAL).astimezone(UTC)


def end_of(day: date) -> datetime:
    """The first moment after a day in Viet Nam, in UTC."""
    return start_of(day + timedelta(days=1))


def parse_day(text: str) -> date:
    """A day written `2026-11-22` or `22/11/2026`.

    Raises:
        ValueError: it is neither, or no such day exists.
    """
    text = text.strip()
    if _ISO_DAY.fullmatch(text):
        return date.fromisoformat(text)
    found = _VIETNAMESE_DAY.fullmatch(text)
    if found is None:
        raise ValueError(f"not a day: {text[:40]!r}")
    return date(int(found[3]), int(found[2]), int(found[1]))
