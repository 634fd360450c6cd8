"""Mails to single people of the office: summaries of saved searches, alerts.

A letter is queued with the change that caused it, in one transaction, under an occasion that occurs once.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from diembao.store import outgoing
from diembao.store.models import LetterRow

# What has ended is kept so long, to be looked up when somebody asks what they were told.
KEPT = timedelta(days=90)


def queue(
    session: Session,
    kind: str,
    occasion: str,
    *,
    object_id: int,
    user_id: int | None,
    email: str,
    content: Mapping[str, Any],
    now: datetime,
) -> LetterRow | None:
    """A letter that is to go out; None when there was one on this occasion already."""
    if session.scalar(select(LetterRow.id).where(LetterRow.kind == kind, LetterRow.occasion == occasion)) is not None:
        return None
    row = LetterRow(
        kind=kind,
        occasion=occasion,
        object_id=object_id,
        user_id=user_id,
        email=email,
        content=dict(content),
        # Given once and kept through every try: servers and readers can tell a repetition by it.
        message_id=f"{kind}-{uuid.uuid4().hex}",
        next_try_at=now,
        queued_at=now,
    )
    session.add(row)
    session.flush()
    return row


def next_due(session: Session, kinds: Collection[str], now: datetime) -> LetterRow | None:
    """The letter of these kinds that has waited longest of those whose time has come."""
    return outgoing.next_due(session, LetterRow, now, LetterRow.kind.in_(kinds))


def cancel(session: Session, kind: str, object_id: int) -> None:
    """What still waits to be said about an object will not be said."""
    outgoing.cancel(session, LetterRow, LetterRow.kind == kind, LetterRow.object_id == object_id)


def of_object(session: Session, kind: str, object_id: int, limit: int = 20) -> Sequence[LetterRow]:
    """Newest first."""
    query = select(LetterRow).where(LetterRow.kind == kind, LetterRow.object_id == object_id)
    return session.scalars(query.order_by(LetterRow.id.desc()).limit(limit)).all()


def decide(session: Session, kind: str, object_id: int, letter_id: int, *, send_again: bool, now: datetime) -> bool:
    """A person's word about a letter that was refused or may have arrived; False for any other."""
    ours = (LetterRow.id == letter_id, LetterRow.kind == kind, LetterRow.object_id == object_id)
    return outgoing.decide(session, LetterRow, *ours, send_again=send_again, now=now)


def forget_old(session: Session, now: datetime) -> int:
    """Drop letters that ended long ago; returns how many."""
    return outgoing.forget_old(session, LetterRow, now - KEPT)
