"""Handing mails to the SMTP server: each once, whatever is killed when.

A server has a message when it has read the line with the dot, and not before (RFC 5321, 4.1.1.4). So a mail is
marked `handing` in the store after its last byte but before that line, and `sent` after the answer. Killed before
the mark, it cannot have been accepted and is sent again; killed after it, nobody can know, and it is not sent again
by itself: it stands at the desk as uncertain, for a person to decide. The mark is also the fence against a second
postman: it fails when the mail was taken away from us, and then the line with the dot is never said.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event

from diembao.errors import StoreUnavailable
from diembao.newsroom.digests.approving import settle
from diembao.newsroom.digests.content import Content
from diembao.newsroom.digests.lists import host_of, queue_scheduled, unsubscribe_address
from diembao.newsroom.digests.message import Envelope, Letter, letter_of, message
from diembao.newsroom.digests.removals import kept_content
from diembao.newsroom.letters import Carrier
from diembao.newsroom.seal import Seal
from diembao.newsroom.smtp import Answer, Line, returns_to, sender_of
from diembao.settings import Settings
from diembao.store import outgoing
from diembao.store.database import Store
from diembao.store.locks import exclusive
from diembao.store.models import DeliveryRow, DigestRow, MailingListRow, RecipientRow

logger = logging.getLogger(__name__)

LOCK = "mailing"
# A try every so many minutes; after the last one the mail counts as refused.
_BACK_OFF = (1, 5, 15, 60, 180, 360, 720)
_IDLE_SECONDS = 5.0
# The address itself is refused for good, not this message or this moment.
_NO_SUCH_ADDRESS = (550, 551, 553)


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
        self._line()

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
                done.uncertain = outgoing.recover(session, DeliveryRow)
            line = self._line()
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

    def _line(self) -> Line:
        line = Line(self.settings)
        sender_of(self.settings)
        return line

    def _take(self) -> DeliveryRow | None:
        claim = uuid.uuid4().hex
        with self.store.write() as session:
            while (row := outgoing.next_due(session, DeliveryRow, self.now())) is not None:
                if not self._still_wanted(row, session.get(RecipientRow, row.recipient_id)):
                    row.state = "cancelled"
                    session.flush()
                    continue
                settle(session, session.get_one(DigestRow, row.digest_id))
                if outgoing.take(session, row, claim):
                    return row
        return None

    @staticmethod
    def _still_wanted(row: DeliveryRow, recipient: RecipientRow | None) -> bool:
        return recipient is not None and recipient.state == "active" and recipient.email == row.email

    def _send(self, line: Line, row: DeliveryRow) -> Answer:
        try:
            answer = line.say(returns_to(self.settings), row.email, self._message(row), lambda: self._last_word(row))
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
                sender=sender_of(self.settings),
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
            if not outgoing.hand_over(session, row):
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
            next_try = now + timedelta(minutes=minutes)
            outgoing.settle(session, DeliveryRow, row.id, row.claim, state, answer.text, at=now, next_try_at=next_try)
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


def keep_delivering(store: Store, settings: Settings, seal: Seal, stop: Event, carrier: Carrier) -> None:
    """Queue what is scheduled and send what is due, digests and letters, until `stop` is set; nothing without a server
    in the settings."""
    if settings.smtp_url is None:
        return
    postman = Postman(store, settings, seal)
    while not stop.is_set():
        try:
            queue_scheduled(store, postman.now())
            postman.deliver(stop.is_set)
            carrier.deliver(stop.is_set)
        except StoreUnavailable as error:
            logger.error("the store is away: %s", error)
        stop.wait(_IDLE_SECONDS)
