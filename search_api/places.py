"""The communes and wards of today, as pages and filters name them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from nlp.gazetteer.catalogue import Catalogue
from nlp.text import fold, normalise

_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_SLUG_LENGTH = 80
_SLUGS_KEPT = 10_000  # titles of stories, each asked for with every page that names it


@lru_cache(_SLUGS_KEPT)
def slug_of(text: str) -> str:
    """Small Latin letters and digits joined by hyphens, cut at a word; never empty."""
    words = _NOT_SLUG.sub("-", fold(normalise(text)).lower()).strip("-")
    if len(words) > _SLUG_LENGTH:
        words = words[: _SLUG_LENGTH + 1].rpartition("-")[0] or words[:_SLUG_LENGTH]
    return words or "tin"


@dataclass(frozen=True, slots=True)
class Unit:
    """code: of the National Statistics Office, five digits. type: xã or phường."""

    code: str
    name: str
    type: str

    @property
    def label(self) -> str:
        return f"{self.type} {self.name}"

    @property
    def path(self) -> str:
        return f"/dia-ban/{self.code}-{slug_of(self.name)}"


class Units:
    """Read from the gazetteer at the first question."""

    @cached_property
    def by_code(self) -> Mapping[str, Unit]:
        found = (Unit(entry.code, entry.name, entry.level[0]) for entry in Catalogue.load().units())
        return {unit.code: unit for unit in found}
