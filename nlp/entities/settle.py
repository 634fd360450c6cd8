"""What a whole article settles: a name clear in one sentence is clear in the others.

The sequence model sees sentences one by one. Here the names it found vote over the article: a name with a
clear majority has that type everywhere, is found where the model passed over it (also in a headline set in
capitals), and a person known in full is cut off the body his office stands before.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nlp.entities.features import LARGE, View, is_vietnamese
from nlp.entities.offices import Span
from nlp.entities.sentences import Token
from nlp.records import Field

_LONGEST = 8  # tokens of a name looked up again in the article
_CERTAIN = 2  # mentions that make a single word a name wherever it is written large
_HEADS = frozenset(("organisation_head", "place_head"))
_PLACE_NAMES = frozenset(("province", "district", "commune", "vietnam_area"))
_BEFORE_OFFICIALS = _PLACE_NAMES | {"organisation"}
_UNITS = frozenset(("tỉnh", "huyện", "xã", "phường", "quận"))

Name = tuple[str, ...]


@dataclass(slots=True)
class Sentence:
    """A sentence of a field with the names found so far; `shouted`: set in capitals."""

    where: Field
    tokens: list[Token]
    view: View
    spans: list[Span]
    shouted: bool = False


def settle(read: Sequence[Sentence], compounds: frozenset[str]) -> None:
    """Mends the spans of the sentences in place; linear in the length of the article."""
    votes = _votes(read)
    if not votes:
        return
    persons = {name for name, kinds in votes.items() if len(name) >= 2 and max(kinds, key=lambda k: kinds[k]) == "P"}
    given = {name[at:] for name in persons if len(name) >= 3 for at in (len(name) - 1, len(name) - 2)}
    for sentence in read:
        if sentence.spans:
            cut = [part for span in sentence.spans for part in _cut_person(sentence.view, span, persons)]
            sentence.spans = [_retyped(sentence.view, span, votes, given) for span in cut]
    known = _known(votes)
    by_first: dict[str, list[Name]] = defaultdict(list)
    for name in sorted(known, key=len, reverse=True):
        by_first[name[0]].append(name)
    for sentence in read:
        if not by_first.keys().isdisjoint(sentence.view.low):
            added = list(_look_up(sentence, known, by_first, compounds))
            sentence.spans = sorted([*sentence.spans, *added])


def _votes(read: Sequence[Sentence]) -> dict[Name, Counter[str]]:
    votes: dict[Name, Counter[str]] = defaultdict(Counter)
    for sentence in read:
        for start, end, kind in sentence.spans:
            if end - start <= _LONGEST:
                votes[tuple(sentence.view.low[start:end])][kind] += 1
    return votes


def _known(votes: Mapping[Name, Counter[str]]) -> dict[Name, str]:
    """Names to look for again with their type: long ones at once, single words when met often enough."""
    known = {}
    for name, kinds in votes.items():
        kind, count = min(kinds.items(), key=lambda item: (-item[1], item[0]))
        if len(name) >= 2 or (count >= _CERTAIN and 2 * count > sum(kinds.values()) and len(name[0]) > 1):
            known[name] = kind
    return known


def _retyped(view: View, span: Span, votes: Mapping[Name, Counter[str]], given: set[Name]) -> Span:
    """The span with the type its name has in the article. Schools and hospitals keep theirs: it is their role."""
    start, end, kind = span
    if kind == "O" and view.low[start] in _UNITS and end - start > 1:
        return (start, end, "L")
    if any(phrase.start == start and phrase.classes & _HEADS for phrase in view.found):
        return span
    name = tuple(view.low[start:end])
    kinds = votes.get(name, Counter[str]())
    if name in given and (kinds["P"] or len(name) >= 2):
        return (start, end, "P")  # the end of a full name in the article
    best = max(kinds, key=lambda k: (kinds[k], k), default=kind)
    if best != kind and kinds[best] >= _CERTAIN * kinds[kind]:
        return (start, end, best)
    return span


def _cut_person(view: View, span: Span, persons: set[Name]) -> Iterator[Span]:
    """An organisation or place whose end is a person: known from elsewhere, or an official named after his body."""
    start, end, kind = span
    if kind != "P":
        for at in range(max(start + 1, end - 4), end - 1):
            if tuple(view.low[at:end]) in persons or _is_official(view, start, at, end):
                yield (start, at, kind)
                yield (at, end, "P")
                return
    yield span


def _is_official(view: View, start: int, at: int, end: int) -> bool:
    """Whether an office stands before the body that begins at `start` and a full name fills `at` to `end`.

    "Chủ tịch UBND tỉnh Phú Thọ | Hà Quang Sơn", but "Chủ tịch UBND xã Trần Phú", a commune.
    """
    if any(s != "Aa" for s in view.shapes[at:end]):
        return False
    classes: dict[tuple[int, int], frozenset[str]] = {(p.start, p.end): p.classes for p in view.found}
    if not any("office" in c and begin < start <= until for (begin, until), c in classes.items()):
        return False
    starts_with_surname = any(begin == at and "surname" in c for (begin, _), c in classes.items())
    if not starts_with_surname or classes.get((at, end), frozenset()) & _PLACE_NAMES:
        return False
    if view.low[at - 1] in _UNITS:
        return end - at >= 3
    return any(until == at and begin >= start and c & _BEFORE_OFFICIALS for (begin, until), c in classes.items())


def _look_up(
    sentence: Sentence, known: Mapping[Name, str], by_first: Mapping[str, list[Name]], compounds: frozenset[str]
) -> Iterator[Span]:
    taken = {at for start, end, _ in sentence.spans for at in range(start, end)}
    low = sentence.view.low
    at = 0
    while at < len(low):
        for name in by_first.get(low[at], ()):
            end = at + len(name)
            if tuple(low[at:end]) == name and _stands_free(sentence, at, end, taken, compounds):
                yield (at, end, known[name])
                at = end - 1
                break
        at += 1


def _stands_free(sentence: Sentence, start: int, end: int, taken: set[int], compounds: frozenset[str]) -> bool:
    """Whether the words are written as a name and belong to no other."""
    if not taken.isdisjoint(range(start, end)):
        return False
    view = sentence.view
    if sentence.shouted:
        return end - start >= 2
    if view.shapes[start] not in LARGE or view.shapes[end - 1] not in LARGE:
        return False
    if end - start >= 2:
        return True
    alone = view.runs[start]
    if alone is None or alone.end - alone.start > 1:
        return False
    begins = start == 0 or not sentence.tokens[start - 1].text[0].isalnum()
    if begins and is_vietnamese(view.words[start]):
        # A word that opens a sentence may be large for that reason only: "Hải sản" is no Hải.
        return end < len(view.low) and f"{view.low[start]} {view.low[end]}" not in compounds
    return True
