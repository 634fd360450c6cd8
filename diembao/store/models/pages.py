"""Pages: addresses found, fetched, read, judged, looked at again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Float, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from diembao.store.models.base import Base, Identity, Json, UtcDateTime

_FETCHED = text("state = 'fetched'")


class PageRow(Base):
    """One address, from the moment it was found; its queue state and its last outcome."""

    __tablename__ = "pages"
    __table_args__ = (
        Index("ix_pages_state_next_try_at", "state", "next_try_at"),
        # The pages that wait to be understood, few of all: taken in the order they were found.
        Index("ix_pages_pending", "id", sqlite_where=_FETCHED, postgresql_where=_FETCHED),
        # The latest pages of a source, from which its profile is learned.
        Index("ix_pages_source_id", "source", "id"),
    )

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    url: Mapped[str] = mapped_column(Text, unique=True)
    source: Mapped[str] = mapped_column(String(64))
    feed_id: Mapped[int | None] = mapped_column(ForeignKey("feeds.id"))
    found_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    hints: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    state: Mapped[str] = mapped_column(String(16))  # found | fetched | done | refused | failed | quarantined
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime)
    fetched_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    http_status: Mapped[int | None] = mapped_column(Integer)
    content_type: Mapped[str] = mapped_column(Text, default="")
    archive_file: Mapped[str] = mapped_column(Text, default="")
    archive_offset: Mapped[int] = mapped_column(BigInteger, default=0)
    archive_length: Mapped[int] = mapped_column(BigInteger, default=0)
    outcome: Mapped[str] = mapped_column(String(16), default="", index=True)
    reason: Mapped[str] = mapped_column(Text, default="")
    processed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    redo: Mapped[str] = mapped_column(String(16), default="")  # step to begin with, when work is done again
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  # while a worker is at it


class ReadingRow(Base):
    """How the pages of a source are read: by which reader, and whether its profile still fits."""

    __tablename__ = "readings"

    source: Mapped[str] = mapped_column(ForeignKey("sources.name"), primary_key=True)
    state: Mapped[str] = mapped_column(String(16), default="unknown")  # unknown | learned | drifting
    reason: Mapped[str] = mapped_column(Text, default="")
    since: Mapped[datetime] = mapped_column(UtcDateTime)  # of the state
    pages: Mapped[int] = mapped_column(Integer, default=0)  # read so far
    try_at: Mapped[int] = mapped_column(Integer, default=0)  # number of pages at which learning is tried next
    recent: Mapped[list[Any]] = mapped_column(Json, default=list)  # the latest readings, oldest first


class WatchRow(Base):
    """A page that is looked at again for changes and removal; `next_look_at` doubles as the lease of a look."""

    __tablename__ = "watches"

    page_id: Mapped[int] = mapped_column(ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True)
    source: Mapped[str] = mapped_column(String(64))
    next_look_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    last_look_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    looks: Mapped[int] = mapped_column(Integer, default=0)
    etag: Mapped[str] = mapped_column(Text, default="")
    last_modified: Mapped[str] = mapped_column(Text, default="")
    body_digest: Mapped[str] = mapped_column(String(64), default="")
    missing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)  # seen gone once, to be confirmed
    missing_reason: Mapped[str] = mapped_column(Text, default="")


class TrailRow(Base):
    """One step in the way of an address."""

    __tablename__ = "trail"

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("pages.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    step: Mapped[str] = mapped_column(String(24))
    outcome: Mapped[str] = mapped_column(String(64))
    version: Mapped[str] = mapped_column(String(40), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)


class NearMissRow(Base):
    """A page that was judged not ours, but only just."""

    __tablename__ = "near_misses"

    page_id: Mapped[int] = mapped_column(ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True)
    source: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(Text)
    lead: Mapped[str] = mapped_column(Text)
    score: Mapped[float] = mapped_column(Float)
    evidence: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    effective_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    dismissed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dismissed_by: Mapped[str] = mapped_column(String(80), default="")


class PushedArticleRow(Base):
    """An article that a programme sent in by the API; it waits here until the worker has archived it."""

    __tablename__ = "pushed_articles"

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    values: Mapped[dict[str, Any]] = mapped_column(Json)  # as it was sent; emptied when it is archived
    by: Mapped[str] = mapped_column(String(80))
    by_id: Mapped[int] = mapped_column(BigInteger)
    pushed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(16), index=True)  # waiting | taken | known | bad
    reason: Mapped[str] = mapped_column(Text, default="")
    page_id: Mapped[int | None] = mapped_column(BigInteger)
