"""Credit lines: whom a text says it is taken from.

“Theo TTXVN”, “Nguồn: Báo Xây dựng”, “(Dân trí) -”, “TTO -”, “Anh Minh/VOV.VN”. A credit is named by a bare form
(“ttxvn”, “xaydung”, “dantri”) that is the same however it is written, and the same for the outlet itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from nlp.text import fold, tokens

# Initials that outlets print before their texts, and houses that print under several names.
_SAME_HOUSE: Final = {
    "tto": "tuoitre", "tuoitreonline": "tuoitre", "tno": "thanhnien", "nldo": "nguoilaodong", "nld": "nguoilaodong",
    "plo": "phapluattphcm", "plotphcm": "phapluattphcm", "tpo": "tienphong", "vne": "vnexpress", "vov1": "vov",
    "sggp": "saigongiaiphong", "sggpo": "saigongiaiphong", "qdnd": "quandoinhandan", "qdndonline": "quandoinhandan",
    "cand": "congannhandan", "cstc": "congannhandan", "gdtd": "giaoducvathoidai", "giaoducthoidai": "giaoducvathoidai",
    "bvpl": "baovephapluat", "anttd": "anninhthudo", "kttdt": "kinhtedothi", "tbtcvn": "thoibaotaichinhvietnam",
    "vietnam": "ttxvn", "vietnamplus": "ttxvn", "vietnamplusttxvn": "ttxvn", "baotintuc": "ttxvn", "tintuc": "ttxvn",
    "tintucttxvn": "ttxvn", "bnews": "ttxvn", "bnewsttxvn": "ttxvn", "vnplus": "ttxvn", "thongtanxavietnam": "ttxvn",
    "chinhphu": "dientuchinhphu", "vgp": "dientuchinhphu", "vgpnews": "dientuchinhphu", "zing": "znews",
    "zingnews": "znews", "vtcnews": "vtc", "vietnamnet": "vietnamnet", "vnn": "vietnamnet", "phapluat": "phapluattphcm",
    "laodongonline": "laodong", "ldo": "laodong", "dansinh": "dansinh", "danvietonline": "danviet",
}  # fmt: skip

# Names whose end only looks like a domain's.
_WHOLE: Final = {"ttxvn", "vietnamnet"}

_NAME = r"[^\W\d_][^()\n:;!?“”\"]{1,60}?"
_LAST_LINE: Final = re.compile(
    rf"^\W*(?:(?:theo|nguồn(?: tin)?|dẫn theo|lược theo)\s*:?\s+(?P<said>{_NAME})|(?:[^()\n]{{0,50}}/\s*)?"
    r"(?P<bare>TTXVN|Vietnam\s?\+|VietnamPlus|VOV(?:\.VN)?|Báo [^\W\d_][^\n.,;:]{2,30}))\W*$",
    re.IGNORECASE,
)
_IN_BRACKETS: Final = re.compile(
    rf"\((?:(?:theo|nguồn(?: tin)?)\s*:?\s+(?P<said>{_NAME})|(?P<bare>TTXVN|VOV))\)\W*$", re.IGNORECASE
)
_FIRST_MARK: Final = re.compile(
    r"^\s*(?:\((?P<mark>[^()\n]{2,30})\)\s*[-–—:.]*\s*|(?P<initials>TTO|TNO|TPO|NLĐO|PLO|VOV\.VN|GD&TĐ|SGGPO|ANTT\.VN"
    r"|[^\W\d_]{2,20}\.(?:vn|com\.vn|net))\s*[-–—]\s+)",
    re.IGNORECASE,
)
_PHOTO: Final = re.compile(r"^\W*(?:ảnh|video|clip|đồ họa|nguồn ảnh|nguồn video)\b", re.IGNORECASE)
# What sites print around every text and readers of pages let through now and then.
_CHROME: Final = re.compile(
    r"Lưu bài viết thành công\s*Bạn có thể xem lại bài viết đã lưu ở trang\s*Tin bài đã lưu"
    r"|(?:Mời|Kính mời) (?:quý vị|quý độc giả|độc giả|bạn đọc|các bạn)[^.\n]{0,60}(?:theo dõi|đón đọc|xem)"
    r"[^.\n]{0,80}\.?"
    r"|XEM CLIP:?|\(?Ảnh(?: minh họa)?:[^\n.)]{0,40}\)?|Xem thêm:[^\n]{0,120}",
    re.IGNORECASE,
)
# “Theo kế hoạch”, “Theo đó”: prose, not a credit. Outlets' names are few words and begin with a capital.
_MOST_WORDS: Final = 6
_LAST_LINES: Final = 3
_LONGEST_LINE: Final = 90


@dataclass(frozen=True, slots=True)
class Credit:
    """Whom a text names as its source. source: bare form; surface: as printed."""

    source: str
    surface: str


NO_CREDIT: Final = Credit("", "")


def bare_name(outlet: str) -> str:
    """One name for an outlet however it is written: “Báo điện tử Dân trí”, “dantri.com.vn”, “Dân trí” → dantri."""
    words = outlet.strip().removeprefix("https://").removeprefix("http://").removeprefix("www.")
    bare = "".join(tokens(fold(words).lower()))
    for prefix in ("baodientu", "tapchidientu", "tapchi", "bao"):
        if bare.startswith(prefix) and len(bare) > len(prefix) + 2 and bare not in _SAME_HOUSE:
            bare = bare.removeprefix(prefix)
            break
    for suffix in ("comvn", "orgvn", "netvn", "vn", "net", "com", "online", "dientu"):
        if bare.endswith(suffix) and len(bare) > len(suffix) + 2 and bare not in _WHOLE and bare not in _SAME_HOUSE:
            bare = bare.removesuffix(suffix)
            break
    return _SAME_HOUSE.get(bare, bare)


def read_credit(text: str, given: str = "") -> Credit:
    """The credit of an article. given: a credit line already found by whoever read the page.

    A line at the end outranks the mark at the head: “(Xây dựng) – …” with “Nguồn: Báo Thái Nguyên” below it.
    """
    for line in [given, *_last_lines(text)]:
        found = _LAST_LINE.match(line) if len(line) <= _LONGEST_LINE else None
        found = found or _IN_BRACKETS.search(line[-_LONGEST_LINE:])
        if found and not _PHOTO.match(line):
            credit = _credit(found["said"] or found["bare"])
            if credit.source:
                return credit
    head = _FIRST_MARK.match(text[:60])
    if head:
        return _credit(head["mark"] or head["initials"])
    return _credit(given.strip(" ().–-")) if given else NO_CREDIT


def without_credit(text: str) -> str:
    """The text without the outlet's mark at its head, the credit line at its end and what the site says around it."""
    text = _CHROME.sub(" ", text).strip()
    head = _FIRST_MARK.match(text[:60])
    if head and _credit(head["mark"] or head["initials"]).source:
        text = text[head.end() :]
    cut = text.rfind("\n")
    last = text[cut + 1 :].strip() if cut >= 0 else ""
    if last and len(last) <= _LONGEST_LINE and _LAST_LINE.match(last):
        return text[:cut]
    return text


def _last_lines(text: str) -> list[str]:
    return [line.strip() for line in text[-600:].splitlines()[-_LAST_LINES:] if line.strip()][::-1]


def _credit(surface: str) -> Credit:
    surface = " ".join(surface.split()).strip(" .,-–/")
    # “Thạch Lam/Zing”, “PV (Dân trí)”: the outlet comes last.
    named = re.split(r"[/(]", surface)[-1].strip(" )") or surface
    words = named.split()
    if not 1 <= len(words) <= _MOST_WORDS or not (words[0][0].isupper() or "." in words[0]):
        return NO_CREDIT
    bare = bare_name(named)
    return Credit(bare, surface) if len(bare) > 1 else NO_CREDIT
