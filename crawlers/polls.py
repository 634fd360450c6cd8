"""What a look at a feed, list page or news sitemap came to, and how it is kept.

New links and the result of the poll are kept in one transaction: a process killed in between finds the feed due
and its links unknown, and does both again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from crawlers.download import Fetched
from crawlers.feeds import read_feed
from crawlers.links import article_links
from crawlers.pagination import next_page
from crawlers.retry_after import BUSY, seconds_to_wait
from crawlers.schedule import LONGEST, Seen, ask_without_validators, next_interval, wait_after_failure
from crawlers.sitemaps import read_sitemap
from crawlers.source import Source
from diembao.errors import DiembaoError, Unreadable
from diembao.records import ArchivePlace
from diembao.store import pages, sources
from diembao.store.pages import FoundLink
from diembao.store.sources import DueFeed
from pipelines.addresses import is_front_page

# A feed that fails once may have hiccups; the second time another way in is taken.
_SECOND_WAY_AFTER: Final = 2
# Stands where the ETag would: this server was caught keeping one for different content.
DISTRUSTED: Final = "-"
# Pages read on from one poll, and addresses taken by it: a list has no end, and a trap neither.
MOST_FURTHER: Final = 20
MOST_LINKS: Final = 500
_MOSTLY_NEW: Final = 0.67


@dataclass(frozen=True, slots=True)
class Reading:
    """status: ok | unchanged | empty | failing, with a reason in words. `parts`: sitemaps an index leads to.

    following: the list page with the next older articles, '' where there is none.
    """

    status: str
    reason: str = ""
    links: tuple[FoundLink, ...] = ()
    parts: tuple[str, ...] = ()
    etag: str = ""
    last_modified: str = ""
    digest: str = ""
    hold: float = 0.0
    following: str = ""


@dataclass(frozen=True, slots=True)
class Timing:
    """How polls are spaced: the first interval in seconds, or a fixed one that overrides all reckoning."""

    first: float
    fixed: float | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What keeping a poll changed."""

    status: str
    new: int = 0
    failures: int = 0


def validators(feed: DueFeed, now: datetime) -> dict[str, str]:
    """Headers that let the server say “nothing new”; none where that could not be believed.

    A feed in trouble is always asked for its content: a 304 would heal nothing.
    """
    if feed.etag == DISTRUSTED or feed.status not in ("ok", "empty") or ask_without_validators(feed.id, now):
        return {}
    headers = {"If-None-Match": feed.etag, "If-Modified-Since": feed.last_modified}
    return {name: value for name, value in headers.items() if value}


def read(feed: DueFeed, source: Source, result: Fetched | DiembaoError, *, conditional: bool, now: datetime) -> Reading:
    """What an answer, or the error instead of one, says. Takes time on large feeds: call it in a thread.

    conditional: whether the request carried validators.
    """
    if isinstance(result, DiembaoError):
        return Reading("failing", str(result))
    if result.status in BUSY:
        wait = seconds_to_wait(result.header("retry-after"), now)
        return Reading("failing", f"HTTP {result.status}: busy, asks for {wait:.0f} s", hold=wait)
    if result.status == 304:
        return Reading("unchanged") if conditional else Reading("failing", "HTTP 304 though it was not asked")
    if result.status != 200:
        return Reading("failing", f"HTTP {result.status}")
    digest = hashlib.blake2b(result.body, digest_size=32).hexdigest()
    if digest == feed.body_digest and feed.status == "ok":
        return Reading("unchanged")
    content = _READERS[feed.kind](result, source, now)
    if content.status == "failing":
        return content
    if content.parts:
        return content  # an index may stay as it is while its parts change: no validators are kept for it
    return Reading(
        content.status,
        content.reason,
        content.links,
        content.parts,
        result.header("etag"),
        result.header("last-modified"),
        digest,
        following=content.following,
    )


def _read_feed(result: Fetched, source: Source, now: datetime) -> Reading:
    content = read_feed(result.body, result.url, result.header("content-type"), now)
    if not content.is_feed:
        kind = result.header("content-type").partition(";")[0] or "unnamed type"
        return Reading("failing", f"answers, but with no feed ({kind}, {len(result.body)} bytes)")
    if not content.entries:
        return Reading("empty", "a feed without items")
    return _own(content.links, source, "item")


def _read_section(result: Fetched, source: Source, _now: datetime) -> Reading:
    try:
        links = article_links(result.body, result.url, result.header("content-type"))
    except Unreadable as error:
        return Reading("failing", str(error))
    following = next_page(result.body, result.url, result.header("content-type"))
    return replace(_own(tuple(links), source, "link"), following=following if source.may_poll(following) else "")


def _read_sitemap(result: Fetched, source: Source, now: datetime) -> Reading:
    content = read_sitemap(result.body, result.url, now)
    if not content.is_sitemap:
        return Reading("failing", f"answers, but with no sitemap ({len(result.body)} bytes)")
    if content.parts:
        return Reading("ok", parts=tuple(part for part in content.parts if source.may_poll(part)))
    if not content.links:
        return Reading("empty", f"a sitemap of {content.entries} addresses, none of the last days")
    return _own(content.links, source, "address")


_READERS: Final = {"feed": _read_feed, "section": _read_section, "sitemap": _read_sitemap}


def _own(links: tuple[FoundLink, ...], source: Source, noun: str) -> Reading:
    """Only what lies on the source's own domains; saying so when that is nothing."""
    own = tuple(link for link in links if source.owns(link.url))
    if own:
        return Reading("ok", links=own)
    if links:
        return Reading("empty", f"{len(links)} {noun}s, but none on {', '.join(source.domains)}: {links[0].url}")
    return Reading("empty", f"no {noun} that leads to an article")


def reads_on(reading: Reading, unknown: int) -> tuple[str, ...]:
    """Where to read on after this page: the parts of an index; the next list page, where most links were new to us.

    That is so when a source is new, or was not read for long; else what is older was found before.
    """
    if reading.parts:
        return reading.parts
    few_known = reading.links and unknown > len(reading.links) * _MOSTLY_NEW
    return (reading.following,) if reading.following and few_known else ()


def keeping(
    feed: DueFeed, reading: Reading, timing: Timing, now: datetime
) -> Callable[[Session, ArchivePlace | None], Kept]:
    """The work that keeps a reading: new links, health, validators and the time of the next poll."""

    def work(session: Session, _place: ArchivePlace | None) -> Kept:
        if reading.status == "failing":
            return _keep_failure(session, feed, reading, timing, now)
        if reading.status == "unchanged":
            interval = _interval(session, feed, Seen(1, 1), timing, now)
            # An empty feed that has not changed is still empty.
            status = "empty" if feed.status == "empty" else "ok"
            reason = "a feed without items" if status == "empty" else ""
            sources.record_poll(session, feed.id, now=now, status=status, reason=reason, interval_seconds=interval)
            return Kept("unchanged")
        new = pages.register_found(session, feed.source, feed.id, reading.links, now)
        seen = Seen(len(reading.links), len(reading.links) - new)
        sources.record_poll(
            session,
            feed.id,
            now=now,
            status=reading.status,
            reason=reading.reason,
            interval_seconds=_interval(session, feed, seen, timing, now),
            new_items=new,
            etag=_etag_to_keep(feed, reading, new),
            last_modified=reading.last_modified,
            body_digest=reading.digest,
        )
        if feed.kind == "feed" and reading.status == "empty" and feed.status != "empty":
            sources.poll_sections_now(session, feed.source, now)
        return Kept(reading.status, new)

    return work


def _keep_failure(session: Session, feed: DueFeed, reading: Reading, timing: Timing, now: datetime) -> Kept:
    failures = feed.failures + 1
    wait = timing.fixed or wait_after_failure(timing.first, failures)
    sources.record_poll(
        session,
        feed.id,
        now=now,
        status="failing",
        reason=reading.reason[:500],
        interval_seconds=feed.interval_seconds,
        wait_seconds=max(wait, reading.hold),
    )
    if feed.kind == "feed" and failures == _SECOND_WAY_AFTER:
        sources.poll_sections_now(session, feed.source, now)
    return Kept("failing", failures=failures)


def _interval(session: Session, feed: DueFeed, seen: Seen, timing: Timing, now: datetime) -> float:
    """Seconds to the next poll. A front page beside a feed is its stand-by, looked at rarely while the feed is well."""
    if timing.fixed:
        return timing.fixed
    stand_by = feed.kind == "section" and is_front_page(feed.url) and sources.feeds_are_well(session, feed.source)
    if stand_by:
        return LONGEST
    # An interval from the time as a stand-by says nothing about how often the page changes.
    before = timing.first if feed.kind == "section" and feed.interval_seconds == LONGEST else feed.interval_seconds
    return next_interval(before, seen, _silence(feed, now))


def _etag_to_keep(feed: DueFeed, reading: Reading, new: int) -> str:
    if feed.etag == DISTRUSTED:
        return DISTRUSTED
    changed_under_it = new and reading.digest != feed.body_digest
    caught = feed.etag and reading.etag == feed.etag and changed_under_it
    return DISTRUSTED if caught else reading.etag


def _silence(feed: DueFeed, now: datetime) -> timedelta | None:
    return now - feed.last_new_at if feed.last_new_at is not None else None
