"""The names the province is known by, read from the data files beside this module.

Sources: the administrative tables are facts of Nghị quyết 1683/NQ-UBTVQH15 (units since 2025-07-01, codes of
the National Statistics Office) and of the divisions before it; `names.csv` and `provinces.csv` are our own.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from nlp.records import PlaceKind

# How far a name speaks for the province by itself:
#   alone    it does, wherever it stands
#   typed    only behind its type word ("xã …"), or where the province is named too
#   context  only where the province is named too
#   route, club, product, byline, weak   it names the province, but rarely makes an article about it
#   other    it names another province
Strength = Literal["alone", "typed", "context", "route", "club", "product", "byline", "weak", "other"]

UNITS_SINCE = "2025-07-01"


@dataclass(frozen=True, slots=True)
class Entry:
    """One named thing.

    code: of today's unit for units, of the successor for former units with exactly one, else "".
    level: type words it may stand behind ("xã", "phường" …); empty for names that carry their own.
    valid_from, valid_to: ISO days, empty when open.
    """

    id: str
    name: str
    kind: str
    strength: Strength
    code: str = ""
    level: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    district: str = ""
    province: str = ""
    is_place: bool = True
    ambiguous: bool = False  # also a common word, a person, or a name borne by many places
    valid_from: str = ""
    valid_to: str = ""

    @property
    def forms(self) -> tuple[str, ...]:
        return (self.name, *self.aliases)

    @property
    def place_kind(self) -> PlaceKind:
        match self.kind:
            case "unit" | "old_unit" | "district" | "province" as kind:
                return kind
            case "area" | "nickname" | "region":
                return "area"
            case _:
                return "landmark"


def _rows(name: str) -> Iterator[dict[str, str]]:
    with files("nlp.gazetteer").joinpath("data", name).open(encoding="utf-8") as lines:
        yield from csv.DictReader(lines)


def _split(cell: str) -> tuple[str, ...]:
    return tuple(part for part in cell.split("|") if part)


_PROVINCES = (
    Entry("province-thai-nguyen", "Thái Nguyên", "province", "alone", level=("tỉnh",)),
    Entry("province-bac-kan", "Bắc Kạn", "province", "alone", level=("tỉnh",), aliases=("Bắc Cạn",)),
)


def _units() -> Iterator[Entry]:
    for row in _rows("units.csv"):
        shared = int(row["same_name_elsewhere_now"]) + max(0, int(row["same_name_before_2025"]) - 1)
        alone = row["ambiguous"] == "no" and shared == 0
        yield Entry(
            id=f"unit-{row['code']}",
            name=row["name"],
            kind="unit",
            strength="typed" if alone else "context",
            code=row["code"],
            level=(row["type"],),
            aliases=_split(row["aliases"]),
            ambiguous=row["ambiguous"] == "yes",
            valid_from=row["valid_from"],
            valid_to=row["valid_to"],
        )


def _successors() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for row in _rows("successors.csv"):
        found[row["old_code"]] = (*found.get(row["old_code"], ()), row["new_code"])
    return found


def _former_units(successors: Mapping[str, tuple[str, ...]]) -> Iterator[Entry]:
    for row in _rows("former_units.csv"):
        heirs = successors.get(row["code"], ())
        yield Entry(
            id=f"former-{row['code']}",
            name=row["name"],
            kind="old_unit",
            strength="context",
            code=heirs[0] if len(heirs) == 1 else "",
            level=("thị trấn", "xã", "phường"),
            district=row["district"],
            province=row["province"],
            ambiguous=row["ambiguous"] == "yes",
            valid_from=row["valid_from"],
            valid_to=row["valid_to"],
        )


# "typed": "huyện Đại Từ" is ours alone, a bare "Đại Từ" is also a quarter of Hà Nội.
_DISTRICT_STRENGTH: Mapping[str, Strength] = {"no": "alone", "typed": "typed", "yes": "context"}


def _earlier_units() -> Iterator[Entry]:
    """Communes merged away in 2019-2025, before the reform: named in older articles, without a code of today."""
    for row in _rows("earlier_units.csv"):
        yield Entry(
            id=f"earlier-{row['name']}",
            name=row["name"],
            kind="old_unit",
            strength="context",
            level=("xã", "phường", "thị trấn"),
            district=row["district"],
            ambiguous=row["ambiguous"] == "yes",
            valid_to="2024-12-31",
        )


def _districts() -> Iterator[Entry]:
    for row in _rows("districts.csv"):
        yield Entry(
            id=f"district-{row['code']}",
            name=row["name"],
            kind="district",
            strength=_DISTRICT_STRENGTH[row["ambiguous"]],
            level=("huyện", "thị xã", "thành phố"),
            aliases=_split(row["aliases"]),
            province=row["province"],
            valid_from=row["valid_from"],
            valid_to=row["valid_to"],
        )


def _own_names() -> Iterator[Entry]:
    for row in _rows("names.csv"):
        strength: Strength = row["strength"]  # type: ignore[assignment]
        yield Entry(
            id=row["id"],
            name=row["name"],
            kind=row["kind"],
            strength=strength,
            code=row["code"],
            aliases=_split(row["aliases"]),
            is_place=row["place"] == "yes",
        )


def _other_provinces() -> Iterator[Entry]:
    for row in _rows("provinces.csv"):
        yield Entry(
            id=f"elsewhere-{row['name']}",
            name=row["name"],
            kind="other_province",
            strength="other",
            level=("tỉnh", "thành phố"),
            aliases=_split(row["aliases"]),
            is_place=False,
            valid_from=row["valid_from"],
            valid_to=row["valid_to"],
        )


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All entries, and which of today's units a former one went into (many to many, since 2025-07-01)."""

    entries: tuple[Entry, ...]
    successors: Mapping[str, tuple[str, ...]]

    @classmethod
    def load(cls) -> Catalogue:
        successors = _successors()
        entries = (
            *_PROVINCES,
            *_districts(),
            *_units(),
            *_former_units(successors),
            *_earlier_units(),
            *_own_names(),
            *_other_provinces(),
        )
        return cls(entries, successors)

    def units(self) -> tuple[Entry, ...]:
        """Today's 92 communes and wards."""
        return tuple(entry for entry in self.entries if entry.kind == "unit")
