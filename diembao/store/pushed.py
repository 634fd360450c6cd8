"""Articles that programmes sent in, on their way to the archive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from diembao.store.models import ArticleRow, PageRow, PushedArticleRow

WAITING, TAKEN, KNOWN, BAD = "waiting", "taken", "known", "bad"


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What became of a pushed article. outcome: of its page, empty while it is not understood yet."""

    state: str
    reason: str
    outcome: str
    article_id: int | None


def add(session: Session, values: dict[str, Any], by: str, by_id: int, now: datetime) -> int:
    row = PushedArticleRow(values=values, by=by, by_id=by_id, pushed_at=now, state=WAITING)
    session.add(row)
    session.flush()
    return row.id


def waiting(session: Session, limit: int) -> Sequence[PushedArticleRow]:
    """Oldest first."""
    query = select(PushedArticleRow).where(PushedArticleRow.state == WAITING)
    return session.scalars(query.order_by(PushedArticleRow.id).limit(limit)).all()


def settle(session: Session, row_id: int, state: str, reason: str, page_id: int | None) -> None:
    """What became of it; its values lie in the archive now, or were no article."""
    row = session.get_one(PushedArticleRow, row_id)
    row.state, row.reason, row.page_id, row.values = state, reason, page_id, {}


def whereabouts(session: Session, row_id: int, by_id: int) -> Whereabouts | None:
    """None also for what somebody else sent in."""
    row = session.get(PushedArticleRow, row_id)
    if row is None or row.by_id != by_id:
        return None
    page = session.get(PageRow, row.page_id) if row.page_id is not None else None
    query = select(ArticleRow.id).where(ArticleRow.page_id == row.page_id)
    article_id = session.scalar(query) if page is not None else None
    return Whereabouts(row.state, row.reason, page.outcome if page is not None else "", article_id)
