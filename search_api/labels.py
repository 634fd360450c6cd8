"""What values of the index are called where people read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from diembao.index.protocol import Keyword
from search_api.editions import Edition
from search_api.places import Units


@dataclass(frozen=True, slots=True)
class Labels:
    """outlets: titles by source name."""

    edition: Edition
    units: Units
    outlets: Mapping[str, str]

    def of(self, field: Keyword, value: str) -> str:
        """The value in words; itself where it has no other name."""
        if field is Keyword.TOPIC:
            return self.edition.topic(value)
        if field is Keyword.SOURCE:
            return self.outlets.get(value, value)
        if field in (Keyword.PLACE, Keyword.PLACE_CODE):
            unit = self.units.by_code.get(value)
            return unit.label if unit else value
        return value
