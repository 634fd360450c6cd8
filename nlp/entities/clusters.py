"""Groups of words that stand in the same company, learnt from unlabelled press text.

A few thousand labelled sentences cannot show every surname, club or town. Words that share their
neighbours ("Chelsea", "Juventus") get one group, and what the model learns about a group holds for all of it.
Counts of neighbours → positive mutual information → random projection → k-means; deterministic.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp.entities.sentences import sentences
from nlp.text import match_form

SEEN_AT_LEAST = 8  # rarer words have too few neighbours to be placed
CONTEXT_WORDS = 3000
DIMENSIONS = 160
FINE, COARSE = 512, 64
_ROUNDS = 20
_SEED = 20261122
_EDGE = "¶"

Floats = NDArray[np.float32]


def learn(texts: Iterable[str]) -> dict[str, str]:
    """Word as written → `fine.coarse` group, for every word seen often enough. Memory: about 1 GB for 7 M tokens."""
    seen: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for text in texts:
        for tokens in sentences(text):
            words = [_EDGE, *(_written(token.text) for token in tokens), _EDGE]
            seen.update(words[1:-1])
            lowered = [match_form(word) for word in words]
            for at in range(1, len(words) - 1):
                pairs[words[at], "<" + lowered[at - 1]] += 1
                pairs[words[at], ">" + lowered[at + 1]] += 1
    vocabulary = sorted(word for word, count in seen.items() if count >= SEEN_AT_LEAST)
    vectors = _vectors(vocabulary, pairs)
    fine, centres = _kmeans(vectors, FINE)
    coarse, _ = _kmeans(centres, COARSE)
    return {word: f"{group}.{coarse[group]}" for word, group in zip(vocabulary, fine, strict=True)}


def _written(word: str) -> str:
    return "0" if word.isdigit() else word


def _vectors(vocabulary: list[str], pairs: Counter[tuple[str, str]]) -> Floats:
    """Projected rows of the positive-mutual-information matrix, length one each."""
    contexts: Counter[str] = Counter()
    for (_, context), count in pairs.items():
        contexts[context] += count
    columns = {context: i for i, (context, _) in enumerate(sorted(contexts.items(), key=lambda c: (-c[1], c[0]))[:CONTEXT_WORDS])}
    rows = {word: i for i, word in enumerate(vocabulary)}
    kept = sorted((rows[w], columns[c], n) for (w, c), n in pairs.items() if w in rows and c in columns)
    row, column, count = (np.array(part) for part in zip(*kept, strict=True))
    total = count.sum()
    row_sum = np.bincount(row, count, len(rows))
    column_sum = np.bincount(column, count, len(columns))
    mutual = np.maximum(np.log(count * total / (row_sum[row] * column_sum[column])), 0.0)
    projection = np.random.default_rng(_SEED).standard_normal((len(columns), DIMENSIONS)).astype(np.float32)
    vectors = np.zeros((len(rows), DIMENSIONS), dtype=np.float32)
    for dimension in range(DIMENSIONS):
        vectors[:, dimension] = np.bincount(row, mutual * projection[column, dimension], len(rows))
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Floats = vectors / np.maximum(lengths, 1e-6)
    return unit


def _kmeans(vectors: Floats, groups: int) -> tuple[list[int], Floats]:
    """Group of each row and the centres; spherical k-means from a fixed random start."""
    groups = min(groups, len(vectors))
    rng = np.random.default_rng(_SEED)
    centres = vectors[rng.choice(len(vectors), groups, replace=False)].copy()
    nearest: NDArray[Any] = np.zeros(len(vectors), dtype=np.int64)
    for _ in range(_ROUNDS):
        nearest = (vectors @ centres.T).argmax(axis=1)
        for group in range(groups):
            members = vectors[nearest == group]
            if len(members):
                centre = members.mean(axis=0)
                centres[group] = centre / max(float(np.linalg.norm(centre)), 1e-6)
    return [int(group) for group in nearest], centres


def save(clusters: dict[str, str], path: Path) -> None:
    """One `word<TAB>group` a line, sorted."""
    path.write_text("".join(f"{word}\t{group}\n" for word, group in sorted(clusters.items())), encoding="utf-8")
