"""Training of the relevance forest. Needs scikit-learn; nothing here is imported when articles are judged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from nlp.evaluation.crossval import folds
from nlp.evaluation.metrics import score
from nlp.forest import Floats, Forest, Line
from nlp.gazetteer.catalogue import Catalogue
from nlp.prepared import Prepared, Preparer
from nlp.relevance import RelevanceModel, share_and_reasons
from nlp.relevance_features import FEATURES, features
from nlp.training.material import CORRECTION, DEV, Labelled
from nlp.training.task import Card, TrainingTask, scikit_learn

VERSION = "relevance-1"
TREES = 300
# The development part mirrors the stream that editors see; the other labels were picked to cover more cases, so
# they teach as much but say less about where to cut.
ELSEWHERE_SAYS = 0.25
UNCLEAR_WEIGHT = 0.6  # where two readers could differ, a label says less
_SEED = 20261122


Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Examples:
    """Articles that name us, with what a reader said, in one order throughout."""

    labels: tuple[Labelled, ...]
    prepared: tuple[Prepared, ...]
    rows: Floats
    relevant: Flags
    weights: Floats

    @property
    def says(self) -> Floats:
        """How much each example says about the threshold."""
        return np.array([1.0 if row.origin in (DEV, CORRECTION) else ELSEWHERE_SAYS for row in self.labels])


def fit_forest(rows: Floats, relevant: Flags, weights: Floats, seed: int = _SEED) -> Forest:
    """Deterministic for the same rows in the same order."""
    model = ExtraTreesClassifier(n_estimators=TREES, min_samples_leaf=3, max_features=0.4, random_state=seed, n_jobs=1)
    # float32, as the trees compare: a threshold must fall the same way in training and in use.
    model.fit(rows.astype(np.float32), relevant.astype(int), sample_weight=weights)
    return _as_arrays(model.estimators_)


def fit_line(rows: Floats, relevant: Flags, weights: Floats) -> Line:
    """Strongly regularised: few stories stand behind many features."""
    scaler = StandardScaler().fit(rows)
    model = LogisticRegression(C=0.02, max_iter=3000).fit(scaler.transform(rows), relevant, sample_weight=weights)
    scale: Floats = np.asarray(scaler.scale_)
    return Line(model.coef_[0] / scale, np.asarray(scaler.mean_), float(model.intercept_[0]))


def _as_arrays(trees: Sequence[Any]) -> Forest:
    names = ("feature", "threshold", "left", "right", "value")
    columns: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in names}
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


def examples(rows: Sequence[Labelled], preparer: Preparer) -> Examples:
    """The labelled articles that name us; the others are settled before any model is asked."""
    read = [(row, preparer.prepare(row.document)) for row in rows if row.relevance]
    named = [(row, prepared) for row, prepared in read if prepared.ours()]
    return Examples(
        tuple(row for row, _ in named),
        tuple(prepared for _, prepared in named),
        np.array([features(prepared) for _, prepared in named]),
        np.array([row.relevance == "relevant" for row, _ in named]),
        np.array([1.0 if row.clear else UNCLEAR_WEIGHT for row, _ in named]),
    )


def held_out(material: Examples) -> list[RelevanceModel]:
    """For every example a model that never saw its story.

    Only the calibration and threshold, three numbers, come from answers about all other stories at once.
    """
    documents = [row.document for row in material.labels]
    parts = folds(documents)
    pairs: list[tuple[Forest, Line]] = []
    shares = np.zeros(len(documents))
    for held in parts:
        rest = np.setdiff1d(np.arange(len(documents)), held)
        known = (material.rows[rest], material.relevant[rest], material.weights[rest])
        pairs.append((fit_forest(*known), fit_line(*known)))
        shares[held] = [share_and_reasons(*pairs[-1], row)[0] for row in material.rows[held]]
    models: dict[int, RelevanceModel] = {}
    for held, (forest, line) in zip(parts, pairs, strict=True):
        rest = np.setdiff1d(np.arange(len(documents)), held)
        model = _calibrated(forest, line, shares[rest], material.relevant[rest], material.says[rest])
        models.update(dict.fromkeys(held, model))
    return [models[place] for place in range(len(documents))]


def fit(material: Examples, held: Sequence[RelevanceModel]) -> RelevanceModel:
    """The pair on all examples; calibration and threshold by the models of `held_out`."""
    known = (material.rows, material.relevant, material.weights)
    shares = np.array(
        [share_and_reasons(model.forest, model.line, row)[0] for model, row in zip(held, material.rows, strict=True)]
    )
    return _calibrated(fit_forest(*known), fit_line(*known), shares, material.relevant, material.says)


def _calibrated(forest: Forest, line: Line, shares: Floats, relevant: Flags, says: Floats) -> RelevanceModel:
    slope, offset = calibrate(shares, relevant, says)
    scores = 1 / (1 + np.exp(-(slope * _logit(shares) + offset)))
    return RelevanceModel(forest, line, slope, offset, best_threshold(scores, relevant, says), {"version": VERSION})


def _logit(shares: Floats) -> Floats:
    held = np.clip(shares, 1e-4, 1 - 1e-4)
    logit: Floats = np.log(held / (1 - held))
    return logit


def calibrate(shares: Floats, relevant: Flags, says: Floats) -> tuple[float, float]:
    """Slope and offset on the logit of the share (Platt, 1999)."""
    model = LogisticRegression(C=1e6).fit(_logit(shares)[:, None], relevant, sample_weight=says)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def best_threshold(scores: Floats, relevant: Flags, says: Floats) -> float:
    """The middle of the thresholds whose F1 is within half a point of the best: a plateau, not a peak."""
    grid = np.arange(0.2, 0.8, 0.01)
    marks = np.array([_f1(scores >= threshold, relevant, says) for threshold in grid])
    return float(round(np.median(grid[marks >= marks.max() - 0.005]), 3))


def _f1(said: Flags, true: Flags, says: Floats) -> float:
    both = float(says[said & true].sum())
    return 2 * both / max(1.0, float(says[said].sum() + says[true].sum()))


def train(task: TrainingTask) -> Card:
    """Train on everything labelled and write the model, its numbers and its card into `task.out`."""
    scikit_learn()
    rows = [row for row in task.gather() if row.relevance]
    task.tell(f"relevance: {len(rows)} labelled articles")
    material = examples(rows, Preparer(Catalogue.load()))
    held = held_out(material)
    save(fit(material, held), task.out)
    return Card(
        name="relevance",
        version=VERSION,
        purpose="Tells articles about the province from those that only mention it.",
        data=(
            f"{len(rows)} articles labelled by readers, {len(material.labels)} of which name a place of ours "
            f"({int(material.relevant.sum())} relevant)",
            "labels in nlp/labels/*.jsonl and the development part; texts stay outside the repository",
        ),
        scores=_card_scores(rows, material, held),
        limits=(
            "what is ours at all is settled by rules (nlp/sense.py), not learned",
            "reports of storms and floods over several provinces are where readers differ too",
        ),
    )


def _card_scores(rows: Sequence[Labelled], material: Examples, held: Sequence[RelevanceModel]) -> dict[str, str]:
    """By ten-fold cross-validation over whole stories."""
    said = {
        id(row): model.judge(prepared).relevance
        for row, prepared, model in zip(material.labels, material.prepared, held, strict=True)
    }
    told: dict[str, str] = {}
    for name, chosen in (
        ("development part", [row for row in rows if row.origin == DEV]),
        ("all labels", list(rows)),
    ):
        found = score([str(row.relevance) for row in chosen], [said.get(id(row), "irrelevant") for row in chosen])
        told[f"relevant F1, {name} ({len(chosen)})"] = f"{found.of('relevant').f1:.3f}"
        told[f"macro-F1 of three classes, {name}"] = f"{found.macro_f1:.3f}"
    return told


def save(model: RelevanceModel, folder: Path) -> None:
    """`relevance.npz` and `relevance.json`; the same bytes for the same model."""
    line = {"weights": model.line.weights, "centre": model.line.centre, "bias": np.float64(model.line.bias)}
    np.savez_compressed(folder / "relevance.npz", **model.forest.arrays(), **line)  # type: ignore[arg-type]
    card = {
        "version": model.version,
        "features": list(FEATURES),
        "slope": model.slope,
        "offset": model.offset,
        "threshold": model.threshold,
    }
    (folder / "relevance.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
