"""What unlabelled press text teaches about words.

A few thousand labelled sentences cannot show every surname, club or town. Three things are counted over
many articles nobody labelled: words that stand in the same company ("Chelsea", "Juventus") get one group;
two lower-case syllables that keep together ("giáo dục") are a compound, so that a name which holds the first
holds the second; and how often a word is written large where no sentence begins.

Groups: counts of neighbours → positive mutual information → random projection → k-means; deterministic.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp.entities.features import Statistics, is_vietnamese
from nlp.entities.sentences import Token, sentences
from nlp.text import match_form

_GROUPED_FROM = 6  # words seen less often have too few neighbours to be placed
_CONTEXT_WORDS = 3000
_DIMENSIONS = 160
_FINE, _COARSE = 512, 64
_ROUNDS = 20
_SEED = 20261122
_COMPOUND_SEEN, _COMPOUND_BOUND = 15, 0.35  # times seen; normalised mutual information
_CAPITAL_SEEN = 5
_EDGE = "¶"
# A word after one of these may be large because something begins there.
_OPENERS = frozenset("\"“‘'-–—:")

Floats = NDArray[np.float32]


class _Counts:
    def __init__(self) -> None:
        self.words: Counter[str] = Counter()
        self.neighbours: Counter[tuple[str, str]] = Counter()
        self.lower: Counter[str] = Counter()
        self.lower_pairs: Counter[tuple[str, str]] = Counter()
        self.inside: Counter[str] = Counter()
        self.inside_large: Counter[str] = Counter()

    def add(self, tokens: list[Token]) -> None:
        written = [_EDGE, *("0" if token.text.isdigit() else token.text for token in tokens), _EDGE]
        low = [match_form(word) for word in written]
        self.words.update(written[1:-1])
        for at in range(1, len(written) - 1):
            word = written[at]
            self.neighbours[word, "<" + low[at - 1]] += 1
            self.neighbours[word, ">" + low[at + 1]] += 1
            if not word[0].isalpha():
                continue
            if at > 1 and written[at - 1] not in _OPENERS:
                self.inside[low[at]] += 1
                self.inside_large[low[at]] += word[0].isupper()
            if word.islower():
                self.lower[low[at]] += 1
                if written[at - 1].islower():
                    self.lower_pairs[low[at - 1], low[at]] += 1


def learn(texts: Iterable[str]) -> Statistics:
    """Counts over normalised texts. Needs about 1 GB of memory for 7 million words."""
    counts = _Counts()
    for text in texts:
        for tokens in sentences(text):
            counts.add(tokens)
    capital = {
        word: str(round(9 * counts.inside_large[word] / seen))
        for word, seen in counts.inside.items()
        if seen >= _CAPITAL_SEEN
    }
    return Statistics(_groups(counts), _compounds(counts), capital)


def write(statistics: Statistics) -> str:
    """The statistics as text, one fact a line, sorted."""
    lines = [f"g\t{word}\t{group}" for word, group in sorted(statistics.groups.items())]
    lines += [f"w\t{pair}" for pair in sorted(statistics.compounds)]
    lines += [f"c\t{word}\t{share}" for word, share in sorted(statistics.capital.items())]
    return "\n".join(lines) + "\n"


def read(text: str) -> Statistics:
    """The counterpart of `write`."""
    groups, capital, compounds = {}, {}, []
    for line in text.splitlines():
        kind, word, *value = line.split("\t")
        if kind == "g":
            groups[word] = value[0]
        elif kind == "c":
            capital[word] = value[0]
        else:
            compounds.append(word)
    return Statistics(groups, frozenset(compounds), capital)


def _compounds(counts: _Counts) -> frozenset[str]:
    total = sum(counts.lower.values())
    found = []
    for (first, second), seen in counts.lower_pairs.items():
        if seen < _COMPOUND_SEEN or not (is_vietnamese(first) and is_vietnamese(second)):
            continue
        mutual = math.log(seen * total / (counts.lower[first] * counts.lower[second]))
        if mutual / -math.log(seen / total) > _COMPOUND_BOUND:
            found.append(f"{first} {second}")
    return frozenset(found)


def _groups(counts: _Counts) -> dict[str, str]:
    """Word as written → `fine.coarse` group, for every word seen often enough."""
    vocabulary = sorted(word for word, seen in counts.words.items() if seen >= _GROUPED_FROM)
    if not vocabulary:
        return {}
    fine, centres = _kmeans(_vectors(vocabulary, counts.neighbours), _FINE)
    coarse, _ = _kmeans(centres, _COARSE)
    return {word: f"{group}.{coarse[group]}" for word, group in zip(vocabulary, fine, strict=True)}


def _vectors(vocabulary: list[str], pairs: Counter[tuple[str, str]]) -> Floats:
    """Projected rows of the positive-mutual-information matrix, length one each."""
    contexts: Counter[str] = Counter()
    for (_, context), seen in pairs.items():
        contexts[context] += seen
    frequent = sorted(contexts.items(), key=lambda item: (-item[1], item[0]))[:_CONTEXT_WORDS]
    columns = {context: at for at, (context, _) in enumerate(frequent)}
    rows = {word: at for at, word in enumerate(vocabulary)}
    kept = sorted((rows[w], columns[c], seen) for (w, c), seen in pairs.items() if w in rows and c in columns)
    row, column, count = np.array(kept, dtype=np.int64).T
    total = int(count.sum())
    row_sum = np.bincount(row, count, len(rows))
    column_sum = np.bincount(column, count, len(columns))
    mutual = np.maximum(np.log(count * total / (row_sum[row] * column_sum[column])), 0.0)
    projection = np.random.default_rng(_SEED).standard_normal((len(columns), _DIMENSIONS))
    vectors = np.stack([np.bincount(row, mutual * projection[column, at], len(rows)) for at in range(_DIMENSIONS)], 1)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Floats = (vectors / np.maximum(lengths, 1e-6)).astype(np.float32)
    return unit


def _kmeans(vectors: Floats, groups: int) -> tuple[list[int], Floats]:
    """Group of each row and the centres; spherical k-means from a fixed random start."""
    groups = min(groups, len(vectors))
    start = np.random.default_rng(_SEED).choice(len(vectors), groups, replace=False)
    centres = vectors[start].copy()
    nearest: NDArray[Any] = np.zeros(len(vectors), dtype=np.int64)
    for _ in range(_ROUNDS):
        nearest = (vectors @ centres.T).argmax(axis=1)
        for group in range(groups):
            members = vectors[nearest == group]
            if len(members):
                centre = members.mean(axis=0)
                centres[group] = centre / max(float(np.linalg.norm(centre)), 1e-6)
    return [int(group) for group in nearest], centres
