"""Marks what was searched for in titles, leads and texts; the same for every engine.

Works on code points of the text as it is shown. Accents are ignored, as in the search itself: folding keeps
the length of a normalised text, so places found in the folded text are places in the shown one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from diembao.index.language import MAX_WORD, And, Node, Or, Phrase, Prefix, Within, Word, word_runs
from diembao.index.protocol import Fragment, Highlighting, Piece
from nlp.text import fold, match_form

TEXT_FIELDS = ("title", "lead", "body")
# What precedes the first match of a fragment, as a share of its length: enough to read into it.
_LEAD_IN = 0.3
# A text is marked as far as this, in characters; the rest of an overlong one is not looked at.
_MARKED_LENGTH = 200_000


Span = tuple[int, int]
Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Sought:
    """Folded words. words: to be marked wherever they stand; prefixes: beginnings of words; rows: to be marked
    only side by side; loose: rows typed without quotes, whose words are marked one by one where the article
    never has them side by side."""

    words: frozenset[str]
    prefixes: frozenset[str]
    rows: frozenset[Row]
    loose: frozenset[Row]


_WORD_START = r"(?<![^\W_])"
_WORD_END = r"(?![^\W_])"
_QUERIES = 64  # as many are under way at most: the articles of one page ask the same again and again


@lru_cache(4 * _QUERIES)
def _pattern(sought: _Sought, standing: frozenset[Row]) -> re.Pattern[str] | None:
    """What to mark in a folded text, given which of the loose rows stand side by side somewhere."""
    alone = sought.words.union(*(sought.loose - standing))
    rows = sought.rows | (sought.loose & standing)
    parts = [_row_pattern(row) for row in sorted(rows, key=len, reverse=True)]
    parts += [re.escape(prefix) + r"[^\W_]*" for prefix in sorted(sought.prefixes)]
    parts += [_word_pattern(word) for word in sorted(alone)]
    return re.compile(f"{_WORD_START}(?:{'|'.join(parts)}){_WORD_END}") if parts else None


def _word_pattern(word: str) -> str:
    """A word; one that was cut to the longest allowed stands for all that begin so."""
    return re.escape(word) + (r"[^\W_]*" if len(word) == MAX_WORD else "")


def _row_pattern(row: Row) -> str:
    return r"[\W_]+".join(map(_word_pattern, row))


def highlight(
    tree: Node | None, shown: Mapping[str, str | int | None], wish: Highlighting
) -> dict[str, tuple[Fragment, ...]]:
    """Fragments by field, only for fields where something was found; the title always whole.

    shown: normalised texts by field name. What a query excludes is not marked; words asked for in the
    title (`title:…`) are marked in the title only.
    """
    if tree is None:
        return {}
    texts = _Texts(shown)
    anywhere, in_title = _sought(tree, in_title=False), _sought(tree, in_title=True)
    standing = _standing_rows(in_title.loose, texts)
    result: dict[str, tuple[Fragment, ...]] = {}
    for field in wish.fields:
        pattern = _pattern(in_title if field == "title" else anywhere, standing)
        spans = [found.span() for found in pattern.finditer(texts.folded(field))] if pattern else []
        text = texts.plain(field)
        if spans and field == "title":
            result[field] = (_fragment(text, 0, len(text), spans),)
        elif spans:
            result[field] = tuple(_fragments(text, spans, wish))
    return result


def texts_looked_at(tree: Node | None, wish: Highlighting) -> frozenset[str]:
    """The fields of `shown` that `highlight` will read."""
    if tree is None:
        return frozenset()
    # Whether words stand side by side is looked for everywhere.
    return frozenset(TEXT_FIELDS if _sought(tree, in_title=True).loose else wish.fields)


def _folded(text: str) -> str:
    """Lower case without accents, as long as the text. Tone placement needs no care: the tones are gone."""
    text = text[:_MARKED_LENGTH]
    lowered = text.lower()
    return fold(lowered if len(lowered) == len(text) else match_form(text))


class _Texts:
    """The texts of an article, folded only where somebody looks: most matches stand in title and lead."""

    def __init__(self, shown: Mapping[str, str | int | None]) -> None:
        self._shown = shown
        self._folded: dict[str, str] = {}

    def plain(self, field: str) -> str:
        return str(self._shown.get(field) or "")

    def folded(self, field: str) -> str:
        if field not in self._folded:
            self._folded[field] = _folded(self.plain(field))
        return self._folded[field]


def _standing_rows(rows: frozenset[Row], texts: _Texts) -> frozenset[Row]:
    """Those rows that do stand side by side somewhere in the article."""
    left = {row: _standing_pattern(row) for row in rows}
    for field in TEXT_FIELDS:
        if not left:
            break
        folded = texts.folded(field)
        left = {row: pattern for row, pattern in left.items() if not pattern.search(folded)}
    return frozenset(rows - left.keys())


@lru_cache(2 * _QUERIES)
def _standing_pattern(row: Row) -> re.Pattern[str]:
    return re.compile(f"{_WORD_START}{_row_pattern(row)}{_WORD_END}")


@lru_cache(2 * _QUERIES)
def _sought(tree: Node, in_title: bool) -> _Sought:
    found: dict[str, set[Any]] = {"words": set(), "prefixes": set(), "rows": set(), "loose": set()}

    def visit(node: Node) -> None:
        match node:
            case Word(text):
                found["words"].add(fold(text))
            case Prefix(text):
                found["prefixes"].add(fold(text))
            case Phrase(words):
                found["rows"].add(tuple(map(fold, words)))
            case Within("title", term) if in_title:
                visit(term)
            case Or(nodes):
                for inner in nodes:
                    visit(inner)
            case And(nodes):
                found["loose"].update(tuple(map(fold, row)) for row in word_runs(nodes) if len(row) > 1)
                found["words"].update(fold(row[0]) for row in word_runs(nodes) if len(row) == 1)
                for inner in nodes:
                    if not isinstance(inner, Word):
                        visit(inner)
            case _:
                pass

    visit(tree)
    return _Sought(**{name: frozenset(values) for name, values in found.items()})


def _fragments(text: str, spans: Sequence[Span], wish: Highlighting) -> Iterator[Fragment]:
    """The stretches with most matches, in the order of the text, not overlapping."""
    windows = _windows(text, spans, wish.length)
    chosen: list[tuple[int, int, int]] = []
    for window in sorted(windows, key=lambda window: (-window[2], window[0])):
        if len(chosen) >= wish.fragments:
            break
        if all(window[1] <= start or end <= window[0] for start, end, _ in chosen):
            chosen.append(window)
    for start, end, _ in sorted(chosen):
        yield _fragment(text, start, end, spans)


def _windows(text: str, spans: Sequence[Span], length: int) -> list[tuple[int, int, int]]:
    """One candidate per match: start, end and how many characters in it are matches."""
    windows = []
    last = 0
    covered = 0
    for first, (start, _) in enumerate(spans):
        begin = _word_start(text, max(0, start - int(length * _LEAD_IN)), start)
        limit = max(begin + length, spans[first][1])
        while last < len(spans) and spans[last][1] <= limit:
            covered += spans[last][1] - spans[last][0]
            last += 1
        end = _word_end(text, limit, spans[last - 1][1])
        windows.append((begin, end, covered))
        covered -= spans[first][1] - spans[first][0]
    return windows


def _word_start(text: str, position: int, no_later: int) -> int:
    """The next beginning of a word, so that a fragment does not open in the middle of one."""
    if position == 0:
        return 0
    while position < no_later and not text[position - 1].isspace():
        position += 1
    return position


def _word_end(text: str, position: int, no_earlier: int) -> int:
    if position >= len(text):
        return len(text)
    while position > no_earlier and not text[position].isspace():
        position -= 1
    return position


def _fragment(text: str, start: int, end: int, spans: Sequence[Span]) -> Fragment:
    pieces: list[Piece] = []
    at = start
    for first, last in spans:
        if first < start or last > end:
            continue
        if first > at:
            pieces.append(Piece(text[at:first], False))
        pieces.append(Piece(text[first:last], True))
        at = last
    if at < end:
        pieces.append(Piece(text[at:end], False))
    return Fragment(tuple(pieces), cut_before=start > 0, cut_after=end < len(text))
