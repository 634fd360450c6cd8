"""`/stats`: how much was printed, always as stories and as articles."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from diembao.index import protocol
from diembao.index.protocol import FacetRequest, Filter, Hits, SearchIndex
from diembao.store import public
from search_api.api.articles import PROBLEMS
from search_api.api.parameters import Asked, BreakdownParameters, TimelineParameters, Unit, facet_field
from search_api.api.schemas import BreakdownOut, BucketOut, CompareOut, PeriodOut, ShareOut, TimelineOut
from search_api.labels import Labels
from search_api.moments import day_of, end_of, start_of
from search_api.problems import BadParameter
from search_api.selection import Selection
from search_api.site import CurrentSite
from search_api.viewer import CurrentViewer

router = APIRouter(prefix="/api/v1/stats", tags=["stats"], responses=PROBLEMS)

# Each bucket is one question to the index.
_MOST_BUCKETS = 120
_DEFAULT_DAYS = {Unit.DAY: 30, Unit.WEEK: 26 * 7, Unit.MONTH: 365}
_COMPARED_DAYS = 30


@router.get("/timeline")
def timeline(
    site: CurrentSite, viewer: CurrentViewer, parameters: Annotated[TimelineParameters, Query()]
) -> TimelineOut:
    """Counts by day, week (Monday to Sunday) or month of Viet Nam. Without `from`: the last 30 days, 26 weeks, 12
    months. A story counts in every bucket in which it was printed, and once in the total."""
    selection = parameters.selection(viewer)
    first, last = _period(selection, day_of(site.now()), _DEFAULT_DAYS[parameters.unit])
    spans = _buckets(first, last, parameters.unit)
    query = _within(selection.query(public_only=True), first, last)
    index = site.resources.index
    whole = index.search(replace(query, histogram=True))
    by_start = Counter[date]()
    for counted in whole.histogram:
        by_start[_bucket_start(counted.day, parameters.unit, first)] += counted.count
    return TimelineOut(
        unit=parameters.unit.value,
        first=first,
        last=last,
        articles=whole.total,
        stories=whole.stories or 0,
        buckets=[_bucket(index, query, start, end, by_start[start]) for start, end in spans],
    )


@router.get("/breakdown")
def breakdown(
    site: CurrentSite, viewer: CurrentViewer, parameters: Annotated[BreakdownParameters, Query()]
) -> BreakdownOut:
    """Counts by the values of one field, most frequent first."""
    field = facet_field("by", parameters.by, viewer)
    query = replace(parameters.selection(viewer).query(public_only=True), size=0, count_stories=True)
    index = site.resources.index
    hits = index.search(replace(query, facets=(FacetRequest(field, parameters.size),)))
    with site.resources.store.read() as session:
        labels = Labels(site.editions.vietnamese, site.units, public.outlet_titles(session))
    values = []
    for counted in hits.facets[field]:
        part = index.search(replace(query, filters=(*query.filters, Filter(field, (counted.value,)))))
        label = labels.of(field, counted.value)
        share = ShareOut(value=counted.value, label=label, articles=counted.count, stories=part.stories or 0)
        values.append(share)
    return BreakdownOut(by=field.value, articles=hits.total, stories=hits.stories or 0, values=values)


@router.get("/compare")
def compare(site: CurrentSite, viewer: CurrentViewer, parameters: Annotated[Asked, Query()]) -> CompareOut:
    """A period (default: the last 30 days) beside the one of the same length just before it."""
    selection = parameters.selection(viewer)
    first, last = _period(selection, day_of(site.now()), _COMPARED_DAYS)
    length = last - first + timedelta(days=1)
    query = selection.query(public_only=True)
    index = site.resources.index
    current = _count_period(index, query, first, last)
    return CompareOut(current=current, before=_count_period(index, query, first - length, last - length))


def _period(selection: Selection, today: date, days: int) -> tuple[date, date]:
    """First and last day asked for; counts are by whole days."""
    last = day_of(selection.until - timedelta(microseconds=1)) if selection.until else today
    first = day_of(selection.since) if selection.since else last - timedelta(days=days - 1)
    if first > last:
        raise BadParameter("from", "empty_range")
    return first, last


def _within(query: protocol.Query, first: date, last: date) -> protocol.Query:
    return replace(query, published_from=start_of(first), published_to=end_of(last), size=0, count_stories=True)


def _count_period(index: SearchIndex, query: protocol.Query, first: date, last: date) -> PeriodOut:
    hits: Hits = index.search(_within(query, first, last))
    return PeriodOut(first=first, last=last, articles=hits.total, stories=hits.stories or 0)


def _bucket(index: SearchIndex, query: protocol.Query, start: date, end: date, articles: int) -> BucketOut:
    # One article is one story, none is none: only the others have to be asked for.
    stories = articles if articles < 2 else index.search(_within(query, start, end)).stories or 0
    return BucketOut(start=start, end=end, articles=articles, stories=stories)


def _buckets(first: date, last: date, unit: Unit) -> list[tuple[date, date]]:
    spans: list[tuple[date, date]] = []
    start = first
    while start <= last:
        if len(spans) == _MOST_BUCKETS:
            raise BadParameter("from", "too_many_buckets", unit=unit.value, count=_MOST_BUCKETS)
        following = _following(start, unit)
        spans.append((start, min(last, following - timedelta(days=1))))
        start = following
    return spans


def _following(day: date, unit: Unit) -> date:
    if unit is Unit.DAY:
        return day + timedelta(days=1)
    if unit is Unit.WEEK:
        return day + timedelta(days=7 - day.weekday())
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _bucket_start(day: date, unit: Unit, first: date) -> date:
    if unit is Unit.WEEK:
        day -= timedelta(days=day.weekday())
    elif unit is Unit.MONTH:
        day = day.replace(day=1)
    return max(day, first)
