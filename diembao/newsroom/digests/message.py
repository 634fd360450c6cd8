"""A digest as a mail: plain text and HTML, Word and PDF attached, and the way off the list in its headers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from diembao.newsroom.digests import wording
from diembao.newsroom.digests.content import Content
from diembao.newsroom.digests.formats import FORMATS
from diembao.newsroom.digests.formats.html import render
from diembao.newsroom.digests.sheet import sheet_of
from diembao.newsroom.mail_policy import POLICY

ATTACHED = ("docx", "pdf")


@dataclass(frozen=True, slots=True)
class Letter:
    """What all mails of one digest share, made once. attachments: bytes by suffix."""

    content: Content
    subject: str
    text: str
    attachments: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Envelope:
    """message_id: without brackets and host. leave: address of the link off the list."""

    sender: str
    sender_name: str
    recipient: str
    recipient_name: str
    message_id: str
    host: str
    list_id: str
    leave: str
    at: datetime


def letter_of(content: Content) -> Letter:
    attachments = {suffix: FORMATS[suffix].export(content) for suffix in ATTACHED}
    return Letter(content, wording.full_title(content), plain_text(content), attachments)


def message(letter: Letter, envelope: Envelope) -> bytes:
    """The mail as it goes over the line."""
    made = EmailMessage(policy=POLICY)
    made["From"] = Address(envelope.sender_name, addr_spec=envelope.sender)
    made["To"] = Address(envelope.recipient_name, addr_spec=envelope.recipient)
    made["Subject"] = " ".join(letter.subject.split())
    made["Date"] = format_datetime(envelope.at)
    made["Message-ID"] = f"<{envelope.message_id}@{envelope.host}>"
    made["List-ID"] = f"<{envelope.list_id}.{envelope.host}>"
    made["List-Unsubscribe"] = f"<{envelope.leave}>"
    made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(f"{letter.text}\n\n{wording.LEAVE}: {envelope.leave}\n", cte="base64")
    page = render("digest.html.j2", letter.content, leave=envelope.leave)
    made.add_alternative(page, subtype="html", cte="base64")
    stem = wording.file_stem(letter.content)
    for suffix, body in letter.attachments.items():
        main, _, sub = FORMATS[suffix].MEDIA_TYPE.partition("/")
        made.add_attachment(body, maintype=main, subtype=sub, filename=f"{stem}.{suffix}")
    return made.as_bytes()


def plain_text(content: Content) -> str:
    return "\n\n".join(_blocks(content))


def _blocks(content: Content) -> Iterator[str]:
    sheet = sheet_of(content)
    yield "\n".join([*sheet.left, sheet.symbol, sheet.place_and_date])
    yield f"{sheet.title}\n{sheet.subject}"
    yield from sheet.intro
    if sheet.is_empty:
        yield wording.EMPTY
    for part in sheet.parts:
        yield part.label
        if not part.rows:
            yield wording.EMPTY_SECTION
        for row in part.rows:
            if row.gone:
                yield f"{row.number}. {row.headline}"
                continue
            judged = [f"{wording.JUDGEMENT}: {row.judgement}."] if row.judgement else []
            yield "\n".join(
                line
                for line in [f"{row.number}. {row.headline}", row.source_line, *row.summary, *judged, row.url]
                if line
            )
    if sheet.notices:
        yield "\n".join([wording.NOTICES.upper(), *(f"- {line}" for line in sheet.notices)])
    yield from sheet.closing
    yield "\n".join([*sheet.signature, sheet.signer])
