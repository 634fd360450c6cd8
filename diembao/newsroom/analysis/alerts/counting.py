"""The part of the watch that goes by counts: surges of a day, silence of a morning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from diembao.index.protocol import SearchIndex
from diembao.newsroom.analysis.alerts import history
from diembao.newsroom.analysis.alerts.alert import Alert, Condition
from diembao.newsroom.analysis.alerts.rules import (
    SILENCE_HOUR,
    Silence,
    Surge,
    silence_to_tell,
    surge_of,
    surge_to_tell,
)
from diembao.newsroom.days import LOCAL, day_of
from diembao.newsroom.sessions import Sessions
from diembao.store import alerts
from diembao.store.database import Store

_MOST_AT_ONCE: Final = 100
_COUNT_EVERY: Final = timedelta(minutes=1)
# What another worker saw before it died is counted by this one within so long; late articles change what is usual.
_LOOK_AGAIN: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


class Surges:
    """Which days of which alerts are to be counted, at most once a minute; what is usual then is kept for an hour."""

    def __init__(self, store: Store, index: SearchIndex, sessions: Sessions) -> None:
        self._store, self._index, self._sessions = store, index, sessions
        self._waiting: dict[tuple[int, date], None] = {}  # in the order of waiting, so that none waits for ever
        self._known: dict[tuple[int, date], Surge | None] = {}
        self._counted_at: datetime | None = None
        self._looked_again_at: datetime | None = None

    def mark(self, alert: Alert, day: date, now: datetime) -> None:
        """An article of this day came in for the alert."""
        if day < day_of(now) - _DAY:
            return
        self._waiting.setdefault((alert.id, day))
        self._known.pop((alert.id, day + _DAY), None)  # yesterday is part of what is usual today

    def forget(self, alert_id: int) -> None:
        self._waiting = {pair: None for pair in self._waiting if pair[0] != alert_id}
        self._known = {pair: surge for pair, surge in self._known.items() if pair[0] != alert_id}

    def rows(self, watched: Mapping[int, Alert], now: datetime) -> list[dict[str, Any]]:
        """Surges to be told now, as rows of matches."""
        today = day_of(now)
        if self._looked_again_at is None or now >= self._looked_again_at + _LOOK_AGAIN:
            self._looked_again_at = now
            self._known.clear()
            for alert in watched.values():
                if alert.condition is Condition.SPIKE:
                    self._waiting.setdefault((alert.id, today))
        if not self._waiting or (self._counted_at is not None and now < self._counted_at + _COUNT_EVERY):
            return []
        begins = history.begins(self._index)
        if begins is None:
            return []
        chosen = list(self._waiting)[:_MOST_AT_ONCE]
        found = [self._row(watched[number], day, begins, now) for number, day in chosen if number in watched]
        # Only now: where the index was away, they wait on.
        self._counted_at = now
        for pair in chosen:
            del self._waiting[pair]
        self._known = {pair: surge for pair, surge in self._known.items() if pair[1] >= today - _DAY}
        return [row for row in found if row is not None]

    def _row(self, alert: Alert, day: date, begins: date, now: datetime) -> dict[str, Any] | None:
        with self._store.read() as session:
            query = history.without(alert.query, muted_stories(session, alert))
            told = highest_told(alerts.keys_like(session, alert.id, f"spike:{day}:"))
        if (alert.id, day) not in self._known:
            past = history.history(self._index, query, day - _DAY)
            self._known[alert.id, day] = surge_of(past, day, self._sessions, begins)
        surge = self._known[alert.id, day]
        articles = history.articles_on(self._index, query, day) if surge else 0
        level = surge_to_tell(alert, surge, articles, told)
        if surge is None or not level:
            return None
        return surge_row(alert, surge, level, articles, now, history.most_told(self._index, query, day))


class Silences:
    """Once a morning, for each alert that waits for silence."""

    def __init__(self, index: SearchIndex, sessions: Sessions) -> None:
        self._index, self._sessions = index, sessions
        self._listened: dict[int, date] = {}  # when each alert was last judged

    def forget(self, alert_id: int) -> None:
        self._listened.pop(alert_id, None)

    def rows(self, watched: Mapping[int, Alert], now: datetime) -> list[dict[str, Any]]:
        """Silences to be told now, as rows of matches."""
        if now.astimezone(LOCAL).hour < SILENCE_HOUR:
            return []
        today = day_of(now)
        waiting = [one for one in watched.values() if one.condition is Condition.SILENCE]
        waiting = [one for one in waiting if self._listened.get(one.id) != today][:_MOST_AT_ONCE]
        begins = history.begins(self._index) if waiting else None
        if begins is None:
            return []
        found = [self._row(alert, today - _DAY, begins, now) for alert in waiting]
        self._listened |= {alert.id: today for alert in waiting}
        return [row for row in found if row is not None]

    def _row(self, alert: Alert, yesterday: date, begins: date, now: datetime) -> dict[str, Any] | None:
        past = history.history(self._index, alert.query, yesterday)
        silence = silence_to_tell(alert, past, yesterday, self._sessions, begins)
        return silence_row(alert, silence, now) if silence is not None else None


def silence_row(alert: Alert, silence: Silence, now: datetime) -> dict[str, Any]:
    detail = {
        "first": silence.first.isoformat(),
        "last": silence.last.isoformat(),
        "usual": round(silence.usual, 1),
    }
    return match_row(alert, f"silence:{silence.first}", now, now, level=silence.level, detail=detail)


def surge_row(
    alert: Alert, surge: Surge, level: int, articles: int, now: datetime, stories: Iterable[int] = ()
) -> dict[str, Any]:
    detail = {
        "day": surge.day.isoformat(),
        "articles": articles,
        "usual": round(surge.usual, 1),
        "stories": list(stories),
    }
    return match_row(alert, f"spike:{surge.day}:{level}", now, now, level=level, detail=detail)


def match_row(alert: Alert, key: str, now: datetime, printed: datetime, **more: Any) -> dict[str, Any]:
    """Something that an alert has to tell, as the store keeps it."""
    known: dict[str, Any] = {"story_id": None, "article_id": None, "level": 0, "detail": {}}
    told = {"alert_id": alert.id, "key": key, "printed_at": printed, "found_at": now, "due_at": alert.due(now)}
    return {**known, **told, "told_at": None, **more}


def highest_told(keys: Iterable[str]) -> int:
    """Of the keys of a day's surges."""
    return max((int(key.rpartition(":")[2]) for key in keys), default=0)


def muted_stories(session: Session, alert: Alert) -> set[int]:
    """Stories that this alert is not to count."""
    return {one.story_id for one in alerts.mutes(session, [alert.user_id]) if one.alert_id in (0, alert.id)}
