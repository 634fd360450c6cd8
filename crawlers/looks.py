"""Looking again at an article: is it as it was, changed, gone, or can that not be told?

A page's bytes change at every visit (counters, related links), so what counts is what is read from them: the archived
page and the new one are read by the same reader and compared as a person would. What is gone must be seen so twice.
Errors of the server, timeouts and pages that show something else prove nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

from selectolax.lexbor import LexborHTMLParser
from sqlalchemy.orm import Session

from crawlers.download import Fetched
from crawlers.links import looks_like_article
from crawlers.plain import plain_text
from crawlers.retry_after import BUSY, seconds_to_wait
from crawlers.schedule import CONFIRM_AFTER, ask_without_validators, next_look
from diembao.errors import ArchiveError, DiembaoError, Unreadable
from diembao.records import ArchivePlace, Article, Page
from diembao.store import changes, trail, watches
from diembao.store.archive import read_record
from diembao.store.models import ArticleRow
from diembao.store.watches import DueLook
from nlp.differences import compare, likeness
from pipelines.addresses import canonical_url, is_front_page
from pipelines.reading import read_page
from pipelines.reading.decoding import decode

_GONE_STATUS: Final = frozenset({404, 410})
_SAME_ARTICLE: Final = 0.3
_SAME_TITLE: Final = 0.5
# What pages say where an article was; asked only of pages that no longer show it.
_SAYS_GONE: Final = re.compile(
    r"(?:bài|tin|trang|nội dung|đường dẫn|liên kết|địa chỉ|dữ liệu|video|page|article|content|url)\b.{0,60}?"
    r"(?:không (?:còn )?tồn tại|không tìm thấy|(?:đã )?(?:bị|được) (?:xóa|xoá|gỡ|hạ|thu hồi)|không còn|đã hết hạn|"
    r"not (?:be )?found|no longer (?:available|exists)|does(?: not|n't) exist|(?:been )?(?:removed|deleted))"
    r"|không tìm thấy (?:bài|tin|trang|nội dung)|^(?:lỗi|error)?\s*404\b",
    re.IGNORECASE,
)
_LONGEST_NOTICE: Final = 200
_MOST_BLOCKS: Final = 3_000
# So many articles of one newspaper gone at the same time, none seen well: an accident until it has lasted longer.
_ACCIDENT_FROM: Final = 5
_ACCIDENT_WAIT: Final = timedelta(minutes=30)
_RETRY: Final = timedelta(minutes=10)

Kind = Literal["same", "changed", "missing", "unclear"]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look showed. fields: of the watch, to be kept; hold: seconds the host wants to be left alone."""

    kind: Kind
    reason: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    hold: float = 0.0


@dataclass(frozen=True, slots=True)
class Cadence:
    """window: how long articles are looked at again; fresh: how long published ones are looked at every 25 minutes."""

    window: timedelta
    fresh: timedelta


def validators(look: DueLook, now: datetime) -> dict[str, str]:
    """Headers that let the server say that nothing changed; none where something is to be proved or doubted."""
    if look.removed or look.missing_since is not None or ask_without_validators(look.page_id, now):
        return {}
    headers = {"If-None-Match": look.etag, "If-Modified-Since": look.last_modified}
    return {name: value for name, value in headers.items() if value}


def judge(
    look: DueLook,
    result: Fetched | DiembaoError,
    selectors: Mapping[str, str],
    archive: Path,
    *,
    conditional: bool,
    now: datetime,
) -> Seen:
    """What the answer to a look, or the error instead of one, shows. Reads pages: call it in a thread."""
    if isinstance(result, DiembaoError):
        return Seen("unclear", str(result)[:300])
    if result.status in BUSY:
        wait = seconds_to_wait(result.header("retry-after"), now)
        return Seen("unclear", f"HTTP {result.status}", hold=wait)
    if result.status == 304 and conditional:
        return Seen("same")
    if result.status in _GONE_STATUS:
        return Seen("missing", f"HTTP {result.status}")
    if result.status != 200 or not result.body.strip():
        return Seen("unclear", f"HTTP {result.status}" if result.status != 200 else "a page without content")
    if (away := _led_away(look.url, result.url)) is not None:
        return away
    return _judge_page(look, result, selectors, archive, now)


def _led_away(asked: str, shown: str) -> Seen | None:
    if canonical_url(asked) == canonical_url(shown) or is_front_page(asked):
        return None
    if is_front_page(shown):
        return Seen("missing", "leads to the front page")
    return None if looks_like_article(shown) else Seen("missing", f"leads to a list page: {shown[:200]}")


def _judge_page(look: DueLook, result: Fetched, selectors: Mapping[str, str], archive: Path, now: datetime) -> Seen:
    digest = hashlib.blake2b(result.body, digest_size=32).hexdigest()
    fields = {
        "etag": result.header("etag"),
        "last_modified": result.header("last-modified"),
        "body_digest": digest,
    }
    if digest == look.body_digest and look.missing_since is None and not look.removed:
        return Seen("same", fields=fields)
    page = Page(look.url, look.source, now, 200, result.header("content-type"), result.body, look.hints)
    try:
        new = read_page(page, selectors)
    except Unreadable as error:
        notice = _notice(result)
        return Seen("missing", f"says: {notice}") if notice else Seen("unclear", f"unreadable: {error}")
    if not _shows(look, new):
        notice = _notice(result)
        if notice:
            return Seen("missing", f"says: {notice}")
        if canonical_url(look.url) != canonical_url(result.url):
            return Seen("missing", f"leads to another article: {result.url[:200]}")
        return Seen("unclear", f"shows something else: {new.title[:100]}")
    old = _archived(look, selectors, archive)
    seen = compare((old.title, old.text), (new.title, new.text)) if old else compare(_kept(look), (new.title, new.text))
    return Seen("changed" if seen.changed else "same", fields=fields)


def _shows(look: DueLook, new: Article) -> bool:
    return likeness(look.text, new.text) >= _SAME_ARTICLE or likeness(look.title, new.title) >= _SAME_TITLE


def _kept(look: DueLook) -> tuple[str, str]:
    return look.title, look.text


def _archived(look: DueLook, selectors: Mapping[str, str], archive: Path) -> Article | None:
    """The page as it was, read by the reader of today; None when it cannot be had any more."""
    try:
        record = read_record(archive, look.place)
        kept = Page(look.url, look.source, look.fetched_at, 200, look.content_type, record.body, look.hints)
        return read_page(kept, selectors)
    except (ArchiveError, Unreadable):
        return None


def _notice(result: Fetched) -> str:
    """The words by which a page says that an article is gone; '' when it says no such thing."""
    try:
        tree = LexborHTMLParser(decode(result.body, result.header("content-type")))
    except Unreadable:
        return ""
    for node in tree.css("h1, h2, h3, title, p, div, span, strong, b, td")[:_MOST_BLOCKS]:
        text = plain_text(node.text() or "") if node.tag in ("h1", "h2", "h3", "title") else _own_text(node.text())
        if 0 < len(text) <= _LONGEST_NOTICE and _SAYS_GONE.search(text):
            return text
    return ""


def _own_text(text: str) -> str:
    return plain_text(text) if len(text) <= 4 * _LONGEST_NOTICE else ""


def keeping(
    look: DueLook, seen: Seen, answer: Fetched | None, cadence: Cadence, now: datetime
) -> Callable[[Session, ArchivePlace | None], str]:
    """The work that keeps a look.

    Its result is the outcome: same | changed | suspected | removed | gone (known to be removed) | restored | unclear.
    """

    def work(session: Session, place: ArchivePlace | None) -> str:
        if seen.kind == "missing":
            return _keep_missing(session, look, seen, cadence, now)
        if seen.kind == "unclear":
            wait = min(_regular(look, cadence, now) or _RETRY, _RETRY) if look.missing_since else None
            _settle(session, look, cadence, now, {}, wait=wait)
            return "unclear"
        outcome = "same"
        if seen.kind == "changed" and place is not None and answer is not None:
            changes.hand_over(session, look.article_id, place, answer.status, answer.header("content-type"))
            outcome = "changed"
        if look.removed:
            changes.record_restoration(session, session.get_one(ArticleRow, look.article_id), now)
            outcome = "restored"
        fields: dict[str, Any] = {"missing_since": None, "missing_reason": "", **seen.fields}
        _settle(session, look, cadence, now, fields)
        return outcome

    return work


def _keep_missing(session: Session, look: DueLook, seen: Seen, cadence: Cadence, now: datetime) -> str:
    if look.removed:
        _settle(session, look, cadence, now, {})
        return "gone"
    since = look.missing_since or now
    fields = {"missing_since": since, "missing_reason": seen.reason}
    if look.missing_since is None:
        trail.add(session, look.page_id, now, "look", "suspected", detail={"reason": seen.reason})
    if now - since < CONFIRM_AFTER or _may_be_accident(session, look.source, since, now):
        _settle(session, look, cadence, now, fields, wait=CONFIRM_AFTER)
        return "suspected"
    changes.record_removal(session, session.get_one(ArticleRow, look.article_id), seen.reason, since, now)
    _settle(session, look, cadence, now, fields, wait=timedelta(days=1))
    return "removed"


def _may_be_accident(session: Session, source: str, since: datetime, now: datetime) -> bool:
    """Whether the newspaper's server rather than its editors may have taken this article away."""
    if now - since >= _ACCIDENT_WAIT:
        return False
    gone, well = watches.gone_together(session, source, since)
    return gone >= _ACCIDENT_FROM and not well


def _regular(look: DueLook, cadence: Cadence, now: datetime) -> timedelta | None:
    published = look.published and not look.removed
    return next_look(now - look.settled_at, cadence.window, published=published, fresh_published=cadence.fresh)


def _settle(
    session: Session,
    look: DueLook,
    cadence: Cadence,
    now: datetime,
    fields: Mapping[str, Any],
    *,
    wait: timedelta | None = None,
) -> None:
    wait = wait if wait is not None else _regular(look, cadence, now)
    if look.removed and wait is not None:
        wait = max(wait, timedelta(days=1))
    if wait is None:
        watches.drop(session, look.page_id)
    else:
        watches.settle(session, look.page_id, now=now, next_look_at=now + wait, fields=fields)
