"""Training the entity model: statistics of unlabelled text, then a sequence model on labelled sentences.

Labels are spans without text (`nlp/labels/entities_*.jsonl`): corpus, id and field of an article, the
sentence's offsets in the normalised field, and the names in it. The held-out file is never trained on, and
no article with a held-out sentence lends its words to the statistics.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from underthesea_core import CRFTrainer

from nlp.entities.features import Context, Statistics, look, read_context, sentence_features
from nlp.entities.lexicon import Lexicon
from nlp.entities.sentences import sentences, tokenise
from nlp.entities.statistics import learn, write
from nlp.entities.tagger import MODEL, STATISTICS, EntityTagger, readable
from nlp.evaluation.entities import Score, heldout, phoner_places
from nlp.records import Document
from nlp.training.entity_labels import HELDOUT, TRAIN, Sentence, articles, field_of, read_sentences
from nlp.training.material import POOL, SILVER_CORPORA, corpus_texts
from nlp.training.task import Card, TrainingTask

VERSION = "1"
_SEEN_AT_LEAST = 2  # a feature met once teaches nothing and makes the model three times as large
_L1, _L2, _ROUNDS = 0.02, 0.01, 100


def context_of(document: Document, lexicon: Lexicon) -> Context:
    """What the tagger would know of the whole article."""
    fields = (document.title, document.text)
    return read_context(look(tokens, lexicon) for text in fields for tokens in sentences(text[: readable(text)]))


def train_entities(task: TrainingTask) -> Card:
    """Learns statistics and model, writes both to `task.out`. Raises FileNotFoundError, ValueError.

    The same material gives the same statistics byte for byte, and a model that tags the same: the trainer sums
    in an order of its own, so weights differ in the eleventh digit and stand in another order in the file.
    """
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
    task.tell("entities: scores")
    tagger = EntityTagger.load(task.out)
    scores, _ = heldout(tagger, task.eval_dir)
    return _card(labelled, scores, phoner_places(tagger, task.eval_dir))


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


def _card(labelled: Sequence[Sentence], scores: Mapping[str, Score], phoner: Mapping[str, Score]) -> Card:
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
        scores={
            **{
                f"{kind}, exact F1, held-out sentences": f"{score.f1:.3f} of {score.gold}"
                for kind, score in scores.items()
            },
            **{f"place, {kind} F1, PhoNER_COVID19 dev": f"{score.f1:.3f}" for kind, score in phoner.items()},
        },
        limits=(
            "Text without accents or without capitals: few names are found.",
            "A hospital or school is a place or an organisation by its role in the sentence, as readers labelled it.",
            "Names of products and platforms are left out; the model takes some of them for organisations.",
        ),
    )
