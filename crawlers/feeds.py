"""What a feed says, from bytes that may be anything: found addresses with title, summary, time and author.

feedparser reads nearly all that calls itself a feed; the charset and the times are settled here, because feeds of
Vietnamese papers get just those wrong (`…08:00 GMT+7`, `05/11/2026 08:00`, UTF-8 declared as Latin-1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin
from xml.sax import SAXException

import feedparser

from crawlers.plain import plain_text
from diembao.records import FeedHints
from diembao.store.pages import FoundLink
from pipelines.addresses import canonical_url
from pipelines.dates import read_moment

# Papers' feeds hold 20 to 100 items. Of a longer one the newest are taken; the rest can be found another way.
MAX_ITEMS = 500
# Beyond this feedparser would be at work for seconds; a feed of a thousand items has a megabyte.
MAX_BYTES = 4_000_000
_SUMMARY_LENGTH = 2_000
_TITLE_LENGTH = 500
_DECLARATION = re.compile(rb"^\s*<\?xml[^>]{0,200}\?>")
# Clocks differ; what lies further ahead is a wrong date and says nothing.
_AHEAD = timedelta(hours=24)

_Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FeedContent:
    """Links in the order of the feed, newest kept where there were too many.

    is_feed: whether it could be read as a feed at all; entries: how many it held, with or without a usable link.
    """

    links: tuple[FoundLink, ...]
    is_feed: bool
    entries: int


def read_feed(body: bytes, url: str, content_type: str, now: datetime) -> FeedContent:
    """Read a feed; never raises, whatever the bytes are."""
    parsed = feedparser.parse(
        _in_utf8(body[:MAX_BYTES]),
        response_headers={"content-type": content_type or "application/xml"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    _let_go(parsed.get("bozo_exception"))
    entries = parsed.get("entries", [])
    addressed = _addressed(entries, url)
    if len(addressed) > MAX_ITEMS:
        addressed = _newest(addressed, now)
    links = tuple(FoundLink(address, _hints(entry, now)) for address, entry in addressed)
    return FeedContent(links, bool(parsed.get("version") or entries), len(entries))


def _let_go(fault: BaseException | None) -> None:
    """Take the frames from a parser's fault: they hold the bytes and what came of them, and that holds the fault."""
    while fault is not None:
        fault.__traceback__, within = None, fault.getException() if isinstance(fault, SAXException) else None
        fault.__context__, fault = None, within or fault.__context__


def _in_utf8(body: bytes) -> bytes:
    """Bytes that are valid UTF-8 are UTF-8, whatever header and declaration claim; others are left to feedparser."""
    body = body.removeprefix(b"\xef\xbb\xbf").lstrip()
    if body.isascii():
        return body
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(body) - 3:  # a letter cut at the very end is forgiven
            return body
    return b'<?xml version="1.0" encoding="utf-8"?>' + _DECLARATION.sub(b"", body, count=1)


def _addressed(entries: Iterable[_Entry], base: str) -> list[tuple[str, _Entry]]:
    """Entries with their canonical address; the first of each address."""
    found: dict[str, _Entry] = {}
    for entry in entries:
        written = str(entry.get("link") or entry.get("id") or "").strip()
        try:
            address = canonical_url(urljoin(base, written)) if written else ""
        except ValueError:
            continue
        if address:
            found.setdefault(address, entry)
    return list(found.items())


def _newest(addressed: list[tuple[str, _Entry]], now: datetime) -> list[tuple[str, _Entry]]:
    earliest = datetime.min.replace(tzinfo=UTC)
    return sorted(addressed, key=lambda pair: _published(pair[1], now) or earliest, reverse=True)[:MAX_ITEMS]


def _hints(entry: _Entry, now: datetime) -> FeedHints:
    tags = entry.get("tags") or ()
    return FeedHints(
        title=plain_text(str(entry.get("title") or ""))[:_TITLE_LENGTH],
        summary=plain_text(str(entry.get("summary") or ""))[:_SUMMARY_LENGTH],
        published_at=_published(entry, now),
        author=plain_text(str(entry.get("author") or ""))[:_TITLE_LENGTH],
        section=plain_text(str(tags[0].get("term") or ""))[:_TITLE_LENGTH] if tags else "",
    )


def _published(entry: _Entry, now: datetime) -> datetime | None:
    for field in ("published", "updated", "created"):
        # feedparser's own `get` passes `published` off as a missing `updated`.
        written = str(dict.get(entry, field) or "").strip()
        moment = read_moment(written, now) if written else None
        if moment is not None and moment.at <= now + _AHEAD:
            return moment.at
    return None
