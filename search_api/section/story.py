"""The page of one story: its summary, who printed it when, who reprinted whom."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Request, Response
from sqlalchemy.orm import Session

from diembao.errors import IndexUnavailable
from diembao.index.protocol import Filter, Keyword, Query, Sort
from diembao.newsroom.stories import related
from diembao.store import public, stories
from diembao.store.public import Printing
from search_api.editions import Edition
from search_api.finding import stories_of_hits
from search_api.moments import day_of, iso_local
from search_api.section.delivery import deliver
from search_api.section.page_cache import Page
from search_api.site import CurrentEdition, CurrentSite, Site
from search_api.views import StoryView, story_view, story_views

logger = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)

_RELATED = 5
# Most of what the machine finds is published; of the rest nothing is said here.
_LOOKED_AT = 20
_DESCRIPTION_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """A printing in the list of a story.

    is_first: the original of the story; is_earliest: it bears the earliest time; original: outlet it was reprinted
    from, where that is shown too.
    """

    printing: Printing
    is_first: bool
    is_earliest: bool
    original: str


@dataclass(frozen=True, slots=True)
class CoverageDay:
    """outlets: how many had printed the story by the end of the day: its growth."""

    day: date
    entries: tuple[Entry, ...]
    outlets: int


@router.get("/tin/{address}")
def story_page(request: Request, site: CurrentSite, edition: CurrentEdition, address: str) -> Response:
    number = _number(address)
    return deliver(request, site, lambda session: _story_or_redirect(session, site, edition, address, number))


def _number(address: str) -> int:
    digits = address.partition("-")[0]
    # Ids are 64-bit; a longer number would be refused by the database.
    if not (digits.isascii() and digits.isdigit() and len(digits) < 19):
        raise HTTPException(404)
    return int(digits)


def _story_or_redirect(session: Session, site: Site, edition: Edition, address: str, number: int) -> Page:
    """The story; or where it is: under the title it has now, or at the story it was merged into."""
    row = stories.get(session, number)
    printings = public.printings_of(session, [row.id], site.visible_until()).get(row.id) if row is not None else None
    if row is None or not printings:
        # Once published and no more: its address says so, instead of pretending it never was.
        gone = row is not None and public.tombstone(session, row.id) is not None
        raise HTTPException(410 if gone else 404)
    story = story_view(row, printings, site.units)
    if story.path == f"/tin/{address}":
        return _story(session, site, edition, story)
    headers = (("Location", edition.path(story.path)), ("Cache-Control", "public, max-age=300"))
    return Page(b"", status=301, headers=headers)


def _story(session: Session, site: Site, edition: Edition, story: StoryView) -> Page:
    address = site.public_url + edition.path(story.path)
    return Page(
        site.renderer.render(
            "story.html",
            edition,
            path=story.path,
            story=story,
            coverage=coverage(story),
            related=_related(session, site, story),
            description=(story.summary or story.title)[:_DESCRIPTION_LENGTH],
            now=site.now(),
            facebook="https://www.facebook.com/sharer/sharer.php?" + urlencode({"u": address}),
            structured=structured(story, address, edition, site) if story.has_own_summary else None,
        )
    )


def coverage(story: StoryView) -> list[CoverageDay]:
    """The printings by day, first printed first."""
    outlets = {printing.id: printing.outlet for printing in story.printings}
    entries = [
        Entry(
            printing,
            is_first=printing.id == story.first.id,
            is_earliest=position == 0,
            original=outlets.get(printing.reprint_of, "") if printing.reprint_of else "",
        )
        for position, printing in enumerate(story.printings)
    ]
    days = []
    seen: set[str] = set()
    for day, group in groupby(entries, key=lambda entry: day_of(entry.printing.at)):
        printed = tuple(group)
        seen.update(entry.printing.source for entry in printed)
        days.append(CoverageDay(day, printed, len(seen)))
    return days


def _related(session: Session, site: Site, story: StoryView) -> list[StoryView]:
    """Earlier stories about the same; then the newest of the main topic, those about the same commune first.

    Without the search only the earlier ones.
    """
    found = {view.id: view for view in _earlier(session, site, story)}
    if not story.topic or len(found) >= _RELATED:
        return list(found.values())[:_RELATED]
    topic = Filter(Keyword.TOPIC, (story.topic,))
    codes = tuple(place.code for place in story.places if place.path)
    wishes = [(topic, Filter(Keyword.PLACE_CODE, codes))] if codes else []
    for filters in (*wishes, (topic,)):
        query = Query(filters=filters, public_only=True, sort=Sort.NEWEST, size=_RELATED + 1, collapse=True, bare=True)
        try:
            hits = site.resources.index.search(query).items
        except IndexUnavailable as error:
            logger.warning("related stories left out", extra={"reason": str(error)})
            break
        for view in stories_of_hits(session, hits, site.visible_until(), site.units):
            found.setdefault(view.id, view)
    found.pop(story.id, None)
    return list(found.values())[:_RELATED]


def _earlier(session: Session, site: Site, story: StoryView) -> list[StoryView]:
    """Earlier stories about the same that may be seen, nearest first."""
    numbers = [one.story_id for one in related(session, story.id, most=_LOOKED_AT)]
    rows = public.stories_by_id(session, numbers, site.visible_until())
    printings = public.printings_of(session, list(rows), site.visible_until())
    return story_views([rows[number] for number in numbers if number in rows], printings, site.units)[:_RELATED]


def structured(story: StoryView, address: str, edition: Edition, site: Site) -> dict[str, Any]:
    """schema.org of what is ours: the summary. The articles stay their publishers' and are only cited."""
    publisher = {"@type": "GovernmentOrganization", "name": site.settings.owner_name}
    published = story.published_at or story.first.at
    return {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": story.title[:110],
        "description": story.summary,
        "inLanguage": "vi",
        "url": address,
        "mainEntityOfPage": address,
        "datePublished": iso_local(published),
        "dateModified": iso_local(max(story.updated_at, published)),
        "author": publisher,
        "publisher": publisher,
        "articleSection": edition.topic(story.topic) if story.topic else "",
        "citation": [printing.url for printing in story.printings[:10]],
    }
