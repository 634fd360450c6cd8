"""The trail: what happened to an address, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from diembao.store.database import beneath
from diembao.store.models import TrailRow

_ADD = insert(TrailRow)


def add(
    session: Session,
    page_id: int,
    at: datetime,
    step: str,
    outcome: str,
    *,
    version: str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    session.execute(
        insert(TrailRow).values(
            page_id=page_id, at=at, step=step, outcome=outcome, version=version, detail=detail or {}
        )
    )


def add_many(session: Session, at: datetime, steps: Sequence[tuple[int, str, str, str, dict[str, Any]]]) -> None:
    """Many steps at once: (page, step, outcome, version, detail)."""
    rows = [
        {"page_id": page_id, "at": at, "step": step, "outcome": outcome, "version": version, "detail": detail}
        for page_id, step, outcome, version, detail in steps
    ]
    if rows:
        beneath(session).execute(_ADD, rows)


def of_page(session: Session, page_id: int) -> Sequence[TrailRow]:
    """The steps of one address, oldest first."""
    return session.scalars(select(TrailRow).where(TrailRow.page_id == page_id).order_by(TrailRow.id)).all()
