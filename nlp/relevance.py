"""Is an article about the province, does it only mention it, or is it not ours at all?

Two stages. Without a sighting of ours (see `nlp.sense`) it is irrelevant, and the refused sightings say why.
Otherwise a forest and a logistic regression over counted features (`nlp.relevance_features`) tell "relevant"
from "marginal" by the mean of their answers; what moved them is added up into evidence, so that every
judgement shows the names and counts that spoke.
"""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from itertools import islice
from typing import Any

import numpy as np

from nlp.forest import Floats, Forest, Line
from nlp.prepared import Placed, Prepared
from nlp.records import Evidence, Field, Relevance
from nlp.relevance_features import FEATURES, features

_MOST_SPANS = 8
_MOST_COUNTS = 4
_LEAST_WEIGHT = 0.01
# What is said of articles without a sighting of ours; nobody was ever found wrong by more in training.
_SCORE_WITHOUT = 0.001
# Of the labelled articles with only such mentions outside the title, 76 in 79 are marginal.
_PASSING = frozenset({"route", "product", "weak", "origin", "plate", "byline", "address", "delegate"})
_SCORE_IN_PASSING = 0.04
_NO_REFUSAL = frozenset({"ours", "other_province", "no_cue"})


@dataclass(frozen=True, slots=True)
class Judgement:
    relevance: Relevance
    score: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class RelevanceModel:
    """The trained pair, their calibration and threshold. `card` tells data, date, scores and limits."""

    forest: Forest
    line: Line
    slope: float
    offset: float
    threshold: float  # on the calibrated score: at and above it an article is relevant
    card: Mapping[str, Any]

    @classmethod
    def load(cls) -> RelevanceModel:
        """Raises ValueError when the model was trained on other features than this program counts."""
        folder = files("nlp").joinpath("models")
        card = json.loads(folder.joinpath("relevance.json").read_text("utf-8"))
        if tuple(card["features"]) != FEATURES:
            raise ValueError("relevance model and program disagree on features: run `diembao train`")
        with np.load(BytesIO(folder.joinpath("relevance.npz").read_bytes())) as arrays:
            forest = Forest.from_arrays(arrays)
            line = Line(arrays["weights"], arrays["centre"], float(arrays["bias"]))
        return cls(forest, line, card["slope"], card["offset"], card["threshold"], card)

    @property
    def version(self) -> str:
        return str(self.card["version"])

    def judge(self, prepared: Prepared) -> Judgement:
        ours = prepared.ours()
        if not ours or _only_a_company_in_passing(ours):
            return Judgement("irrelevant", _SCORE_WITHOUT, tuple(_refusals(prepared)))
        row = np.asarray(features(prepared))
        share, moved = share_and_reasons(self.forest, self.line, row)
        score = self.calibrated(share)
        evidence = tuple(_evidence(prepared, row, moved))
        if score >= self.threshold and only_in_passing(ours):
            return Judgement("marginal", _SCORE_IN_PASSING, (Evidence("rule.only_in_passing", weight=-1.0), *evidence))
        return Judgement("relevant" if score >= self.threshold else "marginal", score, evidence)

    def calibrated(self, share: float) -> float:
        """Probability that a fair reader says "relevant", by Platt's method on held-out stories."""
        share = min(max(share, 1e-4), 1 - 1e-4)
        return 1 / (1 + math.exp(-(self.slope * math.log(share / (1 - share)) + self.offset)))


def share_and_reasons(forest: Forest, line: Line, row: Floats) -> tuple[float, Floats]:
    """The mean of the two answers, and each feature's part in it."""
    by_forest, moved_forest = forest.explain(row)
    by_line, moved_line = line.explain(row)
    return (by_forest + by_line) / 2, (moved_forest + moved_line) / 2


def only_in_passing(ours: list[Placed]) -> bool:
    """Somebody's origin, a road's end, a product: however often, such mentions alone make no article ours.

    In a title they may, but for names wider than the province ("Quân khu 1", "Bắc Thái").
    """
    return all(p.role in _PASSING and (p.role == "weak" or not p.in_title) for p in ours)


def _only_a_company_in_passing(ours: list[Placed]) -> bool:
    """One company or region named once in the body makes no article ours: lists of factories, of shareholders."""
    if len(ours) > 1 or ours[0].in_title:
        return False
    return ours[0].sighting.entry.kind == "company" and not ours[0].sighting.entry.name.endswith("Thái Nguyên")


def _refusals(prepared: Prepared) -> Iterator[Evidence]:
    refused = (placed for placed in prepared.placed if placed.sighting.reason not in _NO_REFUSAL)
    for placed in islice(refused, _MOST_SPANS):
        yield _span(placed, f"sense.{placed.sighting.reason}", -1.0)


def _span(placed: Placed, rule: str, weight: float) -> Evidence:
    hit = placed.sighting.hit
    where: Field = "title" if placed.in_title else "text"
    return Evidence(rule, hit.surface, where, hit.start, hit.end, round(weight, 4))


def _group(placed: Placed, lead_end: int) -> str:
    if placed.in_title:
        return "title"
    return "lead" if placed.sighting.hit.start < lead_end else "text"


def _evidence(prepared: Prepared, row: Floats, moved: Floats) -> Iterator[Evidence]:
    """Spans first, heaviest first, then the counts that have no span of their own."""
    by_name = dict(zip(FEATURES, moved.tolist(), strict=True))
    played = Counter(placed.role for placed in prepared.ours())
    groups: dict[str, list[Placed]] = defaultdict(list)
    for placed in prepared.ours():
        groups[_group(placed, prepared.lead_end)].append(placed)
    spans: list[Evidence] = []
    for group, members in groups.items():
        own = sum(by_name[name] for name in _SPAN_FEATURES[group])
        for placed in members:
            role_weight = by_name[f"role.{placed.role}"] / played[placed.role]
            spans.append(_span(placed, f"{group}.{placed.role}", own / len(members) + role_weight))
    spans.sort(key=lambda evidence: (-_RANK[evidence.where], -abs(evidence.weight), evidence.start))
    yield from spans[:_MOST_SPANS]
    loose = sorted(LOOSE_FEATURES, key=lambda name: -abs(by_name[name]))
    for name in loose[:_MOST_COUNTS]:
        if abs(by_name[name]) >= _LEAST_WEIGHT:
            value = row[FEATURES.index(name)]
            yield Evidence(f"count.{name}", f"{value:.2f}".rstrip("0").rstrip("."), weight=round(by_name[name], 4))


_RANK: dict[Field, int] = {"title": 1, "text": 0, "": 0}
_SPAN_FEATURES: dict[str, tuple[str, ...]] = {
    "title": ("title.ours", "title.strong", "title.list", "title.route", "title.first"),
    "lead": (
        "lead.ours", "lead.strong", "lead.first_is_ours", "early.strong", "lead.origin", "lead.list", "lead.scene",
        "lead.body",
    ),
    "text": (
        "text.ours", "text.strong", "text.density", "text.strong_density", "text.spread", "text.paragraphs",
        "text.first", "text.first_strong", "text.places",
    ),
}  # fmt: skip
# Counts that have no span of their own to be shown at.
LOOSE_FEATURES = tuple(
    name
    for name in FEATURES
    if not name.startswith("role.") and all(name not in names for names in _SPAN_FEATURES.values())
)
