"""Accounts of everybody, for whoever looks after them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Path, Request, Response

from diembao.errors import Refused
from diembao.newsroom import passwords, people
from diembao.newsroom.permissions import Action, Role
from diembao.store import audit
from diembao.store import people as accounts
from search_api.desk.member import Member
from search_api.desk.session import needs
from search_api.desk.told import Told
from search_api.faces import DESK
from search_api.site import CurrentSite, Site

router = APIRouter(include_in_schema=False)

PEOPLE = f"{DESK}/nguoi-dung"
_INVALID = 422
_SHOWN_HISTORY = 50
_FIELD_OF = {
    "bad_name": "name",
    "name_taken": "name",
    "name_too_long": "full_name",
    "bad_email": "email",
    "no_role": "role",
    "last_admin": "role",
}
Word = Annotated[str, Form(max_length=1000)]
Roles = Annotated[list[str], Form(max_length=10)]
Number = Annotated[int, Path(ge=1, lt=2**63)]
Keeper = Annotated[Member, needs(Action.MANAGE_PEOPLE)]


@router.get(PEOPLE)
def people_page(request: Request, site: CurrentSite, _member: Keeper) -> Response:
    with site.resources.store.read() as session:
        rows = accounts.everybody(session)
    return site.desk.page(request, "people.html", rows=rows)


@router.get(f"{PEOPLE}/them")
def new_person_page(request: Request, site: CurrentSite, _member: Keeper) -> Response:
    return _new(request, site, {})


@router.post(f"{PEOPLE}/them")
def add_person(
    request: Request,
    site: CurrentSite,
    member: Keeper,
    name: Word = "",
    full_name: Word = "",
    email: Word = "",
    role: Roles = [],  # noqa: B006 - never changed; FastAPI wants a plain default
) -> Response:
    """Answers with the temporary password, this once."""
    given = {"name": name, "full_name": full_name, "email": email, "role": role}
    password = passwords.temporary()
    try:
        number = people.add(
            site.resources.store,
            site.passwords,
            member.actor,
            name=name,
            full_name=full_name,
            email=email,
            password=password,
            roles=_known(role),
            now=site.now(),
            temporary=True,
        )
    except Refused as error:
        return _new(request, site, given, {_FIELD_OF.get(error.key, "name"): site.desk.reason(error)})
    return _password(request, site, number, password)


@router.get(f"{PEOPLE}/{{number}}")
def person_page(request: Request, site: CurrentSite, _member: Keeper, number: Number) -> Response:
    return _person(request, site, number)


@router.post(f"{PEOPLE}/{{number}}")
def change_person(
    request: Request,
    site: CurrentSite,
    member: Keeper,
    number: Number,
    full_name: Word = "",
    email: Word = "",
    role: Roles = [],  # noqa: B006 - never changed
) -> Response:
    try:
        with site.resources.store.write() as session:
            people.set_details(session, member.actor, number, full_name, email, site.now())
            people.set_roles(session, member.actor, number, _known(role), site.now())
    except Refused as error:
        if error.key == "no_person":
            raise HTTPException(404) from error
        given = {"full_name": full_name, "email": email, "role": role}
        return _person(request, site, number, given, {_FIELD_OF.get(error.key, "role"): site.desk.reason(error)})
    return site.desk.redirect(request, f"{PEOPLE}/{number}", Told("desk.people.changed"))


@router.post(f"{PEOPLE}/{{number}}/khoa")
def disable_person(request: Request, site: CurrentSite, member: Keeper, number: Number) -> Response:
    with site.resources.store.write() as session:
        people.disable(session, member.actor, number, site.now())
    return site.desk.redirect(request, f"{PEOPLE}/{number}", Told("desk.people.disabled"))


@router.post(f"{PEOPLE}/{{number}}/mo-khoa")
def enable_person(request: Request, site: CurrentSite, member: Keeper, number: Number) -> Response:
    with site.resources.store.write() as session:
        people.enable(session, member.actor, number, site.now())
    return site.desk.redirect(request, f"{PEOPLE}/{number}", Told("desk.people.enabled"))


@router.post(f"{PEOPLE}/{{number}}/mat-khau-moi")
def reset_password(request: Request, site: CurrentSite, member: Keeper, number: Number) -> Response:
    """Answers with the temporary password, this once."""
    password = passwords.temporary()
    people.reset_password(site.resources.store, site.passwords, member.actor, number, password, site.now())
    return _password(request, site, number, password)


def _known(roles: list[str]) -> list[Role]:
    return [role for role in Role if role.value in roles]


def _new(request: Request, site: Site, given: Mapping[str, object], faults: dict[str, str] | None = None) -> Response:
    return site.desk.page(
        request,
        "new_person.html",
        status=_INVALID if faults else 200,
        given=given,
        faults=faults or {},
        roles=[role.value for role in Role],
    )


def _person(
    request: Request,
    site: Site,
    number: int,
    given: Mapping[str, object] | None = None,
    faults: dict[str, str] | None = None,
) -> Response:
    with site.resources.store.read() as session:
        row = accounts.by_id(session, number)
        if row is None:
            raise HTTPException(404)
        history = audit.of_object(session, "user", number)[-_SHOWN_HISTORY:]
        sessions = accounts.sessions_of(session, number, site.now())
    return site.desk.page(
        request,
        "person.html",
        status=_INVALID if faults else 200,
        row=row,
        given=given or {"full_name": row.full_name, "email": row.email, "role": row.roles},
        faults=faults or {},
        history=list(reversed(history)),
        sessions=len(sessions),
        roles=[role.value for role in Role],
    )


def _password(request: Request, site: Site, number: int, password: str) -> Response:
    with site.resources.store.read() as session:
        row = accounts.by_id(session, number)
    return site.desk.page(request, "temporary_password.html", row=row, password=password)
