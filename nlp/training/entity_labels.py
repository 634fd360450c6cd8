"""Sentences whose names a reader marked: spans without text, and the articles they stand in.

Rows of `nlp/labels/entities_*.jsonl`: corpus, id and field of an article, the sentence's offsets in the
normalised field, and the names as start, end, type. docs/labelling-entities.md says what counts as a name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from nlp.entities.sentences import tokenise
from nlp.entities.tagger import TYPES
from nlp.records import Document
from nlp.training.material import corpus_texts

TRAIN, HELDOUT = "entities_train.jsonl", "entities_heldout.jsonl"
_LETTERS = {str(name): letter for letter, name in TYPES.items()}


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
