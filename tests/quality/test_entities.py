"""Names may not be found worse than the floors in `floors.json`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nlp.entities.tagger import EntityTagger
from nlp.evaluation.entities import heldout, phoner_places

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def floors() -> dict[str, float]:
    read: dict[str, float] = json.loads((HERE / "floors.json").read_text(encoding="utf-8"))
    return read


@pytest.fixture(scope="module")
def tagger() -> EntityTagger:
    return EntityTagger.load()


@pytest.mark.outside
def test_held_out_sentences(eval_dir: Path, tagger: EntityTagger, floors: dict[str, float]) -> None:
    scores, misses = heldout(tagger, eval_dir)
    for kind, score in scores.items():
        assert score.f1 >= floors[f"entities.{kind}_f1"], (kind, score, misses)


@pytest.mark.outside
def test_places_of_phoner(eval_dir: Path, tagger: EntityTagger, floors: dict[str, float]) -> None:
    scores = phoner_places(tagger, eval_dir)
    assert scores["exact"].f1 >= floors["entities.phoner_exact_f1"]
    assert scores["overlap"].f1 >= floors["entities.phoner_overlap_f1"]
