"""What an outlet has agreed to in writing, as it stands on a given day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from diembao.store.models import SourceRow

Scope = Literal["none", "excerpt", "full"]
_VIETNAM = timezone(timedelta(hours=7))  # no summer time since 1975


@dataclass(frozen=True, slots=True)
class Agreement:
    """scope: what may be shown; hours: to wait after the source; number: of the paper it is written on."""

    scope: Scope = "none"
    hours: float = 0.0
    number: str = ""
    since: date | None = None
    until: date | None = None  # the last day

    @property
    def allows_excerpt(self) -> bool:
        return self.scope != "none"


NONE = Agreement()


def agreement_of(source: SourceRow, now: datetime) -> Agreement:
    """The agreement with a source in force now; none before its first and after its last day."""
    day = now.astimezone(UTC).astimezone(_VIETNAM).date()
    if source.agreement_from is not None and day < source.agreement_from:
        return NONE
    if source.agreement_until is not None and day > source.agreement_until:
        return NONE
    terms = source.definition.get("agreement")
    return Agreement(
        scope=source.agreement,  # type: ignore[arg-type]  # the source file is read strictly
        hours=source.agreement_hours,
        number=terms.get("number", "") if isinstance(terms, dict) else "",
        since=source.agreement_from,
        until=source.agreement_until,
    )


def agreements(session: Session, names: set[str], now: datetime) -> Mapping[str, Agreement]:
    """The agreements with these sources in force now, by name."""
    rows = session.scalars(select(SourceRow).where(SourceRow.name.in_(names)))
    return {row.name: agreement_of(row, now) for row in rows}
