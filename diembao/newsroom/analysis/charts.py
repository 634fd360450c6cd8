"""What a chart shows, and how it is told to Vega-Lite, which draws it (`chart_press`): no browser, no script,
nothing fetched.

A chart is described once and drawn in two looks: for a page, in colours that the style sheet decides (so that
dark mode and print work), and for a file or a Word document, in colours of its own. In a page its marks are links
for whoever points at them; who reads or uses the keyboard has the table beside it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"  # a name, never an address that is asked
# Told apart by people who see no red or green, too (after Okabe and Ito); contrast 3:1 with white.
PALETTE = ("#0b5ea8", "#b3261e", "#00806b", "#a05a00", "#7b4f9e", "#5b6770", "#9a3f74", "#4d6b00", "#2f7fb5", "#8a6d3b")
_INK, _MUTED, _LINE = "#1b1f24", "#57606a", "#d0d7de"
# The library makes every address absolute; this host, which cannot exist, is taken off again.
HERE = "https://here.invalid"
# Only to measure words with, in a page: they are shown in the font of the page. The library brings this one, and
# measures with it in a third of the time that the large ones take.
_MEASURED_FONT = "Liberation Sans"
_DRAWN_FONT = "Noto Sans, DejaVu Sans, Liberation Sans, Arial, sans-serif"
_AXIS_ENDS = (1, 2, 3, 4, 5, 6, 8, 10)  # times a power of ten
STEP = 2  # how thick the steps of what is compared are
_EDGE, _WIDER_LETTER = 4, 0.8
_LABEL_WIDTH = 62  # of a day with its year, and room beside it


class Look(StrEnum):
    PAGE = "page"
    FILE = "file"
    PRINT = "print"  # for a document, which gives the title in its own caption


@dataclass(frozen=True, slots=True)
class Mark:
    """One value of a chart. at: its place on the axis, as written there; series: empty where there is one only.
    said: what pointing at it shows. href: path of the page with the articles behind it; empty for none."""

    at: str
    value: float
    series: str = ""
    said: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A place of the axis; before: what is drawn behind it."""

    place: str
    cells: tuple[Mark, ...]
    before: float


@dataclass(frozen=True, slots=True)
class Chart:
    """series: in the order of their colours; `colours` says which of the palette, by number, where that matters.
    compared: drawn behind as steps (the period before), in the order of the places on the axis."""

    title: str
    value_title: str
    marks: tuple[Mark, ...]
    series: tuple[str, ...] = ()
    colours: tuple[int, ...] = ()
    compared: tuple[Mark, ...] = ()
    place_title: str = ""
    is_lying: bool = False  # bars that lie, one below another, with their names in front
    width: int = 720
    height: int = 240
    highest: float = 0  # where the axis ends, for charts that are compared; 0: with the highest mark

    @property
    def places(self) -> tuple[str, ...]:
        """In the order of the axis."""
        return tuple(dict.fromkeys(mark.at for mark in (*self.marks, *self.compared)))

    @property
    def tallest(self) -> float:
        """The highest bar, all its series together, or what it is compared with."""
        heights: dict[str, float] = {}
        for mark in self.marks:
            heights[mark.at] = heights.get(mark.at, 0.0) + mark.value
        return max(*heights.values(), *(mark.value for mark in self.compared), 0.0, 0.0)

    @property
    def rows(self) -> tuple[Row, ...]:
        """The same figures as a table: a row for each place, a cell for each series."""
        # A mark of zero only holds its place on the axis.
        cells = {(mark.at, mark.series): mark for mark in sorted(self.marks, key=lambda mark: bool(mark.value))}
        before = {mark.at: mark.value for mark in self.compared}
        names = self.series or ("",)
        return tuple(
            Row(place, tuple(cells.get((place, name), Mark(place, 0, name)) for name in names), before.get(place, 0))
            for place in self.places
        )

    def specification(self, look: Look) -> dict[str, Any]:
        return specification(self, look)


def axis_end(highest: float) -> float:
    """Where an axis up to this value may end, so that few charts differ in it; at least 1."""
    power = 10.0 ** math.floor(math.log10(max(highest, 1)))
    return power * next(end for end in _AXIS_ENDS if highest <= end * power)


class Drawable(Protocol):
    """What can be drawn: hashable, with its title and its description in Vega-Lite."""

    @property
    def title(self) -> str: ...

    def __hash__(self) -> int: ...

    def specification(self, look: Look) -> dict[str, Any]: ...


def specification(chart: Chart, look: Look) -> dict[str, Any]:
    """The chart in Vega-Lite: data and meaning, which a data journalist could take from here."""
    places = chart.places
    layers = [_bars(chart, look, places)]
    if chart.compared:
        layers.append(_steps(chart, look, places))
    return {
        "$schema": SCHEMA,
        "width": chart.width,
        "height": {"step": 24} if chart.is_lying else chart.height,
        "background": None if look is Look.PAGE else "white",
        "padding": _padding(chart, look),
        **({"title": {"text": chart.title, "anchor": "start", "fontSize": 14}} if look is Look.FILE else {}),
        "layer": layers,
        "config": config(look),
    }


def _padding(chart: Chart, look: Look) -> dict[str, float]:
    """In pixels. A page shows names in a font of its own, a tenth wider than the one they are measured with."""
    longest = max((len(place) for place in chart.places), default=0) if chart.is_lying and look is Look.PAGE else 0
    return {"left": _EDGE + longest * _WIDER_LETTER, "right": _EDGE, "top": _EDGE, "bottom": _EDGE}


def _bars(chart: Chart, look: Look, places: Sequence[str]) -> dict[str, Any]:
    value = {
        "field": "value",
        "type": "quantitative",
        "title": chart.value_title,
        "stack": "zero",
        # No more lines than there are numbers: half an article is none.
        "axis": {"format": ",.0f", "tickMinStep": 1, "tickCount": max(1, min(5, int(chart.highest or chart.tallest)))},
        **({"scale": {"domain": [0, chart.highest]}} if chart.highest else {}),
    }
    encoding: dict[str, Any] = {
        ("y" if chart.is_lying else "x"): _place_axis(chart, places),
        ("x" if chart.is_lying else "y"): value,
        **({"href": {"field": "href"}} if look is Look.PAGE else {}),
        "description": {"field": "said"},
        "color": {"value": colour(0, look)},
    }
    if chart.series:
        chosen = chart.colours or range(len(chart.series))
        encoding["color"] = {
            "field": "series",
            "type": "nominal",
            "scale": {"domain": list(chart.series), "range": [colour(number, look) for number in chosen]},
            "legend": {"title": None, "orient": "top", "columns": 4, "labelLimit": 220},
        }
        # Stacked in the order of the legend.
        encoding["order"] = {"field": "order"}
    order = {series: number for number, series in enumerate(chart.series)}
    return {
        "data": {"values": [{**_values(mark), "order": order.get(mark.series, 0)} for mark in chart.marks]},
        "mark": {"type": "bar"},
        "encoding": encoding,
    }


def _steps(chart: Chart, look: Look, places: Sequence[str]) -> dict[str, Any]:
    ink = "currentColor" if look is Look.PAGE else _INK
    return {
        "data": {"values": [_values(mark) for mark in chart.compared]},
        "mark": {"type": "tick", "thickness": STEP, "color": ink, "opacity": 0.75, "bandSize": 14},
        "encoding": {
            ("y" if chart.is_lying else "x"): _place_axis(chart, places),
            ("x" if chart.is_lying else "y"): {"field": "value", "type": "quantitative"},
            "description": {"field": "said"},
        },
    }


def _place_axis(chart: Chart, places: Sequence[str]) -> dict[str, Any]:
    axis: dict[str, Any] = {"labelLimit": 320, "grid": False, "ticks": False}
    if not chart.is_lying:
        every = max(1, -(-len(places) * _LABEL_WIDTH // chart.width))
        axis |= {"labelAngle": 0, "values": list(places[::every]), "labelOverlap": False, "labelPadding": 8}
    # The domain is said, not only the sorting: of layers with different places the library makes an order of its own.
    scale = {"domain": list(places)}
    return {"field": "at", "type": "ordinal", "scale": scale, "sort": None, "title": None, "axis": axis}


def _values(mark: Mark) -> Mapping[str, Any]:
    return {"at": mark.at, "value": mark.value, "series": mark.series, "said": mark.said, **_link(mark)}


def _link(mark: Mark) -> Mapping[str, str]:
    return {"href": linked(mark.href)} if mark.href else {}


def linked(path: str) -> str:
    """A path as the library takes it for the link of a mark."""
    return HERE + path


def colour(number: int, look: Look) -> str:
    """One of the palette, as this look writes it."""
    number %= len(PALETTE)
    return f"var(--chart-{number + 1}, {PALETTE[number]})" if look is Look.PAGE else PALETTE[number]


def config(look: Look) -> dict[str, Any]:
    """Fonts and lines of every drawing."""
    is_page = look is Look.PAGE
    ink, muted = ("currentColor", "currentColor") if is_page else (_INK, _MUTED)
    line = "var(--line, #d0d7de)" if is_page else _LINE
    font = _MEASURED_FONT if is_page else _DRAWN_FONT
    words = {"labelColor": muted, "titleColor": muted, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": 400}
    return {
        "font": font,
        "view": {"stroke": None},
        "axis": {**words, "gridColor": line, "domainColor": line, "tickColor": line},
        "legend": {**words, "labelColor": ink, "symbolType": "square"},
        "title": {"color": ink, "font": font, "fontWeight": 600},
    }
