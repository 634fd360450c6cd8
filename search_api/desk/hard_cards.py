"""Cards with the hardest content there is, for the page of components: made by hand, of no story."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import datetime, timedelta

from diembao.newsroom.queue import Card, Correction
from diembao.newsroom.stories import Portrait, Printed
from diembao.store.ranking import Weight

_FORTY = tuple(f"Báo Ví Dụ {number}" for number in range(1, 41))


def hard_cards(long: str, word: str, hostile: str, now: datetime) -> tuple[Card, ...]:
    """Everything at once; nothing at all; forty printings; decomposed letters; one endless word; hostile text."""
    full = _full(long, now)
    bare = replace(
        full, id=2, state="new", headline="Tin", lead="", topic="", stance="", stance_sentence="", needs_response=False,
        weights=(), corrections=(), assignee="", open_by=(), notes=0, scheduled_at=None, reason="", pace="steady",
        has_own_summary=False, portrait=_portrait("Tin", ("Báo Sông Cầu",), (), now),
    )  # fmt: skip
    forty = replace(bare, id=3, headline=long, pace="breaking", portrait=_portrait(long, _FORTY, ("Gia Sàng",), now))
    composed = replace(full, id=4, headline=unicodedata.normalize("NFD", long), lead=unicodedata.normalize("NFD", long))
    endless = replace(full, id=5, headline=word, lead=word, stance_sentence=word, reason=word)
    spiteful = replace(full, id=6, headline=hostile, lead=hostile, stance_sentence=hostile, reason=hostile)
    states = [
        replace(bare, id=10 + number, state=state, headline=f"{long[:60]} ({number + 1})", stance=stance)
        for number, (state, stance) in enumerate(
            (("taken", "favourable"), ("drafted", "neutral"), ("approved", "mixed"), ("rejected", "unfavourable"))
        )
    ]
    return full, bare, forty, composed, endless, spiteful, *states


def _full(long: str, now: datetime) -> Card:
    return Card(
        id=1,
        revision=7,
        state="waiting",
        relevance="relevant",
        headline=long,
        lead=long,
        has_own_headline=True,
        has_own_summary=True,
        portrait=_portrait(long, _FORTY[:6], ("Tân Cương", "Vạn Xuân"), now),
        topic="moi-truong-tai-nguyen",
        stance="unfavourable",
        stance_sentence=long,
        needs_response=True,
        weights=(Weight("needs_response", 8.0), Weight("unfavourable", 4.0), Weight("outlets", 3.0)),
        outlets=6,
        surge=5,
        certainty=1.0,
        pace="growing",
        assignee="nguyen.thi.lan",
        notes=12,
        corrections=(Correction("stance", "neutral", "unfavourable", "nguyen.thi.lan", now),),
        open_by=(),
        reason="Cần hỏi lại Sở Nông nghiệp và Môi trường trước khi đăng.",
        scheduled_at=now + timedelta(hours=3),
    )


def _portrait(title: str, outlets: tuple[str, ...], places: tuple[str, ...], now: datetime) -> Portrait:
    at = now - timedelta(hours=3)
    first = Printed(1, "songcau", outlets[0], title, "", at, None, 1.0, "", "relevant", "", "", False, places, ())
    growth = tuple((at + timedelta(minutes=10 * number), number + 1) for number in range(len(outlets)))
    return Portrait(
        headline=title,
        lead="",
        headline_of=1,
        first=first,
        outlets=outlets,
        articles=len(outlets) + 2,
        originals=1,
        growth=growth,
        topics=(),
        stances={},
        needs_response=False,
        places=places,
        people=(),
        pace="steady",
    )
