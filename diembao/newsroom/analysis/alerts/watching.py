"""The watch: which alerts does that answer which just came in, and what do the counts say?

The indexer notes what is news (`note_news`) in the transaction that ends its work, so an article that a search can find
is looked at by the alerts, whatever is killed when. `Watch.round` takes such articles, finds the alerts they answer
(`StandingQueries`: what that costs does not grow with articles × alerts), and keeps what is to be told in the
transaction that strikes the articles off; the same again would change nothing, for an alert has each story once. Surges
are counted at most once a minute, of those alerts that an article answered; silence once a morning.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy.orm import Session

from diembao.errors import BadQuery
from diembao.index.analysis import analyse
from diembao.index.protocol import IndexDocument, Rejection, SearchIndex
from diembao.index.standing import StandingQueries
from diembao.newsroom.analysis.alerts import history
from diembao.newsroom.analysis.alerts.alert import Alert, Condition
from diembao.newsroom.analysis.alerts.memory import Told, WatchMemory
from diembao.newsroom.analysis.alerts.rules import (
    NEWS,
    SILENCE_HOUR,
    Sighting,
    Surge,
    is_worth_telling,
    silence_until,
    surge_of,
)
from diembao.newsroom.days import LOCAL, day_of
from diembao.newsroom.people import roles_of
from diembao.newsroom.permissions import Action, allowed
from diembao.newsroom.sessions import Sessions
from diembao.store import alerts
from diembao.store.alerts import Arrival
from diembao.store.database import Store
from diembao.store.locks import exclusive

logger = logging.getLogger(__name__)

LOCK: Final = "alerts"
_BATCH: Final = 250
# One round does not keep the worker from its other work, however much came in.
_MOST_A_ROUND: Final = 2000
_MOST_COUNTED: Final = 100
_COUNT_EVERY: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)

# The articles of these ids as the index has them, and those of which none can be made.
Documents = Callable[[Session, Sequence[int]], tuple[list[IndexDocument], tuple[Rejection, ...]]]


def note_news(session: Session, documents: Iterable[IndexDocument], found: Mapping[int, datetime]) -> None:
    """Articles that the index has taken over, for alerts to look at; what was old when it was found is left out.

    found: when each of them was found, or changed.
    """
    if not alerts.any_on(session):
        return
    news = ((int(one.id), found[int(one.id)], one.published_at) for one in documents if int(one.id) in found)
    alerts.note_arrivals(session, ((number, at) for number, at, printed in news if _is_news(printed, at)))


def _is_news(printed: datetime | None, found: datetime) -> bool:
    return printed is not None and printed >= found - NEWS


@dataclass
class Watch:
    """Keeps watch over one store and its index. Used by one thread; several processes take turns by a lock."""

    store: Store
    index: SearchIndex
    data_dir: Path
    documents: Documents
    sessions: Sessions
    _standing: StandingQueries = field(default_factory=StandingQueries)
    _alerts: dict[int, Alert] = field(default_factory=dict)
    _versions: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    _to_count: set[tuple[int, date]] = field(default_factory=set)
    _surges: dict[tuple[int, date], Surge | None] = field(default_factory=dict)
    _listened: dict[int, date] = field(default_factory=dict)  # when each alert was last judged silent or not
    _counted_at: datetime | None = None

    def __post_init__(self) -> None:
        self._memory = WatchMemory(self.index)

    def round(self, now: datetime) -> int:
        """Look at what came in and at what the clock says; how many things are to be told.

        Raises:
            StoreUnavailable, IndexUnavailable: what was not looked at waits.
        """
        with exclusive(self.store, self.data_dir, LOCK) as alone:
            if not alone:
                return 0
            self._take_up(now)
            return self._look(now) + self._count(now) + self._listen(now)

    def _take_up(self, now: datetime) -> None:
        """Alerts that people made, changed or switched since the last round."""
        with self.store.read() as session:
            versions = {row[0]: row for row in alerts.versions_on(session)}
            if versions == self._versions:
                return
            rows = {alert.id: (alert, user) for alert, user in alerts.on(session)}
        changed = {
            number for number in {*versions, *self._versions} if versions.get(number) != self._versions.get(number)
        }
        for number in changed:
            self._drop(number)
            if number in rows and allowed(roles_of(rows[number][1]), Action.ANALYSE):
                self._put(rows[number][0], now)
        self._versions = versions

    def _drop(self, number: int) -> None:
        self._alerts.pop(number, None)
        self._standing.drop(str(number))
        self._memory.forget(number)
        self._listened.pop(number, None)
        self._to_count = {pair for pair in self._to_count if pair[0] != number}
        self._surges = {pair: surge for pair, surge in self._surges.items() if pair[0] != number}

    def _put(self, row: Any, now: datetime) -> None:
        try:
            alert = Alert.of_row(row)
        except (BadQuery, ValueError) as error:
            logger.error("an alert cannot be read: %s", error, extra={"alert": row.id})
            return
        self._alerts[alert.id] = alert
        if alert.condition is not Condition.SILENCE:
            self._standing.put(str(alert.id), alert.query)
        if alert.condition is Condition.SPIKE:
            self._to_count.add((alert.id, day_of(now)))

    def _look(self, now: datetime) -> int:
        kept = taken = 0
        while taken < _MOST_A_ROUND:
            with self.store.read() as session:
                arrivals = alerts.arrivals(session, _BATCH)
                if not arrivals:
                    break
                sightings = self._sightings(session, arrivals, now)
                self._memory.begin(self._told(session, [seen for _, seen in sightings]))
            rows = [self._match(alert, seen, now) for alert, seen in sightings if self._is_for(alert, seen)]
            with self.store.write() as session:
                alerts.keep_matches(session, rows)
                alerts.looked_at(session, [one.id for one in arrivals])
            self._memory.settle()
            kept, taken = kept + len(rows), taken + len(arrivals)
        return kept

    def _sightings(self, session: Session, arrivals: Sequence[Arrival], now: datetime) -> list[tuple[Alert, Sighting]]:
        """Which alerts these articles answer, in the order of printing; surges are only marked to be counted."""
        changed = {one.article_id: one.at for one in arrivals}
        found = alerts.found_at(session, sorted(changed))
        documents, _unmade = self.documents(session, sorted(found))
        seen: list[tuple[Alert, Sighting]] = []
        for document in sorted(documents, key=lambda one: (one.published_at or now, int(one.id))):
            number, printed = int(document.id), document.published_at
            if printed is None or not _is_news(printed, changed[number]):
                continue
            sighting = Sighting(number, int(document.story), document.source, printed)
            for key in self._standing.answered_by(analyse(document)):
                alert = self._alerts[int(key)]
                if alert.condition is Condition.SPIKE:
                    self._mark(alert, day_of(printed), now)
                elif found[number] >= alert.since:
                    seen.append((alert, sighting))
        return seen

    def _mark(self, alert: Alert, day: date, now: datetime) -> None:
        if day >= day_of(now) - _DAY:
            self._to_count.add((alert.id, day))

    def _told(self, session: Session, sightings: Sequence[Sighting]) -> Told:
        stories = {seen.story_id for seen in sightings}
        merged = alerts.merged_into(session, sorted(stories))
        parts: dict[int, tuple[int, ...]] = {}
        for gone, kept in merged.items():
            parts[kept] = (*parts.get(kept, ()), gone)
        told_stories, told_articles = alerts.told_before(
            session, stories | set(merged), {seen.article_id for seen in sightings}
        )
        mutes = alerts.mutes(session)
        return Told(
            told_stories,
            told_articles,
            {(one.alert_id, one.story_id) for one in mutes if one.alert_id},
            {(one.user_id, one.story_id) for one in mutes if not one.alert_id},
            parts,
        )

    def _is_for(self, alert: Alert, seen: Sighting) -> bool:
        if not is_worth_telling(alert, seen, self._memory):
            return False
        self._memory.told_now(alert, seen)
        return True

    @staticmethod
    def _match(alert: Alert, seen: Sighting, now: datetime) -> dict[str, Any]:
        return _row(alert, f"story:{seen.story_id}", now, seen.at, story_id=seen.story_id, article_id=seen.article_id)

    def _count(self, now: datetime) -> int:
        """Surges, of those alerts that something came in for."""
        if not self._to_count or (self._counted_at is not None and now < self._counted_at + _COUNT_EVERY):
            return 0
        self._counted_at = now
        begins = history.begins(self.index)
        chosen = sorted(self._to_count)[:_MOST_COUNTED]
        rows = [
            row for number, day in chosen if begins and (row := self._surge(self._alerts[number], day, begins, now))
        ]
        if rows:
            with self.store.write() as session:
                alerts.keep_matches(session, rows)
        self._to_count.difference_update(chosen)
        self._surges = {pair: surge for pair, surge in self._surges.items() if pair[1] >= day_of(now) - _DAY}
        return len(rows)

    def _surge(self, alert: Alert, day: date, begins: date, now: datetime) -> dict[str, Any] | None:
        with self.store.read() as session:
            query = history.without(alert.query, muted_stories(session, alert))
            told = alerts.keys_like(session, alert.id, f"spike:{day}:")
        if (alert.id, day) not in self._surges:
            past = history.history(self.index, query, day - _DAY)
            self._surges[alert.id, day] = surge_of(past, day, self.sessions, begins)
        surge = self._surges[alert.id, day]
        articles = history.articles_on(self.index, query, day) if surge else 0
        level = surge.level(articles) if surge else 0
        if surge is None or level < alert.level or any(int(key.rpartition(":")[2]) >= level for key in told):
            return None
        detail = {
            "day": day.isoformat(),
            "articles": articles,
            "usual": round(surge.usual, 1),
            "stories": history.most_told(self.index, query, day),
        }
        return _row(alert, f"spike:{day}:{level}", now, now, level=level, detail=detail)

    def _listen(self, now: datetime) -> int:
        """Silence, once a morning for each alert that waits for it."""
        if now.astimezone(LOCAL).hour < SILENCE_HOUR:
            return 0
        today = day_of(now)
        waiting = [
            alert
            for alert in self._alerts.values()
            if alert.condition is Condition.SILENCE and self._listened.get(alert.id) != today
        ][:_MOST_COUNTED]
        if not waiting:
            return 0
        begins = history.begins(self.index)
        rows = [row for alert in waiting if begins and (row := self._silence(alert, today, begins, now))]
        if rows:
            with self.store.write() as session:
                alerts.keep_matches(session, rows)
        self._listened |= {alert.id: today for alert in waiting}
        return len(rows)

    def _silence(self, alert: Alert, today: date, begins: date, now: datetime) -> dict[str, Any] | None:
        yesterday = today - _DAY
        past = history.history(self.index, alert.query, yesterday)
        silence = silence_until(past, yesterday, self.sessions, begins)
        if silence is None or silence.level < alert.level:
            return None
        detail = {
            "first": silence.first.isoformat(),
            "last": silence.last.isoformat(),
            "usual": round(silence.usual, 1),
        }
        return _row(alert, f"silence:{silence.first}", now, now, level=silence.level, detail=detail)


def muted_stories(session: Session, alert: Alert) -> set[int]:
    """Stories that this alert is not to count."""
    return {one.story_id for one in alerts.mutes(session, [alert.user_id]) if one.alert_id in (0, alert.id)}


def _row(alert: Alert, key: str, now: datetime, printed: datetime, **more: Any) -> dict[str, Any]:
    known: dict[str, Any] = {"story_id": None, "article_id": None, "level": 0, "detail": {}}
    told = {"alert_id": alert.id, "key": key, "printed_at": printed, "found_at": now, "due_at": alert.due(now)}
    return {**known, **told, "told_at": None, **more}
