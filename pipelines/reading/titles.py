"""The headline: what the page prints, checked against what its data says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from pipelines.reading.outline import Block, Outline, text_key
from pipelines.reading.structured import Structured

_TITLE_CUES = re.compile(r"title|headline|tieu-?de|\bname\b|heading")
_PARTS = re.compile(r"\s+[|\-–—»:]\s+|\s*[|»]\s*")
_SHORTEST = 8
_ALIKE = 0.6


def title_of(structured: Structured, outline: Outline, is_site_name: Sequence[str] = ()) -> tuple[str, Block | None]:
    """The title and the block that prints it (None where the page does not)."""
    stated = _stated(structured)
    sites = {text_key(name) for name in (*structured.site_names, *is_site_name)}
    printed = _printed(outline, stated, sites)
    if printed is None:
        return (stated[0] if stated else ""), None
    return _with_stated_spelling(printed.text, stated), printed


def _stated(structured: Structured) -> list[str]:
    """Titles of the page's data, without the paper's name at the end."""
    names = [text_key(name) for name in structured.site_names]
    candidates = [*structured.headlines, *([structured.document_title] if structured.document_title else [])]
    titles = []
    for candidate in candidates:
        shorter = _without_site(candidate, names, structured.headlines)
        if len(shorter) >= 3 and text_key(shorter) not in names:
            titles.append(shorter)
    return list(dict.fromkeys(titles))


def _without_site(title: str, names: list[str], others: Sequence[str]) -> str:
    cuts = [(found.start(), found.end()) for found in _PARTS.finditer(title)]
    for start, end in reversed(cuts):
        head, tail = title[:start].strip(), title[end:].strip()
        if len(head) < _SHORTEST:
            continue
        key = text_key(tail)
        if any(head == other for other in others) or any(
            key and (key in name or name in key) for name in names if name
        ):
            return _without_site(head, names, others)
    return title


def _printed(outline: Outline, stated: list[str], sites: set[str]) -> Block | None:
    """The headline on the page: an h1 first, else the first line that says what the data says."""
    keys = [text_key(title) for title in stated]
    heads = [
        block for block in outline.blocks if block.frame.tag == "h1" and len(block.text) >= 3 and block.key not in sites
    ]
    if heads:
        return _most_like(heads, keys)
    for block in outline.blocks:
        if block.key in keys and len(block.text) >= _SHORTEST:
            return block
    cued = [
        block
        for block in outline.blocks
        if block.frame.tag in {"h2", "h3"}
        and _TITLE_CUES.search(block.frame.cues)
        and not block.links
        and len(block.text) >= 15
    ]
    return cued[0] if cued and not keys else None


def _most_like(heads: list[Block], keys: list[str]) -> Block | None:
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


def _with_stated_spelling(printed: str, stated: list[str]) -> str:
    """The printed title; in the spelling of the data where the page sets it in capitals."""
    if printed.isupper():
        key = text_key(printed)
        for title in stated:
            if text_key(title) == key and not title.isupper():
                return title
    return printed
