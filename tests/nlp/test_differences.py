"""Differences that people can read, and the judgement whether a newspaper changed what it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.differences import Hunk, compare, differences, likeness
from nlp.text import normalise

BEFORE = "Mưa lớn gây ngập tại phường Phan Đình Phùng.\nBa người bị thương, hai nhà sập.\nNước đang rút."


def test_a_changed_word_stands_between_what_stayed() -> None:
    assert differences("Ba người bị thương.", "Năm người bị thương nặng.") == [
        Hunk("removed", "Ba"),
        Hunk("added", "Năm"),
        Hunk("same", " người bị thương"),
        Hunk("added", " nặng"),
        Hunk("same", "."),
    ]


def test_a_rewritten_sentence_reads_as_one_change_not_as_confetti() -> None:
    hunks = differences("Tỉnh họp sáng nay.", "Bộ trưởng thăm vùng lũ.")
    assert [hunk.kind for hunk in hunks] == ["removed", "added", "same"]


def test_a_paragraph_put_in_leaves_the_others_alone() -> None:
    hunks = differences(BEFORE, BEFORE.replace("Nước", "Một cầu bị cuốn trôi.\nNước"))
    assert [hunk.kind for hunk in hunks] == ["same", "added", "same"]
    assert hunks[1].text.strip() == "Một cầu bị cuốn trôi."


@given(st.text(max_size=200), st.text(max_size=200))
def test_both_texts_can_be_read_out_of_the_differences(older: str, newer: str) -> None:
    hunks = differences(older, newer)
    assert "".join(h.text for h in hunks if h.kind != "added") == normalise(older)
    assert "".join(h.text for h in hunks if h.kind != "removed") == normalise(newer)


@pytest.mark.parametrize(
    "after",
    [
        BEFORE.replace("\n", "\n\n  "),
        BEFORE.replace("thương,", "thương , "),
        BEFORE + "\n1.234 lượt xem",
        BEFORE + "\nBình luận (12)",
        BEFORE + "\nCập nhật lúc 10:30, 22/11/2026",
        "Chủ nhật, 22/11/2026 | 10:30 GMT+7\n" + BEFORE,
        BEFORE + "\nQuảng cáo",
        BEFORE + "\nXem thêm: Lũ trên sông Cầu lên nhanh",
        BEFORE.replace("Phùng", "Phu\u0300ng"),
    ],
)
def test_furniture_spaces_and_spelling_of_marks_are_no_change(after: str) -> None:
    assert not compare(("Ngập ở Thái Nguyên", BEFORE), ("Ngập ở  Thái Nguyên", after)).changed


@pytest.mark.parametrize(
    ("after", "added", "removed"),
    [
        (BEFORE.replace("Ba người", "Năm người"), 1, 1),
        (BEFORE.replace("Nước đang rút.", ""), 0, 3),
        (BEFORE + "\nXem thêm nhiều người vẫn mắc kẹt, lực lượng cứu hộ đang tiếp cận " + "từng nhà dân " * 20, 74, 0),
        (BEFORE.replace("Đình Phùng", "đình Phùng"), 1, 1),
    ],
)
def test_what_the_newspaper_says_differently_is_counted_in_words(after: str, added: int, removed: int) -> None:
    seen = compare(("Ngập", BEFORE), ("Ngập", after))
    assert (seen.title_changed, seen.text_changed) == (False, True)
    assert (seen.words_added, seen.words_removed) == (added, removed)


def test_a_new_headline_is_a_change() -> None:
    assert compare(("Ngập nặng", BEFORE), ("Ngập rất nặng", BEFORE)).title_changed


def test_likeness_tells_the_same_article_from_another() -> None:
    assert likeness(BEFORE, BEFORE.replace("Ba", "Năm")) > 0.8
    assert likeness(BEFORE, "Bài viết không tồn tại hoặc đã bị xoá") == 0.0
    assert likeness(BEFORE, "") == 0.0
