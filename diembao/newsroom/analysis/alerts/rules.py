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
from diembao.newsroom.analysis.alerts.usual import FEWEST_DAYS, levels_of, silence_of, usual
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

    def has_come_since(self, alert: Alert, seen: Sighting, moment: datetime) -> bool:
        """Whether an article of the search that came in before this one was printed at that moment or later, or the
        alert told of one."""

    def has_written(self, alert: Alert, seen: Sighting) -> bool:
        """Whether the outlet had an article of the search that came in before this one, or the alert told of one."""


def is_news(printed: datetime | None, found: datetime) -> bool:
    """Whether what was found, or changed, at a moment is no back issue."""
    return printed is not None and printed >= found - NEWS


def is_worth_telling(alert: Alert, seen: Sighting, memory: Memory) -> bool:
    """Whether this article is what the alert waits for. In the order of their numbers, which is that of coming in."""
    match alert.condition:
        case Condition.FIRST_UNFAVOURABLE:
            if memory.has_come_since(alert, seen, seen.at - timedelta(days=alert.days)):
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


def surge_to_tell(alert: Alert, surge: Surge | None, articles: int, told: int) -> int:
    """The level that a day has reached and that is to be told; 0 for none. told: the highest told of it before."""
    level = surge.level(articles) if surge is not None else 0
    return level if level >= alert.level and level > told else 0


def silence_to_tell(
    alert: Alert, history: Mapping[date, int], last: date, sessions: Sessions, begins: date
) -> Silence | None:
    """The silence to the end of this day, if the alert asks for one like it."""
    silence = silence_until(history, last, sessions, begins)
    return silence if silence is not None and silence.level >= alert.level else None


def silence_until(history: Mapping[date, int], last: date, sessions: Sessions, begins: date) -> Silence | None:
    """The silence that goes on to the end of this day, if it is no chance."""
    days: list[date] = []
    day = last
    while not history.get(day) and day >= begins and len(days) < HISTORY.days:
        days.append(day)
        day -= timedelta(days=1)
    if not days or day < begins + timedelta(days=FEWEST_DAYS):
        return None
    first = days[-1]
    known = usual(history, first, sessions, begins)
    level = silence_of(known, days[::-1]) if known and known.mean else 0
    return Silence(first, last, level, known.mean) if known and level else None
