"""Linear models that need only numpy to answer: a sparse one over words, a dense one over few features."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def softmax(scores: Floats) -> Floats:
    """Row of scores to probabilities."""
    shifted = np.exp(scores - scores.max())
    return np.asarray(shifted / shifted.sum())


@dataclass(frozen=True)
class WordModel:
    """Linear scores over TF-IDF of known terms (sublinear frequency, unit length).

    Weights are kept as signed bytes with one scale a class: a quarter of the size, no loss that shows.
    """

    classes: tuple[str, ...]
    index: Mapping[str, int]
    idf: NDArray[np.float32]
    weights: NDArray[np.int8]  # terms × classes
    scale: Floats
    bias: Floats

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, Any], prefix: str = "") -> WordModel:
        """Read back what `arrays` wrote. Raises KeyError when a part is missing."""
        terms = bytes(arrays[f"{prefix}terms"]).decode().split("\n")
        return cls(
            classes=tuple(bytes(arrays[f"{prefix}classes"]).decode().split("\n")),
            index={term: row for row, term in enumerate(terms)},
            idf=np.asarray(arrays[f"{prefix}idf"], dtype=np.float32),
            weights=np.asarray(arrays[f"{prefix}weights"], dtype=np.int8),
            scale=np.asarray(arrays[f"{prefix}scale"], dtype=np.float64),
            bias=np.asarray(arrays[f"{prefix}bias"], dtype=np.float64),
        )

    @classmethod
    def of_weights(
        cls, classes: Sequence[str], terms: Sequence[str], idf: Floats, weights: Floats, bias: Floats
    ) -> WordModel:
        """Quantise trained weights (terms × classes)."""
        scale = np.maximum(np.abs(weights).max(axis=0), 1e-12) / 127.0
        return cls(
            classes=tuple(classes),
            index={term: row for row, term in enumerate(terms)},
            idf=idf.astype(np.float32),
            weights=np.rint(weights / scale).astype(np.int8),
            scale=scale,
            bias=np.asarray(bias, dtype=np.float64),
        )

    def arrays(self, prefix: str = "") -> dict[str, Any]:
        """As arrays for `numpy.savez_compressed`."""
        return {
            f"{prefix}terms": np.frombuffer("\n".join(self.index).encode(), dtype=np.uint8),
            f"{prefix}classes": np.frombuffer("\n".join(self.classes).encode(), dtype=np.uint8),
            f"{prefix}idf": self.idf,
            f"{prefix}weights": self.weights,
            f"{prefix}scale": self.scale,
            f"{prefix}bias": self.bias,
        }

    def scores(self, terms: Sequence[str]) -> Floats:
        """One score a class for a document given by its terms, with repetition."""
        counts: dict[int, int] = {}
        index = self.index
        for term in terms:
            row = index.get(term)
            if row is not None:
                counts[row] = counts.get(row, 0) + 1
        if not counts:
            return self.bias.copy()
        rows = np.fromiter(counts, dtype=np.int64, count=len(counts))
        damped = np.fromiter((1.0 + math.log(n) for n in counts.values()), dtype=np.float64, count=len(counts))
        values = damped * self.idf[rows]
        values /= math.sqrt(float(values @ values)) or 1.0
        # Summed by hand: a matrix product of this size would wake BLAS threads, which cost more than they save.
        summed = (self.weights[rows] * values[:, None]).sum(axis=0)
        return np.asarray(summed * self.scale + self.bias)


@dataclass(frozen=True)
class DenseModel:
    """A linear model over a few named features."""

    classes: tuple[str, ...]
    weights: Floats  # features × classes
    bias: Floats

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, Any], prefix: str = "") -> DenseModel:
        return cls(
            classes=tuple(bytes(arrays[f"{prefix}classes"]).decode().split("\n")),
            weights=np.asarray(arrays[f"{prefix}weights"], dtype=np.float64),
            bias=np.asarray(arrays[f"{prefix}bias"], dtype=np.float64),
        )

    def arrays(self, prefix: str = "") -> dict[str, Any]:
        return {
            f"{prefix}classes": np.frombuffer("\n".join(self.classes).encode(), dtype=np.uint8),
            f"{prefix}weights": self.weights.astype(np.float32),
            f"{prefix}bias": self.bias.astype(np.float32),
        }

    def scores(self, features: Floats) -> Floats:
        """One score a class."""
        return np.asarray(features @ self.weights + self.bias)

    def probabilities(self, features: Floats) -> Floats:
        """Softmax over the scores."""
        return softmax(self.scores(features))
