"""From a fetched page to an article.

The order: the page's own data (`structured`), the page as blocks of text (`outline`), where the article stands
(`region`, taught by trafilatura), what of it is not the article (`boilerplate`), headline, lead and bylines;
then everything is weighed together (`assemble`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from selectolax.lexbor import LexborHTMLParser

from diembao.errors import Unreadable
from diembao.records import Article, Page
from pipelines.dates import Moment, read_moment
from pipelines.reading import teacher
from pipelines.reading.assemble import Reading, assemble, unique_lines
from pipelines.reading.boilerplate import own_blocks
from pipelines.reading.bylines import (
    byline_people,
    credit_in,
    credit_of,
    has_author_cue,
    has_credit_cue,
    is_comment,
    is_site_name,
    people_of,
    span_people,
)
from pipelines.reading.decoding import decode
from pipelines.reading.leads import lead_blocks
from pipelines.reading.outline import Block, Frame, Outline, Span, outline_of, take_out_unseen, text_key
from pipelines.reading.printed import is_date_line, printed_moments, without_glued_date
from pipelines.reading.region import densest_region, is_list_of_links, lines_of_blocks, region_of_lines
from pipelines.reading.sections import printed_sections
from pipelines.reading.selection import Picked, pick
from pipelines.reading.structured import Structured, read_structured
from pipelines.reading.titles import title_of

# The page must show this share of what the teacher read, or the teacher's own lines are taken.
_ENOUGH = 0.6
# How far from headline and text the lines stand that may hold lead, time, byline and credit.
_HEAD_LINES = 40
_ABOVE_LINES = 10
_TAIL_LINES = 14


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The article's own blocks and the lines around them."""

    body: list[Block]
    head: list[Block] = field(default_factory=list)  # after the headline, before the body
    own_head: list[Block] = field(default_factory=list)  # of these, what may be the article's own text
    above: list[Block] = field(default_factory=list)  # before the headline, nearest first
    tail: list[Block] = field(default_factory=list)  # after the body, without menus and teasers
    spans: list[Span] = field(default_factory=list)  # named inline elements in head, above and tail


def read_page(page: Page, selectors: Mapping[str, str] | None = None) -> Article:
    """Read the article a page shows.

    selectors: CSS by part (`selection.PARTS`), only where the general way falls short.
    Raises Unreadable where the page holds no article, BadSource for a malformed selector.
    """
    tree = parse(page)
    structured = read_structured(tree, page.url)
    take_out_unseen(tree)
    picked = pick(tree, selectors or {})
    return assemble(page, structured, read_outline(page, tree, structured, picked))


def parse(page: Page) -> LexborHTMLParser:
    """The page as a tree. Raises Unreadable for empty, binary or oversized bodies."""
    return LexborHTMLParser(decode(page.body, page.content_type))


def read_outline(page: Page, tree: LexborHTMLParser, structured: Structured, picked: Picked) -> Reading:
    """Read a page nothing is known about but what a source file selects."""
    if tree.body is None:
        raise Unreadable("no body element")
    outline = outline_of(tree.body)
    title, headline = title_of(structured, outline, page.url, page.hints.title)
    title = picked.line("title") or title
    own = own_blocks(outline, headline)
    region = _picked_region(outline, picked)
    lines: list[str] = []
    read_by = "selectors/1"
    if region is None:
        read_by = f"trafilatura/{teacher.VERSION}"
        taught = teacher.article_lines(tree.html or "")
        if not structured.times and is_list_of_links(outline, taught, title):
            raise Unreadable("a list of links, not an article")
        lines = lines_of_blocks(taught, own)
        region = region_of_lines(outline, own, lines) or densest_region(outline, own)
    around = _surroundings(outline, own, region, headline) if region is not None else Surroundings([])
    reading = parts_of(page, structured, picked, around, title, read_by)
    reading = replace(reading, sections=(*reading.sections, *printed_sections(tree, around.above + around.head)))
    return _or_what_others_read(reading, structured, lines, title)


def _picked_region(outline: Outline, picked: Picked) -> Frame | None:
    wanted = {node.mem_id for node in picked.body}
    return next((frame for frame in outline.frames if frame.node.mem_id in wanted), None) if wanted else None


def _surroundings(outline: Outline, own: Sequence[Block], region: Frame, headline: Block | None) -> Surroundings:
    blocks = outline.blocks
    at_title = headline.index if headline is not None else -1
    body = [block for block in own if block.frame.within(region)]
    if headline is not None and headline.frame.within(region):
        body = [block for block in body if block.index > at_title]
    first = body[0].index if body else len(blocks)
    last = body[-1].index if body else len(blocks)
    start = at_title + 1 if 0 <= at_title < first else max(0, first - _ABOVE_LINES)
    top = max(0, (at_title if at_title >= 0 else start) - _ABOVE_LINES)
    kept = {block.index for block in own}
    head = blocks[start:first][-_HEAD_LINES:]
    tail = [block for block in blocks[last + 1 : last + 1 + _TAIL_LINES] if block.index in kept or _signs(block)]
    near = {block.index for block in (*blocks[top : first + 1], *tail, *body[-3:])}
    return Surroundings(
        body=body,
        head=head,
        own_head=[block for block in head if block.index in kept],
        above=list(reversed(blocks[top : max(top, at_title)])),
        tail=tail,
        spans=[span for span in outline.spans if span.block in near],
    )


def _signs(block: Block) -> bool:
    return has_author_cue(block) and not is_comment(block)


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


def _or_what_others_read(reading: Reading, structured: Structured, lines: list[str], title: str) -> Reading:
    """The teacher's own lines, or the body in the page's data, where the page gave much less than these hold."""
    size = len(reading.lead) + sum(len(line) for line in reading.paragraphs)
    taught = unique_lines(lines, reading.lead, title)
    stated = unique_lines(structured.body.splitlines(), reading.lead, title)
    for paragraphs, read_by in ((taught, f"trafilatura/{teacher.VERSION}"), (stated, "articleBody/1")):
        if len("".join(paragraphs)) > 200 and size < _ENOUGH * len("".join(paragraphs)):
            return replace(reading, paragraphs=paragraphs, read_by=read_by)
    return reading
