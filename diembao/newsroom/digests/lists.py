"""Mailing lists: who is on them, who has left, which digests go to whom and when."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from email.errors import HeaderParseError
from email.headerregistry import Address
from urllib.parse import urlsplit

from sqlalchemy import delete
from sqlalchemy.orm import Session

from diembao.errors import Refused
from diembao.newsroom.digests.editing import opened
from diembao.newsroom.digests.wording import LOCAL
from diembao.newsroom.permissions import Action, Actor, Role, require
from diembao.newsroom.seal import Seal
from diembao.settings import Settings
from diembao.store import audit, digests, mailing, outgoing
from diembao.store.database import Store
from diembao.store.models import DeliveryRow, DigestRow, MailingListRow, RecipientRow
from nlp.text import normalise

# A list that was to get a digest in the morning still gets it at night, but not days later.
_SCHEDULED_WITHIN = timedelta(hours=24)
_KINDS = ("daily", "weekly", "special")
_UNSUBSCRIBE = "unsubscribe"
_SCHEDULE = Actor("schedule", frozenset({Role.CHIEF}))


def make_list(
    session: Session,
    name: str,
    audience: str,
    kinds: Sequence[str],
    at: time | None,
    weekdays: Sequence[int],
    actor: Actor,
    now: datetime,
) -> MailingListRow:
    """A list; with a time of day in Viet Nam and weekdays (Monday 0) it gets its kinds of digest by itself.

    Raises:
        Forbidden
        Refused: `list_name_missing`, `list_name_taken`, `bad_schedule`.
    """
    require(actor, Action.MANAGE_RECIPIENTS)
    name = " ".join(normalise(name).split())[:120]
    if not name:
        raise Refused("list_name_missing")
    if mailing.list_named(session, name) is not None:
        raise Refused("list_name_taken")
    chosen = [kind for kind in _KINDS if kind in kinds]
    days = sorted(set(weekdays))
    if audience not in ("internal", "public") or any(day not in range(7) for day in days):
        raise Refused("bad_schedule")
    if at is not None and not (chosen and days):
        raise Refused("bad_schedule")
    schedule = {"time": f"{at:%H:%M}", "weekdays": days} if at is not None else {}
    row = MailingListRow(name=name, audience=audience, kinds=chosen, schedule=schedule, created_at=now)
    session.add(row)
    session.flush()
    _record(session, "list_make", row.id, actor, now, name=name, audience=audience, schedule=schedule)
    return row


def set_active(session: Session, list_id: int, active: bool, actor: Actor, now: datetime) -> None:
    """Raises: Forbidden; Refused: `list_missing`."""
    require(actor, Action.MANAGE_RECIPIENTS)
    _list(session, list_id).active = active
    _record(session, "list_active" if active else "list_rest", list_id, actor, now)


def add_recipient(session: Session, list_id: int, email: str, name: str, actor: Actor, now: datetime) -> RecipientRow:
    """Put an address on a list; one that had left or bounced is taken up again.

    Raises:
        Forbidden
        Refused: `list_missing`, `bad_mailbox`, `address_known`.
    """
    require(actor, Action.MANAGE_RECIPIENTS)
    _list(session, list_id)
    email = _address(email)
    row = mailing.recipient_of(session, list_id, email)
    if row is not None and row.state == "active":
        raise Refused("address_known")
    if row is None:
        row = RecipientRow(list_id=list_id, email=email, added_at=now, changed_at=now)
        session.add(row)
    row.name, row.state, row.reason, row.changed_at = " ".join(normalise(name).split())[:120], "active", "", now
    session.flush()
    _record(session, "recipient_add", list_id, actor, now, recipient=row.id)
    return row


def remove_recipient(session: Session, recipient_id: int, actor: Actor, now: datetime) -> None:
    """Raises: Forbidden; Refused: `recipient_missing`."""
    require(actor, Action.MANAGE_RECIPIENTS)
    row = session.get(RecipientRow, recipient_id)
    if row is None:
        raise Refused("recipient_missing")
    session.execute(delete(RecipientRow).where(RecipientRow.id == recipient_id))
    _record(session, "recipient_remove", row.list_id, actor, now, recipient=recipient_id)


def queue(session: Session, digest_id: int, revision: int, list_ids: Sequence[int], actor: Actor, now: datetime) -> int:
    """Have an approved digest mailed to lists; an address gets it once. Returns how many mails were queued.

    Raises:
        Forbidden
        Refused: `digest_changed`, `digest_not_approved`, `list_missing`, `list_public` (for an internal digest),
            `nobody_left`.
    """
    draft = opened(session, digest_id, revision, actor, now, action=Action.SEND_DIGEST, states=digests.FROZEN)
    known = mailing.addressed(session, digest_id)
    queued = 0
    for mailing_list in [_list(session, number) for number in list_ids]:
        if draft.row.audience == "internal" and mailing_list.audience != "internal":
            raise Refused("list_public")
        for recipient in mailing.recipients(session, mailing_list.id):
            if recipient.state == "active" and recipient.email not in known:
                known.add(recipient.email)
                session.add(_delivery(draft.row, mailing_list, recipient, now))
                queued += 1
    if not queued:
        raise Refused("nobody_left")
    session.flush()
    draft.record("digest_send", lists=list(list_ids), mails=queued)
    return queued


def queue_scheduled(store: Store, now: datetime) -> int:
    """Queue what the lists with a schedule are due; returns how many mails."""
    with store.read() as session:
        due = [
            (mailing_list.id, digest_id)
            for mailing_list in mailing.lists(session)
            if mailing_list.active and _is_time(mailing_list, now)
            for digest_id in mailing.scheduled_digests(session, mailing_list, now - _SCHEDULED_WITHIN)
        ]
    queued = 0
    for list_id, digest_id in due:
        with store.write() as session:
            row = session.get_one(DigestRow, digest_id)
            if _has_new_addresses(session, list_id, digest_id):
                queued += queue(session, digest_id, row.revision, [list_id], _SCHEDULE, now)
    return queued


def decide(session: Session, delivery_id: int, *, send_again: bool, actor: Actor, now: datetime) -> DeliveryRow:
    """A person's word about a mail of which nobody knows whether it arrived, or that was refused.

    Raises:
        Forbidden
        Refused: `delivery_decided`: it is neither uncertain nor refused.
    """
    require(actor, Action.SEND_DIGEST)
    if not outgoing.decide(session, DeliveryRow, DeliveryRow.id == delivery_id, send_again=send_again, now=now):
        raise Refused("delivery_decided")
    row = session.get_one(DeliveryRow, delivery_id, populate_existing=True)
    audit.record(
        session,
        actor=actor.name,
        action="delivery_again" if send_again else "delivery_arrived",
        object_kind="digest",
        object_id=row.digest_id,
        at=now,
        detail={"delivery": delivery_id},
    )
    return row


def unsubscribe_address(settings: Settings, seal: Seal, recipient_id: int, email: str) -> str:
    """The link that takes an address off its list; good as long as the address is on it."""
    signature = seal.signature(_UNSUBSCRIBE, f"{recipient_id}:{email}")
    return f"{settings.public_url.rstrip('/')}/diem-bao/thoi-nhan/{recipient_id}.{signature}"


def recipient_of_token(session: Session, seal: Seal, token: str) -> RecipientRow | None:
    """Whose link it is; None for one we did not make."""
    number, _, signature = token.partition(".")
    if not (number.isascii() and number.isdigit() and len(number) < 16):
        return None
    row = session.get(RecipientRow, int(number))
    fits = row is not None and seal.fits(signature, _UNSUBSCRIBE, f"{row.id}:{row.email}")
    return row if fits else None


def unsubscribe(session: Session, row: RecipientRow, now: datetime) -> None:
    """Take an address off its list at its owner's wish; saying so twice does nothing more."""
    if row.state == "unsubscribed":
        return
    row.state, row.changed_at = "unsubscribed", now
    _record(session, "recipient_leave", row.list_id, Actor("reader", frozenset()), now, recipient=row.id)


def host_of(settings: Settings) -> str:
    """The name under which our messages are numbered."""
    return urlsplit(settings.public_url).hostname or "localhost"


def _delivery(row: DigestRow, mailing_list: MailingListRow, recipient: RecipientRow, now: datetime) -> DeliveryRow:
    # The number is given once and kept through every try: servers and readers can tell a repetition by it.
    return DeliveryRow(
        digest_id=row.id,
        list_id=mailing_list.id,
        recipient_id=recipient.id,
        email=recipient.email,
        message_id=f"digest-{row.id}-{uuid.uuid4().hex}",
        next_try_at=now,
        queued_at=now,
    )


def _has_new_addresses(session: Session, list_id: int, digest_id: int) -> bool:
    known = mailing.addressed(session, digest_id)
    return any(one.state == "active" and one.email not in known for one in mailing.recipients(session, list_id))


def _is_time(mailing_list: MailingListRow, now: datetime) -> bool:
    if not mailing_list.schedule:
        return False
    local = now.astimezone(LOCAL)
    return local.weekday() in mailing_list.schedule["weekdays"] and f"{local:%H:%M}" >= mailing_list.schedule["time"]


def _address(text: str) -> str:
    """An address that any server takes, in small letters.

    Raises:
        Refused: `bad_mailbox`.
    """
    text = normalise(text).strip().lower()
    try:
        parts = Address(addr_spec=text)
    except (ValueError, IndexError, HeaderParseError) as error:
        raise Refused("bad_mailbox") from error
    domain = parts.domain
    if not parts.username or "." not in domain or not text.isascii() or len(text) > 254 or " " in text:
        raise Refused("bad_mailbox")
    return text


def _list(session: Session, list_id: int) -> MailingListRow:
    row = session.get(MailingListRow, list_id)
    if row is None:
        raise Refused("list_missing")
    return row


def _record(session: Session, action: str, list_id: int, actor: Actor, now: datetime, **detail: object) -> None:
    audit.record(
        session,
        actor=actor.name,
        action=action,
        object_kind="mailing_list",
        object_id=list_id,
        at=now,
        detail=detail,
    )
