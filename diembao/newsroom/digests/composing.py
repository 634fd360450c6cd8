"""Composing what a draft says today out of its items, the stories behind them and the office's settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from diembao.newsroom import stories as portraits
from diembao.newsroom.digests.content import Content, Item, Letterhead, Printed, Section
from diembao.newsroom.digests.removals import gone_of, kept_content, notices_for, struck
from diembao.settings import Settings
from diembao.store import digests, public
from diembao.store.models import DigestItemRow, DigestRow, StoryRow
from nlp.segmentation import sentences
from nlp.text import normalise

# How far back the desk answers for what it told; older digests are not taken up again.
_NOTICE_DAYS = 90
_LEAD_SENTENCES = 3
_LEAD_LENGTH = 480
_NO_NUMBER = "…"


@dataclass(frozen=True, slots=True)
class _Told:
    """A story's own words and its printings; headline and summary of the desk may be empty."""

    story: StoryRow
    printings: tuple[Printed, ...]
    headline: str
    lead: str


def content_of(session: Session, row: DigestRow, settings: Settings, now: datetime) -> Content:
    """What the digest says: as approved, or composed anew while it is a draft; what is taken down is not in it."""
    return compose(session, row, settings, now) if row.content is None else kept_content(session, row)


def compose(
    session: Session, row: DigestRow, settings: Settings, now: datetime, *, number: int | None = None
) -> Content:
    """The content of a draft. number: given when it is approved."""
    rows = digests.items(session, row.id)
    told = _tell(session, rows, row.audience, settings, now)
    made = {item.id: _item(item, told[item.id], row.audience) for item in rows if item.id in told}
    sections = []
    for section in row.sections:
        items = tuple(made[item.id] for item in rows if item.section == section["key"] and item.id in made)
        if items or not row.hide_empty:
            sections.append(Section(key=section["key"], title=section["title"], items=items))
    last = digests.last_frozen(session, kind=row.kind, audience=row.audience)
    content = Content(
        kind=row.kind,  # type: ignore[arg-type]  # columns hold the words that pydantic checks here
        audience=row.audience,  # type: ignore[arg-type]
        form=row.form,  # type: ignore[arg-type]
        day=row.day,
        since=row.since,
        until=row.until,
        number=number,
        year=row.day.year,
        subject=normalise(row.subject),
        intro=normalise(row.intro),
        closing=normalise(row.closing),
        letterhead=letterhead(settings, number, row.day.year, row.audience),
        sections=tuple(sections),
        notices=notices_for(session, row.audience, last, _NOTICE_DAYS),
    )
    return struck(content, gone_of(session, content), has_gone_out=False)


def letterhead(
    settings: Settings, number: int | None, year: int, audience: str, *, symbol: str | None = None
) -> Letterhead:
    """Whose paper it is, by the settings. A public digest is addressed to nobody and copied to nobody.

    symbol: number and symbol of another kind of paper than the digest.
    """
    internal = audience == "internal"
    symbol = (symbol or settings.digest_symbol).replace("{number}", str(number) if number else _NO_NUMBER)
    return Letterhead(
        kind=settings.digest_letterhead,
        superior=settings.digest_superior,
        issuer=settings.digest_issuer.strip() or settings.owner_name,
        symbol=symbol.replace("{year}", str(year)),
        place=settings.digest_place,
        addressees=_punctuated(_several(settings.digest_addressees)) if internal else (),
        copies=_several(settings.digest_copies) if internal else (),
        authority=settings.digest_authority,
        office=settings.digest_office,
        signer=settings.digest_signer or settings.owner_responsible,
    )


def _several(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def _punctuated(lines: tuple[str, ...]) -> tuple[str, ...]:
    """“Thường trực Tỉnh ủy;” … “Lãnh đạo UBND tỉnh.”; one alone stands without a mark."""
    return (*(f"{line};" for line in lines[:-1]), f"{lines[-1]}.") if len(lines) > 1 else lines


def _tell(
    session: Session, rows: Sequence[DigestItemRow], audience: str, settings: Settings, now: datetime
) -> Mapping[int, _Told]:
    """By item: its story, where it stands today and may be told."""
    stories = digests.standing(session, [item.story_id for item in rows])
    allowed = {
        item.id: story
        for item in rows
        if (story := stories.get(item.story_id)) is not None and digests.may_be_told(story, audience)
    }
    numbers = list(dict.fromkeys(story.id for story in allowed.values()))
    if audience == "public":
        found = _public(session, numbers, now - timedelta(minutes=settings.publish_delay_minutes))
    else:
        found = _internal(session, numbers)
    told: dict[int, _Told] = {}
    for item, story in allowed.items():
        # Two items whose stories have become one are told once.
        if story.id in found:
            told[item] = _Told(story, *found.pop(story.id))
    return told


def _public(
    session: Session, numbers: Sequence[int], until: datetime
) -> dict[int, tuple[tuple[Printed, ...], str, str]]:
    """As the section shows them: printings old enough, no newspaper's lead."""
    found = {}
    for number, printings in public.printings_of(session, numbers, until).items():
        printed = tuple(
            Printed(article_id=one.id, outlet=one.outlet, title=one.title, url=one.url, at=one.at) for one in printings
        )
        found[number] = (printed, printings[0].title, "")
    return found


def _internal(session: Session, numbers: Sequence[int]) -> dict[int, tuple[tuple[Printed, ...], str, str]]:
    printings = portraits.printings_of(session, numbers)
    urls = digests.addresses(session, [one.id for group in printings.values() for one in group])
    found = {}
    for number, group in printings.items():
        portrait = portraits.portrait(group, max(one.at for one in group))
        ordered = [portrait.first, *(one for one in group if one.id != portrait.first.id)]
        printed = tuple(
            Printed(article_id=one.id, outlet=one.outlet, title=one.title, url=urls[one.id], at=one.at)
            for one in ordered
        )
        found[number] = (printed, portrait.headline, _shortened(portrait.lead))
    return found


def _shortened(lead: str) -> str:
    """The first sentences of a lead, cut at a word where they are long."""
    short = " ".join(sentences(lead)[:_LEAD_SENTENCES])
    if len(short) <= _LEAD_LENGTH:
        return short
    return short[:_LEAD_LENGTH].rpartition(" ")[0].rstrip(",;:–- ") + "…"


def _item(item: DigestItemRow, told: _Told, audience: str) -> Item:
    story = told.story
    own_headline, own_summary = item.headline or story.headline, item.summary or story.summary
    internal = audience == "internal"
    return Item(
        story_id=story.id,
        headline=normalise(own_headline or told.headline),
        own_headline=bool(own_headline),
        summary=normalise(own_summary or told.lead),
        own_summary=bool(own_summary),
        printings=told.printings,
        stance=story.stance if internal else "",
        needs_response=story.needs_response if internal else False,
    )
