"""Letters to the operator: what changed in the pulse of the sources."""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from typing import Final
from urllib.parse import unquote, urlsplit

from diembao.settings import Settings
from diembao.store.pulse import VIETNAM, Pulse

logger = logging.getLogger(__name__)

_SECONDS: Final = 20.0
_STATES: Final = {
    "ok": "đã bình thường trở lại",
    "quiet": "im ắng khác thường",
    "empty": "không có bài",
    "failing": "không đọc được",
    "drifting": "đọc kém đi",
}


def tell_operator(settings: Settings, news: Sequence[Pulse]) -> bool:
    """Mail what changed; True where it went out or nobody asked for mail.

    A server that cannot be reached is logged, and the letter tried again at the next run.
    """
    if settings.smtp_url is None or not settings.operator_email:
        return True
    try:
        _send(settings.smtp_url.get_secret_value(), _letter(settings, news))
    except (OSError, smtplib.SMTPException) as error:
        logger.error("the operator could not be told by mail: %s", error)
        return False
    return True


def _letter(settings: Settings, news: Sequence[Pulse]) -> EmailMessage:
    letter = EmailMessage()
    letter["From"] = settings.mail_from or settings.owner_email or settings.operator_email
    letter["To"] = settings.operator_email
    letter["Subject"] = _subject(news)
    lines = [
        f"- {each.source}: {_STATES[each.state]}"
        + (f" từ {each.since.astimezone(VIETNAM):%H:%M %d/%m/%Y}. {each.reason.get('vi', '')}." if each.reason else ".")
        for each in news
    ]
    address = f"{settings.public_url}/ban-bien-tap/nguon"
    letter.set_content("Tình trạng các nguồn báo vừa thay đổi:\n\n" + "\n".join(lines) + f"\n\nXem tất cả: {address}\n")
    return letter


def _subject(news: Sequence[Pulse]) -> str:
    if len(news) == 1:
        return f"[Điểm Báo] {news[0].source}: {_STATES[news[0].state]}"
    return f"[Điểm Báo] {len(news)} nguồn báo đổi tình trạng"


def _send(url: str, letter: EmailMessage) -> None:
    parts = urlsplit(url)
    host, port = parts.hostname or "localhost", parts.port
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            host, port or 465, timeout=_SECONDS, context=ssl.create_default_context()
        )
    else:
        server = smtplib.SMTP(host, port or 25, timeout=_SECONDS)
    with server:
        server.ehlo()
        if parts.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(letter)
