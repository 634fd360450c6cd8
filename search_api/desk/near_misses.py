"""Pages that were judged not ours, but only just: taken in, or rightly out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response

from diembao.errors import Forbidden, Refused
from diembao.newsroom import near_misses
from diembao.newsroom.permissions import Action
from search_api.desk.acts import Form, done, refused
from search_api.desk.member import Member
from search_api.desk.session import needs
from search_api.faces import DESK
from search_api.site import CurrentSite

router = APIRouter(include_in_schema=False)

Judge = Annotated[Member, needs(Action.JUDGE)]


@router.post(f"{DESK}/suyt-bo-sot/{{page_id}}/nhan")
def take_in(request: Request, site: CurrentSite, member: Judge, form: Form, page_id: int) -> Response:
    """It is ours: read again, it gets its story within moments."""
    try:
        with site.resources.store.write() as session:
            near_misses.take_in(session, page_id, member.actor, site.now())
    except (Refused, Forbidden) as error:
        return refused(request, site, member, form, error)
    return done(request, site, member, form, "desk.acts.done.take_in", {"count": 1}, 0, None)


@router.post(f"{DESK}/suyt-bo-sot/{{page_id}}/bo-qua")
def dismiss(request: Request, site: CurrentSite, member: Judge, form: Form, page_id: int) -> Response:
    try:
        with site.resources.store.write() as session:
            near_misses.dismiss(session, page_id, member.actor, site.now())
    except (Refused, Forbidden) as error:
        return refused(request, site, member, form, error)
    return done(request, site, member, form, "desk.acts.done.dismiss", {"count": 1}, 0, None)
