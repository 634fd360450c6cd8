"""Who is asking at the desk: every route takes a `Staff`, or a `Member` that `needs` an action.

    @router.post("/ban-bien-tap/tin/{number}/nhan")
    def take(member: Annotated[Member, needs(Action.JUDGE)], ...)

One dependency does it all, so that no route can have a part of it: session, expiry, the token of the form for
everything but GET, a password that must be changed first, the permission.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request

from diembao.newsroom import signing_in
from diembao.newsroom.people import roles_of
from diembao.newsroom.permissions import Action, require
from diembao.newsroom.seal import Seal
from diembao.newsroom.signing_in import FULL, Visit
from search_api.desk.member import Member
from search_api.desk.refusals import NotSignedIn, PasswordMustChange, StaleForm
from search_api.site import CurrentSite, Site

CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "csrf"
_READING = ("GET", "HEAD")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


async def _token_given(request: Request) -> str:
    """What a script or a form sends to show that it is of our pages; forms are read once, here and by the route."""
    if request.method in _READING:
        return ""
    header = request.headers.get(CSRF_HEADER)
    if header is not None:
        return header
    if not request.headers.get("content-type", "").startswith(_FORMS):
        return ""
    value = (await request.form()).get(CSRF_FIELD, "")
    return value if isinstance(value, str) else ""


TokenGiven = Annotated[str, Depends(_token_given)]


def visit_of(request: Request) -> Visit:
    return Visit(request.client.host if request.client else "", request.headers.get("user-agent", ""))


def carries_session(request: Request, site: Site) -> bool:
    """Whether there is anything to be looked up: `find_member` goes to the store for it."""
    return bool(site.desk.cookies.read(request, site.desk.cookies.session))


def find_member(request: Request, site: Site) -> Member | None:
    """The member whose session the request carries; None when there is none, or when it has ended."""
    token = site.desk.cookies.read(request, site.desk.cookies.session)
    if not token:
        return None
    found = signing_in.resume(site.resources.store, site.settings, token, visit_of(request), site.now())
    if found is None or found[0].stage != FULL:
        return None
    session, user = found
    return Member(
        user_id=user.id,
        name=user.name,
        full_name=user.full_name,
        roles=roles_of(user),
        session_id=session.id,
        session_digest=session.token_digest,
        csrf=csrf_of(site.seal, session.token_digest),
        made_by=session.made_by,
        must_change_password=user.must_change_password,
        density=user.density,
        theme=user.theme,
    )


def csrf_of(seal: Seal, bound_to: str) -> str:
    return seal.signature("form", bound_to)


def check_form(request: Request, site: Site, given: str, bound_to: str) -> None:
    """Raises: StaleForm: the request changes something and does not carry the token of `bound_to`."""
    if request.method not in _READING and not (bound_to and site.seal.fits(given, "form", bound_to)):
        raise StaleForm(f"{request.method} {request.url.path} without the token of its session")


def signed_in(request: Request, site: CurrentSite, given: TokenGiven) -> Member:
    """Whoever has signed in, be the password as it may."""
    member = find_member(request, site)
    if member is None:
        raise NotSignedIn(request.url.path)
    request.state.member = member
    check_form(request, site, given, member.session_digest)
    return member


SignedIn = Annotated[Member, Depends(signed_in)]


# Coroutines, though they wait for nothing: see `search_api.site`.
async def _staff(member: SignedIn) -> Member:
    if member.must_change_password:
        raise PasswordMustChange(member.name)
    return member


Staff = Annotated[Member, Depends(_staff)]


def needs(action: Action) -> Any:
    """The member, who may do this; for `Annotated[Member, needs(Action.JUDGE)]`."""

    async def permitted(member: Staff) -> Member:
        require(member.actor, action)
        return member

    permitted.action = action  # type: ignore[attr-defined]  # the table of routes and roles asks for it
    return Depends(permitted)
