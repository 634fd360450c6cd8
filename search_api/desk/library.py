"""Every component of the desk in every state, with the hardest content there is: what it does not stand, shows here."""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Request, Response

from diembao.newsroom.analysis.charts import Chart, Mark
from diembao.newsroom.permissions import Action
from search_api.analysis.finding import drawn
from search_api.desk import pane
from search_api.desk.asked import Asked
from search_api.desk.hard_cards import hard_cards
from search_api.desk.member import Member
from search_api.desk.queue_view import Desk
from search_api.desk.session import needs
from search_api.desk.told import Told
from search_api.faces import DESK
from search_api.site import CurrentSite

router = APIRouter(include_in_schema=False)

LIBRARY = f"{DESK}/thu-vien"
_LONG = (
    "Ủy ban nhân dân tỉnh ban hành kế hoạch cải tạo, nâng cấp hệ thống thoát nước đô thị dọc hai bờ sông Cầu, đoạn qua "
    "các phường trung tâm, hoàn thành trước mùa mưa năm sau, tổng mức đầu tư dự kiến"
)[:180]
_WORD = "Nghiêng" * 12
_HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>"
_CHART = Chart(
    _LONG,
    "Số bài",
    tuple(Mark(f"{day:02d}/10", day * 37 % 23, series, _LONG) for day in range(1, 32) for series in ("a", _WORD)),
    ("a", _WORD),
    compared=tuple(Mark(f"{day:02d}/10", day, said=_LONG) for day in range(1, 32)),
)


@router.get(LIBRARY)
def library_page(request: Request, site: CurrentSite, member: Annotated[Member, needs(Action.SEE_LIBRARY)]) -> Response:
    with site.resources.store.read() as session:
        desk = Desk.of(session, site, member)
    return site.desk.page(
        request,
        "library.html",
        long=_LONG,
        nfd=unicodedata.normalize("NFD", _LONG),
        word=_WORD,
        hostile=_HOSTILE,
        cards_shown=hard_cards(_LONG, _WORD, _HOSTILE, site.now()),
        chart=drawn(site, _CHART),
        chart_shown=_CHART,
        selected=1,
        asked=Asked(),
        **pane.shared(site, desk),
        stances=("favourable", "unfavourable", "neutral", "mixed"),
        states=("new", "taken", "drafted", "waiting", "approved", "published", "rejected", "withdrawn", "corrected"),
        earlier=site.now() - timedelta(hours=3),
        long_ago=site.now() - timedelta(days=400),
        done=Told("desk.library.told"),
        undoable=Told("desk.library.told", undo=0),
        failed=Told("desk.library.told_fault", kind="fault"),
    )
