"""Training the entity model: statistics of unlabelled text, then a sequence model on labelled sentences.

Labels are spans without text (`nlp/labels/entities_*.jsonl`): corpus, id and field of an article, the
sentence's offsets in the normalised field, and the names in it. The held-out file is never trained on, and
no article with a held-out sentence lends its words to the statistics.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from underthesea_core import CRFTrainer

from nlp.entities.features import Context, Statistics, look, read_context, sentence_features
from nlp.entities.lexicon import Lexicon
from nlp.entities.sentences import sentences, tokenise
from nlp.entities.statistics import learn, write
from nlp.entities.tagger import MODEL, STATISTICS, TYPES, readable
from nlp.records import Document
from nlp.training.material import POOL, SILVER_CORPORA, corpus_texts
from nlp.training.task import Card, TrainingTask

VERSION = "1"
TRAIN, HELDOUT = "entities_train.jsonl", "entities_heldout.jsonl"
_LETTERS = {str(name): letter for letter, name in TYPES.items()}
_SEEN_AT_LEAST = 2  # a feature met once teaches nothing and makes the model three times as large
_L1, _L2, _ROUNDS = 0.02, 0.01, 100


@dataclass(frozen=True)
class Sentence:
    """A sentence read by a person: where it stands and the names in it, as (start, end, type)."""

    corpus: str
    id: str
    where: str
    start: int
    end: int
    entities: tuple[tuple[int, int, str], ...]

    def labels(self, text: str) -> list[str]:
        """B-, I- and O labels of the tokens of the sentence in `text`, its whole field."""
        labels = []
        for token in tokenise(text, self.start, self.end):
            name = next((e for e in self.entities if e[0] <= token.start and token.end <= e[1]), None)
            if name is None:
                labels.append("O")
            else:
                labels.append(("B-" if name[0] == token.start else "I-") + _LETTERS[name[2]])
        return labels


def read_sentences(name: str) -> list[Sentence]:
    """The rows of a label file of the package."""
    lines = (files("nlp") / "labels" / name).read_text(encoding="utf-8").splitlines()
    return [_sentence(json.loads(line)) for line in lines]


def _sentence(row: Mapping[str, Any]) -> Sentence:
    names = tuple((start, end, kind) for start, end, kind in row["entities"])
    return Sentence(row["corpus"], row["id"], row["where"], row["start"], row["end"], names)


def articles(eval_dir: Path, wanted: Iterable[Sentence]) -> dict[tuple[str, str], Document]:
    """The articles the sentences stand in, by corpus and id. Raises ValueError when one is missing."""
    keys = {(sentence.corpus, sentence.id) for sentence in wanted}
    found = {
        (corpus, text.document.id): text.document
        for corpus in sorted({corpus for corpus, _ in keys})
        for text in corpus_texts(eval_dir, corpus)
        if (corpus, text.document.id) in keys
    }
    if missing := sorted(keys - found.keys()):
        raise ValueError(f"{len(missing)} labelled sentences have no article in the corpora, first {missing[0]}")
    return found


def field_of(document: Document, where: str) -> str:
    """The normalised field a sentence stands in."""
    return document.title if where == "title" else document.text


def context_of(document: Document, lexicon: Lexicon) -> Context:
    """What the tagger would know of the whole article."""
    fields = (document.title, document.text)
    return read_context(look(tokens, lexicon) for text in fields for tokens in sentences(text[: readable(text)]))


def train_entities(task: TrainingTask) -> Card:
    """Learns statistics and model, writes both to `task.out`. Deterministic. Raises FileNotFoundError, ValueError."""
    held = {(sentence.corpus, sentence.id) for sentence in read_sentences(HELDOUT)}
    labelled = read_sentences(TRAIN)
    if overlap := held & {(sentence.corpus, sentence.id) for sentence in labelled}:
        raise ValueError(f"{len(overlap)} articles are both trained on and held out, first {min(overlap)}")
    task.tell("entities: statistics of unlabelled text")
    statistics = learn(_unlabelled(task.eval_dir, held))
    task.tell(f"entities: {len(labelled)} sentences")
    model = fit(labelled, articles(task.eval_dir, labelled), statistics)
    (task.out / STATISTICS).write_text(write(statistics), encoding="utf-8")
    model.save(str(task.out / MODEL))
    return _card(labelled)


def _unlabelled(eval_dir: Path, held: set[tuple[str, str]]) -> Iterator[str]:
    for corpus in (*SILVER_CORPORA, POOL):
        for text in corpus_texts(eval_dir, corpus):
            if (corpus, text.document.id) not in held:
                yield f"{text.document.title}\n{text.document.text}"


def fit(labelled: Sequence[Sentence], known: Mapping[tuple[str, str], Document], statistics: Statistics) -> Any:
    """A conditional random field over the sentences; offers `save(path)`."""
    lexicon = Lexicon.load()
    contexts = {key: context_of(document, lexicon) for key, document in known.items()}
    rows, labels = [], []
    for sentence in labelled:
        key = (sentence.corpus, sentence.id)
        text = field_of(known[key], sentence.where)
        view = look(tokenise(text, sentence.start, sentence.end), lexicon)
        rows.append(sentence_features(view, statistics, contexts[key]))
        labels.append(sentence.labels(text))
    seen = Counter(feature for row in rows for token in row for feature in token)
    rows = [[[feature for feature in token if seen[feature] >= _SEEN_AT_LEAST] for token in row] for row in rows]
    trainer = CRFTrainer(loss_function="lbfgs", l1_penalty=_L1, l2_penalty=_L2, max_iterations=_ROUNDS, verbose=0)
    return trainer.train(rows, labels)


def _card(labelled: Sequence[Sentence]) -> Card:
    names = sum(len(sentence.entities) for sentence in labelled)
    return Card(
        name="entities",
        version=VERSION,
        purpose="Finds persons, organisations and places in Vietnamese press text: a conditional random field over "
        "syllables, with word lists of the package and statistics of unlabelled text (`entities_words.tsv`).",
        data=(
            f"{len(labelled)} sentences with {names} names, labelled by one reader (docs/labelling-entities.md): "
            "silver tags of an earlier model corrected by reading",
            f"held out: {len(read_sentences(HELDOUT))} sentences of other articles, labelled before there was a model",
            "groups, compounds and capital shares from unlabelled articles and feed items",
        ),
        scores={"how measured": "`python bench/entities.py`; floors in tests/quality"},
        limits=(
            "Text without accents or without capitals: few names are found.",
            "A hospital or school is a place or an organisation by its role in the sentence, as readers labelled it.",
            "Names of products and platforms are left out; the model takes some of them for organisations.",
        ),
    )
