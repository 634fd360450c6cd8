"""The whole report out of what was asked for: counted, put into words, on the paper of the office."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from diembao.index.protocol import Period, SearchIndex
from diembao.newsroom.analysis.asked import Asked
from diembao.newsroom.briefing import breakdowns, raised, wording
from diembao.newsroom.briefing.content import Pack, Part
from diembao.newsroom.briefing.counting import count
from diembao.newsroom.briefing.frame import Frame, Names
from diembao.newsroom.briefing.lists import Lists
from diembao.newsroom.briefing.method import method
from diembao.newsroom.briefing.overview import overview
from diembao.newsroom.days import day_of
from diembao.newsroom.digests.composing import letterhead
from diembao.newsroom.digests.paper import paper_of
from diembao.settings import Settings

PARTS: Final[tuple[Callable[[Frame], Part], ...]] = (
    overview,
    breakdowns.stances,
    breakdowns.topics,
    breakdowns.places,
    breakdowns.outlets,
    raised.matters,
    raised.stories,
    method,
)


def compose(
    session: Session,
    index: SearchIndex,
    settings: Settings,
    asked: Asked,
    period: Period,
    names: Names,
    query: str,
    now: datetime,
) -> Pack:
    """The report of a period. asked: what is counted, whatever time it names; query: the same in words.

    Raises:
        BadQuery: the query cannot be read.
        ValueError: a period of more units of time than can be counted.
        IndexUnavailable
    """
    today = day_of(now)
    lists = Lists.of(asked)
    frame = Frame(count(session, index, lists.asked.query(today), period, now), lists, names, query, now)
    head = letterhead(settings, None, today.year, "internal", symbol=settings.briefing_symbol)
    subject = wording.subject(period)
    name = f"{wording.TITLE.capitalize()}: {wording.small(subject)}"
    return Pack(
        paper=paper_of(head, today, name=name, title=wording.TITLE, subject=subject),
        period=period,
        query=query,
        made_at=now,
        made_on=today,
        stem=wording.stem(period),
        parts=tuple(replace(part(frame), number=number) for number, part in enumerate(PARTS, start=1)),
    )
