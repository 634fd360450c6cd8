"""Articles that people add: by an address, which the worker fetches and reads at once, or by hand (print, radio,
television, social media), with outlet and time.

Either way it becomes an article like any other, with its own trail; that it is about the province is the person's word,
kept as a label.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from diembao.errors import Refused
from diembao.newsroom.permissions import Action, Actor, require
from diembao.store import articles, audit, labels, pages, requests, sources, trail
from diembao.store.archive import ArchiveWriter
from diembao.store.models import ArticleRequestRow, PageRow
from nlp.text import WORD, fold, match_form, normalise

Kind = Literal["print", "television", "radio", "social", "web"]
OUTLET_TYPES: Final = {
    "print": "newspaper",
    "television": "broadcaster",
    "radio": "broadcaster",
    "social": "social",
    "web": "portal",
}
TITLE_LIMIT: Final = 500
TEXT_LIMIT: Final = 100_000
_URL_LIMIT: Final = 2000
Stage = Literal["waiting", "fetching", "reading", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody read, heard or saw. url: where it can be looked up, if anywhere."""

    kind: Kind
    outlet: str
    title: str
    text: str
    printed_at: datetime
    url: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a request has come. key: of the message that says why it failed, else empty."""

    stage: Stage
    url: str
    key: str = ""
    detail: str = ""
    article_id: int | None = None
    story_id: int | None = None


def ask(session: Session, url: str, actor: Actor, now: datetime) -> int:
    """Have an address read; the worker does it through the crawler's guard. Returns the number to ask `progress` by.

    Raises:
        Forbidden; Refused: `desk.refused.bad_address`.
    """
    require(actor, Action.ADD_ARTICLE)
    url = url.strip()
    row = requests.add(session, _web_address(url), by=actor.name, by_id=actor.user_id, now=now)
    audit.record(
        session,
        actor=actor.name,
        action="ask_for",
        object_kind="request",
        object_id=row.id,
        at=now,
        detail={"url": url},
    )
    return row.id


def progress(session: Session, request_id: int) -> Progress | None:
    """How far it has come; None for a number that was never given."""
    row = session.get(ArticleRequestRow, request_id)
    if row is None:
        return None
    if row.state != "reading":
        key = f"desk.adding.failed.{row.reason}" if row.state == "failed" else ""
        return Progress(row.state, row.url, key, row.detail)  # type: ignore[arg-type]
    page = session.get(PageRow, row.page_id) if row.page_id else None
    if page is None or page.state == "fetched":
        return Progress("reading", row.url)
    article = articles.by_page(session, page.id)
    if article is None:
        return Progress("failed", row.url, f"desk.adding.failed.{page.outcome}", page.reason)
    return Progress("done", row.url, article_id=article.id, story_id=article.story_id)


def by_hand(session: Session, archive: ArchiveWriter, given: Given, actor: Actor, now: datetime) -> int:
    """Add what has no page to fetch; the worker reads it like any other. Returns the page's number.

    Raises:
        Forbidden; Refused: a field is missing or too long, a time in the future, or it is known already.
        ArchiveError
    """
    require(actor, Action.ADD_ARTICLE)
    given = _checked(given, now)
    source = _source(session, given, now)
    row = {
        "title": given.title,
        "text": given.text,
        "date": given.printed_at.isoformat(),
        "url": given.url,
        "source": given.outlet,
        "kind": given.kind,
        "added_by": actor.name,
    }
    url = given.url or f"import:{hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()[:32]}"
    if pages.by_url(session, url) is not None:
        raise Refused("desk.refused.known_address")
    place = archive.write_row(url, json.dumps(row, ensure_ascii=False).encode(), now)
    archive.sync()
    pages.register_archived(session, [(url, source, place, "application/json", now)])
    page = pages.by_url(session, url)
    if page is None:
        raise ValueError("a page that was just registered is not there")
    vouch(session, page.id, actor.name, actor.user_id, now, how=given.kind)
    audit.record(
        session,
        actor=actor.name,
        action="add_by_hand",
        object_kind="page",
        object_id=page.id,
        at=now,
        detail={"outlet": given.outlet, "title": given.title, "kind": given.kind},
    )
    return page.id


def vouch(session: Session, page_id: int, by: str, by_id: int | None, now: datetime, *, how: str) -> None:
    """A person's word that the page is about the province, given with adding it; what somebody said before stays."""
    if "relevance" not in labels.in_force(session, [page_id]).get(page_id, {}):
        labels.add(session, page_id, "relevance", "relevant", None, by=by, by_id=by_id, now=now)
    trail.add(session, page_id, now, "add", how, detail={"by": by})


def _checked(given: Given, now: datetime) -> Given:
    outlet, title = (" ".join(normalise(text).split()) for text in (given.outlet, given.title))
    text = normalise(given.text).strip()
    if given.kind not in OUTLET_TYPES:
        raise Refused("desk.refused.bad_choice")
    for field, value, most in (("outlet", outlet, 200), ("title", title, TITLE_LIMIT), ("text", text, TEXT_LIMIT)):
        if not value:
            raise Refused(f"desk.refused.no_{field}")
        if len(value) > most:
            raise Refused("desk.refused.too_long", field=field, most=most, length=len(value))
    if given.printed_at > now:
        raise Refused("desk.refused.future_time")
    url = _web_address(given.url.strip()) if given.url.strip() else ""
    return Given(given.kind, outlet, title, text, given.printed_at, url)


def _web_address(url: str) -> str:
    """Raises: Refused: `desk.refused.bad_address`."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.username is None
    except ValueError:
        good = False
    if not good or len(url) > _URL_LIMIT or any(letter.isspace() for letter in url):
        raise Refused("desk.refused.bad_address")
    return url


def _source(session: Session, given: Given, now: datetime) -> str:
    """The source of this name, or a new one of the given kind."""
    for row in sources.all_sources(session):
        if row.title.casefold() == given.outlet.casefold():
            return row.name
    name = "-".join(WORD.findall(fold(match_form(given.outlet))))[:64].strip("-") or "khong-ro-nguon"
    sources.ensure_manual_source(session, name, given.outlet, OUTLET_TYPES[given.kind], now)
    return name
