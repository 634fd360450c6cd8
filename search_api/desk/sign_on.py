"""Single sign-on by OpenID Connect (authorization code with PKCE), for offices that have a provider of their own.

What must come back (state, nonce, code verifier) waits in a sealed cookie of ten minutes. People are known by issuer
and subject, never by mail address, which a provider may let people choose.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from diembao.errors import Refused
from diembao.newsroom import single_sign_on
from search_api.desk.pages import safe_next
from search_api.desk.provider import ProviderFault
from search_api.desk.session import visit_of
from search_api.desk.told import Told
from search_api.faces import DESK
from search_api.site import CurrentSite, Site

logger = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)

START = f"{DESK}/dang-nhap/chung"
RETURN = f"{DESK}/dang-nhap/chung/ve"
_WAIT = timedelta(minutes=10)


@router.get(START)
def begin(request: Request, site: CurrentSite, next: str = "") -> Response:
    """To the provider. A link and no form: browsers hold the redirects of forms to this site."""
    _insist(site)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    try:
        endpoint = site.sign_on.known(site.now()).description["authorization_endpoint"]
    except ProviderFault as error:
        return _failed(request, site, error)
    with site.sign_on.client(_return_address(site), state) as client:
        address, _ = client.create_authorization_url(endpoint, state=state, nonce=nonce, code_verifier=verifier)
    response = RedirectResponse(address, 303)
    waiting = _packed(site, {"state": state, "nonce": nonce, "verifier": verifier, "next": next[:500]})
    site.desk.cookies.give(response, site.desk.cookies.sign_on, waiting, max_age=int(_WAIT.total_seconds()))
    return response


@router.get(RETURN)
def come_back(request: Request, site: CurrentSite, code: str = "", state: str = "") -> Response:
    _insist(site)
    waiting = _unpacked(site, site.desk.cookies.read(request, site.desk.cookies.sign_on))
    if waiting is None or not state or not secrets.compare_digest(state.encode(), waiting["state"].encode()):
        return _failed(request, site, Refused("no_session"))
    try:
        token = site.sign_on.token(_return_address(site), code, waiting["verifier"], site.now())
        claims = site.sign_on.claims(token, waiting["nonce"], site.now())
        signed = single_sign_on.sign_in(site.resources.store, site.settings, claims, visit_of(request), site.now())
    except (ProviderFault, Refused) as error:
        return _failed(request, site, error)
    response = RedirectResponse(safe_next(waiting["next"], DESK), 303)
    site.desk.cookies.give(response, site.desk.cookies.session, signed.token)
    site.desk.cookies.take(response, site.desk.cookies.sign_on)
    return response


def _insist(site: Site) -> None:
    if not site.settings.oidc_issuer:
        raise HTTPException(404)


def _return_address(site: Site) -> str:
    return site.public_url + RETURN


def _failed(request: Request, site: Site, error: ProviderFault | Refused) -> Response:
    """To the sign-in page, with what may be told; the rest is for the log."""
    if isinstance(error, ProviderFault):
        logger.warning("single sign-on failed", extra={"reason": str(error)})
        error = Refused("sign_on_failed")
    response = site.desk.redirect(request, f"{DESK}/dang-nhap", Told(f"desk.refused.{error.key}", kind="fault"))
    site.desk.cookies.take(response, site.desk.cookies.sign_on)
    return response


def _packed(site: Site, waiting: Mapping[str, str]) -> str:
    return site.seal.encrypt(json.dumps({**waiting, "until": (site.now() + _WAIT).isoformat()}))


def _unpacked(site: Site, text: str) -> dict[str, str] | None:
    """None for what was not packed here, or too long ago."""
    try:
        waiting: dict[str, str] = json.loads(site.seal.decrypt(text))
    except ValueError:
        return None
    return waiting if datetime.fromisoformat(waiting["until"]) > site.now() else None
