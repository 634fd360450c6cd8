"""How alike two texts are: F1 over runs of four words, as article extraction is commonly scored."""

from __future__ import annotations

from collections import Counter

from nlp.text import match_form, tokens

_WORDS = 4


def shingle_f1(read: str, true: str) -> float:
    """F1 of the four-word runs of `read` against those of `true`; 1.0 where both are empty."""
    ours, theirs = _shingles(read), _shingles(true)
    if not ours and not theirs:
        return 1.0
    common = sum((ours & theirs).values())
    if not common:
        return 0.0
    precision, recall = common / sum(ours.values()), common / sum(theirs.values())
    return 2 * precision * recall / (precision + recall)


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    words = tokens(match_form(text))
    if len(words) < _WORDS:
        return Counter([tuple(words)]) if words else Counter()
    return Counter(zip(*(words[start:] for start in range(_WORDS)), strict=False))
