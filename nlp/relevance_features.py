"""What is counted of a document to judge whether it is about the province. All in [0, 1] or small counts."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable

from nlp.prepared import Placed, Prepared
from nlp.roles import ROLES

_FORECAST = re.compile(
    r"dự báo|khí tượng|không khí lạnh|áp thấp|rãnh thấp|lượng mưa|mm|mưa dông|nắng nóng|bão số|gió cấp|"
    r"cảnh báo|mây dông"
)
_ROUND_UP = re.compile(
    r"tin tức (?:sáng|trưa|chiều|tối|hôm nay|\d)|điểm tin|tin nhanh|bản tin|tin sáng|tin trưa|tin chiều|"
    r"24h qua|tin đáng chú ý"
)
_SPORT = re.compile(r"bóng đá|v-?league|đội tuyển|huấn luyện viên|hlv|cầu thủ|vô địch|vđqg|clb|giải đấu|bảng xếp hạng")
_NATIONAL = re.compile(
    r"cả nước|toàn quốc|các tỉnh|các địa phương|nhiều tỉnh|\d+ tỉnh|miền bắc|bắc bộ|phía bắc|nhiều địa phương|"
    r"các địa bàn|trên cả nước|liên tỉnh"
)
_CENTRAL = re.compile(
    r"quốc hội|chính phủ|bộ trưởng|thủ tướng|trung ương|phó thủ tướng|tổng cục|bộ công thương|bộ y tế|"
    r"bộ gd-đt|bộ giáo dục|ban bí thư"
)
_CRIME = re.compile(
    r"khởi tố|bị can|bị cáo|đối tượng|bắt giữ|ma túy|ma tuý|cướp|trộm|lừa đảo|giết|hung thủ|tử hình|tạm giữ|"
    r"tạm giam|phạt"
)
_ABROAD = re.compile(r"nhật bản|hàn quốc|mỹ|trung quốc|đài loan|nga|anh|đức|pháp|úc|lào|campuchia|thái lan")

_LEAD_TAIL = 150  # what stands a little after the lead still sets the scene


class _Tally:
    """Counts the placed names of one document. Filled once, read by the features."""

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self.ours = prepared.ours()
        self.other = [placed for placed in prepared.placed if placed.sighting.reason == "other_province"]
        self.title_ours = [placed for placed in self.ours if placed.in_title]
        self.title_other = [placed for placed in self.other if placed.in_title]
        lead_end = prepared.lead_end
        self.lead_ours = [p for p in self.ours if not p.in_title and p.sighting.hit.start < lead_end]
        self.lead_other = [p for p in self.other if not p.in_title and p.sighting.hit.start < lead_end]
        self.body_ours = [p for p in self.ours if not p.in_title]
        self.body_other = [p for p in self.other if not p.in_title]
        self.roles = Counter(placed.role for placed in self.body_ours)
        self.other_roles = Counter(placed.role for placed in self.body_other)
        self.others = Counter(placed.sighting.entry.name for placed in self.other)
        self.words = max(1, prepared.text.shown.count(" ") + 1)
        self.length = max(1, len(prepared.text.shown))


def _strong(placed: Iterable[Placed]) -> int:
    return sum(1 for p in placed if p.role in ("scene", "body", "plain"))


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _paragraph_share(tally: _Tally) -> float:
    """Share of the text's lines that name us."""
    text = tally.prepared.text.shown
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines:
        return 0.0
    starts = sorted(placed.sighting.hit.start for placed in tally.body_ours)
    position, named, at = 0, 0, 0
    for line in text.split("\n"):
        end = position + len(line)
        found = False
        while at < len(starts) and starts[at] <= end:
            found, at = True, at + 1
        named += found and bool(line.strip())
        position = end + 1
    return named / len(lines)


def _spread(tally: _Tally) -> float:
    """How many tenths of the text name us."""
    return len({placed.sighting.hit.start * 10 // tally.length for placed in tally.body_ours}) / 10


def _first(tally: _Tally, placed: list[Placed]) -> float:
    return placed[0].sighting.hit.start / tally.length if placed else 1.0


def _cue(pattern: re.Pattern[str], in_title: bool) -> Callable[[_Tally], float]:
    def count(tally: _Tally) -> float:
        forms = tally.prepared.title if in_title else tally.prepared.text
        found = len(pattern.findall(forms.match[:20_000]))
        return float(min(found, 1)) if in_title else min(1.0, 100 * found / max(tally.words, 60) / 3)

    return count


def _top_other(tally: _Tally) -> int:
    return tally.others.most_common(1)[0][1] if tally.others else 0


def _place_count(tally: _Tally) -> int:
    kinds = ("unit", "old_unit", "district", "landmark")
    return len({p.sighting.entry.id for p in tally.ours if p.sighting.entry.place_kind in kinds})


def _role_feature(role: str, lead: bool) -> Callable[[_Tally], float]:
    def count(tally: _Tally) -> float:
        if lead:
            return float(sum(1 for p in tally.lead_ours if p.role == role))
        return min(8.0, float(tally.roles[role]))  # type: ignore[index]

    return count


_FEATURES: dict[str, Callable[[_Tally], float]] = {
    "title.ours": lambda t: min(3.0, len(t.title_ours)),
    "title.strong": lambda t: min(3.0, _strong(t.title_ours)),
    "title.list": lambda t: sum(1 for p in t.title_ours if p.role in ("list", "pair")),
    "title.route": lambda t: sum(1 for p in t.title_ours if p.role in ("route", "club", "product", "weak")),
    "title.first": lambda t: (
        t.title_ours[0].sighting.hit.start / max(1, len(t.prepared.title.shown)) if t.title_ours else 1
    ),
    "title.other": lambda t: min(3.0, len(t.title_other)),
    "title.other_strong": lambda t: min(3.0, _strong(t.title_other)),
    "title.missing": lambda t: float(not t.prepared.title.shown.strip()),
    "lead.ours": lambda t: min(4.0, len(t.lead_ours)),
    "lead.strong": lambda t: min(4.0, _strong(t.lead_ours)),
    "lead.other": lambda t: min(4.0, len(t.lead_other)),
    "lead.other_strong": lambda t: min(4.0, _strong(t.lead_other)),
    "lead.first_is_ours": lambda t: float(
        bool(t.lead_ours)
        and (not t.lead_other or t.lead_ours[0].sighting.hit.start < t.lead_other[0].sighting.hit.start)
    ),
    "early.strong": lambda t: min(
        4.0, _strong(p for p in t.body_ours if p.sighting.hit.start < t.prepared.lead_end + _LEAD_TAIL)
    ),
    "text.ours": lambda t: math.log1p(len(t.body_ours)),
    "text.strong": lambda t: math.log1p(_strong(t.body_ours)),
    "text.strong_share": lambda t: _share(_strong(t.body_ours), len(t.body_ours)),
    "text.other": lambda t: math.log1p(len(t.body_other)),
    "text.other_strong": lambda t: math.log1p(_strong(t.body_other)),
    "text.ours_share": lambda t: _share(len(t.body_ours), len(t.body_ours) + len(t.body_other)),
    "text.strong_against_other": lambda t: _share(_strong(t.body_ours), _strong(t.body_ours) + _strong(t.body_other)),
    "text.against_top_other": lambda t: _share(len(t.ours), len(t.ours) + _top_other(t)),
    "text.other_names": lambda t: min(12.0, len(t.others)),
    "text.density": lambda t: min(6.0, 100 * len(t.body_ours) / t.words),
    "text.strong_density": lambda t: min(6.0, 100 * _strong(t.body_ours) / t.words),
    "text.first": lambda t: _first(t, t.body_ours),
    "text.first_strong": lambda t: _first(t, [p for p in t.body_ours if p.role in ("scene", "body", "plain")]),
    "text.spread": _spread,
    "text.paragraphs": _paragraph_share,
    "text.places": lambda t: math.log1p(_place_count(t)),
    "text.length": lambda t: math.log(t.words),
    "text.rejected": lambda t: min(
        4.0, sum(1 for p in t.prepared.placed if not p.sighting.ours and p.sighting.reason != "other_province")
    ),
    **{f"role.{role}": _role_feature(role, lead=False) for role in ROLES},
    "lead.origin": _role_feature("origin", lead=True),
    "lead.list": _role_feature("list", lead=True),
    "lead.scene": _role_feature("scene", lead=True),
    "lead.body": _role_feature("body", lead=True),
    "other.scene": lambda t: min(8.0, float(t.other_roles["scene"])),
    "other.body": lambda t: min(8.0, float(t.other_roles["body"])),
    "other.origin": lambda t: min(8.0, float(t.other_roles["origin"])),
    "cue.forecast": _cue(_FORECAST, in_title=False),
    "cue.forecast_title": _cue(_FORECAST, in_title=True),
    "cue.round_up_title": _cue(_ROUND_UP, in_title=True),
    "cue.sport": _cue(_SPORT, in_title=False),
    "cue.national": _cue(_NATIONAL, in_title=False),
    "cue.national_title": _cue(_NATIONAL, in_title=True),
    "cue.central": _cue(_CENTRAL, in_title=False),
    "cue.crime": _cue(_CRIME, in_title=False),
    "cue.abroad": _cue(_ABROAD, in_title=False),
}

FEATURES: tuple[str, ...] = tuple(_FEATURES)


def features(prepared: Prepared) -> list[float]:
    """The document in numbers, in the order of `FEATURES`."""
    tally = _Tally(prepared)
    return [float(measure(tally)) for measure in _FEATURES.values()]
