"""Pages that were judged not ours, but only just: kept for people to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from diembao.store.models import NearMissRow, PageRow, SourceRow


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A page that was just below. score: probability that it is ours, 0..1; evidence: rule, text and weight."""

    page_id: int
    url: str
    source: str
    outlet: str
    title: str
    lead: str
    score: float
    evidence: tuple[dict[str, Any], ...]
    at: datetime


def keep(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Keep these pages (columns of `NearMissRow`); one kept before gets its new score, and stays dismissed."""
    if not rows:
        return
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(NearMissRow).values([{**row, "dismissed_by": ""} for row in rows])
    changed = {name: statement.excluded[name] for name in ("title", "lead", "score", "evidence", "effective_at")}
    session.execute(statement.on_conflict_do_update(index_elements=["page_id"], set_=changed))


def forget(session: Session, page_ids: Sequence[int]) -> None:
    """These pages are near misses no more."""
    session.execute(delete(NearMissRow).where(NearMissRow.page_id.in_(page_ids)))


def listed(session: Session, *, since: datetime | None = None, limit: int = 50, offset: int = 0) -> list[NearMiss]:
    """Those nobody has dismissed, the nearest of each day first, the newest day first."""
    query = (
        select(
            NearMissRow.page_id,
            PageRow.url,
            NearMissRow.source,
            func.coalesce(SourceRow.title, NearMissRow.source),
            NearMissRow.title,
            NearMissRow.lead,
            NearMissRow.score,
            NearMissRow.evidence,
            NearMissRow.effective_at,
        )
        .join(PageRow, PageRow.id == NearMissRow.page_id)
        .outerjoin(SourceRow, SourceRow.name == NearMissRow.source)
        .where(NearMissRow.dismissed_at.is_(None))
    )
    if since is not None:
        query = query.where(NearMissRow.effective_at >= since)
    day = func.date(NearMissRow.effective_at)
    query = query.order_by(day.desc(), NearMissRow.score.desc(), NearMissRow.page_id).limit(limit).offset(offset)
    return [
        NearMiss(page_id, url, source, outlet, title, lead, score, tuple(evidence), at)
        for page_id, url, source, outlet, title, lead, score, evidence, at in session.execute(query)
    ]


def count(session: Session, since: datetime | None = None) -> int:
    query = select(func.count()).select_from(NearMissRow).where(NearMissRow.dismissed_at.is_(None))
    return session.scalar(query.where(NearMissRow.effective_at >= since) if since is not None else query) or 0


def dismiss(session: Session, page_id: int, by: str, now: datetime) -> bool:
    """A person has seen that it is not ours; returns whether it was still listed."""
    row = session.get(NearMissRow, page_id)
    if row is None or row.dismissed_at is not None:
        return False
    row.dismissed_at, row.dismissed_by = now, by
    return True
