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
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy.orm import Session

from diembao.errors import BadQuery
from diembao.index.analysis import analyse
from diembao.index.protocol import IndexDocument, Rejection, SearchIndex
from diembao.index.standing import StandingQueries
from diembao.newsroom.analysis.alerts.alert import Alert, Condition
from diembao.newsroom.analysis.alerts.counting import Silences, Surges, match_row
from diembao.newsroom.analysis.alerts.memory import Told, WatchMemory
from diembao.newsroom.analysis.alerts.rights import may_have
from diembao.newsroom.analysis.alerts.rules import Sighting, is_news, is_worth_telling
from diembao.newsroom.days import day_of
from diembao.newsroom.sessions import Sessions
from diembao.store import alerts
from diembao.store.alerts import Arrival
from diembao.store.database import Store
from diembao.store.locks import exclusive
from diembao.store.models import AlertRow

logger = logging.getLogger(__name__)

LOCK: Final = "alerts"
_BATCH: Final = 250
# One round does not keep others who take turns from theirs, however much came in.
_MOST_A_ROUND: Final = 2000

# The articles of these ids as the index has them, and those of which none can be made.
Documents = Callable[[Session, Sequence[int]], tuple[list[IndexDocument], tuple[Rejection, ...]]]


def note_news(session: Session, documents: Iterable[IndexDocument], found: Mapping[int, datetime]) -> None:
    """Articles that the index has taken over, for alerts to look at; what was old when it was found is left out.

    found: when each of them was found, or changed.
    """
    if not alerts.any_on(session):
        return
    news = ((int(one.id), found[int(one.id)], one.published_at) for one in documents if int(one.id) in found)
    alerts.note_arrivals(session, ((number, at) for number, at, printed in news if is_news(printed, at)))


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

    def __post_init__(self) -> None:
        self._memory = WatchMemory(self.index)
        self._surges = Surges(self.store, self.index, self.sessions)
        self._silences = Silences(self.index, self.sessions)

    def round(self, now: datetime) -> int:
        """Look at what came in and at what the clock says; how many things are to be told.

        Raises:
            StoreUnavailable, IndexUnavailable: what was not looked at waits.
        """
        with exclusive(self.store, self.data_dir, LOCK) as alone:
            if not alone:
                return 0
            self._take_up()
            found = self._look(now)
            return found + self._keep([*self._surges.rows(self._alerts, now), *self._silences.rows(self._alerts, now)])

    def _take_up(self) -> None:
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
            if number in rows and may_have(*rows[number]):
                self._put(rows[number][0])
        self._versions = versions

    def _drop(self, number: int) -> None:
        self._alerts.pop(number, None)
        self._standing.drop(str(number))
        self._memory.forget(number)
        self._surges.forget(number)
        self._silences.forget(number)

    def _put(self, row: AlertRow) -> None:
        try:
            alert = Alert.of_row(row)
        except (BadQuery, ValueError) as error:
            logger.error("an alert cannot be read: %s", error, extra={"alert": row.id})
            return
        self._alerts[alert.id] = alert
        if alert.condition is not Condition.SILENCE:
            self._standing.put(str(alert.id), alert.query)

    def _look(self, now: datetime) -> int:
        kept = taken = 0
        while taken < _MOST_A_ROUND:
            with self.store.read() as session:
                arrivals = alerts.arrivals(session, _BATCH)
                if not arrivals:
                    break
                sightings = self._sightings(session, arrivals, now)
                self._memory.begin(self._told(session, sightings))
            rows = [_match(alert, seen, now) for alert, seen in sightings if self._is_for(alert, seen)]
            with self.store.write() as session:
                alerts.keep_matches(session, rows)
                alerts.looked_at(session, [one.id for one in arrivals])
            kept, taken = kept + len(rows), taken + len(arrivals)
        return kept

    def _sightings(self, session: Session, arrivals: Sequence[Arrival], now: datetime) -> list[tuple[Alert, Sighting]]:
        """Which alerts these articles answer, in the order of coming in; surges are only marked to be counted."""
        if not len(self._standing):
            return []
        changed = {one.article_id: one.at for one in arrivals}
        found = alerts.found_at(session, sorted(changed))
        documents, _unmade = self.documents(session, sorted(found))
        seen: list[tuple[Alert, Sighting]] = []
        for document in documents:
            number, printed = int(document.id), document.published_at
            if printed is None or not is_news(printed, changed[number]):
                continue
            sighting = Sighting(number, int(document.story), document.source, printed)
            for key in self._standing.answered_by(analyse(document)):
                alert = self._alerts[int(key)]
                if alert.condition is Condition.SPIKE:
                    self._surges.mark(alert, day_of(printed), now)
                elif found[number] >= alert.since:
                    seen.append((alert, sighting))
        return seen

    def _told(self, session: Session, sightings: Sequence[tuple[Alert, Sighting]]) -> Told:
        """What was told before, as far as these sightings ask for it."""
        if not sightings:
            return Told()
        stories = {seen.story_id for _, seen in sightings}
        merged = alerts.merged_into(session, sorted(stories))
        parts: dict[int, tuple[int, ...]] = {}
        for gone, kept in merged.items():
            parts[kept] = (*parts.get(kept, ()), gone)
        told_stories, told_articles = alerts.told_before(
            session, stories | set(merged), {seen.article_id for _, seen in sightings}
        )
        first = {one.id for one, _ in sightings if one.condition is Condition.FIRST_UNFAVOURABLE}
        outlets = {one.id for one, _ in sightings if one.condition is Condition.NEW_OUTLET}
        mutes = alerts.mutes(session)
        return Told(
            told_stories,
            told_articles,
            alerts.outlets_told(session, outlets) if outlets else set(),
            alerts.newest_told(session, first) if first else {},
            {(one.alert_id, one.story_id) for one in mutes if one.alert_id},
            {(one.user_id, one.story_id) for one in mutes if not one.alert_id},
            parts,
        )

    def _is_for(self, alert: Alert, seen: Sighting) -> bool:
        if not is_worth_telling(alert, seen, self._memory):
            return False
        self._memory.told_now(alert, seen)
        return True

    def _keep(self, rows: Sequence[Mapping[str, Any]]) -> int:
        if rows:
            with self.store.write() as session:
                alerts.keep_matches(session, rows)
        return len(rows)


def _match(alert: Alert, seen: Sighting, now: datetime) -> dict[str, Any]:
    return match_row(alert, f"story:{seen.story_id}", now, seen.at, story_id=seen.story_id, article_id=seen.article_id)
