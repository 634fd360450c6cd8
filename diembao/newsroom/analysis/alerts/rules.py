"""When an alert has something to say: the same rules for the watch and for the rehearsal.

Articles are judged one by one, in the order they come, against what is remembered (`Memory`); surges and silence by the
counts of days (`usual`). Nothing here asks a clock, an index or a store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Protocol

from diembao.newsroom.analysis.alerts.alert import ABOUT_ARTICLES, Alert, Condition
from diembao.newsroom.analysis.alerts.usual import FEWEST_DAYS, LOOK_BACK, levels_of, silence_of, usual
from diembao.newsroom.sessions import Sessions

# An article that was printed longer ago than this when it was found is not news: an import, a back issue.
NEWS: Final = timedelta(hours=72)
# The evening's articles are all in when yesterday is judged silent.
SILENCE_HOUR: Final = 6
# How far back counts are looked at: sessions come about twice a year.
HISTORY: Final = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Sighting:
    """An article that an alert's search finds. at: when it was printed, as far as is known."""

    article_id: int
    story_id: int
    source: str
    at: datetime


class Memory(Protocol):
    """What was there before."""

    def has_told(self, alert: Alert, seen: Sighting) -> bool:
        """Whether the alert told of this story or article, or is to be silent about the story."""

    def last_before(self, alert: Alert, seen: Sighting) -> datetime | None:
        """The newest other article of the search that is known; from here on this one counts, too."""

    def has_written(self, alert: Alert, seen: Sighting) -> bool:
        """Whether the outlet had an article of the search before; from here on it has."""


def is_worth_telling(alert: Alert, seen: Sighting, memory: Memory) -> bool:
    """Whether this article is what the alert waits for. Each is to be asked about once, in order."""
    match alert.condition:
        case Condition.FIRST_UNFAVOURABLE:
            last = memory.last_before(alert, seen)
            if last is not None and last >= seen.at - timedelta(days=alert.days):
                return False
        case Condition.NEW_OUTLET:
            if memory.has_written(alert, seen):
                return False
    return alert.condition in ABOUT_ARTICLES and not memory.has_told(alert, seen)


@dataclass(frozen=True, slots=True)
class Surge:
    """How a day stands: `fewest` articles for each level; `usual` is the mean, rounded for people by who shows it."""

    day: date
    usual: float
    fewest: Mapping[int, int]

    def level(self, articles: int) -> int:
        return max((level for level, least in self.fewest.items() if articles >= least), default=0)


@dataclass(frozen=True, slots=True)
class Silence:
    """A run of days without an article. expected: how many there would usually have been."""

    first: date
    last: date
    level: int
    usual: float


def surge_of(history: Mapping[date, int], day: date, sessions: Sessions, begins: date) -> Surge | None:
    """What would be a surge on this day; None where too little is known."""
    known = usual(history, day, sessions, begins)
    return None if known is None else Surge(day, known.mean, levels_of(known))


def silence_until(history: Mapping[date, int], last: date, sessions: Sessions, begins: date) -> Silence | None:
    """The silence that goes on to the end of this day, if it is no chance."""
    days: list[date] = []
    day = last
    while not history.get(day) and day >= begins and len(days) < LOOK_BACK.days:
        days.append(day)
        day -= timedelta(days=1)
    if not days or day < begins + timedelta(days=FEWEST_DAYS):
        return None
    first = days[-1]
    known = usual(history, first, sessions, begins)
    level = silence_of(known, days[::-1]) if known and known.mean else 0
    return Silence(first, last, level, known.mean) if known and level else None
