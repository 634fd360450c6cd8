"""The section a page says it stands in: breadcrumbs, else the category line near the headline."""

from __future__ import annotations

import re
from collections.abc import Sequence

from selectolax.lexbor import LexborHTMLParser

from nlp.text import normalise
from pipelines.reading.outline import Block

_CRUMBS = '[class*="breadcrumb"] a, [class*="bread-crumb"] a, [id*="breadcrumb"] a, [class*="crumbs"] a'
_CATEGORY_CUES = re.compile(r"cate|categor|chuyen-?muc|section|genre|\bpath\b|\bzone\b")
_TRAIL = re.compile(r"\s*(?:›|»|>|/|→)\s*")
_LABEL = re.compile(r"^(?:chuyên mục|danh mục|mục)\s*:\s*", re.IGNORECASE)
_MOST_CRUMBS = 12


def printed_sections(tree: LexborHTMLParser, near: Sequence[Block]) -> tuple[str, ...]:
    """Sections as printed, most particular first; `near`: the lines around the headline, nearest first."""
    crumbs = [" ".join(normalise(node.text()).split()) for node in tree.css(_CRUMBS)[:_MOST_CRUMBS]]
    named = [_last(block.text) for block in near if block.links and len(block.text) <= 80 and _is_category(block)]
    return tuple(section for section in (*reversed(crumbs), *named) if section)


def _is_category(block: Block) -> bool:
    above = block.frame.parent.cues if block.frame.parent is not None else ""
    return any(_CATEGORY_CUES.search(cues) for cues in (block.cues, block.frame.cues, above) if cues)


def _last(text: str) -> str:
    return _TRAIL.split(_LABEL.sub("", text))[-1].strip()
