"""What every part of the report is made with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, partial
from typing import Final, Protocol

from diembao.index.protocol import Keyword, Period
from diembao.newsroom.analysis.figures import Change
from diembao.newsroom.briefing import cells, drawing, wording
from diembao.newsroom.briefing.content import Cell, Drawing
from diembao.newsroom.briefing.counting import Figures
from diembao.newsroom.briefing.lists import Lists
from diembao.newsroom.briefing.tables import Row, Tables
from diembao.newsroom.days import day_of

# Rows in the body of the report; the whole table stands in the annexes.
SHOWN: Final = 15
# What a field is called in addresses.
FIELD_NAMES: Final[Mapping[Keyword, str]] = {
    Keyword.STANCE: "stance",
    Keyword.TOPIC: "topic",
    Keyword.OUTLET_TYPE: "outlet_type",
    Keyword.SCOPE: "scope",
    Keyword.SOURCE: "source",
    Keyword.PLACE_CODE: "unit",
}


class Names(Protocol):
    """What values of fields are called; `name` is that of the field in addresses."""

    def value(self, name: str, value: str) -> str: ...


@dataclass(frozen=True)
class Frame:
    figures: Figures
    lists: Lists
    names: Names
    query: str
    now: datetime

    @property
    def today(self) -> date:
        return day_of(self.now)

    @property
    def asked(self) -> Period:
        return self.figures.span.asked

    @cached_property
    def tables(self) -> Tables:
        return Tables(self.figures)

    def name_of(self, field: Keyword, value: str) -> str:
        return wording.capital(self.name(FIELD_NAMES[field], value))

    def name(self, field: str, value: str) -> str:
        """field: as addresses name it."""
        return cells.clean(self.names.value(field, value))

    def named(self, field: Keyword, value: str) -> Cell:
        """The name of a value, leading to its articles."""
        return cells.text(self.name_of(field, value), self.of(field, value)(self.asked))

    def of(self, field: Keyword, value: str) -> partial[str]:
        """The list of the articles with a value, by period."""
        return partial(self.lists.articles, only=((FIELD_NAMES[field], value),))

    def clipped(self, period: Period) -> Period:
        return Period(max(period.first, self.asked.first), min(period.last, self.asked.last))

    def rows(self, field: Keyword) -> tuple[tuple[str, Change], ...]:
        """Only of the values asked for, where some are: what else their articles are about has no list of its own."""
        chosen = self.lists.asked.chosen(FIELD_NAMES[field])
        return tuple(row for row in self.figures.by[field] if not chosen or row[0] in chosen)

    def most(self, field: Keyword, number: int) -> tuple[tuple[str, Change], ...]:
        """The values with most articles; none without any."""
        return tuple(row for row in self.rows(field)[:number] if row[1].now.articles)

    def value_row(self, field: Keyword, value: str, change: Change, about: Cell | None = None) -> Row:
        stories = partial(self.lists.stories, only=((FIELD_NAMES[field], value),))
        return Row(cells.text(self.name_of(field, value)), change, self.of(field, value), stories, about)

    def bars(self, field: Keyword, key: str, title: str) -> tuple[Drawing, ...]:
        """Nothing where there is nothing to draw."""
        rows = self.most(field, len(self.rows(field)))
        if len(rows) < 2:
            return ()
        drawn = [(value, change, self.of(field, value)(self.asked)) for value, change in rows]
        before = self.tables.before
        compared = wording.period_name(before.period) if self.tables.can_compare(before) else ""
        return (drawing.bars(key, title, drawn, compared, lambda value: drawing.short(self.name_of(field, value))),)
