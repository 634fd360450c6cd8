"""Bars in a frame that was drawn before.

The library takes some 25 ms for a chart of thirty bars, nearly all of it for axes, words and legend, which are the
same in every chart over the same days up to the same height. So it draws those once, with bars of full height; in
the next charts each bar stands where it has put one, as high as its value asks for on the same axis.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from lxml import etree
from markupsafe import escape

from diembao.newsroom.analysis.charts import STEP, Chart, Look, Mark, colour

_SVG = "{http://www.w3.org/2000/svg}"
_LAYER = "mark-rect role-mark"
_BAR = re.compile(r"M([\d.e-]+),[\d.e-]+h([\d.e-]+)v")
# Characters for private use, which no text of ours has: where the title and the bars come.
_TITLE, _MARKS = "\ue000", "\ue001"
# About so many steps make an axis; a step is round, and which one is nearest is judged by ratios.
_PARTS = 10
_ROUND = ((1, 2**0.5), (2, 10**0.5), (5, 50**0.5))


def frame_of(chart: Chart) -> Chart | None:
    """The chart whose drawing is the frame of this one: equal for all that differ only in their values and in what
    their marks say and lead to. None for those that have no such frame: lying bars, and none at all."""
    if chart.is_lying or not chart.marks:
        return None
    places = chart.places
    top = chart.highest or _round_end(chart.tallest)
    series = chart.series[0] if chart.series else ""
    bars = tuple(Mark(place, top, series) for place in places)
    steps = tuple(Mark(place, top) for place in places) if chart.compared else ()
    return replace(chart, title=_TITLE, marks=bars, compared=steps, highest=top)


class Frame:
    """The drawing of what `frame_of` gives, with room for bars."""

    def __init__(self, chart: Chart, drawn: Any) -> None:
        """drawn: its `svg` element, as a page gets it."""
        self._top, self._foot = chart.highest, chart.height
        layers = [group for group in drawn.iter(f"{_SVG}g") if group.get("class", "").startswith(_LAYER)]
        places = [mark.at for mark in chart.marks]
        # Where each bar begins, and how wide it is; the steps of the period before are as wide.
        self._bars = dict(zip(places, map(_place, layers[0].iter(f"{_SVG}path")), strict=True))
        for layer in layers:
            for bar in list(layer):
                layer.remove(bar)
            layer.text = _MARKS
        before, *self._after = etree.tostring(drawn, encoding="unicode").split(_MARKS)
        self._before = before.split(_TITLE)

    def filled(self, chart: Chart) -> str:
        """A chart whose frame this is, as an `svg` element."""
        pieces = [*self._before[:1], str(escape(chart.title)), *self._before[1:]]
        for marks, after in zip((self._stacked(chart), self._steps(chart)), self._after, strict=False):
            pieces += (*marks, after)
        return "".join(pieces)

    def _stacked(self, chart: Chart) -> Iterator[str]:
        number = {series: number for number, series in enumerate(chart.series)}
        colours = chart.colours or range(len(chart.series))
        fills = {series: colour(of_series, Look.PAGE) for series, of_series in zip(chart.series, colours, strict=True)}
        beneath = _beneath(chart, number)
        for mark, low in zip(chart.marks, beneath, strict=True):
            left, width = self._bars[mark.at]
            top, foot = self._y(low + mark.value), self._y(low)
            fill = fills.get(mark.series) or colour(0, Look.PAGE)
            yield _linked(mark, f'd="M{left:.6g},{top:.6g}h{width:.6g}v{foot - top:.6g}h-{width:.6g}Z" fill="{fill}"')

    def _steps(self, chart: Chart) -> Iterator[str]:
        for mark in chart.compared:
            left, width = self._bars[mark.at]
            top = self._y(mark.value) - STEP / 2
            drawn = f'd="M{left:.6g},{top:.6g}h{width:.6g}v{STEP:g}h-{width:.6g}Z" fill="currentColor" opacity="0.75"'
            yield _path(mark, drawn)

    def _y(self, value: float) -> float:
        return self._foot * (1 - value / self._top)


def _place(path: Any) -> tuple[float, float]:
    found = _BAR.match(path.get("d"))
    if found is None:
        raise ValueError(f"this is no bar: {path.get('d')}")
    return float(found[1]), float(found[2])


def _beneath(chart: Chart, number: Mapping[str, int]) -> list[float]:
    """What each bar stands on: those of the series before it, at its place."""
    lows = [0.0] * len(chart.marks)
    heights: dict[str, float] = {}
    for at in sorted(range(len(chart.marks)), key=lambda at: number.get(chart.marks[at].series, 0)):
        mark = chart.marks[at]
        lows[at] = heights.get(mark.at, 0.0)
        heights[mark.at] = lows[at] + mark.value
    return lows


def _round_end(highest: float) -> float:
    """Where an axis up to this value ends: at the next multiple of a round step, as the library has it."""
    end, before = max(highest, 1.0), 0.0
    while end != before:  # what is longer now may want a longer step
        before = end
        power = 10.0 ** math.floor(math.log10(end / _PARTS))
        step = power * next((step for step, most in _ROUND if end / _PARTS / power < most), 10)
        end = math.ceil(end / step - 1e-9) * step
    return end


def _linked(mark: Mark, drawn: str) -> str:
    said = f' aria-label="{escape(mark.said)}"' if mark.said else ""
    if not mark.href:
        return f"<g>{_path(mark, drawn)}</g>"
    # As `chart_press` has it: the table beside the chart has the same links for the keyboard.
    return f'<a href="{escape(mark.href)}" tabindex="-1"{said}>{_path(mark, drawn)}</a>'


def _path(mark: Mark, drawn: str) -> str:
    return f"<path {drawn}><title>{escape(mark.said)}</title></path>" if mark.said else f"<path {drawn}/>"
