"""Where a story stands in the queue: its age, put forward by what makes it matter.

The rank is an hour, not a grade: the hour of the first printing plus, for each thing that makes the story matter, the
hours by which it counts as fresher. Two stories never change places by the clock, so no row is ever ranked again
until the story itself changes; and “why it stands here” can be told as hours.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

Reason = Literal["needs_response", "unfavourable", "mixed", "outlets", "surge", "unsure", "marginal"]

_BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
# Hours of freshness. A digest covers a day: what must be answered stays above most of a day's news, a complaint
# above half of it; what eight outlets print weighs as much as what must be answered.
_NEEDS_RESPONSE: Final = 18.0
_STANCE: Final[dict[str, tuple[Reason, float]]] = {"unfavourable": ("unfavourable", 12.0), "mixed": ("mixed", 6.0)}
_DOUBLED_OUTLETS: Final = 6.0
_MOST_OUTLETS: Final = 24.0
_SURGE: Final = 3.0  # for each further outlet within the same six hours
_MOST_SURGE: Final = 12.0
_UNSURE: Final = -12.0  # for a judgement of no certainty at all; in proportion for a better one
_MARGINAL: Final = -48.0
# A certainty above this is not worth a word.
_SURE: Final = 0.9
_SURGE_WITHIN: Final = timedelta(hours=6)
# Where printings disagree evenly, the desk had better look at the graver one.
_GRAVITY: Final = {"unfavourable": 3, "mixed": 2, "favourable": 1, "neutral": 0}
_RELEVANCE: Final = {"relevant": 2, "marginal": 1, "irrelevant": 0}


@dataclass(frozen=True, slots=True)
class Judged:
    """What is known of one printing of a story. at: source time, else when it was fetched."""

    source: str
    at: datetime
    relevance: str
    certainty: float
    topic: str
    stance: str
    needs_response: bool
    is_copy: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """What the rank is made of. certainty: of the relevance, 0..1. surge: most outlets within any six hours."""

    first_at: datetime
    relevance: str
    certainty: float
    stance: str
    needs_response: bool
    outlets: int
    surge: int


def topic_of(printings: Sequence[Judged]) -> str:
    """The main topic of most printings about the province; of the earliest where they disagree evenly."""
    return _most_named([one.topic for one in _telling(printings)], {})


def stance_of(printings: Sequence[Judged]) -> str:
    """The stance of most originals about the province; the graver where they disagree evenly."""
    telling = _telling(printings)
    originals = [one for one in telling if not one.is_copy] or telling
    return _most_named([one.stance for one in originals], _GRAVITY)


def standing_of(printings: Sequence[Judged]) -> Standing:
    """What the rank of a story is made of; printings: at least one."""
    return Standing(
        first_at=min(one.at for one in printings),
        relevance=max((one.relevance for one in printings), key=_RELEVANCE.__getitem__),
        certainty=max(one.certainty for one in _telling(printings)),
        stance=stance_of(printings),
        needs_response=any(one.needs_response for one in printings),
        outlets=len({one.source for one in printings}),
        surge=_surge(printings),
    )


@dataclass(frozen=True, slots=True)
class Weight:
    """hours: by which the story counts as fresher; negative where it counts as older."""

    reason: Reason
    hours: float


def rank(standing: Standing) -> float:
    """Hours since the year 2000; the highest stands first."""
    age = (standing.first_at - _BEGINNING).total_seconds() / 3600
    return round(age + sum(weight.hours for weight in weights(standing)), 3)


def weights(standing: Standing) -> list[Weight]:
    """What puts the story forward or back, the heaviest first."""
    found: list[Weight] = []
    if standing.needs_response:
        found.append(Weight("needs_response", _NEEDS_RESPONSE))
    if standing.stance in _STANCE:
        found.append(Weight(*_STANCE[standing.stance]))
    if standing.outlets > 1:
        found.append(Weight("outlets", min(_MOST_OUTLETS, _DOUBLED_OUTLETS * math.log2(standing.outlets))))
    if standing.surge > 1:
        found.append(Weight("surge", min(_MOST_SURGE, _SURGE * (standing.surge - 1))))
    if standing.relevance != "relevant":
        found.append(Weight("marginal", _MARGINAL))
    elif standing.certainty < _SURE:
        found.append(Weight("unsure", _UNSURE * (1 - standing.certainty)))
    return sorted(found, key=lambda weight: -abs(weight.hours))


def _telling(printings: Sequence[Judged]) -> Sequence[Judged]:
    """Those about the province, where there are any: what merely mentions it does not say what the story is."""
    return [one for one in printings if one.relevance == "relevant"] or printings


def _most_named(names: Sequence[str], gravity: dict[str, int]) -> str:
    counts = Counter(name for name in names if name)
    return max(counts, key=lambda name: (counts[name], gravity.get(name, 0)), default="")


def _surge(printings: Sequence[Judged]) -> int:
    """The most outlets that printed the story within any six hours."""
    ordered = sorted(printings, key=lambda one: one.at)
    held: Counter[str] = Counter()
    start = most = 0
    for one in ordered:
        held[one.source] += 1
        while one.at - ordered[start].at > _SURGE_WITHIN:
            leaving = ordered[start].source
            held[leaving] -= 1
            if not held[leaving]:
                del held[leaving]
            start += 1
        most = max(most, len(held))
    return most
