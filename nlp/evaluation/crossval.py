"""Answers of models that never saw the story they answer about.

Folds are made of whole stories (`stories`), so copies and follow-ups of one event are never split. The
lexicons and the word model behind the topics are shared by all folds: they saw no reader's label.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from nlp.evaluation.stories import story_numbers
from nlp.records import Document
from nlp.stance import StanceJudgement
from nlp.topics import TopicModel
from nlp.training.material import Labelled
from nlp.training.stance import fit, locality, read_material
from nlp.training.topics import fit_head, witness_features

FOLDS = 10
# Few articles are unfavourable, fewer need a response: one cut into folds says little, so several are pooled.
REPEATS = 4


def folds(documents: Sequence[Document], salt: int = 0, count: int = FOLDS) -> list[list[int]]:
    """Places of the documents, fold by fold; whole stories, each into the emptiest fold of its turn."""
    stories: dict[int, list[int]] = {}
    for place, story in enumerate(story_numbers(documents)):
        stories.setdefault(story, []).append(place)
    made: list[list[int]] = [[] for _ in range(count)]
    # The turn is that of a hash: as good as chance, the same every time, another for another salt.
    for places in sorted(stories.values(), key=lambda one: _hash(f"{salt} {documents[one[0]].id}")):
        min(made, key=len).extend(places)
    return [sorted(one) for one in made]


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def topic_answers(rows: Sequence[Labelled], model: TopicModel) -> list[Mapping[str, float]]:
    """Topic probabilities of each row by a head trained on the other stories."""
    features = witness_features(model.witnesses, rows)
    answers: dict[int, Mapping[str, float]] = {}
    for held in folds([row.document for row in rows]):
        rest = _rest(len(rows), held)
        head = fit_head(features[rest], [rows[place] for place in rest])
        for place in held:
            values = head.probabilities(features[place])
            answers[place] = {slug: float(value) for slug, value in zip(head.classes, values, strict=True)}
    return [answers[place] for place in range(len(rows))]


def stance_answers(
    rows: Sequence[Labelled], topics: TopicModel, shares: Mapping[str, Mapping[str, float]], repeats: int = REPEATS
) -> list[tuple[Labelled, StanceJudgement]]:
    """Each row `repeats` times, with its stance by a model trained on the other stories.

    shares: topic probabilities by document id, themselves out of fold where a reader labelled the topic.
    """
    material = read_material(rows, topics, shares)
    documents = [row.document for row in rows]
    answers: list[tuple[Labelled, StanceJudgement]] = []
    for salt in range(repeats):
        for held in folds(documents, salt):
            model = fit(material.take(_rest(len(rows), held)), topics.head.classes)
            for place in held:
                row = rows[place]
                answers.append((row, model.judge(row.document, shares[row.document.id], locality(row))))
    return answers


def _rest(count: int, held: Sequence[int]) -> list[int]:
    out = set(held)
    return [place for place in range(count) if place not in out]
