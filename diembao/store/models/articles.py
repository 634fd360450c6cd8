"""Articles, their versions, the stories they make, and what the index is to be told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from diembao.store.models.base import NEVER_REUSED, Base, Identity, Json, UtcDateTime


class StoryRow(Base):
    """Articles that report the same event, and what people decided about it."""

    __tablename__ = "stories"
    __table_args__ = (
        Index("ix_stories_state_published_at", "state", "published_at"),
        Index("ix_stories_state_first_at", "state", "first_at"),
        Index("ix_stories_scheduled_at", "scheduled_at"),
        # The queue is walked and filtered in the first of these indexes alone, its filters are counted in the second.
        Index(
            "ix_stories_queue",
            "state",
            "relevance",
            "rank",
            "topic",
            "stance",
            "needs_response",
            "first_at",
            "last_at",
            "outlets",
            "id",
        ),
        Index("ix_stories_kinds", "state", "relevance", "topic", "stance", "needs_response", "last_at"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    first_article_id: Mapped[int | None] = mapped_column(BigInteger)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    articles: Mapped[int] = mapped_column(Integer, default=0)
    outlets: Mapped[int] = mapped_column(Integer, default=0)
    relevance: Mapped[str] = mapped_column(String(16))  # the highest of its articles
    certainty: Mapped[float] = mapped_column(Float, default=1.0)  # of the relevance, 0..1
    topic: Mapped[str] = mapped_column(String(64), default="")
    stance: Mapped[str] = mapped_column(String(16), default="")
    needs_response: Mapped[bool] = mapped_column(Boolean, default=False)
    surge: Mapped[int] = mapped_column(Integer, default=1)  # most outlets within six hours
    rank: Mapped[float] = mapped_column(Float, default=0.0)  # its place in the queue: see store/ranking.py
    state: Mapped[str] = mapped_column(String(16), default="new")
    headline: Mapped[str] = mapped_column(Text, default="")
    summary: Mapped[str] = mapped_column(Text, default="")
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    merged_into: Mapped[int | None] = mapped_column(BigInteger)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revision: Mapped[int] = mapped_column(Integer, default=1)
    assignee_id: Mapped[int | None] = mapped_column(BigInteger)  # who has it; people who left keep their number
    assignee: Mapped[str] = mapped_column(String(80), default="")  # the same by name, as in the audit log
    state_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state_by: Mapped[str] = mapped_column(String(80), default="")
    reason: Mapped[str] = mapped_column(Text, default="")  # of the present state: rejected, returned, withdrawn
    approved_by: Mapped[str] = mapped_column(String(80), default="")
    scheduled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    time_vouched_by: Mapped[str] = mapped_column(String(80), default="")  # whose word stands for an unknown time
    correction: Mapped[str] = mapped_column(Text, default="")  # what readers are told was put right
    corrected_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ArticleRow(Base):
    """What was read out of a page, and what the machine thinks of it."""

    __tablename__ = "articles"
    __table_args__ = (
        Index("ix_articles_relevance_effective_at", "relevance", "effective_at"),
        Index("ix_articles_canonical_url", "source", "canonical_url"),
        Index("ix_articles_source_story_id", "source", "story_id"),
        # All that decides whether a printing of a story may be seen.
        Index("ix_articles_printings", "story_id", "source", "effective_at", "withdrawn_at", "source_removed_at"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("pages.id"), unique=True)
    source: Mapped[str] = mapped_column(ForeignKey("sources.name"))
    url: Mapped[str] = mapped_column(Text)
    canonical_url: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    lead: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    authors: Mapped[list[str]] = mapped_column(Json, default=list)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    published_from: Mapped[str] = mapped_column(String(8))
    effective_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)  # published_at, else when it was fetched
    section: Mapped[str] = mapped_column(Text, default="")
    image: Mapped[str] = mapped_column(Text, default="")
    credit: Mapped[str] = mapped_column(Text, default="")
    read_by: Mapped[str] = mapped_column(String(40), default="")
    language: Mapped[str] = mapped_column(String(8), default="")
    relevance: Mapped[str] = mapped_column(String(16))
    relevance_score: Mapped[float] = mapped_column(Float)
    topic: Mapped[str] = mapped_column(String(64), default="", index=True)  # the main one
    stance: Mapped[str] = mapped_column(String(16), default="")
    needs_response: Mapped[bool] = mapped_column(Boolean, default=False)
    annotations: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    signature: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    story_id: Mapped[int] = mapped_column(ForeignKey("stories.id"))
    story_pinned: Mapped[bool] = mapped_column(Boolean, default=False)  # a person put it there; no machine moves it
    reprint_of: Mapped[int | None] = mapped_column(ForeignKey("articles.id"), index=True)
    reprint_certainty: Mapped[float] = mapped_column(Float, default=0.0)  # of reprint_of, 0..1
    credit_source: Mapped[str] = mapped_column(String(80), default="")  # bare name of the outlet its credit line names
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # taken off every surface; the row remains
    withdrawn_reason: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    source_changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # title or text, last time it was seen
    source_removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # gone from its newspaper, confirmed
    source_removed_reason: Mapped[str] = mapped_column(Text, default="")


class StoryPlaceRow(Base):
    """A commune or ward of today that a story's printings name."""

    __tablename__ = "story_places"
    __table_args__ = (Index("ix_story_places_code_story_id", "code", "story_id"),)

    story_id: Mapped[int] = mapped_column(ForeignKey("stories.id"), primary_key=True)
    code: Mapped[str] = mapped_column(String(8), primary_key=True)


class StoryOpeningRow(Base):
    """Who has a story open at the desk; counts for a minute or two after `seen_at`."""

    __tablename__ = "story_openings"

    story_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class BandRow(Base):
    """Keys of article signatures: articles that may be copies, or tell the same story, share some."""

    __tablename__ = "bands"

    band: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), primary_key=True, index=True)


class ArticleVersionRow(Base):
    """A text that an article had at its source. Kept from the first change on: then number 1 is what stood there
    before, and the highest number is what stands in the article."""

    __tablename__ = "article_versions"
    __table_args__ = (UniqueConstraint("article_id", "number"),)

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(Integer)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)  # when it was first fetched in this form
    title: Mapped[str] = mapped_column(Text)
    lead: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    archive_file: Mapped[str] = mapped_column(Text)
    archive_offset: Mapped[int] = mapped_column(BigInteger)
    archive_length: Mapped[int] = mapped_column(BigInteger)


class OutboxRow(Base):
    """A change that the search index has not yet taken over; written with the change itself."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    article_id: Mapped[int] = mapped_column(BigInteger, index=True)
    version: Mapped[int] = mapped_column(Integer)
    deleted: Mapped[bool] = mapped_column(Boolean, default=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    error: Mapped[str] = mapped_column(Text, default="")
