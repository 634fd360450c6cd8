"""The feed of a saved search, for the person whose key is in its address.

The key stands in the query of the address, which the log of requests leaves out. Whoever has it reads what that
person may see, and nothing of it may be kept by anybody in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated

import feedgenerator
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi import Query as QueryParameter
from sqlalchemy.orm import Session

from diembao.errors import BadQuery
from diembao.index.protocol import Query, Sort
from diembao.newsroom.analysis import saved_searches as searches
from diembao.newsroom.analysis.asked import BadDay
from diembao.newsroom.analysis.saved_searches import address_of, query_of
from diembao.store import articles, stories
from diembao.store.models import ArticleRow, SavedSearchRow, StoryRow
from nlp.text import normalise
from search_api.analysis.finding import wording_of
from search_api.analysis.wording import Wording
from search_api.conditional import is_known, tag_of
from search_api.faces import DESK
from search_api.limits import allowance_fields
from search_api.moments import day_of
from search_api.problems import TooMany
from search_api.rendering import web_address
from search_api.site import CurrentSite, Site

router = APIRouter(include_in_schema=False)

FEED = "/theo-doi.xml"
KEY = "khoa"
_ITEMS = 50
# Readers ask every few minutes: six at once, then one in two seconds.
_TOKENS = 20
_HEADERS = {"Cache-Control": "private, no-cache", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


@dataclass(frozen=True, slots=True)
class Item:
    title: str
    url: str
    facts: str
    at: datetime
    desk: str
    topics: tuple[str, ...]


@router.get(FEED)
def feed(request: Request, site: CurrentSite, khoa: Annotated[str, QueryParameter(max_length=200)] = "") -> Response:
    now = site.now()
    with site.resources.store.read() as session:
        found = searches.feed_of(session, khoa) if khoa else None
        if found is None:
            raise HTTPException(404)
        follow, row, _person = found
        allowance = site.address_limits.take(f"feed {follow.id}", _TOKENS)
        if allowance.wait:
            raise TooMany("too_many_requests", allowance_fields([allowance]))
        try:
            query = query_of(row, day_of(now))
        except (BadQuery, BadDay) as error:
            raise HTTPException(410) from error  # saved when the language was another
        items = _items(session, site, query)
    # Of what is in it, not of the bytes: an empty feed carries the time it was made.
    tag = tag_of(repr((row.name, row.page, row.query, items)).encode())
    headers = {**_HEADERS, "ETag": tag}
    if is_known(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    return Response(_xml(site, row, items), headers=headers, media_type="application/rss+xml; charset=utf-8")


def _items(session: Session, site: Site, query: Query) -> list[Item]:
    """The newest stories, each by the newest article that matches; what was taken down is not among them."""
    wording = wording_of(session, site)
    hits = site.resources.index.search(replace(query, sort=Sort.NEWEST, size=_ITEMS, collapse=True, bare=True)).items
    rows = articles.by_ids(session, [int(hit.id) for hit in hits])
    known = stories.by_ids(session, sorted({row.story_id for row in rows.values()}))
    return [
        _item(row, known[row.story_id], site, wording)
        for row in (rows.get(int(hit.id)) for hit in hits)
        if row is not None and row.story_id in known and row.withdrawn_at is None and row.source_removed_at is None
    ]


def _item(row: ArticleRow, story: StoryRow, site: Site, wording: Wording) -> Item:
    text, formats = wording.messages.text, site.desk.edition.formats
    facts = [
        text("desk.saved.feed.item", outlet=wording.value("source", row.source), time=formats.short(row.effective_at))
    ]
    if story.outlets > 1:
        facts.append(text("story.printings", count=story.outlets) + ".")
    if row.stance:
        facts.append(text("desk.saved.feed.stance", stance=wording.value("stance", row.stance)))
    if row.lead:
        facts.append(row.lead)
    return Item(
        normalise(row.title),
        web_address(row.url),
        normalise(" ".join(facts)),
        row.effective_at,
        f"{site.public_url}{DESK}/tin/{row.story_id}",
        tuple(wording.value("topic", slug) for slug in ([row.topic] if row.topic else [])),
    )


def _xml(site: Site, row: SavedSearchRow, items: Sequence[Item]) -> bytes:
    text = site.desk.edition.messages.text
    made = feedgenerator.Rss201rev2Feed(
        title=text("desk.saved.feed.title", name=row.name),
        link=site.public_url + address_of(row),
        description=text("desk.saved.feed.description"),
        language="vi",
        author_name=site.settings.owner_name,
    )
    for item in items:
        made.add_item(
            title=item.title,
            link=item.url or item.desk,
            description=item.facts,
            pubdate=item.at,
            unique_id=item.desk,
            unique_id_is_permalink=False,
            comments=item.desk,
            categories=list(item.topics),
        )
    written: str = made.writeString("utf-8")
    return written.encode()
