"""What the sequence model sees of each token of a sentence.

Names of Vietnamese text show themselves by letter case, by the words before them (titles, "tỉnh", "Sở"),
and by the lists of known names; the features say these three things for the token and its neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

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

Clusters = Mapping[str, str]


@lru_cache(maxsize=65536)
def shape(token: str) -> str:
    """The kind of letters a token is made of: `Aa`, `AA`, `A`, `a`, `x` foreign lower, `d` digits, or the mark itself."""
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


_CAPITAL = frozenset(("Aa", "AA", "A", "Xx", "mix"))


def sentence_features(tokens: Sequence[Token], lexicon: Lexicon, clusters: Clusters) -> list[list[str]]:
    """One list of feature strings for each token; cost is linear in the number of tokens."""
    words = [token.text for token in tokens]
    low = [match_form(word) for word in words]
    shapes = [shape(word) for word in words]
    capital = [s in _CAPITAL for s in shapes]
    found = lexicon.find(low, capital)
    marks = _lexicon_marks(found, len(words))
    heads = _heads(found, words)
    runs = _runs(capital, words, low)
    kinds = [clusters.get(word, "") or ("?" + s) for word, s in zip(words, shapes, strict=True)]
    return _assemble(words, low, shapes, marks, heads, runs, kinds)


def _lexicon_marks(found: list[Found], size: int) -> list[list[str]]:
    """For each token, the classes of the phrases it lies in and its position there."""
    marks: list[list[str]] = [[] for _ in range(size)]
    for phrase in found:
        for at in range(phrase.start, phrase.end):
            position = "B" if at == phrase.start else "I"
            for klass in phrase.classes:
                mark = f"{position}{klass}"
                if mark not in marks[at]:
                    marks[at].append(mark)
    return marks


def _heads(found: list[Found], words: Sequence[str]) -> list[str]:
    """For each token, the nearest head before it (or on it) and how far back it stands."""
    ends: dict[int, str] = {}
    for phrase in found:
        for klass, short in _HEADS.items():
            if klass in phrase.classes:
                ends[phrase.end - 1] = short if phrase.end - 1 not in ends else ends[phrase.end - 1]
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


def _runs(capital: Sequence[bool], words: Sequence[str], low: Sequence[str]) -> list[tuple[str, str, str]]:
    """For each token of a run of capitalised words: place and length in the run, the words before and after it."""
    runs = [("", "", "")] * len(words)
    start = 0
    while start < len(words):
        if not capital[start]:
            start += 1
            continue
        end = start
        while end < len(words) and capital[end]:
            end += 1
        before = low[start - 1] if start else _EDGE
        after = low[end] if end < len(words) else _EDGE
        for at in range(start, end):
            runs[at] = (f"{min(at - start, 4)}/{min(end - start, 5)}", before, after)
        start = end
    return runs


def _assemble(
    words: Sequence[str],
    low: Sequence[str],
    shapes: Sequence[str],
    marks: Sequence[list[str]],
    heads: Sequence[str],
    runs: Sequence[tuple[str, str, str]],
    kinds: Sequence[str],
) -> list[list[str]]:
    size = len(words)
    pad_low = [_EDGE, _EDGE, *low, _EDGE, _EDGE]
    pad_shape = [_EDGE, _EDGE, *shapes, _EDGE, _EDGE]
    pad_kind = [_EDGE, *kinds, _EDGE]
    rows = []
    for i in range(size):
        p2, p1, w, n1, n2 = pad_low[i : i + 5]
        s2, s1, s, t1, t2 = pad_shape[i : i + 5]
        row = [
            f"w={w}", f"-1={p1}", f"+1={n1}", f"-2={p2}", f"+2={n2}", f"-1w={p1} {w}", f"w+1={w} {n1}",
            f"s={s}", f"s1={s1} {s}", f"s2={s} {t1}", f"s3={s1} {s} {t1}", f"s5={s2} {s1} {s} {t1} {t2}",
            f"ws={w} {s}", f"k={kinds[i]}", f"k-={pad_kind[i]}", f"k+={pad_kind[i + 2]}",
            f"k-k={pad_kind[i]} {kinds[i]}", f"kk+={kinds[i]} {pad_kind[i + 2]}",
        ]  # fmt: skip
        row.extend([f"l={mark}" for mark in marks[i]])
        row.extend([f"ls={mark} {s}" for mark in marks[i]])
        if i:
            row.extend([f"l-={mark} {s}" for mark in marks[i - 1]])
        if i + 1 < size:
            row.extend([f"l+={mark} {s}" for mark in marks[i + 1]])
        if heads[i]:
            row.append(f"h={heads[i]} {s}")
            row.append(f"hh={heads[i].partition('|')[0][:3]} {w}")
        place, before, after = runs[i]
        if place:
            row += (f"r={place}", f"r-={before}", f"r+={after}", f"rr={place} {before}")
        if s in ("Xx", "x"):
            row.append(f"x={w[-3:]}")
        rows.append(row)
    return rows
