"""Newspapers, their feeds, how their pages are read, and how they have been."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, Date, Float, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from diembao.store.models.base import Base, Identity, Json, UtcDateTime


class SourceRow(Base):
    """A newspaper as its file said when it was last loaded, so that web and analysis need not read files."""

    __tablename__ = "sources"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    outlet_type: Mapped[str] = mapped_column(String(32))
    scope: Mapped[str] = mapped_column(String(32))
    agreement: Mapped[str] = mapped_column(String(16))
    agreement_hours: Mapped[float] = mapped_column(Float, default=0.0)  # to wait after the source, when it says so
    agreement_from: Mapped[date | None] = mapped_column(Date)  # days in Viet Nam, both included
    agreement_until: Mapped[date | None] = mapped_column(Date)
    definition: Mapped[dict[str, Any]] = mapped_column(Json)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class FeedRow(Base):
    """One way into a source (feed, section page, sitemap): its validators, schedule and pulse."""

    __tablename__ = "feeds"

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    source: Mapped[str] = mapped_column(ForeignKey("sources.name"), index=True)
    url: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(String(16))  # feed | section | sitemap
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    etag: Mapped[str] = mapped_column(Text, default="")
    last_modified: Mapped[str] = mapped_column(Text, default="")
    body_digest: Mapped[str] = mapped_column(String(64), default="")
    interval_seconds: Mapped[float] = mapped_column(Float)
    next_due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    last_polled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_ok_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_new_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    status: Mapped[str] = mapped_column(String(16), default="new")  # new | ok | empty | failing
    reason: Mapped[str] = mapped_column(Text, default="")


class ProfileRow(Base):
    """What was learned about the pages of a source. Old versions stay: they read old pages."""

    __tablename__ = "profiles"
    __table_args__ = (Index("ix_profiles_source_version", "source", "version", unique=True),)

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    source: Mapped[str] = mapped_column(ForeignKey("sources.name"))
    version: Mapped[int] = mapped_column(Integer)
    learned_at: Mapped[datetime] = mapped_column(UtcDateTime)
    pages: Mapped[int] = mapped_column(Integer)
    agreement: Mapped[float] = mapped_column(Float)  # with the teacher, on pages it was not learned from
    body: Mapped[dict[str, Any]] = mapped_column(Json)


class LeaseRow(Base):
    """What a worker holds for a while: the hosts of a newspaper, or its own presence. Free when `until` has passed."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    holder: Mapped[str] = mapped_column(String(120), default="")
    until: Mapped[datetime] = mapped_column(UtcDateTime)


class SourceEventRow(Base):
    """Something that happened to an article at its newspaper, for the newsroom to act on."""

    __tablename__ = "source_events"

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(16))  # changed | removed | restored
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    detail: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    handled_by: Mapped[str] = mapped_column(String(80), default="")


class SourceDayRow(Base):
    """What came in from a source on one day of Viet Nam; reckoned anew from the pages while the day is young."""

    __tablename__ = "source_days"

    source: Mapped[str] = mapped_column(String(64), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    found: Mapped[int] = mapped_column(Integer, default=0)
    read: Mapped[int] = mapped_column(Integer, default=0)
    by_fallback: Mapped[int] = mapped_column(Integer, default=0)  # of `read`
    undated: Mapped[int] = mapped_column(Integer, default=0)  # of `read`
    errors: Mapped[int] = mapped_column(Integer, default=0)  # failed, refused, unreadable or quarantined


class SourcePulseRow(Base):
    """How a source does, as last reckoned, and what the operator was told of it."""

    __tablename__ = "source_pulse"

    source: Mapped[str] = mapped_column(ForeignKey("sources.name", ondelete="CASCADE"), primary_key=True)
    state: Mapped[str] = mapped_column(String(16))  # ok | quiet | empty | failing | drifting
    reason: Mapped[dict[str, str]] = mapped_column(Json, default=dict)  # vi, en
    figures: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    since: Mapped[datetime] = mapped_column(UtcDateTime)  # of this state
    bad_runs: Mapped[int] = mapped_column(Integer, default=0)  # in a row
    checked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    told_state: Mapped[str] = mapped_column(String(16), default="ok")
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
