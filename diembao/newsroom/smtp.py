"""The line to the mail server: one message at a time, with a last word before the server can have taken it.

A server has a message when it has read the line with the dot, and not before (RFC 5321, 4.1.1.4). Whoever must know
that a message goes out once keeps a note between the last byte and the dot: `last_word` is asked at that moment.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal
from urllib.parse import unquote, urlsplit

from diembao.errors import WrongUse
from diembao.settings import Settings

_TIMEOUT = 60.0
_LINE_START_DOT = re.compile(rb"^\.", re.MULTILINE)

Ended = Literal["sent", "refused", "retry", "uncertain", "taken_away"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one try. code: of the server, 0 for none. at_address: it was the recipient that was refused."""

    ended: Ended
    code: int
    text: str
    at_address: bool = False


class Line:
    """The connection to the server, made when needed and kept for the next mail."""

    def __init__(self, settings: Settings) -> None:
        """Raises: WrongUse: no server is set, or its address cannot be read."""
        if settings.smtp_url is None:
            raise WrongUse("DIEMBAO_SMTP_URL is not set: no mail can be sent")
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


def sender_of(settings: Settings) -> str:
    """Raises: WrongUse: no sender is set."""
    sender = settings.mail_from or settings.owner_email
    if not sender:
        raise WrongUse("set DIEMBAO_MAIL_FROM or DIEMBAO_OWNER_EMAIL: mail needs a sender")
    return sender


def returns_to(settings: Settings) -> str:
    """The sender on the envelope, where undeliverable mail goes back to. Raises: WrongUse: no sender is set."""
    return settings.mail_bounces_to or sender_of(settings)


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
