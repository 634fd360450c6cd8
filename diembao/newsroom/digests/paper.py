"""What every paper of the office has around its text, whatever it tells: letterhead, date, copies, signature."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from diembao.newsroom.digests import wording
from diembao.newsroom.digests.content import Letterhead


@dataclass(frozen=True, slots=True)
class Paper:
    """name: for the properties of files. left: of the letterhead, issuing body last; right: country and motto, or the
    Party's name. title, subject: the lines in the middle. signature: lines above the signer's name."""

    name: str
    state_paper: bool
    left: tuple[str, ...]
    right: tuple[str, ...]
    symbol: str
    place_and_date: str
    title: str
    subject: str
    addressees: tuple[str, ...]
    copies: tuple[str, ...]
    signature: tuple[str, ...]
    signer: str
    issuer: str


def paper_of(head: Letterhead, day: date, *, name: str, title: str, subject: str) -> Paper:
    state_paper = head.kind == "state"
    return Paper(
        name=name,
        state_paper=state_paper,
        left=tuple(line.upper() for line in (head.superior, head.issuer) if line),
        right=(wording.COUNTRY, wording.MOTTO) if state_paper else (wording.PARTY,),
        symbol=wording.symbol_line(head),
        place_and_date=wording.place_and_date(head, day),
        title=title,
        subject=subject,
        addressees=head.addressees,
        copies=_copies(head),
        signature=tuple(line.upper() for line in (head.authority, head.office) if line),
        signer=head.signer,
        issuer=head.issuer,
    )


def _copies(head: Letterhead) -> tuple[str, ...]:
    """“- Như trên;” … “- Lưu: VT.”: semicolons between, a full stop at the end."""
    bare = [line.rstrip(" ;.") for line in head.copies]
    return tuple(f"- {line}{'.' if line is bare[-1] else ';'}" for line in bare)
