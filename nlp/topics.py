"""What an article is about: up to three of the twenty topics, best first, or none when unsure.

Two witnesses are heard. The seed lexicon (`lexicons/topics.toml`) counts terms written by hand; a linear
model over words, trained on articles that the lexicon labelled with confidence, knows the words that go
with them. A small head trained on articles labelled by readers weighs the two. All topics of one article
share one probability mass, "none" included.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np

from nlp.linear import DenseModel, Floats, WordModel, softmax
from nlp.phrases import PhraseMatcher, phrase_tokens
from nlp.records import Document, TopicScore
from nlp.text import WORD, match_form

NONE = "none"
VERSION = "topics-1"
MODEL_FILE = "topics.npz"
AT_MOST = 3
# A second or third topic is named from this probability on; chosen by cross-validation on readers' labels,
# where it names a topic that a reader also named about half of the time.
NAMED_FROM = 0.20

# An article says what it is about early; what follows is bounded so that cost stays bounded too.
_READ_CHARACTERS = 12_000
_LEXICON_TOKENS = 1_500
_WORD_TOKENS = 600
_LEAD_TOKENS = 60
_TITLE_WEIGHT, _LEAD_WEIGHT, _BODY_WEIGHT = 3.0, 1.5, 0.6
_STRONG, _USUAL = 1.0, 0.3
# The word model's margins are small numbers; sharpened before they become shares.
_SHARPNESS = 3.0


@dataclass(frozen=True)
class Words:
    """The tokens of a document in match form."""

    title: list[str]
    body: list[str]

    @classmethod
    def of(cls, document: Document) -> Words:
        body = WORD.finditer(match_form(document.text[:_READ_CHARACTERS]))
        return cls(
            title=WORD.findall(match_form(document.title[:1_000])),
            body=[found.group() for found in islice(body, _LEXICON_TOKENS)],
        )


def terms(words: Words) -> list[str]:
    """Words and pairs of words for the word model; the title counts twice and once more as title."""
    body = words.body[:_WORD_TOKENS]
    found = [f"T_{word}" for word in words.title]
    for run in (words.title, words.title, body):
        found += run
        found += [f"{first} {second}" for first, second in pairwise(run)]
    return found


class TopicLexicon:
    """The seed terms of each topic, and how loudly they speak in a document."""

    def __init__(self, table: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
        self.slugs = tuple(table)
        speaks: dict[tuple[str, ...], dict[int, float]] = {}
        spelled: dict[tuple[str, ...], str] = {}
        for column, groups in enumerate(table.values()):
            for group, weight in (("strong", _STRONG), ("usual", _USUAL)):
                for term in groups[group]:
                    key = phrase_tokens(term)
                    spelled[key] = term
                    topics = speaks.setdefault(key, {})
                    topics[column] = max(weight, topics.get(column, 0.0))
        self.phrases = tuple(spelled.values())
        self._speaks = tuple(tuple(speaks[key].items()) for key in spelled)
        self._matcher = PhraseMatcher(self.phrases)

    @classmethod
    def load(cls) -> Self:
        """The lexicon shipped with the package."""
        return cls(tomllib.loads(files("nlp").joinpath("lexicons/topics.toml").read_text(encoding="utf-8")))

    def scores(self, words: Words) -> Floats:
        """One number a topic: damped counts of its terms, louder in the title and the lead."""
        loudness: dict[int, float] = {}
        parts = (
            (words.title, _TITLE_WEIGHT),
            (words.body[:_LEAD_TOKENS], _LEAD_WEIGHT),
            (words.body[_LEAD_TOKENS:], _BODY_WEIGHT),
        )
        for part, weight in parts:
            for match in self._matcher.find(part):
                loudness[match.phrase] = loudness.get(match.phrase, 0.0) + weight
        scores = [0.0] * len(self.slugs)
        for phrase, loud in loudness.items():
            damped = math.log1p(loud)
            for column, weight in self._speaks[phrase]:
                scores[column] += weight * damped
        return np.array(scores)


@dataclass(frozen=True)
class TopicWitnesses:
    """Lexicon and word model together: the features the head decides by."""

    lexicon: TopicLexicon
    words: WordModel

    def features(self, document: Document) -> Floats:
        """Lexicon shares, damped lexicon scores, whether the lexicon speaks at all, shares of the word model."""
        words = Words.of(document)
        lexicon = self.lexicon.scores(words)
        total = float(lexicon.sum())
        shares = softmax(_SHARPNESS * self.words.scores(terms(words)))
        return np.concatenate([lexicon / (total + 1.0), np.log1p(lexicon), [float(total > 1.5)], shares])

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the features, in order."""
        slugs = self.lexicon.slugs
        return (
            *(f"lexicon share {slug}" for slug in slugs),
            *(f"lexicon {slug}" for slug in slugs),
            "lexicon speaks",
            *(f"words {slug}" for slug in self.words.classes),
        )


@dataclass(frozen=True)
class TopicModel:
    """The shipped topic model. Deterministic; safe to share between threads."""

    witnesses: TopicWitnesses
    head: DenseModel
    version: str = VERSION

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """The model of this package, or the one at `path`. Raises FileNotFoundError, KeyError or ValueError."""
        source = path or Path(str(files("nlp").joinpath("models", MODEL_FILE)))
        with np.load(source) as arrays:
            return cls.of_arrays(dict(arrays))

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, Any]) -> Self:
        witnesses = TopicWitnesses(TopicLexicon.load(), WordModel.of_arrays(arrays, "words_"))
        head = DenseModel.of_arrays(arrays, "head_")
        if head.weights.shape[0] != len(witnesses.names):
            raise ValueError("the topic model was trained with another lexicon; train it again")
        return cls(witnesses, head, bytes(arrays["version"]).decode())

    def save(self, path: Path) -> None:
        np.savez_compressed(
            path,
            version=np.frombuffer(self.version.encode(), dtype=np.uint8),
            **self.witnesses.words.arrays("words_"),
            **self.head.arrays("head_"),
        )

    def probabilities(self, document: Document) -> dict[str, float]:
        """Probability of each topic and of "none", for a document with normalised fields."""
        values = self.head.probabilities(self.witnesses.features(document))
        return {slug: float(value) for slug, value in zip(self.head.classes, values, strict=True)}

    def predict(self, document: Document) -> tuple[TopicScore, ...]:
        """Up to three topics, best first; empty when "no topic of ours" is the best answer."""
        return choose(self.probabilities(document))


def choose(probabilities: Mapping[str, float]) -> tuple[TopicScore, ...]:
    """The topics worth naming: the best one if it beats "none", then those that are likely enough."""
    ranked = sorted(probabilities.items(), key=lambda item: (-item[1], item[0]))
    if not ranked or ranked[0][0] == NONE:
        return ()
    named = [TopicScore(slug, score) for slug, score in ranked if slug != NONE]
    return tuple(topic for place, topic in enumerate(named[:AT_MOST]) if place == 0 or topic.score >= NAMED_FROM)
