"""Changes that the search index has not taken over yet. At least once, in order per article.

A change that the engine refused for good stays as a row with its reason; it waits no longer, so that it stops
nobody, until the article changes or `retry_refused` gives it another try.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.orm import Session

from diembao.store.models import ArticleRow, OutboxRow

_REASON_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Change:
    """at: when it was made."""

    id: int
    article_id: int
    version: int
    deleted: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """A change that the engine refused; `attempts` counts how often."""

    article_id: int
    version: int
    attempts: int
    reason: str
    at: datetime


def add(session: Session, article_id: int, version: int, now: datetime, *, deleted: bool = False) -> None:
    session.execute(insert(OutboxRow).values(article_id=article_id, version=version, deleted=deleted, at=now))


def waiting(session: Session, limit: int) -> list[Change]:
    """The oldest changes not yet taken over."""
    query = select(OutboxRow.id, OutboxRow.article_id, OutboxRow.version, OutboxRow.deleted, OutboxRow.at)
    return [Change(*row) for row in session.execute(query.where(_waits()).order_by(OutboxRow.id).limit(limit))]


def waiting_articles(session: Session) -> set[int]:
    """The articles that have a change waiting."""
    return set(session.scalars(select(OutboxRow.article_id).where(_waits()).distinct()))


def done(session: Session, change_ids: Sequence[int]) -> None:
    """These rows have served: taken over, or superseded by a later change of their article."""
    session.execute(delete(OutboxRow).where(OutboxRow.id.in_(change_ids)))


def refuse(session: Session, change_id: int, reason: str) -> None:
    """The engine refused this change for good; it keeps the reason and waits no longer."""
    session.execute(
        update(OutboxRow)
        .where(OutboxRow.id == change_id)
        .values(attempts=OutboxRow.attempts + 1, error=reason[:_REASON_CHARACTERS] or "refused")
    )


def add_refused(session: Session, article_id: int, version: int, reason: str, now: datetime) -> None:
    """Keep a refusal that no waiting change led to."""
    row = OutboxRow(article_id=article_id, version=version, deleted=False, at=now, attempts=1)
    row.error = reason[:_REASON_CHARACTERS] or "refused"
    session.add(row)


def refused(session: Session, limit: int) -> list[Refused]:
    """What the engine refused, oldest first."""
    query = select(OutboxRow.article_id, OutboxRow.version, OutboxRow.attempts, OutboxRow.error, OutboxRow.at)
    return [Refused(*row) for row in session.execute(query.where(~_waits()).order_by(OutboxRow.id).limit(limit))]


def refused_ids(session: Session) -> dict[int, int]:
    """The row of each article whose last change was refused."""
    query = select(OutboxRow.article_id, OutboxRow.id).where(~_waits()).order_by(OutboxRow.id)
    return {row.article_id: row.id for row in session.execute(query)}


def retry_refused(session: Session) -> int:
    """Everything refused waits again; returns how many changes."""
    rows = session.scalars(select(OutboxRow.id).where(~_waits())).all()
    session.execute(update(OutboxRow).where(~_waits()).values(error=""))
    return len(rows)


def depth(session: Session) -> int:
    """How many changes wait."""
    return _count(session, _waits())


def oldest(session: Session) -> datetime | None:
    """Since when the oldest waiting change waits; None when none does."""
    at: datetime | None = session.scalar(select(OutboxRow.at).where(_waits()).order_by(OutboxRow.id).limit(1))
    return at


def count_refused(session: Session) -> int:
    return _count(session, ~_waits())


def _waits() -> ColumnElement[bool]:
    return OutboxRow.error == ""


def _count(session: Session, condition: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(OutboxRow).where(condition)) or 0


def article_ids_after(session: Session, last: int, limit: int) -> Sequence[int]:
    """Article ids beyond `last`, ascending: to walk the whole store when the index is made anew."""
    return session.scalars(select(ArticleRow.id).where(ArticleRow.id > last).order_by(ArticleRow.id).limit(limit)).all()


def versions_after(session: Session, last: int, limit: int) -> list[tuple[int, int]]:
    """Article ids beyond `last` with their versions, ascending: to compare the store with the index."""
    query = select(ArticleRow.id, ArticleRow.version).where(ArticleRow.id > last).order_by(ArticleRow.id).limit(limit)
    return [(number, version) for number, version in session.execute(query)]
