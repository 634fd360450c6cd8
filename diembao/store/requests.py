"""Addresses that somebody at the desk wants read now: waiting → fetching → reading → done, or failed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from diembao.store.models import ArticleRequestRow

# Whoever fetches has given up by then, or is gone.
_GIVEN_UP = timedelta(minutes=3)


def add(session: Session, url: str, *, by: str, by_id: int | None, now: datetime) -> ArticleRequestRow:
    row = ArticleRequestRow(url=url, asked_at=now, by=by, by_id=by_id, state="waiting", changed_at=now)
    row.reason = row.detail = ""
    session.add(row)
    session.flush()
    return row


def take(session: Session, now: datetime, limit: int) -> Sequence[ArticleRequestRow]:
    """Requests to be fetched now, oldest first; they are this caller's until it has settled them or given up."""
    stuck = and_(ArticleRequestRow.state == "fetching", ArticleRequestRow.changed_at < now - _GIVEN_UP)
    query = select(ArticleRequestRow).where(or_(ArticleRequestRow.state == "waiting", stuck))
    rows = session.scalars(query.order_by(ArticleRequestRow.id).limit(limit).with_for_update(skip_locked=True)).all()
    for row in rows:
        row.state, row.changed_at = "fetching", now
    return rows


def any_waiting(session: Session, now: datetime) -> bool:
    """Whether there is anything to take."""
    query = select(ArticleRequestRow.id).where(ArticleRequestRow.state.in_(("waiting", "fetching"))).limit(1)
    return session.scalar(query) is not None


def settle(
    session: Session,
    request_id: int,
    state: str,
    now: datetime,
    *,
    reason: str = "",
    detail: str = "",
    page_id: int = 0,
) -> None:
    """What became of it. reason: stable word; detail: one line for people who know more."""
    row = session.get_one(ArticleRequestRow, request_id)
    row.state, row.reason, row.detail, row.changed_at = state, reason[:40], detail[:500], now
    row.page_id = page_id or row.page_id


def of_person(session: Session, name: str, *, limit: int = 20) -> Sequence[ArticleRequestRow]:
    """What somebody asked for, newest first."""
    query = select(ArticleRequestRow).where(ArticleRequestRow.by == name)
    return session.scalars(query.order_by(ArticleRequestRow.id.desc()).limit(limit)).all()
