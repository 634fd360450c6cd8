"""Counting, grouping of stories, and floors that move only one way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nlp.evaluation.floors import DIGESTS_FILE, FLOORS_FILE, changed_gold, gold_digests, holds, move_floors, read_floors
from nlp.evaluation.metrics import calibration_error, reliability, score
from nlp.evaluation.stories import story_numbers
from nlp.records import Document


def test_scores_by_class_and_over_classes() -> None:
    scores = score(["a", "a", "b", "b"], ["a", "b", "b", "b"])
    assert scores.of("a").precision == 1.0 and scores.of("a").recall == 0.5
    assert scores.of("b").precision == pytest.approx(2 / 3)
    assert scores.accuracy == 0.75
    assert scores.macro_f1 == pytest.approx((2 / 3 + 0.8) / 2)
    assert scores.confusion["a", "b"] == 1
    with pytest.raises(KeyError):
        scores.of("c")
    with pytest.raises(ValueError, match="zip"):
        score(["a"], [])


def test_scores_that_mean_what_they_say_have_no_calibration_error() -> None:
    honest = reliability([0.25] * 4 + [1.0], [True, False, False, False, True])
    assert calibration_error(honest) == pytest.approx(0.0)
    boastful = reliability([0.95] * 10, [True] * 5 + [False] * 5)
    assert calibration_error(boastful) == pytest.approx(0.45)
    assert calibration_error(()) == 0.0


def test_copies_and_follow_ups_are_one_story_and_strangers_are_not() -> None:
    told = "Xe tải chở gỗ keo lật trên đèo Khau Vai lúc rạng sáng, tài xế Lò Văn Tám bị thương ở chân phải"
    documents = [
        Document("1", "Lật xe tải trên đèo Khau Vai", told, date="2026-03-01"),
        Document("2", "Xe chở gỗ lật trên đèo", f"{told}. Công an xã có mặt ngay sau đó.", date="2026-03-02"),
        Document("3", "Giá chè vụ xuân tăng", "Hộ trồng chè phấn khởi vì thương lái trả giá cao.", date="2026-03-01"),
        Document("4", "Khai giảng năm học mới", "Học sinh tiểu học tựu trường trong tiếng trống.", date="2026-09-05"),
    ]
    numbers = story_numbers(documents)
    assert numbers[0] == numbers[1]
    assert len(set(numbers)) == 3
    assert story_numbers([]) == []


@pytest.fixture
def quality(tmp_path: Path) -> Path:
    (tmp_path / "gold.jsonl").write_text("{}\n", encoding="utf-8")
    (tmp_path / FLOORS_FILE).write_text(json.dumps({"f1": 0.8, "alarms_at_most": 3}), encoding="utf-8")
    (tmp_path / DIGESTS_FILE).write_text(json.dumps(gold_digests(tmp_path)), encoding="utf-8")
    return tmp_path


def test_floors_rise_and_ceilings_sink_by_themselves(quality: Path) -> None:
    moved = move_floors(quality, {"f1": 0.9, "alarms_at_most": 1, "new": 0.5}, lower=False)
    assert {one.name for one in moved} == {"f1", "alarms_at_most", "new"}
    assert read_floors(quality) == {"f1": 0.88, "alarms_at_most": 1, "new": 0.48}


def test_a_worse_measure_moves_nothing_until_told_to(quality: Path) -> None:
    worse = {"f1": 0.7, "alarms_at_most": 9}
    assert not holds("f1", 0.7, 0.8) and not holds("alarms_at_most", 9, 3)
    assert move_floors(quality, worse, lower=False) == []
    assert read_floors(quality)["f1"] == 0.8
    move_floors(quality, worse, lower=True)
    assert read_floors(quality) == {"f1": pytest.approx(0.68), "alarms_at_most": 9}


def test_other_gold_is_noticed_and_taken_over_only_when_told_to(quality: Path) -> None:
    assert changed_gold(quality) == []
    (quality / "gold.jsonl").write_text('{"easier": true}\n', encoding="utf-8")
    assert changed_gold(quality) == ["gold.jsonl"]
    with pytest.raises(ValueError, match=r"gold\.jsonl"):
        move_floors(quality, {"f1": 0.99}, lower=False)
    move_floors(quality, {"f1": 0.99}, lower=True)
    assert changed_gold(quality) == []
