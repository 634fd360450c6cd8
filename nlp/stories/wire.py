"""Grouping in memory: articles come in, in time order or as they arrive; each leaves with its story and its original.

What is remembered is bounded by time and by number, and what an article costs does not grow with the stream: copies
and neighbours are looked up by keys, never compared with all. The same articles give the same groups, whatever was
grouped before and, as long as all of them are remembered, in whatever order they come.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from nlp.stories import lineage
from nlp.stories.copies import Copy, compare
from nlp.stories.lineage import Member
from nlp.stories.linking import DAY, FAINTEST, LINK_FROM, WEIGHTIEST, WINDOW_SECONDS, nearness
from nlp.stories.printing import LEAST_KEYS, Printing

COPY_WINDOW_SECONDS: Final = 30 * DAY
_MOST_KEPT: Final = 50_000
_MOST_LINKED: Final = 20_000
# A key of more articles than this is boilerplate; the newest are kept, which copies mostly are.
_MOST_PER_KEY: Final = 48
_MOST_PER_TERM: Final = 96
_MOST_COMPARED: Final = 16
_MOST_IN_FAMILY: Final = 200
# Beyond as many as are remembered: what was forgotten never holds more of the tables than what is not.
_SWEPT_AFTER: Final = 1_000
_NOBODY: Final[list[int]] = []
_NOTHING: Final[list[tuple[int, float]]] = []


@dataclass(frozen=True, slots=True)
class Answer:
    """Where an article ended. number, story, reprint_of: numbers of articles; a story is named by its first."""

    number: int
    story: int
    reprint_of: int | None
    certainty: float


@dataclass(slots=True, eq=False)
class _Family:
    """The copies of one text; those already forgotten still count for the lineage."""

    members: list[Member]
    descents: dict[int, lineage.Descent] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class _Entry:
    member: Member
    printing: Printing
    story: int
    keys: list[int]
    terms: list[tuple[int, float]]
    family: _Family | None = None


class Wire:
    """A stream of articles being grouped."""

    def __init__(
        self,
        settled: Callable[[Answer], None] = lambda answer: None,
        *,
        kept: int = _MOST_KEPT,
        linked: int = _MOST_LINKED,
    ) -> None:
        """settled: told the answer for each article when it is forgotten, after which nothing changes it any more.

        kept, linked: how many articles are remembered at most for finding copies and for finding stories.
        """
        self._settled = settled
        self._kept, self._linked = kept, linked
        self._entries: dict[int, _Entry] = {}
        self._recent: deque[_Entry] = deque()
        self._by_key: dict[int, list[int]] = {}
        self._by_term: dict[int, list[tuple[int, float]]] = {}
        self._members: dict[int, set[int]] = {}
        self._merged: dict[int, int] = {}
        self._newest = float("-inf")
        self._since_swept = 0

    def add(self, member: Member, printing: Printing) -> Answer:
        """Take in one article and say where it belongs as things stand. Numbers must ascend."""
        self._forget(member.at)
        terms = [] if printing.serial else printing.terms.weightiest(WEIGHTIEST)
        entry = _Entry(member, printing, member.number, printing.keys(), terms)
        copies = self._copies(entry)
        for other in [*(other for other, _ in copies), *self._near(entry)]:
            entry.story = self._merge(entry.story, other.story)
        self._remember(entry)
        self._join_family(entry, copies)
        return self._answer(entry)

    def answer(self, number: int) -> Answer | None:
        """The present answer for an article; None when it has been settled."""
        entry = self._entries.get(number)
        return self._answer(entry) if entry else None

    def story_of(self, story: int) -> int:
        """The story that one has become, merges included."""
        while story in self._merged:
            story = self._merged[story]
        return story

    def lives(self, story: int) -> bool:
        """Whether anything of a story is still remembered."""
        return story in self._members

    def close(self) -> None:
        """Settle everything that is still remembered."""
        for entry in list(self._entries.values()):
            self._drop(entry)

    def _copies(self, entry: _Entry) -> list[tuple[_Entry, Copy]]:
        """The remembered articles that this is a copy of, most alike first."""
        hits: dict[int, int] = {}
        oldest = next(iter(self._entries), 0)
        for key in entry.keys:
            for number in reversed(self._by_key.get(key, _NOBODY)):
                if number < oldest:
                    break
                hits[number] = hits.get(number, 0) + 1
        least = LEAST_KEYS if len(entry.keys) > LEAST_KEYS else 1
        enough = [(-shared, number) for number, shared in hits.items() if shared >= least]
        found = []
        for _, number in heapq.nsmallest(_MOST_COMPARED, enough):
            other = self._entries[number]
            copy = _compared(other, entry.member, entry.printing)
            if copy and copy.is_copy:
                found.append((other, copy))
        return sorted(found, key=lambda pair: (-pair[1].likeness, pair[0].member.number))

    def _near(self, entry: _Entry) -> list[_Entry]:
        """The remembered articles that tell of the same event."""
        partly: dict[int, float] = {}
        oldest = self._recent[0].member.number if self._recent else 0
        for term, weight in entry.terms:
            for number, theirs in reversed(self._by_term.get(term, _NOTHING)):
                if number < oldest:
                    break
                partly[number] = partly.get(number, 0.0) + weight * theirs
        others = [self._entries[number] for number, shared in partly.items() if shared >= FAINTEST]
        return [
            other
            for other in others
            if nearness(other.printing, entry.printing, _apart(other.member, entry.member)) >= LINK_FROM
        ]

    def _merge(self, one: int, other: int) -> int:
        """Two stories are one; the older number stays."""
        kept, gone = sorted((one, other))
        if kept == gone:
            return kept
        # A story of the article at hand has nobody in it yet, and leaves no trace.
        members = self._members.pop(gone, None)
        if members:
            self._merged[gone] = kept
            for number in members:
                self._entries[number].story = kept
            self._members.setdefault(kept, set()).update(members)
        return kept

    def _remember(self, entry: _Entry) -> None:
        number = entry.member.number
        self._entries[number] = entry
        self._members.setdefault(entry.story, set()).add(number)
        for key in entry.keys:
            numbers = self._by_key.get(key)
            if numbers is None:
                self._by_key[key] = [number]
                continue
            numbers.append(number)
            if len(numbers) > _MOST_PER_KEY:
                del numbers[0]
        for term, weight in entry.terms:
            weights = self._by_term.get(term)
            if weights is None:
                self._by_term[term] = [(number, weight)]
                continue
            weights.append((number, weight))
            if len(weights) > _MOST_PER_TERM:
                del weights[0]
        self._recent.append(entry)

    def _join_family(self, entry: _Entry, copies: list[tuple[_Entry, Copy]]) -> None:
        if not copies:
            return
        best, how = copies[0]
        family = best.family or _Family([best.member])
        for other, copy in copies[1:]:
            if other.family is not family and copy.kind == "same" and how.kind == "same":
                theirs = other.family.members if other.family else [other.member]
                family.members += [one for one in theirs if one not in family.members]
        family.members.append(entry.member)
        del family.members[1:-_MOST_IN_FAMILY]
        family.descents = {descent.number: descent for descent in lineage.trace(family.members)}
        for one in family.members:
            if one.number in self._entries:
                self._entries[one.number].family = family

    def _answer(self, entry: _Entry) -> Answer:
        number = entry.member.number
        descent = entry.family.descents.get(number) if entry.family else None
        taken_from = descent.taken_from if descent else None
        return Answer(number, entry.story, taken_from, descent.certainty if descent else 1.0)

    def _forget(self, at: float | None) -> None:
        """Let go of what is too old or too much."""
        if at is not None:
            self._newest = max(self._newest, at)
        while self._recent and (len(self._recent) > self._linked or self._older(self._recent[0], WINDOW_SECONDS)):
            self._recent.popleft()
        while self._entries:
            oldest = next(iter(self._entries.values()))
            if len(self._entries) <= self._kept and not self._older(oldest, COPY_WINDOW_SECONDS):
                break
            self._drop(oldest)
        self._since_swept += 1
        if self._since_swept > len(self._entries) + _SWEPT_AFTER:
            self._sweep()

    def _older(self, entry: _Entry, seconds: float) -> bool:
        return entry.member.at is not None and self._newest - entry.member.at > seconds

    def _drop(self, entry: _Entry) -> None:
        number, answer = entry.member.number, self._answer(entry)
        del self._entries[number]
        members = self._members[entry.story]
        members.discard(number)
        if not members:
            del self._members[entry.story]
        self._settled(answer)

    def _sweep(self) -> None:
        """Take what was forgotten out of the tables of keys; all at once and now and then, which is cheaper."""
        self._since_swept = 0
        entries = self._entries
        self._by_key = {
            key: kept for key, numbers in self._by_key.items() if (kept := [one for one in numbers if one in entries])
        }
        linked = {entry.member.number for entry in self._recent}
        self._by_term = {
            term: left
            for term, weights in self._by_term.items()
            if (left := [one for one in weights if one[0] in linked])
        }


def _apart(one: Member, other: Member) -> float | None:
    return abs(one.at - other.at) if one.at is not None and other.at is not None else None


def _compared(other: _Entry, member: Member, printing: Printing) -> Copy | None:
    """Compare in order of time."""
    apart = _apart(other.member, member)
    same = bool(member.outlet) and member.outlet == other.member.outlet
    if member.at is not None and other.member.at is not None and member.at < other.member.at:
        return compare(printing, other.printing, apart=apart, same_outlet=same)
    return compare(other.printing, printing, apart=apart, same_outlet=same)


def group(articles: Iterable[tuple[Member, Printing]], **bounds: int) -> dict[int, Answer]:
    """All answers for a whole collection at once, by number."""
    answers: dict[int, Answer] = {}
    wire = Wire(lambda answer: answers.__setitem__(answer.number, answer), **bounds)
    for member, printing in articles:
        wire.add(member, printing)
    wire.close()
    return {
        number: Answer(number, wire.story_of(answer.story), answer.reprint_of, answer.certainty)
        for number, answer in answers.items()
    }
