"""What an alert has to say, put together at the moment it is said: what was taken down meanwhile is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy.orm import Session

from diembao.newsroom.analysis.alerts.alert import asked_of
from diembao.newsroom.analysis.asked import ANALYSIS
from diembao.settings import Settings
from diembao.store import articles, public, stories
from diembao.store.models import AlertMatchRow, AlertRow
from nlp.text import normalise

ALERTS = f"{ANALYSIS}/canh-bao"


@dataclass(frozen=True, slots=True)
class NewsItem:
    """A story, by the article of it that was found. outlets: how many print it by now."""

    story: int
    article: int
    title: str
    source: str
    outlet: str
    url: str
    printed_at: datetime
    stance: str
    outlets: int


@dataclass(frozen=True, slots=True)
class Figures:
    """A surge (a day) or a silence (a run of days): how many articles there were, and are usual on a day."""

    kind: Literal["surge", "silence"]
    level: int
    first: date
    last: date
    articles: int
    usual: float
    stories: tuple[NewsItem, ...] = ()


@dataclass(frozen=True, slots=True)
class News:
    items: tuple[NewsItem, ...]
    figures: tuple[Figures, ...]

    @property
    def is_empty(self) -> bool:
        return not self.items and not self.figures


def news_of(session: Session, rows: Sequence[AlertMatchRow], *, stance: bool) -> News:
    """rows: in the order they are to be told. stance: whether the reader may know it."""
    found = _items(session, [row.article_id for row in rows if row.article_id is not None], stance=stance)
    items = [found[row.article_id] for row in rows if row.article_id in found]
    figures = [_figures(session, row, stance=stance) for row in rows if row.article_id is None]
    return News(tuple(items), tuple(figures))


def list_of(alert: AlertRow, settings: Settings, first: date | None = None, last: date | None = None) -> str:
    """The address of the articles behind what is told."""
    return f"{settings.public_url.rstrip('/')}{list_path(alert.query, first, last)}"


def list_path(query: str, first: date | None = None, last: date | None = None) -> str:
    """The same below the site. query: of the alert, as an address holds it."""
    asked = asked_of(query)
    if first is not None and last is not None:
        asked = replace(asked, from_=first.isoformat(), to=last.isoformat(), apart=True)
    return asked.path()


def _items(session: Session, numbers: Sequence[int], *, stance: bool) -> dict[int, NewsItem]:
    rows = {
        number: row
        for number, row in articles.by_ids(session, numbers).items()
        if row.withdrawn_at is None and row.source_removed_at is None
    }
    known = stories.by_ids(session, sorted({row.story_id for row in rows.values()}))
    titles = public.outlet_titles(session) if rows else {}
    return {
        number: NewsItem(
            row.story_id,
            number,
            " ".join(normalise(row.title).split()),
            row.source,
            titles.get(row.source, row.source),
            row.url if row.url.startswith(("https://", "http://")) else "",
            row.effective_at,
            (row.stance or "") if stance else "",
            known[row.story_id].outlets,
        )
        for number, row in rows.items()
    }


def _figures(session: Session, row: AlertMatchRow, *, stance: bool) -> Figures:
    detail: dict[str, Any] = row.detail
    first = date.fromisoformat(detail.get("first") or detail["day"])
    last = date.fromisoformat(detail.get("last") or detail["day"])
    standing = stories.by_ids(session, detail.get("stories", []))
    firsts = [standing[number].first_article_id for number in detail.get("stories", []) if number in standing]
    leading = _items(session, [number for number in firsts if number is not None], stance=stance)
    return Figures(
        "surge" if "day" in detail else "silence",
        row.level,
        first,
        last,
        int(detail.get("articles", 0)),
        float(detail["usual"]),
        tuple(leading[number] for number in firsts if number in leading),
    )
