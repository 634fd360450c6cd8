"""Which of the names found are ours: one sense per document, each refusal with its reason.

"Thái Nguyên" is also Taiyuan in China, a street in many towns, a given name and an old commune of Thái Bình;
Tân Cương is Xinjiang, Côn Minh is Kunming, and most commune names stand elsewhere in the country too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from nlp.forms import Forms
from nlp.gazetteer.catalogue import UNITS_SINCE, Entry
from nlp.gazetteer.matcher import Hit, Matcher
from nlp.text import CAPITALS

Reason = Literal[
    "ours", "taiyuan", "street", "person", "xinjiang", "kunming", "elsewhere", "other_commune", "no_cue",
    "other_province",
]  # fmt: skip

# Northern surnames that are not also words which stand before a place ("Đoàn Thái Nguyên", "Hồ …").
_SURNAMES = (
    "nguyễn|trần|lê|phạm|hoàng|huỳnh|phan|vũ|võ|đặng|bùi|đỗ|ngô|dương|lý|đinh|trịnh|lâm|tạ|lương|trương|đào|chu|"
    "phùng|tống|kiều|quách|châu|lưu|vương|tăng|triệu|nông|hứa|cù|la|diệp|thạch|sầm|thân|khổng|doãn"
)
_PERSON_BEFORE = re.compile(
    rf"(?<![^\W_])(?:{_SURNAMES})(?:\s+(?:văn|thị|đức|hữu|minh|ngọc|quang|xuân|đình|bá|công|duy|hồng|hoàng|thanh))?\s+$"
)
_STREET_BEFORE = re.compile(
    r"(?:(?<![^\W_])(?:(?<!tuyến )(?<!con )đường|ngõ|hẻm)\s+|(?<!thành )(?<!đường )(?<!khu )phố\s+)$"
)
_ROUTE_AFTER = re.compile(r"\s*[-–—]\s*\w")
_TAIYUAN_SURE = re.compile(
    r"taiyuan|vệ tinh thái nguyên|lý uyên|lý thế dân|diêm tích sơn|tịnh châu"
    r"|thái nguyên\s*[,(–-]\s*(?:thủ phủ |thuộc |của )*(?:tỉnh )?(?:sơn tây|thiểm tây)"
    r"|(?:tỉnh )?sơn tây\s*[,(–-]\s*(?:phía bắc |miền bắc )?(?:trung quốc|tq)|sơn tây của trung quốc"
    r"|trung quốc[^.\n]{0,40}\btỉnh sơn tây|tỉnh sơn tây[^.\n]{0,60}trung quốc"
)
_TANG = re.compile(r"(?:nhà|thời|đời|triều) (?:Đường|Tùy|Tuỳ)(?![^\W_])")
_SATELLITE = re.compile(r"(?:phóng|trung tâm|bãi phóng|bệ phóng)[^.\n]{0,40}vệ tinh[^.\n]{0,30}thái nguyên")
_OURS_SURE = re.compile(
    r"(?:tỉnh thái nguyên|ubnd (?:tỉnh|tp|thành phố) thái nguyên|gang thép thái nguyên|tp\.? thái nguyên \()"
)
_COMMUNE_OF_THAI_BINH = re.compile(
    r"xã thái nguyên\s*[,(–-]?\s*(?:huyện\s+)?(?:thái thụy|thái bình)"
    r"|thái nguyên, thái (?!nguyên|bình|lan)[^\W\d_]+|thái (?!nguyên|bình|lan)[^\W\d_]+, thái nguyên"
)
# Nha Trang has a street, a school and a bus line of this name; writers drop the word "đường" in lists.
_STREETS_NAMED = re.compile(r"đường [^.;\n]{0,60}$")
_NAMESAKE_TOWN = re.compile(r"nha trang|khánh hòa")
_NAMESAKE_BEFORE = re.compile(
    r"(?<![^\W_])(?:trường|thcs|thpt|thsc|tiểu học|mầm non|đường|phố|chợ|khách sạn|nhà hàng|"
    r"quán)(?: [^\W\d_]+){0,2}\s+$"
)
_CREDIT_AFTER = re.compile(r"\s*/\s*theo(?![^\W_])")
_CHINA = re.compile(
    r"trung quốc|duy ngô nhĩ|bắc kinh|vân nam|urumqi|tân cương \(tq\)|khu tự trị|trung á|quảng châu|thượng hải"
)

# What may stand between a place and the province it belongs to: "xã A, huyện B (tỉnh C cũ)".
_LINK = re.compile(
    r"(?:[\s,()\-–/]|(?<![^\W_])(?:thuộc|của|cũ|nay|nay là|địa phận|địa bàn|tổ|khu|ở|tỉnh|thành phố|tp\.?|"
    r"t\.p\.?|huyện|thị xã|tx\.?|quận|xã|phường|"
    r"thị trấn|tt\.?|h\.|q\.|p\.|x\.)(?![^\W_])|\d+)*"
)
_NAME_IN_LINK = re.compile(rf"(?:[{CAPITALS}][^\W_]*\s*){{1,4}}")
# Kinds of landmark that, beside a unit of ours, settle where an article plays.
OWN_LANDMARKS = frozenset({"market", "lake", "cave", "landmark", "hospital", "industrial_park"})
_CHAIN_REACH = 90
_LIST_REACH = 40
_PROPER = rf"(?<![^\W_])[{CAPITALS}][^\W\d_]*"
_LIST_GAP = re.compile(rf"(?:\s*,\s*|\s+và\s+|{_PROPER}(?:\s{_PROPER}){{0,2}})+")
_NAMES_PROVINCE = re.compile("Thái Nguyên|Bắc Kạn")  # "ĐH Thái Nguyên, ĐH Huế" is a list, not an address


@dataclass(frozen=True, slots=True)
class Sighting:
    """One hit with its sense. `entry` is the reading taken; ours only when `reason` is "ours"."""

    hit: Hit
    entry: Entry
    reason: Reason

    @property
    def ours(self) -> bool:
        return self.reason == "ours"


@dataclass(frozen=True, slots=True)
class Senses:
    """All sightings of a document by field, in order."""

    title: tuple[Sighting, ...]
    text: tuple[Sighting, ...]


class SenseReader:
    """Reads the sense of every hit of a document. Made once with the matcher."""

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher

    def read(self, title: Forms, text: Forms, date: str = "") -> Senses:
        """date: ISO day of publication or "", to tell today's units from those before 2025-07-01."""
        fields = [(title, self._matcher.find(title)), (text, self._matcher.find(text))]
        whole = _Whole.of(fields)
        read = [_field_senses(forms, hits, whole, date) for forms, hits in fields]
        return Senses(read[0], read[1])


@dataclass(frozen=True, slots=True)
class _Whole:
    """What the document as a whole says about senses."""

    province_reason: Reason  # the sense of a bare "Thái Nguyên"
    cue: bool  # the province, or a name that stands for it alone, is there
    chinese: bool

    @classmethod
    def of(cls, fields: Sequence[tuple[Forms, list[Hit]]]) -> _Whole:
        others = any(choose_entry(hit).strength == "other" for _, hits in fields for hit in hits)
        reason = _province_sense(fields)
        cue = any(_cue_hit(forms, hits, at, reason) for forms, hits in fields for at in range(len(hits))) or (
            not others and _two_together(fields)
        )
        chinese = any(_CHINA.search(forms.match) for forms, _ in fields)
        return cls(reason, cue, chinese)


def _two_together(fields: Sequence[tuple[Forms, list[Hit]]]) -> bool:
    """A unit behind its type word and a landmark of ours: each could be elsewhere, hardly both."""
    hits = [hit for _, found in fields for hit in found if hit.entries[0].strength in ("typed", "context")]
    units = any(hit.type_word in entry.level for hit in hits for entry in hit.entries if hit.type_word)
    return units and any(hit.entries[0].kind in OWN_LANDMARKS for hit in hits)


def _is_province(hit: Hit) -> bool:
    return hit.entries[0].kind == "province"


def _is_thai_nguyen(hit: Hit) -> bool:
    return hit.entries[0].id == "province-thai-nguyen"


def _province_sense(fields: Sequence[tuple[Forms, list[Hit]]]) -> Reason:
    """One sense for the bare name in the whole document, unless its own surroundings say otherwise."""
    found = [(forms, hit) for forms, hits in fields for hit in hits if _is_thai_nguyen(hit)]
    if not found:
        return "ours"
    sure = any(_OURS_SURE.search(forms.match) for forms, _ in fields)
    if not sure and any(_in_china(forms) for forms, _ in fields):
        return "taiyuan"
    if any(_COMMUNE_OF_THAI_BINH.search(forms.match) for forms, _ in fields):
        return "other_commune"
    local = [_local_sense(forms, hit) for forms, hit in found]
    elsewhere = [reason for reason in local if reason != "ours"]
    plain = [hit for (_, hit), reason in zip(found, local, strict=True) if reason == "ours"]
    # A person's full name, then only the given name; a street, then its name alone: still the same one,
    # unless a type word says that the province is meant.
    if elsewhere and not sure and not any(hit.type_word for hit in plain) and len(plain) <= 2 * len(elsewhere):
        return elsewhere[0]
    return "ours"


def _in_china(forms: Forms) -> bool:
    return bool(_TAIYUAN_SURE.search(forms.match) or _SATELLITE.search(forms.match) or _TANG.search(forms.shown))


def _local_sense(forms: Forms, hit: Hit) -> Reason:
    """The sense of one "Thái Nguyên" or "Bắc Kạn" by the words beside it."""
    if hit.type_word in ("tỉnh", "thành phố"):
        return "ours"
    before = forms.match[max(0, hit.start - 24) : hit.start]
    if _PERSON_BEFORE.search(before) and forms.shown[: hit.start].rstrip()[-1:].isalpha():
        surname = forms.shown[max(0, hit.start - 24) : hit.start].split()[-1]
        if surname[:1].isupper():
            return "person"
    if _CREDIT_AFTER.match(forms.match, hit.end):
        return "person"
    if _ROUTE_AFTER.match(forms.match, hit.end):
        return "ours"
    if _STREET_BEFORE.search(before):
        return "street"
    return "street" if _is_thai_nguyen(hit) and _namesake(forms, hit) else "ours"


def _namesake(forms: Forms, hit: Hit) -> bool:
    """A school, market or street of Nha Trang that bears our name."""
    before = forms.match[max(0, hit.start - 80) : hit.start]
    if _STREETS_NAMED.search(before):
        return bool(_NAMESAKE_TOWN.search(forms.match))
    after = forms.match[hit.end : hit.end + 60].split(".")[0]
    return bool(_NAMESAKE_BEFORE.search(before) and _NAMESAKE_TOWN.search(after))


def _cue_hit(forms: Forms, hits: Sequence[Hit], at: int, province_reason: Reason) -> bool:
    hit = hits[at]
    if _is_province(hit):
        local = _local_sense(forms, hit)
        return local == "ours" and (province_reason == "ours" or not _is_thai_nguyen(hit))
    if any(_speaks_alone(hit, entry) for entry in hit.entries):
        return _chain_province(forms, hits, at) in ("", "ours")
    return False


def _speaks_alone(hit: Hit, entry: Entry) -> bool:
    if entry.strength == "typed":  # borne by no other place in the country, so the type word is enough
        return hit.type_word in entry.level
    return entry.strength in ("alone", "club", "route")


def _field_senses(forms: Forms, hits: list[Hit], whole: _Whole, date: str) -> tuple[Sighting, ...]:
    read: list[Sighting] = []
    for at, hit in enumerate(hits):
        if read and _continues_list(forms, read[-1], hit):
            hit = hits[at] = replace(hit, type_word=read[-1].hit.type_word)
        read.append(_sense(forms, hits, at, whole, date))
    return tuple(read)


def _continues_list(forms: Forms, before: Sighting, hit: Hit) -> bool:
    """ "các xã Phú Tiến, Kim Sơn, Tân Thịnh": the type word of the first holds for all."""
    if not (before.ours and before.hit.type_word in ("xã", "phường", "huyện")) or hit.type_word or _is_province(hit):
        return False
    if hit.start - before.hit.end > _LIST_REACH or not any(entry.level for entry in hit.entries):
        return False
    gap = forms.shown[before.hit.end : hit.start]
    return bool(_LIST_GAP.fullmatch(gap)) and any(before.hit.type_word in entry.level for entry in hit.entries)


def _sense(forms: Forms, hits: list[Hit], at: int, whole: _Whole, date: str) -> Sighting:
    hit = hits[at]
    entry = choose_entry(hit, date)
    if entry.strength == "other":
        return Sighting(hit, entry, "other_province")
    if _is_province(hit) and entry.kind in ("province", "district", "unit"):
        return Sighting(hit, entry, _province_hit_sense(forms, hit, whole))
    chain = _chain_province(forms, hits, at)
    if chain == "ours":
        return Sighting(hit, entry, "ours")
    if chain == "elsewhere":
        return Sighting(hit, entry, "elsewhere")
    return Sighting(hit, entry, _unchained(hit, entry, whole))


def _province_hit_sense(forms: Forms, hit: Hit, whole: _Whole) -> Reason:
    local = _local_sense(forms, hit)
    if local != "ours":
        return local
    return whole.province_reason if _is_thai_nguyen(hit) else "ours"


def _unchained(hit: Hit, entry: Entry, whole: _Whole) -> Reason:
    """The sense of a name with no province behind it."""
    name = entry.name
    typed = hit.type_word in entry.level
    if name in ("Tân Cương", "Côn Minh") and not typed and (whole.chinese or not whole.cue):
        return "xinjiang" if name == "Tân Cương" else "kunming"
    match entry.strength:
        case "alone" | "club" | "route" | "product" | "byline" | "weak":
            return "ours"
        case "typed":
            return "ours" if whole.cue or typed else "no_cue"
        case _:
            return "ours" if whole.cue and (typed or not entry.ambiguous) else "no_cue"


def choose_entry(hit: Hit, date: str = "") -> Entry:
    """The reading of a name that several things bear, by its type word and the day of publication."""
    if len(hit.entries) == 1:
        return hit.entries[0]
    fitting = [entry for entry in hit.entries if hit.type_word and hit.type_word in entry.level]
    if not fitting and (elsewhere := [entry for entry in hit.entries if entry.strength == "other"]):
        return elsewhere[0]  # a bare "Hòa Bình" is the province, not our old commune
    pool: Iterable[Entry] = fitting or hit.entries
    day = date[:10]
    if day:
        if day >= UNITS_SINCE:
            pool = [entry for entry in pool if not entry.valid_to] or pool
        else:
            pool = [entry for entry in pool if not entry.valid_from] or pool
    return next(iter(pool))


def _chain_province(forms: Forms, hits: Sequence[Hit], at: int) -> str:
    """ "ours", "elsewhere" or "": the province that follows a place in one breath, "xã A, huyện B, tỉnh C"."""
    if any(_NAMES_PROVINCE.search(entry.name) for entry in hits[at].entries):
        return ""
    position = hits[at].end
    limit = position + _CHAIN_REACH
    for following in hits[at + 1 :]:
        if following.start > limit or not linked(forms, position, following):
            return ""
        if choose_entry(following).strength == "other":
            return "elsewhere"
        if _is_province(following):
            return "ours"
        position = following.end
    return ""


def linked(forms: Forms, start: int, following: Hit) -> bool:
    """Is there nothing between but commas, type words and names of places we do not know?"""
    end = following.type_start
    gap = forms.match[start:end]
    if "\n" in gap or not gap.strip(" \t") or gap.strip(" \t") in ("và", "-", "–"):
        return False
    position = start
    while position < end:
        link = _LINK.match(forms.match, position, end)
        stop = link.end() if link else position
        if stop >= end:
            return True
        name = _NAME_IN_LINK.match(forms.shown, stop, end)
        if name is None or name.end() == stop:
            return False
        position = name.end()
    return True
