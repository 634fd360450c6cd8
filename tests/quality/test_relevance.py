"""Relevance and places may not get worse than the floors in `floors.json`.

On the development part by ten-fold cross-validation that keeps stories together, on articles known not to be
ours, and on the example sentences beside this file, which are our own.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from nlp.analyzer import Analyzer
from nlp.gazetteer.catalogue import Catalogue
from nlp.places import PlaceFinder
from nlp.prepared import Preparer
from nlp.records import Document

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def floors() -> dict[str, float]:
    read: dict[str, float] = json.loads((HERE / "floors.json").read_text(encoding="utf-8"))
    return read


@pytest.fixture(scope="module")
def preparer() -> Preparer:
    return Preparer(Catalogue.load())


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer.load()


def test_our_own_examples(analyzer: Analyzer, floors: dict[str, float]) -> None:
    with (HERE / "relevance_examples.csv").open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["label"] != "marginal"]
    wrong = [row["id"] for row in rows if analyzer.gate(Document(row["id"], "", row["text"])).relevance != row["label"]]
    assert len(rows) - len(wrong) >= floors["relevance.examples_right"], wrong


@pytest.mark.outside
def test_relevance_of_the_development_part(eval_dir: Path, preparer: Preparer, floors: dict[str, float]) -> None:
    pytest.importorskip("sklearn", reason="cross-validation needs the extra diembao[train]")
    from nlp.evaluation.relevance import cross_validated, report
    from nlp.training.material import DEV, gather

    rows = gather(eval_dir)
    found = report([row for row in rows if row.origin == DEV], cross_validated(rows, preparer))
    assert found.three.of("relevant").f1 >= floors["relevance.relevant_f1"], found.worst
    assert found.clear.of("relevant").f1 >= floors["relevance.relevant_f1_clear"], found.worst
    assert found.three.macro_f1 >= floors["relevance.macro_f1"], found.worst


@pytest.mark.outside
def test_false_alarms(eval_dir: Path, analyzer: Analyzer, floors: dict[str, float]) -> None:
    pytest.importorskip("sklearn", reason="the evaluation is part of the extra diembao[train]")
    from nlp.evaluation.relevance import false_alarms, negatives

    for kind, documents in negatives(eval_dir).items():
        alarms = false_alarms(analyzer, documents)
        assert len(alarms) <= floors[f"relevance.false_alarms_{kind}_at_most"], alarms


@pytest.mark.outside
def test_places_of_the_development_part(eval_dir: Path, preparer: Preparer, floors: dict[str, float]) -> None:
    from nlp.evaluation.places import place_scores
    from nlp.training.material import read_dev

    scores = place_scores(read_dev(eval_dir), preparer, PlaceFinder())
    assert scores.f1 >= floors["places.f1"], (scores.missed, scores.invented)
