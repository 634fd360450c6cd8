"""Tables of figures: one value a row, this period beside the two it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from diembao.index.protocol import Period
from diembao.newsroom.analysis.figures import Change, Number
from diembao.newsroom.briefing import cells, wording
from diembao.newsroom.briefing.content import Cell, Column, Table
from diembao.newsroom.briefing.counting import Figures
from diembao.newsroom.briefing.coverage import Coverage

PAGE: Final = 160.0
_NUMBER, _SHARE, _THEN, _CHANGE = 12.5, 14.5, 15.5, 17.5


@dataclass(frozen=True, slots=True)
class Row:
    """name: what it is a row of. articles, stories: the list of a period; stories may be missing. about: a cell
    after the name."""

    name: Cell
    change: Change
    articles: Callable[[Period], str]
    stories: Callable[[Period], str] | None = None
    about: Cell | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """A period that numbers stand beside. Where nothing was collected then it has no column but a note."""

    coverage: Coverage
    number: Callable[[Change], Number]

    @property
    def period(self) -> Period:
        return self.coverage.period


class Tables:
    """Makes the tables of one report."""

    def __init__(self, figures: Figures) -> None:
        span = figures.span
        self.figures, self.asked = figures, figures.coverage[span.asked]
        self.before = Compared(figures.coverage[span.before], lambda change: change.before)
        self.year_before = Compared(figures.coverage[span.year_before], lambda change: change.year_before)

    @property
    def compared(self) -> tuple[Compared, ...]:
        """The month before and the same of last year; once where they are the same days."""
        both = (self.before, self.year_before)
        return both[:1] if self.before.period == self.year_before.period else both

    @property
    def shown(self) -> tuple[Compared, ...]:
        """Those that have columns."""
        return tuple(one for one in self.compared if not one.coverage.is_empty)

    def can_compare(self, compared: Compared) -> bool:
        return self.asked.is_enough and compared.coverage.is_enough

    def of_values(
        self,
        key: str,
        name: str,
        title: str,
        head: str,
        rows: Sequence[Row],
        *,
        shown: int = 0,
        about: Column | None = None,
    ) -> Table:
        """Articles, stories, share; then the two other periods. about: the column after the name."""
        columns = [Column("Số bài", _NUMBER), Column("Số tin", _NUMBER), Column("Tỷ lệ", _SHARE)]
        for one in self.shown:
            columns.append(Column(wording.period_head(one.period), _THEN))
            columns += [Column("Tăng, giảm", _CHANGE)] if self.can_compare(one) else []
        made = [
            (
                row.name,
                *([row.about] if row.about else []),
                *self._now(row),
                *(cell for one in self.shown for cell in self._then(row, one)),
            )
            for row in rows
        ]
        return self.table(key, name, title, [head, about] if about else [head], columns, made, shown)

    def of_shares(self, key: str, name: str, title: str, head: str, rows: Sequence[Row]) -> Table:
        """Articles and share; then the same of the two other periods with the change of the share in points."""
        columns = [Column("Số bài", _NUMBER), Column("Tỷ lệ", _SHARE)]
        for one in self.shown:
            columns += [Column(wording.period_head(one.period), _THEN), Column("Tỷ lệ", _SHARE)]
            columns += [Column("Tăng, giảm (điểm)", _CHANGE)] if self.can_compare(one) else []
        made = [
            (
                row.name,
                *self._counted_share(row, self.figures.span.asked, row.change.now, self.figures.total.now),
                *(cell for one in self.shown for cell in self._share_then(row, one)),
            )
            for row in rows
        ]
        return replace(self.table(key, name, title, [head], columns, made, 0), unit="bài")

    def note(self) -> str:
        """Why a comparison is missing; empty where none is."""
        told = []
        for one in self.compared:
            if not self.can_compare(one):
                told.append(f"với {wording.period_name(one.period)} {wording.INCOMPARABLE}: {self.why_not(one)}")
        return wording.capital(f"{'; '.join(told)}.") if told else ""

    def why_not(self, compared: Compared) -> str:
        """Why numbers cannot be compared with those of that period."""
        known = compared.coverage
        if known.is_empty:
            return "khi đó chưa thu thập"
        if not known.is_enough:
            return f"khi đó mới thu thập được {known.collected}/{known.period_days} ngày"
        if self.asked.days < self.asked.period_days:
            return "kỳ này chưa hết"
        return f"kỳ này chỉ thu thập được {self.asked.collected}/{self.asked.period_days} ngày"

    def table(
        self,
        key: str,
        name: str,
        title: str,
        heads: Sequence[str | Column],
        columns: Sequence[Column],
        rows: Sequence[tuple[Cell, ...]],
        shown: int,
    ) -> Table:
        """The first column takes what the others leave of the page."""
        others = [head for head in heads[1:] if isinstance(head, Column)]
        first = Column(str(heads[0]), PAGE - sum(column.width for column in (*others, *columns)), is_number=False)
        return Table(key, name, title, (first, *others, *columns), tuple(rows), shown, self.note())

    def _now(self, row: Row) -> tuple[Cell, ...]:
        asked, now = self.figures.span.asked, row.change.now
        stories = cells.count(now.stories, row.stories(asked)) if row.stories else cells.text("")
        return (
            cells.count(now.articles, row.articles(asked)),
            stories,
            cells.share(now.articles, self.figures.total.now.articles),
        )

    def _then(self, row: Row, one: Compared) -> tuple[Cell, ...]:
        then = one.number(row.change).articles
        counted = cells.count(then, row.articles(one.period))
        if not self.can_compare(one):
            return (counted,)
        return counted, cells.change(row.change.now.articles, then, self.asked, one.coverage)

    def _share_then(self, row: Row, one: Compared) -> tuple[Cell, ...]:
        then, whole = one.number(row.change), one.number(self.figures.total)
        counted = self._counted_share(row, one.period, then, whole)
        if not self.can_compare(one):
            return counted
        now = row.change.now.articles, self.figures.total.now.articles
        return *counted, cells.points(now, (then.articles, whole.articles), self.asked, one.coverage)

    def _counted_share(self, row: Row, period: Period, number: Number, whole: Number) -> tuple[Cell, ...]:
        return cells.count(number.articles, row.articles(period)), cells.share(number.articles, whole.articles)
