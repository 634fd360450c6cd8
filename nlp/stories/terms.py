"""What an article is about, as weighted words: rare words and pairs of words, those of headline and lead first, and
names before others.

How rare a term is comes from a table counted once on feeds of a year and kept with the models, not from the stream:
so the weight of an article never depends on what came before it, and a restart changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from nlp import similarity
from nlp.similarity import Hashes, WordHashes
from nlp.text import match_form

Weights = NDArray[np.float32]

MODEL: Final = "story_terms.npz"
_TITLE_WORDS: Final = 40
_LEAD_WORDS: Final = 60
_TEXT_WORDS: Final = 120
# (weight of a pair of words, of a single word) by where it stands.
_IN_TITLE: Final = 2.0
_IN_LEAD: Final = 1.0
_IN_TEXT: Final = 0.5
_SINGLE: Final = 0.5
_TITLE_STANDING: Final = np.full(_TITLE_WORDS, _IN_TITLE)
_TEXT_STANDING: Final = np.repeat([_IN_LEAD, _IN_TEXT], [_LEAD_WORDS, _TEXT_WORDS - _LEAD_WORDS])
# Names and figures tell events apart: what begins with a capital or a digit counts twice, a pair when both words do.
_NAME: Final = 2.0
_MOST_COUNT: Final = 4.0
# What a term counts by how often it is used, in steps of the least, a single word in the text: growing ever slower.
_SINGLE_TEXT: Final = _IN_TEXT * _SINGLE
_DAMPED: Final = np.array(
    [
        min(used if used <= 1 else 1 + math.log(used), _MOST_COUNT)
        for used in np.arange(0.0, 20.5, _SINGLE_TEXT).tolist()
    ]
)
# Terms of more than one article in seven say nothing of an event.
_COMMONNESS: Final = 2.0
MOST_TERMS: Final = 160
# Rarity is kept in bytes, in sixteenths.
_STEPS: Final = 16
_TERM_KEYS: Final = 3 << 32


@dataclass(frozen=True, slots=True)
class Terms:
    """Hashed terms in order, with weights; the full list had length 1."""

    hashes: Hashes
    weights: Weights

    def to_bytes(self) -> bytes:
        return self.hashes.astype("<u4").tobytes() + self.weights.astype("<f2").tobytes()

    @classmethod
    def from_bytes(cls, kept: bytes) -> Terms:
        count = len(kept) // 6
        hashes = np.frombuffer(kept, dtype="<u4", count=count).astype(np.uint32)
        return cls(hashes, np.frombuffer(kept, dtype="<f2", offset=4 * count).astype(np.float32))

    def weightiest(self, most: int) -> list[tuple[int, float]]:
        """The terms of most weight, with it."""
        order = np.argsort(-self.weights, kind="stable")[:most]
        return list(zip(self.hashes[order].tolist(), self.weights[order].tolist(), strict=True))

    def keys(self, most: int) -> list[int]:
        """Keys to find articles about the same by, positive and of 64 bits."""
        return [_TERM_KEYS | term for term, _ in self.weightiest(most)]


NO_TERMS: Final = Terms(np.empty(0, dtype=np.uint32), np.empty(0, dtype=np.float32))


def likeness(first: Terms, second: Terms) -> float:
    """Cosine of two articles' terms, 0..1."""
    if not len(first.hashes) or not len(second.hashes):
        return 0.0
    places = np.searchsorted(second.hashes, first.hashes)
    places[places == len(second.hashes)] = 0
    common = second.hashes[places] == first.hashes
    return float(first.weights[common] @ second.weights[places[common]])


class TermReader:
    """Reads the terms of articles; holds the table of how rare each is."""

    def __init__(self, hashes: Hashes, rarity: Weights, rarest: float) -> None:
        """hashes: known terms in order; rarity: of each; rarest: of any other."""
        self._hashes, self._rarity, self._rarest = hashes, rarity, rarest
        self._words = WordHashes(match_form)

    @classmethod
    def load(cls) -> TermReader:
        """The table of this package. Raises FileNotFoundError when it is missing."""
        with (files("nlp.models") / MODEL).open("rb") as file, np.load(file) as kept:
            return cls(
                kept["hashes"], kept["rarity"].astype(np.float32) / np.float32(_STEPS), float(kept["rarest"]) / _STEPS
            )

    def read(self, title: Sequence[str], text: Sequence[str]) -> Terms:
        """The terms of an article. title, text: their words (`nlp.text.tokens`), normalised."""
        found, count = terms_of(title, text, self._words)
        weights = _DAMPED[np.minimum(count / _SINGLE_TEXT, len(_DAMPED) - 1).astype(np.intp)] * self._rare(found)
        length = math.sqrt(float(weights @ weights))
        if not length:
            return NO_TERMS
        kept = np.flatnonzero(weights)
        if len(kept) > MOST_TERMS:
            kept = np.sort(np.argsort(-weights, kind="stable")[:MOST_TERMS])
        return Terms(found[kept], (weights[kept] / length).astype(np.float32))

    def _rare(self, terms: Hashes) -> Weights:
        places = np.searchsorted(self._hashes, terms)
        places[places == len(self._hashes)] = 0
        return np.where(self._hashes[places] == terms, self._rarity[places], np.float32(self._rarest))


def terms_of(title: Sequence[str], text: Sequence[str], hashes: WordHashes) -> tuple[Hashes, NDArray[np.float64]]:
    """The hashed terms of an article (its words, normalised), in order, and how much each is used.

    hashes: of the words in match form.
    """
    head, body = title[:_TITLE_WORDS], text[:_TEXT_WORDS]
    both = [*head, *body]
    words = hashes.of(both)
    if not len(words):
        return np.empty(0, dtype=np.uint32), np.empty(0)
    standing = np.concatenate((_TITLE_STANDING[: len(head)], _TEXT_STANDING[: len(body)]))
    named = np.fromiter((not word[0].islower() for word in both), dtype=np.bool_, count=len(both))
    # The last word of the headline and the first of the text are no pair; counted as nothing, it weighs nothing.
    paired = np.where(named[1:] & named[:-1], _NAME, 1.0) * standing[:-1]
    if head and body:
        paired[len(head) - 1] = 0.0
    single = np.where(named, _NAME * _SINGLE, _SINGLE) * standing
    terms = np.concatenate((similarity.runs(words, 1), similarity.runs(words, 2)[: len(paired)]))
    order = np.argsort(terms, kind="stable")
    terms = terms[order]
    first = np.flatnonzero(similarity.first_of_equals(terms))
    return terms[first], np.add.reduceat(np.concatenate((single, paired))[order], first)


def table(terms: Hashes, counts: NDArray[np.int64], articles: int, *, least: int) -> dict[str, NDArray[Any]]:
    """The table to keep: terms in order and in how many of `articles` each was met; rarer than `least` is left out."""
    common = counts >= least
    rarity = np.maximum(np.log(articles / counts[common]) - _COMMONNESS, 0)
    rarest = np.log(articles / 2) - _COMMONNESS
    return {
        "hashes": terms[common],
        "rarity": np.rint(rarity * _STEPS).astype(np.uint8),
        "rarest": np.rint(rarest * _STEPS).astype(np.uint8),
    }
