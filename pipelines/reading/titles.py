"""The headline: what the page prints, checked against what its data says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from urllib.parse import urlsplit

from nlp.text import fold, tokens
from pipelines.reading.outline import Block, Outline, text_key
from pipelines.reading.structured import Structured

_TITLE_CUES = re.compile(r"title|headline|tieu-?de|\bhead\b")
_SEPARATOR = re.compile(r"\s+[|\-–—»:•]+\s+|\s*[|»]\s*")
# What the name of an outlet is made of, in front of or behind a headline in the document's title.
_OUTLET = re.compile(
    r"^(?:(?:thoi |nhat |tuan )?bao (?!dong|cao|ve|hieu|ung|dap|chi\b|luc|gio|mat|nhieu|tu)|tap chi"
    r"|cong (?:thong tin|ttdt)|thong tan xa"
    r"|dai (?:phat thanh|truyen hinh|pt)|trang (?:tin|thong tin|chu)|tin tuc|website)"
    r"|\b(?:online|dien tu|news|portal|tv)$|\.(?:vn|com|net|org)$"
)
_SHORTEST = 8
_ALIKE = 0.6


def title_of(structured: Structured, outline: Outline, url: str = "", hint: str = "") -> tuple[str, Block | None]:
    """The title and the block that prints it (None where the page does not).

    url: tells the outlet's name; hint: the title a feed gave, looked for where the page's data states none.
    """
    sites = {text_key(fold(name)) for name in structured.site_names} | _host_keys(url)
    stated = _stated(structured, sites) or ([hint] if hint else [])
    parts = _parts(structured.document_title)
    printed = _printed(outline, stated, [part for part in parts if not _is_outlet(part, sites)], sites)
    if printed is None:
        return (stated[0] if stated else _best_part(parts, sites)), None
    return _with_stated_spelling(printed.text, stated), printed


def _host_keys(url: str) -> set[str]:
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    return {"".join(tokens(host)), *(label for label in host.split(".") if len(label) > 3)} - {""}


def _stated(structured: Structured, sites: set[str]) -> list[str]:
    """Titles in the page's data, without the outlet's name behind them."""
    titles = []
    for candidate in structured.headlines:
        shorter = _without_outlet(candidate, sites)
        if len(shorter) >= 3 and text_key(fold(shorter)) not in sites and not _names_only_outlet(shorter, structured):
            titles.append(shorter)
    if not titles and structured.document_title:
        shorter = _without_outlet(structured.document_title, sites)
        titles = [shorter] if shorter != structured.document_title else []
    return list(dict.fromkeys(titles))


def _names_only_outlet(title: str, structured: Structured) -> bool:
    """Whether a stated title is the outlet's name: one part, not the longest, of the document's title."""
    parts = _parts(structured.document_title)
    return title in parts and title != max(parts, key=len) and names_outlet(title)


def _without_outlet(title: str, sites: set[str]) -> str:
    parts = _parts(title)
    kept = [part for part in parts if not _is_outlet(part, sites)]
    if len(parts) < 2 or len(kept) == len(parts) or not kept:
        return title
    # Only at the ends: what stands between is the headline, with whatever separators it has of its own.
    first, last = title.find(kept[0]), title.rfind(kept[-1]) + len(kept[-1])
    return title[first:last].strip()


def _is_outlet(part: str, sites: set[str]) -> bool:
    key = text_key(part)
    if any(
        key and (key == site or (len(key) >= 5 and key in site) or (len(site) >= 5 and site in key)) for site in sites
    ):
        return len(part) < 60
    return names_outlet(part)


def names_outlet(text: str) -> bool:
    """Whether a short text reads like the name of a newspaper, station or portal."""
    return len(text) < 45 and bool(_OUTLET.search(fold(text).lower()))


def _parts(title: str) -> list[str]:
    return [part.strip() for part in _SEPARATOR.split(title) if part.strip()]


def _best_part(parts: list[str], sites: set[str]) -> str:
    return max((part for part in parts if not _is_outlet(part, sites)), key=len, default="")


def _printed(outline: Outline, stated: list[str], parts: Iterable[str], sites: set[str]) -> Block | None:
    """The headline on the page: an h1 first, else the first line that says what the data says."""
    keys = [text_key(title) for title in stated]
    part_keys = {text_key(part) for part in parts if len(part) >= _SHORTEST}
    heads = [
        block for block in outline.blocks if block.frame.tag == "h1" and len(block.text) >= 3 and block.key not in sites
    ]
    found = _most_like(heads, keys or list(part_keys)) if heads else None
    if found is not None and (found.linked < 0.8 or found.key in keys):
        return found
    for wanted in (set(keys), part_keys):
        for block in outline.blocks:
            if (
                block.key in wanted
                and len(block.text) >= 12
                and (block.linked < 0.8 or block.frame.tag in {"h1", "h2"})
            ):
                return block
    return next((block for block in outline.blocks if _is_called_title(block)), None)


def _is_called_title(block: Block) -> bool:
    """A line that nothing confirms but that is called a title and reads like one."""
    above = block.frame.parent.cues if block.frame.parent is not None else ""
    called = any(_TITLE_CUES.search(cues) for cues in (block.cues, block.frame.cues, above) if cues)
    return called and 20 <= len(block.text) <= 250 and not block.links and not names_outlet(block.text)


def _most_like(heads: Sequence[Block], keys: Sequence[str]) -> Block | None:
    if not keys:
        return max(heads, key=lambda block: ("title" in block.frame.cues, len(block.text) >= _SHORTEST, -block.index))
    likeness = {block.index: max(_likeness(block.key, key) for key in keys) for block in heads}
    best = max(heads, key=lambda block: (round(likeness[block.index], 2), -block.index))
    # A lone h1 that shares nothing with the data is the paper's masthead, unless it reads like a headline.
    if likeness[best.index] < _ALIKE and not (_TITLE_CUES.search(best.frame.cues) and len(best.text) >= 15):
        return None
    return best


def _likeness(one: str, other: str) -> float:
    if one == other:
        return 1.0
    if not one or not other:
        return 0.0
    if one in other or other in one:
        return max(_ALIKE, min(len(one), len(other)) / max(len(one), len(other)))
    return SequenceMatcher(None, one[:300], other[:300], autojunk=False).ratio()


def _with_stated_spelling(printed: str, stated: Sequence[str]) -> str:
    """The printed title; in the spelling of the data where the page sets it in capitals."""
    if printed.isupper():
        key = text_key(printed)
        for title in stated:
            if text_key(title) == key and not title.isupper():
                return title
    return printed
