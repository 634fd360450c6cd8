"""Things that leave the house, each once whatever is killed when: how far a row has come.

`queued` waits; `sending` has been taken by a sender and cannot have been accepted yet; `handing` is between our last
word and the other side's answer; `sent`, `refused`, `failed`, `bounced`, `cancelled` are ends; `uncertain` is an end
that a person decides about, because nobody knows whether it was accepted.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from diembao.store.models import Outgoing

# States of what has not ended.
OPEN = ("queued", "sending", "handing")

Row = TypeVar("Row", bound=Outgoing)


def next_due(session: Session, kind: type[Row], now: datetime, *conditions: ColumnElement[bool]) -> Row | None:
    """What has waited longest of that whose time has come."""
    query = select(kind).where(kind.state == "queued", kind.next_try_at <= now, *conditions)
    return session.scalar(query.order_by(kind.next_try_at, kind.id).limit(1))


def take(session: Session, row: Outgoing, claim: str) -> bool:
    """Take what waits; False when another sender has it. On True the row tells it."""
    kind = type(row)
    waits = (kind.id == row.id, kind.state == "queued")
    if not change(session, kind, *waits, state="sending", claim=claim, attempts=kind.attempts + 1):
        return False
    session.refresh(row)
    return True


def hand_over(session: Session, row: Outgoing) -> bool:
    """Before the last word to the other side; False when the row is no longer ours, and nothing may be sent."""
    kind = type(row)
    ours = (kind.id == row.id, kind.state == "sending", kind.claim == row.claim)
    return bool(change(session, kind, *ours, state="handing"))


def settle(
    session: Session,
    kind: type[Outgoing],
    number: int,
    claim: str,
    state: str,
    answer: str,
    *,
    at: datetime,
    next_try_at: datetime,
) -> int:
    """What became of a row that we had taken; 0 when it was taken from us, or cancelled, meanwhile."""
    return change(
        session,
        kind,
        kind.id == number,
        kind.claim == claim,
        kind.state.in_(("sending", "handing")),
        state=state,
        answer=answer,
        claim="",
        sent_at=at if state == "sent" else None,
        next_try_at=next_try_at,
    )


def recover(session: Session, kind: type[Outgoing]) -> int:
    """What a sender left behind that is gone: what cannot have been accepted waits again, what may have been is told.

    Only for who holds the senders' lock. Returns how many are uncertain now.
    """
    change(session, kind, kind.state == "sending", state="queued", claim="")
    return change(session, kind, kind.state == "handing", state="uncertain", claim="")


def cancel(session: Session, kind: type[Outgoing], *conditions: ColumnElement[bool]) -> None:
    """What still waits will not be sent."""
    change(session, kind, kind.state == "queued", *conditions, state="cancelled")


def decide(
    session: Session, kind: type[Outgoing], *conditions: ColumnElement[bool], send_again: bool, now: datetime
) -> bool:
    """A person's word about what may have been accepted, or was not: it waits anew, or counts as sent; False for
    what is neither."""
    undecided = kind.state.in_(("uncertain", "refused", "bounced"))
    if send_again:
        return bool(change(session, kind, *conditions, undecided, state="queued", next_try_at=now, attempts=0))
    return bool(change(session, kind, *conditions, undecided, state="sent", sent_at=now))


def forget_old(session: Session, kind: type[Outgoing], before: datetime) -> int:
    """Drop what was queued before then and has ended; returns how many."""
    old = delete(kind).where(kind.queued_at < before, kind.state.not_in(OPEN))
    return int(session.execute(old).rowcount)  # type: ignore[attr-defined]


def change(session: Session, kind: type[Outgoing], *conditions: ColumnElement[bool], **values: object) -> int:
    """How many rows were as said, and are changed now."""
    statement = update(kind).where(*conditions).values(**values)
    changed = session.execute(statement.execution_options(synchronize_session=False))
    return int(changed.rowcount)  # type: ignore[attr-defined]
