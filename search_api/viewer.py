"""Who is asking the API, and what they may see: by key (`Authorization: Bearer …`), by session, or anonymously."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Annotated

from fastapi import Depends, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool

from diembao.newsroom import api_keys
from diembao.newsroom.api_keys import KeyUse, Scope
from diembao.newsroom.permissions import Action, Actor
from search_api.desk.session import carries_session, find_member
from search_api.limits import Allowance, allowance_fields
from search_api.problems import TooMany
from search_api.site import CurrentSite, Site

_DAY, _MINUTE = 86_400, 60
BEARER = {"WWW-Authenticate": 'Bearer realm="diembao"'}


@dataclass(frozen=True, slots=True)
class Viewer:
    """is_staff: may see what is not published, and what the machine and the editors think of an article.

    actor: who it is; None: anonymous. may_push: may send articles in, which only programmes do. use: of the key that
    was shown; None: none was.
    """

    name: str = ""
    is_staff: bool = False
    may_push: bool = False
    actor: Actor | None = None
    use: KeyUse | None = None


ANONYMOUS = Viewer()


async def current_viewer(request: Request, response: Response, site: CurrentSite) -> Viewer:
    """The viewer of a request; every route of the API asks this one place. Who shows nothing waits for no thread."""
    key = request.headers.get("authorization")
    if key is not None:
        return await run_in_threadpool(_by_key, key, request, response, site)
    if not carries_session(request, site):
        return ANONYMOUS
    return await run_in_threadpool(_by_session, request, response, site)


def _by_session(request: Request, response: Response, site: Site) -> Viewer:
    member = find_member(request, site)
    if member is None or member.must_change_password:
        return ANONYMOUS
    response.headers["Cache-Control"] = "private, no-store"
    return Viewer(member.name, is_staff=member.may(Action.READ_DESK), actor=member.actor)


def _by_key(given: str, request: Request, response: Response, site: Site) -> Viewer:
    kind, _, key = given.partition(" ")
    now = site.now()
    use = api_keys.use(site.resources.store, key.strip(), now) if kind.lower() == "bearer" else None
    if use is None:
        site.address_limits.charge(request)
        raise HTTPException(401, headers=BEARER)
    fields = allowance_fields(_allowances(use, use.left, now))
    if not use.passes:
        raise TooMany("quota_used_up" if use.left < 0 else "too_many_requests", fields)
    request.state.key_fields = fields
    # A programme may keep an answer of its own, and must ask whether it is still true.
    response.headers.update({"Cache-Control": "private, no-cache", **fields})
    reads, pushes = Scope.READ in use.scopes, Scope.PUSH in use.scopes
    return Viewer(use.actor.name, is_staff=reads, may_push=pushes, actor=use.actor, use=use)


def charge(viewer: Viewer, requests: int, response: Response, site: Site) -> None:
    """Make the viewer's key pay for an answer that costs as much as so many; the request itself is already counted.

    Raises: TooMany: the day's quota is smaller than that. What is refused costs no more than the asking.
    """
    if viewer.use is None or requests <= 1:
        return
    now = site.now()
    left = api_keys.spend(site.resources.store, viewer.use, requests - 1, now)
    fields = allowance_fields(_allowances(viewer.use, left, now))
    if left < 0:
        raise TooMany("quota_used_up", fields)
    response.headers.update(fields)


def _allowances(use: KeyUse, left: int, now: datetime) -> list[Allowance]:
    day = _seconds_to_midnight(now)
    return [
        Allowance("day", use.per_day, _DAY, left, day, day if left < 0 else 0),
        Allowance("minute", use.per_minute, _MINUTE, use.pace.left, use.pace.full_in, use.pace.wait),
    ]


def _seconds_to_midnight(now: datetime) -> int:
    """Until the day of the quota (UTC) ends."""
    tomorrow = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
    return math.ceil((tomorrow - now).total_seconds())


async def staff_only(viewer: Annotated[Viewer, Depends(current_viewer)]) -> Viewer:
    """Refuses before anything is looked up, so that the answer does not tell whether the thing exists."""
    if viewer.actor is None:
        raise HTTPException(401, headers=BEARER)
    if not viewer.is_staff:
        raise HTTPException(403)
    return viewer


CurrentViewer = Annotated[Viewer, Depends(current_viewer)]
StaffOnly = Annotated[Viewer, Depends(staff_only)]
