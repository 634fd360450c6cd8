"""Signing in and out. Whoever has not signed in yet has a guest cookie, to which the form is tied."""

from __future__ import annotations

import secrets
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from diembao.errors import Refused
from diembao.newsroom import second_factor, signing_in
from diembao.newsroom.signing_in import FULL, SignedIn
from search_api.desk.pages import home_of, safe_next
from search_api.desk.refusals import StaleForm
from search_api.desk.session import TokenGiven, check_form, csrf_of, find_member, visit_of
from search_api.faces import DESK
from search_api.site import CurrentSite, Site

router = APIRouter(include_in_schema=False)

SIGN_IN = f"{DESK}/dang-nhap"
SECOND_STEP = f"{DESK}/dang-nhap/ma-xac-nhan"
_NO_NAME = 401
Word = Annotated[str, Form(max_length=1000)]


@router.get(SIGN_IN)
def sign_in_page(request: Request, site: CurrentSite, next: str = "") -> Response:
    member = find_member(request, site)
    if member is not None:
        return RedirectResponse(safe_next(next, home_of(member)), 303)
    return _form(request, site, next=next)


@router.post(SIGN_IN)
def sign_in(
    request: Request, site: CurrentSite, given: TokenGiven, name: Word = "", password: Word = "", next: Word = ""
) -> Response:
    try:
        _check_guest(request, site, given)
        signed = signing_in.sign_in(
            site.resources.store, site.passwords, site.settings, name, password, visit_of(request), site.now()
        )
    except (Refused, StaleForm) as error:
        return _form(request, site, name=name, next=next, error=error)
    if signed.stage != FULL:
        query = f"?{urlencode({'next': next})}" if next else ""
        return _with_session(site, signed, RedirectResponse(SECOND_STEP + query, 303))
    return _arrive(request, site, signed, next)


@router.get(SECOND_STEP)
def second_step_page(request: Request, site: CurrentSite, next: str = "") -> Response:
    return _second_step(request, site, next=next)


@router.post(SECOND_STEP)
def second_step(request: Request, site: CurrentSite, given: TokenGiven, code: Word = "", next: Word = "") -> Response:
    token = site.desk.cookies.read(request, site.desk.cookies.session)
    try:
        check_form(request, site, given, signing_in.digest_of(token) if token else "")
        signed = signing_in.confirm(
            site.resources.store,
            site.settings,
            token,
            lambda session, row: second_factor.accept(session, row, code, site.seal, site.now()),
            visit_of(request),
            site.now(),
        )
    except (Refused, StaleForm) as error:
        if isinstance(error, Refused) and error.key == "no_session":
            return _form(request, site, next=next, error=error)
        return _second_step(request, site, next=next, error=error)
    return _arrive(request, site, signed, next)


@router.post(f"{DESK}/dang-xuat")
def sign_out(request: Request, site: CurrentSite, given: TokenGiven) -> Response:
    """Also for sessions that have ended by themselves: then there is nothing to protect."""
    member = find_member(request, site)
    if member is not None:
        check_form(request, site, given, member.session_digest)
        signing_in.sign_out(
            site.resources.store, site.desk.cookies.read(request, site.desk.cookies.session), site.now()
        )
    response = RedirectResponse(SIGN_IN, 303)
    site.desk.cookies.take(response, site.desk.cookies.session)
    return response


def _form(
    request: Request, site: Site, *, name: str = "", next: str = "", error: Refused | StaleForm | None = None
) -> Response:
    guest = site.desk.cookies.read(request, site.desk.cookies.guest) or secrets.token_urlsafe(24)
    request.state.guest_csrf = csrf_of(site.seal, f"guest:{guest}")
    response = site.desk.page(
        request,
        "sign_in.html",
        status=_NO_NAME if error else 200,
        name=name,
        next=next,
        fault=site.desk.reason(error) if error else "",
        single_sign_on=bool(site.settings.oidc_issuer),
        single_sign_on_name=site.settings.oidc_title,
    )
    site.desk.cookies.give(response, site.desk.cookies.guest, guest)
    return response


def _second_step(request: Request, site: Site, *, next: str = "", error: Refused | StaleForm | None = None) -> Response:
    token = site.desk.cookies.read(request, site.desk.cookies.session)
    request.state.guest_csrf = csrf_of(site.seal, signing_in.digest_of(token)) if token else ""
    return site.desk.page(
        request,
        "second_step.html",
        status=_NO_NAME if error else 200,
        next=next,
        fault=site.desk.reason(error) if error else "",
    )


def _check_guest(request: Request, site: Site, given: str) -> None:
    """Else a foreign page could sign somebody in under a name that is not theirs."""
    guest = site.desk.cookies.read(request, site.desk.cookies.guest)
    check_form(request, site, given, f"guest:{guest}" if guest else "")


def _arrive(request: Request, site: Site, signed: SignedIn, next: str) -> Response:
    request.cookies[site.desk.cookies.session] = signed.token
    member = find_member(request, site)
    path = safe_next(next, home_of(member)) if member else SIGN_IN
    response = _with_session(site, signed, RedirectResponse(path, 303))
    site.desk.cookies.take(response, site.desk.cookies.guest)
    return response


def _with_session(site: Site, signed: SignedIn, response: Response) -> Response:
    site.desk.cookies.give(response, site.desk.cookies.session, signed.token)
    return response
