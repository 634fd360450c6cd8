"""Adding what the crawler did not bring: by address, read at once; or by hand, from print, broadcast or networks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, get_args

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import JSONResponse

from diembao.errors import Forbidden, Refused
from diembao.newsroom import adding
from diembao.newsroom.adding import Given, Kind, Progress
from diembao.newsroom.permissions import Action
from diembao.store import requests
from diembao.store.archive import ArchiveWriter
from search_api.desk.acts import Form, moment_of, text
from search_api.desk.member import Member
from search_api.desk.pages import is_fetch
from search_api.desk.saying import say_fault
from search_api.desk.session import needs
from search_api.desk.told import Told
from search_api.faces import DESK
from search_api.site import CurrentSite, Site

router = APIRouter(include_in_schema=False)

Adder = Annotated[Member, needs(Action.ADD_ARTICLE)]
ADD = f"{DESK}/them"
_MOST_SHOWN = 10


@router.get(ADD)
def add_page(request: Request, site: CurrentSite, member: Adder) -> Response:
    return _page(request, site, member)


@router.post(ADD)
def add_by_address(request: Request, site: CurrentSite, member: Adder, form: Form) -> Response:
    url = text(form, "url")
    try:
        with site.resources.store.write() as session:
            number = adding.ask(session, url, member.actor, site.now())
    except (Refused, Forbidden) as error:
        return _page(request, site, member, fault=error, typed={"url": url})
    return site.desk.redirect(request, f"{ADD}/{number}")


@router.get(f"{ADD}/{{number}}")
def progress_page(request: Request, site: CurrentSite, member: Adder, number: int) -> Response:
    """How far the reading of an address has come; looks again by itself while it is under way."""
    with site.resources.store.read() as session:
        found = adding.progress(session, number)
    if found is None:
        raise HTTPException(404)
    words = _words(site, found)
    if is_fetch(request):
        return JSONResponse({"stage": found.stage, "words": words, "story": found.story_id})
    is_under_way = found.stage not in ("done", "failed")
    return site.desk.page(request, "added.html", found=found, words=words, under_way=is_under_way, number_of=number)


@router.post(f"{ADD}/bang-tay")
def add_by_hand(request: Request, site: CurrentSite, member: Adder, form: Form) -> Response:
    typed = {name: text(form, name) for name in ("kind", "outlet", "title", "body", "day", "time", "address")}
    archive = ArchiveWriter(site.settings.archive_dir)
    try:
        given = _given(typed, moment_of(form, site.now()))
        with site.resources.store.write() as session:
            adding.by_hand(session, archive, given, member.actor, site.now())
    except (Refused, Forbidden) as error:
        return _page(request, site, member, fault=error, typed=typed)
    finally:
        archive.close()
    return site.desk.redirect(request, ADD, Told("desk.acts.done.by_hand", {"count": 1}))


def _given(typed: dict[str, str], printed_at: datetime) -> Given:
    kind: Kind = next((one for one in get_args(Kind) if one == typed["kind"]), "print")
    return Given(kind, typed["outlet"], typed["title"], typed["body"], printed_at, typed["address"])


def _page(
    request: Request,
    site: Site,
    member: Member,
    *,
    fault: Refused | Forbidden | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    with site.resources.store.read() as session:
        asked = requests.of_person(session, member.name, limit=_MOST_SHOWN)
    values: dict[str, Any] = {
        "asked": asked,
        "typed": typed or {},
        "fault": say_fault(site.desk.edition, fault, site.now()) if fault else "",
        "kinds": get_args(Kind),
    }
    return site.desk.page(request, "add.html", status=422 if fault else 200, **values)


def _words(site: Site, found: Progress) -> str:
    messages = site.desk.edition.messages
    if found.stage != "failed":
        return messages.text(f"desk.adding.stages.{found.stage}")
    return messages.text(found.key if found.key in messages else "desk.adding.failed.otherwise")
