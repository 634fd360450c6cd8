"""Which labelled articles tell the same story, so that no fold trains on what it is scored on.

Two articles are of one story when their openings share enough rare pairs of words: cosine of the TF-IDF
of word pairs over title and first 150 tokens at least .20, or of words when both are dated within five days.
Stories are the connected components. Labels play no part.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from nlp.records import Document
from nlp.text import match_form, tokens

_OPENING = 150
_PAIRS_FROM = 0.20
_WORDS_FROM = 0.32
_DAYS = 5
# Terms of more articles than this share of them say nothing about a story and would make the work quadratic.
_COMMON = 0.10


def story_numbers(documents: Sequence[Document]) -> list[int]:
    """One number a document; equal numbers tell one story. The number is the first such document's place."""
    words = [tokens(match_form(f"{d.title}\n{d.text[:2_000]}"))[:_OPENING] for d in documents]
    days = [_day(document.date) for document in documents]
    parents = list(range(len(documents)))
    for first, second, likeness in _alike([[f"{a} {b}" for a, b in pairwise(run)] for run in words], _PAIRS_FROM):
        del likeness
        _unite(parents, first, second)
    for first, second, likeness in _alike(words, _WORDS_FROM):
        one, other = days[first], days[second]
        if one is not None and other is not None and abs(one - other) <= _DAYS and likeness >= _WORDS_FROM:
            _unite(parents, first, second)
    return [_root(parents, place) for place in range(len(documents))]


def _alike(terms: Sequence[Sequence[str]], least: float) -> list[tuple[int, int, float]]:
    """Pairs of documents whose TF-IDF vectors have at least this cosine."""
    spread = Counter(term for run in terms for term in set(run))
    limit = max(30, int(_COMMON * len(terms)))
    vectors: list[dict[str, float]] = []
    for run in terms:
        vector = {
            term: (1 + math.log(count)) * math.log(len(terms) / spread[term])
            for term, count in Counter(run).items()
            if 1 < spread[term] <= limit
        }
        # The length counts also what no other article has, or short overlaps would look like likeness.
        alone = sum(math.log(len(terms)) ** 2 for term in set(run) if spread[term] == 1)
        length = math.sqrt(alone + sum(value * value for value in vector.values())) or 1.0
        vectors.append({term: value / length for term, value in vector.items()})
    postings: dict[str, list[tuple[int, float]]] = {}
    pairs: list[tuple[int, int, float]] = []
    for place, vector in enumerate(vectors):
        sums: dict[int, float] = {}
        for term, value in vector.items():
            for other, theirs in postings.get(term, ()):
                sums[other] = sums.get(other, 0.0) + value * theirs
            postings.setdefault(term, []).append((place, value))
        pairs += [(other, place, likeness) for other, likeness in sums.items() if likeness >= least]
    return pairs


def _day(date: str) -> int | None:
    try:
        return datetime.fromisoformat(date).toordinal()
    except ValueError:
        return None


def _root(parents: list[int], place: int) -> int:
    while parents[place] != place:
        parents[place] = parents[parents[place]]
        place = parents[place]
    return place


def _unite(parents: list[int], first: int, second: int) -> None:
    one, other = _root(parents, first), _root(parents, second)
    parents[max(one, other)] = min(one, other)
