"""Finding many known phrases in a list of tokens, in one pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from nlp.text import match_form, normalise, tokens


class Match(NamedTuple):
    """Tokens `start` to `end` (exclusive) are the phrase with this number."""

    start: int
    end: int
    phrase: int


def phrase_tokens(phrase: str) -> tuple[str, ...]:
    """A phrase as the tokens it is compared by."""
    return tuple(tokens(match_form(normalise(phrase))))


class PhraseMatcher:
    """Phrases indexed by their first token; a token that starts none costs one lookup.

    Every match is reported, also those inside longer ones. Raises ValueError for a phrase without letters.
    """

    def __init__(self, phrases: Iterable[str]) -> None:
        self._by_first: dict[str, list[tuple[int, list[str], int]]] = {}
        for number, phrase in enumerate(phrases):
            words = list(phrase_tokens(phrase))
            if not words:
                raise ValueError(f"a phrase without letters or digits: {phrase!r}")
            self._by_first.setdefault(words[0], []).append((len(words), words, number))

    def find(self, words: Sequence[str]) -> list[Match]:
        """All matches in a list of tokens in match form, in order of their start."""
        words = list(words)
        by_first = self._by_first
        found = []
        for start, word in enumerate(words):
            for length, phrase, number in by_first.get(word, ()):
                if length == 1 or words[start : start + length] == phrase:
                    found.append(Match(start, start + length, number))
        return found
