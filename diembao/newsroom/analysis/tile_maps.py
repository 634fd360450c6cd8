"""The map of the communes as a drawing: equal tiles, darker where more was printed, former districts outlined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from diembao.newsroom.analysis.charts import SCHEMA, Look, config, linked
from diembao.newsroom.analysis.tiles import Shades, TilePlace, borders, tile_places

# None, then five steps; the ink on each has a contrast of 4.5:1 at least.
SHADES: Final = ("#f4f6f9", "#dbe9f6", "#b3d3ea", "#73afd7", "#2a75b3", "#0b4a86")
_INK, _PALE_INK, _LINE = "#1b1f24", "#ffffff", "#ffffff"
_FIRST_PALE_STEP: Final = 4
_WIDTH, _HEIGHT = 84, 34


@dataclass(frozen=True, slots=True)
class TileMap:
    """numbers: of articles, by code of the commune; hrefs: the list behind each; codes without a tile are left out."""

    title: str
    numbers: tuple[tuple[str, int], ...]
    hrefs: tuple[tuple[str, str], ...] = ()

    def specification(self, look: Look) -> dict[str, Any]:
        places = tile_places()
        values = list(_tiles(dict(self.numbers), dict(self.hrefs), places))
        columns, rows = max(place.column for place in places) + 1, max(place.row for place in places) + 1
        across = {"type": "quantitative", "axis": None, "scale": {"domain": [0, columns], "nice": False}}
        down = {"type": "quantitative", "axis": None, "scale": {"domain": [rows, 0], "nice": False}}
        ink = {"field": "ink", "type": "nominal", "scale": None}
        link = {"href": {"field": "href"}} if look is Look.PAGE else {}
        middle = {"x": {"field": "middle", **across}}
        return {
            "$schema": SCHEMA,
            "width": columns * _WIDTH,
            "height": rows * _HEIGHT,
            "background": None if look is Look.PAGE else "white",
            "padding": 4,
            **({"title": {"text": self.title, "anchor": "start", "fontSize": 14}} if look is Look.FILE else {}),
            "layer": [
                {
                    "data": {"values": values},
                    "mark": {"type": "rect", "stroke": _LINE, "strokeWidth": 1.5},
                    "encoding": {
                        "x": {"field": "left", **across},
                        "x2": {"field": "right"},
                        "y": {"field": "top", **down},
                        "y2": {"field": "bottom"},
                        "color": {"field": "shade", "type": "nominal", "scale": None},
                        "description": {"field": "said"},
                        **link,
                    },
                },
                *(
                    {
                        "data": {"values": values},
                        "mark": {"type": "text", "fontSize": size, "fontWeight": weight},
                        "encoding": {**middle, "y": {"field": at, **down}, "text": {"field": text}, "color": ink},
                    }
                    for text, at, size, weight in (("name", "name_at", 10, 400), ("shown", "number_at", 11, 600))
                ),
                {
                    "data": {"values": list(_edges(places))},
                    "mark": {
                        "type": "rule",
                        "color": "currentColor" if look is Look.PAGE else _INK,
                        "strokeWidth": 1.6,
                        "strokeCap": "square",
                    },
                    "encoding": {
                        "x": {"field": "x", **across},
                        "x2": {"field": "x2"},
                        "y": {"field": "y", **down},
                        "y2": {"field": "y2"},
                    },
                },
            ],
            "config": config(look),
        }


def _tiles(
    numbers: Mapping[str, int], hrefs: Mapping[str, str], places: tuple[TilePlace, ...]
) -> Iterator[dict[str, Any]]:
    shades = Shades(numbers.get(place.code, 0) for place in places)
    for place in places:
        number = numbers.get(place.code, 0)
        step = shades.step_of(number)
        href = hrefs.get(place.code, "")
        yield {
            "left": place.column,
            "right": place.column + 1,
            "top": place.row,
            "bottom": place.row + 1,
            "middle": place.column + 0.5,
            "name_at": place.row + (0.34 if number else 0.5),
            "number_at": place.row + 0.7,
            "name": place.name,
            "shown": f"{number:,}".replace(",", ".") if number else "",
            "said": f"{place.name}: {number} bài",
            "shade": SHADES[step],
            "ink": _PALE_INK if step >= _FIRST_PALE_STEP else _INK,
            **({"href": linked(href)} if href else {}),
        }


def _edges(places: tuple[TilePlace, ...]) -> Iterator[dict[str, int]]:
    sides = borders()
    for place in places:
        left, top = place.column, place.row
        ends = {
            "t": (left, top, left + 1, top),
            "b": (left, top + 1, left + 1, top + 1),
            "l": (left, top, left, top + 1),
            "r": (left + 1, top, left + 1, top + 1),
        }
        for side in sides[place.code]:
            x, y, x2, y2 = ends[side]
            yield {"x": x, "y": y, "x2": x2, "y2": y2}
