"""Reads the addresses that people at the desk asked for: fetched through the guard, archived, queued at once.

A person asked for this one page, as with a browser, so robots.txt is not consulted; the guard against addresses that
are not on the public Internet is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Event

from sqlalchemy.orm import Session

from crawlers.fetch import fetch
from diembao.errors import FetchFailed, FetchRefused, StoreUnavailable
from diembao.newsroom import adding
from diembao.records import ArchivePlace, Page
from diembao.settings import Settings
from diembao.store import pages, requests, sources
from diembao.store.archive import ArchiveWriter
from diembao.store.database import Store
from diembao.store.models import ArticleRequestRow
from pipelines.addresses import belongs_to, canonical_url, host_of

logger = logging.getLogger(__name__)

# Short: somebody is waiting before the page that shows the progress.
_IDLE_SECONDS = 1.0
_FAULT_SECONDS = 10.0
_AT_ONCE = 4


def keep_answering(store: Store, settings: Settings, stop: Event) -> None:
    """Answer requests until `stop` is set."""
    archive = ArchiveWriter(settings.archive_dir)
    while not stop.is_set():
        try:
            answered = answer(store, settings, archive)
            pause = 0.0 if answered else _IDLE_SECONDS
        except StoreUnavailable as error:
            logger.error("the store is away: %s", error)
            pause = _FAULT_SECONDS
        stop.wait(pause)
    archive.close()


def answer(
    store: Store,
    settings: Settings,
    archive: ArchiveWriter,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    read: Callable[[str, Settings], Page] = fetch,
) -> int:
    """Fetch what waits; returns how many requests were settled."""
    with store.read() as session:
        if not requests.any_waiting(session, now()):
            return 0
    with store.write() as session:
        taken = requests.take(session, now(), _AT_ONCE)
    for row in taken:
        _answer_one(store, settings, archive, row, now, read)
    return len(taken)


def _answer_one(
    store: Store,
    settings: Settings,
    archive: ArchiveWriter,
    row: ArticleRequestRow,
    now: Callable[[], datetime],
    read: Callable[[str, Settings], Page],
) -> None:
    try:
        page = read(row.url, settings)
    except (FetchRefused, FetchFailed) as error:
        reason = error.reason if isinstance(error, FetchRefused) else "unreachable"
        with store.write() as session:
            requests.settle(session, row.id, "failed", now(), reason=reason, detail=str(error))
        return
    headers = [("Content-Type", page.content_type)]
    place = archive.write_response(page.url, page.status, headers, page.body, page.fetched_at)
    archive.sync()
    with store.write() as session:
        page_id = _register(session, page, place, now())
        adding.vouch(session, page_id, row.by, row.by_id, now(), how="address")
        requests.settle(session, row.id, "reading", now(), page_id=page_id)


def _register(session: Session, page: Page, place: ArchivePlace, now: datetime) -> int:
    """The page, archived and waiting to be read; one that was read before keeps its reading and is judged again."""
    url = canonical_url(page.url) or page.url
    known = pages.by_url(session, url)
    if known is None:
        source = _source_of(session, url, now)
        pages.register_archived(session, [(url, source, place, page.content_type, now)])
        known = pages.by_url(session, url)
        if known is None:
            raise ValueError("a page that was just registered is not there")
    elif known.state == "done":
        pages.again(session, known.id, "gate", now)
    elif known.state != "fetched":
        pages.mark_fetched(session, known.id, status=page.status, content_type=page.content_type, place=place, now=now)
    return known.id


def _source_of(session: Session, url: str, now: datetime) -> str:
    """The newspaper whose address it is, or a source named after the host."""
    for row in sources.all_sources(session):
        domains = tuple(row.definition.get("domains", ()))
        if domains and belongs_to(url, domains):
            return row.name
    host = host_of(url).removeprefix("www.")
    name = host.replace(".", "-").replace(":", "-")[:64]
    sources.ensure_manual_source(session, name, host, adding.OUTLET_TYPES["web"], now)
    return name
