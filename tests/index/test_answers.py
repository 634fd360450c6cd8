"""Answers that are kept: given again while there is room for them."""

from __future__ import annotations

import pytest

from diembao.index.answers import Answers


def test_a_question_is_asked_once_and_a_failure_is_not_kept() -> None:
    answers, asked = Answers(100), []

    def find() -> str:
        asked.append(1)
        if len(asked) == 1:
            raise ValueError("the engine is away")
        return "found"

    with pytest.raises(ValueError, match="away"):
        answers.of("q", find, len)
    assert [answers.of("q", find, len) for _ in range(3)] == ["found"] * 3
    assert len(asked) == 2


def test_what_was_asked_for_least_recently_makes_room_and_what_is_too_heavy_is_not_kept() -> None:
    answers = Answers(10)
    found: list[str] = []

    def ask(question: str, weight: int = 4) -> None:
        answers.of(question, lambda: found.append(question), lambda _: weight)

    for question in ("a", "b", "a", "c", "a", "b"):
        ask(question)
    assert found == ["a", "b", "c", "b"]  # c took the place of b, not of a
    ask("large", 11)
    ask("large", 11)
    ask("a")
    assert found == ["a", "b", "c", "b", "large", "large"]
