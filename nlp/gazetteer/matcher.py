"""Where a text names something of the catalogue: Aho-Corasick over folded text, checked against marks and case."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import ahocorasick

from nlp.forms import Forms
from nlp.gazetteer.catalogue import Catalogue, Entry
from nlp.text import CAPITALS, fold, match_form

_TYPE_WORDS = {
    "tỉnh": "tỉnh", "thành phố": "thành phố", "tp": "thành phố", "t.p": "thành phố", "tp.": "thành phố",
    "t.p.": "thành phố", "thị xã": "thị xã", "tx": "thị xã", "tx.": "thị xã", "t.x": "thị xã",
    "huyện": "huyện", "h.": "huyện", "quận": "quận", "q.": "quận", "xã": "xã", "x.": "xã",
    "phường": "phường", "p.": "phường", "thị trấn": "thị trấn", "tt.": "thị trấn", "tt": "thị trấn",
}  # fmt: skip
_FOLDED_TYPE_WORDS = {fold(word): full for word, full in _TYPE_WORDS.items()}


def _ending_in(words: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile(r"(?<![^\W_])(" + "|".join(map(re.escape, longest_first)) + r")\s*$")


_TYPE_BEFORE = _ending_in(_TYPE_WORDS)
_FOLDED_TYPE_BEFORE = _ending_in(_FOLDED_TYPE_WORDS)
_LONGEST_TYPE = 12
_HASHTAG = re.compile(r"#\w{4,60}")
_GLUED = {"thainguyen": "Thái Nguyên", "backan": "Bắc Kạn", "baccan": "Bắc Kạn"}


@dataclass(frozen=True, slots=True)
class Hit:
    """A name of the catalogue as it stands in one field.

    entries: all that bear the name; type_word: the full type word before it ("" when none stands there);
    type_start: where that word begins. exact: marks and case are right (False: an unmarked spelling).
    """

    start: int
    end: int
    surface: str
    entries: tuple[Entry, ...]
    type_word: str
    type_start: int
    exact: bool


@dataclass(frozen=True, slots=True)
class _Name:
    """Everything that folds to one key."""

    exact: dict[str, tuple[Entry, ...]]  # match form -> entries
    capital: bool  # its last word begins with a capital


class Matcher:
    """Finds the catalogue's names in prepared text. Made once, safe to share between threads."""

    def __init__(self, catalogue: Catalogue) -> None:
        names: dict[str, _Name] = {}
        for entry in catalogue.entries:
            for form in entry.forms:
                exact = match_form(form)
                name = names.setdefault(fold(exact), _Name({}, form.split()[-1][0].isupper()))
                if entry not in name.exact.get(exact, ()):
                    name.exact[exact] = (*name.exact.get(exact, ()), entry)
        self._provinces = {entry.name: entry for entry in catalogue.entries if entry.kind == "province"}
        self._automaton = ahocorasick.Automaton()
        for key, name in names.items():
            self._automaton.add_word(key, (len(key), name))
        self._automaton.make_automaton()

    def find(self, forms: Forms) -> list[Hit]:
        """Longest names first come, none overlapping, in order of their start."""
        candidates = sorted(self._candidates(forms), key=lambda hit: (hit.start, -hit.end))
        hits: list[Hit] = []
        for hit in candidates:
            if not hits or hit.start >= hits[-1].end:
                hits.append(hit)
        return hits

    def _candidates(self, forms: Forms) -> Iterator[Hit]:
        folded = forms.folded
        for last, (length, name) in self._automaton.iter(folded):
            start, end = last - length + 1, last + 1
            if not _stands_alone(forms, start, end):
                continue
            hit = _checked(forms, start, end, name)
            if hit is not None:
                yield hit
        yield from self._hashtags(forms)

    def _hashtags(self, forms: Forms) -> Iterator[Hit]:
        if "#" not in forms.folded:
            return
        for tag in _HASHTAG.finditer(forms.folded):
            for glued, name in _GLUED.items():
                at = tag[0].find(glued)
                if at > 0:
                    start = tag.start() + at
                    end = start + len(glued)
                    yield Hit(start, end, forms.shown[start:end], (self._provinces[name],), "", start, True)
                    break


_LONGER_NAME = re.compile(rf" [{CAPITALS}]")


def _stands_alone(forms: Forms, start: int, end: int) -> bool:
    folded = forms.folded
    if end < len(folded) and folded[end].isalnum():
        return False
    if start and folded[start - 1].isalnum():
        # "Sở Nông nghiệpThái Nguyên": a space was lost.
        return forms.accented and forms.shown[start - 1].islower() and forms.shown[start].isupper()
    # "Bắc Thái" is the old province, "Bắc Thái Lan" is not; likewise "chợ Thái Bình".
    return not (folded.endswith("thai", start, end) and forms.cased and _LONGER_NAME.match(forms.shown, end))


def _checked(forms: Forms, start: int, end: int, name: _Name) -> Hit | None:
    written = forms.match[start:end]
    entries = name.exact.get(written)
    surface = forms.shown[start:end]
    exact = entries is not None
    if entries is None:
        # Marks are missing or wrong. Wholly unmarked spellings are names in unmarked text, and in marked
        # text when capitals say so; shuffled marks ("Tháí Ngụýên") are somebody hiding, never a name.
        unmarked = written == forms.folded[start:end]
        if not unmarked or (forms.accented and not surface[:1].isupper()):
            return None
        entries = tuple(entry for group in name.exact.values() for entry in group)
    type_word, type_start = _type_before(forms, start)
    last_word = surface.split()[-1]
    if name.capital and forms.cased and not (last_word[0].isupper() or last_word[0].isdigit()) and not type_word:
        return None
    return Hit(start, end, surface, entries, type_word, type_start, exact)


def _type_before(forms: Forms, start: int) -> tuple[str, int]:
    # In marked text "vệ tinh" is no "tỉnh" and "quê quán" no "quận".
    if forms.accented:
        line, pattern, words = forms.match, _TYPE_BEFORE, _TYPE_WORDS
    else:
        line, pattern, words = forms.folded, _FOLDED_TYPE_BEFORE, _FOLDED_TYPE_WORDS
    found = pattern.search(line, max(0, start - _LONGEST_TYPE), start)
    if found is None:
        return "", start
    return words[found[1]], found.start()
