"""Charts as SVG and PNG, drawn by Vega-Lite in the process itself: no browser, no script, nothing fetched.

A chart is described once and drawn in two looks: for a page, in colours that the style sheet decides (so that
dark mode and print work), and for a file or a Word document, in colours of its own. In a page its marks are links
for whoever points at them; who reads or uses the keyboard has the table beside it.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from lxml import etree

from diembao.newsroom.analysis.drawing import Drawing, DrawingHere

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"  # a name, never an address that is asked
_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}"
# Told apart by people who see no red or green, too (after Okabe and Ito); contrast 3:1 with white.
PALETTE = ("#0b5ea8", "#b3261e", "#00806b", "#a05a00", "#7b4f9e", "#5b6770", "#9a3f74", "#4d6b00", "#2f7fb5", "#8a6d3b")
_INK, _MUTED, _LINE = "#1b1f24", "#57606a", "#d0d7de"
# The library makes every address absolute; this host, which cannot exist, is taken off again.
_HERE = "https://here.invalid"
_KEPT = 200  # drawings of some 40 kB: a morning's views of an office
# Only to measure words with, in a page: they are shown in the font of the page. The library brings this one, and
# measures with it in a third of the time that the large ones take.
_MEASURED_FONT = "Liberation Sans"
_DRAWN_FONT = "Noto Sans, DejaVu Sans, Liberation Sans, Arial, sans-serif"
_MOST_LABELS = 16


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

    def specification(self, look: Look) -> dict[str, Any]:
        return specification(self, look)


class Drawable(Protocol):
    """What can be drawn: hashable, with its title and its description in Vega-Lite."""

    @property
    def title(self) -> str: ...

    def __hash__(self) -> int: ...

    def specification(self, look: Look) -> dict[str, Any]: ...


class ChartPress:
    """Draws charts and keeps the last ones. Safe to share between threads: the library does one at a time."""

    def __init__(self, drawing: Drawing | None = None) -> None:
        """drawing: who draws; here and now where nobody is named."""
        self._drawing = drawing or DrawingHere()
        self._svg = functools.lru_cache(_KEPT)(self._draw)
        self._ahead = ThreadPoolExecutor(1, thread_name_prefix="charts")  # as one picture is drawn at a time

    def begin(self, chart: Drawable) -> Future[str]:
        """The drawing for a page, begun while the rest of the page is made."""
        return self._ahead.submit(self.svg, chart)

    def svg(self, chart: Drawable, look: Look = Look.PAGE) -> str:
        """The drawing as an `svg` element; for a page without its own size, so that the style sheet gives it one.

        Raises:
            NotDrawn
        """
        return self._svg(chart, look)

    def png(self, chart: Drawable, scale: float = 2.0, look: Look = Look.FILE) -> bytes:
        """Raises: NotDrawn."""
        return self._drawing.png(self.svg(chart, look), scale)

    def close(self) -> None:
        self._ahead.shutdown(cancel_futures=True)
        self._drawing.close()

    def _draw(self, chart: Drawable, look: Look) -> str:
        drawn = self._drawing.svg(chart.specification(look))
        root = etree.fromstring(drawn.encode(), etree.XMLParser(resolve_entities=False, huge_tree=False))
        if look is Look.PAGE:
            _for_page(root, chart.title)
        return etree.tostring(root, encoding="unicode")


def _for_page(root: Any, title: str) -> None:
    for name in ("width", "height"):
        root.attrib.pop(name, None)
    for drawn in root.iter(f"{_SVG}path", f"{_SVG}g"):
        said = drawn.attrib.pop("aria-label", "")
        if drawn.tag == f"{_SVG}path" and said:
            etree.SubElement(drawn, f"{_SVG}title").text = said
        for name in ("role", "aria-roledescription", "aria-hidden"):
            drawn.attrib.pop(name, None)
    for words in root.iter(f"{_SVG}text"):
        words.attrib.pop("font-family", None)
    root.set("role", "group")
    root.set("aria-label", title)
    for link in list(root.iter(f"{_SVG}a")):
        _plain_link(link)


def _plain_link(link: Any) -> None:
    """A link as HTML has it; a mark that leads nowhere is none."""
    href = link.attrib.pop(f"{_LINK}href", "")
    for name in ("target", f"{_LINK}title"):
        link.attrib.pop(name, None)
    if not href.startswith(_HERE):
        link.tag = f"{_SVG}g"
        return
    link.set("href", href.removeprefix(_HERE))
    # The table beside the chart has the same links in reading order; a hundred stops of the tab key help nobody.
    link.set("tabindex", "-1")
    said = link.find(f".//{_SVG}title")
    if said is not None:
        link.set("aria-label", said.text)


def specification(chart: Chart, look: Look) -> dict[str, Any]:
    """The chart in Vega-Lite: data and meaning, which a data journalist could take from here."""
    places = list(dict.fromkeys([mark.at for mark in (*chart.compared, *chart.marks)]))
    layers = [_bars(chart, look, places)]
    if chart.compared:
        layers.append(_steps(chart, look, places))
    return {
        "$schema": SCHEMA,
        "width": chart.width,
        "height": {"step": 24} if chart.is_lying else chart.height,
        "background": None if look is Look.PAGE else "white",
        "padding": 4,
        **({"title": {"text": chart.title, "anchor": "start", "fontSize": 14}} if look is Look.FILE else {}),
        "layer": layers,
        "config": config(look),
    }


def _bars(chart: Chart, look: Look, places: Sequence[str]) -> dict[str, Any]:
    value = {
        "field": "value",
        "type": "quantitative",
        "title": chart.value_title,
        "stack": "zero",
        "axis": {"format": ",.0f", "tickMinStep": 1, "tickCount": 5},
        **({"scale": {"domain": [0, chart.highest]}} if chart.highest else {}),
    }
    encoding: dict[str, Any] = {
        ("y" if chart.is_lying else "x"): _place_axis(chart, places),
        ("x" if chart.is_lying else "y"): value,
        **({"href": {"field": "href"}} if look is Look.PAGE else {}),
        "description": {"field": "said"},
        "color": {"value": _colour(0, look)},
    }
    if chart.series:
        chosen = chart.colours or range(len(chart.series))
        encoding["color"] = {
            "field": "series",
            "type": "nominal",
            "scale": {"domain": list(chart.series), "range": [_colour(number, look) for number in chosen]},
            "legend": {"title": None, "orient": "top", "columns": 4, "labelLimit": 220},
        }
        # Stacked in the order of the legend.
        encoding["order"] = {"field": "order"}
    order = {series: number for number, series in enumerate(chart.series)}
    return {
        "data": {"values": [{**_values(mark), "order": order.get(mark.series, 0)} for mark in chart.marks]},
        "mark": {"type": "bar", "cornerRadiusEnd": 1},
        "encoding": encoding,
    }


def _steps(chart: Chart, look: Look, places: Sequence[str]) -> dict[str, Any]:
    ink = "currentColor" if look is Look.PAGE else _INK
    return {
        "data": {"values": [_values(mark) for mark in chart.compared]},
        "mark": {"type": "tick", "thickness": 2, "color": ink, "opacity": 0.75, "bandSize": 14},
        "encoding": {
            ("y" if chart.is_lying else "x"): _place_axis(chart, places),
            ("x" if chart.is_lying else "y"): {"field": "value", "type": "quantitative"},
            "description": {"field": "said"},
        },
    }


def _place_axis(chart: Chart, places: Sequence[str]) -> dict[str, Any]:
    axis: dict[str, Any] = {"labelLimit": 320, "grid": False, "ticks": False}
    if not chart.is_lying:
        every = max(1, -(-len(places) // _MOST_LABELS))
        axis |= {"labelAngle": 0, "values": list(places[::every]), "labelOverlap": False}
    return {"field": "at", "type": "ordinal", "sort": list(places), "title": None, "axis": axis}


def _values(mark: Mark) -> Mapping[str, Any]:
    return {"at": mark.at, "value": mark.value, "series": mark.series, "said": mark.said, **_link(mark)}


def _link(mark: Mark) -> Mapping[str, str]:
    return {"href": linked(mark.href)} if mark.href else {}


def linked(path: str) -> str:
    """A path as the library takes it for the link of a mark."""
    return _HERE + path


def _colour(number: int, look: Look) -> str:
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
