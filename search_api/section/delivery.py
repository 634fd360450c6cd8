"""From a way of making a page to the answer: kept pages, conditional requests, caching headers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from fastapi import Request, Response
from sqlalchemy.orm import Session

from diembao.store import public
from search_api.conditional import is_known
from search_api.moments import day_of, start_of
from search_api.section.page_cache import Page
from search_api.site import Site

Build = Callable[[Session], Page]


def deliver(request: Request, site: Site, build: Build) -> Response:
    """Answer with the page that `build` makes, or with 304 when the asker has it already."""
    now = site.now()
    with site.resources.store.read() as session:
        mark = public.mark(session)
        key = (request.url.path, request.url.query, mark.audit, mark.trail, int(now.timestamp()) // 60)
        page = site.pages.get(key)
        if page is None:
            page = build(session)
            site.pages.put(key, page)
    # Midnight changes the date line of every page.
    changed = max(mark.changed_at, start_of(day_of(now))).replace(microsecond=0)
    return _answer(request, page, changed)


def _answer(request: Request, page: Page, changed: datetime) -> Response:
    headers = dict(page.headers)
    if page.status != 200:
        headers.setdefault("Cache-Control", "no-store")
        return Response(page.body, page.status, headers, media_type=page.media_type)
    headers |= {
        "ETag": page.etag,
        "Last-Modified": format_datetime(changed.astimezone(UTC), usegmt=True),
        "Cache-Control": f"public, max-age={page.max_age}",
        "Vary": "Accept-Encoding",
    }
    if _is_known(request, page.etag, changed):
        return Response(status_code=304, headers=headers)
    return Response(page.body, 200, headers, media_type=page.media_type)


def _is_known(request: Request, etag: str, changed: datetime) -> bool:
    """RFC 9110 §13: the tag decides where one is given, else the date."""
    known = request.headers.get("if-none-match")
    if known is not None:
        return is_known(known, etag)
    since = request.headers.get("if-modified-since")
    if since is None:
        return False
    try:
        return changed <= parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return False
