"""Mailing lists at the desk: who gets which digests, and when by themselves."""

from __future__ import annotations

from datetime import time
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Path, Request, Response
from sqlalchemy.orm import Session

from diembao.errors import Refused
from diembao.newsroom.digests import lists, wording
from diembao.newsroom.permissions import Action
from diembao.store import mailing
from diembao.store.models import MailingListRow
from search_api.desk.member import Member
from search_api.desk.session import needs
from search_api.desk.told import Told
from search_api.faces import DESK
from search_api.site import CurrentSite, Site

router = APIRouter(include_in_schema=False)

LISTS = f"{DESK}/danh-sach-gui"
Number = Annotated[int, Path(ge=1, lt=2**63)]
Keeper = Annotated[Member, needs(Action.MANAGE_RECIPIENTS)]
Word = Annotated[str, Form(max_length=300)]
Several = Annotated[list[str], Form(max_length=10)]


@router.get(LISTS)
def lists_page(request: Request, site: CurrentSite, _member: Keeper) -> Response:
    with site.resources.store.read() as session:
        rows, counted = mailing.lists(session), mailing.recipient_counts(session)
    return site.desk.page(request, "mailing_lists.html", rows=rows, counted=counted, kinds=list(wording.KINDS))


@router.post(LISTS)
def make_list(
    request: Request,
    site: CurrentSite,
    member: Keeper,
    name: Word = "",
    audience: Word = "internal",
    at: Word = "",
    kind: Several = [],  # noqa: B006 - never changed; FastAPI wants a plain default
    weekday: Several = [],  # noqa: B006 - never changed
) -> Response:
    days = [int(word) for word in weekday if word in "0123456" and len(word) == 1]
    try:
        with site.resources.store.write() as session:
            row = lists.make_list(session, name, audience, kind, _clock(at), days, member.actor, site.now())
    except Refused as error:
        return site.desk.redirect(request, LISTS, _fault(error))
    return site.desk.redirect(request, f"{LISTS}/{row.id}", Told("desk.digests.lists.done.make"))


@router.get(f"{LISTS}/{{number}}")
def list_page(request: Request, site: CurrentSite, _member: Keeper, number: Number) -> Response:
    with site.resources.store.read() as session:
        row = _row(session, number)
        recipients = mailing.recipients(session, number)
    return site.desk.page(request, "mailing_list.html", row=row, recipients=recipients)


@router.post(f"{LISTS}/{{number}}/lich")
def rest_or_wake(request: Request, site: CurrentSite, member: Keeper, number: Number, active: Word = "") -> Response:
    with site.resources.store.write() as session:
        _row(session, number)
        lists.set_active(session, number, active == "1", member.actor, site.now())
    return site.desk.redirect(request, LISTS, Told("desk.digests.lists.done.active"))


@router.post(f"{LISTS}/{{number}}/them")
def add_recipient(
    request: Request, site: CurrentSite, member: Keeper, number: Number, email: Word = "", name: Word = ""
) -> Response:
    return _done(request, site, member, number, "add", email=email, name=name)


@router.post(f"{LISTS}/{{number}}/bo")
def remove_recipient(
    request: Request, site: CurrentSite, member: Keeper, number: Number, recipient: Annotated[int, Form(ge=1, lt=2**63)]
) -> Response:
    return _done(request, site, member, number, "remove", recipient=recipient)


def _done(
    request: Request,
    site: Site,
    member: Member,
    number: int,
    act: str,
    *,
    email: str = "",
    name: str = "",
    recipient: int = 0,
) -> Response:
    told = Told(f"desk.digests.lists.done.{act}")
    try:
        with site.resources.store.write() as session:
            _row(session, number)
            if act == "add":
                lists.add_recipient(session, number, email, name, member.actor, site.now())
            else:
                lists.remove_recipient(session, recipient, member.actor, site.now())
    except Refused as error:
        told = _fault(error)
    return site.desk.redirect(request, f"{LISTS}/{number}", told)


def _fault(error: Refused) -> Told:
    return Told(f"desk.refused.{error.key}", error.values, "fault")


def _row(session: Session, number: int) -> MailingListRow:
    row = session.get(MailingListRow, number)
    if row is None:
        raise HTTPException(404)
    return row


def _clock(text: str) -> time | None:
    """A time of day as a form writes it; None for an empty field.

    Raises:
        Refused: `bad_schedule`.
    """
    if not text.strip():
        return None
    try:
        return time.fromisoformat(text.strip())
    except ValueError as error:
        raise Refused("bad_schedule") from error
