"""Where the article stands on an unknown page: the element that holds its text.

The teacher (trafilatura) names the lines of the article; the deepest element that holds most of them is the
region. Lines known to be teasers and the like do not count. Without the teacher's help the element with the
densest prose is taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from pipelines.reading.outline import Block, Frame, Outline, text_key
from pipelines.reading.titles import names_outlet

# The region must keep this share of the article's text; less would cut off paragraphs that stand apart.
_KEEP = 0.85
_DENSE_KEEP = 0.7
_NEARLY_ALL = 0.95
# Section pages seen have 24 and more linked headlines with .36 of the text; articles at most 5 with .03.
_LIST_HEADLINES = 8
_LIST_SHARE = 0.2
_SECTION_WORDS = 5
_LONGEST_TEXT = 400_000
_PROSE = re.compile(r"[.!?…:;”\"]\s*$|[,.] ")
_LEAVES = frozenset({"p", "li"})


def lines_on_page(lines: Iterable[str]) -> Callable[[Block], bool]:
    """Whether a block prints one of the lines, or a part of one."""
    keys = {key for line in lines if len(key := text_key(line)) >= 12}
    whole = "\n".join(keys)[:_LONGEST_TEXT]
    return lambda block: block.key in keys or (len(block.key) >= 40 and block.key in whole)


def lines_of_blocks(lines: Iterable[str], own: Sequence[Block]) -> list[str]:
    """Of the lines those that the blocks print, alone or several blocks run together."""
    whole = "".join(block.key for block in own)[:_LONGEST_TEXT]
    return [line for line in lines if (key := text_key(line)) and key in whole]


def region_of_lines(outline: Outline, own: Sequence[Block], lines: Iterable[str]) -> Frame | None:
    """The element that holds the given lines of text, or None where the page's own blocks do not show them."""
    on_page = lines_on_page(lines)
    return _deepest(outline, own, lambda block: len(block.text) if on_page(block) else 0, _KEEP)


def region_of_blocks(outline: Outline, blocks: Sequence[Block]) -> Frame | None:
    """The deepest element that holds (nearly) all of the given blocks."""
    wanted = {block.index for block in blocks}
    return _deepest(outline, blocks, lambda block: len(block.text) if block.index in wanted else 0, _NEARLY_ALL)


def densest_region(outline: Outline, own: Sequence[Block]) -> Frame | None:
    """The element with the most unlinked prose."""

    def weight(block: Block) -> int:
        if len(block.text) < 60 or block.linked > 0.3 or not _PROSE.search(block.text):
            return 0
        return len(block.text)

    return _deepest(outline, own, weight, _DENSE_KEEP)


def may_be_a_section(outline: Outline, title: str) -> bool:
    """Whether the page links enough headlines and its heading has so few words that it may be a section's."""
    if not outline.frames or outline.frames[0].headlines < _LIST_HEADLINES:
        return False
    heads = [block.text for block in outline.blocks if block.frame.tag == "h1" and not names_outlet(block.text)]
    return len((heads or [title])[0].split()) <= _SECTION_WORDS


def is_list_of_links(outline: Outline, lines: Iterable[str]) -> bool:
    """Whether there are many linked headlines where the teacher, shown the whole page, saw text."""
    on_page = lines_on_page(lines)
    region = _deepest(outline, outline.blocks, lambda block: len(block.text) if on_page(block) else 0, _KEEP)
    if region is None:
        return False
    links = sum(block.links for block in outline.blocks if block.frame.within(region))
    return region.headlines >= _LIST_HEADLINES and links > _LIST_SHARE * region.total


def _deepest(outline: Outline, own: Sequence[Block], weight: Callable[[Block], int], keep: float) -> Frame | None:
    weights = [0] * len(outline.frames)
    for block in own:
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
        if inner.tag in _LEAVES and region is not outline.frames[0]:
            break
        region = inner
    return region
