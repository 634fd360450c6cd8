"""The query language: what a person types, as a tree of our own. Grammar: docs/query-language.md.

No engine ever sees the text itself, so every engine understands the same thing by it. Words in the tree are
in the form that is compared (`nlp.text.match_form`): lower case, one tone placement, accents as typed.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from diembao.errors import BadQuery
from nlp.text import match_form, normalise, tokens

FIELDS = ("title", "source", "topic", "place", "entity", "author")

# A person's query is a line or two; these bound what one request can cost.
MAX_LENGTH = 1000
MAX_TERMS = 64
MAX_PREFIXES = 8
MAX_DEPTH = 16
MIN_PREFIX = 2
# Letters may come in up to three parts (NFD), with invisible characters between them.
_MOST_GIVEN = 4 * MAX_LENGTH
# Longer runs of letters are no words; engines cut or drop them, each in its own way.
MAX_WORD = 64


@dataclass(frozen=True, slots=True)
class Word:
    text: str


@dataclass(frozen=True, slots=True)
class Prefix:
    text: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """Two words or more, next to each other and in this order."""

    words: tuple[str, ...]


Term = Word | Prefix | Phrase


@dataclass(frozen=True, slots=True)
class Within:
    """A term looked for in one field only."""

    field: str
    term: Term


@dataclass(frozen=True, slots=True)
class Not:
    node: Node


@dataclass(frozen=True, slots=True)
class And:
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    nodes: tuple[Node, ...]


Node = Word | Prefix | Phrase | Within | Not | And | Or


def index_words(text: str) -> list[str]:
    """The words of a normalised text as they are compared, in order; the same for documents and queries."""
    words = tokens(match_form(text))
    if len(max(words, key=len, default="")) > MAX_WORD:
        return [word[:MAX_WORD] for word in words]
    return words


def word_runs(nodes: Sequence[Node]) -> list[tuple[str, ...]]:
    """Bare words that were typed side by side, run by run."""
    return [
        tuple(node.text for node in group if isinstance(node, Word))
        for is_word, group in groupby(nodes, lambda node: isinstance(node, Word))
        if is_word
    ]


def parse(text: str) -> Node | None:
    """Read a query; None when there is nothing in it but space.

    Raises:
        BadQuery: with the position of the character at fault. Codes: `too_long`, `too_many_terms`,
            `too_many_prefixes`, `too_deep`, `unclosed_quote`, `empty_phrase`, `unclosed_parenthesis`,
            `unexpected_parenthesis`, `empty_parentheses`, `missing_operand`, `unknown_field`,
            `missing_value`, `misplaced_star`, `short_prefix`, `no_words`.
    """
    if len(text) > _MOST_GIVEN:
        raise _too_long()
    clean = normalise(text)
    if not clean.strip():
        return None
    if len(clean) > MAX_LENGTH:
        raise _too_long()
    try:
        return _Parser(_lex(clean)).parse()
    except BadQuery as fault:
        if clean == text:
            raise
        raise BadQuery(str(fault), _place_as_given(text, fault.position), fault.code) from None


def _too_long() -> BadQuery:
    return BadQuery(f"the query is longer than {MAX_LENGTH} characters", MAX_LENGTH, "too_long")


def _place_as_given(text: str, position: int) -> int:
    """Where the character at a position of the normalised text stands in the text as it was given."""
    return bisect_right(range(len(text) + 1), position, key=lambda end: len(normalise(text[:end]))) - 1


def render(node: Node) -> str:
    """The query text of a tree: `parse(render(node)) == node` for every tree that `parse` gives."""
    match node:
        case Word(text):
            return text
        case Prefix(text):
            return f"{text}*"
        case Phrase(words):
            return f'"{" ".join(words)}"'
        case Within(field, term):
            return f"{field}:{render(term)}"
        case Not(inner):
            return f"-{_render_inside(inner)}"
        case And(nodes):
            return " ".join(_render_inside(inner) for inner in nodes)
        case Or(nodes):
            return " OR ".join(render(inner) for inner in nodes)


def _render_inside(node: Node) -> str:
    text = render(node)
    return f"({text})" if isinstance(node, And | Or) else text


@dataclass(frozen=True, slots=True)
class _Token:
    """kind: `(`, `)`, `-`, `or`, `and`, `term` or `end`. A term of None has no letter or digit in it."""

    kind: str
    position: int
    node: Node | None = None


_QUOTES = '"“”„‟«»＂'
_OPERATORS = {"OR": "or", "AND": "and", "NOT": "-"}
# A bare run ends at space, quote or parenthesis; what is inside (TP.HCM, 19/5, COVID-19) is cut later.
_RUN = re.compile(rf"[^\s(){_QUOTES}]+")
_PHRASE = re.compile(rf"[{_QUOTES}]([^{_QUOTES}]*)[{_QUOTES}]")
# `Nguyên: bắt giữ` and `http://…` are no fields: nothing that could be a value follows the colon.
_FIELD = re.compile(rf"([^\W\d_]+):(?=(?P<value>[\w{_QUOTES}(])?)")


def _lex(text: str) -> list[_Token]:
    found: list[_Token] = []
    position = 0
    while position < len(text):
        letter = text[position]
        if letter.isspace():
            position += 1
        elif letter in "()":
            found.append(_Token(letter, position))
            position += 1
        elif letter == "-" and _starts_operand(text, position + 1):
            found.append(_Token("-", position))
            position += 1
        else:
            token, position = _lex_term(text, position)
            found.append(token)
    found.append(_Token("end", len(text)))
    return found


def _starts_operand(text: str, position: int) -> bool:
    """A dash is a minus before something to exclude; between spaces it is only a dash."""
    return position < len(text) and (text[position].isalnum() or text[position] in f"({_QUOTES}-")


def _lex_term(text: str, start: int) -> tuple[_Token, int]:
    if text[start] in _QUOTES:
        words, end = _lex_phrase(text, start)
        return _Token("term", start, _phrase(words)), end
    field = _FIELD.match(text, start)
    if field and (field[1].lower() in FIELDS or field["value"]):
        return _lex_field(text, start, field)
    run, end = _lex_run(text, start)
    if run in _OPERATORS:
        return _Token(_OPERATORS[run], start), end
    return _Token("term", start, _bare_term(run, start)), end


def _lex_run(text: str, start: int) -> tuple[str, int]:
    run = _RUN.match(text, start)
    return (run[0], run.end()) if run else ("", start)


def _lex_field(text: str, start: int, field: re.Match[str]) -> tuple[_Token, int]:
    name = field[1].lower()
    if name not in FIELDS:
        raise BadQuery(f"there is no field '{field[1]}'; fields are {', '.join(FIELDS)}", start, "unknown_field")
    if field["value"] and field["value"] in _QUOTES:
        words, end = _lex_phrase(text, field.end())
        return _Token("term", start, Within(name, _phrase(words))), end
    run, end = _lex_run(text, field.end())
    term = _bare_term(run, field.end())
    if term is None:
        raise BadQuery(f"'{name}:' must be followed by a word or a quoted phrase", field.end(), "missing_value")
    return _Token("term", start, Within(name, term)), end


def _lex_phrase(text: str, start: int) -> tuple[tuple[str, ...], int]:
    phrase = _PHRASE.match(text, start)
    if phrase is None:
        raise BadQuery("the quotation mark is not closed", start, "unclosed_quote")
    star = phrase[1].find("*")
    if star >= 0:
        raise BadQuery("* cannot stand inside quotation marks", phrase.start(1) + star, "misplaced_star")
    words = tuple(index_words(phrase[1]))
    if not words:
        raise BadQuery("there is no word between the quotation marks", start, "empty_phrase")
    return words, phrase.end()


def _phrase(words: tuple[str, ...]) -> Word | Phrase:
    return Word(words[0]) if len(words) == 1 else Phrase(words)


def _bare_term(run: str, start: int) -> Term | None:
    star = run.find("*")
    words = tuple(index_words(run))
    if star < 0:
        return _phrase(words) if words else None
    if star != len(run) - 1 or len(words) != 1:
        raise BadQuery("* can only end a single word", start + star, "misplaced_star")
    if len(words[0]) < MIN_PREFIX:
        raise BadQuery(f"at least {MIN_PREFIX} letters must stand before *", start, "short_prefix")
    return Prefix(words[0])


def _size(term: Node) -> int:
    match term:
        case Phrase(words):
            return len(words)
        case Within(_, inner):
            return _size(inner)
        case _:
            return 1


def _is_prefix(term: Node) -> bool:
    return isinstance(term, Prefix) or (isinstance(term, Within) and isinstance(term.term, Prefix))


class _Parser:
    """Recursive descent over the tokens; its depth is bounded by MAX_DEPTH."""

    def __init__(self, found: list[_Token]) -> None:
        self._tokens = found
        self._at = 0
        self._terms = 0
        self._prefixes = 0

    def parse(self) -> Node:
        node = self._either(0)
        left = self._tokens[self._at]
        if left.kind == ")":
            raise BadQuery("this parenthesis was never opened", left.position, "unexpected_parenthesis")
        if node is None:
            raise BadQuery("there is no word in the query", 0, "no_words")
        return node

    def _take(self, kind: str) -> _Token | None:
        token = self._tokens[self._at]
        if token.kind != kind:
            return None
        self._at += 1
        return token

    def _either(self, depth: int) -> Node | None:
        """Alternatives joined by OR; None when there are no words at all."""
        found = [self._all(depth)]
        while operator := self._take("or"):
            if found[-1] is None:
                raise BadQuery("a word is missing before this operator", operator.position, "missing_operand")
            found.append(self._all(depth))
            if found[-1] is None:
                raise BadQuery("a word is missing after this operator", operator.position, "missing_operand")
        nodes = [node for node in found if node is not None]
        return _join(Or, nodes)

    def _all(self, depth: int) -> Node | None:
        """Things that must all match, side by side or joined by AND."""
        nodes: list[Node] = []
        joined: _Token | None = None
        while True:
            if operator := self._take("and"):
                if not nodes or joined:
                    raise BadQuery("a word is missing before this operator", operator.position, "missing_operand")
                joined = operator
                continue
            if self._tokens[self._at].kind in ("or", ")", "end"):
                break
            node = self._one(depth)
            if node is not None:
                nodes.append(node)
                joined = None
        if joined:
            raise BadQuery("a word is missing after this operator", joined.position, "missing_operand")
        return _join(And, nodes)

    def _one(self, depth: int) -> Node | None:
        token = self._tokens[self._at]
        if depth >= MAX_DEPTH:
            raise BadQuery(f"more than {MAX_DEPTH} levels inside one another", token.position, "too_deep")
        self._at += 1
        if token.kind == "(":
            return self._group(token, depth)
        if token.kind == "-":
            return self._negation(token, depth)
        if token.node is not None:
            self._count(token, token.node)
        return token.node

    def _group(self, opening: _Token, depth: int) -> Node:
        node = self._either(depth + 1)
        if not self._take(")"):
            raise BadQuery("the parenthesis is not closed", opening.position, "unclosed_parenthesis")
        if node is None:
            raise BadQuery("there is no word between the parentheses", opening.position, "empty_parentheses")
        return node

    def _negation(self, operator: _Token, depth: int) -> Node:
        if self._tokens[self._at].kind in ("or", "and", ")", "end"):
            raise BadQuery("a word is missing after this operator", operator.position, "missing_operand")
        node = self._one(depth + 1)
        if node is None:
            raise BadQuery("a word is missing after this operator", operator.position, "missing_operand")
        return node.node if isinstance(node, Not) else Not(node)

    def _count(self, token: _Token, node: Node) -> None:
        self._terms += _size(node)
        self._prefixes += _is_prefix(node)
        if self._terms > MAX_TERMS:
            raise BadQuery(f"the query has more than {MAX_TERMS} words", token.position, "too_many_terms")
        if self._prefixes > MAX_PREFIXES:
            raise BadQuery(f"the query has more than {MAX_PREFIXES} words with *", token.position, "too_many_prefixes")


def _join(kind: type[And] | type[Or], nodes: list[Node]) -> Node | None:
    """One node of the kind, with groups of the same kind opened up, so that equal queries have equal trees."""
    if len(nodes) <= 1:
        return nodes[0] if nodes else None
    flat: list[Node] = []
    for node in nodes:
        flat.extend(node.nodes if isinstance(node, kind) else (node,))
    return kind(tuple(flat))
