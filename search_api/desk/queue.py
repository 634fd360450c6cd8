"""The queue with its reading pane, and one story as a page of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.orm import Session

from diembao.errors import BadQuery, IndexUnavailable
from diembao.index.language import parse
from diembao.index.protocol import Filter, Keyword
from diembao.index.protocol import Query as IndexQuery
from diembao.newsroom import queue
from diembao.newsroom.permissions import Action
from diembao.newsroom.queue import STATES, Queue, Tab
from diembao.store import near_misses, saved_views
from diembao.store import queue as store_queue
from search_api.desk import pane
from search_api.desk.asked import Asked, BadDay
from search_api.desk.member import Member
from search_api.desk.queue_view import Desk, bulk_acts, filters, tabs, words_in_force
from search_api.desk.session import needs
from search_api.faces import DESK
from search_api.problems import query_fault
from search_api.site import CurrentSite, Site

router = APIRouter(include_in_schema=False)

Reader = Annotated[Member, needs(Action.READ_DESK)]
# So many of the stories that match best are looked at; a search that finds more is too wide to read.
FOUND_AT_MOST = 500


@router.get(DESK)
def queue_page(request: Request, site: CurrentSite, member: Reader) -> Response:
    asked = Asked.read(request.query_params)
    with site.resources.store.read() as session:
        desk = Desk.of(session, site, member)
        return _page(request, site, session, desk, asked)


@router.get(f"{DESK}/tin/{{story_id}}")
def story_page(
    request: Request, site: CurrentSite, member: Reader, story_id: int, fragment: str = "", bai: int | None = None
) -> Response:
    """The reading pane by itself: a page, or its fragment for the queue."""
    asked = Asked.read(request.query_params)
    with site.resources.store.read() as session:
        desk = Desk.of(session, site, member)
        found = pane.load(session, site, desk, story_id, bai)
        if found is None:
            raise HTTPException(404)
        values = {"asked": asked, "p": found, **pane.shared(site, desk)}
        if fragment:
            body = site.desk.fragment(request, "pane.html", alone=False, **values)
            return Response(body, media_type="text/html")
        return site.desk.page(request, "story.html", alone=True, **values)


@router.get(f"{DESK}/tin-moi")
def new_items(
    request: Request, site: CurrentSite, member: Reader, after: Annotated[int, Query(ge=0, le=2**53)] = 0
) -> Response:
    """How many stories have come into what the page shows since it was made."""
    asked = Asked.read(request.query_params)
    if asked.q:
        return JSONResponse({"count": 0})
    with site.resources.store.read() as session:
        choice = asked.choice()
        wanted = queue.wanted_of(
            choice, queue.since_of(choice, queue.last_digest_at(session), site.now()), member.user_id
        )
        count = store_queue.count(session, replace(wanted, after=after))
    words = site.desk.edition.messages.text("desk.queue.new_items", count=count)
    return JSONResponse({"count": count, "words": words})


def _page(request: Request, site: Site, session: Session, desk: Desk, asked: Asked) -> Response:
    ids, fault = _found(site, asked)
    try:
        choice = asked.choice(ids)
    except BadDay as error:
        fault = site.desk.edition.messages.text("desk.queue.bad_day", text=str(error))
        asked = replace(asked, from_="", to="")
        choice = asked.choice(ids)
    shown = queue.load(session, choice, user_id=desk.member.user_id, now=site.now())
    story_id = int(asked.story) if asked.story else (shown.cards[0].id if shown.cards else 0)
    found = pane.load(session, site, desk, story_id, int(asked.printing or 0)) if story_id else None
    return site.desk.page(
        request,
        "queue.html",
        **pane.shared(site, desk),
        asked=asked,
        queue=shown,
        p=found,
        alone=False,
        selected=found.reading.story.id if found else 0,
        fault=fault,
        tabs=tabs(site, shown),
        filters=filters(site, desk, asked, shown),
        in_force=words_in_force(site, desk, asked),
        bulk=bulk_acts(desk.member, shown.choice.tab),
        views=saved_views.of_user(session, desk.member.user_id),
        newest=store_queue.newest_story_id(session),
        near=near_misses.listed(session) if shown.choice.tab is Tab.NEAR else [],
        found_most=FOUND_AT_MOST if ids is not None and len(ids) >= FOUND_AT_MOST else 0,
        **_paging(asked, shown),
    )


def _paging(asked: Asked, shown: Queue) -> dict[str, Any]:
    number = shown.choice.page
    return {
        "previous": asked.path(page=str(number - 1)) if number > 1 else "",
        "next_page": asked.path(page=str(number + 1)) if number < shown.pages else "",
    }


def _found(site: Site, asked: Asked) -> tuple[tuple[int, ...] | None, str]:
    """Stories that the search finds, best first, None without a search; and what is wrong with it, in words."""
    if not asked.q:
        return None, ""
    edition = site.desk.edition
    states = STATES[Tab(asked.tab or Tab.NEW)]
    try:
        tree = parse(asked.q)
        hits = site.resources.index.search(
            IndexQuery(tree, (Filter(Keyword.STATE, states),), size=FOUND_AT_MOST, collapse=True)
        )
    except BadQuery as error:
        return None, edition.messages.text("desk.queue.search_fault", fault=query_fault(edition, error))
    except IndexUnavailable:
        return None, edition.messages.text("desk.queue.search_off")
    return tuple(int(hit.story) for hit in hits.items if hit.story.isascii() and hit.story.isdigit()), ""
