"""Saved views: choices of filters that people gave a name."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Request, Response

from diembao.newsroom.permissions import Action
from diembao.store import saved_views
from search_api.desk.acts import Form, text
from search_api.desk.asked import Asked
from search_api.desk.member import Member
from search_api.desk.pages import safe_next
from search_api.desk.session import needs
from search_api.desk.told import Told
from search_api.faces import DESK
from search_api.site import CurrentSite

router = APIRouter(include_in_schema=False)

Reader = Annotated[Member, needs(Action.READ_DESK)]
_LONGEST_NAME = 80


@router.post(f"{DESK}/che-do-xem")
def save_view(request: Request, site: CurrentSite, member: Reader, form: Form) -> Response:
    back = safe_next(text(form, "back"), DESK)
    name = " ".join(text(form, "name").split())[:_LONGEST_NAME]
    if not name:
        raise HTTPException(400)
    query = Asked.of_address(back).path().partition("?")[2]
    with site.resources.store.write() as session:
        saved_views.add(session, member.user_id, name, query, shared=bool(text(form, "shared")), now=site.now())
    return site.desk.redirect(request, back, Told("desk.acts.done.view", {"count": 1}))


@router.post(f"{DESK}/che-do-xem/{{view_id}}/bo")
def drop_view(request: Request, site: CurrentSite, member: Reader, form: Form, view_id: int) -> Response:
    with site.resources.store.write() as session:
        if not saved_views.drop(session, view_id, member.user_id):
            raise HTTPException(404)
    return site.desk.redirect(
        request, safe_next(text(form, "back"), DESK), Told("desk.acts.done.view_dropped", {"count": 1})
    )
