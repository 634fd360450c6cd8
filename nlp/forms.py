"""One field of a document in the three forms the room compares: as shown, for matching, folded."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nlp import text as texts

_MARKED = re.compile("[àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ]")
_SAMPLE = 4000
# Vietnamese prose marks about every fourth letter; one in a hundred leaves room for names in a foreign text.
_ACCENTED_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Forms:
    """`shown`, `match` and `folded` have the same length, so offsets are common to all three.

    accented: the writer used Vietnamese marks, so words without them are other words.
    cased: the writer used both cases, so a name without capitals is no name.
    """

    shown: str
    match: str
    folded: str
    accented: bool
    cased: bool

    @classmethod
    def of(cls, shown: str) -> Forms:
        """`shown` must be normalised (`nlp.text.normalise`)."""
        match = texts.match_form(shown)
        sample = match[:_SAMPLE]
        accented = len(_MARKED.findall(sample)) > _ACCENTED_SHARE * len(sample)
        head = shown[:_SAMPLE]
        cased = head != head.upper() and head != head.lower()
        return cls(shown, match, texts.fold(match), accented, cased)
