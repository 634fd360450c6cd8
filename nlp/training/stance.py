"""Training the stance model on readers' labels, those about other localities included."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nlp.linear import DenseModel, Floats, WordModel
from nlp.phrases import PhraseMatcher
from nlp.stance import COLUMNS, MODEL_FILE, NEEDS_RESPONSE, SERIOUS, STANCES, VERSION, StanceModel, topic_features
from nlp.stance_features import StanceLexicon, masked_terms, read_sentences
from nlp.topics import TopicModel
from nlp.training.material import ELSEWHERE, Labelled
from nlp.training.task import Card, TrainingTask, scikit_learn

# What a label about another locality counts, beside one about ours.
_ELSEWHERE_WEIGHT = 0.5
_STANCE_C, _RESPONSE_C, _SERIOUS_C = 3.0, 0.3, 3.0
_RESPONSE_WEIGHT = 5.0
# Signals that hardly vary in training must not get great weights in use.
_LEAST_SPREAD = 0.15
_SIGNAL_SHARE = 0.1


@dataclass(frozen=True)
class StanceMaterial:
    """Labelled rows with their features."""

    rows: tuple[Labelled, ...]
    dense: Floats
    terms: tuple[list[str], ...]

    def take(self, places: Sequence[int]) -> StanceMaterial:
        return StanceMaterial(
            tuple(self.rows[place] for place in places),
            self.dense[list(places)],
            tuple(self.terms[place] for place in places),
        )

    def weights(self) -> Floats:
        return np.array([_ELSEWHERE_WEIGHT if row.origin == ELSEWHERE else 1.0 for row in self.rows])


def stance_rows(rows: Iterable[Labelled]) -> list[Labelled]:
    """The rows with a stance: relevant ones, and those about other localities."""
    return [row for row in rows if row.stance is not None and row.relevance in ("relevant", None)]


def locality(row: Labelled) -> PhraseMatcher | None:
    return PhraseMatcher(row.locality) if row.locality else None


def read_material(
    rows: Sequence[Labelled], topics: TopicModel, shares: Mapping[str, Mapping[str, float]] | None = None
) -> StanceMaterial:
    """Features of each row; topics by document id from `shares`, or from the model where it has none."""
    known = shares or {}
    lexicon = StanceLexicon.load()
    dense, terms = [], []
    for row in rows:
        sentences = read_sentences(row.document)
        readings = [lexicon.read(sentence, locality(row)) for sentence in sentences]
        mass = known.get(row.document.id) or topics.probabilities(row.document)
        dense.append([*lexicon.features(readings), *topic_features(mass, topics.head.classes)])
        terms.append(masked_terms(sentences))
    return StanceMaterial(tuple(rows), np.array(dense), tuple(terms))


def fit(material: StanceMaterial, slugs: Sequence[str]) -> StanceModel:
    """Stance, needs_response and severity over the same features."""
    scikit_learn()
    from scipy.sparse import csr_matrix, hstack  # type: ignore[import-untyped]
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(analyzer=lambda terms: terms, min_df=3, max_df=0.5, sublinear_tf=True)
    words = vectorizer.fit_transform(material.terms)
    scale = _scale(material.dense, len(slugs))
    matrix = hstack([csr_matrix(material.dense * scale), words]).tocsr()
    coefficients, biases = zip(
        _stances(matrix, material), _response(matrix, material), _serious(matrix, material), strict=True
    )
    weights, bias = np.vstack(coefficients).T, np.concatenate(biases)
    width = material.dense.shape[1]
    return StanceModel(
        lexicon=StanceLexicon.load(),
        slugs=tuple(slugs),
        signals=DenseModel(COLUMNS, weights[:width] * scale[:, None], bias),
        words=WordModel.of_weights(
            COLUMNS,
            [str(term) for term in vectorizer.get_feature_names_out()],
            vectorizer.idf_,
            weights[width:],
            np.zeros(len(COLUMNS)),
        ),
    )


def _scale(dense: Floats, topics: int) -> Floats:
    spread = dense.std(axis=0)
    scale = _SIGNAL_SHARE / np.maximum(np.where(spread == 0, 1.0, spread), _LEAST_SPREAD)
    scale[-topics:] = 1.0
    return np.asarray(scale)


def _stances(matrix: Any, material: StanceMaterial) -> tuple[Floats, Floats]:
    from sklearn.linear_model import LogisticRegression

    targets = [row.stance for row in material.rows]
    weights = material.weights()
    mass = {name: sum(w for w, target in zip(weights, targets, strict=True) if target == name) for name in STANCES}
    balance = {name: float(weights.sum()) / (len(STANCES) * mass[name]) for name in STANCES}
    model: Any = LogisticRegression(C=_STANCE_C, max_iter=5_000, class_weight=balance)
    model.fit(matrix, targets, sample_weight=weights)
    return model.coef_, model.intercept_


def _response(matrix: Any, material: StanceMaterial) -> tuple[Floats, Floats]:
    from sklearn.linear_model import LogisticRegression

    targets = [bool(row.needs_response) for row in material.rows]
    model: Any = LogisticRegression(C=_RESPONSE_C, max_iter=5_000, class_weight={True: _RESPONSE_WEIGHT, False: 1.0})
    model.fit(matrix, targets, sample_weight=material.weights())
    return model.coef_, model.intercept_


def _serious(matrix: Any, material: StanceMaterial) -> tuple[Floats, Floats]:
    """Severity 2 and 3 against 1, among the rows that have one."""
    from sklearn.linear_model import LogisticRegression

    graded = [place for place, row in enumerate(material.rows) if row.severity]
    model: Any = LogisticRegression(C=_SERIOUS_C, max_iter=5_000)
    model.fit(matrix[graded], [(material.rows[place].severity or 0) >= 2 for place in graded])
    return model.coef_, model.intercept_


def train(task: TrainingTask) -> Card:
    """Train and save `stance.npz`. Needs the topic model trained before. Raises FileNotFoundError."""
    rows = stance_rows(task.gather())
    topics_file = task.out / "topics.npz"
    topics = TopicModel.load(topics_file if topics_file.exists() else None)
    task.tell(f"stance: {len(rows)} labelled articles")
    model = fit(read_material(rows, topics), topics.head.classes)
    model.save(task.out / MODEL_FILE)
    task.tell("stance: scores by cross-validation")
    scores = _scores(rows, topics)
    counts = Counter(row.stance for row in rows)
    origins = Counter(row.origin for row in rows)
    return Card(
        name="stance",
        version=VERSION,
        purpose=(
            "Stance towards the province with its sentence, whether an answer is due "
            f"({NEEDS_RESPONSE}), and how grave it is ({SERIOUS})."
        ),
        data=(
            "Readers' labels: " + ", ".join(f"{count} {origin}" for origin, count in sorted(origins.items())) + ".",
            "By stance: " + ", ".join(f"{count} {stance}" for stance, count in sorted(counts.items())) + ".",
            f"Labels about other localities count {_ELSEWHERE_WEIGHT}; their names are read as the province's.",
        ),
        scores=scores,
        limits=(
            "Few articles of ours are unfavourable or mixed; patterns of blame come largely from other provinces.",
            "Irony, and blame that no phrase of the lexicon carries, is read as neutral.",
            "A machine's stance is a proposal: a person confirms it before any report; it is never shown in public.",
        ),
    )


def _scores(rows: Sequence[Labelled], topics: TopicModel) -> dict[str, str]:
    """For the card. Topics are the model's own here, so these flatter a little beside `diembao evaluate`."""
    # The evaluation imports this module, so it is met only now.
    from nlp.evaluation.crossval import stance_answers
    from nlp.evaluation.stance import report

    shares = {row.document.id: topics.probabilities(row.document) for row in rows}
    answers = stance_answers(rows, topics, shares)
    found = report([one for one in answers if one[0].origin != ELSEWHERE])
    scores = {
        "answers about articles of ours, cross-validated over whole stories": str(found.rows),
        "macro-F1": f"{found.stance.macro_f1:.3f}",
        "needs_response F1": f"{found.response.f1:.3f}",
    }
    for one in found.stance.classes:
        scores[f"{one.name}: precision / recall"] = f"{one.precision:.2f} / {one.recall:.2f} of {one.support}"
    return scores
