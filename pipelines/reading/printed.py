"""Times printed on a page: the line under the headline, above it, or under the text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from nlp.text import fold
from pipelines.dates import Moment, Precision, read_moment
from pipelines.reading.outline import Block, Frame, Span

# Cheap first look, so that only few lines are read in earnest.
_HINT = re.compile(
    r"\d{1,2}\s?[/.\-]\s?\d{1,2}\s?[/.\-]\s?\d{2,4}|\d\s*thang\s*\w{1,7}|thang \w{1,7} \d|\d\s*\w{2,5}\s*truoc\b"
    r"|\bhom (?:nay|qua)|vua xong|\d{4}-\d{1,2}-\d{1,2}|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b"
    r"|\bago\b"
)
_TIME_CUES = re.compile(r"date|time|ngay|publish|posted|thoi-?gian|created|meta|info|cap-?nhat|\bdt\b")
_MASTHEAD = re.compile(
    r"\bheader\b|top-?bar|topbar|masthead|clock|current|\btoday|lich|weather|thoi-?tiet|banner-?top|site-?header|menu"
)
_WORDS_OF_DATES = re.compile(
    r"thu (?:hai|ba|tu|nam|sau|bay|[2-7])|chu nhat|\bngay\b|\bthang\b|\bnam\b|\bluc\b|\bvao\b|gmt|utc|cap nhat"
    r"|dang|xuat ban|phat hanh"
    r"|\b(?:sa|ch|am|pm)\b|luot xem|luot doc|so lan|doc|xem|\bgio\b|\bphut\b|hom nay|hom qua|truoc|ngay dang|by"
    r"|viet|tao|moi nhat|thoi gian|[\d\W_]+"
)
_GLUED = re.compile(
    r"^\W*(?:(?:cap nhat(?: (?:ngay|luc))?|ngay (?:dang|cap nhat|viet)|dang (?:ngay|luc)|thu \w{2,4},?"
    r"|chu nhat,?)\s*:?\s*)"
    r"(?:ngay\s*)?\d{1,2}\s?[/.\-]\s?\d{1,2}\s?[/.\-]\s?\d{4}(?:\s*[-,"
    r"|]?\s*\d{1,2}[:h]\d{2}(?::\d{2})?)?(?:\s*\(gmt[^)]{0,8}\))?"
    r"(?:\s*\(?\s*(?:so )?luot (?:xem|doc)[^)\d]{0,4}\d[\d.,]{0,9}\s*\)?)?\s*"
)
_LONGEST_LINE = 200


def printed_moments(
    head: Sequence[Block], before: Sequence[Block], tail: Sequence[Block], spans: Sequence[Span], seen_at: datetime
) -> tuple[Moment, ...]:
    """Times near the article, most likely its publication first.

    head: lines from the headline to the first paragraph; before: lines above the headline, nearest first; tail: lines
    under the text; spans: named inline elements near the article. Mastheads print today's date and are left out.
    """
    moments = [_stated(span, seen_at) for span in spans if span.cues.startswith("time")]
    before = [block for block in before if not _in_masthead(block.frame)]
    moments += [_moment_of(block, seen_at) for blocks in (head, before, tail) for block in _cued_first(blocks)]
    found = [moment for moment in moments if moment is not None]
    return tuple(sorted(found[:6], key=lambda moment: moment.precision < Precision.HOUR))


def _cued_first(blocks: Iterable[Block]) -> list[Block]:
    return sorted(blocks, key=lambda block: not has_time_cue(block))


def _stated(span: Span, seen_at: datetime) -> Moment | None:
    """What a `time` element says of itself, else what it prints."""
    stated = span.node.attributes.get("datetime") or span.node.attributes.get("content")
    return (read_moment(stated, seen_at) if stated else None) or read_moment(span.text, seen_at)


def _moment_of(block: Block, seen_at: datetime) -> Moment | None:
    flat = fold(block.text[:_LONGEST_LINE]).lower()
    if len(block.text) > _LONGEST_LINE:
        glued = _GLUED.match(flat)
        return read_moment(block.text[: glued.end()], seen_at) if glued else None
    if not _HINT.search(flat) or not (has_time_cue(block) or is_date_line(block.text)):
        return None
    return read_moment(block.text, seen_at)


def has_time_cue(block: Block) -> bool:
    """Whether the line or what holds it is called a time."""
    above = block.frame.parent.cues if block.frame.parent is not None else ""
    return any(_TIME_CUES.search(cues) for cues in (block.cues, block.frame.cues, above) if cues)


def _in_masthead(frame: Frame | None) -> bool:
    for _ in range(6):
        if frame is None:
            return False
        if frame.tag == "header" or _MASTHEAD.search(frame.cues):
            return True
        frame = frame.parent
    return False


def is_date_line(text: str) -> bool:
    """Whether a short line says little but a date and perhaps a view count or a name."""
    if len(text) > 120:
        return False
    flat = fold(text).lower()
    return bool(_HINT.search(flat)) and len(_WORDS_OF_DATES.sub("", flat)) <= 25


def without_glued_date(text: str) -> str:
    """A paragraph without the date and view count that were printed into its beginning."""
    found = _GLUED.match(fold(text[:_LONGEST_LINE]).lower())
    return text[found.end() :].strip() if found else text
