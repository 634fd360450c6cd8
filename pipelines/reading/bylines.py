"""Who wrote an article, and whom it is taken from.

Authors are people: the paper's own name, “Ban biên tập”, “PV” and addresses are not. The credit line (“Theo
TTXVN”, “Nguồn: Báo Xây dựng”, “(Dân trí)”) is kept as printed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from nlp.text import fold, tokens
from pipelines.reading.outline import Block, Frame, Span

_AUTHOR_CUES = re.compile(
    r"author|tac-?gia|byline|nguoi-?viet|writer|journalist|nguoi-?dang|but-?danh|\btgia\b"
    r"|signature"
)
_COMMENT_CUES = re.compile(r"comment|binh-?luan|\bcmt")
_CREDIT_CUES = re.compile(r"source|nguon|credit|origin")
_LABEL = re.compile(
    r"^\W*(?:(?:tác giả|tác\s*giả bài viết|người viết|người đăng|phóng viên|pv|tin,? (?:bài|ảnh)(?:,? ảnh)?"
    r"|bài(?: viết)?(?:,? (?:và )?ảnh)?|bài,? ảnh|thực hiện|biên soạn)"
    r"(?:\s*(?:và|,|&)\s*ảnh)?\s*[:;\-–]|(?:theo|bởi|đăng bởi|by|posted by)[\s:]+(?=\S))\s*",
    re.IGNORECASE,
)
_PHOTO_PART = re.compile(r"\s*[-–;,.(|]?\s*\(?\s*(?:ảnh|đồ họa|video|clip|thiết kế|trình bày)\s*:.*$", re.IGNORECASE)
_AFTER_NAME = re.compile(
    r"\s*(?:[(/|].*$|[-–]\s*(?:theo|nguồn)\b.*$|\s+và\s+\d+\s+tác giả.*$|\s+(?:theo|tổng hợp|lược dịch"
    r"|biên dịch|ghi|dịch)\b.*$)",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"\s*(?:[,;&/|•]|\s[-–]\s|\s+và\s+|\s+and\s+)\s*")
_PERSON = re.compile(r"[^\W\d_][^\W\d_.’'-]*(?:\.[^\W\d_]*)*(?:\s+[^\W\d_(][^\W\d_’'-]*\.?){0,5}")
_NOT_PEOPLE = {
    "pv", "p v", "ban bien tap", "bbt", "toa soan", "admin", "administrator", "phong vien", "nhom phong vien",
    "nhom pv", "ctv", "cong tac vien", "tong hop", "theo", "nguon", "bien tap vien", "btv", "quan tri",
    "quan tri vien", "user", "editor", "super user", "root", "tac gia", "author", "dang cap nhat",
    "nhieu tac gia", "an danh", "n a", "none", "null", "undefined", "bao dien tu", "tin tuc", "webmaster",
    "vccorp vn", "vccorp", "ban tin", "thu ky", "thu ky toa soan", "ban doc", "truyen hinh",
}  # fmt: skip
_ANONYMOUS = {"pv", "p v", "ctv", "nhom pv", "nhom phong vien", "phong vien", "cong tac vien"}
# Matched with the marks on: "báo" is a newspaper and "Bảo" a name, "phòng" an office and "Phong" a name.
_NOT_IN_NAMES = re.compile(
    r"\d|@|^(?:báo|tạp chí|đài|cổng|sở|ubnd|ban (?:biên|tuyên|chỉ|quản)|phòng|trung tâm|ttxvn|vov|vtv"
    r"|thông tấn xã|thể loại|chuyên mục|ngày|lượt|facebook|xem|đọc|theo|chia sẻ|bình luận|tin|ảnh|video|nguồn"
    r"|đăng|gửi|tòa soạn|bạn đọc|thứ|chủ nhật|cập nhật)\b"
    r"|\b(?:online|tv|newspaper|news|corp|media|jsc|www|http|com|vn|net|org)\b"
)
_NOT_A_SIGNATURE = re.compile(
    r"\d|@|https?:|www\.|^(?:ngày|lượt|xem|đọc|chia sẻ|bình luận|ảnh|video|nguồn|đăng|gửi|thứ|chủ nhật|cập nhật"
    r"|facebook|theo dõi)\b"
)
_CREDIT = re.compile(
    r"^\(?\s*(?:(?:theo|nguồn(?: tin)?)\s*(?::|\s)\s*\S.{1,70}|(?:[^()]{0,40}/)?\s*(?:ttxvn|vietnam\+|vov|vtv"
    r"|tto|tno|nld|vnp|vna)[^()]{0,30})\s*\)?\.?$",
    re.IGNORECASE,
)
_CREDIT_INSIDE = re.compile(r"\((?:theo|nguồn:?)\s+([^()]{2,50})\)\s*\.?$", re.IGNORECASE)
_BARE_OUTLET = re.compile(r"^\(?(?:ttxvn|[^()]{0,30}(?:/ttxvn|/vietnam\+))\)?$", re.IGNORECASE)
_DATELINE = re.compile(r"^\(([^()]{2,40})\)\s*[-–—:]*\s*|^([A-ZĐ][\w .Đđ]{1,24}?)\s+[-–—]\s+(?=\S)")


def is_site_name(name: str, site_names: Sequence[str], url: str) -> bool:
    """Whether a name is the paper's own: by its domain, its declared names, or a network's account."""
    bare = _squeezed(name)
    for own in _own_names(tuple(site_names), urlsplit(url).hostname or ""):
        if bare == own or (len(own) >= 5 and own in bare) or (len(bare) >= 5 and bare in own):
            return True
    return False


# The same few names and host for every line of every page of a source.
@lru_cache(maxsize=512)
def _own_names(site_names: tuple[str, ...], host: str) -> frozenset[str]:
    host = host.removeprefix("www.")
    names = (*site_names, host, *(label for label in host.split(".") if len(label) > 2))
    return frozenset(own for name in names if len(own := _squeezed(name)) >= 3)


def _squeezed(name: str) -> str:
    bare = "".join(tokens(fold(name).lower()))
    for prefix in ("baodientu", "tapchidientu", "tapchi", "bao"):
        if len(bare) > len(prefix) + 3:
            bare = bare.removeprefix(prefix)
    for suffix in ("online", "comvn", "dientu", "vn", "net", "com"):
        if len(bare) > len(suffix) + 3:
            bare = bare.removesuffix(suffix)
    return bare


def people_of(text: str, site_names: Sequence[str] = (), url: str = "", *, named: bool = False) -> tuple[str, ...]:
    """The people a byline names: labels, photo credits and remarks taken off, in order, each once.

    named: something else says that this is a byline (its class, the page's data); then offices that sign an article
    (“Công an xã Côn Minh”) and “P.V” count as well.
    """
    text = _LABEL.sub("", text.strip().strip("()*").strip())
    text = _PHOTO_PART.sub("", text)
    text = _AFTER_NAME.sub("", text)
    people: dict[str, str] = {}
    for part in _SPLIT.split(text):
        name = part.strip(" .,;:*-–—()[]\"'“”")
        if not (is_person(name) or (named and _signs(name))) or is_site_name(name, site_names, url):
            continue
        key = " ".join(tokens(fold(name).lower()))
        if key not in people or (people[key].isupper() and not name.isupper()):
            people[key] = name
    return tuple(people.values())


def is_person(name: str) -> bool:
    """Whether a string looks like a person's (pen) name."""
    if not 2 <= len(name) <= 50 or not _PERSON.fullmatch(name):
        return False
    words = name.split()
    flat = " ".join(tokens(fold(name).lower()))
    if flat in _NOT_PEOPLE or _NOT_IN_NAMES.search(name.lower()) or len(words) > 6:
        return False
    return all(word[0].isupper() for word in words)


def _signs(name: str) -> bool:
    """Whether words of a byline are an office or the anonymous reporter that signs, not the editors as such."""
    flat = " ".join(tokens(fold(name).lower()))
    if flat in _ANONYMOUS:
        return True
    usual = 2 <= len(name) <= 60 and name[0].isupper() and len(name.split()) <= 10
    return usual and flat not in _NOT_PEOPLE and not _NOT_A_SIGNATURE.search(name.lower())


def byline_people(block: Block, site_names: Sequence[str], url: str) -> tuple[str, ...]:
    """The people named by a line under or over an article, empty where it is no byline."""
    if len(block.text) > 120 or (block.text.endswith(".") and len(block.text) > 40):
        return ()
    named = has_author_cue(block)
    if _CREDIT.match(block.text) and not named:
        return ()
    return people_of(block.text, site_names, url, named=named)


def span_people(span: Span, site_names: Sequence[str], url: str) -> tuple[str, ...]:
    """The people in an inline element that is called author."""
    if not _AUTHOR_CUES.search(span.cues) or len(span.text) > 120:
        return ()
    return people_of(span.text, site_names, url, named=True)


def has_author_cue(block: Block) -> bool:
    frame = block.frame
    above = frame.parent.cues if frame.parent is not None else ""
    return any(_AUTHOR_CUES.search(cues) for cues in (block.cues, frame.cues, above))


def is_comment(block: Block) -> bool:
    """Whether a line is a reader's: its author is none of ours."""
    frame: Frame | None = block.frame
    for _ in range(6):
        if frame is None:
            return False
        if _COMMENT_CUES.search(frame.cues):
            return True
        frame = frame.parent
    return False


def has_credit_cue(block: Block) -> bool:
    return any(_CREDIT_CUES.search(cues) for cues in (block.cues, block.frame.cues))


def credit_of(block: Block) -> str:
    """The credit line a block is, or empty."""
    text = block.text.strip()
    if len(text) > 90 or not (_CREDIT.match(text) or _BARE_OUTLET.match(text)):
        return ""
    # "Theo kế hoạch, …" is prose, "Theo TTXVN" is not.
    words = re.sub(r"^\(?\s*(?:theo|nguồn(?: tin)?)\s*:?\s*", "", text, flags=re.IGNORECASE)
    if text.endswith((".", ":")) and len(words.split()) > 6:
        return ""
    return text.strip("()").strip() if words and (words[0].isupper() or words[0].isdigit()) else ""


def credit_in(text: str) -> str:
    """“(Theo TTXVN)” at the end of a paragraph."""
    found = _CREDIT_INSIDE.search(text)
    return found[0].strip("(). ") if found else ""


def dateline_of(lead: str) -> str:
    """“(Dân trí)” before a lead: the paper marks its own report."""
    found = _DATELINE.match(lead)
    return f"({found[1]})" if found and found[1] and is_outlet_mark(found[1]) else ""


def is_outlet_mark(mark: str) -> bool:
    """Whether words in brackets name an outlet rather than say something."""
    words = mark.split()
    return len(words) <= 5 and words[0][:1].isupper() and not any(letter in mark for letter in "?!,;")
