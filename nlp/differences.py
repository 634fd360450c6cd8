"""What changed between two versions of a text, word by word, for people to read and for rules to judge.

Lines are aligned first and words only within lines that differ, so that the work stays near the length of the texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Final, Literal

from nlp.text import match_form, normalise, unite_tones

Kind = Literal["same", "added", "removed"]

_PIECE: Final = re.compile(r"\s+|[^\W_]+|[^\w\s]|_")
_MARKS: Final = re.compile(r"[\W_]+")
# difflib's work grows with the product of the lengths; beyond this a block is told as replaced.
_MOST_COMPARISONS: Final = 4_000_000
_MOST_LINES: Final = 2_000
# Lines of a page that are no part of what the newspaper says, when nothing else stands in them.
_FURNITURE: Final = re.compile(
    r"(?:"
    r"[\d.,\s]*(?:k|nghìn|triệu)?\s*(?:lượt\s+(?:xem|đọc|thích|chia\s+sẻ)|views?|lần\s+đọc)[\s:]*[\d.,k]*"
    r"|(?:lượt\s+(?:xem|đọc)|views?)[\s:]*[\d.,k]+"
    r"|(?:bình\s+luận|thích|chia\s+sẻ|share|like)s?\s*\(?\s*[\d.,]*\s*\)?"
    r"|(?:cập\s+nhật|đăng|ngày\s+đăng)?(?:\s+lúc)?[\s:]*(?:thứ\s+\w+|chủ\s+nhật)?[\s,]*"
    r"(?:\d{1,2}[:h]\d{2}(?::\d{2})?)?[\s,|–-]*(?:(?:ngày\s+)?\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4})?[\s,|–-]*"
    r"(?:\d{1,2}[:h]\d{2}(?::\d{2})?)?\s*(?:\(?gmt\s*\+?\s*7\)?)?"
    r"|\d+\s+(?:giây|phút|giờ|ngày|tuần|tháng)\s+trước"
    r"|quảng\s+cáo|advertisement|tài\s+trợ|nội\s+dung\s+quảng\s+cáo"
    r"|(?:xem|đọc)\s+thêm\s*:?.{0,200}|tin\s+liên\s+quan\s*:?.{0,200}|mời\s+quý\s+(?:vị|độc\s+giả).{0,200}"
    r")",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Hunk:
    """A stretch of text. Read in order, `same` and `removed` make the older text, `same` and `added` the newer."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two versions of an article compare. words: added and removed, of what the newspaper says."""

    title_changed: bool
    text_changed: bool
    words_added: int
    words_removed: int

    @property
    def changed(self) -> bool:
        return self.title_changed or self.text_changed


def differences(older: str, newer: str) -> list[Hunk]:
    """What was taken out and put in, word by word; one `same` hunk (or none) for equal texts."""
    old, new = normalise(older), normalise(newer)
    if old == new:
        return [Hunk("same", old)] if old else []
    return _merged(_by_lines(old.splitlines(keepends=True), new.splitlines(keepends=True)))


def compare(older: tuple[str, str], newer: tuple[str, str]) -> Comparison:
    """Compare two (title, text) pairs as a reader would: letters' case counts, spaces, marks and furniture do not.

    Furniture: counters of views and comments, times of updating, advertisements, invitations to read more.
    """
    added = removed = 0
    if (old := _said(older[1])) != (new := _said(newer[1])):
        for hunk in differences("\n".join(old), "\n".join(new)):
            words = len(_MARKS.sub(" ", hunk.text).split())
            added += words if hunk.kind == "added" else 0
            removed += words if hunk.kind == "removed" else 0
    return Comparison(_said(older[0]) != _said(newer[0]), bool(added or removed), added, removed)


def likeness(first: str, second: str) -> float:
    """The share of the shorter text's pairs of neighbouring words that the other has too, 0 to 1.

    Pairs, because Vietnamese syllables recur everywhere. 0 where a text has fewer than two words.
    """
    one, other = _pairs(first), _pairs(second)
    smaller = min(len(one), len(other))
    return len(one & other) / smaller if smaller else 0.0


def _pairs(text: str) -> set[tuple[str, str]]:
    words = _MARKS.sub(" ", match_form(normalise(text))).split()
    return set(pairwise(words))


def _said(text: str) -> list[str]:
    """The lines of what the newspaper says, in the form they are compared in."""
    lines = (_MARKS.sub(" ", line).strip() for line in _spoken_lines(normalise(text)))
    return [line for line in lines if line]


def _spoken_lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        bare = line.strip()
        # Furniture is short; a paragraph that begins with "Xem thêm" is one.
        if bare and not (len(bare) <= 250 and _FURNITURE.fullmatch(bare)):
            yield unite_tones(bare)


def _by_lines(old: Sequence[str], new: Sequence[str]) -> Iterator[Hunk]:
    if len(old) > _MOST_LINES or len(new) > _MOST_LINES:
        yield from _by_words("".join(old), "".join(new))
        return
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Hunk("same", "".join(old[i1:i2]))
        else:
            yield from _by_words("".join(old[i1:i2]), "".join(new[j1:j2]))


def _by_words(old: str, new: str) -> Iterator[Hunk]:
    before, after = _PIECE.findall(old), _PIECE.findall(new)
    if not before or not after or len(before) * len(after) > _MOST_COMPARISONS:
        yield Hunk("removed", old)
        yield Hunk("added", new)
        return
    # Spaces are never matched for themselves: they are half of all pieces and join unrelated words.
    codes = SequenceMatcher(str.isspace, before, after, autojunk=False).get_opcodes()
    for place, (tag, i1, i2, j1, j2) in enumerate(codes):
        common = "".join(before[i1:i2])
        between_changes = 0 < place < len(codes) - 1 and common.isspace()
        if tag == "equal" and not between_changes:
            yield Hunk("same", common)
        else:
            yield Hunk("removed", common)
            yield Hunk("added", "".join(after[j1:j2]))


def _merged(hunks: Iterator[Hunk]) -> list[Hunk]:
    """Neighbours of a kind as one; within a change, what was taken out stands before what was put in."""
    done: list[Hunk] = []
    removed, added = "", ""
    for hunk in (*hunks, Hunk("same", "")):
        if hunk.kind == "removed":
            removed += hunk.text
        elif hunk.kind == "added":
            added += hunk.text
        else:
            done += [Hunk("removed", removed)] if removed else []
            done += [Hunk("added", added)] if added else []
            removed = added = ""
            if done and done[-1].kind == "same":
                done[-1] = Hunk("same", done[-1].text + hunk.text)
            elif hunk.text:
                done.append(hunk)
    return done
