"""The analysts' search: whatever was printed, published by us or not, with counts of everything that can be counted."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi import Query as QueryParameter
from fastapi.responses import JSONResponse
from markupsafe import Markup
from sqlalchemy.orm import Session

from diembao.errors import BadQuery
from diembao.index.periods import period_around, periods_between
from diembao.index.protocol import (
    FacetCount,
    FacetRequest,
    Fragment,
    Highlighting,
    Hit,
    Hits,
    Keyword,
    Period,
    Query,
    SearchIndex,
    Sort,
    Unit,
)
from diembao.newsroom.analysis.charts import Chart, Drawable, Mark, axis_end
from diembao.newsroom.analysis.drawing import NotDrawn
from diembao.newsroom.analysis.spans import PRESETS, timeline_of, unit_of
from diembao.newsroom.permissions import Action
from diembao.records import Flag
from diembao.store import articles, public, stories
from diembao.store.models import ArticleRow, StoryRow
from search_api.analysis.asked import COMPARE, FIELDS, MINUS, SEARCH, TRENDS, Asked, BadDay, Links
from search_api.analysis.suggesting import Suggestion, meant_by, names_like, suggestions
from search_api.analysis.wording import Wording
from search_api.desk.member import Member
from search_api.desk.session import needs
from search_api.faces import ANALYSIS
from search_api.faults import Fault, fault_in
from search_api.labels import Labels
from search_api.mending import Meant
from search_api.moments import day_of
from search_api.site import CurrentSite, Site
from search_api.turns import InTurn

logger = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)

Analyst = Annotated[Member, needs(Action.ANALYSE)]

_SIZE = 20
_FACET_SIZES = {"relevance": 3, "stance": 4, "flag": len(Flag), "topic": 20, "scope": 8, "outlet_type": 8, "state": 10}
_FACET_SIZE = 12
_HIGHLIGHTING = Highlighting(fields=("title", "lead", "body"), fragments=2, length=200)


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a field. is_chosen and is_excluded: what the address says; count: None where it is not known."""

    value: str
    label: str
    count: int | None
    is_chosen: bool
    is_excluded: bool
    choose: str
    exclude: str


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    label: str
    choices: tuple[Choice, ...]

    @property
    def is_open(self) -> bool:
        return any(choice.is_chosen or choice.is_excluded for choice in self.choices)


@dataclass(frozen=True, slots=True)
class Result:
    """A hit with what the store knows of it. matching: articles of the story that match, when it stands for all;
    removed_at: when it was taken down, by its newspaper or by us."""

    article: ArticleRow
    story: StoryRow
    outlet: str
    title: tuple[Fragment, ...]
    excerpts: tuple[Fragment, ...]
    matching: int
    removed_at: datetime | None


@router.get(SEARCH)
def search_page(request: Request, site: CurrentSite, member: Analyst, turn: InTurn) -> Response:
    asked = Asked.read(request.query_params.multi_items())
    with site.resources.store.read() as session:
        wording = wording_of(session, site)
        try:
            query = asked.query(day_of(site.now()))
            hits = site.resources.index.search(_full(query, asked))
        except (BadQuery, BadDay) as error:
            return _page(request, site, wording, asked, fault=fault_of(site, asked, error))
        chart = _timeline(site, asked, query, hits)
        drawing = site.charts.begin(chart) if chart else None
        groups = _groups(site.resources.index, wording, asked, query, hits)
        results = _results(session, hits, wording)
        tries = () if hits.total else tuple(suggestions(session, site, wording, asked))
        meant = meant_by(session, site, asked, hits.total) if hits.total and not asked.after else None
    return _page(
        request,
        site,
        wording,
        asked,
        hits=hits,
        groups=groups,
        results=results,
        suggestions=tries,
        meant=meant,
        chart=chart,
        drawing=drawing,
    )


def wording_of(session: Session, site: Site) -> Wording:
    edition = site.desk.edition
    return Wording(Labels(edition, site.units, public.outlet_titles(session)), edition.messages)


def drawn(site: Site, chart: Drawable, drawing: Future[str] | None = None) -> Markup:
    """The chart as an element of the page: made of elements, so that no text in it can be markup.

    drawing: of this chart, where it was begun before.
    """
    try:
        return Markup((drawing or site.charts.begin(chart)).result())  # noqa: S704
    except NotDrawn as error:
        # The table beside it has every figure, and the page much more than a picture.
        logger.error("a chart could not be drawn", extra={"chart": chart.title, "reason": str(error)})
        return Markup('<p class="hint">{}</p>').format(site.desk.edition.messages.text("desk.analysis.not_drawn"))


def fault_of(site: Site, asked: Asked, error: BadQuery | BadDay) -> Fault:
    if isinstance(error, BadDay):
        messages = site.desk.edition.messages
        key = f"desk.analysis.{error.key}"
        return Fault(
            messages.text(key if key in messages else f"desk.briefing.{error.key}", text=error.text), error.field
        )
    return fault_in(asked.q, error, site.desk.edition)


def _page(
    request: Request,
    site: Site,
    wording: Wording,
    asked: Asked,
    *,
    fault: Fault | None = None,
    hits: Hits | None = None,
    groups: Sequence[Group] = (),
    results: Sequence[Result] = (),
    suggestions: Sequence[Suggestion] = (),
    meant: Meant | None = None,
    chart: Chart | None = None,
    drawing: Future[str] | None = None,
) -> Response:
    return site.desk.page(
        request,
        "analysis/search.html",
        status=400 if fault else 200,
        asked=asked,
        query_string=asked.kept,
        fault=fault,
        hits=hits,
        groups=groups,
        results=results,
        suggestions=suggestions,
        meant=meant,
        in_force=in_force(wording, asked),
        presets=tuple(PRESETS),
        sorts=tuple(Sort),
        trends=TRENDS,
        compare=COMPARE,
        wording=wording,
        chart=drawn(site, chart, drawing) if chart else "",
        chart_shown=chart,
    )


def in_force(wording: Wording, asked: Asked, page: str = SEARCH) -> list[tuple[str, str]]:
    """Every filter in words, with the address of the page without it."""
    shown = []
    for name, value in asked.values:
        bare = value.removeprefix(MINUS)
        sign = wording.messages.text("desk.analysis.without") + " " if value.startswith(MINUS) else ""
        text = f"{wording.field(name)}: {sign}{wording.value(name, bare)}"
        shown.append((text, asked.without(name, value).path(page)))
    days = {"from_": asked.shown_from, "to": asked.shown_to}
    for field, day in days.items():
        if day:
            text = wording.messages.text(f"search.{field.rstrip('_')}")
            shown.append((f"{text} {day}", asked.path(page, **{field: ""})))
    if asked.span and not any(days.values()):
        shown.append((wording.messages.text(f"desk.analysis.spans.{asked.span}"), asked.path(page, span="")))
    return shown


def _full(query: Query, asked: Asked) -> Query:
    return replace(
        query,
        sort=Sort(asked.sort or (Sort.RELEVANCE if asked.q else Sort.NEWEST)),
        size=_SIZE,
        after=asked.after or None,
        facets=tuple(FacetRequest(field, _FACET_SIZES.get(name, _FACET_SIZE)) for name, field in FIELDS.items()),
        histogram=True,
        collapse=not asked.apart,
        count_stories=True,
        highlight=_HIGHLIGHTING,
    )


def _groups(index: SearchIndex, wording: Wording, asked: Asked, query: Query, hits: Hits) -> list[Group]:
    groups = []
    links = Links(asked)
    for name, field in FIELDS.items():
        counts = hits.facets.get(field, ())
        if asked.chosen(name) or asked.excluded(name):
            counts = _as_if_not_asked(index, query, name, field)
        choices = _choices(wording, asked, links, name, counts)
        if choices:
            groups.append(Group(name, wording.field(name), choices))
    return groups


def _as_if_not_asked(index: SearchIndex, query: Query, name: str, field: Keyword) -> tuple[FacetCount, ...]:
    """Counts of a field that is filtered by, without that filter: else the other values would all be gone."""
    others = tuple(chosen for chosen in query.filters if chosen.field is not field)
    size = _FACET_SIZES.get(name, _FACET_SIZE)
    free = replace(query, filters=others, size=0, facets=(FacetRequest(field, size),))
    return index.search(free).facets.get(field, ())


def _choices(
    wording: Wording, asked: Asked, links: Links, name: str, counts: Sequence[FacetCount]
) -> tuple[Choice, ...]:
    chosen, excluded = asked.chosen(name), asked.excluded(name)
    known: Mapping[str, int] = {count.value: count.count for count in counts}
    values = dict.fromkeys([*known, *chosen, *excluded])
    return tuple(
        Choice(
            value,
            wording.value(name, value),
            known.get(value),
            value in chosen,
            value in excluded,
            links.without(name, value) if value in chosen else links.with_value(name, value),
            links.without(name, value) if value in excluded else links.with_value(name, MINUS + value),
        )
        for value in values
    )


def _results(session: Session, hits: Hits, wording: Wording) -> list[Result]:
    """Hits whose article the store still has; the index may be a moment behind."""
    rows = articles.by_ids(session, [int(hit.id) for hit in hits.items], bare=True)
    found = stories.by_ids(session, sorted({row.story_id for row in rows.values()}))
    return [
        _result(hit, rows[int(hit.id)], found[rows[int(hit.id)].story_id], wording)
        for hit in hits.items
        if int(hit.id) in rows
    ]


def _result(hit: Hit, row: ArticleRow, story: StoryRow, wording: Wording) -> Result:
    lead, body = hit.highlights.get("lead", ()), hit.highlights.get("body", ())
    outlet = wording.labels.of(Keyword.SOURCE, row.source)
    title, removed = hit.highlights.get("title", ()), articles.removed_at(row)
    # Some papers begin their text with its title: that says nothing more.
    excerpts = tuple(fragment for fragment in (*lead, *body) if fragment.text.strip() not in row.title)
    return Result(row, story, outlet, title, excerpts[:2], hit.same_story, removed)


def _timeline(site: Site, asked: Asked, query: Query, hits: Hits) -> Chart | None:
    """Printings over time, above the hits; each bar leads to its own days."""
    if not hits.histogram:
        return None
    period = timeline_of(
        hits.histogram[0].day,
        hits.histogram[-1].day,
        day_of(query.published_from) if query.published_from else None,
        _last_day(query.published_to) if query.published_to else None,
        day_of(site.now()),
    )
    unit = unit_of(period)
    numbers: dict[Period, int] = {}
    for day in hits.histogram:
        around = period_around(day.day, unit)
        numbers[around] = numbers.get(around, 0) + day.count
    messages = site.desk.edition.messages
    marks = []
    for around in periods_between(period.first, period.last, unit):
        count = numbers.get(around, 0)
        place = place_of(around, unit)
        within = Period(max(around.first, period.first), min(around.last, period.last))
        said = f"{span_shown(within)}: {messages.text('search.found_articles', count=count)}"
        marks.append(Mark(place, count, said=said, href=asked.during(within).path()))
    if len(marks) < 2:  # one bar as wide as the page says less than the number above it
        return None
    title = messages.text(f"desk.analysis.over_time.{unit.value}")
    top = axis_end(max(mark.value for mark in marks))
    return Chart(title, messages.text("desk.analysis.articles"), tuple(marks), height=120, width=760, highest=top)


def _last_day(until: datetime) -> date:
    return day_of(until - timedelta(seconds=1))


def place_of(period: Period, unit: Unit) -> str:
    """How a period is written below a chart."""
    return f"{period.first:%m/%Y}" if unit is Unit.MONTH else f"{period.first:%d/%m/%y}"


def span_shown(period: Period) -> str:
    if period.first == period.last:
        return f"{period.first:%d/%m/%Y}"
    return f"{period.first:%d/%m/%Y} – {period.last:%d/%m/%Y}"


@router.get(f"{ANALYSIS}/goi-y")
def suggest_names(
    site: CurrentSite, member: Analyst, q: Annotated[str, QueryParameter(max_length=200)] = ""
) -> Response:
    """Names that look like what is being typed, for the query box."""
    with site.resources.store.read() as session:
        names = names_like(session, site, q)
    text = site.desk.edition.messages.text
    found = [
        {
            "text": name.text,
            "kind": text(f"desk.analysis.fields.{name.field}"),
            "field": name.field,
            "value": name.value,
        }
        for name in names
    ]
    return JSONResponse(found, headers={"Cache-Control": "private, max-age=60"})
