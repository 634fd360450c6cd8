"""People, their keys and sign-ins, and what was done."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from diembao.store.models.base import NEVER_REUSED, Base, Identity, Json, UtcDateTime


class AuditRow(Base):
    """Who did what. Append-only; each row carries the hash of the one before."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_object_kind_object_id", "object_kind", "object_id"),
        # What one person did, newest first.
        Index("ix_audit_actor_id", "actor", "id"),
    )

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(80))
    action: Mapped[str] = mapped_column(String(40))
    object_kind: Mapped[str] = mapped_column(String(24))
    object_id: Mapped[str] = mapped_column(String(80))
    detail: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64), unique=True)


class UserRow(Base):
    """A person with an account. Accounts are disabled, never deleted: the audit log speaks of them."""

    __tablename__ = "users"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)  # to sign in with; small letters
    full_name: Mapped[str] = mapped_column(String(80), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    roles: Mapped[list[str]] = mapped_column(Json, default=list)
    password_hash: Mapped[str] = mapped_column(String(255), default="")  # empty: signs in elsewhere
    must_change_password: Mapped[bool] = mapped_column(Boolean, default=False)
    totp_secret: Mapped[str] = mapped_column(Text, default="")  # encrypted; empty: no second factor
    totp_step: Mapped[int] = mapped_column(BigInteger, default=0)  # of the last code taken, so that none counts twice
    recovery_codes: Mapped[list[str]] = mapped_column(Json, default=list)  # digests of those still unused
    subject: Mapped[str | None] = mapped_column(String(300), unique=True)  # issuer and id at the single sign-on
    density: Mapped[str] = mapped_column(String(12), default="comfortable")  # comfortable | compact
    theme: Mapped[str] = mapped_column(String(8), default="auto")  # auto | light | dark
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_sign_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class UserSessionRow(Base):
    """Somebody signed in on one browser. Only the digest of the token is kept, so that a copy of the table opens
    nothing."""

    __tablename__ = "user_sessions"

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    stage: Mapped[str] = mapped_column(String(16))  # full | second_factor: the code is still to come
    made_by: Mapped[str] = mapped_column(String(8))  # password | oidc
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)  # however busy it is
    address: Mapped[str] = mapped_column(String(64), default="")
    browser: Mapped[str] = mapped_column(String(200), default="")
    new_totp_secret: Mapped[str] = mapped_column(Text, default="")  # encrypted; offered, not yet confirmed by a code


class SignInFailureRow(Base):
    """Failures in a row, by name (whether there is such a person or not) and by address."""

    __tablename__ = "sign_in_failures"

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ApiKeyRow(Base):
    """A programme that acts for a person, within that person's rights; only the digest of the key is kept."""

    __tablename__ = "api_keys"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    beginning: Mapped[str] = mapped_column(String(16))  # of the key, to be recognised by
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(Json, default=list)
    per_day: Mapped[int] = mapped_column(Integer)
    per_minute: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paced_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  # see newsroom.api_keys.pace
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ApiKeyDayRow(Base):
    """Requests made with a key on one day (UTC)."""

    __tablename__ = "api_key_days"

    key_id: Mapped[int] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    requests: Mapped[int] = mapped_column(Integer, default=0)
