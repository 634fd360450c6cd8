"""Counting right and wrong: per class, over classes, and whether scores mean what they say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How one class fares. support: how many a reader gave it."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class Scores:
    """All classes a reader gave, their mean F1, the share right, and who is taken for whom."""

    classes: tuple[ClassScore, ...]
    macro_f1: float
    accuracy: float
    confusion: dict[tuple[str, str], int]  # (said by the reader, said by the machine)

    def of(self, name: str) -> ClassScore:
        """The scores of one class. Raises KeyError when no reader gave it."""
        for one in self.classes:
            if one.name == name:
                return one
        raise KeyError(name)


def score(gold: Sequence[str], said: Sequence[str]) -> Scores:
    """Scores over the classes that occur in `gold`. Raises ValueError for lists of unlike length."""
    confusion = Counter(zip(gold, said, strict=True))
    given, answered = Counter(gold), Counter(said)
    classes = []
    for name in sorted(given):
        right = confusion[name, name]
        precision = right / answered[name] if answered[name] else 0.0
        recall = right / given[name]
        f1 = 2 * right / (given[name] + answered[name])
        classes.append(ClassScore(name, precision, recall, f1, given[name]))
    macro = sum(one.f1 for one in classes) / len(classes) if classes else 0.0
    right = sum(count for (one, other), count in confusion.items() if one == other)
    return Scores(tuple(classes), macro, right / len(gold) if gold else 0.0, dict(confusion))


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers whose score lies in [low, high): how many, their mean score, and the share that was right."""

    low: float
    high: float
    count: int
    mean_score: float
    right: float


def reliability(scores: Sequence[float], right: Sequence[bool], bins: int = 10) -> tuple[Bin, ...]:
    """The reliability table; empty bins are left out."""
    found = []
    for number in range(bins):
        low, high = number / bins, (number + 1) / bins
        inside = [
            (value, hit)
            for value, hit in zip(scores, right, strict=True)
            if low <= value < high or (number == bins - 1 and value >= high)
        ]
        if inside:
            mean = sum(value for value, _ in inside) / len(inside)
            found.append(Bin(low, high, len(inside), mean, sum(hit for _, hit in inside) / len(inside)))
    return tuple(found)


def calibration_error(table: Sequence[Bin]) -> float:
    """Expected calibration error: how far the mean score lies from the share right, weighted by count."""
    total = sum(one.count for one in table)
    return sum(one.count * abs(one.mean_score - one.right) for one in table) / total if total else 0.0
