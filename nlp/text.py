"""One normaliser for documents and queries alike.

`normalise` is what is stored and shown: NFC, look-alike letters mended, invisible characters gone, tone
marks left where the writer put them. `match_form` is what is compared: lower case, tone placement united.
`fold` drops the marks as well. `tokens` cuts either form into runs of letters or digits.

Offsets: `normalise` may change the length of a text; `match_form` and `fold` never do when applied to a
normalised text, so spans found in a folded text are spans of the normalised one.
"""

from __future__ import annotations

import codecs
import re
import unicodedata

# U+00D0 and U+0189 look like Đ and come from old keyboards and fonts; NFC does not unite them.
_LOOKALIKES = {0x00D0: "Đ", 0x0189: "Đ", 0x00F0: "đ", 0x0256: "đ"}
# Soft hyphen, zero-width space and joiners, direction marks, word joiner, byte-order mark.
_INVISIBLE = dict.fromkeys([0x00AD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF])
_SPACES = dict.fromkeys([0x00A0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000], " ")
# C0 and C1 controls other than tab and newline: never text, and refused by XML and some engines.
_CONTROLS = dict.fromkeys([*range(0x09), 0x0B, 0x0C, 0x0D, *range(0x0E, 0x20), *range(0x7F, 0xA0)])
_NORMALISE = {**_LOOKALIKES, **_INVISIBLE, **_SPACES, **_CONTROLS}
# Most texts hold none of these, and to look is fifteen times cheaper than to translate.
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE_END = re.compile("\r\n?|\u2028|\u2029|\u0085")
_TO_MEND = re.compile("[" + "".join(map(re.escape, map(chr, _NORMALISE))) + "\r\u2028\u2029\u0085\ud800-\udfff]")

WORD = re.compile(r"[^\W_]+")
# For character classes of other patterns: a range such as À-Ỹ would take in the small letters between them.
CAPITALS = "A-Z" + "".join(chr(code) for code in range(0x00C0, 0x1EFA) if chr(code).isupper())

# hoà, khoẻ, thuý → hòa, khỏe, thúy: the mark moves to the first vowel when the syllable ends there.
# Not after q (quý, quà), where the u belongs to the consonant and a mark on it is a slip (qúy, qùa).
_TONES = "\u0300\u0301\u0309\u0303\u0323"
# The pattern begins with plain letters, not with the look behind: that makes the scan seven times faster.
_OLD_STYLE = re.compile(r"([oOuU])(?<![qQ].)([àáảãạèéẻẽẹÀÁẢÃẠÈÉẺẼẸỳýỷỹỵỲÝỶỸỴ])(?!\w)")
_AFTER_U = frozenset("ỳýỷỹỵỲÝỶỸỴ")

_TONE_ON_QU = re.compile(r"([qQ])([ùúủũụÙÚỦŨỤ])([aeoyAEOY])")


def normalise(text: str) -> str:
    """NFC text with look-alike letters, invisible characters, odd spaces and line ends mended."""
    if unicodedata.is_normalized("NFC", text) and not _TO_MEND.search(text):
        return text  # almost all text; a third of the cost
    text = _LINE_END.sub("\n", text)
    text = _LONE_SURROGATE.sub("\ufffd", text)
    if _TO_MEND.search(text):
        text = text.translate(_NORMALISE)
    return unicodedata.normalize("NFC", text)


def _move_tone(found: re.Match[str]) -> str:
    first, second = found[1], found[2]
    if (first in "uU") != (second in _AFTER_U):
        return found[0]
    letters = unicodedata.normalize("NFD", second)
    tone = next(mark for mark in letters if mark in _TONES)
    return unicodedata.normalize("NFC", first + tone) + letters.replace(tone, "")


def _free_qu(found: re.Match[str]) -> str:
    parts = unicodedata.normalize("NFD", found[2])
    return found[1] + parts[0] + unicodedata.normalize("NFC", found[3] + parts[1:])


def unite_tones(text: str) -> str:
    """Old tone placement (hoà, thuý, qúy) rewritten in the new style (hòa, thúy, quý); same length."""
    return _TONE_ON_QU.sub(_free_qu, _OLD_STYLE.sub(_move_tone, text))


def match_form(text: str) -> str:
    """A normalised text in the form that is compared: lower case, one tone placement; same length."""
    lowered = text.lower()
    if len(lowered) != len(text):  # İ and the like grow; keep spans true
        lowered = "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)
    return unite_tones(lowered)


def _fold_table() -> dict[int, str]:
    table = {ord("đ"): "d", ord("Đ"): "D"}
    for code in [*range(0x00C0, 0x0250), *range(0x1E00, 0x1F00)]:
        base = unicodedata.normalize("NFD", chr(code))[0]
        if base != chr(code):
            table[code] = base
    return table


_FOLD = _fold_table()


def _common_letters() -> str:
    """Up to 256 characters that nearly all normalised Vietnamese text is made of; the first must be NUL."""
    plain = "".join(map(chr, range(0x20, 0x7F))) + "\n\t"
    vowels = "aăâeêioôơuưyAĂÂEÊIOÔƠUƯY"
    marked = [unicodedata.normalize("NFC", vowel + tone) for vowel in vowels for tone in ("", *_TONES)]
    others = "đĐ“”‘’…–—•²³°½¼¾→«»×₫çüöäñ"
    return "".join(dict.fromkeys(["\0", *plain, *marked, *others])).ljust(256, "\ufffe")


# Through bytes and back, text of these characters is folded eight times faster than by `str.translate`.
_COMMON = _common_letters()
_COMMON_TO_BYTES = codecs.charmap_build(_COMMON)
_BYTES_TO_FOLDED = _COMMON.translate(_FOLD)


def fold(text: str) -> str:
    """A normalised text without its marks, đ as d, case kept; same length."""
    try:
        as_bytes = codecs.charmap_encode(text, "strict", _COMMON_TO_BYTES)[0]
        return codecs.charmap_decode(as_bytes, "strict", _BYTES_TO_FOLDED)[0]
    except UnicodeEncodeError:
        return text.translate(_FOLD)


def tokens(text: str) -> list[str]:
    """Runs of letters or digits, in order."""
    return WORD.findall(text)
