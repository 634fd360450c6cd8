"""Mail that came back: delivery reports (RFC 3464) taken from the mailbox that `DIEMBAO_MAIL_BOUNCES_TO` names.

A report counts only when it carries the number of a message of ours, which nobody else knows; so nobody can take a
reader off a list by writing to the mailbox.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from email.policy import default

from sqlalchemy.orm import Session

from diembao.store import audit, mailing
from diembao.store.models import RecipientRow

_OUR_NUMBER = re.compile(rb"<(digest-\d+-[0-9a-f]{32})@")


@dataclass(frozen=True, slots=True)
class Report:
    """message_id: of our message, without brackets and host. permanent: the address will not work tomorrow either."""

    message_id: str
    permanent: bool
    reason: str


def read_report(data: bytes) -> Report | None:
    """What a mail says about one of ours; None when it is no report of a failure, or names no message of ours."""
    number = _OUR_NUMBER.search(data)
    message = message_from_bytes(data, policy=default)
    for fields in _status_fields(message):
        if number and str(fields.get("Action", "")).strip().lower() == "failed":
            status = str(fields.get("Status", "")).strip()
            diagnosis = " ".join(str(fields.get("Diagnostic-Code", "")).split())
            return Report(number[1].decode("ascii"), status.startswith("5"), f"{status} {diagnosis}".strip()[:500])
    return None


def note(session: Session, report: Report, now: datetime) -> bool:
    """Keep what came back; False when the message is unknown or has been noted."""
    row = mailing.by_message_id(session, report.message_id)
    if row is None or row.state not in ("sent", "uncertain"):
        return False
    row.state, row.answer = "bounced", report.reason
    recipient = session.get(RecipientRow, row.recipient_id)
    if report.permanent and recipient is not None and recipient.state == "active":
        recipient.state, recipient.reason, recipient.changed_at = "bounced", report.reason, now
    audit.record(
        session,
        actor="mailbox",
        action="delivery_bounced",
        object_kind="digest",
        object_id=row.digest_id,
        at=now,
        detail={"delivery": row.id, "permanent": report.permanent},
    )
    return True


def _status_fields(message: Message) -> Iterator[Message]:
    """The groups of fields of a delivery report: one of the message, one of each recipient."""
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            groups = part.get_payload()
            if isinstance(groups, list):
                yield from (group for group in groups if isinstance(group, Message))
