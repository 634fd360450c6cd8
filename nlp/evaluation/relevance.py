"""How well relevance is told, on labelled articles and on articles known not to be ours."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nlp.analyzer import Analyzer
from nlp.evaluation.metrics import Bin, Scores, reliability, score
from nlp.prepared import Preparer
from nlp.records import Document
from nlp.relevance import Judgement
from nlp.training.material import Labelled, document_of
from nlp.training.relevance import examples, held_out

_NEVER_ASKED = Judgement("irrelevant", 0.0, ())


@dataclass(frozen=True, slots=True)
class Mistake:
    id: str
    gold: str
    said: str
    score: float
    clear: bool


@dataclass(frozen=True, slots=True)
class RelevanceReport:
    """three: over all rows; clear: over the rows where readers were sure; worst: surest mistakes first."""

    three: Scores
    clear: Scores
    calibration: tuple[Bin, ...]
    worst: tuple[Mistake, ...]


def cross_validated(rows: Sequence[Labelled], preparer: Preparer) -> dict[str, Judgement]:
    """For each labelled row, by its id, the judgement of a model that never saw its story."""
    asked = [row for row in rows if row.relevance]
    material = examples(asked, preparer)
    said = {row.document.id: _NEVER_ASKED for row in asked}
    for row, prepared, model in zip(material.labels, material.prepared, held_out(material), strict=True):
        said[row.document.id] = model.judge(prepared)
    return said


def report(rows: Iterable[Labelled], said: Mapping[str, Judgement]) -> RelevanceReport:
    """Scores of the judgements over the rows a reader judged."""
    asked = [(row, row.relevance, said[row.document.id]) for row in rows if row.relevance]
    sure = [(gold, judged) for row, gold, judged in asked if row.clear]
    mistakes = [
        Mistake(row.document.id, gold, judged.relevance, judged.score, row.clear)
        for row, gold, judged in asked
        if gold != judged.relevance
    ]
    return RelevanceReport(
        score([gold for _, gold, _ in asked], [judged.relevance for _, _, judged in asked]),
        score([gold for gold, _ in sure], [judged.relevance for _, judged in sure]),
        reliability([judged.score for _, _, judged in asked], [gold == "relevant" for _, gold, _ in asked]),
        tuple(sorted(mistakes, key=lambda one: (not one.clear, -abs(one.score - 0.5)))),
    )


def negatives(eval_dir: Path) -> dict[str, list[Document]]:
    """Articles that are not about the province, "random" and "hard". Raises FileNotFoundError."""
    listed = json.loads((eval_dir / "eval/dev_negatives.json").read_text(encoding="utf-8"))
    kinds = {row_id: name.removesuffix("_negatives") for name, ids in listed.items() for row_id in ids}
    found: dict[str, list[Document]] = {name.removesuffix("_negatives"): [] for name in listed}
    with gzip.open(eval_dir / "corpora/pool.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["id"] in kinds:
                found[kinds[row["id"]]].append(document_of(row))
    return found


def false_alarms(analyzer: Analyzer, documents: Iterable[Document]) -> list[str]:
    """Ids of the documents that are not ours but were not called irrelevant."""
    return [document.id for document in documents if analyzer.gate(document).relevance != "irrelevant"]
