"""The figures of the report, each from one exact count of the index or one query of the store; no words yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from diembao.index.protocol import Filter, Keyword, Period, Query, SearchIndex, Unit
from diembao.newsroom.analysis import figures
from diembao.newsroom.analysis.figures import Change, Timeline
from diembao.newsroom.analysis.spans import Span, span, unit_of
from diembao.newsroom.analysis.tiles import former_districts, tile_places
from diembao.newsroom.briefing import followed
from diembao.newsroom.briefing.coverage import Coverage, coverage
from diembao.newsroom.briefing.followed import Matter, Outrunner, Told
from diembao.newsroom.briefing.lists import NEEDS_RESPONSE, STANCES
from diembao.newsroom.days import day_of
from diembao.store import collecting
from diembao.store.collecting import Outlet

TOP_STORIES = 15


@dataclass(frozen=True, slots=True)
class Method:
    """versions: of each step that judged the articles, all that occur. corrected: articles that a person corrected,
    by field. undated: of the relevant articles, those that stand on the day they were found because they name none.
    days: on how many days something came in from each newspaper."""

    versions: Mapping[str, tuple[str, ...]]
    corrected: Mapping[str, int]
    undated: int
    days: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Figures:
    """by: every value of a field with its numbers in the three periods. districts: of the former ones, each with its
    communes of today. no_stance: articles that were given none. outlets: of the store, by name. timeline: by stance.
    raised: what asks for an answer; matters: its stories. firsts: who had shared stories first."""

    span: Span
    coverage: Mapping[Period, Coverage]
    total: Change
    by: Mapping[Keyword, tuple[tuple[str, Change], ...]]
    districts: tuple[tuple[str, Change], ...]
    no_stance: Change
    outlets: Mapping[str, Outlet]
    unit: Unit
    timeline: Timeline
    top: tuple[Told, ...]
    firsts: tuple[Outrunner, ...]
    raised: Change
    matters: tuple[Matter, ...]
    method: Method


def count(session: Session, index: SearchIndex, query: Query, period: Period, now: datetime) -> Figures:
    """query: what is counted; its time is ignored.

    Raises:
        ValueError: a period of more units of time than can be counted.
        IndexUnavailable
    """
    compared, today, unit = span(period), day_of(now), unit_of(period)
    query = replace(query, published_from=None, published_to=None)
    within, raised = figures.within(query, period), asking(query)
    by = {
        field: figures.changes(index, query, compared, field)
        for field in (Keyword.STANCE, Keyword.TOPIC, Keyword.OUTLET_TYPE, Keyword.SCOPE, Keyword.SOURCE)
    }
    units = [place.code for place in tile_places()]
    by[Keyword.PLACE_CODE] = figures.changes(index, query, compared, Keyword.PLACE_CODE, values=units)
    return Figures(
        span=compared,
        coverage={one: coverage(session, index, one, today) for one in (period, compared.before, compared.year_before)},
        total=figures.change(index, query, compared),
        by=by,
        districts=_districts(index, query, compared),
        no_stance=figures.change(index, also(query, Filter(Keyword.STANCE, STANCES, exclude=True)), compared),
        outlets=collecting.outlets(session),
        unit=unit,
        timeline=figures.timeline(index, query, period, unit, Keyword.STANCE),
        top=followed.top_stories(session, index, within, TOP_STORIES, now),
        firsts=followed.outrunners(session, index, within),
        raised=figures.change(index, raised, compared),
        matters=followed.matters_of(session, index, figures.within(raised, period), now),
        method=_method(session, period),
    )


def asking(query: Query) -> Query:
    """Of what is counted, the articles that ask for an answer."""
    return also(query, Filter(Keyword.FLAG, (NEEDS_RESPONSE,)))


def also(query: Query, condition: Filter) -> Query:
    return replace(query, filters=(*query.filters, condition))


def _districts(index: SearchIndex, query: Query, compared: Span) -> tuple[tuple[str, Change], ...]:
    """An article about two communes of one former district counts once in it."""
    found = [
        (name, figures.change(index, also(query, Filter(Keyword.PLACE_CODE, codes)), compared))
        for name, codes in former_districts().items()
    ]
    return tuple(sorted(found, key=lambda pair: (-pair[1].now.articles, -pair[1].before.articles, pair[0])))


def _method(session: Session, period: Period) -> Method:
    days: Sequence[date] = (period.first, period.last)
    return Method(
        collecting.versions(session, *days),
        collecting.corrected(session, *days),
        collecting.undated(session, *days),
        collecting.days_by_source(session, *days),
    )
