"""Training the topic model: a word model on silver labels, then a head on readers' labels."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp.linear import DenseModel, Floats, WordModel
from nlp.topics import MODEL_FILE, NONE, VERSION, TopicLexicon, TopicModel, TopicWitnesses, Words, terms
from nlp.training.material import SILVER_CORPORA, Labelled, Text, corpus_texts
from nlp.training.task import Card, TrainingTask, scikit_learn

# Sections that say the topic themselves. World news is silver for "no topic of ours".
SECTIONS = {"Thế giới": NONE, "Thể thao": "the-thao"}
# The lexicon labels an article when its best topic is loud and well ahead of the next.
_LOUD, _AHEAD, _SILENT = 2.2, 1.35, 0.6
_PER_TOPIC = 2_500
_TERMS = 60_000
_WORD_C, _HEAD_C = 0.1, 0.03
# A head this strongly regularised is too modest: its scores are sharpened until they mean what they say.
_SHARPEN = 1.5
# A reader's second topic counts this much of an article, the first the rest.
_SECOND = 0.35


def silver_label(text: Text, lexicon: TopicLexicon) -> str | None:
    """What section or lexicon say with confidence, else None."""
    if text.section in SECTIONS:
        return SECTIONS[text.section]
    scores = lexicon.scores(Words.of(text.document))
    second, best = np.sort(scores)[-2:]
    if best >= _LOUD and best >= _AHEAD * second:
        return lexicon.slugs[int(scores.argmax())]
    if best < _SILENT and text.corpus == "rss_items_60k":
        return NONE
    return None


def silver(texts: Iterable[Text], lexicon: TopicLexicon, known: set[str]) -> tuple[list[Text], list[str]]:
    """Silver-labelled articles, at most `_PER_TOPIC` a topic, none that a reader has labelled."""
    chosen: list[Text] = []
    labels: list[str] = []
    counts: Counter[str] = Counter()
    # In the order of a hash of the id: as good as chance, and the same on every machine.
    for text in sorted(texts, key=lambda one: hashlib.sha256(one.document.id.encode()).digest()):
        if text.document.id in known:
            continue
        label = silver_label(text, lexicon)
        if label is not None and counts[label] < _PER_TOPIC:
            counts[label] += 1
            chosen.append(text)
            labels.append(label)
    return chosen, labels


def fit_words(texts: Sequence[Text], labels: Sequence[str]) -> WordModel:
    """A linear support vector machine over words and pairs of words."""
    scikit_learn()
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    vectorizer = TfidfVectorizer(
        analyzer=lambda text: terms(Words.of(text.document)),
        min_df=5,
        max_df=0.4,
        sublinear_tf=True,
        max_features=_TERMS,
    )
    matrix = vectorizer.fit_transform(texts)
    model = LinearSVC(C=_WORD_C, random_state=0).fit(matrix, labels)
    return WordModel.of_weights(
        [str(name) for name in model.classes_],
        [str(term) for term in vectorizer.get_feature_names_out()],
        vectorizer.idf_,
        model.coef_.T,
        model.intercept_,
    )


def fit_head(features: Floats, rows: Sequence[Labelled]) -> DenseModel:
    """The head over the witnesses; a row with two topics teaches both, the first one more."""
    scikit_learn()
    from sklearn.linear_model import LogisticRegression

    scale = features.std(axis=0)
    scale[scale == 0] = 1.0
    scaled = features / scale
    doubled = [place for place, row in enumerate(rows) if row.topic2]
    targets = [row.topic for row in rows] + [rows[place].topic2 for place in doubled]
    says = [1 - _SECOND if row.topic2 else 1.0 for row in rows] + [_SECOND] * len(doubled)
    model: Any = LogisticRegression(C=_HEAD_C, max_iter=3_000)
    model.fit(np.vstack([scaled, scaled[doubled]]), targets, sample_weight=says)
    weights = _SHARPEN * model.coef_.T / scale[:, None]
    return DenseModel(tuple(str(name) for name in model.classes_), weights, _SHARPEN * model.intercept_)


def topic_rows(rows: Iterable[Labelled]) -> list[Labelled]:
    """The rows whose reader named a topic or said there is none."""
    return [row for row in rows if row.topic is not None]


def witness_features(witnesses: TopicWitnesses, rows: Sequence[Labelled]) -> NDArray[np.float64]:
    return np.array([witnesses.features(row.document) for row in rows])


def train(task: TrainingTask) -> Card:
    """Train and save `topics.npz`. Raises FileNotFoundError without the corpora."""
    rows = topic_rows(task.gather())
    lexicon = TopicLexicon.load()
    task.tell("topics: silver labels")
    texts = (text for corpus in SILVER_CORPORA for text in corpus_texts(task.eval_dir, corpus))
    chosen, labels = silver(texts, lexicon, {row.document.id for row in rows})
    task.tell(f"topics: word model on {len(chosen)} articles")
    witnesses = TopicWitnesses(lexicon, fit_words(chosen, labels))
    task.tell(f"topics: head on {len(rows)} labelled articles")
    model = TopicModel(witnesses, fit_head(witness_features(witnesses, rows), rows))
    model.save(task.out / MODEL_FILE)
    task.tell("topics: scores by cross-validation")
    scores = _scores(rows, model)
    origins = Counter(row.origin for row in rows)
    return Card(
        name="topics",
        version=VERSION,
        purpose="Up to three of the twenty topics of an article, best first; none when it is about something else.",
        data=(
            f"Seed lexicon written by hand: {len(lexicon.phrases)} terms.",
            f"Silver labels (lexicon with confidence, sections): {len(chosen)} articles, at most {_PER_TOPIC} a topic; "
            f"fewest: {min(Counter(labels).items(), key=lambda item: item[1])}.",
            "Readers' labels: " + ", ".join(f"{count} {origin}" for origin, count in sorted(origins.items())) + ".",
        ),
        scores=scores,
        limits=(
            "Rare topics (land, press, ethnic affairs, administration) have few labelled articles: weaker there.",
            "Articles without marks or in another language mostly get no topic.",
            "Scores are probabilities among topics; a second topic is named from .20 on.",
        ),
    )


def _scores(rows: Sequence[Labelled], model: TopicModel) -> dict[str, str]:
    """For the card: cross-validated over whole stories."""
    # The evaluation imports this module, so it is met only now.
    from nlp.evaluation.crossval import topic_answers
    from nlp.evaluation.topics import report

    answers = topic_answers(rows, model)
    shares = {row.document.id: found for row, found in zip(rows, answers, strict=True)}
    scores = {}
    for origin in sorted({row.origin for row in rows}):
        found = report([row for row in rows if row.origin == origin], shares)
        scores[f"{origin}: main or second / main / macro-F1 of {found.rows}"] = (
            f"{found.main_or_second:.3f} / {found.main.accuracy:.3f} / {found.main.macro_f1:.3f}"
        )
    return scores
