"""Alerts as their owners make and change them; nobody else's business, and nobody else's to see."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, urlencode

from sqlalchemy.orm import Session

from diembao.errors import BadQuery, Conflict, FetchRefused, Refused
from diembao.guard import AddressGuard
from diembao.newsroom.analysis.alerts.alert import Alert, Condition, QuietHours, asked_of, watched
from diembao.newsroom.analysis.alerts.calling import TEST, check_address
from diembao.newsroom.analysis.alerts.rights import asks_for_stance, may_see_stance
from diembao.newsroom.analysis.alerts.signing import new_secret
from diembao.newsroom.analysis.alerts.telling import LETTER
from diembao.newsroom.permissions import Action, Actor, require
from diembao.newsroom.seal import Seal
from diembao.settings import Settings
from diembao.store import alerts, audit, letters, outgoing, people, saved_searches, stories
from diembao.store.models import AlertMuteRow, AlertRow
from nlp.text import normalise

MOST: Final = 50  # of one person
LONGEST_NAME: Final = 80
DAYS: Final = (1, 365)
LEVELS: Final = (1, 2, 3)
_LONGEST_QUERY: Final = 8192
_LONGEST_URL: Final = 2000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person asks for. query: as it stands in the address of the search page. quiet: `22:00-06:00` or empty."""

    name: str = ""
    query: str = ""
    condition: str = Condition.EVERY
    days: int = 30
    hour: int = 7
    level: int = 2
    by_mail: bool = True
    webhook_url: str = ""
    quiet: str = ""
    saved_search_id: int | None = None


@dataclass(frozen=True, slots=True)
class Office:
    """What the acts work with beside the store."""

    seal: Seal
    settings: Settings
    now: datetime


def wanted_of(row: AlertRow) -> Wanted:
    return Wanted(
        row.name,
        row.query,
        row.condition,
        row.days,
        row.hour,
        row.level,
        row.by_mail,
        row.webhook_url,
        row.quiet_hours,
        row.saved_search_id,
    )


def checked(session: Session, actor: Actor, wanted: Wanted, settings: Settings, but: int = 0) -> Wanted:
    """The same in its one form. but: the alert that is changed.

    Raises:
        Forbidden
        Refused: alert_name, alert_name_taken, alert_unreadable, alert_condition, alert_days, alert_hour, alert_level,
            alert_quiet, alert_stance, alert_webhook_…, no_mailbox.
    """
    owner = _owner(actor)
    name = " ".join(normalise(wanted.name).split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Refused("alert_name", most=LONGEST_NAME)
    if any(row.name == name and row.id != but for row in alerts.of_user(session, owner)):
        raise Refused("alert_name_taken", name=name)
    _check_condition(actor, wanted)
    person = people.by_id(session, owner)
    if wanted.by_mail and (person is None or not person.email):
        raise Refused("no_mailbox")
    url = wanted.webhook_url.strip()
    if url:
        _check_webhook(url, settings)
    return replace(wanted, name=name, query=_kept_query(wanted.query), webhook_url=url, quiet=_quiet(wanted.quiet))


def to_rehearse(actor: Actor, wanted: Wanted, alert_id: int, now: datetime) -> Alert:
    """The alert as it would be, for a rehearsal; it needs no name and nobody to tell.

    Raises: Forbidden; Refused: as `checked`, of what it looks for and when.
    """
    owner = _owner(actor)
    _check_condition(actor, wanted)
    condition = Condition(wanted.condition)
    return Alert(
        alert_id,
        owner,
        condition,
        watched(_kept_query(wanted.query), condition),
        wanted.days,
        wanted.hour,
        wanted.level,
        QuietHours.parse(_quiet(wanted.quiet)),
        now,
    )


def make(session: Session, actor: Actor, wanted: Wanted, office: Office) -> tuple[AlertRow, str]:
    """A new alert, and the secret of its webhook, shown this once; empty without one.

    Raises: Forbidden; Refused: as `checked`, and too_many_alerts.
    """
    wanted = checked(session, actor, wanted, office.settings)
    owner = _owner(actor)
    if len(alerts.of_user(session, owner)) >= MOST:
        raise Refused("too_many_alerts", most=MOST)
    search = saved_searches.by_id(session, wanted.saved_search_id) if wanted.saved_search_id else None
    row = AlertRow(
        user_id=owner,
        # A search of somebody else that is not shared does not exist.
        saved_search_id=search.id if search is not None and (search.shared or search.user_id == owner) else None,
        watching_since=office.now,
        created_at=office.now,
        updated_at=office.now,
        version=1,
    )
    _write(row, wanted)
    secret = _fresh_secret(row, office) if row.webhook_url else ""
    session.add(row)
    session.flush()
    _record(session, actor, "alert_make", row, office.now, condition=row.condition)
    return row, secret


def change(session: Session, actor: Actor, alert_id: int, wanted: Wanted, version: int, office: Office) -> str:
    """version: of what the person saw. Answers with the secret of a webhook that is new.

    What an alert looks for from now on, it looks for in what comes in from now on.

    Raises: Forbidden; Refused: no_alert, as `checked`; Conflict: alert_changed.
    """
    row = own(session, actor, alert_id)
    if row.version != version:
        raise Conflict("alert_changed", at=row.updated_at)
    wanted = checked(session, actor, wanted, office.settings, but=row.id)
    looks_for = (row.query, row.condition)
    had_webhook = bool(row.webhook_url)
    _write(row, wanted)
    if (row.query, row.condition) != looks_for:
        row.watching_since = office.now
    if not row.by_mail:
        letters.cancel(session, LETTER, row.id)
    secret = ""
    if row.webhook_url and not had_webhook:
        secret = _fresh_secret(row, office)
    elif not row.webhook_url:
        row.webhook_secret = ""
        alerts.cancel_calls(session, row.id)
    _changed(row, office.now)
    _record(session, actor, "alert_change", row, office.now, condition=row.condition)
    return secret


def switch(session: Session, actor: Actor, alert_id: int, *, on: bool, now: datetime) -> None:
    """Let an alert rest, or watch again: for what comes in from then on. Raises: Forbidden; Refused: no_alert."""
    row = own(session, actor, alert_id)
    if row.active == on:
        return
    row.active = on
    if on:
        row.watching_since = now
    else:
        _silence(session, row, now)
    _changed(row, now)
    _record(session, actor, "alert_resume" if on else "alert_pause", row, now)


def drop(session: Session, actor: Actor, alert_id: int, now: datetime) -> None:
    """Raises: Forbidden; Refused: no_alert."""
    row = own(session, actor, alert_id)
    row.removed_at, row.active = now, False
    _silence(session, row, now)
    _changed(row, now)
    _record(session, actor, "alert_drop", row, now)


def renew_secret(session: Session, actor: Actor, alert_id: int, office: Office) -> str:
    """Another secret; that of before is worth nothing. Raises: Forbidden; Refused: no_alert, alert_no_webhook."""
    row = own(session, actor, alert_id)
    if not row.webhook_url:
        raise Refused("alert_no_webhook")
    secret = _fresh_secret(row, office)
    _changed(row, office.now)
    _record(session, actor, "alert_secret", row, office.now)
    return secret


def try_webhook(session: Session, actor: Actor, alert_id: int, now: datetime) -> None:
    """Queue a call that says nothing but that it works. Raises: Forbidden; Refused: no_alert, alert_no_webhook,
    alert_test_waits."""
    row = own(session, actor, alert_id)
    if not row.webhook_url:
        raise Refused("alert_no_webhook")
    if any(one.content.get(TEST) and one.state in outgoing.OPEN for one in alerts.deliveries(session, row.id, 20)):
        raise Refused("alert_test_waits")
    alerts.queue_call(session, row, {TEST: True}, now)
    _record(session, actor, "alert_test", row, now)


def mute(session: Session, actor: Actor, alert_id: int, story_id: int, *, everywhere: bool, now: datetime) -> None:
    """Nothing more about a story, from this alert or from all of one's own. Raises: Forbidden; Refused: no_alert,
    no_story."""
    row = own(session, actor, alert_id)
    story = stories.get(session, story_id)
    if story is None:
        raise Refused("no_story", story=story_id)
    of_alert = 0 if everywhere else row.id
    if alerts.mute_of(session, row.user_id, of_alert, story.id) is not None:
        return
    session.add(AlertMuteRow(user_id=row.user_id, alert_id=of_alert, story_id=story.id, created_at=now))
    _record(session, actor, "alert_mute", row, now, story=story.id, everywhere=everywhere)


def unmute(session: Session, actor: Actor, alert_id: int, story_id: int, now: datetime) -> None:
    """Of this alert and of all. Raises: Forbidden; Refused: no_alert."""
    row = own(session, actor, alert_id)
    known = [alerts.mute_of(session, row.user_id, number, story_id) for number in (0, row.id)]
    for one in known:
        if one is not None:
            session.delete(one)
    if any(known):
        _record(session, actor, "alert_unmute", row, now, story=story_id)


def decide(
    session: Session, actor: Actor, alert_id: int, letter_id: int, *, send_again: bool, now: datetime
) -> None:  # fmt: skip
    """What is to become of a letter of which nobody knows whether it arrived, or that was refused.

    Raises: Forbidden; Refused: no_alert; delivery_decided: it is neither.
    """
    row = own(session, actor, alert_id)
    if not letters.decide(session, LETTER, row.id, letter_id, send_again=send_again, now=now):
        raise Refused("delivery_decided")
    _record(session, actor, "delivery_again" if send_again else "delivery_arrived", row, now, delivery=letter_id)


def own(session: Session, actor: Actor, alert_id: int) -> AlertRow:
    """Raises: Forbidden; Refused: no_alert, whether there is none or it is somebody else's."""
    owner = _owner(actor)
    row = alerts.by_id(session, alert_id)
    if row is None or row.user_id != owner:
        raise Refused("no_alert")
    return row


def _owner(actor: Actor) -> int:
    """Raises: Forbidden"""
    require(actor, Action.ANALYSE)
    if actor.user_id is None:
        raise Refused("no_alert")
    return actor.user_id


def _check_condition(actor: Actor, wanted: Wanted) -> None:
    if wanted.condition not in tuple(Condition):
        raise Refused("alert_condition")
    if not DAYS[0] <= wanted.days <= DAYS[1]:
        raise Refused("alert_days", least=DAYS[0], most=DAYS[1])
    if wanted.hour not in range(24):
        raise Refused("alert_hour")
    if wanted.level not in LEVELS:
        raise Refused("alert_level")
    if asks_for_stance(wanted.condition, wanted.query) and not may_see_stance(actor.roles):
        raise Refused("alert_stance")


def _check_webhook(url: str, settings: Settings) -> None:
    if len(url) > _LONGEST_URL:
        raise Refused("alert_webhook_bad_address")
    allow = settings.allow_private_networks
    try:
        check_address(url, AddressGuard(allow_private=allow), allow_plain=allow)
    except FetchRefused as error:
        raise Refused(f"alert_webhook_{error.reason}") from error


def _kept_query(query: str) -> str:
    """Raises: Refused: alert_unreadable."""
    if len(query) > _LONGEST_QUERY:
        raise Refused("alert_unreadable")
    asked = asked_of(query)
    # A comparison asks several questions, and an alert has one.
    if sum(name == "q" and bool(text.strip()) for name, text in parse_qsl(query)) > 1:
        raise Refused("alert_unreadable")
    kept = urlencode(asked.parameters)
    try:
        watched(kept, Condition.EVERY)
    except (BadQuery, ValueError) as error:
        raise Refused("alert_unreadable") from error
    return kept


def _quiet(text: str) -> str:
    try:
        QuietHours.parse(text)
    except ValueError as error:
        raise Refused("alert_quiet") from error
    return text.strip()


def _write(row: AlertRow, wanted: Wanted) -> None:
    row.name, row.query, row.condition = wanted.name, wanted.query, wanted.condition
    row.days, row.hour, row.level = wanted.days, wanted.hour, wanted.level
    row.by_mail, row.webhook_url, row.quiet_hours = wanted.by_mail, wanted.webhook_url, wanted.quiet


def _fresh_secret(row: AlertRow, office: Office) -> str:
    secret = new_secret()
    row.webhook_secret = office.seal.encrypt(secret)
    return secret


def _silence(session: Session, row: AlertRow, now: datetime) -> None:
    letters.cancel(session, LETTER, row.id)
    alerts.cancel_calls(session, row.id)
    alerts.let_go(session, row.id, now)


def _changed(row: AlertRow, now: datetime) -> None:
    row.version += 1
    row.updated_at = now


def _record(session: Session, actor: Actor, action: str, row: AlertRow, now: datetime, **detail: object) -> None:
    """What somebody watches for is nobody's business, not the log's either."""
    audit.record(session, actor=actor.name, action=action, object_kind="alert", object_id=row.id, at=now, detail=detail)
