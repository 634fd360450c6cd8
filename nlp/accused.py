"""Which body an article blames: the one named where blame is densest, title and lead first."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nlp.records import Document
from nlp.stance_features import ZONES, Reading

# Pairs of `stance_features` that blame a body of the province.
BLAME = frozenset(
    {
        "agency in the wrong", "agency neglects", "agency disciplined", "agency complained of", "official in the wrong",
        "official prosecuted", "former official prosecuted", "official disciplined", "school or hospital fails",
        "school or hospital complained of", "company pollutes", "company in the wrong", "company unlawful",
        "company loses", "project in the wrong", "project stuck", "project loses", "people complain",
        "province complained of", "inspectors find",
    }
)  # fmt: skip
_HEAD = re.compile(
    r"(?<!\w)(?:UBND|HĐND|Ủy ban [Nn]hân dân|Uỷ ban [Nn]hân dân|[Ss]ở|[Cc]hi cục|[Bb]an [Qq]uản lý|Ban QLDA|[Cc]ông an|"
    r"[Pp]hòng (?=[A-ZĐ])|[Tt]rường|[Bb]ệnh viện|BV|[Tt]rạm [Yy] tế|[Tt]rung tâm|[Cc]ông ty|[Nn]hà máy|Tổng [Cc]ông ty|"
    r"[Đđ]ại học|ĐH|[Tt]ỉnh ủy|[Hh]uyện ủy|[Vv]iện [Kk]iểm sát|VKSND|TAND|[Tt]òa án|[Hh]ạt [Kk]iểm lâm|[Đđ]iện lực|"
    r"[Cc]hính quyền|[Bb]ảo hiểm [Xx]ã hội|[Cc]ục [Tt]huế)(?!\w)"
)
# These look into wrongs, they are not blamed for them.
_INSPECTORS = re.compile(r"(?i)(?:công an|viện kiểm sát|vksnd|tand|tòa án)")
_WORD = re.compile(r" (?:- )?([\w&]+\.?)")
# Small words that stand inside the name of a body.
_INSIDE = frozenset([
    "và", "tỉnh", "xã", "phường", "huyện", "thành", "phố", "thị", "trấn", "nhân", "dân", "cổ", "phần", "mầm",
    "non", "tiểu", "học", "trung", "cơ", "sở", "quản", "lý", "dự", "án", "đào", "tạo", "đầu", "tư", "xây",
    "dựng", "môi", "trường", "nông", "thôn", "nước", "sạch", "khoáng", "sản", "dục", "tế", "nghiệp", "vụ",
    "lịch", "thao", "hóa", "pháp", "lực", "thương", "động", "lâm", "thuế", "viện", "hội", "chính", "thông",
    "nghệ", "đa", "khoa", "ương", "phát", "triển", "mại", "công", "xi", "măng",
])  # fmt: skip
_SHORTEST = 2
_LONGEST = 14


def accused(document: Document, readings: Sequence[Reading]) -> str:
    """The name as it stands in the text, or empty when none is named near the blame."""
    blaming = [reading for reading in readings if not BLAME.isdisjoint(reading.pairs)]
    blaming.sort(key=lambda one: (ZONES.index(one.sentence.zone), -len(BLAME.intersection(one.pairs))))
    spare = ""
    for reading in (*blaming, *(one for one in readings if one.sentence.zone != "body")):
        sentence = reading.sentence
        field = document.title if sentence.zone == "title" else document.text
        for name in bodies(field[sentence.start : sentence.end]):
            if not _INSPECTORS.match(name):
                return name
            spare = spare or name
    return spare


def bodies(sentence: str) -> list[str]:
    """Names of bodies in a sentence, in order: a head word and what belongs to it, trailing small words cut."""
    found = []
    for head in _HEAD.finditer(sentence):
        end, words = head.end(), 0
        kept = end if head.group().isupper() else -1
        while words < _LONGEST and (follows := _WORD.match(sentence, end)):
            word = follows[1]
            if not (word[0].isupper() or word.lower() in _INSIDE):
                break
            end, words = follows.end(), words + 1
            if word not in ("và", "tỉnh", "xã", "phường", "huyện"):
                kept = end
        name = sentence[head.start() : max(kept, head.start())].rstrip(" .")
        if len(name.split()) >= _SHORTEST:
            found.append(name)
    return found
