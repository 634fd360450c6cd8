"""Mails to single people of the office: summaries of saved searches, alerts.

A letter is queued with the change that caused it, in one transaction, under an occasion that occurs once; states are
those of `diembao.store.mailing`, for the same postman's reasons.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from diembao.store.mailing import OPEN
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
    query = select(LetterRow).where(
        LetterRow.state == "queued", LetterRow.next_try_at <= now, LetterRow.kind.in_(kinds)
    )
    return session.scalar(query.order_by(LetterRow.next_try_at, LetterRow.id).limit(1))


def take(session: Session, letter_id: int, claim: str) -> bool:
    """Take a waiting letter; False when another postman has it."""
    return _change(
        session,
        (LetterRow.id == letter_id, LetterRow.state == "queued"),
        state="sending",
        claim=claim,
        attempts=LetterRow.attempts + 1,
    )


def hand_over(session: Session, letter_id: int, claim: str) -> bool:
    """Before the last word to the server; False when the letter is no longer ours, and nothing may be sent."""
    conditions = (LetterRow.id == letter_id, LetterRow.state == "sending", LetterRow.claim == claim)
    return _change(session, conditions, state="handing")


def settle(
    session: Session, letter_id: int, claim: str, state: str, answer: str, *, at: datetime, next_try_at: datetime
) -> bool:
    """What became of a letter that we had taken."""
    return _change(
        session,
        (LetterRow.id == letter_id, LetterRow.claim == claim, LetterRow.state.in_(OPEN)),
        state=state,
        answer=answer,
        claim="",
        sent_at=at if state == "sent" else None,
        next_try_at=next_try_at,
    )


def recover(session: Session) -> tuple[int, int]:
    """What a postman left behind that is gone, as `mailing.recover`; only for who holds the postman's lock."""
    again = session.execute(update(LetterRow).where(LetterRow.state == "sending").values(state="queued", claim=""))
    unknown = session.execute(update(LetterRow).where(LetterRow.state == "handing").values(state="uncertain", claim=""))
    return again.rowcount, unknown.rowcount  # type: ignore[attr-defined]


def cancel(session: Session, kind: str, object_id: int) -> None:
    """What still waits to be said about an object will not be said."""
    _change(
        session,
        (LetterRow.kind == kind, LetterRow.object_id == object_id, LetterRow.state == "queued"),
        state="cancelled",
    )


def of_object(session: Session, kind: str, object_id: int, limit: int = 20) -> Sequence[LetterRow]:
    """Newest first."""
    query = select(LetterRow).where(LetterRow.kind == kind, LetterRow.object_id == object_id)
    return session.scalars(query.order_by(LetterRow.id.desc()).limit(limit)).all()


def forget_old(session: Session, now: datetime) -> int:
    """Drop letters that ended long ago; returns how many."""
    old = delete(LetterRow).where(LetterRow.queued_at < now - KEPT, LetterRow.state.not_in(OPEN))
    return int(session.execute(old).rowcount)  # type: ignore[attr-defined]


def _change(session: Session, conditions: Sequence[ColumnElement[bool]], **values: object) -> bool:
    statement = update(LetterRow).where(*conditions).values(**values)
    changed = session.execute(statement.execution_options(synchronize_session=False))
    return bool(changed.rowcount)  # type: ignore[attr-defined]
