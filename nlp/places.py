"""Which places inside the province an article names, each once a spelling, in order of first mention."""

from __future__ import annotations

from collections.abc import Iterator

from nlp.prepared import Placed, Prepared
from nlp.records import Field, PlaceMention

# The old towns of the province's own name are places only with their type word: "TP Thái Nguyên".
_PROVINCE_NAMES = frozenset({"Thái Nguyên", "Bắc Kạn"})


class PlaceFinder:
    """Finds places in prepared documents."""

    version = "places-1"

    def find(self, prepared: Prepared) -> tuple[PlaceMention, ...]:
        """Each spelling once; the bare province is left out."""
        first: dict[str, PlaceMention] = {}
        for placed in prepared.ours():
            for mention in _mention(prepared, placed):
                first.setdefault(mention.surface, mention)
        return tuple(first.values())


def _mention(prepared: Prepared, placed: Placed) -> Iterator[PlaceMention]:
    entry, hit = placed.sighting.entry, placed.sighting.hit
    if not entry.is_place or entry.kind == "province":
        return
    start = hit.start
    if entry.name in _PROVINCE_NAMES:
        if not hit.type_word:
            return
        start = hit.type_start
    forms = prepared.title if placed.in_title else prepared.text
    where: Field = "title" if placed.in_title else "text"
    yield PlaceMention(
        entry.name, entry.code, entry.place_kind, forms.shown[start : hit.end], where, start, hit.end
    )
