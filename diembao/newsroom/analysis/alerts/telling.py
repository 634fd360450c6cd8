"""What is due becomes messages: a letter to the owner, a call of the webhook.

Matches are marked as told in the transaction that queues their messages, so that a kill at any moment neither tells
twice nor forgets. What an alert that is off, or whose owner has lost the right to it, has found will not be told later
either.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from diembao.newsroom.analysis.alerts.rights import may_have
from diembao.store import alerts, letters, people
from diembao.store.database import Store
from diembao.store.models import AlertRow, UserRow

LETTER: Final = "alert"  # the kind of their letters
_MOST_IN_ONE: Final = 500


def queue_due(store: Store, now: datetime) -> int:
    """Queue what is due, one letter and one call an alert; of how many alerts.

    Raises: StoreUnavailable: what is not queued yet waits.
    """
    with store.read() as session:
        numbers = alerts.alerts_due(session, now)
    return sum(_queue(store, number, now) for number in numbers)


def is_on(alert: AlertRow | None, owner: UserRow | None) -> bool:
    """Whether anything is to be sent for an alert."""
    return alert is not None and owner is not None and _stands(alert) and may_have(alert, owner)


def _stands(alert: AlertRow) -> bool:
    return alert.active and alert.removed_at is None


def _queue(store: Store, alert_id: int, now: datetime) -> bool:
    with store.write() as session:
        alert = alerts.locked(session, alert_id)
        owner = people.by_id(session, alert.user_id) if alert is not None else None
        if alert is None or owner is None or not is_on(alert, owner):
            alerts.let_go(session, alert_id, now)
            return False
        rows = alerts.due(session, alert_id, now, _MOST_IN_ONE)
        muted = {one.story_id for one in alerts.mutes(session, [owner.id]) if one.alert_id in (0, alert_id)}
        for row in rows:
            row.told_at = now
        told = [row.id for row in rows if row.story_id not in muted]
        if told:
            _messages(session, alert, owner, {"matches": told}, now)
        return bool(told)


def _messages(session: Session, alert: AlertRow, owner: UserRow, content: Mapping[str, Any], now: datetime) -> None:
    if alert.by_mail and owner.email:
        letters.queue(
            session,
            LETTER,
            f"{alert.id}/{content['matches'][0]}",
            object_id=alert.id,
            user_id=owner.id,
            email=owner.email,
            content=content,
            now=now,
        )
    if alert.webhook_url:
        alerts.queue_call(session, alert, content, now)
