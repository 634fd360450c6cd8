"""Changes that the search index has not taken over yet. At least once, in order per article."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from diembao.store.models import ArticleRow, OutboxRow


@dataclass(frozen=True, slots=True)
class Change:
    id: int
    article_id: int
    version: int
    deleted: bool


def add(session: Session, article_id: int, version: int, now: datetime, *, deleted: bool = False) -> None:
    session.execute(insert(OutboxRow).values(article_id=article_id, version=version, deleted=deleted, at=now))


def waiting(session: Session, limit: int) -> list[Change]:
    """The oldest changes not yet taken over."""
    query = select(OutboxRow.id, OutboxRow.article_id, OutboxRow.version, OutboxRow.deleted)
    return [Change(*row) for row in session.execute(query.order_by(OutboxRow.id).limit(limit))]


def done(session: Session, changes: Sequence[Change]) -> None:
    session.execute(delete(OutboxRow).where(OutboxRow.id.in_([change.id for change in changes])))


def failed(session: Session, changes: Sequence[Change], error: str) -> None:
    ids = [change.id for change in changes]
    session.execute(
        update(OutboxRow).where(OutboxRow.id.in_(ids)).values(attempts=OutboxRow.attempts + 1, error=error[:500])
    )


def depth(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(OutboxRow)) or 0


def article_ids_after(session: Session, last: int, limit: int) -> Sequence[int]:
    """Article ids beyond `last`, ascending: to walk the whole store when the index is made anew."""
    return session.scalars(select(ArticleRow.id).where(ArticleRow.id > last).order_by(ArticleRow.id).limit(limit)).all()
