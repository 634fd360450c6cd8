"""`/stats`: how much was printed, always as stories and as articles; for staff what is not published counts, too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from diembao.index.periods import periods_between
from diembao.index.protocol import Cell, Grouping, Period, Unit
from diembao.store import public
from search_api.api.articles import PROBLEMS
from search_api.api.parameters import Asked, BreakdownParameters, TimelineParameters, facet_field
from search_api.api.route import ApiRoute
from search_api.api.schemas import BreakdownOut, BucketOut, CompareOut, PeriodOut, ShareOut, TimelineOut
from search_api.labels import Labels
from search_api.moments import day_of, end_of, start_of
from search_api.problems import BadParameter
from search_api.selection import Selection
from search_api.site import CurrentSite
from search_api.viewer import CurrentViewer

router = APIRouter(prefix="/api/v1/stats", tags=["stats"], responses=PROBLEMS, route_class=ApiRoute)

# A year of days; wider than any screen, small enough for any table.
_MOST_BUCKETS = 400
_DEFAULT_DAYS = {Unit.DAY: 30, Unit.WEEK: 26 * 7, Unit.MONTH: 365}
_COMPARED_DAYS = 30
_DAYS_AT_MOST = {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 31}


@router.get("/timeline")
def timeline(
    site: CurrentSite, viewer: CurrentViewer, parameters: Annotated[TimelineParameters, Query()]
) -> TimelineOut:
    """Counts by day, week (Monday to Sunday) or month of Viet Nam. Without `from`: the last 30 days, 26 weeks, 12
    months. A story counts in every bucket in which it was printed, and once in the total."""
    selection = parameters.selection(viewer)
    first, last = _period(selection, day_of(site.now()), _DEFAULT_DAYS[parameters.unit])
    spans = _spans(first, last, parameters.unit)
    query = replace(
        selection.query(public_only=not viewer.is_staff), published_from=start_of(first), published_to=end_of(last)
    )
    counts = site.resources.index.counts(query, over=parameters.unit)
    counted = {cell.period: cell for cell in counts.cells}
    buckets = []
    for whole in spans:
        cell = counted.get(whole)
        articles, stories = (cell.articles, cell.stories) if cell else (0, 0)
        start, end = max(first, whole.first), min(last, whole.last)
        buckets.append(BucketOut(start=start, end=end, articles=articles, stories=stories))
    return TimelineOut(
        unit=parameters.unit.value,
        first=first,
        last=last,
        articles=counts.articles,
        stories=counts.stories,
        buckets=buckets,
    )


@router.get("/breakdown")
def breakdown(
    site: CurrentSite, viewer: CurrentViewer, parameters: Annotated[BreakdownParameters, Query()]
) -> BreakdownOut:
    """Counts by the values of one field, most frequent first."""
    field = facet_field("by", parameters.by, viewer)
    query = parameters.selection(viewer).query(public_only=not viewer.is_staff)
    counts = site.resources.index.counts(query, [Grouping(field, parameters.size)])
    with site.resources.store.read() as session:
        labels = Labels(site.editions.vietnamese, site.units, public.outlet_titles(session))
    values = []
    for cell in counts.cells:
        [value] = cell.values
        label = labels.of(field, value)
        values.append(ShareOut(value=value, label=label, articles=cell.articles, stories=cell.stories))
    return BreakdownOut(by=field.value, articles=counts.articles, stories=counts.stories, values=values)


@router.get("/compare")
def compare(site: CurrentSite, viewer: CurrentViewer, parameters: Annotated[Asked, Query()]) -> CompareOut:
    """A period (default: the last 30 days) beside the one of the same length just before it."""
    selection = parameters.selection(viewer)
    first, last = _period(selection, day_of(site.now()), _COMPARED_DAYS)
    length = last - first + timedelta(days=1)
    current, before = Period(first, last), Period(first - length, last - length)
    query = replace(selection.query(public_only=not viewer.is_staff), published_from=None, published_to=None)
    counted = {cell.period: cell for cell in site.resources.index.counts(query, over=[current, before]).cells}
    return CompareOut(current=_period_out(current, counted), before=_period_out(before, counted))


def _period(selection: Selection, today: date, days: int) -> tuple[date, date]:
    """First and last day asked for; counts are by whole days."""
    last = day_of(selection.until - timedelta(microseconds=1)) if selection.until else today
    first = day_of(selection.since) if selection.since else last - timedelta(days=days - 1)
    if first > last:
        raise BadParameter("from", "empty_range")
    return first, last


def _period_out(period: Period, counted: Mapping[Period | None, Cell]) -> PeriodOut:
    cell = counted.get(period)
    articles, stories = (cell.articles, cell.stories) if cell else (0, 0)
    return PeriodOut(first=period.first, last=period.last, articles=articles, stories=stories)


def _spans(first: date, last: date, unit: Unit) -> list[Period]:
    """Whole days, weeks or months; refused before they are made where they would be too many."""
    if (last - first).days < _MOST_BUCKETS * _DAYS_AT_MOST[unit]:
        spans = periods_between(first, last, unit)
        if len(spans) <= _MOST_BUCKETS:
            return spans
    raise BadParameter("from", "too_many_buckets", unit=unit.value, count=_MOST_BUCKETS)
