"""Lead, paragraphs, byline, credit and times, out of an article's blocks and the lines around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from diembao.records import Page
from pipelines.dates import Moment, read_moment
from pipelines.reading.assemble import Reading, unique_lines
from pipelines.reading.bylines import (
    byline_people,
    credit_in,
    credit_of,
    has_author_cue,
    has_credit_cue,
    is_site_name,
    people_of,
    span_people,
)
from pipelines.reading.leads import lead_blocks
from pipelines.reading.outline import Block, Span, text_key
from pipelines.reading.printed import is_date_line, printed_moments, without_glued_date
from pipelines.reading.selection import Picked
from pipelines.reading.structured import Structured


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The article's own blocks and the lines around them."""

    body: list[Block]
    head: list[Block] = field(default_factory=list)  # after the headline, before the body
    own_head: list[Block] = field(default_factory=list)  # of these, what may be the article's own text
    above: list[Block] = field(default_factory=list)  # before the headline, nearest first
    tail: list[Block] = field(default_factory=list)  # after the body, without menus and teasers
    spans: list[Span] = field(default_factory=list)  # named inline elements in head, above and tail


def parts_of(
    page: Page, structured: Structured, picked: Picked, around: Surroundings, title: str, read_by: str
) -> Reading:
    """Lead, paragraphs, byline, credit and times out of an article's blocks and the lines around them."""
    sites = (*structured.site_names,)
    body, signatures = _without_signatures(around.body, sites, page.url)
    body = _without_head_lines(body)
    lead, body = _lead(picked, around, body, structured, title)
    body = _without_head_lines(body)
    paragraphs = [without_glued_date(block.text) if block.index == _index(body) else block.text for block in body]
    authors = _authors(picked, around, signatures, sites, page.url)
    return Reading(
        title=title,
        lead=lead,
        paragraphs=unique_lines([line for line in paragraphs if line], lead, title),
        authors=authors,
        credit=picked.line("credit") or _credit(signatures, around, paragraphs, sites, page.url),
        moments=_moments(page, picked, around, signatures),
        sections=picked.texts.get("section", ()),
        image=picked.line("image") or _picture(around.body),
        read_by=read_by,
    )


def _index(body: Sequence[Block]) -> int:
    return body[0].index if body else -1


def _lead(
    picked: Picked, around: Surroundings, body: list[Block], structured: Structured, title: str
) -> tuple[str, list[Block]]:
    chosen = picked.line("lead")
    if chosen:
        key = text_key(chosen)
        return chosen, [block for block in body if not (len(block.key) >= 20 and block.key in key)]
    found, rest = lead_blocks(around.own_head, body, structured, title)
    return without_glued_date(" ".join(block.text for block in found)), rest


def _without_head_lines(body: list[Block]) -> list[Block]:
    """The body without the date and byline lines printed before its first paragraph."""
    start = 0
    for block in body[:8]:
        if len(block.text) > 120 or not (is_date_line(block.text) or _is_signature_at_head(block)):
            break
        start += 1
    return body[start:] if start < len(body) else body


def _is_signature_at_head(block: Block) -> bool:
    return has_author_cue(block) and len(block.text) <= 60


def _without_signatures(body: list[Block], sites: Sequence[str], url: str) -> tuple[list[Block], list[Block]]:
    """The body without names and credit lines at its end, and these, in order."""
    end = len(body)
    signatures: list[Block] = []
    while end > 1 and len(signatures) < 4 and _is_signature(body[end - 1], sites, url):
        end -= 1
        signatures.insert(0, body[end])
    return body[:end], signatures


def _is_signature(block: Block, sites: Sequence[str], url: str) -> bool:
    if len(block.text) > 90:
        return False
    if credit_of(block) or has_author_cue(block) or is_date_line(block.text):
        return True
    marked = block.is_bold or block.frame.align == "right" or block.is_italic or block.bold > 0
    if is_site_name(block.text, sites, url) and len(block.text) <= 40:
        return True
    if block.frame.align == "right" and block.is_bold and not block.text.endswith((".", ":")):
        return True
    people = byline_people(block, sites, url)
    return bool(people) and (marked or len(block.text) <= 30) and not block.text.endswith((".", ":", "?", "!"))


def _authors(
    picked: Picked, around: Surroundings, signatures: Sequence[Block], sites: Sequence[str], url: str
) -> tuple[str, ...]:
    chosen = picked.texts.get("author", ())
    if chosen:
        return tuple(dict.fromkeys(name for text in chosen for name in people_of(text, sites, url, named=True)))
    named = dict.fromkeys(name for span in around.spans for name in span_people(span, sites, url))
    if named:
        return tuple(named)
    for blocks in (
        [block for block in around.head if has_author_cue(block) and len(block.text) <= 80],
        signatures,
        [block for block in around.tail if has_author_cue(block) and len(block.text) <= 80],
        [block for block in around.above[:4] if has_author_cue(block) and len(block.text) <= 80],
    ):
        names = dict.fromkeys(name for block in blocks for name in byline_people(block, sites, url))
        if names:
            return tuple(names)
    return ()


def _credit(
    signatures: Sequence[Block], around: Surroundings, paragraphs: Sequence[str], sites: Sequence[str], url: str
) -> str:
    near = [*signatures, *around.tail, *around.head[-4:]]
    for block in near:
        credit = credit_of(block)
        if credit and not has_author_cue(block):
            return credit
    for block in near:
        if has_credit_cue(block) and 3 <= len(block.text) <= 60 and not is_site_name(block.text, sites, url):
            return f"Nguồn: {block.text}"
    return credit_in(paragraphs[-1]) if paragraphs else ""


def _moments(page: Page, picked: Picked, around: Surroundings, signatures: Sequence[Block]) -> tuple[Moment, ...]:
    chosen = [read_moment(text, page.fetched_at) for text in picked.texts.get("published", ())]
    found = tuple(moment for moment in chosen if moment is not None)
    return found or printed_moments(
        [*around.head, *around.body[:3]], around.above, [*signatures, *around.tail], around.spans, page.fetched_at
    )


def _picture(body: Sequence[Block]) -> str:
    if not body:
        return ""
    frame = body[0].frame.parent or body[0].frame
    for image in frame.node.css("img")[:5]:
        for name in ("data-src", "data-original", "src"):
            value = (image.attributes.get(name) or "").strip()
            if value and not value.startswith("data:"):
                return value
    return ""
