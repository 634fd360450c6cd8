"""Searches that were saved, alerts, and what is told of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from diembao.store.models.base import NEVER_REUSED, Base, Identity, Json, UtcDateTime
from diembao.store.models.outgoing import Outgoing


class SavedSearchRow(Base):
    """A view of the analysts' pages that somebody named. `position` is its place among its owner's."""

    __tablename__ = "saved_searches"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    page: Mapped[str] = mapped_column(String(16))  # search | trends | compare
    query: Mapped[str] = mapped_column(Text)  # as it stands in the address
    shared: Mapped[bool] = mapped_column(Boolean, default=False, index=True)
    position: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SavedSearchFollowRow(Base):
    """What one person has of a saved search, their own or a shared one: the last visit, a feed, a summary by mail.

    What is new is told by article ids, which grow as articles arrive: an article printed long ago is new as well.
    """

    __tablename__ = "saved_search_follows"
    __table_args__ = (UniqueConstraint("search_id", "user_id"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    search_id: Mapped[int] = mapped_column(ForeignKey("saved_searches.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    visited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    visited_article: Mapped[int] = mapped_column(BigInteger, default=0)  # the newest article there was at the visit
    feed_digest: Mapped[str | None] = mapped_column(String(64), unique=True)  # of the key in the feed's address
    feed_made_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    mail_every: Mapped[str] = mapped_column(String(8), default="", index=True)  # day | week; empty: no mail
    mail_hour: Mapped[int] = mapped_column(Integer, default=7)  # in Viet Nam
    mail_weekday: Mapped[int] = mapped_column(Integer, default=0)  # Monday 0; for weekly ones
    mail_when_empty: Mapped[bool] = mapped_column(Boolean, default=False)
    mailed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # what the last summary reached to
    mailed_article: Mapped[int] = mapped_column(BigInteger, default=0)  # the newest article it had looked at


class LetterRow(Outgoing, Base):
    """A mail to one person of the office: which, to whom, how far it has come.

    kind and content say what is told; the words are made when it is sent, so that what was taken down meanwhile is
    not in it. occasion: what it is about, so that nobody is told of one thing twice.
    """

    __tablename__ = "letters"
    __table_args__ = (
        UniqueConstraint("kind", "occasion"),
        Index("ix_letters_state_next_try_at", "state", "next_try_at"),
    )

    kind: Mapped[str] = mapped_column(String(24))
    occasion: Mapped[str] = mapped_column(String(120))
    object_id: Mapped[int] = mapped_column(BigInteger)  # by kind: of the follow, the alert …
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    email: Mapped[str] = mapped_column(String(254))
    content: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    message_id: Mapped[str] = mapped_column(String(200), default="")
    queued_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class AlertRow(Base):
    """What somebody wants to be told of, how and when; not of what was found before `watching_since`."""

    __tablename__ = "alerts"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    query: Mapped[str] = mapped_column(Text)  # as it stands in the address of the search page
    saved_search_id: Mapped[int | None] = mapped_column(ForeignKey("saved_searches.id", ondelete="SET NULL"))
    condition: Mapped[str] = mapped_column(String(24))  # a `Condition` of newsroom/analysis/alerts/alert.py
    days: Mapped[int] = mapped_column(Integer, default=30)  # of quiet before a first unfavourable article
    hour: Mapped[int] = mapped_column(Integer, default=7)  # of the daily digest, in Viet Nam
    level: Mapped[int] = mapped_column(Integer, default=2)  # the lowest of 1, 2, 3 that is told
    by_mail: Mapped[bool] = mapped_column(Boolean, default=False)  # to the owner's own mailbox
    webhook_url: Mapped[str] = mapped_column(Text, default="")
    webhook_secret: Mapped[str] = mapped_column(Text, default="")  # encrypted
    quiet_hours: Mapped[str] = mapped_column(String(11), default="")  # 22:00-06:00 in Viet Nam
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    watching_since: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AlertArrivalRow(Base):
    """An article that is news and was handed to the index; alerts have not looked at it yet."""

    __tablename__ = "alert_arrivals"

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    article_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(UtcDateTime)  # when it was found, or changed


class AlertMatchRow(Base):
    """Something an alert has to tell, once: the key says what (`story:12`, `spike:2026-11-22:2`)."""

    __tablename__ = "alert_matches"
    __table_args__ = (
        UniqueConstraint("alert_id", "key"),
        Index("ix_alert_matches_told_at_due_at", "told_at", "due_at"),
    )

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(120))
    story_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    article_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    printed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)  # not told before
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when its messages were queued
    level: Mapped[int] = mapped_column(Integer, default=0)
    detail: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)  # the figures behind a spike or a silence


class AlertMuteRow(Base):
    """A story of which somebody wants to hear nothing more: from one alert, or from all of theirs (alert_id 0)."""

    __tablename__ = "alert_mutes"
    __table_args__ = (UniqueConstraint("user_id", "alert_id", "story_id"),)

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    alert_id: Mapped[int] = mapped_column(BigInteger, default=0)
    story_id: Mapped[int] = mapped_column(BigInteger, index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AlertDeliveryRow(Outgoing, Base):
    """One call of a webhook: never `handing`, for the receiver tells by message_id, the same through every try, what it
    had. Mails of alerts are letters.

    content: which matches; what is sent is made when it is sent. answer: how the last try ended, a word and what was
    said.
    """

    __tablename__ = "alert_deliveries"
    __table_args__ = (Index("ix_alert_deliveries_state_next_try_at", "state", "next_try_at"),)

    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"), index=True)
    message_id: Mapped[str] = mapped_column(String(64), unique=True)
    url: Mapped[str] = mapped_column(Text)
    content: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
