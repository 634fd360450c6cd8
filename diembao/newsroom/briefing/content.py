"""What the pack says, in the one form that the page, Word and Excel are made of: the same figures by construction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from diembao.index.protocol import Period
from diembao.newsroom.analysis.charts import Drawable
from diembao.newsroom.briefing import wording
from diembao.newsroom.digests.paper import Paper
from diembao.newsroom.digests.wording import roman


class Kind(StrEnum):
    TEXT = "text"
    COUNT = "count"
    SHARE = "share"  # of a whole, 0..1
    CHANGE = "change"  # of a number, in parts of what it was: 0.25 is a quarter more
    POINTS = "points"  # of a share, in percentage points
    DAY = "day"
    NUMBER = "number"  # that counts no articles: a place in a list, days


@dataclass(frozen=True, slots=True)
class Cell:
    """text: as people read it. value: for a spreadsheet; None where the text says why there is no number.
    href: the list that counts exactly this number, or the page of what the text names; a path, or “#” and a table."""

    kind: Kind
    text: str
    value: int | float | date | None = None
    href: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """width: in millimetres on a page that is 160 wide between its margins."""

    title: str
    width: float
    is_number: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """key: its name in addresses. name: of its sheet, at most 31 characters. shown: rows in the body of the report,
    0 for all; a table with more stands whole in the annexes. note: below it. unit: of its numbers; empty where each
    column says its own."""

    key: str
    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    shown: int = 0
    note: str = ""
    is_annex: bool = False
    unit: str = "bài; tin là các bài cùng một sự việc"

    @property
    def is_cut(self) -> bool:
        return bool(self.shown) and len(self.rows) > self.shown


@dataclass(frozen=True, slots=True)
class Drawing:
    """said: what the chart shows, for whoever cannot see it. unit: of its numbers. note: how to
    read it, below it."""

    key: str
    chart: Drawable
    said: str
    unit: str = "bài"
    note: str = ""


# A paragraph: plain text and cells in it.
Line = tuple[str | Cell, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """number: its place in the report, from 1. after: below the tables."""

    key: str
    title: str
    number: int = 0
    lines: tuple[Line, ...] = ()
    drawings: tuple[Drawing, ...] = ()
    tables: tuple[Table, ...] = ()
    after: tuple[Line, ...] = ()

    @property
    def label(self) -> str:
        """Its title in the report."""
        return f"{roman(self.number)}. {self.title}"


@dataclass(frozen=True, slots=True)
class Pack:
    """query: what is counted, in words. made_at: when it was counted, in UTC. stem: name of its files."""

    paper: Paper
    period: Period
    query: str
    made_at: datetime
    made_on: date
    stem: str
    parts: tuple[Part, ...]

    @property
    def tables(self) -> tuple[Table, ...]:
        return tuple(table for part in self.parts for table in part.tables)

    @property
    def annexes(self) -> tuple[Table, ...]:
        """Tables that stand whole behind the report."""
        return tuple(table for table in self.tables if table.is_annex or table.is_cut)

    def source_line(self, unit: str) -> str:
        return wording.source_line(self.period, unit, self.query)

    def based_on(self, address: str) -> Pack:
        """The same with whole addresses, for files that leave the house. address: of the site, no slash at the end."""
        return replace(self, parts=tuple(_part_based_on(part, address) for part in self.parts))


def _part_based_on(part: Part, address: str) -> Part:
    return replace(
        part,
        lines=tuple(_line_based_on(line, address) for line in part.lines),
        after=tuple(_line_based_on(line, address) for line in part.after),
        tables=tuple(
            replace(table, rows=tuple(tuple(_based_on(cell, address) for cell in row) for row in table.rows))
            for table in part.tables
        ),
    )


def _line_based_on(line: Line, address: str) -> Line:
    return tuple(piece if isinstance(piece, str) else _based_on(piece, address) for piece in line)


def _based_on(cell: Cell, address: str) -> Cell:
    return replace(cell, href=address + cell.href) if cell.href.startswith("/") else cell
