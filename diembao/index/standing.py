"""Queries that wait for articles: which of a thousand alerts does a new article answer?

The reverse of a search, with the very conditions the engines are given (`plan.make_plan`), so that an alert
finds exactly what the search behind it finds. Each query waits at few tokens of which an article must have
one (its anchors, the rarest seen so far); only queries whose anchor is in the article are looked at. What an
article costs therefore grows with its own words and with the queries it nearly answers, not with all of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property

from diembao.index.analysis import FIRST, LAST, MARK, Analysed
from diembao.index.plan import (
    AllOf,
    AtLeast,
    Condition,
    Except,
    Has,
    HasAny,
    HasPrefix,
    HasRow,
    InStories,
    Published,
    make_plan,
)
from diembao.index.protocol import Keyword, Query

# How often anchors are chosen anew from what was seen; the first choice goes by nothing but the kind of token.
REANCHOR_EVERY = 500

Anchor = tuple[str, str]  # field, token


class StandingQueries:
    """Queries by key. Not safe to share between threads."""

    def __init__(self) -> None:
        self._conditions: dict[str, Condition] = {}
        self._choices: dict[str, tuple[frozenset[Anchor], ...]] = {}
        self._anchored: dict[Anchor, set[str]] = {}
        self._everywhere: set[str] = set()  # nothing an article must have, such as a query that only excludes
        self._watched: dict[str, set[str]] = {}  # tokens that could be anchors, by field
        self._frequency = Counter[Anchor]()
        self._articles = 0
        self._is_stale = False

    def __len__(self) -> int:
        return len(self._conditions)

    def put(self, key: str, query: Query) -> None:
        """Let a query wait under this key, instead of the one that did. Order, paging and facets are ignored."""
        condition = make_plan(query).wanted
        self._conditions[key] = condition
        self._choices[key] = tuple(_choices(condition))
        self._is_stale = True

    def drop(self, key: str) -> None:
        """Forget the query; an unknown key is none of our business."""
        self._conditions.pop(key, None)
        self._choices.pop(key, None)
        self._is_stale = True

    def answered_by(self, article: Analysed) -> set[str]:
        """Keys of the queries that a search would find this article with."""
        if self._is_stale or (self._articles and self._articles % REANCHOR_EVERY == 0):
            self._anchor()
        self._articles += 1
        held = _Held(article)
        candidates = set(self._everywhere)
        for field, watched in self._watched.items():
            for token in held.tokens(field) & watched:
                anchor = (field, token)
                self._frequency[anchor] += 1
                candidates |= self._anchored.get(anchor, _NOBODY)
        return {key for key in candidates if _holds(self._conditions[key], held)}

    def _anchor(self) -> None:
        """Let every query wait at the choice of tokens that the fewest articles have had so far."""
        self._is_stale = False
        self._anchored, self._watched, self._everywhere = defaultdict(set), defaultdict(set), set()
        for key, choices in self._choices.items():
            for choice in choices:
                for field, token in choice:
                    self._watched[field].add(token)
            if not choices:
                self._everywhere.add(key)
                continue
            for anchor in min(choices, key=self._cost):
                self._anchored[anchor].add(key)

    def _cost(self, choice: frozenset[Anchor]) -> tuple[float, int]:
        seen = sum(self._frequency[anchor] for anchor in choice)
        guess = sum(_PAIR if field.endswith("_b") else _WORD for field, _ in choice)
        return (seen + guess) / (self._articles + 1), len(choice)


_NOBODY: frozenset[str] = frozenset()
# Articles in which a pair of words, and a single word, is taken to have been seen before any was: a prior.
_PAIR, _WORD = 1, 5


def _choices(condition: Condition) -> Iterable[frozenset[Anchor]]:
    """Sets of tokens of each of which an article must have at least one to meet the condition."""
    match condition:
        case Has(field, token) if field != MARK:
            yield frozenset({(field, token)})
        case HasAny(field, values):
            yield frozenset((field, value) for value in values)
        case HasRow(field, tokens):
            yield from (frozenset({(field, token)}) for token in tokens if token not in (FIRST, LAST))
        case AllOf(conditions):
            for inner in conditions:
                yield from _choices(inner)
        case AtLeast(_, conditions):
            best = [min(_choices(inner), key=len, default=None) for inner in conditions]
            known = [choice for choice in best if choice is not None]
            if best and len(known) == len(best):
                yield frozenset().union(*known)


class _Held:
    """What an article holds, cut into tokens field by field when first asked for."""

    def __init__(self, article: Analysed) -> None:
        self.article = article
        self._tokens: dict[str, frozenset[str]] = {}

    @cached_property
    def marks(self) -> frozenset[str]:
        return frozenset(self.article.marks)

    @cached_property
    def _keywords(self) -> Mapping[str, tuple[str, ...]]:
        return {str(name): values for name, values in self.article.keywords.items()}

    def tokens(self, field: str) -> frozenset[str]:
        """Of a text field its words, of a keyword field its whole values."""
        known = self._tokens.get(field)
        if known is None:
            values = self._keywords.get(field, ()) if field in _KEYWORDS else self.article.texts.get(field, "").split()
            known = self._tokens[field] = frozenset(values)
        return known


_KEYWORDS = frozenset(map(str, Keyword))


def _holds(condition: Condition, held: _Held) -> bool:
    match condition:
        case Has(field, token):
            return token in (held.marks if field == MARK else held.tokens(field))
        case HasAny(field, values):
            return not held.tokens(field).isdisjoint(values)
        case HasRow(field, row):
            return held.tokens(field).issuperset(row) and _in_row(held.article.texts[field], row)
        case HasPrefix(field, prefix):
            return any(token.startswith(prefix) for token in held.tokens(field))
        case Published(start, end):
            at = held.article.published_at
            return at is not None and (start is None or start <= at) and (end is None or at < end)
        case InStories(keys):
            return held.article.story_key in keys
        case AllOf(conditions):
            return all(_holds(inner, held) for inner in conditions)
        case AtLeast(number, conditions):
            return sum(_holds(inner, held) for inner in conditions) >= number
        case Except(inner):
            return not _holds(inner, held)


def _in_row(text: str, row: tuple[str, ...]) -> bool:
    return f" {' '.join(row)} " in f" {text} "
