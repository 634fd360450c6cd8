"""Letters to single people of the office, each sent once whatever is killed when (`diembao.newsroom.digests.postman`
tells how). What a letter says is written when it is sent, by the room that queued it."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from sqlalchemy.orm import Session

from diembao.newsroom.digests.lists import host_of
from diembao.newsroom.mail_policy import POLICY
from diembao.newsroom.smtp import Answer, Line, returns_to, sender_of
from diembao.settings import Settings
from diembao.store import letters, outgoing
from diembao.store.database import Store
from diembao.store.locks import exclusive
from diembao.store.models import LetterRow

logger = logging.getLogger(__name__)

LOCK = "letters"
_BACK_OFF = (1, 5, 15, 60, 180, 360, 720)  # minutes before each further try


@dataclass(frozen=True, slots=True)
class Written:
    """leave: address of the page that ends such letters. list_id: of the kind of letter, within our host."""

    subject: str
    text: str
    html: str
    leave: str
    list_id: str
    recipient_name: str = ""


# None: there is nothing (left) to tell, or nobody who still wants to be told.
Writer = Callable[[Session, LetterRow], Written | None]


@dataclass(slots=True)
class Carrier:
    """Sends the letters of those kinds that it has a writer for; one at a time per store."""

    store: Store
    settings: Settings
    writers: Mapping[str, Writer]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def deliver(self, stop: Callable[[], bool] = lambda: False) -> int | None:
        """Send every letter whose time has come; how many went out, None when another process is at it.

        Raises:
            WrongUse: no server, or no sender, is set. StoreUnavailable
        """
        with exclusive(self.store, self.settings.data_dir, LOCK) as alone:
            if not alone:
                return None
            line = Line(self.settings)
            sender_of(self.settings)
            with self.store.write() as session:
                outgoing.recover(session, LetterRow)
            try:
                return self._all(line, stop)
            finally:
                line.close()

    def _all(self, line: Line, stop: Callable[[], bool]) -> int:
        sent = 0
        while not stop() and (taken := self._take()) is not None:
            began = time.monotonic()
            row, written = taken
            answer = line.say(returns_to(self.settings), row.email, self._message(row, written), self._last_word(row))
            self._note(row, answer)
            sent += answer.ended == "sent"
            if answer.ended == "retry" and not answer.code:
                break  # the server is away: the others need not find that out one by one
            # The pace that the office's relay was promised.
            time.sleep(max(0.0, 60 / self.settings.mail_per_minute - (time.monotonic() - began)))
        return sent

    def _take(self) -> tuple[LetterRow, Written] | None:
        claim = uuid.uuid4().hex
        with self.store.write() as session:
            while (row := letters.next_due(session, list(self.writers), self.now())) is not None:
                written = self.writers[row.kind](session, row)
                if written is None:
                    row.state = "cancelled"
                    session.flush()
                elif outgoing.take(session, row, claim):
                    return row, written
        return None

    def _message(self, row: LetterRow, written: Written) -> bytes:
        host = host_of(self.settings)
        made = EmailMessage(policy=POLICY)
        made["From"] = Address(self.settings.owner_name, addr_spec=sender_of(self.settings))
        made["To"] = Address(written.recipient_name, addr_spec=row.email)
        made["Subject"] = " ".join(written.subject.split())
        made["Date"] = format_datetime(self.now())
        made["Message-ID"] = f"<{row.message_id}@{host}>"
        made["List-ID"] = f"<{written.list_id}.{host}>"
        made["List-Unsubscribe"] = f"<{written.leave}>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        made["Auto-Submitted"] = "auto-generated"
        made.set_content(written.text, cte="base64")
        made.add_alternative(written.html, subtype="html", cte="base64")
        return made.as_bytes()

    def _last_word(self, row: LetterRow) -> Callable[[], bool]:
        def may_be_said() -> bool:
            with self.store.write() as session:
                return outgoing.hand_over(session, row)

        return may_be_said

    def _note(self, row: LetterRow, answer: Answer) -> None:
        now = self.now()
        state = {"retry": "queued", "taken_away": "queued"}.get(answer.ended, answer.ended)
        if answer.ended == "retry" and row.attempts > len(_BACK_OFF):
            state = "refused"
        next_try = now + timedelta(minutes=_BACK_OFF[min(row.attempts, len(_BACK_OFF)) - 1])
        with self.store.write() as session:
            outgoing.settle(session, LetterRow, row.id, row.claim, state, answer.text, at=now, next_try_at=next_try)
        if answer.ended != "sent":
            logger.warning("letter %s: %s", answer.ended, answer.text, extra={"letter": row.id, "kind": row.kind})
