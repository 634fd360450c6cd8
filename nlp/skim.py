"""The cheap question asked of every article: can it be ours at all?

Most articles are not, so they must cost next to nothing: the text is folded by one table look-up and searched
once for names that could make it ours. A yes only means that the careful reading is worth its price.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import ahocorasick
import numpy as np
import numpy.typing as npt

from nlp import legacy
from nlp.gazetteer.catalogue import Catalogue, Entry
from nlp.sense import OWN_LANDMARKS
from nlp.text import fold

_OTHER = 1  # anything that is no letter, digit or space
_GLUE_SAFE = 8  # names this long are looked for inside words too: "nghiệpThái Nguyên", "#FestivalThaiNguyen"
_GLUED = ("thainguyen", "ThaiNguyen", "Thainguyen", "THAINGUYEN", "backan", "BacKan", "Backan", "BACKAN")


def _table() -> npt.NDArray[np.uint8]:
    table = np.full(0x110000, _OTHER, dtype=np.uint8)
    for code in range(0x2100):
        character = chr(code)
        if unicodedata.category(character) == "Mn" or unicodedata.category(character) == "Cf":
            table[code] = 0
        elif character.isspace():
            table[code] = ord(" ")
        else:
            folded = fold(unicodedata.normalize("NFC", character))
            if len(folded) == 1 and folded.isascii() and folded.isalnum():
                table[code] = ord(folded)
    for code, letter in ((0xD0, "D"), (0xF0, "d"), (0x189, "D"), (0x256, "d")):
        table[code] = ord(letter)
    for character in "&#-–—":
        table[ord(character)] = ord(character) if character.isascii() else ord("-")
    return table


_ABBREVIATED = {"xã": ("x.", "x. "), "phường": ("p.", "p. ")}


def _spellings(entry: Entry) -> Iterator[str]:
    """The ways an entry that can make a text ours is written; case matters, or "cho đơn" would be Chợ Đồn."""
    if entry.strength == "other" or (entry.strength == "context" and entry.kind not in OWN_LANDMARKS):
        return
    for form in entry.forms:
        if entry.strength == "typed":
            prefixes = [prefix for word in entry.level for prefix in (f"{word} ", *_ABBREVIATED.get(word, ()))]
        else:
            prefixes = [""]
        for prefix in prefixes:
            whole = prefix + form
            yield from (whole, whole.upper(), whole[0].upper() + whole[1:], prefix.upper() + form)
            if entry.kind == "province":
                yield whole.lower()


class Skimmer:
    """Made once from the catalogue; safe to share between threads."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._fold = _table()
        self._automaton = ahocorasick.Automaton()
        keys = {self._folded(form) for entry in catalogue.entries for form in _spellings(entry)}
        for key in (*keys, *_GLUED):
            self._automaton.add_word(key, len(key))
        self._automaton.make_automaton()

    def _folded(self, text: str) -> str:
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        return self._fold[codes].tobytes().replace(b"\0", b"").decode("latin-1")

    def might_be_ours(self, title: str, text: str) -> bool:
        """Raw title and text, in whatever Unicode form or legacy encoding they came."""
        whole = f"{title}\n{text}"
        if self._hit(self._folded(whole)):
            return True
        return legacy.detect(title) is not None or legacy.detect(text) is not None

    def _hit(self, folded: str) -> bool:
        for last, length in self._automaton.iter(folded):
            start, end = last - length + 1, last + 1
            if end < len(folded) and folded[end].isalnum() and length < _GLUE_SAFE:
                continue
            if length >= _GLUE_SAFE or start == 0 or not folded[start - 1].isalnum():
                return True
        return False
