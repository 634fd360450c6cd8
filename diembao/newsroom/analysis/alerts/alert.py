"""What somebody wants to be told of: the query that is watched, the condition, and when it may be said."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from urllib.parse import parse_qsl

from diembao.index.protocol import Filter, Keyword, Query
from diembao.newsroom.analysis.asked import Asked
from diembao.newsroom.days import LOCAL
from diembao.settings import QUIET_HOURS
from diembao.store.models import AlertRow

UNFAVOURABLE = "unfavourable"
_QUIET = re.compile(QUIET_HOURS, re.ASCII)


class Condition(StrEnum):
    EVERY = "every"
    HOURLY = "hourly"
    DAILY = "daily"
    SPIKE = "spike"
    SILENCE = "silence"
    FIRST_UNFAVOURABLE = "first_unfavourable"
    NEW_OUTLET = "new_outlet"


# Those that are about single articles; the others are about how many there are.
ABOUT_ARTICLES = frozenset(Condition) - {Condition.SPIKE, Condition.SILENCE}


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Hours of Viet Nam in which nothing is sent; they may go past midnight."""

    begin: time
    end: time

    @classmethod
    def parse(cls, text: str) -> QuietHours | None:
        """`22:00-06:00`; None for nothing.

        Raises:
            ValueError: it is written otherwise, or lasts the whole day.
        """
        if not text.strip():
            return None
        found = _QUIET.fullmatch(text.strip())
        if found is None or found[1] == found[2]:
            raise ValueError(f"not hours of a day: {text[:40]!r}")
        return cls(time.fromisoformat(found[1]), time.fromisoformat(found[2]))

    def after(self, moment: datetime) -> datetime:
        """The moment itself, or the end of the quiet hours it is in."""
        local = moment.astimezone(LOCAL)
        now = local.time()
        over_night = self.end <= self.begin
        if not (self.begin <= now or now < self.end if over_night else self.begin <= now < self.end):
            return moment
        day = local.date() + timedelta(days=1 if over_night and now >= self.begin else 0)
        return datetime.combine(day, self.end, LOCAL).astimezone(moment.tzinfo)


@dataclass(frozen=True, slots=True)
class Alert:
    """query: without a time of its own, for an alert is about what comes. since: what was found before is old."""

    id: int
    user_id: int
    condition: Condition
    query: Query
    days: int
    hour: int
    level: int
    quiet: QuietHours | None
    since: datetime

    @classmethod
    def of_row(cls, row: AlertRow) -> Alert:
        """Raises: BadQuery: it was saved when the language was another. ValueError: hours that are none."""
        condition = Condition(row.condition)
        return cls(
            row.id,
            row.user_id,
            condition,
            watched(row.query, condition),
            row.days,
            row.hour,
            row.level,
            QuietHours.parse(row.quiet_hours),
            row.watching_since,
        )

    def due(self, found: datetime) -> datetime:
        """When that which was found at this moment may be said."""
        moment = found
        local = found.astimezone(LOCAL)
        if self.condition is Condition.HOURLY:
            moment = local.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        elif self.condition is Condition.DAILY:
            slot = local.replace(hour=self.hour, minute=0, second=0, microsecond=0)
            moment = slot if slot > local else slot + timedelta(days=1)
        moment = moment.astimezone(found.tzinfo)
        return self.quiet.after(moment) if self.quiet else moment


def asked_of(query: str) -> Asked:
    """What an alert asks: the view of an address without its days, its order and its place in the list."""
    asked = Asked.read(parse_qsl(query))
    return replace(asked, from_="", to="", span="", sort="", by="", unit_of_time="", count="", apart=False, after="")


def watched(query: str, condition: Condition) -> Query:
    """Raises: BadQuery."""
    made = asked_of(query).query(date(2000, 1, 1))  # without days of its own any day does
    if condition is Condition.FIRST_UNFAVOURABLE:
        return replace(made, filters=(*made.filters, Filter(Keyword.STANCE, (UNFAVOURABLE,))))
    return made
