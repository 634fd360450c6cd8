"""What can be a Vietnamese syllable, and what a slip of the fingers may have been meant to be."""

from __future__ import annotations

import pytest

from nlp.spelling import is_syllable, near, untelexed
from nlp.text import fold, match_form


@pytest.mark.parametrize(
    "text",
    [
        "Thái Nguyên, thành phố gang thép", "quyết định giải quyết khiếu nại", "nghiêng ngả ngoằn ngoèo khuya khoắt",
        "yêu cầu y tế kiểm dịch", "giếng nước gìn giữ giẫm giục", "quần quật quýt quặng", "khuỷu tay huỳnh quang",
        "xoong boong lắc đắc", "thuở xưa ươm tơ uống rượu",
    ],
)  # fmt: skip
def test_words_of_every_kind_are_syllables(text: str) -> None:
    for word in match_form(text).replace(",", "").split():
        assert is_syllable(word) and near(word, 12) == [], word


@pytest.mark.parametrize(
    "word", ["ngyên", "bnh", "samsung", "covid", "tisco", "kóa", "cia", "ngia", "gha", "thainguyen"]
)
def test_what_cannot_be_spoken_is_none(word: str) -> None:
    assert not is_syllable(word)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ngyên", "nguyên"), ("nguyne", "nguyen"), ("nguyenn", "nguyen"), ("thsi", "thi"), ("bnh", "binh"),
        ("thainguyen", "thai nguyen"), ("sôngcầu", "sông cầu"),
    ],
)  # fmt: skip
def test_one_slip_is_found_with_the_accents_as_typed(typed: str, meant: str) -> None:
    assert meant in [" ".join(words) for words in near(typed, 30)]


@pytest.mark.parametrize(
    ("keys", "word"),
    [
        ("thais", "thái"), ("thasi", "thái"), ("nguyeenx", "nguyễn"), ("nguyênx", "nguyễn"), ("dduwowngf", "đường"),
        ("trươngf", "trường"), ("lux", "lũ"), ("hoaf", "hòa"), ("thuyr", "thủy"), ("quys", "quý"), ("giaos", "giáo"),
        ("muaf", "mùa"), ("chinhs", "chính"), ("ddawngs", "đắng"),
        ("samsung", ""), ("covid", ""), ("tháif", ""), ("w", "ư"), ("", ""),
    ],
)  # fmt: skip
def test_keys_that_no_input_method_took_are_read(keys: str, word: str) -> None:
    assert untelexed(keys) == word


@pytest.mark.parametrize("word", ["", "x", "1234", "a1b", "x" * 500, "z" * 24, "\u0301\u0301", "ßßß", "中国人"])
def test_what_is_no_word_has_few_readings_or_none(word: str) -> None:
    assert len(near(word, 12)) <= 12


def test_readings_are_different_and_no_more_than_asked_for() -> None:
    readings = near("lux", 5)
    assert len(readings) == 5 and readings[0] == ("lũ",)
    assert len({fold(" ".join(one)) for one in near("lux", 99)}) == len(near("lux", 99))
