"""How well topics are told: the main topic, or a second one that a reader would accept as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nlp.evaluation.metrics import Bin, Scores, reliability, score
from nlp.topics import NONE, choose
from nlp.training.material import Labelled


@dataclass(frozen=True, slots=True)
class TopicMistake:
    """An article whose main topic no reader named; surest first in a report."""

    id: str
    gold: str
    second: str
    said: str
    score: float


@dataclass(frozen=True, slots=True)
class TopicReport:
    """main: the main topic alone, "none" included as a class. main_or_second: share of rows where the main
    topic said is one of the reader's two. calibration: of the main topic said."""

    rows: int
    main: Scores
    main_or_second: float
    calibration: tuple[Bin, ...]
    worst: tuple[TopicMistake, ...]


def report(rows: Sequence[Labelled], said: Mapping[str, Mapping[str, float]]) -> TopicReport:
    """Scores over the rows with a topic; `said` holds probabilities by document id."""
    asked = [(row, row.topic, said[row.document.id]) for row in rows if row.topic is not None]
    answers = [_main(probabilities) for _, _, probabilities in asked]
    accepted = [answer in (row.topic, row.topic2) for (row, _, _), (answer, _) in zip(asked, answers, strict=True)]
    mistakes = [
        TopicMistake(row.document.id, gold, row.topic2 or "", answer, value)
        for (row, gold, _), (answer, value), right in zip(asked, answers, accepted, strict=True)
        if not right
    ]
    return TopicReport(
        len(asked),
        score([gold for _, gold, _ in asked], [answer for answer, _ in answers]),
        sum(accepted) / len(accepted) if accepted else 0.0,
        reliability([value for _, value in answers], accepted),
        tuple(sorted(mistakes, key=lambda one: -one.score)),
    )


def _main(probabilities: Mapping[str, float]) -> tuple[str, float]:
    chosen = choose(probabilities)
    return (chosen[0].slug, chosen[0].score) if chosen else (NONE, probabilities.get(NONE, 0.0))
