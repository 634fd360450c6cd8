"""What was collected and by what it was judged: what a report must say about its own figures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from diembao.store.models import ArticleRow, LabelRow, SourceDayRow, SourceRow
from diembao.store.pulse import start_of


@dataclass(frozen=True, slots=True)
class Outlet:
    """active: watched today."""

    name: str
    title: str
    outlet_type: str
    scope: str
    active: bool


def outlets(session: Session) -> dict[str, Outlet]:
    """Every newspaper that the store knows, by name."""
    columns = (SourceRow.name, SourceRow.title, SourceRow.outlet_type, SourceRow.scope, SourceRow.active)
    return {row.name: Outlet(*row) for row in session.execute(select(*columns).order_by(SourceRow.name))}


def days_collected(session: Session, first: date, last: date) -> set[date]:
    """Those of the days on which the crawler found an address at any newspaper; kept as long as the pulse is."""
    query = select(SourceDayRow.day).where(*_came_in(first, last)).distinct()
    return set(session.scalars(query))


def days_by_source(session: Session, first: date, last: date) -> Mapping[str, int]:
    """On how many of the days the crawler found an address at each newspaper; those with none are left out."""
    query = select(SourceDayRow.source, func.count()).where(*_came_in(first, last)).group_by(SourceDayRow.source)
    return {row[0]: row[1] for row in session.execute(query)}


def versions(session: Session, first: date, last: date) -> Mapping[str, tuple[str, ...]]:
    """Of each step, the versions that judged the relevant articles of these days."""
    found: dict[str, set[str]] = {}
    # As text: neither database tells JSON objects apart, and there are a handful of them in a month.
    query = select(ArticleRow.annotations["versions"].as_string()).where(*_dated(first, last)).distinct()
    for one in session.scalars(query):
        for step, version in json.loads(one or "{}").items():
            found.setdefault(step, set()).add(version)
    return {step: tuple(sorted(known)) for step, known in sorted(found.items())}


def corrected(session: Session, first: date, last: date) -> Mapping[str, int]:
    """How many of the relevant articles of these days a person corrected, by what was corrected."""
    query = (
        select(LabelRow.field, func.count(LabelRow.page_id.distinct()))
        .join(ArticleRow, ArticleRow.page_id == LabelRow.page_id)
        .where(LabelRow.withdrawn_at.is_(None), *_dated(first, last))
        .group_by(LabelRow.field)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def undated(session: Session, first: date, last: date) -> int:
    """How many of the relevant articles of these days have no time of their own: they stand on the day they were
    found."""
    query = select(func.count()).select_from(ArticleRow).where(*_dated(first, last), ArticleRow.published_at.is_(None))
    return session.scalar(query) or 0


def _came_in(first: date, last: date) -> tuple[ColumnElement[bool], ...]:
    return SourceDayRow.day >= first, SourceDayRow.day <= last, SourceDayRow.found > 0


def _dated(first: date, last: date) -> tuple[ColumnElement[bool], ...]:
    return (
        ArticleRow.relevance == "relevant",
        ArticleRow.effective_at >= start_of(first),
        ArticleRow.effective_at < start_of(last + timedelta(days=1)),
    )
