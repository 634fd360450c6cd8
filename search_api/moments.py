"""Times as people in Viet Nam read and write them. The store and the index speak UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_timedelta

from search_api.messages import LOCALES

LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")
_VIETNAMESE_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", re.ASCII)
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def utc_now() -> datetime:
    return datetime.now(UTC)


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


def iso_local(moment: datetime) -> str:
    """ISO 8601 with the offset of Viet Nam, whole seconds."""
    return moment.astimezone(LOCAL).isoformat(timespec="seconds")


class Formats:
    """Dates and times in one language."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._locale = LOCALES[language]

    def day(self, day: date) -> str:
        """22/11/2026"""
        return f"{day:%d/%m/%Y}"

    def day_of(self, moment: datetime) -> str:
        """22/11/2026"""
        return self.day(day_of(moment))

    def long_day(self, day: date) -> str:
        """Chủ nhật, 22/11/2026"""
        name = str(format_date(day, "EEEE", locale=self._locale))
        # The locale data write "Chủ Nhật", the house style and the language "Chủ nhật".
        return f"{name.capitalize()}, {self.day(day)}"

    def month(self, day: date) -> str:
        """tháng 11/2026"""
        if self._language == "vi":
            return f"tháng {day:%m/%Y}"
        return str(format_date(day, "MMMM yyyy", locale=self._locale))

    def clock(self, moment: datetime) -> str:
        """08:47"""
        return f"{moment.astimezone(LOCAL):%H:%M}"

    def full(self, moment: datetime) -> str:
        """08:47 Chủ nhật, 22/11/2026"""
        return f"{self.clock(moment)} {self.long_day(day_of(moment))}"

    def short(self, moment: datetime) -> str:
        """08:47 22/11/2026"""
        return f"{self.clock(moment)} {self.day_of(moment)}"

    def recent(self, moment: datetime, now: datetime) -> str:
        """Relative within a day (“3 giờ trước”), else the full time. The last minute is “1 phút trước”."""
        moment = min(moment, now - timedelta(minutes=1))
        if now - moment < timedelta(days=1):
            return str(format_timedelta(moment - now, add_direction=True, locale=self._locale, granularity="minute"))
        return self.full(moment)
