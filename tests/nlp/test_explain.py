"""The article with its reasons marked, in the terminal and as HTML."""

from __future__ import annotations

import re
from typing import get_args

from nlp.analyzer import Analyzer
from nlp.explain import explain_as_html, explain_in_terminal, explain_page, pieces
from nlp.records import Analysis, Document, Evidence, PlaceMention
from nlp.relevance import LOOSE_FEATURES
from nlp.roles import ROLES
from nlp.sense import Reason
from nlp.stance_features import ORDERED, PAIRS
from nlp.wording import say_rule

DOCUMENT = Document("x", "Mưa ở Thái Nguyên", "Phường Quan Triều ngập & sạt lở.\nUBND tỉnh Thái Nguyên họp <khẩn>.")


def test_the_pieces_of_a_field_are_the_field(analyzer: Analyzer) -> None:
    analysis = analyzer.analyze(DOCUMENT)
    assert "".join(piece.text for piece in pieces(DOCUMENT.text, "text", analysis)) == DOCUMENT.text


def test_overlapping_finds_are_all_marked() -> None:
    analysis = Analysis(
        "relevant",
        0.9,
        evidence=(Evidence("text.scene", "bcd", "text", 1, 4, 0.1),),
        places=(PlaceMention("cde", "", "area", "cde", "text", 2, 5),),
    )
    marked = [(piece.text, piece.marks) for piece in pieces("abcdef", "text", analysis)]
    assert marked == [("a", ()), ("b", ("for",)), ("cd", ("for", "place")), ("e", ("place",)), ("f", ())]


def test_spans_beyond_the_text_are_ignored() -> None:
    analysis = Analysis("relevant", 0.9, evidence=(Evidence("text.scene", "?", "text", 90, 99, 0.1),))
    assert [piece.text for piece in pieces("ngắn", "text", analysis)] == ["ngắn"]


def test_the_article_cannot_smuggle_markup_into_the_page(analyzer: Analyzer) -> None:
    hostile = Document("x", "<script>alert(1)</script> Thái Nguyên", '"><img src=x onerror=alert(1)> ở Thái Nguyên')
    page = explain_page([(hostile, analyzer.analyze(hostile))])
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


def test_the_page_marks_the_words_and_says_why_in_vietnamese(analyzer: Analyzer) -> None:
    page = explain_as_html(DOCUMENT, analyzer.analyze(DOCUMENT))
    assert re.search(r'<mark class="for[^"]*" title="tiêu đề: nơi xảy ra sự việc">Thái Nguyên</mark>', page)
    assert "về Thái Nguyên" in page
    assert "ngập &amp; sạt lở" in page


def test_every_paragraph_stays_one(analyzer: Analyzer) -> None:
    assert explain_as_html(DOCUMENT, analyzer.analyze(DOCUMENT)).count("<p>") == 2


def test_the_terminal_shows_marks_with_and_without_colour(analyzer: Analyzer) -> None:
    analysis = analyzer.analyze(DOCUMENT)
    assert "\033[" in explain_in_terminal(DOCUMENT, analysis)
    plain = explain_in_terminal(DOCUMENT, analysis, colour=False)
    assert "\033[" not in plain
    assert "[Thái Nguyên]" in plain


def test_control_codes_of_the_article_do_not_reach_the_terminal(analyzer: Analyzer) -> None:
    hostile = Document("x", "Thái Nguyên\033[2J", "\033]0;xấu\007 Mưa ở Thái Nguyên")
    assert "\033" not in explain_in_terminal(hostile, analyzer.analyze(hostile), colour=False)


def test_every_rule_the_judges_use_has_vietnamese_words() -> None:
    rules = [f"{group}.{role}" for group in ("title", "lead", "text") for role in ROLES]
    rules += [f"count.{name}" for name in LOOSE_FEATURES]
    rules += [f"sense.{reason}" for reason in get_args(Reason) if reason not in ("ours", "no_cue", "other_province")]
    rules += ["rule.only_in_passing", *PAIRS, *ORDERED]
    assert [rule for rule in rules if say_rule(rule) == rule] == []
