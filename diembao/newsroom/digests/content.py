"""What a digest says, in the one form that every export is made of.

A draft's content is composed anew whenever it is looked at; an approved digest's is kept as JSON and never changes.
What is taken down afterwards is struck out on the way to the reader (`removals.py`), not in what was kept.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from diembao.newsroom.stories import carried_by_line

Kind = Literal["daily", "weekly", "special"]
Audience = Literal["internal", "public"]
Form = Literal["text", "table"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Printed(_Part):
    """One article behind an item. at: source time, else when it was fetched, in UTC."""

    article_id: int
    outlet: str
    title: str
    url: str
    at: datetime


class Item(_Part):
    """A story as the digest tells it.

    printings: first printed first. own_headline: written at the desk, not a newspaper's; own_summary likewise.
    stance, needs_response: what we think of it; empty and False in a public digest, which holds no such thing.
    gone: taken down since; nothing of it may be shown but that.
    """

    story_id: int
    headline: str
    own_headline: bool
    summary: str
    own_summary: bool
    printings: tuple[Printed, ...]
    stance: str = ""
    needs_response: bool = False
    gone: bool = False

    @property
    def outlets(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.outlet for one in self.printings))

    @property
    def carried_by(self) -> str:
        """“VnExpress, Tuổi Trẻ và 5 báo khác”"""
        return carried_by_line(self.outlets)

    @property
    def first(self) -> Printed | None:
        return self.printings[0] if self.printings else None


class Section(_Part):
    key: str
    title: str
    items: tuple[Item, ...]


class Notice(_Part):
    """Word of something that stood in an earlier digest and no longer holds."""

    kind: Literal["removed", "corrected"]
    headline: str
    outlet: str
    printed_on: date
    earlier: str  # the digest it stood in, such as “số 12 ngày 21/11/2026”
    story_id: int


class Letterhead(_Part):
    """Whose paper it is, and who signs. symbol: number and symbol, without “Số:”."""

    kind: Literal["state", "party"]
    superior: str
    issuer: str
    symbol: str
    place: str
    addressees: tuple[str, ...]
    copies: tuple[str, ...]
    authority: str
    office: str
    signer: str


class Content(_Part):
    """A whole digest. number: None while it is a draft."""

    kind: Kind
    audience: Audience
    form: Form
    day: date
    since: datetime
    until: datetime
    number: int | None
    year: int
    subject: str
    intro: str
    closing: str
    letterhead: Letterhead
    sections: tuple[Section, ...]
    notices: tuple[Notice, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        return tuple(item for section in self.sections for item in section.items)

    def to_json(self) -> str:
        """The same content always gives the same text."""
        return self.model_dump_json()

    @classmethod
    def from_json(cls, text: str) -> Content:
        """Raises: ValueError: not what `to_json` wrote."""
        return cls.model_validate_json(text)
