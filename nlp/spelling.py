"""Slips of the fingers in Vietnamese words: what can be a syllable, and which syllables are one slip away.

A syllable is an onset and a rime (Đoàn Thiện Thuật, “Ngữ âm tiếng Việt”), compared without marks; foreign words are
mostly none. Words are in the form that is compared (`nlp.text.match_form`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from nlp.text import fold, match_form, normalise

_RIMES = """
a ac ach ai am an ang anh ao ap at au ay  e ec ech em en eng enh eo ep et eu
i ia ich iec iem ien ieng iep iet ieu im in inh ip it iu
o oa oac oach oai oam oan oang oanh oao oap oat oay oc oe oen oeo oet oi om on ong oong op ot
u ua uan uang uat uay uc ue uech uenh ui um un ung uo uoc uoi uom uon uong uop uot uou up ut uu
uy uya uych uyen uyet uynh uyt uyu  y yem yen yet yeu
"""
_AFTER_Q = """
a ac ach ai am an ang anh ao ap at au ay  e ech en enh eo et eu  i it  o oc oi on  y yen yet ynh yt
"""
_ONSETS = "b c ch d g gh gi h k kh l m n ng ngh nh p ph r s t th tr v x"
_FRONT = frozenset("eiy")
_NOT_BEFORE_FRONT = frozenset(("c", "g", "ng"))
_BEFORE_Y = frozenset(("", "d", "h", "k", "l", "m", "n", "s", "t", "th", "v"))
_ONLY_BEFORE_FRONT = frozenset(("k", "gh", "ngh"))
_LETTERS = "abcdeghiklmnopqrstuvxy"
_LONGEST, _SHORTEST = 24, 3  # letters of a word that is looked at; two syllables run together are 14 at most


@lru_cache(1)
def _syllables() -> frozenset[str]:
    onsets = ("", *_ONSETS.split())
    found = {onset + rime for onset in onsets for rime in _RIMES.split() if _fits(onset, rime)}
    return frozenset(found | {f"qu{rime}" for rime in _AFTER_Q.split()} | {"gi", "gin", "gip"})


def _fits(onset: str, rime: str) -> bool:
    if rime[0] == "y":
        return not onset or (rime == "y" and onset in _BEFORE_Y)
    if rime[0] in _FRONT:
        return onset not in _NOT_BEFORE_FRONT and not (onset == "gi" and rime[0] == "i")
    return onset not in _ONLY_BEFORE_FRONT


def is_syllable(word: str) -> bool:
    return fold(word) in _syllables()


def near(word: str, most: int) -> list[tuple[str, ...]]:
    """At most so many readings of a word that is no syllable, likeliest first: as keys that no input method turned into
    letters, as two syllables run together, or with one letter swapped, missing, too many or wrong."""
    if not word.isalpha() or not _SHORTEST <= len(word) <= _LONGEST or is_syllable(word):
        return []
    different = {fold(" ".join(words)): words for words in reversed(list(_readings(word)))}
    return list(islice(reversed(different.values()), most))


def _readings(word: str) -> Iterator[tuple[str, ...]]:
    keyed = untelexed(word)
    if keyed:
        yield (keyed,)
    places = range(len(word))
    for place in places[1:]:
        if is_syllable(word[:place]) and is_syllable(word[place:]):
            yield word[:place], word[place:]
    yield from ((made,) for made in _edits(word) if is_syllable(made))


def _edits(word: str) -> Iterator[str]:
    places = range(len(word))
    yield from (word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in places[:-1])
    yield from (word[:at] + letter + word[at:] for at in range(len(word) + 1) for letter in _LETTERS)
    yield from (word[:at] + word[at + 1 :] for at in places)
    yield from (word[:at] + letter + word[at + 1 :] for at in places for letter in _LETTERS)


_TONES = {"s": "\u0301", "f": "\u0300", "r": "\u0309", "x": "\u0303", "j": "\u0323"}
_KEYS = {
    "uwow": "ươ", "uow": "ươ", "uwo": "ươ", "aa": "â", "ee": "ê", "oo": "ô", "dd": "đ", "aw": "ă", "ow": "ơ", "uw": "ư",
    "w": "ư",
}  # fmt: skip
_MARKED = re.compile("[âăêôơư]")
_VOWELS = re.compile("[aeiouyâăêôơư]+")
_TONE_KEY = re.compile(rf"(?<=[w{_VOWELS.pattern[1:-2]}])[^\W\d_]*?([sfrxj])")


def untelexed(word: str) -> str:
    """What keys of the Telex input method stand for (`nguyeenx`, `nguyênx` → nguyễn); "" where that is no syllable, or
    there are no such keys."""
    if any(mark in unicodedata.normalize("NFD", word) for mark in _TONES.values()):
        return ""
    tone, rest = "", word
    if key := _TONE_KEY.search(word):
        tone, rest = _TONES[key[1]], word[: key.start(1)] + word[key.end(1) :]
    letters = rest
    for keys, letter in _KEYS.items():
        letters = letters.replace(keys, letter)
    if not is_syllable(letters) or letters == word:
        return ""
    return match_form(_with_tone(letters, tone)) if tone else letters


def _with_tone(letters: str, tone: str) -> str:
    """On the last marked vowel; else on the last before a consonant, on the last but one of an open syllable."""
    marked = [found.start() for found in _MARKED.finditer(letters)]
    if marked:
        at = marked[-1]
    else:
        start = 2 if fold(letters).startswith(("qu", "gi")) and len(letters) > 2 else 0
        vowels = _VOWELS.search(letters, start)
        if vowels is None:
            return letters
        is_open = vowels.end() == len(letters)
        at = vowels.end() - 2 if is_open and vowels.end() - vowels.start() > 1 else vowels.end() - 1
    return normalise(letters[: at + 1] + tone + letters[at + 1 :])
