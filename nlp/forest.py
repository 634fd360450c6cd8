"""A forest of decision trees and a line beside it, as plain arrays: trained elsewhere, answered with numpy alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_ARRAYS = ("roots", "feature", "threshold", "left", "right", "value")


@dataclass(frozen=True, slots=True)
class Forest:
    """All trees' nodes in one table. `feature` is -1 at leaves; `value` is the share of "yes" at every node."""

    roots: npt.NDArray[np.int32]
    feature: npt.NDArray[np.int16]
    threshold: npt.NDArray[np.float32]
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    value: npt.NDArray[np.float32]

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> Forest:
        """Raises KeyError when an array is missing."""
        return cls(**{name: np.asarray(arrays[name]) for name in _ARRAYS})

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        return {name: getattr(self, name) for name in _ARRAYS}

    def explain(self, row: Floats) -> tuple[float, Floats]:
        """The mean share of "yes", and how much each feature moved it (they add up, from the roots' mean).

        Attribution along the decision path: Saabas, "Interpreting random forests", 2014.
        """
        node = self.roots.astype(np.int64)
        moved = np.zeros(len(row))
        values = row.astype(np.float32)
        while True:
            feature = self.feature[node]
            inner = np.flatnonzero(feature >= 0)
            if inner.size == 0:
                break
            at, asked = node[inner], feature[inner]
            following = np.where(values[asked] <= self.threshold[at], self.left[at], self.right[at])
            np.add.at(moved, asked, self.value[following] - self.value[at])
            node[inner] = following
        return float(self.value[node].mean()), moved / len(self.roots)


@dataclass(frozen=True, slots=True)
class Line:
    """A logistic regression over the same features; `centre` is what it calls an ordinary row."""

    weights: Floats
    centre: Floats
    bias: float  # log-odds of "yes" for an ordinary row

    def explain(self, row: Floats) -> tuple[float, Floats]:
        """The probability of "yes", and each feature's part in moving it from an ordinary row's."""
        pushes = self.weights * (row - self.centre)
        push = float(pushes.sum())
        ordinary, probability = _sigmoid(self.bias), _sigmoid(self.bias + push)
        if abs(push) < _NO_PUSH:
            return probability, np.zeros(len(row))
        return probability, pushes * ((probability - ordinary) / push)


_NO_PUSH = 1e-9


def _sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-min(max(logit, -40.0), 40.0)))
