"""The language of a text, without any download."""

from __future__ import annotations

import unicodedata

import pytest

from nlp.language import LanguageIdentifier


@pytest.fixture(scope="module")
def languages() -> LanguageIdentifier:
    return LanguageIdentifier.load()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Chủ tịch UBND tỉnh Thái Nguyên kiểm tra công tác phòng chống lụt bão tại phường Phan Đình Phùng", "vi"),
        (unicodedata.normalize("NFD", "Chủ tịch UBND tỉnh kiểm tra công tác phòng chống lụt bão"), "vi"),
        ("THÁI NGUYÊN: KHỞI TỐ VỤ ÁN KHAI THÁC KHOÁNG SẢN TRÁI PHÉP", "vi"),
        ("Tinh Thai Nguyen cong bo ket qua ky thi tuyen sinh lop 10", "vi"),
        ("The provincial government said on Monday that the new bridge would open next year.", "en"),
        ("Le gouvernement a annoncé lundi l'ouverture du nouveau pont.", "fr"),
        ("", ""),
        ("123 😀 …", ""),
    ],
)
def test_language(languages: LanguageIdentifier, text: str, language: str) -> None:
    assert languages.identify(text) == language


def test_only_the_beginning_is_read(languages: LanguageIdentifier) -> None:
    english = "The provincial government said on Monday that the bridge would open. " * 10
    assert languages.identify(english + "Chủ tịch tỉnh đã tới dự lễ khánh thành. " * 1000) == "en"
