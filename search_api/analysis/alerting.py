"""Alerts: what people want to be told of, what it would have been lately, what it was, and how the telling went."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request, Response
from sqlalchemy.orm import Session

from diembao.errors import Conflict, IndexUnavailable, Refused
from diembao.newsroom.analysis import saved_searches as searches
from diembao.newsroom.analysis.alerts import keeping, letter
from diembao.newsroom.analysis.alerts.alert import Condition, asked_of
from diembao.newsroom.analysis.alerts.keeping import Office, Wanted
from diembao.newsroom.analysis.alerts.news import ALERTS
from diembao.newsroom.analysis.alerts.rehearsal import rehearse
from diembao.newsroom.analysis.alerts.telling import LETTER
from diembao.newsroom.sessions import Sessions
from diembao.store import alerts, letters, people
from diembao.store.models import AlertDeliveryRow, AlertRow
from search_api.analysis.alert_forms import AlertForm, faults_of, form_of, read_form
from search_api.analysis.alert_views import Found, Rehearsed, found_of, muted_of, rehearsed_of
from search_api.analysis.asked import Asked
from search_api.analysis.finding import Analyst, drawn, in_force, wording_of
from search_api.analysis.saving import Number, Word
from search_api.analysis.wording import Wording
from search_api.desk.acts import Form as PostedForm
from search_api.desk.member import Member
from search_api.desk.told import Told
from search_api.site import CurrentSite, Site

router = APIRouter(include_in_schema=False)

MAKE = f"{ALERTS}/tao"
_SHOWN, _CALLS_SHOWN = 50, 20
StoryNumber = Annotated[int, Form(ge=0, lt=2**63)]
LetterNumber = Annotated[int, Form(ge=0, lt=2**63)]


@dataclass(frozen=True, slots=True)
class Listed:
    """An alert in words. asks: the query and filters it watches."""

    row: AlertRow
    asks: tuple[str, ...]
    found_at: datetime | None
    call: AlertDeliveryRow | None


@router.get(ALERTS)
def alerts_page(request: Request, site: CurrentSite, member: Analyst) -> Response:
    with site.resources.store.read() as session:
        rows = alerts.of_user(session, member.user_id)
        numbers = [row.id for row in rows]
        found, calls = alerts.last_found(session, numbers), alerts.newest_deliveries(session, numbers)
        wording = wording_of(session, site)
    listed = [Listed(row, asks_of(row.query, wording), found.get(row.id), calls.get(row.id)) for row in rows]
    return site.desk.page(request, "analysis/alerts.html", listed=listed, alerts=ALERTS, make=MAKE, most=keeping.MOST)


@router.get(f"{letter.LEAVE}/{{token}}")
def leave_page(request: Request, site: CurrentSite, token: str) -> Response:
    """Asks first: programs that look into mail open every link in it."""
    with site.resources.store.read() as session:
        return _leave(request, site, _of_token(session, site, token))


@router.post(f"{letter.LEAVE}/{{token}}")
def leave(request: Request, site: CurrentSite, token: str) -> Response:
    """The form of that page, and the one-click of mail programs (RFC 8058), which carries no cookie and needs none."""
    with site.resources.store.write() as session:
        row = _of_token(session, site, token)
        letter.leave(session, row, site.now())
    return _leave(request, site, row)


@router.get(MAKE)
def make_page(request: Request, site: CurrentSite, member: Analyst) -> Response:
    """A new alert, for the search that was seen (as its address asks) or for a saved one (`tim-kiem`)."""
    given = dict(request.query_params)
    number = given.get("tim-kiem", "")
    with site.resources.store.read() as session:
        person = people.by_id(session, member.user_id)
        wanted = Wanted(
            query=Asked.read(request.query_params.multi_items()).kept, by_mail=bool(person and person.email)
        )
        if number.isascii() and number.isdigit() and len(number) < 16:
            try:
                row = searches.seen_by(session, member.actor, int(number))
            except Refused as error:
                raise HTTPException(404) from error
            if not searches.can_be_followed(row):
                return site.desk.redirect(request, ALERTS, Told("desk.refused.search_has_no_list", {}, "fault"))
            wanted = replace(wanted, name=row.name, query=row.query, saved_search_id=row.id)
    return _form_page(request, site, member, form_of(wanted))


@router.post(ALERTS)
def make(request: Request, site: CurrentSite, member: Analyst, form: PostedForm) -> Response:
    """Answers with the alert and the secret of its webhook, this once; or with what it would have said."""
    given = read_form(form)
    if form.get("act") == "rehearse":
        return _rehearsal_page(request, site, member, given)
    try:
        with site.resources.store.write() as session:
            row, secret = keeping.make(session, member.actor, given.wanted, _office(site))
    except Refused as error:
        return _form_page(request, site, member, replace(given, faults=faults_of(site, given, error)), status=422)
    if secret:
        return _alert_page(request, site, member, row.id, secret)
    return site.desk.redirect(request, f"{ALERTS}/{row.id}", Told("desk.alerts.done.make"))


@router.get(f"{ALERTS}/{{number}}")
def alert_page(request: Request, site: CurrentSite, member: Analyst, number: Number) -> Response:
    return _alert_page(request, site, member, number)


@router.get(f"{ALERTS}/{{number}}/sua")
def change_page(request: Request, site: CurrentSite, member: Analyst, number: Number) -> Response:
    row = _own(site, member, number)
    return _form_page(request, site, member, form_of(keeping.wanted_of(row), row.version), row)


@router.post(f"{ALERTS}/{{number}}/sua")
def change(request: Request, site: CurrentSite, member: Analyst, number: Number, form: PostedForm) -> Response:
    row, given = _own(site, member, number), read_form(form)
    if form.get("act") == "rehearse":
        return _rehearsal_page(request, site, member, given, row)
    try:
        with site.resources.store.write() as session:
            secret = keeping.change(session, member.actor, number, given.wanted, given.version, _office(site))
    except Conflict as error:
        # What was typed stays; saving it again overwrites knowingly.
        row = _own(site, member, number)
        told = replace(given, version=row.version, faults={"": site.desk.reason(error)})
        return _form_page(request, site, member, told, row, status=409)
    except Refused as error:
        return _form_page(request, site, member, replace(given, faults=faults_of(site, given, error)), row, status=422)
    if secret:
        return _alert_page(request, site, member, number, secret)
    return site.desk.redirect(request, f"{ALERTS}/{number}", Told("desk.alerts.done.change"))


@router.post(f"{ALERTS}/{{number}}/tam-dung")
def switch(request: Request, site: CurrentSite, member: Analyst, number: Number, on: Word = "") -> Response:
    def act(session: Session) -> None:
        keeping.switch(session, member.actor, number, on=on == "1", now=site.now())

    return _done(request, site, act, f"{ALERTS}/{number}", "resume" if on == "1" else "pause")


@router.post(f"{ALERTS}/{{number}}/xoa")
def drop(request: Request, site: CurrentSite, member: Analyst, number: Number) -> Response:
    return _done(request, site, lambda session: keeping.drop(session, member.actor, number, site.now()), ALERTS, "drop")


@router.post(f"{ALERTS}/{{number}}/tat-tin")
def mute(
    request: Request, site: CurrentSite, member: Analyst, number: Number, story: StoryNumber = 0, everywhere: Word = ""
) -> Response:
    def act(session: Session) -> None:
        keeping.mute(session, member.actor, number, story, everywhere=everywhere == "1", now=site.now())

    return _done(request, site, act, f"{ALERTS}/{number}", "mute_everywhere" if everywhere == "1" else "mute")


@router.post(f"{ALERTS}/{{number}}/bat-tin")
def unmute(request: Request, site: CurrentSite, member: Analyst, number: Number, story: StoryNumber = 0) -> Response:
    def act(session: Session) -> None:
        keeping.unmute(session, member.actor, number, story, site.now())

    return _done(request, site, act, f"{ALERTS}/{number}", "unmute")


@router.post(f"{ALERTS}/{{number}}/khoa")
def renew_secret(request: Request, site: CurrentSite, member: Analyst, number: Number) -> Response:
    """Answers with the new secret, this once."""
    try:
        with site.resources.store.write() as session:
            secret = keeping.renew_secret(session, member.actor, number, _office(site))
    except Refused as error:
        return site.desk.redirect(request, ALERTS, _fault(error))
    return _alert_page(request, site, member, number, secret)


@router.post(f"{ALERTS}/{{number}}/goi-thu")
def try_webhook(request: Request, site: CurrentSite, member: Analyst, number: Number) -> Response:
    def act(session: Session) -> None:
        keeping.try_webhook(session, member.actor, number, site.now())

    return _done(request, site, act, f"{ALERTS}/{number}", "test")


@router.post(f"{ALERTS}/{{number}}/thu")
def decide(
    request: Request, site: CurrentSite, member: Analyst, number: Number, letter: LetterNumber = 0, again: Word = ""
) -> Response:
    """Of a letter that may have arrived: send it once more, or let it be."""
    send_again = again == "1"

    def act(session: Session) -> None:
        keeping.decide(session, member.actor, number, letter, send_again=send_again, now=site.now())

    return _done(request, site, act, f"{ALERTS}/{number}", "again" if send_again else "arrived")


def asks_of(query: str, wording: Wording) -> tuple[str, ...]:
    """What an alert watches, in words: its query, then each filter."""
    asked = asked_of(query)
    return (*((f"“{asked.q}”",) if asked.q else ()), *(text for text, _ in in_force(wording, replace(asked, q=""))))


def _office(site: Site) -> Office:
    return Office(site.seal, site.settings, site.now())


def _own(site: Site, member: Member, number: int) -> AlertRow:
    try:
        with site.resources.store.read() as session:
            return keeping.own(session, member.actor, number)
    except Refused as error:
        raise HTTPException(404) from error


def _of_token(session: Session, site: Site, token: str) -> AlertRow:
    row = letter.alert_of_token(session, site.seal, token)
    if row is None:
        raise HTTPException(404)
    return row


def _leave(request: Request, site: Site, row: AlertRow) -> Response:
    response = site.desk.page(
        request, "analysis/leave.html", words="desk.alerts", name=row.name, has_left=not row.by_mail
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _form_page(
    request: Request,
    site: Site,
    member: Member,
    form: AlertForm,
    row: AlertRow | None = None,
    *,
    rehearsed: Rehearsed | None = None,
    status: int = 200,
) -> Response:
    with site.resources.store.read() as session:
        person = people.by_id(session, member.user_id)
        wording = wording_of(session, site)
    return site.desk.page(
        request,
        "analysis/alert_form.html",
        status=status,
        form=form,
        row=row,
        filters=in_force(wording, replace(asked_of(form.filters), q="")),
        conditions=tuple(Condition),
        levels=keeping.LEVELS,
        email=person.email if person else "",
        search=replace(asked_of(form.filters), q=form.q).path(),
        rehearsed=rehearsed,
        chart=drawn(site, rehearsed.chart) if rehearsed and rehearsed.chart else "",
        alerts=ALERTS,
    )


def _rehearsal_page(
    request: Request, site: Site, member: Member, given: AlertForm, row: AlertRow | None = None
) -> Response:
    now = site.now()
    try:
        alert = keeping.to_rehearse(member.actor, given.wanted, row.id if row else 0, now)
        sessions = Sessions.load(site.settings.sessions_file)
        with site.resources.store.read() as session:
            rehearsal = rehearse(session, site.resources.index, alert, sessions, now)
            rehearsed = rehearsed_of(session, site, alert, given.wanted.query, rehearsal)
    except Refused as error:
        return _form_page(request, site, member, replace(given, faults=faults_of(site, given, error)), row, status=422)
    except IndexUnavailable:
        away = {"": site.desk.edition.messages.text("desk.alerts.rehearsal.away")}
        return _form_page(request, site, member, replace(given, faults=away), row, status=503)
    return _form_page(request, site, member, given, row, rehearsed=rehearsed)


def _alert_page(request: Request, site: Site, member: Member, number: int, secret: str = "") -> Response:
    row = _own(site, member, number)
    with site.resources.store.read() as session:
        wording = wording_of(session, site)
        person = people.by_id(session, member.user_id)
        found: Sequence[Found] = found_of(session, row, alerts.newest_matches(session, row.id, _SHOWN))
        muted = muted_of(session, row)
        calls = alerts.deliveries(session, row.id, _CALLS_SHOWN)
        sent = letters.of_object(session, LETTER, row.id, _CALLS_SHOWN)
    return site.desk.page(
        request,
        "analysis/alert.html",
        row=row,
        asks=asks_of(row.query, wording),
        search=asked_of(row.query).path(),
        email=person.email if person else "",
        secret=secret,
        found=found,
        muted=muted,
        calls=calls,
        letters=sent,
        alerts=ALERTS,
    )


def _done(request: Request, site: Site, act: Callable[[Session], None], back: str, done: str) -> Response:
    told = Told(f"desk.alerts.done.{done}")
    try:
        with site.resources.store.write() as session:
            act(session)
    except Refused as error:
        told = _fault(error)
        back = ALERTS if error.key == "no_alert" else back
    return site.desk.redirect(request, back, told)


def _fault(error: Refused) -> Told:
    return Told(f"desk.refused.{error.key}", error.values, "fault")
