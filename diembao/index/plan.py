"""What a query asks of an engine, in a handful of conditions that every engine can express exactly.

Order by relevance is a ladder: the first rung whose condition an article meets is its class, and within a
class the newest comes first. Word statistics take no part in it, on purpose: they differ between engines,
shards and even days (deleted articles count until they are merged away), while a rung is true or not. So the
order is the same in every engine, and a page after the tenth thousand is found as fast as the second.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from diembao.index.analysis import (
    ABOUT_B,
    ABOUT_F,
    ALL_B,
    ALL_F,
    ALL_X,
    FIRST,
    LAST,
    LIVE,
    MARK,
    PUBLIC,
    TITLE_B,
    TITLE_F,
    TITLE_X,
    clamp_seconds,
    keyword_value,
    pairs,
)
from diembao.index.language import And, Node, Not, Or, Phrase, Prefix, Term, Within, Word, word_runs
from diembao.index.protocol import Query, Sort
from nlp.text import fold


@dataclass(frozen=True, slots=True)
class Has:
    """The field holds the token."""

    field: str
    token: str


@dataclass(frozen=True, slots=True)
class HasAny:
    """The keyword field holds one of the values."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HasRow:
    """The field holds the tokens next to each other; at least two."""

    field: str
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HasPrefix:
    """The field holds a token that begins so."""

    field: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Published:
    """Published at or after `start` and before `end`; whole seconds since 1970."""

    start: int | None
    end: int | None


@dataclass(frozen=True, slots=True)
class InStories:
    """Belongs to one of these stories (values of STORY_KEY)."""

    keys: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AtLeast:
    """At least so many of the conditions; 1 is a plain “or”."""

    number: int
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Except:
    condition: Condition


Condition = Has | HasAny | HasRow | HasPrefix | Published | InStories | AllOf | AtLeast | Except


@dataclass(frozen=True, slots=True)
class Rung:
    score: int
    condition: Condition


@dataclass(frozen=True, slots=True)
class Plan:
    """wanted: what must hold. ladder: rungs by falling score; what meets none has score 0. Empty when the
    order is by time. newest_first: order within a class, or of everything."""

    wanted: Condition
    ladder: tuple[Rung, ...]
    newest_first: bool


def make_plan(query: Query) -> Plan:
    """The plan of a query; facets, paging and highlighting are not part of it."""
    tree = query.tree
    ranked = tree is not None and query.sort is Sort.RELEVANCE
    return Plan(
        wanted=_wanted(query),
        ladder=_ladder(tree) if tree is not None and ranked else (),
        newest_first=query.sort is not Sort.OLDEST,
    )


def _wanted(query: Query) -> Condition:
    conditions: list[Condition] = [Has(MARK, PUBLIC if query.public_only else LIVE)]
    if query.tree is not None:
        conditions.append(_compile(query.tree, _SCATTERED))
    for chosen in query.filters:
        values = tuple(dict.fromkeys(keyword_value(value) for value in chosen.values))
        condition = HasAny(chosen.field.value, values)
        conditions.append(Except(condition) if chosen.exclude else condition)
    if query.published_from or query.published_to:
        conditions.append(Published(_second(query.published_from), _second(query.published_to)))
    return AllOf(tuple(conditions))


def _second(moment: datetime | None) -> int | None:
    """The first whole second not before the moment: the index keeps whole seconds, rounded down."""
    if moment is None:
        return None
    return clamp_seconds(math.ceil((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()))


@dataclass(frozen=True, slots=True)
class _Look:
    """Where and how strictly bare words are looked for. adjacent: side by side as they were typed.
    exact: with the accents as typed, too."""

    folded: str
    pairs: str
    exact: str = ""
    adjacent: bool = False


_SCATTERED = _Look(ALL_F, ALL_B)
_SHARES = (0.75, 0.5, 0.25)  # of neighbouring words found side by side


def _ladder(tree: Node) -> tuple[Rung, ...]:
    exact = _has_accents(tree)
    looks: list[tuple[int, _Look]] = []
    if exact:
        looks += [
            (20_000, _Look(TITLE_F, TITLE_B, TITLE_X, adjacent=True)),
            (16_000, _Look(ABOUT_F, ABOUT_B, ALL_X, adjacent=True)),
            (15_000, _Look(ALL_F, ALL_B, ALL_X, adjacent=True)),
        ]
    looks += [
        (7_500, _Look(TITLE_F, TITLE_B, adjacent=True)),
        (6_000, _Look(ABOUT_F, ABOUT_B, adjacent=True)),
        (5_000, _Look(ALL_F, ALL_B, adjacent=True)),
    ]
    rungs = [Rung(score, _compile(tree, look)) for score, look in looks]
    neighbours = _neighbours(tree)
    if neighbours:
        rungs += _scattered_rungs(tree, neighbours, ALL_X, 1_000) if exact else []
        rungs += _scattered_rungs(tree, neighbours, "", 0)
    return _without_repeats(rungs)


def _scattered_rungs(tree: Node, neighbours: Sequence[str], exact: str, base: int) -> list[Rung]:
    """Words not all side by side: in the title, in what the article is about, or by how many are."""
    rungs = [
        Rung(base + 900, _compile(tree, _Look(TITLE_F, TITLE_B, TITLE_X if exact else ""))),
        Rung(base + 700, _compile(tree, _Look(ABOUT_F, ABOUT_B, exact))),
    ]
    anywhere = _compile(tree, _Look(ALL_F, ALL_B, exact))
    found: tuple[Condition, ...] = tuple(Has(ALL_B, pair) for pair in neighbours)
    for share in _SHARES:
        needed = math.ceil(share * len(found))
        if needed < len(found):  # all of them is what the rungs above ask for
            rungs.append(Rung(base + int(share * 600), AllOf((anywhere, AtLeast(needed, found)))))
    if exact:
        rungs.append(Rung(base, anywhere))
    return rungs


def _without_repeats(rungs: Sequence[Rung]) -> tuple[Rung, ...]:
    kept: dict[Condition, Rung] = {}
    for rung in rungs:
        kept.setdefault(rung.condition, rung)
    return tuple(kept.values())


def _has_accents(node: Node) -> bool:
    match node:
        case Word(text) | Prefix(text):
            return fold(text) != text
        case Phrase(words):
            return any(fold(word) != word for word in words)
        case Within("title", term):
            return _has_accents(term)
        case And(nodes) | Or(nodes):
            return any(_has_accents(inner) for inner in nodes)
        case _:  # fields of whole values compare without accents, and what is excluded ranks nothing
            return False


def _neighbours(node: Node) -> tuple[str, ...]:
    """Pairs of bare words standing side by side in the query, outside alternatives and exclusions."""
    if not isinstance(node, And):
        return ()
    found: list[str] = []
    for words in word_runs(node.nodes):
        found += pairs([fold(word) for word in words])
    return tuple(dict.fromkeys(found))


def _compile(node: Node, look: _Look) -> Condition:
    match node:
        case Word(text):
            return _words((text,), look)
        case Phrase(words):
            return _words(words, _Look(look.folded, look.pairs, look.exact, adjacent=True), in_order=True)
        case Prefix(text):
            return _prefix(text, look)
        case Within(field, term):
            return _within(field, term, look)
        case Not(inner):
            return Except(_compile(inner, _SCATTERED))
        case Or(nodes):
            return AtLeast(1, tuple(_compile(inner, look) for inner in nodes))
        case And(nodes):
            others = tuple(_compile(inner, look) for inner in nodes if not isinstance(inner, Word))
            return AllOf((*(_words(run, look) for run in word_runs(nodes)), *others))


def _words(words: tuple[str, ...], look: _Look, in_order: bool = False) -> Condition:
    """Every word there; side by side where the look or a quoted phrase asks for it."""
    folded = tuple(fold(word) for word in words)
    conditions: list[Condition] = []
    if look.adjacent and len(words) > 1:
        conditions += [Has(look.pairs, pair) for pair in dict.fromkeys(pairs(folded))]
        if in_order and len(words) > 2:
            # Pairs may come from different places of the text; positions are kept in these two fields only.
            conditions.append(HasRow(TITLE_F if look.folded == TITLE_F else ALL_F, folded))
    else:
        conditions += [Has(look.folded, word) for word in dict.fromkeys(folded)]
    if look.exact:
        conditions += [Has(look.exact, word) for word in dict.fromkeys(words)]
    return conditions[0] if len(conditions) == 1 else AllOf(tuple(conditions))


def _prefix(text: str, look: _Look) -> Condition:
    folded = HasPrefix(look.folded, fold(text))
    return AllOf((folded, HasPrefix(look.exact, text))) if look.exact else folded


# Fields asked for by their whole value; in the others a part of a name will do.
_WHOLE = ("source", "topic")


def _within(field: str, term: Term, look: _Look) -> Condition:
    if field == "title":
        return _compile(term, _Look(TITLE_F, TITLE_B, TITLE_X if look.exact else ""))
    name = f"{field}_f"
    if isinstance(term, Prefix):
        return HasPrefix(name, fold(term.text))
    words = (term.text,) if isinstance(term, Word) else term.words
    folded = tuple(fold(word) for word in words)
    if field in _WHOLE:
        return HasRow(name, (FIRST, *folded, LAST))
    return HasRow(name, folded) if len(folded) > 1 else Has(name, folded[0])
