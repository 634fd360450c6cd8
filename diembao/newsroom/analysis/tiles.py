"""Where each commune and ward of today stands on the map of tiles, and which former district it lay in."""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class TilePlace:
    """column, row: from the north-west corner, 0 first. former_district: until 30/06/2025, with its type."""

    code: str
    name: str
    column: int
    row: int
    former_district: str


@cache
def tile_places() -> tuple[TilePlace, ...]:
    """All 92, row by row."""
    with files("diembao.newsroom.analysis").joinpath("tiles.csv").open(encoding="utf-8") as file:
        return tuple(
            TilePlace(one["code"], one["name"], int(one["column"]), int(one["row"]), one["former_district"])
            for one in csv.DictReader(file)
        )


def former_districts() -> dict[str, tuple[str, ...]]:
    """Codes of the communes and wards in each, in the order of the map."""
    found: dict[str, tuple[str, ...]] = {}
    for place in tile_places():
        found[place.former_district] = (*found.get(place.former_district, ()), place.code)
    return found


@cache
def _district_of() -> Mapping[str, str]:
    return {place.code: place.former_district for place in tile_places()}


def districts_of(codes: Iterable[str]) -> tuple[str, ...]:
    """The former districts in which these communes and wards lay, each once."""
    return tuple(dict.fromkeys(_district_of()[code] for code in codes if code in _district_of()))


def borders() -> dict[str, tuple[str, ...]]:
    """Of each tile, the sides (t, r, b, l) on which another former district or nothing begins."""
    districts = {(place.column, place.row): place.former_district for place in tile_places()}
    found = {}
    for place in tile_places():
        column, row = place.column, place.row
        beside = {"t": (column, row - 1), "r": (column + 1, row), "b": (column, row + 1), "l": (column - 1, row)}
        found[place.code] = tuple(side for side, at in beside.items() if districts.get(at) != place.former_district)
    return found


class Shades:
    """How dark numbers are drawn: steps of equally many places, so that one large town pales nobody."""

    def __init__(self, numbers: Iterable[int], steps: int = 5) -> None:
        known = sorted(one for one in numbers if one)
        self._bounds = [known[len(known) * step // steps] for step in range(1, steps)] if known else []

    def step_of(self, number: int) -> int:
        """0 for none, 1 for the palest."""
        return 1 + bisect_right(self._bounds, number) if number and self._bounds else 0
