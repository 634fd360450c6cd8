"""`diembao evaluate` and `diembao train` as a person meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from diembao.cli import app
from diembao.errors import WrongUse
from nlp.evaluation.floors import DIGESTS_FILE, FLOORS_FILE, gold_digests

QUALITY = Path(__file__).parents[1] / "quality"


@pytest.fixture
def quality(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The gold of the repository under floors of the test's own; nothing outside at hand."""
    monkeypatch.delenv("DIEMBAO_EVAL_DIR", raising=False)
    for name in ("stance_topics.jsonl", "relevance_examples.csv"):
        (tmp_path / name).write_bytes((QUALITY / name).read_bytes())
    (tmp_path / FLOORS_FILE).write_text(json.dumps({"topics.examples_right": 1}), encoding="utf-8")
    (tmp_path / DIGESTS_FILE).write_text(json.dumps(gold_digests(tmp_path)), encoding="utf-8")
    return tmp_path


def test_evaluate_scores_our_own_examples_and_says_what_it_leaves_out(quality: Path) -> None:
    done = CliRunner().invoke(app, ["evaluate", "--quality", str(quality)])
    assert done.exit_code == 0, done.output
    assert "topics.examples_right" in done.stdout
    assert "DIEMBAO_EVAL_DIR is not set" in done.stderr
    assert "cross-validated" not in done.stdout


def test_evaluate_fails_below_a_floor_and_tells_which(quality: Path) -> None:
    (quality / FLOORS_FILE).write_text(json.dumps({"topics.examples_right": 41}), encoding="utf-8")
    done = CliRunner().invoke(app, ["evaluate", "--quality", str(quality), "--json"])
    assert done.exit_code == 1
    assert json.loads(done.stdout)["below"] == ["topics.examples_right"]


def test_evaluate_raises_floors(quality: Path) -> None:
    done = CliRunner().invoke(app, ["evaluate", "--quality", str(quality), "--raise-floors"])
    assert done.exit_code == 0, done.output
    assert json.loads((quality / FLOORS_FILE).read_text(encoding="utf-8"))["topics.examples_right"] > 1


def test_wrong_use_is_said_in_one_line(quality: Path, tmp_path: Path) -> None:
    for arguments, words in (
        (["evaluate", "weather", "--quality", str(quality)], "no such section: weather"),
        (["evaluate", "--quality", str(tmp_path / "nowhere")], "no floors.json"),
        (["train"], "DIEMBAO_EVAL_DIR is not set"),
    ):
        done = CliRunner().invoke(app, arguments)
        assert isinstance(done.exception, WrongUse), done.output
        assert words in str(done.exception)
