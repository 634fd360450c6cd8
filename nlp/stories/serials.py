"""Serial columns: bulletins, lottery results, daily prices, that use the same words every day with other contents."""

from __future__ import annotations

import re
from typing import Final

# Folded, lower case; at the head of a title or right after its first mark.
_COLUMNS: Final = re.compile(
    r"^\W*(?:xem nhanh(?: \d+h)?|toan canh \d+h|ban tin (?:sang|trua|chieu|toi|cuoi ngay|\d+h|thoi tiet|toan canh)"
    r"|diem tin|tin (?:sang|trua|chieu|toi|nhanh)\b|tin tuc (?:sang|trua|chieu|toi|\d+h|moi nhat|the gioi|dang chu y)"
    r"|chuyen dong \d+h|thoi su \d+h|nghe nhanh|doc nhanh|podcast|video nong|ngay moi voi tin tuc|tin tuc trong ngay"
    r"|xo so|kqxs|xs ?m[bnt]|ket qua xo so|vietlott"
    r"|gia (?:vang|usd|dollar|do la|ngoai te|heo hoi|ca phe|ho tieu|thep|tieu|cao su|bitcoin|dau)"
    r"(?: the gioi| mieng| sjc| nhan| trong nuoc)* (?:hom nay|ngay|sang nay|chieu nay|\d{1,2}[./-]\d)"
    r"|ty gia (?:usd|hom nay|ngoai te)|(?:du bao )?thoi tiet (?:hom nay|ngay|\d{1,2}[./-]\d)|du bao thoi tiet"
    r"|lich (?:thi dau|phat song|cup dien|truc tiep|chieu)|ket qua thi dau|tu vi|con so may man|horoscope|hoi dap"
    r"|the gioi (?:24h|trong tuan|hom nay|toan canh)|chung khoan (?:hom nay|ngay|tuan)|nhan dinh chung khoan"
    r"|tin (?:dac biet tren )?bao \w+ (?:hom nay|ngay)|trac nghiem|do vui|anh vui|tranh biem hoa|cham cuoi)"
)
# The words such columns put under every headline.
_STANDING: Final = re.compile(
    r"kinh moi (?:quy vi|ban doc|quy khan gia) theo doi|ban tin toan canh|xem ket qua xo so"
    r"|\bban tin [\w ]{2,30} cap nhat"
)
# Begins with a figure, not with the look behind it: that makes the scan several times faster.
_DATE: Final = re.compile(r"(\d(?<![\d.,/-]\d)\d?)\s?[./-]\s?(\d{1,2})(?![\d,%])(?:[./-]\d{2,4})?")
_SPOKEN_DATE: Final = re.compile(r"ngay (\d{1,2}) thang (\d{1,2})")
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
# How much of a text is looked at here.
HEAD: Final = 300


def is_serial(folded_title: str, folded_text: str) -> bool:
    """Whether an article (folded, lower case) is an issue of a column."""
    return _COLUMNS.match(folded_title) is not None or _STANDING.search(folded_text[:HEAD]) is not None


def named_days(folded_title: str, folded_text: str) -> frozenset[int]:
    """Days a head names, as month * 100 + day: “23.5.2026”, “ngày 23 tháng 5”. A score such as 2-1 is taken for one."""
    head = f"{folded_title}\n{folded_text[:HEAD]}"
    named = ((int(day), int(month)) for form in (_DATE, _SPOKEN_DATE) for day, month in form.findall(head))
    return frozenset(month * 100 + day for day, month in named if 1 <= day <= 31 and 1 <= month <= 12)


def numbers(folded_title: str) -> frozenset[str]:
    """The figures of a title as they are printed."""
    return frozenset(_NUMBER.findall(folded_title))
