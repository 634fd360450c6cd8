"""Sources and their feeds as the store knows them; loaded from the source files at every start."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from diembao.store.models import FeedRow, SourceRow

IMPORTED = "import"  # outlet type of a source known only from imported rows


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """What the store keeps of a source file. `ways` are (kind, url) pairs: feed, section or sitemap."""

    name: str
    title: str
    outlet_type: str
    scope: str
    agreement: str
    definition: dict[str, Any]
    ways: tuple[tuple[str, str], ...]
    agreement_hours: float = 0.0
    agreement_from: date | None = None
    agreement_until: date | None = None


@dataclass(frozen=True, slots=True)
class DueFeed:
    id: int
    source: str
    url: str
    kind: str
    etag: str
    last_modified: str
    body_digest: str
    interval_seconds: float
    failures: int  # in a row
    status: str  # of the last poll
    last_new_at: datetime | None


def sync_sources(session: Session, records: Iterable[SourceRecord], first_interval: float, now: datetime) -> None:
    """Make the tables say what the source files say; a source that left the files becomes inactive."""
    known = {row.name: row for row in session.scalars(select(SourceRow))}
    feeds = {row.url: row for row in session.scalars(select(FeedRow))}
    seen: set[str] = set()
    ways: set[str] = set()
    for record in records:
        seen.add(record.name)
        row = known.get(record.name) or SourceRow(name=record.name)
        row.title, row.outlet_type, row.scope = record.title, record.outlet_type, record.scope
        row.agreement, row.definition, row.active, row.updated_at = record.agreement, record.definition, True, now
        row.agreement_hours = record.agreement_hours
        row.agreement_from, row.agreement_until = record.agreement_from, record.agreement_until
        session.add(row)
        session.flush()  # the feeds refer to it
        for kind, url in record.ways:
            ways.add(url)
            feed = feeds.get(url)
            if feed is None:
                session.add(
                    FeedRow(source=record.name, url=url, kind=kind, interval_seconds=first_interval, next_due_at=now)
                )
            else:
                feed.source, feed.kind, feed.active = record.name, kind, True
    for name, row in known.items():
        if name not in seen and row.outlet_type != IMPORTED:
            row.active = False
    for url, feed in feeds.items():
        if url not in ways:
            feed.active = False


def ensure_imported_source(session: Session, name: str, title: str, now: datetime) -> None:
    """A source met only in imported rows, so that its articles have an outlet to name."""
    ensure_manual_source(session, name, title, IMPORTED, now)


def ensure_manual_source(session: Session, name: str, title: str, outlet_type: str, now: datetime) -> None:
    """A source that no file describes, because a person named it; one that is known stays as it is."""
    if session.get(SourceRow, name) is None:
        session.add(
            SourceRow(
                name=name,
                title=title,
                outlet_type=outlet_type,
                scope="central",
                agreement="none",
                definition={},
                active=False,
                updated_at=now,
            )
        )
        session.flush()


def all_sources(session: Session) -> Sequence[SourceRow]:
    return session.scalars(select(SourceRow).order_by(SourceRow.name)).all()


def feeds_of(session: Session) -> dict[str, list[FeedRow]]:
    """Active feeds by source."""
    grouped: dict[str, list[FeedRow]] = {}
    for feed in session.scalars(select(FeedRow).where(FeedRow.active).order_by(FeedRow.id)):
        grouped.setdefault(feed.source, []).append(feed)
    return grouped


def feeds_by_status(session: Session) -> dict[str, int]:
    """How many feeds, sections and sitemaps that are read stand how at their last poll."""
    query = select(FeedRow.status, func.count()).where(FeedRow.active).group_by(FeedRow.status)
    return {row[0]: row[1] for row in session.execute(query)}


def due_feeds(
    session: Session, now: datetime, *, sources: Sequence[str] = (), everything: bool = False
) -> list[DueFeed]:
    """Feeds whose time has come (`everything`: all active ones), longest overdue first."""
    query = select(FeedRow).where(FeedRow.active).order_by(FeedRow.next_due_at, FeedRow.id)
    if not everything:
        query = query.where(FeedRow.next_due_at <= now)
    if sources:
        query = query.where(FeedRow.source.in_(sources))
    return [
        DueFeed(
            row.id,
            row.source,
            row.url,
            row.kind,
            row.etag,
            row.last_modified,
            row.body_digest,
            row.interval_seconds,
            row.failures,
            row.status,
            row.last_new_at,
        )
        for row in session.scalars(query)
    ]


def defer_feed(session: Session, feed_id: int, until: datetime) -> None:
    """The feed is being polled; should that never end, it is due again at `until`."""
    session.execute(update(FeedRow).where(FeedRow.id == feed_id).values(next_due_at=until))


def record_poll(
    session: Session,
    feed_id: int,
    *,
    now: datetime,
    status: str,
    reason: str,
    interval_seconds: float,
    new_items: int = 0,
    etag: str | None = None,
    last_modified: str | None = None,
    body_digest: str | None = None,
    wait_seconds: float | None = None,
) -> None:
    """Keep what a poll found. `status`: ok | empty | failing. A failing poll never changes the validators.

    `interval_seconds` is the usual distance between polls; `wait_seconds` overrides it once (Retry-After).
    """
    feed = session.get_one(FeedRow, feed_id)
    feed.last_polled_at = now
    feed.interval_seconds = interval_seconds
    feed.next_due_at = now + timedelta(seconds=wait_seconds if wait_seconds is not None else interval_seconds)
    feed.status, feed.reason = status, reason
    if status == "failing":
        feed.failures += 1
        return
    feed.failures = 0
    feed.last_ok_at = now
    if new_items:
        feed.last_new_at = now
    feed.etag = etag if etag is not None else feed.etag
    feed.last_modified = last_modified if last_modified is not None else feed.last_modified
    feed.body_digest = body_digest if body_digest is not None else feed.body_digest


def feeds_are_well(session: Session, source: str) -> bool:
    """Whether the source has feeds and all of them were well when last polled."""
    found = session.scalars(
        select(FeedRow.status).where(FeedRow.source == source, FeedRow.active, FeedRow.kind == "feed")
    )
    states = set(found)
    return states == {"ok"}


def poll_sections_now(session: Session, source: str, now: datetime) -> None:
    """The list pages of a source are due at once (its feeds have failed)."""
    late = FeedRow.next_due_at > now
    session.execute(
        update(FeedRow)
        .where(FeedRow.source == source, FeedRow.active, FeedRow.kind == "section", late)
        .values(next_due_at=now)
    )
