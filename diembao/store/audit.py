"""The audit log: append-only, each row carrying the hash of the one before, so that a changed row shows."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from diembao.store.models import AuditRow

_BEGINNING = "0" * 64
_PAGE = 1000
_CHAIN_LOCK = 0x6175646974  # "audit"
_LOCK = zlib.crc32(b"diembao:audit")


def record(
    session: Session,
    *,
    actor: str,
    action: str,
    object_kind: str,
    object_id: str | int,
    at: datetime,
    detail: dict[str, Any] | None = None,
) -> None:
    """Append one row in the transaction of the change itself.

    Record last: from here on until the transaction ends every other writer of the log waits, so that no two rows
    follow the same one. (On SQLite a writer is alone from its beginning.)
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    previous = session.scalar(select(AuditRow.digest).order_by(AuditRow.id.desc()).limit(1)) or _BEGINNING
    row = AuditRow(
        at=at.astimezone(UTC),
        actor=actor,
        action=action,
        object_kind=object_kind,
        object_id=str(object_id),
        detail=detail or {},
        previous=previous,
    )
    row.digest = _digest(row)
    session.add(row)
    session.flush()


def of_object(session: Session, object_kind: str, object_id: str | int) -> Sequence[AuditRow]:
    query = select(AuditRow).where(AuditRow.object_kind == object_kind, AuditRow.object_id == str(object_id))
    return session.scalars(query.order_by(AuditRow.id)).all()


def newest_of(session: Session, object_kind: str, object_id: str | int) -> AuditRow | None:
    """What was done last to an object."""
    query = select(AuditRow).where(AuditRow.object_kind == object_kind, AuditRow.object_id == str(object_id))
    return session.scalar(query.order_by(AuditRow.id.desc()).limit(1))


def search(
    session: Session,
    *,
    actor: str = "",
    action: str = "",
    object_kind: str = "",
    object_id: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    before: int = 0,
    limit: int,
) -> Sequence[AuditRow]:
    """Newest first; an empty condition is none. until is exclusive, before is the id of a row."""
    given = {"actor": actor, "action": action, "object_kind": object_kind, "object_id": object_id}
    query = select(AuditRow).where(*(getattr(AuditRow, name) == value for name, value in given.items() if value))
    if since is not None:
        query = query.where(AuditRow.at >= since)
    if until is not None:
        query = query.where(AuditRow.at < until)
    if before:
        query = query.where(AuditRow.id < before)
    return session.scalars(query.order_by(AuditRow.id.desc()).limit(limit)).all()


def first_broken(session: Session) -> int | None:
    """The id of the first row that does not fit its predecessor or its own digest; None when all fit."""
    previous, last = _BEGINNING, 0
    while rows := session.scalars(select(AuditRow).where(AuditRow.id > last).order_by(AuditRow.id).limit(_PAGE)).all():
        for row in rows:
            if row.previous != previous or row.digest != _digest(row):
                return row.id
            previous, last = row.digest, row.id
    return None


def _digest(row: AuditRow) -> str:
    content = [
        row.at.isoformat(timespec="microseconds"),
        row.actor,
        row.action,
        row.object_kind,
        row.object_id,
        row.detail,
        row.previous,
    ]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
