"""Near copies: MinHash signatures of three-syllable shingles, cut into bands for look-up.

With 42 bands of three rows two texts that share half of their shingles meet in a band with probability
.996, two that share a tenth with .04; the exact check is the resemblance of the signatures.
"""

from __future__ import annotations

import struct

from rensa import RMinHash

from nlp.text import fold, match_form, normalise, tokens

_SHINGLE = 3
_BANDS = 42
_ROWS = 3
_PERMUTATIONS = _BANDS * _ROWS
_FORMAT = f"<{_PERMUTATIONS}I"
# Edited reprints with a fifth of their words changed keep .5; unrelated articles stay below .02.
COPY_THRESHOLD = 0.45

VERSION = "minhash-1"


def signature(title: str, text: str) -> bytes:
    """The MinHash of an article; empty for one without a single shingle."""
    words = tokens(fold(match_form(normalise(f"{title}\n{text}"))))
    if len(words) < _SHINGLE:
        return b""
    shingles = {" ".join(words[start : start + _SHINGLE]) for start in range(len(words) - _SHINGLE + 1)}
    minhash = RMinHash(num_perm=_PERMUTATIONS, seed=42)
    minhash.update(sorted(shingles))
    return struct.pack(_FORMAT, *minhash.digest())


def bands(signed: bytes) -> list[int]:
    """Signed 64-bit keys under which the article can be found by its near copies."""
    if not signed:
        return []
    values = struct.unpack(_FORMAT, signed)
    return [_key(band, values[band * _ROWS : (band + 1) * _ROWS]) for band in range(_BANDS)]


def _key(band: int, rows: tuple[int, ...]) -> int:
    mixed = band
    for value in rows:
        # FNV-like mixing; Python's own hash is not the same in the next process.
        mixed = ((mixed ^ value) * 0x100000001B3 + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    return mixed - (1 << 63)


def resemblance(one: bytes, other: bytes) -> float:
    """The estimated share of shingles that two articles have in common (0..1)."""
    if not one or not other:
        return 0.0
    pairs = zip(struct.unpack(_FORMAT, one), struct.unpack(_FORMAT, other), strict=True)
    return sum(a == b for a, b in pairs) / _PERMUTATIONS
