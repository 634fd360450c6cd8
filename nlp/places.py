"""Which places inside the province an article names, each once, in order of first mention.

Two sources: names of the gazetteer read as ours (`nlp.sense`), and places no gazetteer holds, known by the word
before them ("xóm", "đường", "khu đô thị" …) and by standing in one breath with a place of ours.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from nlp.forms import Forms
from nlp.prepared import Placed, Prepared
from nlp.records import Field, PlaceMention
from nlp.sense import linked
from nlp.text import CAPITALS, fold, match_form

# The old towns of the province's own name are places only with their type word: "TP Thái Nguyên".
_PROVINCE_NAMES = frozenset({"Thái Nguyên", "Bắc Kạn"})
_NAME = rf"(?P<name>[{CAPITALS}][^\W_]*(?:[ ][{CAPITALS}0-9][^\W_]*){{0,3}}|\d{{1,2}}[A-Z]?(?![^\W_]))"
_SETTLEMENT = re.compile(
    r"(?<![^\W_])(?i:xóm|thôn|bản|buôn|tổ dân phố|tdp|khu dân cư|xã|phường|thị trấn|nút giao|khu vực)[ ]" + _NAME
)
_SITE = re.compile(
    r"(?<![^\W_])(?i:đường|(?<!dân )phố|khu đô thị|kđt|chùa|đền|đình làng|cầu vượt|cầu treo|tượng đài|"
    r"sân vận động|khách sạn|"
    r"trường (?:mầm non|tiểu học|thcs|thpt)|trại giam|nhà máy|thung lũng hoa|khu du lịch|suối|đèo|hang|"
    r"thác)[ ]" + _NAME
)
_HEALTH = re.compile(
    r"(?i:bệnh viện|trung tâm y tế)(?: đa khoa| Đa khoa| Đa Khoa)?[ ](?i:huyện|thành phố|thị xã|tp\.?)[ ]$"
)
_OWN_SITE = re.compile(r"(?i:khu đô thị|chùa|đền|tượng đài|thung lũng hoa|khu du lịch|sân vận động|suối)[ ]")
_AT_HOME = 2
_REACH = 60


class PlaceFinder:
    """Finds places in prepared documents. Keeps nothing between them."""

    version = "places-1"

    def find(self, prepared: Prepared) -> tuple[PlaceMention, ...]:
        """Each place once, by its first surface; the bare province is left out."""
        found = sorted(
            (*_known(prepared), *_unknown(prepared, in_title=True), *_unknown(prepared, in_title=False)),
            key=lambda mention: (mention.where != "title", mention.start, -mention.end),
        )
        first: dict[str, PlaceMention] = {}
        for mention in found:
            first.setdefault(_key(mention), mention)
        return tuple(first.values())


def _key(mention: PlaceMention) -> str:
    return fold(match_form(mention.name if mention.kind != "landmark" else mention.surface))


def _known(prepared: Prepared) -> Iterator[PlaceMention]:
    for placed in prepared.ours():
        entry, hit = placed.sighting.entry, placed.sighting.hit
        forms, where = _field(prepared, placed)
        if entry.kind in ("district", "unit", "old_unit") and (site := _health(forms, hit.start, hit.end)):
            surface = _shown(forms, site, hit.end)
            yield PlaceMention(surface, "", "landmark", surface, where, site, hit.end)
        if not entry.is_place or entry.kind == "province":
            continue
        start = hit.start
        if entry.name in _PROVINCE_NAMES:
            if not hit.type_word:
                continue
            start = hit.type_start
        yield PlaceMention(
            entry.name, entry.code, entry.place_kind, _shown(forms, start, hit.end), where, start, hit.end
        )


def _field(prepared: Prepared, placed: Placed) -> tuple[Forms, Field]:
    return (prepared.title, "title") if placed.in_title else (prepared.text, "text")


def _shown(forms: Forms, start: int, end: int) -> str:
    """The words as they stand, a line end between them as a space ("TP.\\nThái Nguyên")."""
    return " ".join(forms.shown[start:end].split())


def _health(forms: Forms, start: int, end: int) -> int | None:
    found = _HEALTH.search(forms.shown, max(0, start - 40), start)
    return found.start() if found else None


def _unknown(prepared: Prepared, *, in_title: bool) -> Iterator[PlaceMention]:
    forms = prepared.title if in_title else prepared.text
    field = [placed for placed in prepared.placed if placed.in_title == in_title]
    starts = [placed.sighting.hit.start for placed in field]
    where: Field = "title" if in_title else "text"
    home = _nothing_elsewhere(prepared)
    for pattern in (_SETTLEMENT, _SITE):
        for found in pattern.finditer(forms.shown):
            span = _span(found, pattern is _SITE)
            if span is None or _is_known(field, starts, found):
                continue
            if not (_in_one_breath(forms, field, starts, found) or (home and _OWN_SITE.match(found.group()))):
                continue
            surface = _shown(forms, *span)
            yield PlaceMention(surface, "", "landmark" if pattern is _SITE else "area", surface, where, *span)


def _span(found: re.Match[str], is_site: bool) -> tuple[int, int] | None:
    """Sites keep their word ("đường Thống Nhất"); settlements only where the name alone says nothing ("xóm 10")."""
    name = found["name"]
    if name[0].isdigit() and not found.group().lower().startswith("xóm"):
        return None
    alone = " " in name
    start = found.start("name") if alone and not is_site else found.start()
    return start, found.end("name")


def _nothing_elsewhere(prepared: Prepared) -> bool:
    """An article that names us and no other province: what it names besides is here."""
    return len(prepared.ours()) >= _AT_HOME and all(p.sighting.ours for p in prepared.placed)


def _is_known(field: Sequence[Placed], starts: Sequence[int], found: re.Match[str]) -> bool:
    """Is the name one of the gazetteer's, which has been judged already?"""
    at = bisect_left(starts, found.start("name"))
    return at < len(field) and starts[at] < found.end()


def _in_one_breath(forms: Forms, field: Sequence[Placed], starts: Sequence[int], found: re.Match[str]) -> bool:
    """Does a place of ours follow directly?"""
    at = bisect_left(starts, found.end())
    if at == len(field):
        return False
    following = field[at].sighting
    near = following.hit.start - found.end() <= _REACH
    return near and following.ours and linked(forms, found.end(), following.hit)
