"""An article's text cut where the machine's evidence stands in it, to be shown with marks.

Evidence carries code-point offsets into the title or the text; places carry only the words they were named by, so
these are looked for. Nothing is trusted: an offset that does not lead to the quoted words is looked for as well, and
what is not there is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Literal

from nlp.wording import say_rule

Mark = Literal["relevance", "stance", "place"]
Field = Literal["title", "text"]

# A text that names places thousands of times is not read faster for having them all marked.
_MOST_SPANS: Final = 400


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text with the marks that cover it, and what they say about it."""

    text: str
    marks: tuple[Mark, ...] = ()
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    mark: Mark
    said: str


def marked(text: str, where: Field, annotations: dict[str, Any]) -> list[Piece]:
    """One field in pieces; joined they are the field. annotations: as stored with the article."""
    spans = list(_spans(text, where, annotations))[:_MOST_SPANS]
    opening: dict[int, list[_Span]] = {}
    for span in spans:
        opening.setdefault(span.start, []).append(span)
    edges = sorted({0, len(text), *opening, *(span.end for span in spans)})
    active: list[_Span] = []
    cut: list[Piece] = []
    for start, end in pairwise(edges):
        active = [span for span in active if span.end > start] + opening.get(start, [])
        marks = tuple(dict.fromkeys(span.mark for span in active))
        said = tuple(dict.fromkeys(span.said for span in active if span.said))
        cut.append(Piece(text[start:end], marks, said))
    return cut


def paragraphs(pieces: Iterable[Piece]) -> list[list[Piece]]:
    """Pieces by the lines of the text; a piece over several lines is cut at their ends. Empty lines are left out."""
    lines: list[list[Piece]] = [[]]
    for piece in pieces:
        first, *rest = piece.text.split("\n")
        if first:
            lines[-1].append(Piece(first, piece.marks, piece.said))
        lines += [[Piece(part, piece.marks, piece.said)] if part else [] for part in rest]
    return [line for line in lines if any(piece.text.strip() for piece in line)]


def _spans(text: str, where: Field, annotations: dict[str, Any]) -> Iterator[_Span]:
    for name, mark in (("evidence", "relevance"), ("stance_evidence", "stance")):
        for item in annotations.get(name) or ():
            if item.get("where") == where and (found := _locate(text, item)):
                yield _Span(*found, mark, say_rule(item["rule"]))  # type: ignore[arg-type]
    surfaces = {place.get("surface", "") for place in annotations.get("places") or ()}
    for surface in sorted(surfaces - {""}, key=len, reverse=True):
        for start in _occurrences(text, surface):
            yield _Span(start, start + len(surface), "place", "")


def _locate(text: str, item: dict[str, Any]) -> tuple[int, int] | None:
    start, end, quoted = item.get("start", -1), item.get("end", -1), item.get("text", "")
    if 0 <= start < end <= len(text) and (not quoted or text[start:end] == quoted):
        return start, end
    found = text.find(quoted) if quoted else -1
    return (found, found + len(quoted)) if found >= 0 else None


def _occurrences(text: str, surface: str) -> Sequence[int]:
    """Where the words stand as whole words."""
    found: list[int] = []
    start = text.find(surface)
    while start >= 0 and len(found) < _MOST_SPANS:
        end = start + len(surface)
        if not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum()):
            found.append(start)
        start = text.find(surface, end)
    return found
