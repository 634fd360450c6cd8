"""Topics and stance may not get worse than the floors in `floors.json`, nor may the gold change unnoticed.

The shipped models have seen the development part, so there they are not asked: models trained by
cross-validation on the other stories are. Only our own examples are put to the shipped models.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from nlp.evaluation.board import OUTSIDE, Material, stance_and_topic_examples
from nlp.evaluation.floors import changed_gold, holds, read_floors
from nlp.measured import AT_LEAST

HERE = Path(__file__).parent


def test_the_gold_is_what_the_floors_were_set_on() -> None:
    assert changed_gold(HERE) == [], "say `diembao evaluate --lower-floors` to take new gold over"


def test_what_reports_say_of_the_machine_is_what_is_held() -> None:
    floors = read_floors(HERE)
    assert {name: floors[name] for name in AT_LEAST} == dict(AT_LEAST)


def test_examples_of_topics_and_stance() -> None:
    right, count, misses = stance_and_topic_examples(HERE, Material(HERE, None).analyzer)
    floors = read_floors(HERE)
    assert count == 40
    for name, value in right.items():
        assert value >= floors[f"{name}.examples_right"], misses


@pytest.mark.outside
@pytest.mark.timeout(600)
def test_topics_and_stance_of_the_development_part(eval_dir: Path) -> None:
    pytest.importorskip("sklearn", reason="cross-validation needs the extra diembao[train]")
    material, floors = Material(HERE, eval_dir), read_floors(HERE)
    for section in (OUTSIDE["topics"](material), OUTSIDE["stance"](material)):
        for name, value in section.measures.items():
            assert holds(name, value, floors[name]), (name, value, section.lines)
