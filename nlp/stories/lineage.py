"""Who had a text first and who took it from whom, of the copies of one text.

A credit line outranks the clock: outlets print the time they like. Without one, the earlier is the original, with a
certainty that grows with the distance in time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_CREDITED: Final = 0.98
_CLEARLY_EARLIER: Final = 0.85
_EARLIER: Final = 0.65
_UNDATED: Final = 0.5
# Both name the same source that we do not have: neither took it from the other.
_COMMON_SOURCE: Final = 0.3
_CLEAR_SECONDS: Final = 30 * 60


@dataclass(frozen=True, slots=True)
class Member:
    """One copy. number: of the article, ascending as they came; at: Unix time or None; outlet, credit: bare names."""

    number: int
    at: float | None
    outlet: str = ""
    credit: str = ""

    @property
    def borrowed(self) -> bool:
        """Whether it says that it is taken from somebody else."""
        return bool(self.credit) and self.credit != self.outlet


@dataclass(frozen=True, slots=True)
class Descent:
    """Of one copy: the article it is taken from (None for the first), and how sure that is, 0..1."""

    number: int
    taken_from: int | None
    certainty: float


def trace(members: Sequence[Member]) -> list[Descent]:
    """The descent of every member, in the given order. The order in which they came does not change the outcome."""
    ranked = sorted(members, key=_precedence)
    first = _first(ranked)
    by_outlet = {member.outlet: member for member in reversed(ranked) if member.outlet}
    return [_descent(member, first, by_outlet) for member in members]


def _precedence(member: Member) -> tuple[bool, float, int]:
    return (member.at is None, member.at or 0.0, member.number)


def _first(ranked: Sequence[Member]) -> Member:
    """The one most named as source by the others; else the earliest."""
    outlets = {member.outlet for member in ranked if member.outlet}
    named = Counter(member.credit for member in ranked if member.borrowed and member.credit in outlets)
    if named:
        best = max(named, key=lambda outlet: (named[outlet], -[m.outlet for m in ranked].index(outlet)))
        own = [member for member in ranked if member.outlet == best]
        return next((member for member in own if not member.borrowed), own[0])
    return ranked[0]


def _descent(member: Member, first: Member, by_outlet: dict[str, Member]) -> Descent:
    if member.number == first.number:
        return Descent(member.number, None, 1.0)
    named = by_outlet.get(member.credit) if member.borrowed else None
    if named is not None and named.number != member.number and (named is first or named.credit != member.outlet):
        return Descent(member.number, named.number, _CREDITED)
    if member.borrowed and member.credit == first.credit:
        return Descent(member.number, first.number, _COMMON_SOURCE)
    if member.at is None or first.at is None:
        return Descent(member.number, first.number, _UNDATED)
    return Descent(
        member.number, first.number, _CLEARLY_EARLIER if member.at - first.at >= _CLEAR_SECONDS else _EARLIER
    )
