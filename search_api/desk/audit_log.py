"""The audit log: searched by person, action, object and day; whether its chain is unbroken."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from diembao.newsroom.permissions import Action
from diembao.store import audit
from search_api.desk.member import Member
from search_api.desk.session import needs
from search_api.faces import DESK
from search_api.moments import end_of, parse_day, start_of
from search_api.rendering import with_query
from search_api.site import CurrentSite, Site

router = APIRouter(include_in_schema=False)

AUDIT = f"{DESK}/nhat-ky"
_PAGE = 100
Short = Annotated[str, Query(max_length=100)]
Reader = Annotated[Member, needs(Action.READ_AUDIT)]


@router.get(AUDIT)
def audit_page(
    request: Request,
    site: CurrentSite,
    _member: Reader,
    actor: Short = "",
    action: Short = "",
    kind: Short = "",
    id: Short = "",
    day_from: Annotated[str, Query(alias="from", max_length=20)] = "",
    day_to: Annotated[str, Query(alias="to", max_length=20)] = "",
    before: Annotated[int, Query(ge=0, lt=2**63)] = 0,
    verify: Short = "",
) -> Response:
    """Newest first; `before` pages on by number, which stays right while rows are added."""
    asked = {"actor": actor, "action": action, "kind": kind, "id": id, "from": day_from, "to": day_to}
    (since, bad_from), (until, bad_to) = _start(day_from), _end(day_to)
    faults = {
        name: site.desk.edition.messages.text("desk.audit.bad_day")
        for name, bad in (("from", bad_from), ("to", bad_to))
        if bad
    }
    with site.resources.store.read() as session:
        rows = audit.search(
            session,
            actor=actor.strip(),
            action=action,
            object_kind=kind,
            object_id=id.strip(),
            since=since,
            until=until,
            before=before,
            limit=_PAGE + 1,
        )
        broken = audit.first_broken(session) if verify else None
    more = len(rows) > _PAGE
    rows = rows[:_PAGE]
    return site.desk.page(
        request,
        "audit.html",
        rows=rows,
        asked=asked,
        faults=faults,
        actions=_known(site, "actions"),
        kinds=_known(site, "objects"),
        verified=bool(verify),
        broken=broken,
        verify_path=with_query(AUDIT, asked | {"verify": "1"}),
        next=with_query(AUDIT, asked | {"before": str(rows[-1].id)}) if more else "",
        first=with_query(AUDIT, asked) if before else "",
    )


def _known(site: Site, group: str) -> list[str]:
    """Names of actions or kinds of object that have a word."""
    stem = f"desk.audit.{group}."
    return [key.removeprefix(stem) for key in site.desk.edition.messages if key.startswith(stem)]


def _start(text: str) -> tuple[datetime | None, bool]:
    return _moment(text, is_end=False)


def _end(text: str) -> tuple[datetime | None, bool]:
    return _moment(text, is_end=True)


def _moment(text: str, *, is_end: bool) -> tuple[datetime | None, bool]:
    """The beginning (or end) of a day, and whether what was typed is none."""
    if not text.strip():
        return None, False
    try:
        day = parse_day(text)
        return (end_of(day) if is_end else start_of(day)), False
    except (ValueError, OverflowError):
        return None, True
