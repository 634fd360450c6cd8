"""Paragraphs, sentences, words."""

from __future__ import annotations

import logging

import pytest

from nlp.segmentation import WordSegmenter, paragraphs, sentences


@pytest.fixture(scope="module")
def segmenter() -> WordSegmenter:
    return WordSegmenter.load()


def test_paragraphs_are_the_lines_that_hold_something() -> None:
    text = "Một.\n\n  \nHai ba."
    assert [text[start:end] for start, end in paragraphs(text)] == ["Một.", "Hai ba."]


def test_a_line_end_ends_a_sentence_even_without_a_full_stop() -> None:
    assert sentences("Chủ tịch UBND tỉnh phát biểu\nCác đại biểu vỗ tay. Hội nghị kết thúc.") == [
        "Chủ tịch UBND tỉnh phát biểu", "Các đại biểu vỗ tay.", "Hội nghị kết thúc.",
    ]  # fmt: skip


def test_abbreviations_end_no_sentence() -> None:
    assert sentences("Ông sống ở TP. Thái Nguyên. Ông 34 tuổi.") == ["Ông sống ở TP. Thái Nguyên.", "Ông 34 tuổi."]


def test_compounds_are_one_word(segmenter: WordSegmenter) -> None:
    words = segmenter.words("Xã tập trung giải phóng mặt bằng cho dự án.")
    assert words == ["Xã", "tập trung", "giải phóng", "mặt bằng", "cho", "dự án", "."]


def test_calls_do_not_depend_on_those_before(segmenter: WordSegmenter) -> None:
    sentence = "Ủy ban nhân dân tỉnh Thái Nguyên họp báo."
    before = segmenter.words(sentence)
    segmenter.words("Sông Công, Phổ Yên và Đại Từ có mưa to.")
    assert segmenter.words(sentence) == before


def test_loading_leaves_logging_as_it_was() -> None:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    WordSegmenter.load()
    assert root.handlers == handlers
    assert root.level == level
