"""What the address of an analysts' page asks for: every view is a link, every link this with something changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from urllib.parse import urlencode

from diembao.index.protocol import Keyword, Period, Query, Sort
from diembao.newsroom.analysis.spans import PRESETS
from diembao.newsroom.days import end_of, parse_day, start_of
from diembao.newsroom.selection import Selection
from nlp.text import normalise

ANALYSIS = "/phan-tich"
SEARCH = f"{ANALYSIS}/tim-kiem"
TRENDS = ANALYSIS
COMPARE = f"{ANALYSIS}/so-sanh"
EXPORT = f"{ANALYSIS}/xuat"

# Name in the address, field of the index; in the order of the page.
FIELDS: Mapping[str, Keyword] = {
    "relevance": Keyword.RELEVANCE,
    "stance": Keyword.STANCE,
    "flag": Keyword.FLAG,
    "topic": Keyword.TOPIC,
    "unit": Keyword.PLACE_CODE,
    "district": Keyword.DISTRICT,
    "place": Keyword.PLACE,
    "source": Keyword.SOURCE,
    "outlet_type": Keyword.OUTLET_TYPE,
    "scope": Keyword.SCOPE,
    "person": Keyword.PERSON,
    "organisation": Keyword.ORGANISATION,
    "section": Keyword.SECTION,
    "state": Keyword.STATE,
}
# What may stand in an address: these, and what is never offered as a list of choices.
FILTERS: Mapping[str, Keyword] = {**FIELDS, "story": Keyword.STORY}
# In front of a value: articles that have it are left out.
MINUS = "-"
_MOST_VALUES = 60
_LONGEST = 200
_LONGEST_QUERY = 8192  # what an address may hold at all
_FIRST_YEAR, _LAST_YEAR = 1900, 2200
_SINGLE = ("q", "from", "to", "span", "sort", "by", "unit_of_time", "count", "after")


def _written(name: str, value: str) -> str:
    return _written_short(name, value) if len(value) <= _LONGEST else urlencode([(name, value)])


@lru_cache(4096)
def _written_short(name: str, value: str) -> str:
    """A page of figures has five hundred addresses, made of the same pieces."""
    return urlencode([(name, value)])


class BadDay(ValueError):
    """field: `from` or `to`; key: of the message; text: what was typed."""

    def __init__(self, field: str, key: str, text: str = "") -> None:
        super().__init__(text)
        self.field, self.key, self.text = field, key, text


@dataclass(frozen=True, slots=True)
class Asked:
    """values: pairs of field name and value, the value with a minus where it is excluded; as given, no pair twice.

    span: name of a preset, in force where neither day is given. by: what a chart is stacked by.
    count: `stories` where a chart counts those, empty for printings. apart: every printing is listed, not one of each
    story.
    """

    q: str = ""
    values: tuple[tuple[str, str], ...] = ()
    from_: str = ""
    to: str = ""
    span: str = ""
    sort: str = ""
    by: str = ""
    unit_of_time: str = ""
    apart: bool = False
    after: str = ""
    count: str = ""

    @classmethod
    def read(cls, parameters: Iterable[tuple[str, str]]) -> Asked:
        """What cannot be meant is left out; a query or day that cannot be read is kept, to be explained."""
        single: dict[str, str] = {}
        values: dict[tuple[str, str], None] = {}
        for name, given in parameters:
            value = normalise(given).strip()
            if name in _SINGLE or name == "apart":
                # The query is not cut: one that is too long is a fault that is explained.
                single[name] = value[: _LONGEST_QUERY if name in ("q", "after") else _LONGEST]
            elif name in FILTERS and value.removeprefix(MINUS) and len(values) < _MOST_VALUES:
                values[(name, value[:_LONGEST])] = None
        return cls(
            q=single.get("q", ""),
            values=tuple(values),
            from_=single.get("from", ""),
            to=single.get("to", ""),
            span=single.get("span", "") if single.get("span") in PRESETS else "",
            sort=single.get("sort", "") if single.get("sort") in tuple(Sort) else "",
            by=single.get("by", "") if single.get("by") in FIELDS else "",
            unit_of_time=single.get("unit_of_time", ""),
            apart=single.get("apart") == "1",
            after=single.get("after", ""),
            count="stories" if single.get("count") == "stories" else "",
        )

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """By the names that stand in the address, empty ones left out."""
        return [*self.values, *self.singles]

    @property
    def singles(self) -> list[tuple[str, str]]:
        """`parameters` without the values of fields, which come before them."""
        single = {
            "q": self.q,
            "from": self.from_,
            "to": self.to,
            "span": self.span,
            "sort": self.sort,
            "by": self.by,
            "unit_of_time": self.unit_of_time,
            "count": self.count,
            "apart": "1" if self.apart else "",
            "after": self.after,
        }
        return [(name, value) for name, value in single.items() if value]

    @property
    def kept(self) -> str:
        """The view without the page one is on, as an address holds it."""
        return urlencode(replace(self, after="").parameters)

    def path(self, page: str = SEARCH, **changes: object) -> str:
        """The address of a page with changes; from the first hits unless they are told."""
        asked = replace(self, **{"after": "", **changes})  # type: ignore[arg-type]  # names of our own fields
        query = "&".join(_written(name, value) for name, value in asked.parameters)
        return f"{page}?{query}" if query else page

    @property
    def shown_from(self) -> str:
        return _shown(self.from_)

    @property
    def shown_to(self) -> str:
        return _shown(self.to)

    def chosen(self, name: str) -> tuple[str, ...]:
        return tuple(value for field, value in self.values if field == name and not value.startswith(MINUS))

    def excluded(self, name: str) -> tuple[str, ...]:
        return tuple(value[1:] for field, value in self.values if field == name and value.startswith(MINUS))

    def with_value(self, name: str, value: str) -> Asked:
        """Asked for this value, too; not left out any more if it was."""
        return replace(self, values=(*self.without(name, value).values, (name, value)), after="")

    def with_only(self, name: str, value: str) -> Asked:
        kept = tuple(pair for pair in self.values if pair[0] != name)
        return replace(self, values=(*kept, (name, value)), after="")

    def narrowed(self, name: str, value: str) -> Asked:
        """Asked for this value and no other of the field; what is left out stays left out."""
        kept = tuple(pair for pair in self.values if pair[0] != name or pair[1].startswith(MINUS))
        return replace(self, values=(*kept, (name, value)), after="")

    def without(self, name: str, value: str) -> Asked:
        """Neither asked for nor left out."""
        bare = value.removeprefix(MINUS)
        kept = tuple(pair for pair in self.values if pair not in ((name, bare), (name, MINUS + bare)))
        return replace(self, values=kept, after="")

    def during(self, period: Period) -> Asked:
        return replace(self, from_=period.first.isoformat(), to=period.last.isoformat(), span="", after="")

    def period(self, today: date) -> Period | None:
        """The days asked for; None when they are not bounded on both sides.

        Raises:
            BadDay: a day that is none, or a period that ends before it begins.
        """
        first, last = self._days()
        if first and last:
            return Period(first, last)
        if first or last or not self.span:
            return None
        return PRESETS[self.span](today)

    def selection(self, today: date) -> Selection:
        """Raises: BadDay."""
        first, last = self._days()
        if not first and not last and self.span:
            preset = PRESETS[self.span](today)
            first, last = preset.first, preset.last
        return Selection(
            self.q,
            {FILTERS[name]: self.chosen(name) for name in FILTERS if self.chosen(name)},
            start_of(first) if first else None,
            end_of(last) if last else None,
            {FILTERS[name]: self.excluded(name) for name in FILTERS if self.excluded(name)},
        )

    def query(self, today: date) -> Query:
        """Raises: BadDay; BadQuery: `q` cannot be read."""
        return self.selection(today).query(public_only=False)

    def _days(self) -> tuple[date | None, date | None]:
        first, last = _day(self.from_, "from"), _day(self.to, "to")
        if first and last and first > last:
            raise BadDay("from", "empty_range")
        return first, last


class Links:
    """Addresses of a view with one value more or less, as `Asked.path` has them: a page has hundreds, and most of
    each is the same."""

    def __init__(self, asked: Asked, page: str = SEARCH) -> None:
        self._page = page
        self._values = {pair: _written(*pair) for pair in asked.values}
        self._rest = [_written(name, value) for name, value in asked.singles if name != "after"]

    def with_value(self, name: str, value: str) -> str:
        """As `asked.with_value(name, value).path(page)`."""
        return self._address([*self._others(name, value), _written(name, value)])

    def with_only(self, name: str, value: str) -> str:
        """As `asked.with_only(name, value).path(page)`."""
        kept = [written for pair, written in self._values.items() if pair[0] != name]
        return self._address([*kept, _written(name, value)])

    def without(self, name: str, value: str) -> str:
        """As `asked.without(name, value).path(page)`."""
        return self._address(self._others(name, value))

    def _others(self, name: str, value: str) -> list[str]:
        bare = value.removeprefix(MINUS)
        either = ((name, bare), (name, MINUS + bare))
        return [written for pair, written in self._values.items() if pair not in either]

    def _address(self, values: list[str]) -> str:
        query = "&".join([*values, *self._rest])
        return f"{self._page}?{query}" if query else self._page


def _shown(text: str) -> str:
    """A day as people write it; what is none as it was typed."""
    try:
        return f"{parse_day(text):%d/%m/%Y}"
    except ValueError:
        return text


def _day(text: str, field: str) -> date | None:
    if not text:
        return None
    try:
        day = parse_day(text)
    except ValueError as error:
        raise BadDay(field, "bad_day", text) from error
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise BadDay(field, "bad_day", text)
    return day
