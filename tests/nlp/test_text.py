"""Normalising, comparing and folding Vietnamese."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.text import fold, match_form, normalise, tokens, unite_tones

VIETNAMESE = "Đồng Hỷ, Đại Từ và Định Hóa đều thuộc tỉnh Thái Nguyên"


def test_decomposed_text_becomes_composed() -> None:
    assert normalise(unicodedata.normalize("NFD", VIETNAMESE)) == VIETNAMESE


@pytest.mark.parametrize("letter", ["\u00d0", "\u0189"])
def test_lookalikes_of_dje_are_mended(letter: str) -> None:
    assert normalise(f"{letter}ại Từ") == "Đại Từ"


@pytest.mark.parametrize("letter", ["\u00f0", "\u0256"])
def test_lookalikes_of_small_dje_are_mended(letter: str) -> None:
    assert normalise(f"{letter}ường") == "đường"


def test_invisible_characters_go_and_odd_spaces_become_spaces() -> None:
    assert normalise("Thái\u00a0Ngu\u200byên\ufeff \u202aPhổ\u2009Yên\u00ad") == "Thái Nguyên Phổ Yên"


def test_every_line_end_becomes_one_newline() -> None:
    assert normalise("a\r\nb\rc\u2028d\u2029e\u0085f\ng") == "a\nb\nc\nd\ne\nf\ng"


def test_control_characters_go_but_tabs_and_newlines_stay() -> None:
    assert normalise("a\x00b\x1b[31m\tc\nd\x9f") == "ab[31m\tc\nd"


def test_a_lone_surrogate_is_replaced_so_that_the_text_can_be_written() -> None:
    assert normalise("Thái \ud800 Nguyên").encode() == "Thái \ufffd Nguyên".encode()


def test_tone_marks_stay_where_the_writer_put_them() -> None:
    assert normalise("Định Hoá") == "Định Hoá"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("hoà", "hòa"), ("Định Hoá", "Định Hóa"), ("Điềm Thuỵ", "Điềm Thụy"), ("khoẻ", "khỏe"), ("thuý", "thúy"),
        ("HOÀ", "HÒA"), ("qúy", "quý"), ("qùa", "quà"), ("Qủa", "Quả"),
    ],
)  # fmt: skip
def test_tone_placement_is_united(old: str, new: str) -> None:
    assert unite_tones(old) == new


@pytest.mark.parametrize("word", ["hoàn", "toán", "quý", "quà", "thuở", "thuế", "khoảng", "chuyển", "quỹ", "ngoài"])
def test_syllables_that_do_not_end_there_keep_their_tone(word: str) -> None:
    assert unite_tones(word) == word


def test_folding_drops_marks_and_keeps_case() -> None:
    assert fold(VIETNAMESE) == "Dong Hy, Dai Tu va Dinh Hoa deu thuoc tinh Thai Nguyen"


def test_tokens_are_runs_of_letters_or_digits() -> None:
    assert tokens("TP.HCM, 711,6 nghìn_tỷ!") == ["TP", "HCM", "711", "6", "nghìn", "tỷ"]


any_text = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("ăâđêôơưĂÂĐÊÔƠƯáàảãạ\u0300\u0301\u0303\u0309\u0323\u00d0\u200b\r\n\u00adİqQuUoOaAyYúýàÀ"),
    ),
    max_size=60,
)


@given(any_text)
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@given(any_text)
def test_forms_for_comparing_keep_offsets(text: str) -> None:
    shown = normalise(text)
    assert len(match_form(shown)) == len(shown) == len(fold(shown)) == len(fold(match_form(shown)))


@given(any_text)
def test_normal_text_can_be_stored_anywhere(text: str) -> None:
    shown = normalise(text)
    shown.encode()
    assert unicodedata.is_normalized("NFC", shown)
    assert not any(unicodedata.category(character) == "Cc" and character not in "\t\n" for character in shown)
