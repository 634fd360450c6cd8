"""The log of what was taken down, from finding out to the last trace: to be asked, shown and printed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from diembao.store.models import TakedownRow


def by_event(session: Session, event_id: int) -> TakedownRow | None:
    return session.scalar(select(TakedownRow).where(TakedownRow.event_id == event_id))


def listed(
    session: Session, *, since: datetime | None = None, until: datetime | None = None, limit: int = 200, offset: int = 0
) -> Sequence[TakedownRow]:
    """What was found out in the period, newest first."""
    query = select(TakedownRow).order_by(TakedownRow.detected_at.desc(), TakedownRow.id.desc())
    if since is not None:
        query = query.where(TakedownRow.detected_at >= since)
    if until is not None:
        query = query.where(TakedownRow.detected_at < until)
    return session.scalars(query.limit(limit).offset(offset)).all()


def open_ones(session: Session, *, limit: int = 100) -> Sequence[TakedownRow]:
    """What still needs somebody, the most urgent first: the desk's inbox."""
    query = select(TakedownRow).where(TakedownRow.settled_at.is_(None))
    return session.scalars(query.order_by(TakedownRow.detected_at, TakedownRow.id).limit(limit)).all()


def count_open(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(TakedownRow).where(TakedownRow.settled_at.is_(None))) or 0


def of_stories(session: Session, story_ids: Sequence[int]) -> dict[int, list[TakedownRow]]:
    """What happened to each of these stories, oldest first; those without are left out."""
    found: dict[int, list[TakedownRow]] = {}
    query = select(TakedownRow).where(TakedownRow.story_id.in_(story_ids)).order_by(TakedownRow.id)
    for row in session.scalars(query):
        found.setdefault(row.story_id, []).append(row)
    return found
