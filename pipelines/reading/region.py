"""Where the article stands on an unknown page: the element that holds its text.

The teacher (trafilatura) names the lines of the article; the deepest element that holds most of them is the
region. Without the teacher's help the element with the densest unlinked prose is taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from pipelines.reading.boilerplate import any_above, is_junk_frame
from pipelines.reading.outline import Block, Frame, Outline, text_key

# The region must keep this share of the article's text; less would cut off paragraphs that stand apart.
_KEEP = 0.85
_DENSE_KEEP = 0.7
_PROSE = re.compile(r"[.!?…:;”\"]\s*$|[,.] ")
_NOT_PROSE_TAGS = frozenset({"header", "figure"})


def region_of_lines(outline: Outline, lines: list[str]) -> Frame | None:
    """The element that holds the given lines of text, or None where the page does not show them."""
    keys = {key for line in lines if len(key := text_key(line)) >= 12}
    whole = "\n".join(keys)[:400_000]

    def weight(block: Block) -> int:
        if block.key in keys:
            return len(block.text)
        return len(block.text) if len(block.key) >= 40 and block.key in whole else 0

    return _deepest(outline, weight, _KEEP)


def densest_region(outline: Outline) -> Frame | None:
    """The element with the most unlinked prose outside menus, teasers and footers."""

    if not outline.frames:
        return None
    top = outline.frames[0]
    known: dict[int, bool] = {}

    def not_prose(frame: Frame) -> bool:
        # A wrapper around half of the page is none of these, whatever it is called.
        return 2 * frame.total < top.total and (frame.tag in _NOT_PROSE_TAGS or is_junk_frame(frame))

    def weight(block: Block) -> int:
        if len(block.text) < 60 or block.linked > 0.3 or not _PROSE.search(block.text):
            return 0
        return 0 if any_above(block.frame, top, known, not_prose) else len(block.text)

    return _deepest(outline, weight, _DENSE_KEEP)


def _deepest(outline: Outline, weight: Callable[[Block], int], keep: float) -> Frame | None:
    weights = [0] * len(outline.frames)
    for block in outline.blocks:
        weights[block.frame.index] += weight(block)
    heaviest: list[Frame | None] = [None] * len(outline.frames)
    for frame in reversed(outline.frames):
        if frame.parent is None:
            continue
        above = frame.parent.index
        weights[above] += weights[frame.index]
        best = heaviest[above]
        if best is None or weights[frame.index] >= weights[best.index]:
            heaviest[above] = frame
    if not outline.frames or not weights[0]:
        return None
    region = outline.frames[0]
    while (inner := heaviest[region.index]) is not None and weights[inner.index] >= keep * weights[0]:
        if inner.tag in {"p", "li", "td"} and weights[inner.index] < weights[region.index]:
            break
        region = inner
    return region
