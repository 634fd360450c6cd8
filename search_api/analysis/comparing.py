"""Up to five queries side by side: how much, what share, how it looks for the province, which outlets carry all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from diembao.errors import BadQuery
from diembao.index.protocol import Keyword, Period, Unit
from diembao.newsroom.analysis import figures
from diembao.newsroom.analysis.charts import Chart, Mark
from diembao.newsroom.analysis.figures import Change, Share, Timeline
from diembao.newsroom.analysis.spans import PRESETS, Span, span
from nlp.text import normalise
from search_api.analysis.asked import COMPARE, SEARCH, Asked, BadDay
from search_api.analysis.finding import Analyst, drawn, fault_of, in_force, place_of, span_shown, wording_of
from search_api.analysis.trends import DEFAULT, STANCES, percent, period_of, unit_for
from search_api.faults import Fault
from search_api.moments import day_of
from search_api.site import CurrentSite, Site

router = APIRouter(include_in_schema=False)

MOST_QUERIES = 5
_MOST_OUTLETS = 200


@dataclass(frozen=True, slots=True)
class Side:
    """One query with its figures. part: of all articles of the period under the same filters. stances: by value.
    outlets: most printings first; own: those that none of the other queries has."""

    q: str
    change: Change
    part: float
    stances: dict[str, Share]
    outlets: tuple[str, ...]
    own: tuple[str, ...]
    chart: Chart
    drawing: Markup
    hrefs: dict[str, str]

    @property
    def against_before(self) -> float | None:
        return percent(self.change.now.articles, self.change.before.articles)


@router.get(COMPARE)
def compare_page(request: Request, site: CurrentSite, member: Analyst) -> Response:
    given = [normalise(text).strip() for text in request.query_params.getlist("q")]
    queries = list(dict.fromkeys(text for text in given if text))[:MOST_QUERIES]
    asked = Asked.read((name, value) for name, value in request.query_params.multi_items() if name != "q")
    if not request.url.query:
        asked = DEFAULT
    faults: dict[int, Fault] = {}
    sides: Sequence[Side] = ()
    period = None
    with site.resources.store.read() as session:
        wording = wording_of(session, site)
        try:
            period = period_of(asked, site)
            faults = _faults(site, asked, queries)
            sides = () if faults else _sides(site, asked, queries, period)
        except BadDay as error:
            faults = {-1: fault_of(site, asked, error)}
    common = set.intersection(*(set(side.outlets) for side in sides)) if sides else set()
    return site.desk.page(
        request,
        "analysis/compare.html",
        status=400 if faults else 200,
        asked=asked,
        query_string=urlencode([*(("q", text) for text in queries), *asked.parameters]),
        queries=queries,
        slots=range(MOST_QUERIES),
        faults=faults,
        sides=sides,
        common=[name for name in (sides[0].outlets if sides else ()) if name in common],
        stances=STANCES,
        wording=wording,
        period=period,
        compared=span(period) if period else None,
        span_shown=span_shown,
        presets=tuple(PRESETS),
        in_force=[(label, _with_queries(href, queries)) for label, href in in_force(wording, asked, COMPARE)],
        compare=COMPARE,
    )


def _faults(site: Site, asked: Asked, queries: Sequence[str]) -> dict[int, Fault]:
    """What cannot be read, by the place of the query; nothing is counted before all can."""
    found = {}
    for place, text in enumerate(queries):
        one = replace(asked, q=text)
        try:
            one.query(day_of(site.now()))
        except BadQuery as error:
            found[place] = fault_of(site, one, error)
    return found


def _sides(site: Site, asked: Asked, queries: Sequence[str], period: Period) -> list[Side]:
    compared, unit = span(period), unit_for(asked, period)
    everything = figures.change(site.resources.index, asked.query(day_of(site.now())), compared).now.articles
    lines = [_timeline(site, replace(asked, q=text), period, unit) for text in queries]
    # The same scale for all, so that heights can be compared.
    highest = max((number.articles for line in lines for number in line.total), default=0)
    outlets = [_outlets(site, replace(asked, q=text), compared) for text in queries]
    sides = []
    for place, (text, line) in enumerate(zip(queries, lines, strict=True)):
        others = {name for other, names in enumerate(outlets) if other != place for name in names}
        own = tuple(name for name in outlets[place] if name not in others)
        sides.append(
            _side(site, replace(asked, q=text), compared, line, unit, everything, highest, outlets[place], own)
        )
    return sides


def _side(
    site: Site,
    asked: Asked,
    compared: Span,
    line: Timeline,
    unit: Unit,
    everything: int,
    highest: int,
    outlets: tuple[str, ...],
    own: tuple[str, ...],
) -> Side:
    index, query = site.resources.index, asked.query(day_of(site.now()))
    within = replace(asked.during(compared.asked), apart=True, by="", unit_of_time="", count="")
    change = figures.change(index, query, compared)
    stances = {share.value: share for share in figures.shares(index, query, compared, Keyword.STANCE, 4)}
    chart = _chart(site, within, line, unit, compared.asked, highest)
    return Side(
        asked.q,
        change,
        change.now.articles / everything if everything else 0.0,
        stances,
        outlets,
        own,
        chart,
        drawn(site, chart),
        {"": within.path(SEARCH), "stories": within.path(SEARCH, apart=False)}
        | {value: within.with_only("stance", value).path(SEARCH) for value in STANCES},
    )


def _timeline(site: Site, asked: Asked, period: Period, unit: Unit) -> Timeline:
    return figures.timeline(site.resources.index, asked.query(day_of(site.now())), period, unit)


def _outlets(site: Site, asked: Asked, compared: Span) -> tuple[str, ...]:
    query = asked.query(day_of(site.now()))
    found = figures.shares(site.resources.index, query, compared, Keyword.SOURCE, _MOST_OUTLETS)
    return tuple(share.value for share in found)


def _chart(site: Site, within: Asked, line: Timeline, unit: Unit, period: Period, highest: int) -> Chart:
    text = site.desk.edition.messages.text
    marks = []
    for one, number in zip(line.periods, line.total, strict=True):
        part = Period(max(one.first, period.first), min(one.last, period.last))
        said = f"{span_shown(part)}: {text('search.found_articles', count=number.articles)}"
        marks.append(Mark(place_of(one, unit), number.articles, said=said, href=within.during(part).path(SEARCH)))
    title = text("desk.analysis.compare_chart", query=within.q)
    return Chart(title, text("desk.analysis.articles"), tuple(marks), width=420, height=110, highest=highest)


def _with_queries(href: str, queries: Sequence[str]) -> str:
    joined = urlencode([("q", text) for text in queries])
    return f"{href}{'&' if '?' in href else '?'}{joined}" if joined else href
