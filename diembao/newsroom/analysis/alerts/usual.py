"""How much is usual on a day, and how much more or less is no chance.

The rule, for whoever must defend it (docs/alerts.md has it with measured rates):

- A day is compared with the last 28 ordinary days before it: neither Tết nor a session of a council or assembly, and
  not before the archive begins. Fewer than 14 such days: no judgement.
- The highest of them is taken as the second highest, so that one surge does not hide the next.
- The mean is that of working days or of Saturdays and Sundays, drawn towards the same weekday's own.
- Counts vary more than chance (one event is reported by several): the dispersion is measured on the same days, drawn
  towards what is usual for newspapers, and the count is taken as negative binomial with that variance, plus what four
  weeks cannot know of the mean.
- A surge is a count whose chance on such a day is at most 1 in 100, in 1,000, in 10,000: three levels.
- Silence is a run of days without anything whose chance altogether is as small.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from diembao.newsroom.sessions import Sessions
from diembao.newsroom.tet import is_tet

LEVELS: Final = {1: 1e-2, 2: 1e-3, 3: 1e-4}
BASELINE_DAYS: Final = 28
FEWEST_DAYS: Final = 14
# Tết and long sessions may lie in between.
LOOK_BACK: Final = timedelta(days=84)
# One or two articles are no surge, however rare they are.
FEWEST_ARTICLES: Final = 3
# A weekday has four days of its own; its class has eight or twenty. So many days' weight goes to the class.
_CLASS_WEIGHT: Final = 8.0
# What a session day brings is learnt from earlier ones; until then half as much again, with the weight of five days.
_SESSION_SHARE, _SESSION_WEIGHT = 1.5, 5.0
# At Tết newspapers print about this share of what they usually do (as the pulse of the sources has it).
_TET_SHARE: Final = 0.25
# Four weeks tell a dispersion badly, and a rare subject hardly at all: so many days' weight goes to what is usual.
_DISPERSION, _DISPERSION_WEIGHT = 2.5, 12.0


@dataclass(frozen=True, slots=True)
class Usual:
    """What a day like this one brings. dispersion: variance by mean, 1 for pure chance. days: it was learnt from."""

    mean: float
    dispersion: float
    days: int

    @property
    def spread(self) -> float:
        """The standard deviation of a count, with what is not known of the mean."""
        return math.sqrt(self.dispersion * self.mean * (1 + 1 / max(1, self.days / 2)))


def usual(history: Mapping[date, int], day: date, sessions: Sessions, begins: date) -> Usual | None:
    """What is usual on a day; None where too little is known.

    history: articles by day, days without any may be left out. begins: the first day of the archive.
    """
    ordinary = list(_ordinary_before(day, sessions, begins))
    if len(ordinary) < FEWEST_DAYS:
        return None
    counts = _tempered([history.get(one, 0) for one in ordinary])
    mean = _mean_for(day, ordinary, counts)
    dispersion = _dispersion(ordinary, counts)
    if sessions.holds(day):
        mean *= _session_factor(history, day, sum(counts) / len(counts), sessions)
    return Usual(mean, dispersion, len(ordinary))


def levels_of(known: Usual) -> dict[int, int]:
    """The fewest articles that make a surge of each level."""
    variance = known.spread**2
    found: dict[int, int] = {}
    above, count = 1.0, 0  # the chance of `count` or more
    for chance in _chances(known.mean, variance):
        for level, limit in LEVELS.items():
            if level not in found and above <= limit and count >= FEWEST_ARTICLES:
                found[level] = count
        if len(found) == len(LEVELS):
            return found
        above, count = max(0.0, above - chance), count + 1
    return found


def silence_of(known: Usual, days: Sequence[date]) -> int:
    """The level of a run of days without an article; 0 when it may well be chance."""
    surprise = 0.0
    for day in days:
        mean = known.mean * (_TET_SHARE if is_tet(day) else 1.0)
        surprise -= math.log(next(iter(_chances(mean, known.dispersion * mean)), 1.0) or 1e-300)
    return max((level for level, limit in LEVELS.items() if surprise >= -math.log(limit)), default=0)


def _ordinary_before(day: date, sessions: Sessions, begins: date) -> Iterable[date]:
    found, one = 0, day - timedelta(days=1)
    while found < BASELINE_DAYS and one >= max(begins, day - LOOK_BACK):
        if not is_tet(one) and not sessions.holds(one):
            found += 1
            yield one
        one -= timedelta(days=1)


def _tempered(counts: Sequence[int]) -> list[int]:
    limit = sorted(counts)[-2]
    return [min(count, limit) for count in counts]


def _is_weekend(day: date) -> bool:
    """Newspapers of a holiday are those of a Sunday."""
    return day.weekday() >= 5 or is_tet(day)


def _mean_for(day: date, days: Sequence[date], counts: Sequence[int]) -> float:
    alike = [count for one, count in zip(days, counts, strict=True) if _is_weekend(one) == _is_weekend(day)]
    same = [count for one, count in zip(days, counts, strict=True) if one.weekday() == day.weekday()]
    of_class = (sum(alike) + sum(counts) / len(counts)) / (len(alike) + 1)
    if is_tet(day):
        return of_class
    return (sum(same) + _CLASS_WEIGHT * of_class) / (len(same) + _CLASS_WEIGHT)


def _dispersion(days: Sequence[date], counts: Sequence[int]) -> float:
    """Pearson's, against the means of working days and of weekends."""
    squares, free = 0.0, len(days)
    for weekend in (False, True):
        group = [count for one, count in zip(days, counts, strict=True) if _is_weekend(one) == weekend]
        mean = sum(group) / len(group) if group else 0.0
        if mean:
            free -= 1
            squares += sum((count - mean) ** 2 for count in group) / mean
        else:
            free -= len(group)
    return max(1.0, (squares + _DISPERSION_WEIGHT * _DISPERSION) / (max(0, free) + _DISPERSION_WEIGHT))


def _session_factor(history: Mapping[date, int], day: date, mean: float, sessions: Sessions) -> float:
    past = [one for one in sessions.days if min(history, default=day) <= one < day]
    if not mean:
        return _SESSION_SHARE
    brought = sum(history.get(one, 0) for one in past) + _SESSION_WEIGHT * _SESSION_SHARE * mean
    return max(1.0, brought / ((len(past) + _SESSION_WEIGHT) * mean))


def _chances(mean: float, variance: float) -> Iterable[float]:
    """The chance of 0, 1, 2 … articles: negative binomial, or Poisson where the variance is no greater than the mean.

    Ends where nothing is left worth counting.
    """
    if mean <= 0:
        yield from (1.0, 0.0, 0.0, 0.0)
        return
    last = int(mean + 60 * math.sqrt(max(mean, variance))) + 60
    size = mean * mean / (variance - mean) if variance > mean * 1.0001 else math.inf
    if math.isinf(size):
        log_chance, grow = -mean, math.log(mean)
        for count in range(last):
            yield math.exp(log_chance)
            log_chance += grow - math.log(count + 1)
        return
    share = mean / (mean + size)
    log_chance, grow = size * math.log1p(-share), math.log(share)
    for count in range(last):
        yield math.exp(log_chance)
        log_chance += grow + math.log((count + size) / (count + 1))
