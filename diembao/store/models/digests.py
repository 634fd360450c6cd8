"""Digests, who gets them, and every mail of one."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from diembao.store.models.base import Base, Identity, Json, UtcDateTime
from diembao.store.models.outgoing import Outgoing


class DigestRow(Base):
    """One điểm báo. Its items may change until it is approved; then `content` is what it says, for ever."""

    __tablename__ = "digests"
    __table_args__ = (
        UniqueConstraint("kind", "year", "number"),
        Index("ix_digests_audience_published_at", "audience", "published_at"),
    )

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(16))  # daily | weekly | special
    audience: Mapped[str] = mapped_column(String(16))  # internal | public
    form: Mapped[str] = mapped_column(String(16))  # text | table
    state: Mapped[str] = mapped_column(String(16), default="draft", index=True)  # draft | waiting | approved | issued
    day: Mapped[date] = mapped_column(Date, index=True)  # in Viet Nam
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    year: Mapped[int | None] = mapped_column(Integer)
    number: Mapped[int | None] = mapped_column(Integer)  # in its year and kind; given when approved
    subject: Mapped[str] = mapped_column(Text, default="")
    intro: Mapped[str] = mapped_column(Text, default="")
    closing: Mapped[str] = mapped_column(Text, default="")
    sections: Mapped[list[dict[str, str]]] = mapped_column(Json, default=list)  # key and title, in order
    hide_empty: Mapped[bool] = mapped_column(Boolean, default=True)
    note: Mapped[str] = mapped_column(Text, default="")  # why it was sent back
    content: Mapped[str | None] = mapped_column(Text)  # JSON as it was approved; text, so that not a byte moves
    picture: Mapped[bytes | None] = mapped_column(LargeBinary)  # PNG for Open Graph, made when published
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(80))
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    approved_by: Mapped[str] = mapped_column(String(80), default="")
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revision: Mapped[int] = mapped_column(Integer, default=1)


class DigestItemRow(Base):
    """A story in a digest, with the words it has there instead of its own."""

    __tablename__ = "digest_items"
    __table_args__ = (UniqueConstraint("digest_id", "story_id"),)

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    digest_id: Mapped[int] = mapped_column(ForeignKey("digests.id"))
    story_id: Mapped[int] = mapped_column(BigInteger, index=True)  # no key: a story may cease to be
    section: Mapped[str] = mapped_column(String(64))
    position: Mapped[int] = mapped_column(Integer)
    headline: Mapped[str] = mapped_column(Text, default="")
    summary: Mapped[str] = mapped_column(Text, default="")


class DigestNumberRow(Base):
    """The last number given to a kind of digest in a year."""

    __tablename__ = "digest_numbers"

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    year: Mapped[int] = mapped_column(Integer, primary_key=True)
    last: Mapped[int] = mapped_column(Integer)


class MailingListRow(Base):
    """Who gets which digests, and when by themselves. schedule: {"time": "07:30", "weekdays": [0, …, 6]} or empty."""

    __tablename__ = "mailing_lists"

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    audience: Mapped[str] = mapped_column(String(16))
    kinds: Mapped[list[str]] = mapped_column(Json, default=list)
    schedule: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RecipientRow(Base):
    """An address on a mailing list."""

    __tablename__ = "recipients"
    __table_args__ = (UniqueConstraint("list_id", "email"),)

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("mailing_lists.id"))
    email: Mapped[str] = mapped_column(String(254), index=True)  # small letters
    name: Mapped[str] = mapped_column(String(120), default="")
    state: Mapped[str] = mapped_column(String(16), default="active")  # active | unsubscribed | bounced
    reason: Mapped[str] = mapped_column(Text, default="")
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DeliveryRow(Outgoing, Base):
    """One digest for one address: one mail, however many lists the address is on."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("digest_id", "email"),
        Index("ix_deliveries_state_next_try_at", "state", "next_try_at"),
    )

    digest_id: Mapped[int] = mapped_column(ForeignKey("digests.id"))
    list_id: Mapped[int] = mapped_column(ForeignKey("mailing_lists.id"))
    recipient_id: Mapped[int] = mapped_column(BigInteger)
    email: Mapped[str] = mapped_column(String(254))
    message_id: Mapped[str] = mapped_column(String(200), default="", index=True)
