"""Mailing lists, their recipients, and one row for every mail: which digest, to which address, how far it has come
(`diembao.store.outgoing`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from diembao.store.digests import FROZEN
from diembao.store.models import DeliveryRow, DigestRow, MailingListRow, RecipientRow


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
