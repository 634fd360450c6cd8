"""Text in the fonts of before Unicode (TCVN3, VNI): detected first, converted only then.

The tables must never touch good Unicode: read as TCVN3, "Thái Nguyên" becomes "Thỏi Nguyờn".
"""

from __future__ import annotations

import re
from typing import Literal

LegacyEncoding = Literal["tcvn3", "vni"]

# Letters that Vietnamese in Unicode cannot do without, and that neither font's bytes decode to.
_UNICODE_VIETNAMESE = re.compile("[ĂăĐđĨĩŨũƠơƯư\u1ea0-\u1ef9\u0300\u0301\u0303\u0309\u0323]")
_HIGH_LATIN = re.compile("[\u00a1-\u00ff]")
_SAMPLE = 4000  # characters; enough to tell, and the detector is not cheap
_FEWEST = 3  # high letters; fewer prove nothing ("café", "Müller")


def detect(text: str) -> LegacyEncoding | None:
    """The font encoding of a text, None for anything that is not clearly TCVN3 or VNI."""
    sample = text[:_SAMPLE]
    if text.isascii() or _UNICODE_VIETNAMESE.search(sample) or len(_HIGH_LATIN.findall(sample)) < _FEWEST:
        return None
    from viparse import detect_text_encoding  # 0.1 s to import, and almost no text gets here

    found = detect_text_encoding(sample)
    return found if found in ("tcvn3", "vni") else None


def convert(text: str, encoding: LegacyEncoding) -> str:
    """Unicode (NFC) of a text in the given encoding."""
    from viparse import fix

    converted: str = fix(text, encoding=encoding)
    return converted


def to_unicode(text: str) -> str:
    """The text in Unicode, unchanged unless it is clearly in a legacy encoding.

    Comes before `nlp.text.normalise`, which would drop bytes that mean letters here (the soft hyphen is ư).
    """
    encoding = detect(text)
    return convert(text, encoding) if encoding else text
