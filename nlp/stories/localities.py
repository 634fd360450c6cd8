"""Where an article's head says things happen: provinces, and countries much reported of.

Only good for telling apart: two robberies of a bank are not one story when one is in Gia Lai and the other in Lào Cai.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from importlib.resources import files
from typing import Final

_COUNTRIES: Final = (
    "Trung Quốc", "Hàn Quốc", "Triều Tiên", "Nhật Bản", "Campuchia", "Thái Lan", "Ukraine", "Israel", "Ấn Độ",
    "Đài Loan", "Singapore", "Malaysia", "Indonesia", "Philippines", "Venezuela", "Iran", "Pakistan",
)  # fmt: skip
_HEAD: Final = 250


class Localities:
    """Finds places in heads of articles."""

    def __init__(self, groups: Iterable[Iterable[str]]) -> None:
        """groups: the names of each place."""
        self._places = {name: number for number, names in enumerate(groups) for name in names}
        self._any = re.compile(_any_of(self._places))

    @classmethod
    def load(cls) -> Localities:
        """The provinces of the gazetteer, earlier ones included, and some countries."""
        with (files("nlp.gazetteer") / "data/provinces.csv").open(encoding="utf-8") as file:
            groups = [
                [name for name in (row["name"], *(row["aliases"] or "").split("|")) if name]
                for row in csv.DictReader(file)
            ]
        return cls([*groups, *([country] for country in _COUNTRIES)])

    def read(self, title: str, text: str) -> frozenset[int]:
        """Numbers of the places that a title and the head of a text (normalised) name."""
        return frozenset(self._places[name] for name in self._any.findall(f"{title}\n{text[:_HEAD]}"))


def _any_of(names: Iterable[str]) -> str:
    """A pattern of whole names, the longest where several begin alike.

    Each branch begins with a letter, not with the look behind it: the scan then skips to letters that names begin with.
    """
    by_letter: dict[str, list[str]] = {}
    for name in sorted(names, key=len, reverse=True):
        by_letter.setdefault(name[0], []).append(re.escape(name[1:]))
    return "|".join(rf"{letter}(?<!\w.)(?:{'|'.join(rest)})(?!\w)" for letter, rest in by_letter.items())
