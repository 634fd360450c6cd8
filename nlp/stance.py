"""How an article speaks of the province: favourable, unfavourable, neutral or mixed. Never its mood.

A regularised linear model over three kinds of features: what its sentences say and in which roles
(`stance_features`), its topics, and its words without names. "Unfavourable" must not be missed, so the
decision gives it more room than its probability; `ROOM` says how much and the model's card the price.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

import numpy as np

from nlp.accused import accused
from nlp.linear import DenseModel, Floats, WordModel, softmax
from nlp.phrases import PhraseMatcher
from nlp.records import Document, Evidence, Field, Stance, TopicScore
from nlp.stance_features import Reading, Sentence, StanceLexicon, masked_terms, read_sentences

VERSION = "stance-1"
MODEL_FILE = "stance.npz"
STANCES: tuple[Stance, ...] = ("favourable", "mixed", "neutral", "unfavourable")
NEEDS_RESPONSE = "needs_response"
SERIOUS = "serious"
# Columns of the linear model: the four stances share one softmax, the others are yes-or-no.
COLUMNS = (*STANCES, NEEDS_RESPONSE, SERIOUS)

# How much of its probability each stance brings to the decision. "Mixed" is rare among articles of ours,
# and praise is easily seen where there is only news; "unfavourable" must not be missed. Chosen by
# cross-validation over whole stories on readers' labels for a recall of at least .85.
ROOM: Mapping[Stance, float] = {"favourable": 0.85, "mixed": 0.3, "neutral": 1.0, "unfavourable": 2.5}
RESPONSE_FROM = 0.4
SERIOUS_FROM = 0.5
_MOST_SENTENCES = 2

# Deaths, abuse of children, great losses: what raises a serious matter to the gravest.
_GRAVEST = re.compile(
    r"tử vong|chết người|thiệt mạng|xâm hại|hiếp dâm|bạo hành|nghìn tỷ|nghìn tỉ|ngàn tỉ|ngàn tỷ|đặc biệt nghiêm trọng|"
    r"(?:bí thư|chủ tịch|phó chủ tịch)(?: ubnd)? tỉnh"
)
_PROSECUTED = ("official prosecuted", "former official prosecuted")


@dataclass(frozen=True, slots=True)
class StanceJudgement:
    """What an article says of the province.

    score: probability of the stance given. needs_a_look: an editor should check, because "unfavourable" is
    likely enough though not given. severity: 0 (nothing) to 3 (gravest). accused: the body blamed, or empty.
    """

    stance: Stance
    score: float
    probabilities: Mapping[str, float]
    evidence: tuple[Evidence, ...] = ()
    needs_response: bool = False
    response_score: float = 0.0
    severity: int = 0
    accused: str = ""
    needs_a_look: bool = False


def topic_features(topics: Mapping[str, float], slugs: Sequence[str]) -> list[float]:
    return [topics.get(slug, 0.0) for slug in slugs]


@dataclass(frozen=True)
class StanceModel:
    """The shipped stance model. Deterministic; safe to share between threads.

    slugs: the topics, in the order of their features, which follow those of the lexicon.
    """

    lexicon: StanceLexicon
    slugs: tuple[str, ...]
    signals: DenseModel
    words: WordModel
    version: str = VERSION

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """The model of this package, or the one at `path`. Raises FileNotFoundError, KeyError or ValueError."""
        source = path or Path(str(files("nlp").joinpath("models", MODEL_FILE)))
        with np.load(source) as arrays:
            return cls.of_arrays(dict(arrays))

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, Any]) -> Self:
        lexicon = StanceLexicon.load()
        slugs = tuple(bytes(arrays["slugs"]).decode().split("\n"))
        signals = DenseModel.of_arrays(arrays, "signals_")
        if signals.weights.shape[0] != len(lexicon.feature_names()) + len(slugs):
            raise ValueError("the stance model was trained with another lexicon; train it again")
        words = WordModel.of_arrays(arrays, "words_")
        return cls(lexicon, slugs, signals, words, bytes(arrays["version"]).decode())

    def save(self, path: Path) -> None:
        np.savez_compressed(
            path,
            version=np.frombuffer(self.version.encode(), dtype=np.uint8),
            slugs=np.frombuffer("\n".join(self.slugs).encode(), dtype=np.uint8),
            **self.signals.arrays("signals_"),
            **self.words.arrays("words_"),
        )

    def predict(self, document: Document, topics: Iterable[TopicScore] | Mapping[str, float]) -> StanceJudgement:
        """Judge a relevant document with normalised fields.

        topics: best the whole distribution (`TopicModel.probabilities`), which the model was trained with.
        """
        return self.judge(document, topics, None)

    def judge(
        self,
        document: Document,
        topics: Iterable[TopicScore] | Mapping[str, float],
        province: PhraseMatcher | None,
    ) -> StanceJudgement:
        """As `predict`; `province` names another locality to be read as ours, as in training."""
        shares = topics if isinstance(topics, Mapping) else {topic.slug: topic.score for topic in topics}
        sentences = read_sentences(document)
        readings = [self.lexicon.read(sentence, province) for sentence in sentences]
        features = np.array([*self.lexicon.features(readings), *topic_features(shares, self.slugs)])
        scores = self.signals.scores(features) + self.words.scores(masked_terms(sentences))
        return self._decide(document, readings, scores)

    def _decide(self, document: Document, readings: Sequence[Reading], scores: Floats) -> StanceJudgement:
        probabilities = softmax(scores[: len(STANCES)])
        by_name: dict[str, float] = {name: float(value) for name, value in zip(STANCES, probabilities, strict=True)}
        stance = decide(by_name)
        response, serious = (1.0 / (1.0 + math.exp(-float(score))) for score in scores[len(STANCES) :])
        blamed = stance in ("unfavourable", "mixed")
        needs_response = blamed and response >= RESPONSE_FROM
        evidence = self._evidence(document, readings, stance)
        return StanceJudgement(
            stance=stance,
            score=by_name[stance],
            probabilities=by_name,
            evidence=evidence,
            needs_response=needs_response,
            response_score=response,
            severity=_severity(readings, serious) if blamed else 0,
            accused=accused(document, readings) if blamed else "",
            needs_a_look=not blamed and by_name["unfavourable"] + by_name["mixed"] >= 0.25,
        )

    def _evidence(self, document: Document, readings: Sequence[Reading], stance: Stance) -> tuple[Evidence, ...]:
        """The sentences that speak most for the stance against "neutral"; none for "neutral" itself."""
        if stance == "neutral":
            return ()
        column, neutral = STANCES.index(stance), STANCES.index("neutral")
        lean = self.signals.weights[:, column] - self.signals.weights[:, neutral]
        weights = dict(zip(self.lexicon.feature_names(), lean, strict=False))
        spoken: list[tuple[float, str, Sentence]] = []
        for reading in readings:
            parts = {name: weights[f"{reading.sentence.zone}: {name}"] for name in (*reading.groups, *reading.pairs)}
            if not parts:
                continue
            total = float(sum(parts.values()))
            spoken.append((total, max(parts, key=lambda name: parts[name]), reading.sentence))
        spoken.sort(key=lambda one: -one[0])
        best = [one for one in spoken if one[0] > 0][:_MOST_SENTENCES] or spoken[:1]
        return tuple(_quoted(document, *one) for one in best)


def decide(probabilities: Mapping[str, float]) -> Stance:
    """The stance to give: the one whose probability, times its room, is greatest."""
    return max(STANCES, key=lambda name: probabilities[name] * ROOM[name])


def _quoted(document: Document, weight: float, rule: str, sentence: Sentence) -> Evidence:
    where: Field = "title" if sentence.zone == "title" else "text"
    field = document.title if where == "title" else document.text
    start, end = sentence.start, sentence.end
    quote = field[start:end]
    start += len(quote) - len(quote.lstrip())
    end -= len(quote) - len(quote.rstrip())
    return Evidence(rule=rule, text=field[start:end], where=where, start=start, end=end, weight=weight)


def _severity(readings: Sequence[Reading], serious: float) -> int:
    opening = [reading for reading in readings if reading.sentence.zone != "body"]
    prosecuted = any(name in reading.pairs for reading in opening for name in _PROSECUTED)
    if serious < SERIOUS_FROM and not prosecuted:
        return 1
    grave = any(_GRAVEST.search(" ".join(reading.sentence.words)) for reading in opening)
    return 3 if grave and serious >= SERIOUS_FROM and prosecuted else 2
