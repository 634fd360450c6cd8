"""What alerts found, or would have found, as their pages show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from diembao.newsroom.analysis.alerts.alert import Alert
from diembao.newsroom.analysis.alerts.letter import decimal
from diembao.newsroom.analysis.alerts.news import list_path
from diembao.newsroom.analysis.alerts.rehearsal import Rehearsal
from diembao.newsroom.analysis.charts import Chart, Mark
from diembao.newsroom.stories import portraits
from diembao.store import alerts, articles, public
from diembao.store.models import AlertMatchRow, AlertMuteRow, AlertRow
from search_api.moments import day_of
from search_api.site import Site

# A rehearsal of something that is in the news every hour: the rest is in the chart.
_MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class Found:
    """Something that an alert told, or would tell. kind: story | surge | silence; title: of the story, empty for one
    that was taken down. list: path of the articles behind it. due: when it was to be told; is_waiting: not told yet.
    """

    kind: str
    found: datetime
    due: datetime
    list: str
    story: int = 0
    title: str = ""
    outlet: str = ""
    level: int = 0
    first: date | None = None
    last: date | None = None
    articles: int = 0
    usual: str = ""
    is_waiting: bool = False
    is_muted: bool = False


@dataclass(frozen=True, slots=True)
class RehearsedDay:
    day: date
    messages: tuple[tuple[datetime, tuple[Found, ...]], ...]


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """messages, things: how many it would have been. days: newest first; is_short: not all of them are listed."""

    first: date
    last: date
    is_cut: bool
    messages: int
    things: int
    days: tuple[RehearsedDay, ...]
    chart: Chart | None
    is_short: bool


@dataclass(frozen=True, slots=True)
class Muted:
    row: AlertMuteRow
    title: str


def found_of(session: Session, alert: AlertRow, rows: Sequence[AlertMatchRow]) -> list[Found]:
    muted = {one.story_id for one in alerts.mutes(session, [alert.user_id]) if one.alert_id in (0, alert.id)}
    kept = [
        {
            "story_id": row.story_id,
            "article_id": row.article_id,
            "found_at": row.found_at,
            "due_at": row.due_at,
            "told_at": row.told_at,
            "level": row.level,
            "detail": row.detail,
        }
        for row in rows
    ]
    return _shown(session, alert.query, kept, muted)


def muted_of(session: Session, alert: AlertRow) -> list[Muted]:
    """Stories that this alert, or none of its owner's, tells of."""
    rows = [row for row in alerts.mute_rows(session, alert.user_id) if row.alert_id in (0, alert.id)]
    known = portraits(session, [row.story_id for row in rows], alert.updated_at)
    return [Muted(row, known[row.story_id].headline if row.story_id in known else "") for row in rows]


def rehearsed_of(session: Session, site: Site, alert: Alert, query: str, rehearsal: Rehearsal) -> Rehearsed:
    things = [row for message in rehearsal.messages for row in message.rows]
    listed = things[-_MOST_LISTED:]
    shown = dict(zip([row["key"] for row in listed], _shown(session, query, listed, set()), strict=True))
    days: dict[date, list[tuple[datetime, tuple[Found, ...]]]] = {}
    counts: dict[date, int] = {}
    for message in rehearsal.messages:
        day = day_of(message.at)
        counts[day] = counts.get(day, 0) + 1
        told = tuple(shown[row["key"]] for row in message.rows if row["key"] in shown)
        if told:
            days.setdefault(day, []).append((message.at, told))
    return Rehearsed(
        rehearsal.first,
        rehearsal.last,
        rehearsal.is_cut,
        len(rehearsal.messages),
        len(things),
        tuple(RehearsedDay(day, tuple(days[day][::-1])) for day in sorted(days, reverse=True)),
        _chart(site, query, rehearsal, counts) if things else None,
        len(listed) < len(things),
    )


def _chart(site: Site, query: str, rehearsal: Rehearsal, counts: dict[date, int]) -> Chart:
    """Messages by day; each bar leads to the articles of its day."""
    messages = site.desk.edition.messages
    last = max([rehearsal.last, *counts])  # what quiet hours put off may fall on the day after
    marks = []
    for number in range((last - rehearsal.first).days + 1):
        day = rehearsal.first + timedelta(days=number)
        said = f"{day:%d/%m/%Y}: {messages.text('desk.alerts.rehearsal.messages', count=counts.get(day, 0))}"
        marks.append(Mark(f"{day:%d/%m/%y}", counts.get(day, 0), said=said, href=list_path(query, day, day)))
    title = messages.text("desk.alerts.rehearsal.chart")
    return Chart(title, messages.text("desk.alerts.rehearsal.unit"), tuple(marks), height=120, width=760)


def _shown(session: Session, query: str, rows: Sequence[dict[str, Any]], muted: set[int]) -> list[Found]:
    numbers = [row["article_id"] for row in rows if row["article_id"] is not None]
    known = articles.by_ids(session, numbers)
    outlets = public.outlet_titles(session) if numbers else {}
    found = []
    for row in rows:
        detail, waits = row["detail"], row["told_at"] is None
        if row["article_id"] is not None:
            article = known.get(row["article_id"])
            day = day_of(article.effective_at if article else row["found_at"])
            stands = article is not None and article.withdrawn_at is None and article.source_removed_at is None
            story = article.story_id if article is not None else row["story_id"]
            found.append(
                Found(
                    "story",
                    row["found_at"],
                    row["due_at"],
                    list_path(query, day, day),
                    story=story,
                    title=article.title if article is not None and stands else "",
                    outlet=outlets.get(article.source, article.source) if article is not None else "",
                    is_waiting=waits,
                    is_muted=story in muted,
                )
            )
            continue
        kind = "surge" if "day" in detail else "silence"
        first = date.fromisoformat(detail.get("first") or detail["day"])
        last = date.fromisoformat(detail.get("last") or detail["day"])
        found.append(
            Found(
                kind,
                row["found_at"],
                row["due_at"],
                # Of a silence there is nothing to see; what was before it is.
                list_path(query, first, last) if kind == "surge" else list_path(query),
                level=row["level"],
                first=first,
                last=last,
                articles=detail.get("articles", 0),
                usual=decimal(float(detail["usual"])),
                is_waiting=waits,
            )
        )
    return found
