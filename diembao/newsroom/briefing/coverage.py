"""On which days of a period something was collected: what was not collected is not what was not printed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy.orm import Session

from diembao.index.protocol import Period, Query, SearchIndex, Unit
from diembao.newsroom.analysis.figures import within
from diembao.store import collecting

# Of a period, so many days make its numbers fit to be compared with another's.
ENOUGH: Final = 0.9


@dataclass(frozen=True, slots=True)
class Coverage:
    """days: of the period that are over or today. collected: those on which an address was found or an article is
    dated. first, last: of those."""

    period: Period
    days: int
    collected: int
    first: date | None
    last: date | None

    @property
    def period_days(self) -> int:
        return (self.period.last - self.period.first).days + 1

    @property
    def is_empty(self) -> bool:
        return self.collected == 0

    @property
    def is_enough(self) -> bool:
        """Whether its numbers may be compared with those of another period."""
        return self.days == self.period_days and self.collected >= ENOUGH * self.days


def coverage(session: Session, index: SearchIndex, period: Period, today: date) -> Coverage:
    over = min(period.last, today)
    if over < period.first:
        return Coverage(period, 0, 0, None, None)
    dated = index.counts(within(Query(), Period(period.first, over)), over=Unit.DAY)
    days = {cell.period.first for cell in dated.cells if cell.period is not None}
    days |= collecting.days_collected(session, period.first, over)
    known = sorted(day for day in days if period.first <= day <= over)
    ends = (known[0], known[-1]) if known else (None, None)
    return Coverage(period, (over - period.first).days + 1, len(known), *ends)
