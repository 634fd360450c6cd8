"""Figures as cells: how each is read, what a spreadsheet gets, where it leads."""

from __future__ import annotations

from datetime import date

from diembao.newsroom.briefing import wording
from diembao.newsroom.briefing.content import Cell, Kind
from diembao.newsroom.briefing.coverage import Coverage
from nlp.text import normalise

# Marks that turn the direction of what follows, and what XML forbids; the rest goes with `normalise`.
_BREAKING = dict.fromkeys([*range(0x2066, 0x206A), 0x061C, 0xFFFE, 0xFFFF])


def text(words: str, href: str = "") -> Cell:
    return Cell(Kind.TEXT, clean(words), None, href)


def clean(words: str) -> str:
    """Words, of newspapers too, on one line: what would break a file or turn its lines around is taken out."""
    return " ".join(normalise(words).translate(_BREAKING).split())


def count(number: int, href: str) -> Cell:
    return Cell(Kind.COUNT, wording.whole(number), number, href)


def number(value: int) -> Cell:
    """A number that no list stands behind: days, a place in a table."""
    return Cell(Kind.NUMBER, wording.whole(value), value)


def no_data() -> Cell:
    return Cell(Kind.COUNT, wording.NO_DATA)


def share(number: int, whole: int) -> Cell:
    if not whole:
        return Cell(Kind.SHARE, wording.NOTHING)
    return Cell(Kind.SHARE, wording.share(number / whole), number / whole)


def change(now: int, then: int, asked: Coverage, other: Coverage) -> Cell:
    """By how much of what it was; where that cannot be said, why."""
    why = _why_not(asked, other)
    if why or not then:
        return Cell(Kind.CHANGE, why or (wording.NEW if now else wording.NOTHING))
    grown = (now - then) / then
    return Cell(Kind.CHANGE, wording.signed(100 * grown, "%"), grown)


def points(now: tuple[int, int], then: tuple[int, int], asked: Coverage, other: Coverage) -> Cell:
    """By how many points a share changed; each is a part and its whole."""
    why = _why_not(asked, other)
    if why or not now[1] or not then[1]:
        return Cell(Kind.POINTS, why or wording.NOTHING)
    moved = 100 * (now[0] / now[1] - then[0] / then[1])
    return Cell(Kind.POINTS, wording.signed(moved), moved)


def day(given: date | None, href: str = "") -> Cell:
    return Cell(Kind.DAY, wording.day(given), given, href) if given else Cell(Kind.DAY, "")


def _why_not(asked: Coverage, other: Coverage) -> str:
    return "" if asked.is_enough and other.is_enough else wording.INCOMPARABLE
