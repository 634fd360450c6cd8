"""Times as people in Viet Nam read and write them. The store and the index speak UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from babel.dates import format_date, format_timedelta

from diembao.newsroom.days import LOCAL, day_of, end_of, parse_day, start_of
from search_api.messages import LOCALES

__all__ = ["LOCAL", "Formats", "day_of", "end_of", "iso_local", "parse_day", "start_of", "utc_now"]


def utc_now() -> datetime:
    return datetime.now(UTC)


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
