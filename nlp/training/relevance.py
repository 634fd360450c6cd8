"""Training of the relevance forest. Needs scikit-learn; nothing here is imported when articles are judged."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.preprocessing import StandardScaler

from nlp.forest import Floats, Forest, Line
from nlp.relevance import share_and_reasons

TREES = 300
FOLDS = 10
UNCLEAR_WEIGHT = 0.6  # where two readers could differ, a label says less
_SEED = 20261122


@dataclass(frozen=True, slots=True)
class Examples:
    """Feature rows of documents that name us, with what a reader said. `groups` keeps one story in one fold."""

    rows: Floats
    relevant: npt.NDArray[np.bool_]
    weights: Floats
    groups: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Fitted:
    forest: Forest
    line: Line
    slope: float
    offset: float
    threshold: float


def fit_forest(rows: Floats, relevant: npt.NDArray[np.bool_], weights: Floats, seed: int = _SEED) -> Forest:
    """Deterministic for the same rows in the same order."""
    model = ExtraTreesClassifier(
        n_estimators=TREES, min_samples_leaf=3, max_features=0.4, random_state=seed, n_jobs=1
    )
    # float32, as the trees compare: a threshold must fall the same way in training and in use.
    model.fit(rows.astype(np.float32), relevant.astype(int), sample_weight=weights)
    return _as_arrays(model.estimators_)


def fit_line(rows: Floats, relevant: npt.NDArray[np.bool_], weights: Floats) -> Line:
    """Strongly regularised: few stories stand behind many features."""
    scaler = StandardScaler().fit(rows)
    model = LogisticRegression(C=0.02, max_iter=3000).fit(scaler.transform(rows), relevant, sample_weight=weights)
    scale: Floats = np.asarray(scaler.scale_)
    return Line(model.coef_[0] / scale, np.asarray(scaler.mean_), float(model.intercept_[0]))


def _as_arrays(trees: Sequence[Any]) -> Forest:
    columns: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in ("feature", "threshold", "left", "right", "value")}
    roots, offset = [], 0
    for estimator in trees:
        tree = estimator.tree_
        leaf = tree.children_left < 0
        share = tree.value[:, 0, 1] / tree.value[:, 0, :].sum(axis=1)
        columns["feature"].append(np.where(leaf, -1, tree.feature).astype(np.int16))
        # A float32 at or below the threshold in float64 is at or below its float32 rounded down.
        columns["threshold"].append(_rounded_down(tree.threshold))
        columns["left"].append(np.where(leaf, 0, tree.children_left + offset).astype(np.int32))
        columns["right"].append(np.where(leaf, 0, tree.children_right + offset).astype(np.int32))
        columns["value"].append(share.astype(np.float32))
        roots.append(offset)
        offset += tree.node_count
    return Forest(np.array(roots, dtype=np.int32), **{name: np.concatenate(parts) for name, parts in columns.items()})


def _rounded_down(threshold: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    single = threshold.astype(np.float32)
    above = single.astype(np.float64) > threshold
    single[above] = np.nextafter(single[above], np.float32(-np.inf))
    return single


def held_out_shares(examples: Examples, seed: int = 0) -> Floats:
    """The answer for every example by a pair that never saw its story."""
    shares = np.zeros(len(examples.relevant))
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    for train, test in folds.split(examples.rows, examples.relevant, examples.groups):
        known = (examples.rows[train], examples.relevant[train], examples.weights[train])
        forest, line = fit_forest(*known), fit_line(*known)
        shares[test] = [share_and_reasons(forest, line, row)[0] for row in examples.rows[test]]
    return shares


def fit(examples: Examples) -> Fitted:
    """The pair on all examples; calibration and threshold on held-out stories."""
    shares = held_out_shares(examples)
    slope, offset = calibrate(shares, examples.relevant)
    scores = 1 / (1 + np.exp(-(slope * _logit(shares) + offset)))
    known = (examples.rows, examples.relevant, examples.weights)
    return Fitted(fit_forest(*known), fit_line(*known), slope, offset, best_threshold(scores, examples.relevant))


def _logit(shares: Floats) -> Floats:
    held = np.clip(shares, 1e-4, 1 - 1e-4)
    logit: Floats = np.log(held / (1 - held))
    return logit


def calibrate(shares: Floats, relevant: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and offset on the logit of the share (Platt, 1999)."""
    model = LogisticRegression(C=1e6).fit(_logit(shares)[:, None], relevant)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def best_threshold(scores: Floats, relevant: npt.NDArray[np.bool_]) -> float:
    """The middle of the thresholds whose F1 is within half a point of the best: a plateau, not a peak."""
    grid = np.arange(0.2, 0.8, 0.01)
    marks = np.array([_f1(scores >= threshold, relevant) for threshold in grid])
    return float(round(np.median(grid[marks >= marks.max() - 0.005]), 3))


def _f1(said: npt.NDArray[np.bool_], true: npt.NDArray[np.bool_]) -> float:
    both = float((said & true).sum())
    return 2 * both / max(1.0, float(said.sum() + true.sum()))


def save(fitted: Fitted) -> bytes:
    """Both models as a compressed .npz, the same bytes for the same models."""
    line = {"weights": fitted.line.weights, "centre": fitted.line.centre, "bias": np.float64(fitted.line.bias)}
    out = io.BytesIO()
    np.savez_compressed(out, **fitted.forest.arrays(), **line)  # type: ignore[arg-type]
    return out.getvalue()
