"""A digest as lines ready to be set: what every format shows, decided once."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from diembao.newsroom.digests import wording
from diembao.newsroom.digests.content import Content, Item
from diembao.newsroom.digests.paper import Paper, paper_of


@dataclass(frozen=True, slots=True)
class Row:
    """One item. number: through the whole digest. url: empty where there is none to be followed.

    judgement: empty in a public digest. gone: nothing is shown but that it was taken down.
    """

    number: int
    headline: str
    url: str
    outlets: str
    time: str
    source_line: str
    summary: tuple[str, ...]
    judgement: str
    gone: bool


@dataclass(frozen=True, slots=True)
class Part:
    """One section. label: “I. KINH TẾ”."""

    label: str
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Sheet(Paper):
    """A digest on its paper. judged: whether a column or line for the judgement is shown at all."""

    is_table: bool
    judged: bool
    intro: tuple[str, ...]
    parts: tuple[Part, ...]
    notices: tuple[str, ...]
    closing: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        return not any(part.rows for part in self.parts)


def sheet_of(content: Content) -> Sheet:
    paper = paper_of(
        content.letterhead,
        content.day,
        name=wording.full_title(content),
        title=wording.title(content),
        subject=wording.subject(content),
    )
    return Sheet(
        **asdict(paper),
        is_table=content.form == "table",
        judged=content.audience == "internal",
        intro=paragraphs(content.intro),
        parts=_parts(content),
        notices=tuple(wording.notice_line(notice) for notice in content.notices),
        closing=paragraphs(content.closing),
    )


def paragraphs(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def followed(url: str) -> str:
    """The address if a reader may be sent there: `javascript:` and the like come from outside too."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    return url.strip() if parts.scheme.lower() in ("http", "https") and parts.netloc else ""


def _parts(content: Content) -> tuple[Part, ...]:
    made, number = [], 0
    for position, section in enumerate(content.sections, start=1):
        rows = []
        for item in section.items:
            number += 1
            rows.append(_row(number, item))
        made.append(Part(f"{wording.roman(position)}. {section.title.upper()}", section.title, tuple(rows)))
    return tuple(made)


def _row(number: int, item: Item) -> Row:
    if item.gone:
        return Row(number, wording.GONE, "", "", "", "", (), "", gone=True)
    first = item.first
    return Row(
        number=number,
        headline=item.headline,
        url=followed(first.url) if first else "",
        outlets=item.carried_by,
        time=wording.clock(first.at) if first else "",
        source_line=wording.source_line(item),
        summary=paragraphs(item.summary) or (wording.NO_SUMMARY,),
        judgement=wording.judgement(item),
        gone=False,
    )
