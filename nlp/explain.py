"""Why an article was judged so: its text with the words that spoke marked, for the terminal and as HTML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Literal

from nlp.prepared import normalised
from nlp.records import Analysis, Document, Evidence, Field
from nlp.wording import RELEVANCE_WORDS, STANCE_WORDS, say_rule

Mark = Literal["for", "against", "stance", "place", "entity"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text with the marks that cover it."""

    text: str
    marks: tuple[Mark, ...]
    rules: tuple[str, ...]


def pieces(text: str, where: Field, analysis: Analysis) -> list[Piece]:
    """One field cut at the edges of everything that was found in it, in order; joined they are the field."""
    spans = [span for span in _spans(where, analysis) if 0 <= span[0] < span[1] <= len(text)]
    opening: dict[int, list[tuple[int, int, Mark, str]]] = {}
    closing: dict[int, list[tuple[int, int, Mark, str]]] = {}
    for span in spans:
        opening.setdefault(span[0], []).append(span)
        closing.setdefault(span[1], []).append(span)
    edges = sorted({0, len(text), *opening, *closing})
    active: list[tuple[int, int, Mark, str]] = []
    cut: list[Piece] = []
    for start, end in pairwise(edges):
        active = [span for span in active if span[1] > start] + opening.get(start, [])
        marks = tuple(dict.fromkeys(span[2] for span in active))
        rules = tuple(dict.fromkeys(span[3] for span in active if span[3]))
        cut.append(Piece(text[start:end], marks, rules))
    return cut


def _spans(where: Field, analysis: Analysis) -> Iterator[tuple[int, int, Mark, str]]:
    for item in analysis.evidence:
        if item.where == where:
            yield item.start, item.end, "for" if item.weight >= 0 else "against", say_rule(item.rule)
    for item in analysis.stance_evidence:
        if item.where == where:
            yield item.start, item.end, "stance", say_rule(item.rule)
    for place in analysis.places:
        if place.where == where:
            yield place.start, place.end, "place", ""
    for entity in analysis.entities:
        if entity.where == where:
            yield entity.start, entity.end, "entity", ""


_ANSI: Mapping[Mark, str] = {
    "for": "\033[1;32m", "against": "\033[1;31m", "stance": "\033[7m", "place": "\033[36m", "entity": "\033[4m",
}  # fmt: skip
_RESET = "\033[0m"


def explain_in_terminal(document: Document, analysis: Analysis, *, colour: bool = True) -> str:
    """The article and its judgement as text. Without colour the marks are brackets.

    Normalising has dropped control codes, so the article cannot drive the terminal.
    """
    document = normalised(document)
    return "\n".join(
        [
            _painted(pieces(document.title, "title", analysis), colour),
            "",
            _painted(pieces(document.text, "text", analysis), colour),
            "",
            *(f"{label}: {value}" for label, value in summary(analysis)),
            *(f"  {_signed(item.weight)}  {say_rule(item.rule)}{_quoted(item)}" for item in analysis.evidence),
            *(f"  thái độ  {say_rule(item.rule)}{_quoted(item)}" for item in analysis.stance_evidence),
        ]
    )


def _painted(cut: Iterable[Piece], colour: bool) -> str:
    if colour:
        return "".join(
            "".join(_ANSI[mark] for mark in piece.marks) + piece.text + _RESET if piece.marks else piece.text
            for piece in cut
        )
    # Whole sentences show the stance; bracketing them too would hide the names within.
    return "".join(f"[{piece.text}]" if set(piece.marks) - {"stance"} else piece.text for piece in cut)


def summary(analysis: Analysis) -> list[tuple[str, str]]:
    """What was concluded, as pairs of a Vietnamese label and value."""
    said = [("Mức liên quan", f"{RELEVANCE_WORDS[analysis.relevance]} ({_decimal(analysis.relevance_score)})")]
    if analysis.topics:
        said.append(("Chủ đề", "; ".join(f"{t.slug} ({_decimal(t.score)})" for t in analysis.topics)))
    if analysis.stance:
        said.append(("Thái độ", STANCE_WORDS[analysis.stance]))
    if analysis.needs_response:
        accused = f": {analysis.accused}" if analysis.accused else ""
        said.append(("Cần phản hồi", f"có (mức {analysis.severity}){accused}"))
    if analysis.places:
        said.append(("Địa bàn", "; ".join(place.surface for place in analysis.places)))
    if analysis.language and analysis.language != "vi":
        said.append(("Ngôn ngữ", analysis.language))
    return said


def _decimal(number: float) -> str:
    return f"{number:.2f}".replace(".", ",")


def _signed(number: float) -> str:
    return f"{number:+.3f}".replace(".", ",")


def _quoted(item: Evidence) -> str:
    return f" “{item.text}”" if item.start >= 0 else f" = {item.text}" if item.text else ""


def explain_as_html(document: Document, analysis: Analysis) -> str:
    """One article as an HTML fragment; everything that is not ours is escaped."""
    document = normalised(document)
    paragraphs = _html(pieces(document.text, "text", analysis)).split("\n")
    conclusions = "".join(f"<dt>{escape(label)}</dt><dd>{escape(value)}</dd>" for label, value in summary(analysis))
    reasons = "".join(_reason(item) for item in (*analysis.evidence, *analysis.stance_evidence))
    return (
        '<article class="explained">'
        f"<h2>{_html(pieces(document.title, 'title', analysis))}</h2>"
        f"<dl>{conclusions}</dl>"
        f"{''.join(f'<p>{line}</p>' for line in paragraphs if line.strip())}"
        f"<h3>Căn cứ</h3><ul>{reasons}</ul>"
        "</article>"
    )


def _reason(item: Evidence) -> str:
    return f"<li>{escape(say_rule(item.rule))}{escape(_quoted(item))} <span>{_signed(item.weight)}</span></li>"


def _html(cut: Iterable[Piece]) -> str:
    return "".join(_marked(piece) for piece in cut)


def _marked(piece: Piece) -> str:
    if not piece.marks:
        return escape(piece.text)
    title = f' title="{escape("; ".join(piece.rules))}"' if piece.rules else ""
    # A mark must not run over a line end, because paragraphs are made of lines.
    lines = (f'<mark class="{" ".join(piece.marks)}"{title}>{escape(line)}</mark>' for line in piece.text.split("\n"))
    return "\n".join(lines)


_STYLE = """
body{font:16px/1.6 "Be Vietnam Pro",system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem;color:#1c2421}
mark{background:none;color:inherit}
mark.for{background:#d5efdb}mark.against{background:#f7dcd8}mark.stance{background:#fdf0c4}
mark.place{border-bottom:2px solid #2c6e8f}mark.entity{text-decoration:underline dotted}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dd{margin:0}
li span{color:#5b6560;font-variant-numeric:tabular-nums}
"""


def explain_page(explained: Sequence[tuple[Document, Analysis]]) -> str:
    """A whole HTML page of articles, needing nothing from outside."""
    articles = "".join(explain_as_html(document, analysis) for document, analysis in explained)
    return (
        '<!doctype html><html lang="vi"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Căn cứ phân tích</title><style>{_STYLE}</style></head><body>{articles}</body></html>"
    )
