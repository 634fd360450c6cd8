"""Keys of programmes: one's own, and for whoever looks after people everybody's."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Path, Request, Response

from diembao.errors import Refused
from diembao.newsroom import api_keys
from diembao.newsroom.api_keys import DAYS, Scope
from diembao.newsroom.permissions import Action
from diembao.store import api_keys as kept
from diembao.store import people as accounts
from search_api.desk.member import Member
from search_api.desk.session import needs
from search_api.desk.told import Told
from search_api.faces import DESK
from search_api.site import CurrentSite, Site

router = APIRouter(include_in_schema=False)

KEYS = f"{DESK}/khoa-api"
_INVALID = 422
_SHOWN_DAYS = 14
_FIELD_OF = {"key_name": "name", "no_scope": "scope", "bad_quota": "per_day", "bad_choice": "days"}
_PER_DAY, _PER_MINUTE, _GOOD_FOR = 10_000, 60, 90
Word = Annotated[str, Form(max_length=200)]
Scopes = Annotated[list[str], Form(max_length=10)]
Number = Annotated[int, Path(ge=1, lt=2**63)]
Own = Annotated[Member, needs(Action.OWN_ACCOUNT)]


@router.get(KEYS)
def keys_page(request: Request, site: CurrentSite, member: Own) -> Response:
    return _page(request, site, member)


@router.post(KEYS)
def make_key(
    request: Request,
    site: CurrentSite,
    member: Own,
    name: Word = "",
    scope: Scopes = [],  # noqa: B006 - never changed; FastAPI wants a plain default
    per_day: Word = "",
    per_minute: Word = "",
    days: Word = "",
) -> Response:
    """Answers with the key, this once."""
    given: dict[str, str | list[str]] = {
        "name": name,
        "scope": scope,
        "per_day": per_day,
        "per_minute": per_minute,
        "days": days,
    }
    try:
        with site.resources.store.write() as session:
            key = api_keys.make(
                session,
                member.actor,
                name=name,
                scopes=[known for known in Scope if known.value in scope],
                per_day=_figure(per_day),
                per_minute=_figure(per_minute),
                days=_figure(days),
                now=site.now(),
            )
    except Refused as error:
        return _page(request, site, member, given, {_FIELD_OF.get(error.key, "name"): site.desk.reason(error)})
    return site.desk.page(request, "new_key.html", key=key, name=name)


@router.post(f"{KEYS}/{{number}}/thu-hoi")
def revoke_key(request: Request, site: CurrentSite, member: Own, number: Number) -> Response:
    with site.resources.store.write() as session:
        api_keys.revoke(session, member.actor, number, site.now())
    return site.desk.redirect(request, KEYS, Told("desk.keys.revoked"))


def _figure(text: str) -> int:
    """A whole number as people type it; -1 for what is none, which no choice allows."""
    digits = text.strip().replace(".", "").replace(" ", "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else -1


def _page(
    request: Request,
    site: Site,
    member: Member,
    given: dict[str, str | list[str]] | None = None,
    faults: dict[str, str] | None = None,
) -> Response:
    now = site.now()
    with site.resources.store.read() as session:
        sees_all = member.may(Action.MANAGE_KEYS)
        rows = kept.everybodys(session) if sees_all else kept.of_person(session, member.user_id)
        used = kept.used(session, [row.id for row in rows], now.date() - timedelta(days=_SHOWN_DAYS - 1))
        owners = accounts.names(session, sorted({row.user_id for row in rows}))
    defaults: dict[str, str | list[str]] = {
        "name": "",
        "scope": [],
        "per_day": str(_PER_DAY),
        "per_minute": str(_PER_MINUTE),
        "days": str(_GOOD_FOR),
    }
    return site.desk.page(
        request,
        "keys.html",
        status=_INVALID if faults else 200,
        rows=rows,
        used=used,
        owners=owners,
        sees_all=sees_all,
        today=now.date(),
        given=given or defaults,
        faults=faults or {},
        scopes=[scope.value for scope in api_keys.grantable(member.actor)],
        days=DAYS,
    )
