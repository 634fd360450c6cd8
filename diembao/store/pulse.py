"""What came in from every source, day by day, and how each does.

Days are those of Viet Nam. They are reckoned anew from the pages while pages found on them may still be read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

from sqlalchemy import and_, case, delete, distinct, func, or_, select
from sqlalchemy.orm import Session

from diembao.store.models import PageRow, SourceDayRow, SourcePulseRow, TrailRow

VIETNAM = timezone(timedelta(hours=7))  # no summer time since 1975
KEPT_DAYS = 400
# Of the past so much is reckoned when nothing is known yet.
FIRST_DAYS = 56
_BAD_STATES = ("failed", "refused", "quarantined")


@dataclass(frozen=True, slots=True)
class Day:
    """found: addresses that came in; read, of which by_fallback (not by the learned profile) and undated; errors."""

    day: date
    found: int
    read: int = 0
    by_fallback: int = 0
    undated: int = 0
    errors: int = 0


@dataclass(frozen=True, slots=True)
class Pulse:
    """How a source does. state: ok | quiet | empty | failing | drifting; reason by language; since: of this state.

    bad_runs: in a row; told_state: what the operator was told last.
    """

    source: str
    state: str
    reason: Mapping[str, str]
    figures: Mapping[str, Any]
    since: datetime
    bad_runs: int
    checked_at: datetime
    told_state: str = "ok"
    told_at: datetime | None = None


def day_of(moment: datetime) -> date:
    return moment.astimezone(VIETNAM).date()


def start_of(day: date) -> datetime:
    """The first moment of a day of Viet Nam, in UTC."""
    return datetime.combine(day, time(), VIETNAM).astimezone(UTC)


def refresh_days(session: Session, now: datetime) -> None:
    """Reckon today and yesterday anew, and before that what is not known yet."""
    today = day_of(now)
    newest = session.scalar(select(func.max(SourceDayRow.day)))
    first = min(newest, today - timedelta(days=1)) if newest else today - timedelta(days=FIRST_DAYS)
    for back in range((today - first).days, -1, -1):
        _reckon(session, today - timedelta(days=back))
    session.execute(delete(SourceDayRow).where(SourceDayRow.day < today - timedelta(days=KEPT_DAYS)))


def days_by_source(session: Session, since: date) -> dict[str, list[Day]]:
    """Days on which something came in, oldest first; days without anything are missing."""
    found: dict[str, list[Day]] = {}
    query = select(SourceDayRow).where(SourceDayRow.day >= since).order_by(SourceDayRow.day)
    for row in session.scalars(query):
        day = Day(row.day, row.found, row.read, row.by_fallback, row.undated, row.errors)
        found.setdefault(row.source, []).append(day)
    return found


def pulses(session: Session) -> dict[str, Pulse]:
    """The pulse of every source, as last taken."""
    return {
        row.source: Pulse(
            row.source,
            row.state,
            row.reason,
            row.figures,
            row.since,
            row.bad_runs,
            row.checked_at,
            row.told_state,
            row.told_at,
        )
        for row in session.scalars(select(SourcePulseRow))
    }


def keep(session: Session, taken: Sequence[Pulse]) -> None:
    """Keep what was found; sources that are not among `taken` are forgotten."""
    rows = {row.source: row for row in session.scalars(select(SourcePulseRow))}
    for pulse in taken:
        row = rows.pop(pulse.source, None) or SourcePulseRow(source=pulse.source)
        row.state, row.reason, row.figures = pulse.state, dict(pulse.reason), dict(pulse.figures)
        row.since, row.bad_runs, row.checked_at = pulse.since, pulse.bad_runs, pulse.checked_at
        row.told_state, row.told_at = pulse.told_state, pulse.told_at
        session.add(row)
    for row in rows.values():
        session.delete(row)


def count_by_state(session: Session) -> dict[str, int]:
    query = select(SourcePulseRow.state, func.count()).group_by(SourcePulseRow.state)
    return {row[0]: row[1] for row in session.execute(query)}


def _reckon(session: Session, day: date) -> None:
    begin, end = start_of(day), start_of(day + timedelta(days=1))
    inside = (PageRow.found_at >= begin, PageRow.found_at < end)
    stuck = and_(PageRow.state == "found", PageRow.attempts > 1)
    bad = or_(PageRow.state.in_(_BAD_STATES), PageRow.outcome == "unreadable", stuck)
    pages = select(PageRow.source, func.count(), func.sum(case((bad, 1), else_=0))).where(*inside)
    counted = {row[0]: [row[1], 0, 0, 0, int(row[2] or 0)] for row in session.execute(pages.group_by(PageRow.source))}
    page = TrailRow.page_id
    fallback = case((TrailRow.version.contains(" after "), page))
    undated = case((TrailRow.detail["time"].as_string() == "none", page))
    read = (
        select(PageRow.source, *(func.count(distinct(which)) for which in (page, fallback, undated)))
        .join(TrailRow, TrailRow.page_id == PageRow.id)
        .where(*inside, TrailRow.step == "extract", TrailRow.outcome == "read")
        .group_by(PageRow.source)
    )
    for row in session.execute(read):
        counted[row[0]][1:4] = row[1:]
    session.execute(delete(SourceDayRow).where(SourceDayRow.day == day))
    names = ("found", "read", "by_fallback", "undated", "errors")
    session.add_all(
        SourceDayRow(source=source, day=day, **dict(zip(names, numbers, strict=True)))
        for source, numbers in counted.items()
    )
    session.flush()
