"""Text in fonts of before Unicode, and text that only looks a little like it."""

from __future__ import annotations

import unicodedata

import pytest

from nlp.legacy import detect, to_unicode

PLAIN = "Thái Nguyên họp giao ban báo chí tháng 11, xử lý thông tin phản ánh."
TCVN3 = "Th¸i Nguyªn häp giao ban b¸o chÝ th¸ng 11, xö lý th«ng tin ph¶n ¸nh."
VNI = "Thaùi Nguyeân hoïp giao ban baùo chí thaùng 11, xöû lyù thoâng tin phaûn aùnh."


@pytest.mark.parametrize(("legacy", "name"), [(TCVN3, "tcvn3"), (VNI, "vni")])
def test_legacy_text_is_detected_and_converted(legacy: str, name: str) -> None:
    assert detect(legacy) == name
    assert to_unicode(legacy) == PLAIN


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        unicodedata.normalize("NFD", PLAIN),
        "Thái Bình, Hà Nam",  # good Unicode whose letters are all Latin-1
        "Où est l'été à Besançon, café crème, naïve façade?",
        "Köln: Größe für Straße schön, Müller",
        "Ðà Nẵng",
        "plain ASCII",
        "",
        "😀 \ud800",
    ],
)
def test_other_text_is_left_alone(text: str) -> None:
    assert to_unicode(text) == text
