"""What an alert would have said over the last 30 days: by the rules of the watch, article by article as they came in.

Articles are taken as they are today: what was corrected, merged or taken down since is so here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import groupby, islice
from typing import Any, Final

from sqlalchemy.orm import Session

from diembao.index.protocol import SearchIndex, Sort
from diembao.newsroom.analysis.alerts import history
from diembao.newsroom.analysis.alerts.alert import Alert, Condition
from diembao.newsroom.analysis.alerts.counting import highest_told, match_row, muted_stories, silence_row, surge_row
from diembao.newsroom.analysis.alerts.memory import Told, WatchMemory
from diembao.newsroom.analysis.alerts.rules import (
    HISTORY,
    NEWS,
    SILENCE_HOUR,
    Sighting,
    Surge,
    is_news,
    is_worth_telling,
    silence_to_tell,
    surge_of,
    surge_to_tell,
)
from diembao.newsroom.days import LOCAL, day_of, start_of
from diembao.newsroom.sessions import Sessions
from diembao.store import alerts
from diembao.store.alerts import Came

LENGTH: Final = timedelta(days=30)
MOST_LOOKED_AT: Final = 5000
_DAY: Final = timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Message:
    """What would have gone out at one moment. rows: as the watch keeps what it finds."""

    at: datetime
    rows: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """first, last: days of Viet Nam that were looked at; fewer than asked for where there was too much."""

    messages: tuple[Message, ...]
    first: date
    last: date
    is_cut: bool = False


def rehearse(session: Session, index: SearchIndex, alert: Alert, sessions: Sessions, now: datetime) -> Rehearsal:
    """alert: one that is kept, or one that is not (with the number 0).

    Raises: IndexUnavailable
    """
    rehearsing = _Rehearsing(session, index, alert, sessions, now)
    rows = sorted(rehearsing.rows(), key=lambda row: row["due_at"])
    messages = tuple(
        Message(at, tuple(together)) for at, together in groupby(rows, key=lambda row: _whole_minute(row["due_at"]))
    )
    return Rehearsal(messages, day_of(rehearsing.since), day_of(now), rehearsing.is_cut)


class _Rehearsing:
    """since: from when on articles come in; what is printed from `begin` on is known article by article."""

    def __init__(self, session: Session, index: SearchIndex, alert: Alert, sessions: Sessions, now: datetime) -> None:
        self._session, self._index, self._sessions, self._now = session, index, sessions, now
        self._alert = alert
        self._query = alert.query
        if alert.condition is Condition.SPIKE:
            self._query = history.without(alert.query, muted_stories(session, alert))
        self.since = start_of(day_of(now) - LENGTH)
        self._first = day_of(self.since - NEWS)
        newest = replace(
            self._query, published_from=start_of(self._first), published_to=now + _MINUTE, sort=Sort.NEWEST, facets=()
        )
        hits = list(islice(index.scan(newest), MOST_LOOKED_AT + 1))
        self.is_cut = len(hits) > MOST_LOOKED_AT
        if self.is_cut and (oldest := hits[-1].published_at) is not None:
            self._first = day_of(oldest) + _DAY
            self.since = max(self.since, start_of(self._first))
        came = alerts.coming_in(session, [int(hit.id) for hit in hits])
        self._came = [one for one in came if day_of(one.printed) >= self._first and one.found <= now]

    def rows(self) -> Iterator[dict[str, Any]]:
        match self._alert.condition:
            case Condition.SPIKE:
                return self._surges()
            case Condition.SILENCE:
                return self._silences()
        return self._articles()

    def _articles(self) -> Iterator[dict[str, Any]]:
        memory = WatchMemory(self._index)
        mutes = alerts.mutes(self._session, [self._alert.user_id])
        memory.begin(
            Told(
                muted={(one.alert_id, one.story_id) for one in mutes if one.alert_id},
                muted_for={(one.user_id, one.story_id) for one in mutes if not one.alert_id},
            )
        )
        for one in sorted(self._came, key=lambda one: one.id):
            if one.found < self.since or not is_news(one.printed, one.found):
                continue
            seen = Sighting(one.id, one.story_id, one.source, one.printed)
            if is_worth_telling(self._alert, seen, memory):
                memory.told_now(self._alert, seen)
                about = {"story_id": one.story_id, "article_id": one.id}
                yield match_row(self._alert, f"story:{one.story_id}", one.found, one.printed, **about)

    def _surges(self) -> Iterator[dict[str, Any]]:
        begins = history.begins(self._index)
        counts = self._before()
        told: set[str] = set()
        known: dict[date, Surge | None] = {}
        for minute, together in groupby(self._by_time(), key=lambda one: _whole_minute(one.found)):
            days: dict[date, None] = {}
            at = minute
            for one in together:
                day, at = day_of(one.printed), one.found
                counts[day] = counts.get(day, 0) + 1
                known = {later: surge for later, surge in known.items() if later <= day}
                if is_news(one.printed, one.found) and day >= day_of(one.found) - _DAY:
                    days[day] = None
            if minute < self.since or begins is None:
                continue
            for day in days:
                if day not in known:
                    known[day] = surge_of(_until(counts, day - _DAY), day, self._sessions, begins)
                surge = known[day]
                before = highest_told(key for key in told if key.startswith(f"spike:{day}:"))
                level = surge_to_tell(self._alert, surge, counts[day], before)
                if surge is not None and level:
                    told.add(f"spike:{day}:{level}")
                    yield surge_row(self._alert, surge, level, counts[day], at, self._leading(day, at))

    def _silences(self) -> Iterator[dict[str, Any]]:
        begins = history.begins(self._index)
        counts = self._before()
        waiting = self._by_time()
        told: set[str] = set()
        morning = datetime.combine(day_of(self.since), time(SILENCE_HOUR), LOCAL)
        while morning <= self._now and begins is not None:
            while waiting and waiting[0].found <= morning:
                day = day_of(waiting.pop(0).printed)
                counts[day] = counts.get(day, 0) + 1
            yesterday = morning.date() - _DAY
            past = _until(counts, yesterday)
            silence = silence_to_tell(self._alert, past, yesterday, self._sessions, begins)
            row = silence_row(self._alert, silence, morning.astimezone(self._now.tzinfo)) if silence else None
            if row is not None and row["key"] not in told:
                told.add(row["key"])
                yield row
            morning += _DAY

    def _before(self) -> dict[date, int]:
        """Articles by day, of the days before those that are known article by article."""
        begin = day_of(self.since) - _DAY - HISTORY
        return history.days_of(self._index, self._query, begin, self._first - _DAY)

    def _by_time(self) -> list[Came]:
        return sorted(self._came, key=lambda one: (one.found, one.id))

    def _leading(self, day: date, at: datetime, most: int = 5) -> list[int]:
        counts: dict[int, int] = {}
        for one in self._came:
            if day_of(one.printed) == day and one.found <= at:
                counts[one.story_id] = counts.get(one.story_id, 0) + 1
        return sorted(counts, key=lambda story: (-counts[story], str(story)))[:most]


def _until(counts: dict[date, int], last: date) -> dict[date, int]:
    """What the watch asks the index for when it judges the day after."""
    return {day: count for day, count in counts.items() if last - HISTORY <= day <= last}


def _whole_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
