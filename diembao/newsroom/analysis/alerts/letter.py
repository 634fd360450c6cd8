"""What an alert says by mail, and the link that ends it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from diembao.newsroom.analysis.alerts.alert import Condition
from diembao.newsroom.analysis.alerts.news import ALERTS, Figures, News, news_of
from diembao.newsroom.analysis.alerts.rights import may_see_stance
from diembao.newsroom.analysis.alerts.telling import LETTER, is_on
from diembao.newsroom.analysis.story_letter import Told, page, plain, told_of
from diembao.newsroom.letters import Writer, Written
from diembao.newsroom.people import roles_of
from diembao.newsroom.seal import Seal
from diembao.settings import Settings
from diembao.store import alerts, audit, letters
from diembao.store.models import AlertRow, LetterRow, UserRow

LEAVE: Final = f"{ALERTS}/thoi-nhan-thu"
_USE: Final = "alert by mail"
MOST_TOLD: Final = 40
WORDS: Mapping[str, str] = {
    "subject_one": "{name}: {title}",
    "subject": "{name}: {count} tin",
    "subject_surge": "{name}: {articles} bài trong ngày {last}, {level}",
    "subject_silence": "{name}: vắng tin từ ngày {first}",
    "lead": "Có {count} tin khớp với cảnh báo “{name}”.",
    "lead_first_unfavourable": "Sau ít nhất {days} ngày yên ắng, có bài bất lợi khớp với cảnh báo “{name}”.",
    "lead_new_outlet": "Có báo lần đầu viết về nội dung của cảnh báo “{name}”.",
    "lead_surge": "Ngày {last} đã có {articles} bài khớp với “{name}”, ngày như vậy thường {usual}:"
    " {level}. Những tin được đăng nhiều nhất:",
    "lead_silence": "Từ ngày {first} đến hết ngày {last} không có bài nào khớp với “{name}”, bình thường mỗi ngày"
    " {usual}: {level}.",
    "usual": "có khoảng {number} bài",
    "usual_none": "hầu như không có bài nào",
    "more": "… và {count} tin khác.",
    "open": "Xem cảnh báo, tắt bớt tin hoặc sửa điều kiện",
    "why": "Bạn nhận thư này vì đã đặt cảnh báo “{name}”.",
    "leave": "Thôi nhận thư của cảnh báo này",
}
LEVELS: Mapping[str, Mapping[int, str]] = {
    "surge": {1: "nhiều hơn thường lệ", 2: "tăng rõ rệt", 3: "tăng đột biến"},
    "silence": {1: "ít khi như vậy", 2: "hiếm khi như vậy", 3: "rất hiếm khi như vậy"},
}


def writer(settings: Settings, seal: Seal) -> Writer:
    """Who writes these letters, from what is still there when they are sent."""

    def write(session: Session, row: LetterRow) -> Written | None:
        alert = session.get(AlertRow, row.object_id)
        owner = session.get(UserRow, alert.user_id) if alert else None
        if alert is None or owner is None or not is_on(alert, owner) or not alert.by_mail or owner.email != row.email:
            return None
        stance = may_see_stance(roles_of(owner))
        news = news_of(session, alerts.matches_by_ids(session, row.content["matches"]), stance=stance)
        if news.is_empty:
            return None  # all of it was taken down meanwhile
        shown = [one.article for figures in news.figures for one in figures.stories]
        shown = list(dict.fromkeys([*(one.article for one in news.items), *shown]))
        told = told_of(session, shown[:MOST_TOLD], settings, stance=stance)
        return _written(settings, seal, alert, owner, news, told)

    return write


def leave_address(settings: Settings, seal: Seal, alert: AlertRow) -> str:
    """The link that ends the letters of an alert; good as long as there is somebody to end them for."""
    signature = seal.signature(_USE, f"{alert.id}:{alert.user_id}")
    return f"{settings.public_url.rstrip('/')}{LEAVE}/{alert.id}.{signature}"


def alert_of_token(session: Session, seal: Seal, token: str) -> AlertRow | None:
    """Whose link it is; None for one we did not make."""
    number, _, signature = token.partition(".")
    if not (number.isascii() and number.isdigit() and len(number) < 16):
        return None
    row = session.get(AlertRow, int(number))
    return row if row is not None and seal.fits(signature, _USE, f"{row.id}:{row.user_id}") else None


def leave(session: Session, alert: AlertRow, now: Any) -> None:
    """End the letters at their reader's wish; saying so twice does nothing more. The webhook goes on."""
    if not alert.by_mail:
        return
    alert.by_mail = False
    alert.version += 1
    alert.updated_at = now
    letters.cancel(session, LETTER, alert.id)
    audit.record(
        session,
        actor="reader",
        action="alert_mail",
        object_kind="alert",
        object_id=alert.id,
        at=now,
        detail={"by_mail": False},
    )


def decimal(value: float) -> str:
    """A number of articles as people write it: `3,2`, `12`."""
    return f"{value:.1f}".removesuffix(".0").replace(".", ",")


def _written(settings: Settings, seal: Seal, alert: AlertRow, owner: UserRow, news: News, told: list[Told]) -> Written:
    subject, lead = _said(alert, news)
    leave_link = leave_address(settings, seal, alert)
    beyond = len(news.items) - MOST_TOLD
    values: dict[str, Any] = {
        "lead": lead,
        "told": told,
        "more": WORDS["more"].format(count=beyond) if beyond > 0 else "",
        "words": {
            "subject": subject,
            "open": WORDS["open"],
            "why": WORDS["why"].format(name=alert.name),
            "leave": WORDS["leave"],
        },
        "open": f"{settings.public_url.rstrip('/')}{ALERTS}/{alert.id}",
        "leave": leave_link,
    }
    return Written(
        subject, plain(values), page(values), leave_link, f"canh-bao-{alert.id}", owner.full_name or owner.name
    )


def _said(alert: AlertRow, news: News) -> tuple[str, str]:
    """Subject and first words. What is not of one kind was found before the alert was changed."""
    named: dict[str, Any] = {"name": alert.name, "count": len(news.items), "days": alert.days}
    leads = []
    if news.items:
        special = {Condition.FIRST_UNFAVOURABLE: "lead_first_unfavourable", Condition.NEW_OUTLET: "lead_new_outlet"}
        leads.append(WORDS[special.get(Condition(alert.condition), "lead")].format(**named))
    subjects = []
    for one in news.figures:
        leads.append(WORDS[f"lead_{one.kind}"].format(**named, **_numbers(one)))
        subjects.append(WORDS[f"subject_{one.kind}"].format(**named, **_numbers(one)))
    if len(news.items) == 1:
        subjects.append(WORDS["subject_one"].format(**named, title=news.items[0].title))
    elif news.items:
        subjects.append(WORDS["subject"].format(**named))
    return subjects[-1], " ".join(leads)


def _numbers(one: Figures) -> dict[str, Any]:
    return {
        "first": _day(one.first),
        "last": _day(one.last),
        "articles": one.articles,
        "usual": _usual(one.usual),
        "level": LEVELS[one.kind][one.level],
    }


def _usual(number: float) -> str:
    """What is usual, in words: “about 0 articles” is no way to say it."""
    shown = decimal(number)
    return WORDS["usual_none"] if shown == "0" else WORDS["usual"].format(number=shown)


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"
