"""People with accounts, who is signed in where, and failures to sign in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from diembao.store.models import SignInFailureRow, UserRow, UserSessionRow


def by_name(session: Session, name: str) -> UserRow | None:
    return session.scalar(select(UserRow).where(UserRow.name == name))


def by_id(session: Session, user_id: int) -> UserRow | None:
    return session.get(UserRow, user_id)


def by_subject(session: Session, subject: str) -> UserRow | None:
    """Whoever the single sign-on knows by this subject."""
    return session.scalar(select(UserRow).where(UserRow.subject == subject))


def everybody(session: Session) -> Sequence[UserRow]:
    """By name, those who may sign in first."""
    return session.scalars(select(UserRow).order_by(UserRow.disabled_at.is_not(None), UserRow.name)).all()


def names(session: Session, user_ids: Sequence[int]) -> dict[int, str]:
    """What people are called, by id: full name, else the name they sign in with."""
    found = session.scalars(select(UserRow).where(UserRow.id.in_(user_ids)))
    return {row.id: row.full_name or row.name for row in found}


def add(session: Session, row: UserRow) -> UserRow:
    """Raises: sqlalchemy.exc.IntegrityError: the name is taken."""
    session.add(row)
    session.flush()
    return row


def open_session(session: Session, token_digest: str, now: datetime) -> tuple[UserSessionRow, UserRow] | None:
    """The session and its person, when neither has ended."""
    found = session.execute(
        select(UserSessionRow, UserRow)
        .join(UserRow, UserRow.id == UserSessionRow.user_id)
        .where(
            UserSessionRow.token_digest == token_digest,
            UserSessionRow.expires_at > now,
            UserRow.disabled_at.is_(None),
        )
    ).first()
    return (found[0], found[1]) if found else None


def sessions_of(session: Session, user_id: int, now: datetime) -> Sequence[UserSessionRow]:
    """Those that have not ended, last seen first."""
    query = select(UserSessionRow).where(
        UserSessionRow.user_id == user_id, UserSessionRow.expires_at > now, UserSessionRow.stage == "full"
    )
    return session.scalars(query.order_by(UserSessionRow.seen_at.desc(), UserSessionRow.id.desc())).all()


def end_session(session: Session, user_id: int, session_id: int) -> bool:
    """Whether the person had such a session."""
    ended = session.execute(
        delete(UserSessionRow).where(UserSessionRow.id == session_id, UserSessionRow.user_id == user_id)
    )
    return bool(ended.rowcount)  # type: ignore[attr-defined]  # a DELETE gives a CursorResult


def end_sessions(session: Session, user_id: int, *, but: int | None = None) -> None:
    """End all sessions of a person, or all but one."""
    query = delete(UserSessionRow).where(UserSessionRow.user_id == user_id)
    session.execute(query if but is None else query.where(UserSessionRow.id != but))


def forget_ended_sessions(session: Session, now: datetime) -> None:
    session.execute(delete(UserSessionRow).where(UserSessionRow.expires_at <= now))


def failures(session: Session, keys: Sequence[str], now: datetime) -> dict[str, SignInFailureRow]:
    """By key, made where there is none yet; others who ask for one of them wait until this transaction ends."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    # One order for everybody, so that nobody waits in a circle.
    rows = [{"key": key, "failures": 0, "last_at": now} for key in sorted(keys)]
    session.execute(insert(SignInFailureRow).values(rows).on_conflict_do_nothing())
    query = select(SignInFailureRow).where(SignInFailureRow.key.in_(keys)).order_by(SignInFailureRow.key)
    return {row.key: row for row in session.scalars(query.with_for_update())}


def hold(session: Session, row: UserRow) -> None:
    """Read the person anew and keep others from changing them until this transaction ends."""
    session.refresh(row, with_for_update=True)


def forget_failures(session: Session, keys: Sequence[str]) -> None:
    session.execute(delete(SignInFailureRow).where(SignInFailureRow.key.in_(keys)))


def forget_failures_before(session: Session, before: datetime) -> None:
    session.execute(delete(SignInFailureRow).where(SignInFailureRow.last_at < before))


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(UserRow)) or 0
