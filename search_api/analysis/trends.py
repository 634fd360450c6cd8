"""How much, by whom, about what and where: figures and charts of a period, each leading to the articles behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from diembao.errors import BadQuery
from diembao.index.protocol import Keyword, Period, Query, Unit
from diembao.newsroom.analysis import figures
from diembao.newsroom.analysis.charts import Chart, Drawable, Look, Mark
from diembao.newsroom.analysis.drawing import NotDrawn
from diembao.newsroom.analysis.figures import Change, Number, Share, Table, Timeline
from diembao.newsroom.analysis.leaders import MOST_STORIES, leaders_of
from diembao.newsroom.analysis.overview import over_time, overview
from diembao.newsroom.analysis.spans import PRESETS, Span, span, unit_of
from diembao.newsroom.analysis.tile_maps import TileMap
from diembao.newsroom.analysis.tiles import Shades, borders, tile_places
from search_api.analysis.asked import FIELDS, SEARCH, TRENDS, Asked, BadDay, Links, refusal
from search_api.analysis.finding import Analyst, drawn, fault_of, in_force, place_of, span_shown, wording_of
from search_api.analysis.wording import Wording
from search_api.moments import day_of
from search_api.site import CurrentSite, Site
from search_api.turns import InTurn

router = APIRouter(include_in_schema=False)

CHARTS = f"{TRENDS}/bieu-do"
# What counts as press in reports: stations and papers, not portals or aggregators; and only what is about us.
DEFAULT = Asked(
    values=(
        ("relevance", "relevant"),
        ("outlet_type", "newspaper"),
        ("outlet_type", "magazine"),
        ("outlet_type", "broadcaster"),
    ),
    span="30days",
)
STACKS = ("stance", "topic", "source", "scope", "outlet_type", "relevance")
STANCES = ("favourable", "unfavourable", "mixed", "neutral")
# Numbers of the palette: green, red, brown, grey; the word beside says it, the colour only helps.
_STANCE_COLOURS = (2, 1, 3, 5)
_SHARES = {"topic": 20, "stance": 4, "source": 15, "person": 10, "organisation": 10}  # tables, with how many lines
_OVER_TIME, _MAP = "theo-thoi-gian", "ban-do"
_MOST_DAYS = 366 * 30
# Bars of a chart that is 960 wide; with ten times as many the library gives up.
_MOST_PLACES = 400
_DAYS_OF = {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 28}
_HEAT_ROWS, _HEAT_COLUMNS = 12, 14


@dataclass(frozen=True, slots=True)
class Counted:
    """A number with how it changed against what it was, in per cent; None where there was nothing before."""

    number: Number
    before: Number
    href: str

    @property
    def change(self) -> float | None:
        return percent(self.number.stories, self.before.stories)


@dataclass(frozen=True, slots=True)
class Row:
    """One value of a field in a table of shares."""

    label: str
    share: Share
    href: str

    @property
    def change(self) -> float | None:
        return percent(self.share.now.articles, self.share.before.articles)

    @property
    def width(self) -> int:
        """Of its bar, in twentieths: the style sheet knows so many."""
        return round(self.share.part * 20)


@dataclass(frozen=True, slots=True)
class Tile:
    """A commune on the map. step: 0 for none, then 1 to 5; borders: sides where another former district begins."""

    code: str
    label: str
    district: str
    column: int
    row: int
    number: Number
    step: int
    borders: tuple[str, ...]
    href: str


@dataclass(frozen=True, slots=True)
class Cell:
    number: Number
    step: int
    href: str


@dataclass(frozen=True, slots=True)
class Heat:
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


@router.get(TRENDS)
def trends_page(request: Request, site: CurrentSite, member: Analyst, turn: InTurn) -> Response:
    if not request.url.query:
        # What the figures are of stands in the address, so that a link means the same to everybody.
        return RedirectResponse(DEFAULT.path(TRENDS), 303, {"Cache-Control": "no-store"})
    asked = Asked.read(request.query_params.multi_items())
    with site.resources.store.read() as session:
        wording = wording_of(session, site)
        try:
            period, query = _period(asked, site)
        except (BadQuery, BadDay) as error:
            return site.desk.page(
                request, "analysis/trends.html", status=400, fault=fault_of(site, asked, error), figures=None,
                **_frame(asked, wording),
            )  # fmt: skip
        compared = span(period)
        within = replace(asked.during(period), span="")
        lists = _lists(within)
        found = overview(
            site.resources.index,
            query,
            compared,
            unit=unit_for(asked, period),
            stacked_by=FIELDS[_stacked_by(asked)],
            shares={FIELDS[name]: most for name, most in _SHARES.items()},
            places=[place.code for place in tile_places()],
        )
        chart = _stacked(found.over_time, found.before, asked, compared, wording)
        drawing = site.charts.begin(chart)
        shown: dict[str, Any] = {
            "summary": _summary(found.change, compared, within),
            "shares": {name: _rows(found.shares[FIELDS[name]], wording, lists, name) for name in _SHARES},
            "tiles": _tiles(site, found.places, within),
            "heat": _heat(site, found.topics_by_places, wording, within),
            "leaders": leaders_of(session, found.stories, site.now()),
            "charts": {_OVER_TIME: (chart, drawn(site, chart, drawing))},
        }
    return site.desk.page(
        request,
        "analysis/trends.html",
        fault=None,
        figures=shown,
        period=period,
        compared=compared,
        within=within,
        span_shown=span_shown,
        most_stories=MOST_STORIES,
        is_coarser=asked.unit_of_time in tuple(Unit) and unit_for(asked, period) != asked.unit_of_time,
        **_frame(asked, wording),
    )


@router.get(f"{CHARTS}/{{name}}")
def chart_file(request: Request, site: CurrentSite, member: Analyst, name: str) -> Response:
    """A chart of the page as a file of its own, with its title, source and query in it."""
    stem, _, kind = name.partition(".")
    asked = Asked.read(request.query_params.multi_items())
    with site.resources.store.read() as session:
        wording = wording_of(session, site)
    try:
        chart = _CHARTS[stem](site, wording, asked) if stem in _CHARTS and kind in ("svg", "png") else None
    except BadDay as error:
        raise refusal(error) from error
    if chart is None:
        raise HTTPException(404)
    try:
        if kind == "svg":
            body, media_type = site.charts.svg(chart, Look.FILE).encode(), "image/svg+xml"
        else:
            body, media_type = site.charts.png(chart), "image/png"
    except NotDrawn as error:
        raise HTTPException(503) from error
    headers = {"Content-Disposition": f'attachment; filename="{stem}.{kind}"', "Cache-Control": "no-store"}
    return Response(body, media_type=media_type, headers=headers)


def percent(now: int, before: int) -> float | None:
    """The change in per cent; None when there was nothing to change from."""
    return 100.0 * (now - before) / before if before else None


def _frame(asked: Asked, wording: Wording) -> dict[str, Any]:
    return {
        "asked": asked,
        "query_string": asked.kept,
        "wording": wording,
        "in_force": in_force(wording, asked, TRENDS),
        "presets": tuple(PRESETS),
        "stacks": STACKS,
        "units": tuple(Unit),
        "trends": TRENDS,
        "charts_path": CHARTS,
        "search": SEARCH,
    }


def period_of(asked: Asked, site: Site) -> Period:
    """The days asked for; the last thirty where none are.

    Raises:
        BadDay
    """
    today = day_of(site.now())
    period = asked.period(today) or PRESETS["30days"](today)
    if (period.last - period.first).days > _MOST_DAYS:
        raise BadDay("from", "too_long")
    return period


def _period(asked: Asked, site: Site) -> tuple[Period, Query]:
    """The days asked for and the query without its time.

    Raises:
        BadDay, BadQuery
    """
    period = period_of(asked, site)
    return period, replace(asked.query(day_of(site.now())), published_from=None, published_to=None)


def unit_for(asked: Asked, period: Period) -> Unit:
    """The unit asked for, or the next one in which a chart of the period can be drawn and read."""
    if asked.unit_of_time not in tuple(Unit):
        return unit_of(period)
    days = (period.last - period.first).days + 1
    coarser = tuple(Unit)[tuple(Unit).index(Unit(asked.unit_of_time)) :]
    return next((unit for unit in coarser if days <= _MOST_PLACES * _DAYS_OF[unit]), Unit.MONTH)


def _summary(change: Change, compared: Span, within: Asked) -> dict[str, Counted]:
    return {
        "before": Counted(change.now, change.before, within.during(compared.before).path(SEARCH)),
        "year_before": Counted(change.now, change.year_before, within.during(compared.year_before).path(SEARCH)),
    }


def _over_time(site: Site, wording: Wording, asked: Asked) -> Drawable:
    period, query = _period(asked, site)
    compared, unit = span(period), unit_for(asked, period)
    found, before = over_time(site.resources.index, query, compared, unit, FIELDS[_stacked_by(asked)])
    return _stacked(found, before, asked, compared, wording)


def _map(site: Site, wording: Wording, asked: Asked) -> Drawable:
    period, query = _period(asked, site)
    codes = [place.code for place in tile_places()]
    numbers = figures.of_values(site.resources.index, query, period, Keyword.PLACE_CODE, codes)
    title = wording.messages.text("desk.analysis.map_title", span=span_shown(period))
    return TileMap(title, tuple((code, numbers[code].articles) for code in codes))


# By the name of the file.
_CHARTS: Mapping[str, Callable[[Site, Wording, Asked], Drawable]] = {_OVER_TIME: _over_time, _MAP: _map}


def _stacked_by(asked: Asked) -> str:
    return asked.by if asked.by in STACKS else "stance"


def _stacked(found: Timeline, before: Timeline, asked: Asked, compared: Span, wording: Wording) -> Chart:
    period, by, unit, asked = (
        compared.asked,
        _stacked_by(asked),
        unit_for(asked, compared.asked),
        replace(asked, span=""),
    )
    lines = found.lines
    if by == "stance":
        lines = tuple(sorted(lines, key=lambda line: STANCES.index(line.value)))
    places = [place_of(one, unit) for one in found.periods]
    marks = [
        _mark(line.value, by, place, number, _part(one, period), wording, asked)
        for line in lines
        for place, one, number in zip(places, found.periods, line.numbers, strict=True)
        if number.articles
    ]
    text, kind = wording.messages.text, f"_{asked.count}" if asked.count else ""
    steps: list[Mark] = []
    if unit is not Unit.WEEK:  # weeks do not begin on the same day of both periods
        for place, number in zip(places, before.total, strict=False):
            if number.articles:
                counted = _counted(number, asked)
                steps.append(Mark(place, counted, said=text(f"desk.analysis.before_said{kind}", count=counted)))
    # Every place of the axis, whether something was printed or not.
    empty = [Mark(place, 0, wording.value(by, lines[0].value)) for place in places] if lines else []
    title = text(f"desk.analysis.chart_title{kind}", by=wording.field(by).lower(), span=span_shown(period))
    return Chart(
        title,
        text(f"desk.analysis.{asked.count or 'articles'}"),
        (*empty, *marks),
        tuple(wording.value(by, line.value) for line in lines),
        tuple(_STANCE_COLOURS[STANCES.index(line.value)] for line in lines) if by == "stance" else (),
        tuple(steps),
        width=960,
        height=260,
    )


def _counted(number: Number, asked: Asked) -> int:
    return number.stories if asked.count else number.articles


def _mark(value: str, by: str, place: str, number: Number, part: Period, wording: Wording, asked: Asked) -> Mark:
    label = wording.value(by, value)
    said = wording.messages.text(
        "desk.analysis.mark_said", span=span_shown(part), label=label, articles=number.articles, stories=number.stories
    )
    within = asked.with_only(by, value).during(part)
    href = within.path(SEARCH, by="", unit_of_time="", count="", apart=not asked.count)
    return Mark(place, _counted(number, asked), label, said, href)


def _part(one: Period, period: Period) -> Period:
    return Period(max(one.first, period.first), min(one.last, period.last))


def _rows(found: Sequence[Share], wording: Wording, lists: Links, name: str) -> list[Row]:
    return [Row(wording.value(name, share.value), share, lists.with_only(name, share.value)) for share in found]


def _lists(within: Asked) -> Links:
    """Addresses of the articles that were counted, each by itself."""
    return Links(replace(within, by="", unit_of_time="", count="", apart=True), SEARCH)


def _tiles(site: Site, numbers: Mapping[str, Number], within: Asked) -> list[Tile]:
    places, edges = tile_places(), borders()
    lists, shades = _lists(within), Shades(number.articles for number in numbers.values())
    return [
        Tile(
            place.code,
            site.units.by_code[place.code].label,
            place.former_district,
            place.column,
            place.row,
            numbers[place.code],
            shades.step_of(numbers[place.code].articles),
            edges[place.code],
            lists.with_only("unit", place.code),
        )
        for place in places
    ]


def _heat(site: Site, table: Table, wording: Wording, within: Asked) -> Heat:
    columns = [code for code in table.columns if code in site.units.by_code][:_HEAT_COLUMNS]
    at = [table.columns.index(code) for code in columns]
    numbers = [[row[column] for column in at] for row in table.numbers[:_HEAT_ROWS]]
    shades = Shades(number.articles for row in numbers for number in row)
    rows = []
    for topic, row in zip(table.rows, numbers, strict=False):
        of_topic = _lists(within.with_only("topic", topic))
        cells = tuple(
            Cell(number, shades.step_of(number.articles), of_topic.with_only("unit", code))
            for code, number in zip(columns, row, strict=True)
        )
        rows.append((wording.value("topic", topic), cells))
    return Heat(tuple(site.units.by_code[code].label for code in columns), tuple(rows))
