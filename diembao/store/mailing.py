"""Mailing lists, their recipients, and one row for every mail: which digest, to which address, how far it has come.

`queued` waits; `sending` has been taken by a postman and cannot have been accepted yet; `handing` is between our last
word and the server's answer; `sent`, `refused`, `bounced`, `cancelled` are ends; `uncertain` is an end that a person
decides about, because nobody knows whether the server took it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from diembao.store.digests import FROZEN
from diembao.store.models import DeliveryRow, DigestRow, MailingListRow, RecipientRow

OPEN = ("queued", "sending", "handing")


def lists(session: Session) -> Sequence[MailingListRow]:
    return session.scalars(select(MailingListRow).order_by(MailingListRow.name, MailingListRow.id)).all()


def list_named(session: Session, name: str) -> MailingListRow | None:
    return session.scalar(select(MailingListRow).where(MailingListRow.name == name))


def recipients(session: Session, list_id: int) -> Sequence[RecipientRow]:
    query = select(RecipientRow).where(RecipientRow.list_id == list_id)
    return session.scalars(query.order_by(RecipientRow.email)).all()


def recipient_counts(session: Session) -> dict[int, int]:
    """Active addresses of each list."""
    query = select(RecipientRow.list_id, func.count()).where(RecipientRow.state == "active")
    return {row[0]: row[1] for row in session.execute(query.group_by(RecipientRow.list_id))}


def recipient_of(session: Session, list_id: int, email: str) -> RecipientRow | None:
    query = select(RecipientRow).where(RecipientRow.list_id == list_id, RecipientRow.email == email)
    return session.scalar(query)


def addressed(session: Session, digest_id: int) -> set[str]:
    """Addresses for which there is a mail of this digest, whatever became of it."""
    return set(session.scalars(select(DeliveryRow.email).where(DeliveryRow.digest_id == digest_id)))


def deliveries(session: Session, digest_id: int) -> Sequence[DeliveryRow]:
    query = select(DeliveryRow).where(DeliveryRow.digest_id == digest_id)
    return session.scalars(query.order_by(DeliveryRow.email)).all()


def counts(session: Session, digest_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """Mails of each digest by state."""
    query = select(DeliveryRow.digest_id, DeliveryRow.state, func.count())
    query = query.where(DeliveryRow.digest_id.in_(list(digest_ids)))
    found: dict[int, dict[str, int]] = {}
    for digest_id, state, number in session.execute(query.group_by(DeliveryRow.digest_id, DeliveryRow.state)):
        found.setdefault(digest_id, {})[state] = number
    return found


def by_message_id(session: Session, message_id: str) -> DeliveryRow | None:
    return session.scalar(select(DeliveryRow).where(DeliveryRow.message_id == message_id))


def next_due(session: Session, now: datetime) -> DeliveryRow | None:
    """The mail that has waited longest of those whose time has come."""
    query = select(DeliveryRow).where(DeliveryRow.state == "queued", DeliveryRow.next_try_at <= now)
    return session.scalar(query.order_by(DeliveryRow.next_try_at, DeliveryRow.id).limit(1))


def take(session: Session, delivery_id: int, claim: str) -> bool:
    """Take a waiting mail; False when another postman has it."""
    return _change(
        session,
        (DeliveryRow.id == delivery_id, DeliveryRow.state == "queued"),
        state="sending",
        claim=claim,
        attempts=DeliveryRow.attempts + 1,
    )


def hand_over(session: Session, delivery_id: int, claim: str) -> bool:
    """Before the last word to the server; False when the mail is no longer ours, and nothing may be sent."""
    conditions = (DeliveryRow.id == delivery_id, DeliveryRow.state == "sending", DeliveryRow.claim == claim)
    return _change(session, conditions, state="handing")


def settle(
    session: Session, delivery_id: int, claim: str, state: str, answer: str, *, at: datetime, next_try_at: datetime
) -> bool:
    """What became of a mail that we had taken."""
    return _change(
        session,
        (DeliveryRow.id == delivery_id, DeliveryRow.claim == claim, DeliveryRow.state.in_(OPEN)),
        state=state,
        answer=answer,
        claim="",
        sent_at=at if state == "sent" else None,
        next_try_at=next_try_at,
    )


def recover(session: Session) -> tuple[int, int]:
    """What a postman left behind that is gone: what cannot have been accepted waits again, what may have been is told.

    Only for who holds the postman's lock. Returns how many of each.
    """
    again = session.execute(update(DeliveryRow).where(DeliveryRow.state == "sending").values(state="queued", claim=""))
    unknown = session.execute(
        update(DeliveryRow).where(DeliveryRow.state == "handing").values(state="uncertain", claim="")
    )
    return again.rowcount, unknown.rowcount  # type: ignore[attr-defined]


def scheduled_digests(session: Session, mailing_list: MailingListRow, since: datetime) -> Sequence[int]:
    """Digests approved since then that this list is to get and has not been given."""
    given = select(DeliveryRow.id).where(DeliveryRow.digest_id == DigestRow.id, DeliveryRow.list_id == mailing_list.id)
    query = select(DigestRow.id).where(
        DigestRow.state.in_(FROZEN),
        DigestRow.kind.in_(mailing_list.kinds),
        DigestRow.approved_at >= since,
        ~given.exists(),
    )
    if mailing_list.audience == "public":
        query = query.where(DigestRow.audience == "public")
    return session.scalars(query.order_by(DigestRow.id)).all()


def _change(session: Session, conditions: Sequence[ColumnElement[bool]], **values: object) -> bool:
    statement = update(DeliveryRow).where(*conditions).values(**values)
    changed = session.execute(statement.execution_options(synchronize_session=False))
    return bool(changed.rowcount)  # type: ignore[attr-defined]
