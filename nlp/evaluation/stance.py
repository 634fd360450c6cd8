"""How well stance towards the province is told, and which articles need an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nlp.evaluation.metrics import Bin, ClassScore, Scores, reliability, score
from nlp.stance import StanceJudgement
from nlp.training.material import Labelled


@dataclass(frozen=True, slots=True)
class StanceMistake:
    """An article whose stance a reader saw otherwise; what was blamed and missed comes first in a report."""

    id: str
    gold: str
    said: str
    score: float
    clear: bool


@dataclass(frozen=True, slots=True)
class StanceReport:
    """stance: the four classes. response: articles that need an answer, as one class. worst: one line an article."""

    rows: int
    stance: Scores
    response: ClassScore
    calibration: tuple[Bin, ...]
    worst: tuple[StanceMistake, ...]


def report(answers: Sequence[tuple[Labelled, StanceJudgement]]) -> StanceReport:
    """Scores over the answers to rows with a stance; a row may come several times, once a cut into folds."""
    asked = [(row, row.stance, judged) for row, judged in answers if row.stance is not None]
    mistakes = [
        StanceMistake(row.document.id, gold, judged.stance, judged.score, row.clear)
        for row, gold, judged in asked
        if gold != judged.stance
    ]
    response = score(
        ["yes" if row.needs_response else "no" for row, _, _ in asked],
        ["yes" if judged.needs_response else "no" for _, _, judged in asked],
    )
    return StanceReport(
        len(asked),
        score([gold for _, gold, _ in asked], [judged.stance for _, _, judged in asked]),
        next((one for one in response.classes if one.name == "yes"), ClassScore("yes", 0.0, 0.0, 0.0, 0)),
        # What the model believes most, before "unfavourable" gets its room.
        reliability(
            [max(judged.probabilities.values()) for _, _, judged in asked],
            [_likeliest(judged) == gold for _, gold, judged in asked],
        ),
        _worst(mistakes),
    )


def _likeliest(judged: StanceJudgement) -> str:
    return max(judged.probabilities, key=lambda name: judged.probabilities[name])


def _worst(mistakes: Sequence[StanceMistake]) -> tuple[StanceMistake, ...]:
    """What was blamed and missed first, then the surest; each article once, where it was mistaken most surely."""
    surest: dict[str, StanceMistake] = {}
    for one in mistakes:
        if one.id not in surest or surest[one.id].score < one.score:
            surest[one.id] = one
    return tuple(sorted(surest.values(), key=lambda one: (one.gold != "unfavourable", not one.clear, -one.score)))
