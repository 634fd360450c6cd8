"""The lead (*sapo*): printed between headline and text, or as the first, emphasised paragraph.

Extractors lose it or print it twice; here it is found by its class, by the description in the page's data, or by
its place and weight, and is always the first line of the text, once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from nlp.text import fold
from pipelines.reading.boilerplate import is_junk_frame
from pipelines.reading.outline import Block, Frame, text_key
from pipelines.reading.structured import Structured

_LEAD_CUES = re.compile(
    r"\b(?:[\w-]*[-_]{0,2})?(?:sapo|chapp?eau|standfirst|dek)\b|sapo|\blead\b|[-_]lead\b|\blead[-_]|\bsummary\b|[-_]summary\b"
    r"|article-?summary|\bdescription\b|[-_]description\b|\bintro(?:text|duction)?\b|[-_]intro\b|tom-?tat|trich-?dan|trich-?yeu"
    r"|\bexcerpt\b|[-_]excerpt\b|abstract|short-?(?:desc|intro|content)|mo-?ta|\bdesc\b|[-_]desc\b|newslead|head-?content|subtitle|sub-?title"
)
_SHORTEST = 30
_LONGEST = 1500
_SHORTEST_PARAGRAPH = 80
_DESCRIPTION_TAIL = re.compile(r"(?:\s*[-–|]\s*[^-–|]{2,30})?\s*(?:\.{3}|…)?\s*$")


def lead_blocks(
    between: Sequence[Block], body: Sequence[Block], structured: Structured, title: str
) -> tuple[list[Block], list[Block]]:
    """The blocks of the lead, and the body without them.

    between: the article's blocks after the headline and before the body; body: its own blocks, in order.
    """
    title_key = text_key(title)
    usable = [block for block in between if block.key != title_key]
    found = _by_cue(usable) or _by_description(usable, structured) or _by_place(usable)
    if not found:
        found = _by_cue(body[:6]) or _by_description(body[:4], structured) or _by_weight(body)
    chosen = {block.index for block in found}
    if found and body and found[0].index > body[0].index:
        # What the text's element prints before the lead is dates, names and buttons.
        body = [block for block in body if block.index > found[0].index or len(block.text) >= _SHORTEST_PARAGRAPH]
    keys = {block.key for block in found}
    joined = "".join(block.key for block in found)
    rest = [
        block
        for block in body
        if block.index not in chosen and not (len(block.key) >= 20 and (block.key in keys or block.key == joined))
    ]
    return found, rest


def _cued_frame(block: Block) -> Frame | None:
    frame: Frame | None = block.frame
    for _ in range(3):
        if frame is None:
            return None
        if _LEAD_CUES.search(frame.cues) and frame.total <= _LONGEST:
            return frame
        frame = frame.parent
    return None


def _by_cue(blocks: Sequence[Block]) -> list[Block]:
    for block in blocks:
        frame = _cued_frame(block)
        if frame is None or is_junk_frame(frame) or len(block.text) < _SHORTEST:
            continue
        return [one for one in blocks if one.frame.within(frame) and one.linked < 0.8 and len(one.text) > 2]
    return []


def _by_description(blocks: Sequence[Block], structured: Structured) -> list[Block]:
    """The line the page's data calls its description, which may be cut short or carry the paper's name."""
    for description in structured.descriptions:
        key = text_key(_DESCRIPTION_TAIL.sub("", description))
        if len(key) < 25:
            continue
        for block in blocks:
            if len(block.text) <= _LONGEST and (block.key.startswith(key[:200]) or _same_but_mark(block.key, key)):
                return [block] if len(block.text) <= 2.5 * len(description) or block.frame.tag in {"h2", "h3"} else []
    return []


def _same_but_mark(printed: str, described: str) -> bool:
    """The same words behind a mark such as “(Dân trí) –” on one of the two."""
    shorter, longer = sorted((printed, described), key=len)
    at = longer.find(shorter[:120])
    return 0 <= at <= 30 and len(shorter) >= 0.6 * len(longer)


def _by_place(blocks: Sequence[Block]) -> list[Block]:
    """A sentence of its own between headline and text."""
    for block in blocks:
        emphasised = block.frame.tag in {"h2", "h3", "strong"} or block.is_bold
        sentence = (
            len(block.text) >= 60 and block.linked < 0.3 and not fold(block.text).lower().startswith(("anh:", "nguon:"))
        )
        if sentence and (emphasised or block.text.rstrip("”\"')").endswith((".", "…", "!", "?"))):
            return [block]
    return []


def _by_weight(body: Sequence[Block]) -> list[Block]:
    """A first paragraph set wholly in bold (or as a heading) before plain ones."""
    if len(body) < 3:
        return []
    first = body[0]
    if not _SHORTEST * 2 <= len(first.text) <= _LONGEST:
        return []
    emphasised = first.is_bold or first.is_italic or first.frame.tag in {"h2", "h3"}
    plain = sum(not (block.is_bold or block.is_italic) for block in body[1:5])
    return [first] if emphasised and plain >= min(2, len(body) - 1) else []
