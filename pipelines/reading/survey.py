"""A page nothing is known about: where its headline, its text and the lines around them stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from selectolax.lexbor import LexborHTMLParser

from diembao.errors import Unreadable
from diembao.records import Page
from pipelines.reading import teacher
from pipelines.reading.assemble import Reading, unique_lines
from pipelines.reading.boilerplate import own_blocks
from pipelines.reading.bounded import article_lines_bounded
from pipelines.reading.bylines import has_author_cue, is_comment
from pipelines.reading.outline import Block, Frame, Outline, outline_of
from pipelines.reading.parts import Surroundings, parts_of
from pipelines.reading.region import (
    densest_region,
    is_list_of_links,
    lines_of_blocks,
    may_be_a_section,
    region_of_lines,
)
from pipelines.reading.sections import printed_sections
from pipelines.reading.selection import Picked
from pipelines.reading.structured import Structured
from pipelines.reading.titles import title_of

TAUGHT = f"trafilatura/{teacher.VERSION}"
SELECTED = "selectors/1"
DENSEST = "densest/1"
STATED = "articleBody/1"

# The page must show this share of what others read, or their lines are taken.
_ENOUGH = 0.6
# Characters; briefs are that short, and pages that were misread.
_LITTLE = 300
# How far from headline and text the lines stand that may hold lead, time, byline and credit.
_HEAD_LINES = 40
_ABOVE_LINES = 10
_TAIL_LINES = 14
# Beyond these the teacher may take seconds and gigabytes: it then works in a child process with bounds.
_LARGE_MARKUP = 500_000
_MANY_NODES = 12_000
_DEEP = 200


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found on the page; `region` is None where no text was found."""

    outline: Outline
    title: str
    headline: Block | None
    region: Frame | None
    around: Surroundings
    lines: list[str]  # the teacher's, as far as the page prints them as its own
    read_by: str


def survey(page: Page, tree: LexborHTMLParser, structured: Structured, picked: Picked) -> Survey:
    """Find headline and text. Raises Unreadable for a page without a body and for a list of links."""
    if tree.body is None:
        raise Unreadable("no body element")
    outline = outline_of(tree.body)
    title, headline = title_of(structured, outline, page.url, page.hints.title)
    title = picked.line("title") or title
    if not structured.times and may_be_a_section(outline, title):
        _refuse_section_page(tree, outline)
    own = own_blocks(outline, headline)
    region, lines, read_by = _picked_region(outline, picked), [], SELECTED
    if region is None:
        lines = lines_of_blocks(_taught(teacher.own_markup(own), outline), own)
        region, read_by = region_of_lines(outline, own, lines), TAUGHT
    around = _surroundings(outline, own, region, headline)
    if not around.body:
        # Nothing is the article's by name or to the teacher: the densest prose of what is left, then of all.
        region = densest_region(outline, own) or densest_region(outline, outline.blocks)
        around, read_by = _surroundings(outline, outline.blocks, region, headline), DENSEST
    return Survey(outline, title, headline, region, around, lines, read_by)


def _refuse_section_page(tree: LexborHTMLParser, outline: Outline) -> None:
    if is_list_of_links(outline, _taught(tree.html or "", outline)):
        raise Unreadable("a list of links, not an article")


def read_survey(page: Page, tree: LexborHTMLParser, structured: Structured, picked: Picked, found: Survey) -> Reading:
    """The printed parts of the article that was found."""
    reading = parts_of(page, structured, picked, found.around, found.title, found.read_by)
    near = found.around.above + found.around.head
    reading = replace(reading, sections=(*reading.sections, *printed_sections(tree, near)))
    lines = found.lines
    if reading.size < _LITTLE and found.read_by != SELECTED:
        # Perhaps an element was taken for teasers that holds the article: ask the teacher about the whole page.
        lines = _taught(tree.html or "", found.outline)
    return _or_what_others_read(reading, structured, lines)


def _taught(markup: str, outline: Outline) -> list[str]:
    if len(markup) > _LARGE_MARKUP or outline.nodes > _MANY_NODES or outline.depth > _DEEP:
        return article_lines_bounded(markup)
    return teacher.article_lines(markup)


def _picked_region(outline: Outline, picked: Picked) -> Frame | None:
    wanted = {node.mem_id for node in picked.body}
    return next((frame for frame in outline.frames if frame.node.mem_id in wanted), None) if wanted else None


def _surroundings(outline: Outline, own: Sequence[Block], region: Frame | None, headline: Block | None) -> Surroundings:
    if region is None:
        return Surroundings([])
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


def _or_what_others_read(reading: Reading, structured: Structured, lines: Sequence[str]) -> Reading:
    """The teacher's own lines, or the body in the page's data, where the page gave much less than these hold."""
    taught = unique_lines(lines, reading.lead, reading.title)
    stated = unique_lines(structured.body.splitlines(), reading.lead, reading.title)
    for paragraphs, read_by in ((taught, TAUGHT), (stated, STATED)):
        if len("".join(paragraphs)) > 200 and reading.size < _ENOUGH * len("".join(paragraphs)):
            return replace(reading, paragraphs=paragraphs, read_by=read_by)
    return reading
