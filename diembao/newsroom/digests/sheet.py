"""A digest as lines ready to be set: what every format shows, decided once."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from diembao.newsroom.digests import wording
from diembao.newsroom.digests.content import Content, Item, Letterhead


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
class Sheet:
    """left: of the letterhead, issuing body last; right: country and motto, or the Party's name.

    signature: lines above the signer's name. judged: whether a column or line for the judgement is shown at all.
    """

    name: str
    is_table: bool
    judged: bool
    state_paper: bool
    left: tuple[str, ...]
    right: tuple[str, ...]
    symbol: str
    place_and_date: str
    title: str
    subject: str
    addressees: tuple[str, ...]
    intro: tuple[str, ...]
    parts: tuple[Part, ...]
    notices: tuple[str, ...]
    closing: tuple[str, ...]
    copies: tuple[str, ...]
    signature: tuple[str, ...]
    signer: str
    issuer: str

    @property
    def is_empty(self) -> bool:
        return not any(part.rows for part in self.parts)


def sheet_of(content: Content) -> Sheet:
    head = content.letterhead
    state_paper = head.kind == "state"
    return Sheet(
        name=wording.full_title(content),
        is_table=content.form == "table",
        judged=content.audience == "internal",
        state_paper=state_paper,
        left=tuple(line.upper() for line in (head.superior, head.issuer) if line),
        right=(wording.COUNTRY, wording.MOTTO) if state_paper else (wording.PARTY,),
        symbol=wording.symbol_line(content),
        place_and_date=wording.place_and_date(content),
        title=wording.title(content),
        subject=wording.subject(content),
        addressees=head.addressees,
        intro=paragraphs(content.intro),
        parts=_parts(content),
        notices=tuple(wording.notice_line(notice) for notice in content.notices),
        closing=paragraphs(content.closing),
        copies=_copies(head),
        signature=tuple(line.upper() for line in (head.authority, head.office) if line),
        signer=head.signer,
        issuer=head.issuer,
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


def _copies(head: Letterhead) -> tuple[str, ...]:
    """“- Như trên;” … “- Lưu: VT.”: semicolons between, a full stop at the end."""
    bare = [line.rstrip(" ;.") for line in head.copies]
    return tuple(f"- {line}{'.' if line is bare[-1] else ';'}" for line in bare)
