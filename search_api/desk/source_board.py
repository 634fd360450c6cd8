"""The operator's page: does every newspaper come in as it usually does?"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response

from diembao.newsroom.permissions import Action
from diembao.newsroom.pulse import pulse_board
from search_api.desk.member import Member
from search_api.desk.session import needs
from search_api.faces import DESK
from search_api.site import CurrentSite

router = APIRouter(include_in_schema=False)

SOURCES = f"{DESK}/nguon"
Watcher = Annotated[Member, needs(Action.SEE_SOURCES)]


@router.get(SOURCES)
def sources_page(request: Request, site: CurrentSite, _member: Watcher) -> Response:
    """Every source with its state and the reason, those in trouble first."""
    with site.resources.store.read() as session:
        lines = pulse_board(session, site.now())
    trouble = sum(line.state not in ("ok", "new") for line in lines)
    return site.desk.page(request, "sources.html", lines=lines, trouble=trouble)
