"""Keys of programmes, and how much they were used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from diembao.store.models import ApiKeyDayRow, ApiKeyRow, UserRow

_KEPT_DAYS = 400


def usable(session: Session, digest: str, now: datetime) -> tuple[ApiKeyRow, UserRow] | None:
    """The key and whose it is, when neither was taken back and the key has not expired."""
    query = (
        select(ApiKeyRow, UserRow)
        .join(UserRow, UserRow.id == ApiKeyRow.user_id)
        .where(
            ApiKeyRow.digest == digest,
            ApiKeyRow.revoked_at.is_(None),
            or_(ApiKeyRow.expires_at.is_(None), ApiKeyRow.expires_at > now),
            UserRow.disabled_at.is_(None),
        )
    )
    found = session.execute(query).first()
    return (found[0], found[1]) if found else None


def of_person(session: Session, user_id: int) -> Sequence[ApiKeyRow]:
    """Newest first, those taken back last."""
    query = select(ApiKeyRow).where(ApiKeyRow.user_id == user_id)
    return session.scalars(query.order_by(ApiKeyRow.revoked_at.is_not(None), ApiKeyRow.id.desc())).all()


def everybodys(session: Session) -> Sequence[ApiKeyRow]:
    return session.scalars(select(ApiKeyRow).order_by(ApiKeyRow.revoked_at.is_not(None), ApiKeyRow.id.desc())).all()


def hold(session: Session, key: ApiKeyRow) -> None:
    """Read the key's row anew and keep it: whoever counts with the same key at the same moment waits."""
    session.refresh(key, with_for_update=True)


def made_on(session: Session, key_id: int, day: date) -> int:
    """Requests with this key on a day (UTC)."""
    return session.scalar(select(ApiKeyDayRow.requests).filter_by(key_id=key_id, day=day)) or 0


def count(session: Session, key: ApiKeyRow, now: datetime, requests: int = 1) -> None:
    """Count requests of this day with a key that is held."""
    day = session.get(ApiKeyDayRow, (key.id, now.date()))
    if day is None:
        day = ApiKeyDayRow(key_id=key.id, day=now.date(), requests=0)
        session.add(day)
        oldest = now.date() - timedelta(days=_KEPT_DAYS)
        session.execute(delete(ApiKeyDayRow).where(ApiKeyDayRow.key_id == key.id, ApiKeyDayRow.day < oldest))
    day.requests += requests
    session.flush()


def used(session: Session, key_ids: Sequence[int], since: date) -> dict[int, dict[date, int]]:
    """Requests by key and day since then."""
    rows = session.scalars(select(ApiKeyDayRow).where(ApiKeyDayRow.key_id.in_(key_ids), ApiKeyDayRow.day >= since))
    found: dict[int, dict[date, int]] = {}
    for row in rows:
        found.setdefault(row.key_id, {})[row.day] = row.requests
    return found
