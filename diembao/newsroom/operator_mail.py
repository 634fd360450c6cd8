"""Letters to the operator: what changed in the pulse of the sources."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formatdate
from typing import Final

from diembao.errors import WrongUse
from diembao.newsroom.mail_policy import POLICY
from diembao.newsroom.smtp import Line
from diembao.settings import Settings
from diembao.store.pulse import VIETNAM, Pulse

logger = logging.getLogger(__name__)

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
    letter = _letter(settings, news)
    try:
        line = Line(settings)
    except WrongUse as error:
        logger.error("the operator could not be told by mail: %s", error)
        return False
    answer = line.say(str(letter["From"]), settings.operator_email, letter.as_bytes(), lambda: True)
    line.close()
    if answer.ended != "sent":
        logger.error("the operator could not be told by mail: %s", answer.text)
    return answer.ended == "sent"


def _letter(settings: Settings, news: Sequence[Pulse]) -> EmailMessage:
    letter = EmailMessage(policy=POLICY)
    letter["From"] = settings.mail_from or settings.owner_email or settings.operator_email
    letter["To"] = settings.operator_email
    letter["Subject"] = _subject(news)
    letter["Date"] = formatdate()
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
