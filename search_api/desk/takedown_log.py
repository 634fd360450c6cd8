"""The log of what was taken down: what still needs somebody, and everything, to be printed."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Request, Response

from diembao.errors import Forbidden, Refused
from diembao.newsroom import takedowns
from diembao.newsroom.permissions import Action
from diembao.store import takedowns as log
from search_api.desk.acts import Form, done, refused, text
from search_api.desk.member import Member
from search_api.desk.queue_view import Desk
from search_api.desk.session import needs
from search_api.faces import DESK
from search_api.moments import end_of, parse_day, start_of
from search_api.site import CurrentSite

router = APIRouter(include_in_schema=False)

LOG = f"{DESK}/go-bai"
Reader = Annotated[Member, needs(Action.READ_DESK)]
Judge = Annotated[Member, needs(Action.JUDGE)]
_SHOWN_DAYS = timedelta(days=90)


@router.get(LOG)
def takedown_log(request: Request, site: CurrentSite, member: Reader) -> Response:
    """Of the days in the address, else of the last three months."""
    given = {name: request.query_params.get(name, "")[:20] for name in ("from", "to")}
    try:
        since = start_of(parse_day(given["from"])) if given["from"] else site.now() - _SHOWN_DAYS
        until = end_of(parse_day(given["to"])) if given["to"] else None
        fault = ""
    except (ValueError, OverflowError):
        since, until = site.now() - _SHOWN_DAYS, None
        fault = site.desk.edition.messages.text("desk.queue.bad_day", text=" – ".join(filter(None, given.values())))
    with site.resources.store.read() as session:
        rows = log.listed(session, since=since, until=until)
        waiting = log.open_ones(session)
        desk = Desk.of(session, site, member)
    return site.desk.page(
        request, "takedowns.html", rows=rows, waiting=waiting, given=given, since=since, fault=fault, desk=desk
    )


@router.post(f"{LOG}/{{number}}/xong")
def settle(request: Request, site: CurrentSite, member: Judge, form: Form, number: int) -> Response:
    """Somebody has seen to it, and says what was done."""
    try:
        with site.resources.store.write() as session:
            takedowns.settle(session, number, text(form, "words"), member.actor, site.now())
    except (Refused, Forbidden) as error:
        return refused(request, site, member, form, error)
    return done(request, site, member, form, "desk.acts.done.settle", {"count": 1}, 0, None)
