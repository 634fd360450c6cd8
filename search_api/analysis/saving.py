"""Saved searches: views that people keep under a name, what is new in them, their feed and their summary by mail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Form, HTTPException, Path, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from diembao.errors import Refused
from diembao.newsroom.analysis import saved_searches as searches
from diembao.newsroom.analysis import summaries
from diembao.newsroom.analysis.asked import Asked
from diembao.newsroom.analysis.saved_searches import LETTER, PAGES, Listed
from diembao.store import letters, people, saved_searches
from diembao.store.models import SavedSearchFollowRow, SavedSearchRow
from search_api.analysis.feeding import FEED, KEY
from search_api.analysis.finding import Analyst, in_force, wording_of
from search_api.analysis.wording import Wording
from search_api.desk.member import Member
from search_api.desk.told import Told
from search_api.faces import ANALYSIS
from search_api.site import CurrentSite, Site

router = APIRouter(include_in_schema=False)

SAVED = f"{ANALYSIS}/da-luu"
_LETTERS_SHOWN = 10
Number = Annotated[int, Path(ge=1, lt=2**63)]
Word = Annotated[str, Form(max_length=300)]
Address = Annotated[str, Form(max_length=8192)]
Figure = Annotated[int, Form(ge=-1000, le=1000)]


@dataclass(frozen=True, slots=True)
class Shown:
    """A saved search in words. asks: the queries and filters it keeps."""

    listed: Listed
    asks: tuple[str, ...]
    is_first: bool
    is_last: bool


@router.get(SAVED)
def saved_page(request: Request, site: CurrentSite, member: Analyst) -> Response:
    with site.resources.store.read() as session:
        found = searches.listed(session, site.resources.index, member.actor, site.now())
        wording = wording_of(session, site)
    own = [one for one in found if one.is_own]
    return site.desk.page(
        request,
        "analysis/saved.html",
        own=[Shown(one, asks_of(one.row, wording), one is own[0], one is own[-1]) for one in own],
        others=[Shown(one, asks_of(one.row, wording), True, True) for one in found if not one.is_own],
        saved=SAVED,
    )


@router.post(SAVED)
def save(
    request: Request,
    site: CurrentSite,
    member: Analyst,
    name: Word = "",
    page: Word = "search",
    query: Address = "",
    shared: Word = "",
) -> Response:
    try:
        with site.resources.store.write() as session:
            searches.save(
                session,
                member.actor,
                name=name,
                page=page,
                query=query,
                shared=shared == "1",
                now=site.now(),
            )
    except Refused as error:
        # Back to what was to be saved: nothing of it is lost.
        back = PAGES.get(page, SAVED)
        return site.desk.redirect(request, f"{back}?{query}" if query and page in PAGES else back, _fault(error))
    return site.desk.redirect(request, SAVED, Told("desk.saved.done.save"))


@router.get(f"{SAVED}/{{number}}")
def open_search(site: CurrentSite, member: Analyst, number: Number) -> Response:
    """The view itself; that it was looked at is noted, so that what comes in later is new."""
    try:
        with site.resources.store.write() as session:
            address = searches.address_of(searches.visit(session, member.actor, number, site.now()))
    except Refused as error:
        raise HTTPException(404) from error
    return RedirectResponse(address, 303, {"Cache-Control": "no-store"})


@router.post(f"{SAVED}/{{number}}/sua")
def change(
    request: Request, site: CurrentSite, member: Analyst, number: Number, name: Word = "", shared: Word = ""
) -> Response:
    def act(session: Session) -> None:
        searches.change(session, member.actor, number, name=name, shared=shared == "1", now=site.now())

    return _done(request, site, act, SAVED, "change")


@router.post(f"{SAVED}/{{number}}/xoa")
def drop(request: Request, site: CurrentSite, member: Analyst, number: Number) -> Response:
    return _done(request, site, lambda session: searches.drop(session, member.actor, number, site.now()), SAVED, "drop")


@router.post(f"{SAVED}/{{number}}/chuyen")
def move(request: Request, site: CurrentSite, member: Analyst, number: Number, steps: Figure = 0) -> Response:
    return _done(request, site, lambda session: searches.move(session, member.actor, number, steps), SAVED, "")


@router.get(f"{SAVED}/{{number}}/theo-doi")
def follow_page(request: Request, site: CurrentSite, member: Analyst, number: Number) -> Response:
    return _follow_page(request, site, member, number)


@router.post(f"{SAVED}/{{number}}/rss")
def make_feed(request: Request, site: CurrentSite, member: Analyst, number: Number) -> Response:
    """Answers with the feed's address, this once."""
    try:
        with site.resources.store.write() as session:
            key = searches.make_feed(session, member.actor, number, site.now())
    except Refused as error:
        return site.desk.redirect(request, SAVED, _fault(error))
    return _follow_page(request, site, member, number, f"{site.public_url}{FEED}?{urlencode({KEY: key})}")


@router.post(f"{SAVED}/{{number}}/rss/bo")
def drop_feed(request: Request, site: CurrentSite, member: Analyst, number: Number) -> Response:
    def act(session: Session) -> None:
        searches.drop_feed(session, member.actor, number, site.now())

    return _done(request, site, act, f"{SAVED}/{number}/theo-doi", "feed_drop")


@router.post(f"{SAVED}/{{number}}/thu")
def set_mail(
    request: Request,
    site: CurrentSite,
    member: Analyst,
    number: Number,
    every: Word = "",
    hour: Figure = 7,
    weekday: Figure = 0,
    when_empty: Word = "",
) -> Response:
    def act(session: Session) -> None:
        searches.set_mail(
            session,
            member.actor,
            number,
            every=every,
            hour=hour,
            weekday=weekday,
            when_empty=when_empty == "1",
            now=site.now(),
        )

    return _done(request, site, act, f"{SAVED}/{number}/theo-doi", "mail" if every else "mail_off")


@router.get(f"{summaries.LEAVE}/{{token}}")
def leave_page(request: Request, site: CurrentSite, token: str) -> Response:
    """Asks first: programs that look into mail open every link in it."""
    with site.resources.store.read() as session:
        follow, name = _followed(session, site, token)
    return _leave(request, site, follow, name)


@router.post(f"{summaries.LEAVE}/{{token}}")
def leave(request: Request, site: CurrentSite, token: str) -> Response:
    """The form of that page, and the one-click of mail programs (RFC 8058), which carries no cookie and needs none."""
    with site.resources.store.write() as session:
        follow, name = _followed(session, site, token)
        summaries.leave(session, follow, site.now())
    return _leave(request, site, follow, name)


def asks_of(row: SavedSearchRow, wording: Wording) -> tuple[str, ...]:
    """What a search asks, in words: its queries, then each filter."""
    given = parse_qsl(row.query)
    queries = [f"“{text}”" for name, text in given if name == "q" and text]
    asked = Asked.read((name, value) for name, value in given if name != "q")
    return (*queries, *(text for text, _ in in_force(wording, asked)))


def _followed(session: Session, site: Site, token: str) -> tuple[SavedSearchFollowRow, str]:
    follow = summaries.follow_of_token(session, site.seal, token)
    row = saved_searches.by_id(session, follow.search_id) if follow else None
    if follow is None or row is None:
        raise HTTPException(404)
    return follow, row.name


def _leave(request: Request, site: Site, follow: SavedSearchFollowRow, name: str) -> Response:
    response = site.desk.page(
        request, "analysis/leave.html", words="desk.saved", name=name, has_left=not follow.mail_every
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _follow_page(request: Request, site: Site, member: Member, number: int, feed: str = "") -> Response:
    try:
        with site.resources.store.read() as session:
            row = searches.seen_by(session, member.actor, number)
            follow = saved_searches.follow_of(session, number, member.user_id)
            person = people.by_id(session, member.user_id)
            sent = letters.of_object(session, LETTER, follow.id, _LETTERS_SHOWN) if follow else ()
            asks = asks_of(row, wording_of(session, site))
    except Refused as error:
        raise HTTPException(404) from error
    return site.desk.page(
        request,
        "analysis/follow.html",
        row=row,
        asks=asks,
        follow=follow,
        feed=feed,
        email=person.email if person else "",
        letters=sent,
        can_be_followed=searches.can_be_followed(row),
        saved=SAVED,
    )


def _done(request: Request, site: Site, act: Callable[[Session], None], back: str, done: str) -> Response:
    told = Told(f"desk.saved.done.{done}") if done else None
    try:
        with site.resources.store.write() as session:
            act(session)
    except Refused as error:
        told = _fault(error)
        back = SAVED if error.key == "no_search" else back
    return site.desk.redirect(request, back, told)


def _fault(error: Refused) -> Told:
    return Told(f"desk.refused.{error.key}", error.values, "fault")
