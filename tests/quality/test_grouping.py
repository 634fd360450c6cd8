"""Floors of grouping, on texts outside the repository. `bench/grouping.py` prints the numbers themselves."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nlp.evaluation import grouping
from nlp.stories.printing import PrintingReader

pytestmark = pytest.mark.outside

FLOORS = {
    "5 % edits": 0.99,
    "10 % edits": 0.98,
    "20 % edits": 0.90,
    "cut to half": 0.90,
    "new headline": 0.98,
    "added credit": 0.98,
}
# Of the pairs with an item of the pool these were read: true copies, or one headline on one event.
COPIES_IN_THE_POOL = 7


@pytest.fixture(scope="module")
def reader() -> PrintingReader:
    return PrintingReader.load()


def changes() -> dict[str, Callable[..., tuple[str, str]]]:
    path = Path(__file__).parents[2] / "bench/reprint_edits.py"
    spec = importlib.util.spec_from_file_location("reprint_edits", path)
    assert spec is not None and spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return dict(module.CHANGES)


def test_copies_are_found_by_title_and_summary_alone(eval_dir: Path, reader: PrintingReader) -> None:
    pairs, doubtful = grouping.reprint_groups(eval_dir, reader)
    assert pairs.recall >= 0.95
    assert (pairs.right + COPIES_IN_THE_POOL) / pairs.found >= 0.98
    assert len(doubtful) <= COPIES_IN_THE_POOL + 4


@pytest.mark.parametrize("name", FLOORS)
def test_changed_texts_are_found_and_nothing_else(eval_dir: Path, reader: PrintingReader, name: str) -> None:
    pairs = grouping.changed_texts(eval_dir, reader, changes()[name])
    assert pairs.recall >= FLOORS[name]
    assert pairs.precision >= 0.99


@pytest.mark.parametrize("period", grouping.FORTNIGHTS)
def test_stories_agree_with_readers(eval_dir: Path, reader: PrintingReader, period: str) -> None:
    assert grouping.stories(eval_dir, reader, period).bcubed.f1 >= {"2025-10": 0.87, "2026-02": 0.91}[period]


def test_undated_rows_are_told_as_one_story_only_when_nearly_one_report(eval_dir: Path, reader: PrintingReader) -> None:
    pairs, _ = grouping.undated_stories(eval_dir, reader)
    assert pairs.recall >= 0.97
    # Of 25 read of the 49 pairs that count as wrong, 23 were reports of one event.
    assert pairs.precision >= 0.86
