"""One's own account: password, second factor, where one is signed in, how the desk looks."""

from __future__ import annotations

import io
from typing import Annotated

import segno
from fastapi import APIRouter, Form, Path, Request, Response

from diembao.errors import Refused
from diembao.newsroom import people, second_factor, signing_in
from diembao.newsroom.permissions import Action
from diembao.store import people as accounts
from search_api.desk.member import Member
from search_api.desk.pages import ACCOUNT
from search_api.desk.session import SignedIn, needs, visit_of
from search_api.desk.told import Told
from search_api.site import CurrentSite, Site

router = APIRouter(include_in_schema=False)

TWO_STEPS = f"{ACCOUNT}/hai-buoc"
_INVALID = 422
_FIELD_OF = {
    "wrong_password": "current",
    "locked": "current",
    "signs_in_elsewhere": "current",
    "passwords_differ": "again",
}
Word = Annotated[str, Form(max_length=1000)]
Number = Annotated[int, Path(ge=1, lt=2**63)]
Own = Annotated[Member, needs(Action.OWN_ACCOUNT)]


@router.get(ACCOUNT)
def account_page(request: Request, site: CurrentSite, member: SignedIn) -> Response:
    return _page(request, site, member)


@router.post(f"{ACCOUNT}/mat-khau")
def change_password(
    request: Request, site: CurrentSite, member: SignedIn, current: Word = "", new: Word = "", again: Word = ""
) -> Response:
    store, now, visit = site.resources.store, site.now(), visit_of(request)
    try:
        if new != again:
            raise Refused("passwords_differ")
        with signing_in.counted_try(store, member.name, visit, now):
            people.change_own_password(store, site.passwords, member.actor, current=current, new=new, now=now)
    except Refused as error:
        fault = {_FIELD_OF.get(error.key, "new"): site.desk.reason(error)}
        return _page(request, site, member, faults=fault, status=_INVALID)
    with store.write() as session:
        row = accounts.by_id(session, member.user_id)
        if row is None:
            raise Refused("no_person")
        signed = signing_in.enter(session, row, member.made_by, site.settings, visit, now)
    response = site.desk.redirect(request, f"{ACCOUNT}?da-doi=1")
    site.desk.cookies.give(response, site.desk.cookies.session, signed.token)
    return response


@router.post(f"{ACCOUNT}/hien-thi")
def set_appearance(request: Request, site: CurrentSite, member: Own, density: Word = "", theme: Word = "") -> Response:
    with site.resources.store.write() as session:
        people.set_appearance(session, member.actor, density, theme)
    return site.desk.redirect(request, ACCOUNT, Told("desk.account.appearance_kept"))


@router.post(f"{ACCOUNT}/phien/{{number}}/ket-thuc")
def end_session(request: Request, site: CurrentSite, member: Own, number: Number) -> Response:
    with site.resources.store.write() as session:
        ended = accounts.end_session(session, member.user_id, number)
    told = Told("desk.account.session_ended") if ended else Told("desk.account.session_gone", kind="fault")
    return site.desk.redirect(request, ACCOUNT, told)


@router.post(f"{ACCOUNT}/phien/ket-thuc-het")
def end_other_sessions(request: Request, site: CurrentSite, member: Own) -> Response:
    with site.resources.store.write() as session:
        accounts.end_sessions(session, member.user_id, but=member.session_id)
    return site.desk.redirect(request, ACCOUNT, Told("desk.account.sessions_ended"))


@router.post(TWO_STEPS)
def offer_second_factor(request: Request, site: CurrentSite, member: Own) -> Response:
    with site.resources.store.write() as session:
        second_factor.offer(session, member.session_id, site.seal)
    return site.desk.redirect(request, TWO_STEPS)


@router.get(TWO_STEPS)
def second_factor_page(request: Request, site: CurrentSite, member: Own) -> Response:
    return _offer_page(request, site, member)


@router.get(f"{TWO_STEPS}/ma-qr.svg")
def picture(site: CurrentSite, member: Own) -> Response:
    """The address for the authenticator as a picture; for this session only, and never kept by anybody."""
    drawn = io.BytesIO()
    address = second_factor.address(
        _offered(site, member), member.name, site.desk.edition.messages.text("desk.frame.product")
    )
    segno.make(address, error="m").save(drawn, kind="svg", scale=5, border=4, light="#fff", dark="#000")
    return Response(drawn.getvalue(), media_type="image/svg+xml", headers={"Cache-Control": "no-store"})


@router.post(f"{TWO_STEPS}/bat")
def begin_second_factor(request: Request, site: CurrentSite, member: Own, code: Word = "") -> Response:
    """Answers with the recovery codes, this once."""
    try:
        with site.resources.store.write() as session:
            codes = second_factor.begin(session, member.actor, member.session_id, code, site.seal, site.now())
    except Refused as error:
        if error.key != "wrong_code":
            raise
        return _offer_page(request, site, member, fault=site.desk.reason(error))
    return site.desk.page(request, "recovery_codes.html", codes=codes)


@router.post(f"{TWO_STEPS}/tat")
def end_second_factor(request: Request, site: CurrentSite, member: Own, code: Word = "") -> Response:
    store, now = site.resources.store, site.now()
    try:
        with (
            signing_in.counted_try(store, member.name, visit_of(request), now),
            store.write() as session,
        ):
            second_factor.end(session, member.actor, code, site.seal, now)
    except Refused as error:
        return _page(request, site, member, faults={"code": site.desk.reason(error)}, status=_INVALID)
    return site.desk.redirect(request, ACCOUNT, Told("desk.account.second_factor_ended"))


def _page(
    request: Request, site: Site, member: Member, *, faults: dict[str, str] | None = None, status: int = 200
) -> Response:
    with site.resources.store.read() as session:
        row = accounts.by_id(session, member.user_id)
        sessions = accounts.sessions_of(session, member.user_id, site.now())
    return site.desk.page(
        request,
        "account.html",
        status=status,
        row=row,
        sessions=sessions,
        faults=faults or {},
        changed=request.query_params.get("da-doi") == "1",
        roles=[role.value for role in sorted(member.roles)],
        densities=people.DENSITIES,
        themes=people.THEMES,
    )


def _offer_page(request: Request, site: Site, member: Member, *, fault: str = "") -> Response:
    return site.desk.page(
        request,
        "second_factor.html",
        status=_INVALID if fault else 200,
        secret=_offered(site, member),
        fault=fault,
    )


def _offered(site: Site, member: Member) -> str:
    with site.resources.store.read() as session:
        return second_factor.offered(session, member.session_id, site.seal)
