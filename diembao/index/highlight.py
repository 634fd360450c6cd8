"""Marks what was searched for in titles, leads and texts; the same for every engine.

Works on code points of the text as it is shown. Accents are ignored, as in the search itself: folding keeps
the length of a normalised text, so places found in the folded text are places in the shown one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from diembao.index.language import MAX_WORD, And, Node, Or, Phrase, Prefix, Within, Word
from diembao.index.protocol import Fragment, Highlighting, Piece
from nlp.text import WORD, fold, match_form

TEXT_FIELDS = ("title", "lead", "body")
# What precedes the first match of a fragment, as a share of its length: enough to read into it.
_LEAD_IN = 0.3
# A text is marked as far as this, in characters; the rest of an overlong one is not looked at.
_MARKED_LENGTH = 200_000


@dataclass(frozen=True, slots=True)
class _Sought:
    """Folded words. rows: to be marked only side by side; words: alone; prefixes: beginnings of words.
    loose: rows typed without quotes, whose words are marked one by one where they never stand together."""

    words: frozenset[str]
    prefixes: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    loose: tuple[tuple[str, ...], ...]


Span = tuple[int, int]


def highlight(tree: Node | None, shown: Mapping[str, str], wish: Highlighting) -> dict[str, tuple[Fragment, ...]]:
    """Fragments by field, only for fields where something was found; the title always whole.

    shown: normalised texts by field name. What a query excludes is not marked; words asked for in the
    title (`title:…`) are marked in the title only.
    """
    result: dict[str, tuple[Fragment, ...]] = {}
    if tree is None:
        return result
    anywhere, in_title = _sought(tree, in_title=False), _sought(tree, in_title=True)
    texts = {field: _read(shown.get(field, "")) for field in TEXT_FIELDS}
    standing = _standing_rows(anywhere, texts.values())
    for field in wish.fields:
        text = shown.get(field, "")
        spans = _spans(in_title if field == "title" else anywhere, texts[field], standing)
        if not spans:
            continue
        if field == "title":
            result[field] = (_fragment(text, 0, len(text), spans),)
        else:
            result[field] = tuple(_fragments(text, spans, wish))
    return result


def _sought(tree: Node, in_title: bool) -> _Sought:
    words: set[str] = set()
    prefixes: list[str] = []
    rows: list[tuple[str, ...]] = []
    loose: list[tuple[str, ...]] = []

    def visit(node: Node) -> None:
        match node:
            case Word(text):
                words.add(fold(text))
            case Prefix(text):
                prefixes.append(fold(text))
            case Phrase(parts):
                rows.append(tuple(map(fold, parts)))
            case Within("title", term) if in_title:
                visit(term)
            case Or(nodes):
                for inner in nodes:
                    visit(inner)
            case And(nodes):
                for is_word, group in groupby(nodes, lambda inner: isinstance(inner, Word)):
                    members = list(group)
                    if is_word and len(members) > 1:
                        loose.append(tuple(fold(inner.text) for inner in members if isinstance(inner, Word)))
                    else:
                        for inner in members:
                            visit(inner)
            case _:
                pass

    visit(tree)
    return _Sought(frozenset(words), tuple(prefixes), tuple(rows), tuple(loose))


@dataclass(frozen=True, slots=True)
class _Read:
    """The folded words of a text and where each stands."""

    words: tuple[str, ...]
    places: tuple[Span, ...]


def _read(text: str) -> _Read:
    found = list(WORD.finditer(fold(match_form(text[:_MARKED_LENGTH]))))
    return _Read(tuple(word[0][:MAX_WORD] for word in found), tuple(word.span() for word in found))


def _standing_rows(sought: _Sought, texts: Iterable[_Read]) -> frozenset[tuple[str, ...]]:
    """The loose rows that do stand side by side somewhere in the article."""
    return frozenset(
        row for text in texts for row in sought.loose if next(_row_starts(text.words, row), None) is not None
    )


def _row_starts(words: tuple[str, ...], row: tuple[str, ...]) -> Iterator[int]:
    size = len(row)
    for start, word in enumerate(words):
        if word == row[0] and words[start : start + size] == row:
            yield start


def _spans(sought: _Sought, text: _Read, standing: frozenset[tuple[str, ...]]) -> list[Span]:
    """What to mark, in order and not overlapping."""
    words, places = text.words, text.places
    alone = sought.words.union(*(row for row in sought.loose if row not in standing))
    found = [
        places[at]
        for at, word in enumerate(words)
        if word in alone or (sought.prefixes and word.startswith(sought.prefixes))
    ]
    for row in (*sought.rows, *(row for row in sought.loose if row in standing)):
        found += [(places[at][0], places[at + len(row) - 1][1]) for at in _row_starts(words, row)]
    return _merged(sorted(found))


def _merged(spans: Sequence[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in spans:
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


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
