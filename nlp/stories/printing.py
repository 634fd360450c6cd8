"""A printing: what is kept of one article to find and judge its copies and its story by, at most 3 kB."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from nlp import similarity
from nlp.similarity import Hashes, Sketch, WordHashes
from nlp.stories.credits import without_credit
from nlp.stories.localities import Localities
from nlp.stories.serials import HEAD, is_serial, named_days, numbers
from nlp.stories.terms import TermReader, Terms
from nlp.text import fold, match_form, normalise, tokens

VERSION: Final = "printing-2"
# Longer texts are cut: no report is this long, and the work must stay bounded on hostile input.
_LONGEST_TEXT: Final = 100_000
_LONGEST_TITLE: Final = 1_000

_BODY_KEYS: Final = 1 << 32
_TITLE_KEYS: Final = 2 << 32
# Copies share at least so many of their keys; one alone is mostly a stock phrase.
LEAST_KEYS: Final = 2
_MAGIC: Final = b"pr2\0"
_HEADER: Final = struct.Struct("<4sBHHHHHI")


@dataclass(frozen=True, slots=True)
class Title:
    """A headline. pairs: hashes of its pairs of words (folded); size: its words; figures: its numbers, hashed."""

    pairs: Hashes
    size: int
    figures: frozenset[int]


@dataclass(frozen=True, slots=True)
class Printing:
    """One article as it is compared.

    serial: an issue of a column; days: days named at its head (month * 100 + day); places: numbers of places there.
    """

    title: Title
    body: Sketch
    serial: bool
    days: frozenset[int]
    places: frozenset[int]
    terms: Terms

    def keys(self) -> list[int]:
        """Positive 64-bit keys that near copies have in common: shingles of the body, pairs of the title's words."""
        body = similarity.smallest(self.body, least=12, most=40, fraction=16)
        return [_BODY_KEYS | key for key in body] + [_TITLE_KEYS | int(key) for key in self.title.pairs[:4]]

    def to_bytes(self) -> bytes:
        """The kept form; the same on every machine."""
        parts = (
            self.title.pairs.astype("<u4").tobytes(),
            np.array(sorted(self.title.figures), dtype="<u4").tobytes(),
            np.array(sorted(self.days), dtype="<u2").tobytes(),
            np.array(sorted(self.places), dtype="<u2").tobytes(),
            self.terms.to_bytes(),
            self.body.to_bytes(),
        )
        header = _HEADER.pack(_MAGIC, self.serial, self.title.size, *(len(part) for part in parts[:4]), len(parts[4]))
        return header + b"".join(parts)

    @classmethod
    def from_bytes(cls, kept: bytes) -> Printing | None:
        """The printing that was kept; None when it was kept by another version, or nothing was."""
        if kept[: len(_MAGIC)] != _MAGIC:
            return None
        _, serial, size, *lengths = _HEADER.unpack_from(kept)
        ends = np.cumsum([_HEADER.size, *lengths]).tolist()
        pairs, figures, days, places, terms = (kept[start:end] for start, end in pairwise(ends))
        return cls(
            Title(_numbers(pairs, "<u4"), size, frozenset(_numbers(figures, "<u4").tolist())),
            Sketch.from_bytes(kept[ends[-1] :]),
            bool(serial),
            frozenset(np.frombuffer(days, dtype="<u2").tolist()),
            frozenset(np.frombuffer(places, dtype="<u2").tolist()),
            Terms.from_bytes(terms),
        )


def _numbers(kept: bytes, kind: str) -> Hashes:
    return np.frombuffer(kept, dtype=kind).astype(np.uint32)


class PrintingReader:
    """Reads printings out of articles; holds the tables that takes. One per process, safe to share."""

    def __init__(self, terms: TermReader, localities: Localities) -> None:
        self._terms, self._localities = terms, localities
        self._plain, self._folded = WordHashes(), WordHashes(_flat)

    @classmethod
    def load(cls) -> PrintingReader:
        """Raises FileNotFoundError when a table of this package is missing."""
        return cls(TermReader.load(), Localities.load())

    def read(self, title: str, text: str, lead: str = "") -> Printing:
        """The printing of an article as it was read from a page or given in a row (any Unicode)."""
        title = normalise(title[:_LONGEST_TITLE])
        text = without_credit(normalise(_whole(text[:_LONGEST_TEXT], lead[:_LONGEST_TEXT])))
        flat_title, flat_head = fold(match_form(title)), fold(match_form(text[:HEAD]))
        title_words, text_words = tokens(title), tokens(text)
        figures = frozenset(map(self._plain.__getitem__, numbers(flat_title)))
        return Printing(
            Title(similarity.distinct(similarity.runs(self._folded.of(title_words), 2)), len(title_words), figures),
            similarity.sketch(self._folded.of(text_words)),
            is_serial(flat_title, flat_head),
            named_days(flat_title, flat_head),
            self._localities.read(title, text),
            self._terms.read(title_words, text_words),
        )


def _flat(word: str) -> str:
    return fold(match_form(word))


def _whole(text: str, lead: str) -> str:
    """The text with its lead, which some give apart."""
    if not lead or text[: len(lead) + 200].find(lead[:80]) >= 0:
        return text
    return f"{lead}\n{text}"
