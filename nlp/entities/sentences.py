"""Tokens and sentences of Vietnamese press text, as the entity tagger sees them.

A token is a run of letters and digits or one mark of punctuation. No word segmentation: names are found
over syllables, which costs a tenth and carries no segmenter's mistakes into the spans.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(r"[^\W_]+|[^\w\s]|_")
# A full stop ends no sentence after these: titles, units and initials ("TP. Thái Nguyên", "TS. Hà", "N.V. Lâm").
_PLACE_ABBREVIATIONS = frozenset(("tp", "tx", "tt", "q", "p", "h", "x", "kp", "tdp", "ql", "tl"))
_TITLE_ABBREVIATIONS = frozenset(
    (
        "ts",
        "ths",
        "pgs",
        "gs",
        "gsts",
        "bs",
        "bscki",
        "bsckii",
        "ks",
        "cn",
        "nsnd",
        "nsưt",
        "ns",
        "lm",
        "đc",
        "mr",
        "mrs",
    )
)
_ABBREVIATIONS = _PLACE_ABBREVIATIONS | _TITLE_ABBREVIATIONS | {"ms", "dr", "st", "vd", "tr"}
_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s)")
_LAST_WORD = re.compile(r"[^\W_]+$")
_OPENS_SENTENCE = re.compile(r"\s+[\"'“‘«(\[\-–—•]*\s*[^\W_]")
LONGEST = 400  # tokens; longer "sentences" are lists without full stops and are cut, to bound the tagger's work


class Token(NamedTuple):
    """One token: its text and where it stands, in characters."""

    text: str
    start: int
    end: int


def tokenise(text: str, start: int = 0, end: int | None = None) -> list[Token]:
    """Tokens of `text[start:end]`, with offsets into `text`."""
    found = _TOKEN.finditer(text, start, len(text) if end is None else end)
    return [Token(match.group(), match.start(), match.end()) for match in found]


def _ends_here(line: str, mark: re.Match[str]) -> bool:
    following = _OPENS_SENTENCE.match(line, mark.end())
    if following is None:
        return False
    opener = line[following.end() - 1]
    if not (opener.isupper() or opener.isdigit()):
        return False
    if mark.group() != ".":
        return True
    before = _LAST_WORD.search(line, max(0, mark.start() - 12), mark.start())
    if before is None:
        return True
    word = before.group()
    is_initial = len(word) == 1 and word.isupper()
    return not is_initial and word.lower() not in _ABBREVIATIONS


def sentence_spans(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each sentence, in order; a line end always ends one. Linear in the length of `text`."""
    position = 0
    for line in text.split("\n"):
        begin = 0
        for mark in _END.finditer(line):
            if _ends_here(line, mark):
                yield position + begin, position + mark.end()
                begin = mark.end()
        if line[begin:].strip():
            yield position + begin, position + len(line)
        position += len(line) + 1


def sentences(text: str) -> Iterator[list[Token]]:
    """Token lists of the sentences, none empty and none longer than `LONGEST`."""
    for start, end in sentence_spans(text):
        found = tokenise(text, start, end)
        for at in range(0, len(found), LONGEST):
            yield found[at : at + LONGEST]
