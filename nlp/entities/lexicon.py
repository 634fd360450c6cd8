"""Word lists the tagger looks names up in: titles, offices, heads of bodies and places, units, countries.

The lists are data beside this module; `Lexicon.load` reads them into one trie over tokens.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from nlp.entities.sentences import tokenise
from nlp.text import match_form, normalise

# Classes whose phrases are names: they count only where the text capitalises them.
NAME_CLASSES = frozenset(
    ["province", "district", "commune", "country", "world_place", "vietnam_area", "organisation", "surname", "person"]
)
_CLASSES_END = ""  # key under which a trie node keeps the classes of the phrase that ends there


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase of the lists in a sentence: token range and the classes it belongs to."""

    start: int
    end: int
    classes: frozenset[str]


@dataclass(slots=True)
class Lexicon:
    """A trie over lower-case tokens; lookups cost the length of the sentence times the longest phrase."""

    trie: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls) -> Lexicon:
        """The lists shipped with the package. Raises FileNotFoundError when one is missing."""
        lexicon = cls()
        data = files("nlp.entities") / "data"
        for name in ("words.txt", "vietnam_units.txt"):
            for klass, phrases in sections((data / name).read_text(encoding="utf-8")):
                lexicon.add(klass, phrases)
        return lexicon

    def add(self, klass: str, phrases: Iterable[str]) -> None:
        """Put phrases into a class."""
        for phrase in phrases:
            node = self.trie
            for token in tokenise(match_form(normalise(phrase))):
                node = node.setdefault(token.text, {})
            node.setdefault(_CLASSES_END, set()).add(klass)

    def find(self, lowered: Sequence[str], capitalised: Sequence[bool]) -> list[Found]:
        """Longest phrase from each token on, for each kind: names need their first and last letters written large."""
        found = []
        for start, first in enumerate(lowered):
            node = self.trie.get(first)
            if node is None:
                continue
            best: dict[str, int] = {}
            at = start
            while node is not None:
                at += 1
                for klass in node.get(_CLASSES_END, ()):
                    if klass not in NAME_CLASSES or (capitalised[start] and capitalised[at - 1]):
                        best[klass] = at
                node = node.get(lowered[at]) if at < len(lowered) else None
            for end in set(best.values()):
                found.append(Found(start, end, frozenset(k for k, e in best.items() if e == end)))
        return found


def sections(text: str) -> Iterable[tuple[str, list[str]]]:
    """Class and phrases of each line of a word list."""
    klass = ""
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            klass = line.strip("[]")
            continue
        yield klass, [phrase.strip() for phrase in line.split(",") if phrase.strip()]
