"""The tables. Times are aware and in UTC on both databases; JSON is JSONB on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time. SQLite has no zones, so it holds naive UTC; a naive value given to us is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = JSON().with_variant(JSONB(), "postgresql")
# SQLite gives an INTEGER PRIMARY KEY its rowid; a BIGINT one would not count by itself.
Identity = BigInteger().with_variant(Integer(), "sqlite")


# Ids that leave the store, in addresses and in the index: SQLite would give the number of a deleted row again.
NEVER_REUSED = {"sqlite_autoincrement": True}


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


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


class LeaseRow(Base):
    """What a worker holds for a while: the hosts of a newspaper, or its own presence. Free when `until` has passed."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    holder: Mapped[str] = mapped_column(String(120), default="")
    until: Mapped[datetime] = mapped_column(UtcDateTime)


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
        Index("ix_articles_story_id_source", "story_id", "source"),
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


class SavedViewRow(Base):
    """A choice of filters of the queue that somebody named. query: as it stands in the address."""

    __tablename__ = "saved_views"

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    user_id: Mapped[int] = mapped_column(BigInteger, index=True)
    name: Mapped[str] = mapped_column(String(80))
    query: Mapped[str] = mapped_column(Text)
    shared: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


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


class DeliveryRow(Base):
    """One digest for one address: one mail, however many lists the address is on."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("digest_id", "email"),
        Index("ix_deliveries_state_next_try_at", "state", "next_try_at"),
    )

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    digest_id: Mapped[int] = mapped_column(ForeignKey("digests.id"))
    list_id: Mapped[int] = mapped_column(ForeignKey("mailing_lists.id"))
    recipient_id: Mapped[int] = mapped_column(BigInteger)
    email: Mapped[str] = mapped_column(String(254))
    message_id: Mapped[str] = mapped_column(String(200), default="", index=True)
    # queued | sending | handing | sent | refused | bounced | uncertain | cancelled
    state: Mapped[str] = mapped_column(String(16), default="queued")
    claim: Mapped[str] = mapped_column(String(32), default="")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime)
    queued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer: Mapped[str] = mapped_column(Text, default="")  # what the server said last


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


class LetterRow(Base):
    """A mail to one person of the office: which, to whom, how far it has come; states as of `DeliveryRow`.

    kind and content say what is told; the words are made when it is sent, so that what was taken down meanwhile is
    not in it. occasion: what it is about, so that nobody is told of one thing twice.
    """

    __tablename__ = "letters"
    __table_args__ = (
        UniqueConstraint("kind", "occasion"),
        Index("ix_letters_state_next_try_at", "state", "next_try_at"),
    )

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(24))
    occasion: Mapped[str] = mapped_column(String(120))
    object_id: Mapped[int] = mapped_column(BigInteger)  # by kind: of the follow, the alert …
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    email: Mapped[str] = mapped_column(String(254))
    content: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    message_id: Mapped[str] = mapped_column(String(200), default="")
    state: Mapped[str] = mapped_column(String(16), default="queued")
    claim: Mapped[str] = mapped_column(String(32), default="")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime)
    queued_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer: Mapped[str] = mapped_column(Text, default="")  # what the server said last


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


class AlertDeliveryRow(Base):
    """One call of a webhook: `queued`, `sending`, then `sent`, `failed` or `cancelled`. Mails of alerts are letters.

    message_id: stays the same through every try. content: which matches; what is sent is made when it is sent.
    """

    __tablename__ = "alert_deliveries"
    __table_args__ = (Index("ix_alert_deliveries_state_next_try_at", "state", "next_try_at"),)

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"), index=True)
    message_id: Mapped[str] = mapped_column(String(64), unique=True)
    url: Mapped[str] = mapped_column(Text)
    content: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    state: Mapped[str] = mapped_column(String(16), default="queued")
    claim: Mapped[str] = mapped_column(String(32), default="")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime)
    queued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer: Mapped[str] = mapped_column(Text, default="")  # how the last try ended: a word, then what was said


class LabelRow(Base):
    """What a person says of a page where the machine said otherwise. Kept by page, so that it outlives the article."""

    __tablename__ = "labels"
    __table_args__ = (Index("ix_labels_page_id_field", "page_id", "field"),)

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("pages.id", ondelete="CASCADE"))
    field: Mapped[str] = mapped_column(String(24))  # relevance | topics | stance | needs_response | places
    value: Mapped[Any] = mapped_column(Json)
    machine_value: Mapped[Any] = mapped_column(Json)  # the machine's newest word on it
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(80))
    by_id: Mapped[int | None] = mapped_column(BigInteger)
    from_label: Mapped[int | None] = mapped_column(BigInteger)  # of the original, when it was applied to a copy
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_by: Mapped[str] = mapped_column(String(80), default="")


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


class MatterRow(Base):
    """A matter that the press raised in a story: who is to answer, by when, and what came of it."""

    __tablename__ = "matters"

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    story_id: Mapped[int] = mapped_column(BigInteger, unique=True)  # no key: a story may cease to be
    body: Mapped[str] = mapped_column(String(200), default="", index=True)  # that leads the answer
    partners: Mapped[str] = mapped_column(Text, default="")
    letter: Mapped[str] = mapped_column(String(120), default="")  # number and symbol of the letter that asks for it
    sent_on: Mapped[date | None] = mapped_column(Date)  # days in Viet Nam
    due_on: Mapped[date | None] = mapped_column(Date)
    answered_on: Mapped[date | None] = mapped_column(Date)
    answer_url: Mapped[str] = mapped_column(Text, default="")
    not_ours: Mapped[bool] = mapped_column(Boolean, default=False)  # outside the province's powers: nobody need answer
    note: Mapped[str] = mapped_column(Text, default="")
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[str] = mapped_column(String(80))
    revision: Mapped[int] = mapped_column(Integer, default=1)


class StoryNoteRow(Base):
    """What editors tell each other about a story. Kept by number: a story that is gone leaves its notes."""

    __tablename__ = "story_notes"

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    story_id: Mapped[int] = mapped_column(BigInteger, index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(80))
    by_id: Mapped[int | None] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(16))  # note | returned | source
    text: Mapped[str] = mapped_column(Text)


class StoryTextRow(Base):
    """Headline and summary as they were once written."""

    __tablename__ = "story_texts"

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    story_id: Mapped[int] = mapped_column(BigInteger, index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(80))
    by_id: Mapped[int | None] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(16))  # autosave | saved
    headline: Mapped[str] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(Text)


class DeskActRow(Base):
    """What somebody did to which stories, with what stood there before, so that it can be undone."""

    __tablename__ = "desk_acts"
    __table_args__ = (Index("ix_desk_acts_actor_id", "actor", "id"),)

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(80))
    act: Mapped[str] = mapped_column(String(24))
    items: Mapped[list[dict[str, Any]]] = mapped_column(Json)  # story, revision after, values before
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TakedownRow(Base):
    """The way of one item off every surface: found out, told, taken off, by whom and on what evidence.

    Copies what it speaks of, because the log must stand when the article is long gone.
    """

    __tablename__ = "takedowns"

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    event_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)  # what was seen at the source
    story_id: Mapped[int] = mapped_column(BigInteger, index=True)
    article_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    cause: Mapped[str] = mapped_column(String(24))  # source_removed | source_changed | by_hand | correction
    scope: Mapped[str] = mapped_column(String(16))  # printing | story | text
    outlet: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    was_published: Mapped[bool] = mapped_column(Boolean)
    detected_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # by when the law wants it gone
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)  # nothing is left to do
    by: Mapped[str] = mapped_column(String(80), default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    evidence: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)


class ArticleRequestRow(Base):
    """An address that somebody at the desk wants read now."""

    __tablename__ = "article_requests"

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    url: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(80))
    by_id: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(16), index=True)  # waiting | fetching | reading | done | failed
    reason: Mapped[str] = mapped_column(String(40), default="")
    detail: Mapped[str] = mapped_column(Text, default="")
    page_id: Mapped[int | None] = mapped_column(BigInteger)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


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
