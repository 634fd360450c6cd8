"""What the address of the queue asks for. Every link of the page is this with something changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import parse_qsl

from diembao.newsroom.queue import Choice, Span, Tab
from diembao.store.queue import Sort
from nlp.text import normalise
from search_api.faces import DESK
from search_api.moments import end_of, parse_day, start_of
from search_api.rendering import with_query

SORTS: tuple[Sort, ...] = ("rank", "newest", "oldest", "outlets")
FILTERS = ("topic", "stance", "source", "place", "needs_response", "span", "from_", "to")
_LONGEST = 120
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)


class BadDay(ValueError):
    """A day of the filter that is none; its argument is what was typed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """As typed. story: the one in the reading pane; printing: which of its articles."""

    tab: str = ""
    topic: str = ""
    stance: str = ""
    source: str = ""
    place: str = ""
    needs_response: str = ""
    span: str = ""
    from_: str = ""
    to: str = ""
    sort: str = ""
    q: str = ""
    page: str = ""
    story: str = ""
    printing: str = ""

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> Asked:
        """What cannot be meant is left out: an address is followed as far as it makes sense."""

        def given(name: str) -> str:
            return normalise(parameters.get(name, "")).strip()[:_LONGEST]

        def one_of(name: str, known: tuple[str, ...]) -> str:
            value = given(name)
            return value if value in known else ""

        def number(name: str) -> str:
            value = given(name)
            return value if _NUMBER.fullmatch(value) else ""

        return cls(
            tab=one_of("tab", tuple(Tab)),
            topic=given("topic"),
            stance=one_of("stance", ("favourable", "unfavourable", "neutral", "mixed")),
            source=given("source"),
            place=given("place"),
            needs_response=one_of("needs_response", ("1",)),
            span=one_of("span", tuple(Span)),
            from_=given("from"),
            to=given("to"),
            sort=one_of("sort", SORTS),
            q=given("q"),
            page=number("page"),
            story=number("tin"),
            printing=number("bai"),
        )

    @classmethod
    def of_address(cls, address: str) -> Asked:
        """What an address of the queue asks for."""
        return cls.read(dict(parse_qsl(address.partition("?")[2])))

    def path(self, **changes: str) -> str:
        """The address with changes: from the first page and without a story in the pane, unless they are told."""
        asked = replace(self, **{"page": "", "story": "", "printing": "", **changes})
        return with_query(DESK, asked.parameters)

    def reading(self, story_id: int, printing: int | None = None) -> str:
        """The address with this story in the reading pane, the page as it is."""
        return self.path(page=self.page, story=str(story_id), printing=str(printing or ""))

    @property
    def here(self) -> str:
        """The address of the queue as it is, without a story."""
        return self.path(page=self.page)

    @property
    def parameters(self) -> dict[str, str]:
        """By the names that stand in the address."""
        names = {"from_": "from", "story": "tin", "printing": "bai"}
        values = {names.get(name, name): getattr(self, name) for name in self.__dataclass_fields__}
        return {name: value for name, value in values.items() if value and (name, value) != ("tab", Tab.NEW)}

    @property
    def in_force(self) -> tuple[str, ...]:
        """Names of the filters in force."""
        return tuple(name for name in FILTERS if getattr(self, name))

    def choice(self, ids: tuple[int, ...] | None = None) -> Choice:
        """Raises: BadDay."""
        return Choice(
            tab=Tab(self.tab or Tab.NEW),
            topic=self.topic,
            stance=self.stance,
            source=self.source,
            place=self.place,
            needs_response=True if self.needs_response else None,
            span=Span(self.span) if self.span else None,
            since=_moment(self.from_, at_end=False),
            until=_moment(self.to, at_end=True),
            sort=next((sort for sort in SORTS if sort == self.sort), None),
            page=int(self.page or 1),
            ids=ids,
        )


def _moment(text: str, *, at_end: bool) -> datetime | None:
    if not text:
        return None
    try:
        day = parse_day(text)
        return end_of(day) if at_end else start_of(day)
    except (ValueError, OverflowError) as error:
        raise BadDay(text) from error
