"""What the sequence model sees of each token of a sentence.

Names of Vietnamese text show themselves by letter case, by the words before them (titles, "tỉnh", "Sở"),
and by the lists of known names; the features say these three things for the token and its neighbours.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from nlp.entities.lexicon import Found, Lexicon
from nlp.entities.sentences import Token
from nlp.text import fold, match_form

_SYLLABLE = re.compile(
    r"(?:ngh|ng|nh|gh|gi|kh|ph|qu|th|tr|ch|[bcdghklmnpqrstvx])?"
    r"(?:uye|uya|uyu|uoi|uou|ieu|yeu|oai|oay|oeo|uay|iu|ai|ao|au|ay|eo|eu|ia|ie|oa|oe|oi|oo|ua|ue|ui|uo|uu|uy|ye|[aeiouy])"
    r"(?:ng|nh|ch|[cmnpt])?"
)
_BREAKS = frozenset(".;:!?\"“”'‘’()[]…")
_EDGE = "¶"
# Heads looked back for; the nearest one before a break speaks.
_HEADS = {"organisation_head": "org", "place_head": "loc", "person_title": "ttl", "office": "off"}
_REACH = 9


class Run(NamedTuple):
    """Capitalised words in a row: token range, and the words before and after."""

    start: int
    end: int
    before: str
    after: str


@lru_cache(maxsize=65536)
def shape(token: str) -> str:
    """The kind of letters of a token: `Aa`, `AA`, `A`, `a`, `x` foreign lower, `d` digits, or the mark itself."""
    if not token[0].isalnum():
        return token[0]
    if token.isdigit():
        return "d"
    if token.islower():
        return "a" if is_vietnamese(token) else "x"
    if token.isupper():
        return "A" if len(token) == 1 else "AA"
    if token[0].isupper() and token[1:].islower():
        return "Aa" if is_vietnamese(token) else "Xx"
    return "mix"


@lru_cache(maxsize=65536)
def is_vietnamese(token: str) -> bool:
    """Whether the token can be a Vietnamese syllable (foreign names cannot)."""
    return _SYLLABLE.fullmatch(fold(token).lower()) is not None


_low = lru_cache(maxsize=65536)(match_form)
LARGE = frozenset(("Aa", "AA", "A", "Xx", "mix"))  # shapes of words written large


@dataclass(frozen=True, slots=True)
class Statistics:
    """What unlabelled press text says of words: see `statistics.py`.

    groups: word as written → `fine.coarse` group; compounds: two lower-case syllables that are one word;
    capital: lower-case word → how often it is written large inside a sentence, 0 (never) to 9 (always).
    """

    groups: Mapping[str, str] = field(default_factory=dict)
    compounds: frozenset[str] = frozenset()
    capital: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class View:
    """A sentence looked at once: its words, their shapes and what the lists know of them."""

    words: list[str]
    low: list[str]
    shapes: list[str]
    found: list[Found]
    runs: list[Run | None]


@dataclass(slots=True)
class Context:
    """What the whole article shows of a word: marks of how it stands elsewhere, and the words seen in lower case."""

    marks: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    lower: set[str] = field(default_factory=set)


def look(tokens: Sequence[Token], lexicon: Lexicon) -> View:
    """The view of a sentence."""
    words = [token.text for token in tokens]
    low = [_low(word) for word in words]
    shapes = [shape(word) for word in words]
    capital = [s in LARGE for s in shapes]
    return View(words, low, shapes, lexicon.find(low, capital), _runs(capital, low))


def read_context(views: Iterable[View]) -> Context:
    """What an article says of its own words, gathered over its sentences."""
    context = Context()
    for view in views:
        announced = {phrase.end: phrase.classes for phrase in view.found}
        surnames = {phrase.start for phrase in view.found if "surname" in phrase.classes}
        context.lower.update(low for low, s in zip(view.low, view.shapes, strict=True) if s == "a")
        at = 0
        while at < len(view.words):
            run = view.runs[at]
            if run is None:
                at += 1
                continue
            _mark_run(context, view.words[at : run.end], announced.get(at, frozenset()), at in surnames, at > 0)
            at = run.end
    return context


def _mark_run(context: Context, words: Sequence[str], announced: frozenset[str], surname: bool, inside: bool) -> None:
    """Notes for the words of one run of capitalised words."""
    marks = []
    if inside:
        marks.append("c")
    if "person_title" in announced or "office" in announced:
        marks.append("t")
        context.marks[words[-1]].add("T")
    if "place_head" in announced:
        marks.append("p")
    if "organisation_head" in announced:
        marks.append("o")
    if surname and 2 <= len(words) <= 4:
        context.marks[words[-1]].add("G")
    for word in words:
        context.marks[word].update(marks)


def sentence_features(view: View, statistics: Statistics, context: Context) -> list[list[str]]:
    """One list of feature strings for each token; cost is linear in the number of tokens."""
    size = len(view.words)
    marks = _lexicon_marks(view.found, size)
    heads = _heads(view.found, view.words)
    groups = statistics.groups
    kinds = [groups.get(word) or ("?" + s) for word, s in zip(view.words, view.shapes, strict=True)]
    low = [_EDGE, _EDGE, *view.low, _EDGE, _EDGE]
    shapes = [_EDGE, _EDGE, *view.shapes, _EDGE, _EDGE]
    kind = [_EDGE, *kinds, _EDGE]
    rows = []
    for i in range(size):
        row = _word_features(low[i : i + 5], shapes[i : i + 5], kind[i : i + 3], statistics)
        _add_marks(row, marks, i, view.shapes[i])
        if heads[i]:
            row.append(f"h={heads[i]} {view.shapes[i]}")
            row.append(f"hh={heads[i].partition('|')[0][:3]} {view.low[i]}")
        run = view.runs[i]
        if run is not None:
            place = f"{min(i - run.start, 4)}/{min(run.end - run.start, 5)}"
            row += (f"r={place}", f"r-={run.before}", f"r+={run.after}", f"rr={place} {run.before}")
            _add_context(row, view, i, context)
        rows.append(row)
    return rows


def _word_features(low: list[str], shapes: list[str], kinds: list[str], statistics: Statistics) -> list[str]:
    """The token in the middle of five, its neighbours, and what is known of them from unlabelled text."""
    p2, p1, w, n1, n2 = low
    s2, s1, s, t1, t2 = shapes
    k1, k, l1 = kinds
    row = [
        f"w={w}", f"-1={p1}", f"+1={n1}", f"-2={p2}", f"+2={n2}", f"-1w={p1} {w}", f"w+1={w} {n1}",
        f"s={s}", f"s1={s1} {s}", f"s2={s} {t1}", f"s3={s1} {s} {t1}", f"s5={s2} {s1} {s} {t1} {t2}",
        f"ws={w} {s}", f"k={k}", f"k-={k1}", f"k+={l1}", f"k-k={k1} {k}", f"kk+={k} {l1}",
        f"c={s} {statistics.capital.get(w, '')}",
    ]  # fmt: skip
    if f"{p1} {w}" in statistics.compounds:
        row.append(f"cp={s1} {s}")
    if f"{w} {n1}" in statistics.compounds:
        row.append(f"cn={s} {t1}")
    if s in ("Xx", "x"):
        row.append(f"x={w[-3:]}")
    return row


def _add_marks(row: list[str], marks: Sequence[list[str]], i: int, s: str) -> None:
    for mark in marks[i]:
        row.append(f"l={mark}")
        row.append(f"ls={mark} {s}")
    if i:
        row.extend([f"l-={mark} {s}" for mark in marks[i - 1]])
    if i + 1 < len(marks):
        row.extend([f"l+={mark} {s}" for mark in marks[i + 1]])


def _add_context(row: list[str], view: View, i: int, context: Context) -> None:
    for mark in sorted(context.marks.get(view.words[i], ())):
        row.append(f"d={mark}")
    if view.low[i] in context.lower:
        row.append(f"dl={view.shapes[i]}")


def _lexicon_marks(found: Sequence[Found], size: int) -> list[list[str]]:
    """For each token, the classes of the phrases it lies in and its position there."""
    marks: list[list[str]] = [[] for _ in range(size)]
    for phrase in found:
        for at in range(phrase.start, phrase.end):
            position = "B" if at == phrase.start else "I"
            for klass in sorted(phrase.classes):
                mark = f"{position}{klass}"
                if mark not in marks[at]:
                    marks[at].append(mark)
    return marks


def _heads(found: Sequence[Found], words: Sequence[str]) -> list[str]:
    """For each token, the nearest head before it, how far back it stands, and the head before that one."""
    ends: dict[int, str] = {}
    for phrase in found:
        for klass, short in _HEADS.items():
            if klass in phrase.classes:
                ends.setdefault(phrase.end - 1, short)
    heads = []
    head, since = "", 0
    trail = ""
    for at, word in enumerate(words):
        heads.append(f"{head}{min(since, 5)}|{trail}" if head else "")
        since += 1
        if word in _BREAKS or word == "," or since > _REACH:
            head, trail = "", ""
        if at in ends:
            trail = head if since <= 4 else ""
            head, since = ends[at], 0
    return heads


def _runs(capital: Sequence[bool], low: Sequence[str]) -> list[Run | None]:
    """For each token of a run of capitalised words, the run."""
    runs: list[Run | None] = [None] * len(low)
    start = 0
    while start < len(low):
        if not capital[start]:
            start += 1
            continue
        end = start
        while end < len(low) and capital[end]:
            end += 1
        run = Run(start, end, low[start - 1] if start else _EDGE, low[end] if end < len(low) else _EDGE)
        runs[start:end] = [run] * (end - start)
        start = end
    return runs
