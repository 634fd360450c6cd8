"""What a place does where it stands: the scene of an event, somebody's origin, one of a list, a road's end …

Read from the words beside a sighting, within its sentence. The same reading serves our places and those of
other provinces, because an article's home is where things happen, not what is named most.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, get_args

from nlp.forms import Forms
from nlp.sense import Sighting

Role = Literal[
    "scene", "body", "origin", "address", "delegate", "list", "pair", "route", "plate", "club", "product", "byline",
    "weak", "plain",
]  # fmt: skip
ROLES: tuple[Role, ...] = get_args(Role)

_REACH = 80
_UNIT = (
    r"(?:(?:tỉnh|tp\.?|t\.p\.?|thành phố|thị xã|tx\.?|huyện|xã|phường|thị trấn|tt\.?|p\.|h\.|x\.|q\.|quận|"
    r"địa bàn|khu vực|địa phận)\s*)*"
)
_ORIGIN = re.compile(
    r"(?:(?<![^\W_])quê(?: quán| gốc| nhà| hương)?(?: ở| tại| từ)?|nguyên quán|(?:sinh ra|sinh năm \d{4}|"
    r"lớn lên|sinh sống|sống)(?: và lớn lên| và làm việc)? (?:ở|tại|trong)|"
    r"(?:thường |tạm |cư |hiện )?trú(?: tại| ở| quán| quán tại)?|ngụ(?: tại| ở)?|hktt|hộ khẩu(?: thường trú)?|"
    r"nơi cư trú|"
    r"(?:là|vốn|một|nhiều) người|người gốc|gốc|đến từ|"
    r"(?:\d{1,2} tuổi|sn\.? ?\d{4}|sinh năm \d{4}|sinh \d{4})\s*[,;)–-]?\s*(?:đều |cùng |hiện )?(?:trú |quê |"
    r"ngụ )?(?:ở|tại|trú tại|từ)?)"
    r"[\s:,(]*(?:[^.;\n()]{0,45}[,–-]\s*)?$"
)
_SCENE = re.compile(
    r"(?<![^\W_])(?:tại|ở|đến|tới|lên|về|ra|vào|trên địa bàn|địa bàn|địa phận|qua|khắp|toàn|vùng lũ|rốn lũ|"
    r"tâm lũ|thuộc|cách|"
    r"trung tâm|ngập|cứu|hỗ trợ|ủng hộ|giúp|thăm|bà con|người dân|người|nông dân|cử tri|dân|sinh viên|"
    r"học sinh|nhân dân)\s+" + _UNIT + r"$"
)
_BODY = re.compile(
    r"(?<![^\W_])(?:ubnd|ubdn|hđnd|ủy ban(?: nhân dân)?|uỷ ban(?: nhân dân)?|hội đồng nhân dân|công an|csgt|"
    r"cảnh sát(?: [^\W\d_]+){0,3}|csđt|pc\d+|"
    r"tỉnh ủy|tỉnh uỷ|thành ủy|thành uỷ|huyện ủy|đảng bộ|đảng ủy|chủ tịch|phó chủ tịch|bí thư|phó bí thư|"
    r"sở(?: [^\W\d_]+){1,6}(?: -| –|,)?(?: [^\W\d_]+){0,4}|chi cục(?: [^\W\d_]+){1,5}|cục(?: [^\W\d_]+){1,4}|"
    r"ban(?: [^\W\d_]+){1,5}|"
    r"bệnh viện(?: [^\W\d_]+){0,5}|bv(?: [^\W\d_]+){0,4}|trường(?: [^\W\d_]+){0,6}|đại học(?: [^\W\d_]+){0,5}|"
    r"đh(?: [^\W\d_]+){0,5}|"
    r"trung tâm(?: [^\W\d_]+){0,5}|tòa án(?: nhân dân)?|toà án(?: nhân dân)?|tand|viện kiểm sát(?: nhân dân)?|"
    r"vksnd|viện ksnd|"
    r"bộ chỉ huy quân sự|bộ chqs|ban chqs|mặt trận(?: tổ quốc)?|ubmttq|tỉnh đoàn|thành đoàn|đoàn đbqh|"
    r"đoàn đại biểu(?: quốc hội)?|đbqh|"
    r"thanh tra|đài(?: [^\W\d_]+){1,4}|đài ktt?v|hội(?: [^\W\d_]+){1,4}|liên đoàn(?: [^\W\d_]+){1,3}|bảo tàng|"
    r"công ty(?: [^\W\d_]+){0,6}|điện lực|"
    r"kiểm lâm|quản lý thị trường|hải quan|cục thuế|bhxh|bảo hiểm xã hội|lãnh đạo|chính quyền|giám đốc|trưởng|"
    r"chánh)\s+" + _UNIT + r"$"
)
_DELEGATE = re.compile(r"(?:đb|đbqh|đại biểu|đại biểu quốc hội)[^.;\n()]{2,50}\(\s*(?:đoàn )?(?:tỉnh )?$")
_AMONG = re.compile(
    r"(?:trong đó có|bao gồm|gồm có|gồm|(?:các |nhiều |\d+ )tỉnh(?:,? thành(?: phố)?)?(?: như)?)\s+(?:tỉnh )?$"
)
_BRANCH = re.compile(r"phân hiệu\s+$")
_PLATE = re.compile(r"(?:biển (?:số|kiểm soát|kiếm soát)|bks|mang biển)[^.;\n]{0,20}$")
_ADDRESS_OPEN = re.compile(r"\(\s*[^()\n]{2,40},\s*(?:ở |tại |quê )?" + _UNIT + r"$")
_ADDRESS_CLOSE = re.compile(r"(?:\s*,\s*[^()\n]{2,30})?\s*\)")
_LIST_GAP = re.compile(
    r"\s*(?:,|;|/|và|hay|hoặc|cùng|đến|tới|qua|rồi|với|&|[-–—])?\s*(?:các |của |ở )?(?:tỉnh|tp\.?|thành phố|"
    r"địa phương)?\s*"
)
_ROUTE_GAP = re.compile(r"\s*[-–—]\s*")
_SCENE_ORGS = frozenset({"hospital", "university", "school", "company", "body", "industrial_park"})


def roles(forms: Forms, sightings: Sequence[Sighting]) -> list[Role]:
    """The role of each sighting of one field, in order. Linear in the number of sightings."""
    runs = _province_runs(forms, sightings)
    return [_role(forms, sighting, runs[at]) for at, sighting in enumerate(sightings)]


def _is_province_name(sighting: Sighting) -> bool:
    return sighting.reason == "other_province" or (
        sighting.ours and sighting.hit.entries[0].kind == "province" and sighting.hit.type_word in ("", "tỉnh")
    )


def _province_runs(forms: Forms, sightings: Sequence[Sighting]) -> list[tuple[int, bool]]:
    """For each sighting: how many names of provinces stand in a row with it, and whether a dash joins two of them."""
    runs: list[tuple[int, bool]] = [(1, False)] * len(sightings)
    at = 0
    while at < len(sightings):
        if not _is_province_name(sightings[at]):
            at += 1
            continue
        last, dashed = at, False
        while last + 1 < len(sightings) and _is_province_name(sightings[last + 1]):
            start, end = sightings[last].hit.end, sightings[last + 1].hit.start
            if end - start > 20 or not _LIST_GAP.fullmatch(forms.match, start, end):
                break
            dashed = dashed or bool(_ROUTE_GAP.fullmatch(forms.match, start, end))
            last += 1
        for member in range(at, last + 1):
            runs[member] = (last - at + 1, dashed)
        at = last + 1
    return runs


def _fixed_role(sighting: Sighting) -> Role | None:
    if sighting.entry.kind in ("river", "road") and sighting.entry.strength == "context":
        return "route"  # rivers and national roads run on into other provinces
    match sighting.entry.strength:
        case "route" | "club" | "product" | "byline" | "weak" as strength:
            return strength
        case _:
            return None


def _role(forms: Forms, sighting: Sighting, run: tuple[int, bool]) -> Role:
    fixed = _fixed_role(sighting)
    if fixed is not None:
        return fixed
    hit = sighting.hit
    before = _sentence_before(forms, hit.type_start)
    length, dashed = run
    if dashed and length == 2:
        return "route"
    if _ADDRESS_OPEN.search(before) and _ADDRESS_CLOSE.match(forms.match, hit.end):
        return "origin" if _ORIGIN.search(before) else "address"
    if _DELEGATE.search(before):
        return "delegate"
    if _ORIGIN.search(before):
        return "origin"
    if _PLATE.search(before):
        return "plate"
    if _BRANCH.search(before):
        return "weak"  # "phân hiệu Đại học Thái Nguyên tại Lào Cai" is elsewhere
    if length >= 3 or _AMONG.search(before):
        return "list"
    if sighting.entry.kind in _SCENE_ORGS or _BODY.search(before):
        return "body"
    if length == 2:
        return "pair"
    return "scene" if _SCENE.search(before) or sighting.entry.place_kind != "province" else "plain"


def _sentence_before(forms: Forms, start: int) -> str:
    window = forms.match[max(0, start - _REACH) : start]
    cut = max(window.rfind("\n"), window.rfind(". "), window.rfind("; "))
    return window[cut + 1 :]
