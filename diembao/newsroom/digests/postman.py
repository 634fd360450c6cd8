"""Handing mails to the SMTP server: each once, whatever is killed when.

A server has a message when it has read the line with the dot, and not before (RFC 5321, 4.1.1.4). So a mail is
marked `handing` in the store after its last byte but before that line, and `sent` after the answer. Killed before
the mark, it cannot have been accepted and is sent again; killed after it, nobody can know, and it is not sent again
by itself: it stands at the desk as uncertain, for a person to decide. The mark is also the fence against a second
postman: it fails when the mail was taken away from us, and then the line with the dot is never said.
"""

from __future__ import annotations

import logging
import re
import smtplib
import ssl
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from threading import Event
from typing import Literal
from urllib.parse import unquote, urlsplit

from diembao.errors import StoreUnavailable, WrongUse
from diembao.newsroom.digests.approving import settle
from diembao.newsroom.digests.content import Content
from diembao.newsroom.digests.lists import host_of, queue_scheduled, unsubscribe_address
from diembao.newsroom.digests.message import Envelope, Letter, letter_of, message
from diembao.newsroom.digests.removals import kept_content
from diembao.newsroom.seal import Seal
from diembao.settings import Settings
from diembao.store import mailing
from diembao.store.database import Store
from diembao.store.locks import exclusive
from diembao.store.models import DeliveryRow, DigestRow, MailingListRow, RecipientRow

logger = logging.getLogger(__name__)

LOCK = "mailing"
# A try every so many minutes; after the last one the mail counts as refused.
_BACK_OFF = (1, 5, 15, 60, 180, 360, 720)
_TIMEOUT = 60.0
_IDLE_SECONDS = 5.0
_LINE_START_DOT = re.compile(rb"^\.", re.MULTILINE)
# The address itself is refused for good, not this message or this moment.
_NO_SUCH_ADDRESS = (550, 551, 553)

Ended = Literal["sent", "refused", "retry", "uncertain", "taken_away"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one try. code: of the server, 0 for none. at_address: it was the recipient that was refused."""

    ended: Ended
    code: int
    text: str
    at_address: bool = False


@dataclass(slots=True)
class Round:
    """What one round of the postman did."""

    sent: int = 0
    refused: int = 0
    retried: int = 0
    uncertain: int = 0

    def __str__(self) -> str:
        return f"{self.sent} sent, {self.refused} refused, {self.retried} to be tried again, {self.uncertain} uncertain"


@dataclass(slots=True)
class Postman:
    """Sends what is due. One at a time per store: `deliver` holds a lock and does nothing without it."""

    store: Store
    settings: Settings
    seal: Seal
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _letters: dict[tuple[int, str], Letter] = field(default_factory=dict)

    def check(self) -> None:
        """Raises: WrongUse: no server, or no sender, is set."""
        _Line(self.settings)

    def deliver(self, stop: Callable[[], bool] = lambda: False) -> Round | None:
        """Send every mail whose time has come; None when another process is at it.

        Raises:
            WrongUse: no server, or no sender, is set. StoreUnavailable
        """
        done = Round()
        with exclusive(self.store, self.settings.data_dir, LOCK) as alone:
            if not alone:
                return None
            with self.store.write() as session:
                _again, done.uncertain = mailing.recover(session)
            line = _Line(self.settings)
            try:
                while not stop() and (taken := self._take()) is not None:
                    began = time.monotonic()
                    answer = self._send(line, taken)
                    self._count(done, answer)
                    if answer.ended == "retry" and not answer.code:
                        break  # the server is away: the others need not find that out one by one
                    # The pace that the office's relay was promised.
                    time.sleep(max(0.0, 60 / self.settings.mail_per_minute - (time.monotonic() - began)))
            finally:
                line.close()
        return done

    def _take(self) -> DeliveryRow | None:
        claim = uuid.uuid4().hex
        with self.store.write() as session:
            while (row := mailing.next_due(session, self.now())) is not None:
                if not self._still_wanted(row, session.get(RecipientRow, row.recipient_id)):
                    row.state = "cancelled"
                    session.flush()
                    continue
                settle(session, session.get_one(DigestRow, row.digest_id))
                if mailing.take(session, row.id, claim):
                    session.refresh(row)
                    return row
        return None

    @staticmethod
    def _still_wanted(row: DeliveryRow, recipient: RecipientRow | None) -> bool:
        return recipient is not None and recipient.state == "active" and recipient.email == row.email

    def _send(self, line: _Line, row: DeliveryRow) -> Answer:
        try:
            answer = line.say(self._envelope_sender(), row.email, self._message(row), lambda: self._last_word(row))
        except BaseException:
            line.close()  # before the dot: the server forgets what it was told
            raise
        self._note(row, answer)
        return answer

    def _message(self, row: DeliveryRow) -> bytes:
        with self.store.read() as session:
            digest = session.get_one(DigestRow, row.digest_id)
            content = kept_content(session, digest)
            recipient = session.get_one(RecipientRow, row.recipient_id)
            mailing_list = session.get_one(MailingListRow, row.list_id)
        letter = self._letter(digest.id, content)
        return message(
            letter,
            Envelope(
                sender=_sender(self.settings),
                sender_name=content.letterhead.issuer,
                recipient=row.email,
                recipient_name=recipient.name,
                message_id=row.message_id,
                host=host_of(self.settings),
                list_id=f"danh-sach-{mailing_list.id}",
                leave=unsubscribe_address(self.settings, self.seal, recipient.id, recipient.email),
                at=self.now(),
            ),
        )

    def _letter(self, digest_id: int, content: Content) -> Letter:
        """Made once for all recipients, and anew when something was taken down meanwhile."""
        key = (digest_id, content.to_json())
        if key not in self._letters:
            self._letters.clear()
            self._letters[key] = letter_of(content)
        return self._letters[key]

    def _last_word(self, row: DeliveryRow) -> bool:
        now = self.now()
        with self.store.write() as session:
            if not mailing.hand_over(session, row.id, row.claim):
                return False
            digest = session.get_one(DigestRow, row.digest_id)
            if digest.sent_at is None:
                digest.sent_at, digest.state = now, "issued"
        return True

    def _note(self, row: DeliveryRow, answer: Answer) -> None:
        now = self.now()
        state = {"retry": "queued", "taken_away": "queued"}.get(answer.ended, answer.ended)
        if answer.ended == "retry" and row.attempts > len(_BACK_OFF):
            state = "refused"
        minutes = _BACK_OFF[min(row.attempts, len(_BACK_OFF)) - 1]
        with self.store.write() as session:
            mailing.settle(
                session, row.id, row.claim, state, answer.text, at=now, next_try_at=now + timedelta(minutes=minutes)
            )
            recipient = session.get(RecipientRow, row.recipient_id)
            if answer.at_address and answer.code in _NO_SUCH_ADDRESS and recipient is not None:
                recipient.state, recipient.reason, recipient.changed_at = "bounced", answer.text, now
        if answer.ended != "sent":
            logger.warning(
                "mail %s: %s", answer.ended, answer.text, extra={"delivery": row.id, "digest": row.digest_id}
            )

    @staticmethod
    def _count(done: Round, answer: Answer) -> None:
        done.sent += answer.ended == "sent"
        done.refused += answer.ended == "refused"
        done.retried += answer.ended == "retry"
        done.uncertain += answer.ended == "uncertain"

    def _envelope_sender(self) -> str:
        return self.settings.mail_bounces_to or _sender(self.settings)


def keep_delivering(store: Store, settings: Settings, seal: Seal, stop: Event) -> None:
    """Queue what is scheduled and send what is due, until `stop` is set; nothing without a server in the settings."""
    if settings.smtp_url is None:
        return
    postman = Postman(store, settings, seal)
    while not stop.is_set():
        try:
            queue_scheduled(store, postman.now())
            postman.deliver(stop.is_set)
        except StoreUnavailable as error:
            logger.error("the store is away: %s", error)
        stop.wait(_IDLE_SECONDS)


class _Line:
    """The connection to the server, made when needed and kept for the next mail."""

    def __init__(self, settings: Settings) -> None:
        """Raises: WrongUse: no server or no sender is set, or the address of the server cannot be read."""
        if settings.smtp_url is None:
            raise WrongUse("DIEMBAO_SMTP_URL is not set: no mail can be sent")
        _sender(settings)
        self._url = urlsplit(settings.smtp_url.get_secret_value())
        if self._url.scheme not in ("smtp", "smtps") or not self._url.hostname:
            raise WrongUse(
                "DIEMBAO_SMTP_URL is to be smtp://host:587 or smtps://host:465, with user:password@ if needed"
            )
        self._server: smtplib.SMTP | None = None

    def say(self, sender: str, recipient: str, data: bytes, last_word: Callable[[], bool]) -> Answer:
        """One mail. `last_word` is asked when all but the closing dot has been said; False forbids to say it."""
        try:
            server = self._connected()
            code, text = server.mail(sender)
            if code == 250:
                code, text = server.rcpt(recipient)
                if code not in (250, 251):
                    self._reset(server)
                    return _refusal(code, text, at_address=True)
                code, text = server.docmd("DATA")
            if code != 354:
                self._reset(server)
                return _refusal(code, text)
            server.send(_LINE_START_DOT.sub(b"..", data if data.endswith(b"\r\n") else data + b"\r\n"))
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            return _fault(error)
        if not last_word():
            self.close()
            return Answer("taken_away", 0, "taken over by another process")
        try:
            server.send(b".\r\n")
            code, text = server.getreply()
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            return Answer("uncertain", 0, f"no answer after the message: {error}")
        return Answer("sent", code, _line(code, text)) if code == 250 else _refusal(code, text)

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _reset(self, server: smtplib.SMTP) -> None:
        try:
            server.rset()
        except (smtplib.SMTPException, OSError):
            self.close()

    def _connected(self) -> smtplib.SMTP:
        if self._server is None:
            self._server = self._connect()
        return self._server

    def _connect(self) -> smtplib.SMTP:
        host, context = self._url.hostname or "", ssl.create_default_context()
        if self._url.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, self._url.port or 465, timeout=_TIMEOUT, context=context)
        else:
            server = smtplib.SMTP(host, self._url.port or 587, timeout=_TIMEOUT)
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=context)
            elif not _is_loopback(host):
                server.close()
                raise smtplib.SMTPNotSupportedError(f"{host} offers no encryption")
        server.ehlo()
        if self._url.username:
            server.login(unquote(self._url.username), unquote(self._url.password or ""))
        return server


def _sender(settings: Settings) -> str:
    sender = settings.mail_from or settings.owner_email
    if not sender:
        raise WrongUse("set DIEMBAO_MAIL_FROM or DIEMBAO_OWNER_EMAIL: mail needs a sender")
    return sender


def _refusal(code: int, text: bytes, *, at_address: bool = False) -> Answer:
    """4xx is for now, 5xx for good."""
    return Answer("refused" if code >= 500 else "retry", code, _line(code, text), at_address)


def _fault(error: Exception) -> Answer:
    """A fault of the connection, before anything can have been accepted; a refused password is one for us to mend."""
    return Answer("retry", 0, f"{type(error).__name__}: {error}"[:500])


def _line(code: int, text: bytes) -> str:
    return f"{code} {text.decode('utf-8', 'replace')}"[:500]


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
