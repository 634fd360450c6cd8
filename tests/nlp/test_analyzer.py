"""The whole room on whole documents, good and bad."""

from __future__ import annotations

import unicodedata

import pytest

from nlp.analyzer import Analyzer
from nlp.records import Analysis, Document

TITLE = "Công an Thái Nguyên bắt nhóm trộm cắp"
TEXT = (
    "Ngày 5/3, Công an tỉnh Thái Nguyên cho biết đã tạm giữ ba người trộm xe máy ở phường Quan Triều.\n"
    "Theo ông Nguyễn Văn Bình, Phó Giám đốc Công an tỉnh, nhóm này gây ra hàng chục vụ tại xã Phú Bình."
)


def test_a_relevant_article_gets_everything(analyzer: Analyzer) -> None:
    analysis = analyzer.analyze(Document("x", TITLE, TEXT))
    assert analysis.relevance == "relevant"
    assert analysis.topics
    assert analysis.topics[0].slug == "phap-luat-an-ninh-trat-tu"
    assert analysis.stance is not None
    assert [place.surface for place in analysis.places] == ["Quan Triều", "Phú Bình"]
    assert any(entity.type == "person" and "Nguyễn Văn Bình" in entity.text for entity in analysis.entities)
    assert analysis.language == "vi"
    assert set(analysis.versions) == {"relevance", "topics", "stance", "places", "entities"}


def test_gate_and_tag_in_two_steps_say_the_same_as_in_one(analyzer: Analyzer) -> None:
    document = Document("x", TITLE, TEXT)
    assert analyzer.tag(document, analyzer.gate(document)) == analyzer.analyze(document)


def test_a_marginal_article_has_no_stance(analyzer: Analyzer) -> None:
    document = Document(
        "x", "Rét đậm ở miền Bắc", "Dự báo các tỉnh Lạng Sơn, Cao Bằng, Thái Nguyên, Lào Cai có rét đậm, rét hại."
    )
    analysis = analyzer.analyze(document)
    assert (analysis.relevance, analysis.stance, analysis.needs_response) == ("marginal", None, False)


def test_an_irrelevant_article_gets_nothing_more(analyzer: Analyzer) -> None:
    analysis = analyzer.analyze(Document("x", "Cảng Hải Phòng", "Tàu mới cập cảng Hải Phòng, ông Trần Văn An nói."))
    assert analysis == Analysis("irrelevant", analysis.relevance_score, language="vi", versions=analysis.versions)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: unicodedata.normalize("NFD", text),
        lambda text: text.replace("Thái Nguyên", "Thái\u00a0Nguyên"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("Ng", "N\u200bg"),
        str.upper,
    ],
    ids=["decomposed", "no-break spaces", "carriage returns", "zero-width", "capitals"],
)
def test_dirty_text_is_judged_like_clean_text(analyzer: Analyzer, change: object) -> None:
    assert callable(change)
    clean = analyzer.analyze(Document("x", TITLE, TEXT))
    dirty = analyzer.analyze(Document("x", change(TITLE), change(TEXT)))
    assert dirty.relevance == clean.relevance
    assert {place.name for place in dirty.places} == {place.name for place in clean.places}


def test_text_without_accents_is_understood(analyzer: Analyzer) -> None:
    document = Document("x", "Thai Nguyen khoi cong cau", "UBND tinh Thai Nguyen khoi cong cau o phuong Quan Trieu.")
    analysis = analyzer.analyze(document)
    assert (analysis.relevance, analysis.language) == ("relevant", "vi")
    assert [place.surface for place in analysis.places] == ["Quan Trieu"]


def test_legacy_fonts_are_understood(analyzer: Analyzer) -> None:
    document = Document("x", "", "Th¸i Nguyªn häp giao ban b¸o chÝ th¸ng 11, xö lý th«ng tin ph¶n ¸nh.")
    analysis = analyzer.analyze(document)
    assert (analysis.relevance, analysis.language) == ("relevant", "vi")


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "\n\n", "😀" * 50, "\ud800", "\x00\x01", "Thái Nguyên", "a" * 10_000, "(" * 5_000,
        "Thái Nguyên, " * 2_000,
    ],
    ids=["empty", "space", "lines", "emoji", "surrogate", "controls", "name", "letters", "brackets", "names"],
)  # fmt: skip
def test_no_text_is_too_strange(analyzer: Analyzer, text: str) -> None:
    assert analyzer.analyze(Document("x", "", text)).relevance in ("relevant", "marginal", "irrelevant")
    assert analyzer.analyze(Document("x", text, "")).relevance in ("relevant", "marginal", "irrelevant")


def test_english_about_the_province_is_told_apart_by_language(analyzer: Analyzer) -> None:
    text = "Police in Thai Nguyen province said on Monday that they had arrested three men over the thefts."
    analysis = analyzer.analyze(Document("x", "Three held in Thai Nguyen", text))
    assert analysis.language == "en"
    assert analysis.relevance != "irrelevant"
