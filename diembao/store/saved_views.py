"""Choices of filters that people gave a name; a shared one is everybody's to use and its maker's to drop."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from diembao.store.models import SavedViewRow


def of_user(session: Session, user_id: int) -> Sequence[SavedViewRow]:
    """The person's own and the shared ones, by name."""
    query = select(SavedViewRow).where(or_(SavedViewRow.user_id == user_id, SavedViewRow.shared))
    return session.scalars(query.order_by(SavedViewRow.name, SavedViewRow.id)).all()


def add(session: Session, user_id: int, name: str, query: str, *, shared: bool, now: datetime) -> SavedViewRow:
    row = SavedViewRow(user_id=user_id, name=name, query=query, shared=shared, created_at=now)
    session.add(row)
    session.flush()
    return row


def drop(session: Session, view_id: int, user_id: int) -> bool:
    """Whether there was such a view of this person."""
    found = delete(SavedViewRow).where(SavedViewRow.id == view_id, SavedViewRow.user_id == user_id)
    return bool(session.execute(found).rowcount)  # type: ignore[attr-defined]
