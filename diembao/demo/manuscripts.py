"""What the demo press has written: papers and manuscripts, read from the YAML files in `press/`.

A manuscript tells times relative to the opening of the press (`at: -2h30m`, `at: 45s`) and days relative
to its own publishing day (`{d-1}` is yesterday as 21/11, `{D}` today as 22/11/2026, `{M-1}` last month's number,
`{Y}` the year), so that the same files look fresh on any day.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
PRESS_DIRECTORY = Path(__file__).parent / "press"
REMOVALS = ("404", "410", "redirect_home", "gone_page")

_MOMENT = re.compile(r"(?P<sign>-?)(?:(?P<days>\d+)d)?(?:(?P<hours>\d+)h)?(?:(?P<minutes>\d+)m)?(?:(?P<seconds>\d+)s)?")
RELATIVE_DAY = re.compile(r"\{(?P<form>[dDMY])(?P<shift>[+-]\d+)?\}")


@dataclass(frozen=True, slots=True)
class Label:
    """What a careful reader says of an article; the yardstick of the tests."""

    relevance: str  # relevant | marginal | irrelevant
    topic: str = ""  # slug of one of the 20 topics, for relevant articles
    stance: str = ""  # favourable | unfavourable | neutral | mixed, for relevant articles
    needs_response: bool = False


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of a published article; an empty field leaves things as they are."""

    at: timedelta
    title: str = ""
    lead: str = ""
    replace: Mapping[str, str] = field(default_factory=dict)
    add: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Removal:
    at: timedelta
    how: str  # one of REMOVALS


@dataclass(frozen=True, slots=True)
class Manuscript:
    """One article as written. A reprint has no body of its own: it names its original and what was changed."""

    id: str
    paper: str
    at: timedelta
    label: Label
    title: str
    section: str
    lead: str = ""
    paragraphs: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    photo: str = ""  # caption
    credit: str = ""  # "Theo Báo Sông Cầu"
    story: str = ""  # key shared by all articles about one event
    kind: str = ""  # why this article is here, for traps: taiyuan, street, list_mention, …
    reprint_of: str = ""
    cut: int = 0  # paragraphs a reprint dropped from the end
    add: tuple[str, ...] = ()  # paragraphs a reprint added
    edits: tuple[Edit, ...] = ()
    removal: Removal | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """One newspaper of the demo press. `feed_dates`: rfc822 | gmt7 | dmy | iso | none."""

    name: str
    title: str
    outlet_type: str
    scope: str
    family: str
    sections: Mapping[str, str]  # slug -> title
    slogan: str = ""
    imprint: str = ""  # the footer
    language: str = "vi"
    agreement: str = "none"
    feed: str = "rss"  # rss | atom | none
    feed_dates: str = "rfc822"
    sitemap: bool = False
    crawl_delay: int = 0
    disallow: tuple[str, ...] = ()
    quirks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Press:
    """Everything that was written, by name and by id, in the order of the files."""

    papers: Mapping[str, Paper]
    manuscripts: Mapping[str, Manuscript]


def moment(text: str) -> timedelta:
    """Read a span such as `-1d2h`, `-35m` or `45s`.

    Raises:
        ValueError: anything else.
    """
    match = _MOMENT.fullmatch(text)
    if match is None or text in ("", "-"):
        raise ValueError(f"not a span of time: {text!r}")
    span = timedelta(**{unit: int(match[unit] or 0) for unit in ("days", "hours", "minutes", "seconds")})
    return -span if match["sign"] else span


def date_text(text: str, published_at: datetime) -> str:
    """The text with its relative days written out as seen from the publishing day in Việt Nam."""
    today = published_at.astimezone(VIETNAM).date()

    def written(match: re.Match[str]) -> str:
        shift = int(match["shift"] or 0)
        day = today + timedelta(days=shift)
        if match["form"] == "d":
            return f"{day.day}/{day.month}"
        if match["form"] == "D":
            return f"{day:%d/%m/%Y}"
        if match["form"] == "M":
            return str((today.month - 1 + shift) % 12 + 1)
        return str(today.year + shift)

    return RELATIVE_DAY.sub(written, text)


@cache
def load_press(directory: Path = PRESS_DIRECTORY) -> Press:
    """Read all files of the press; the result is immutable, hence shared.

    Raises:
        ValueError, TypeError: a file of ours is malformed.
    """
    papers: dict[str, Paper] = {}
    manuscripts: dict[str, Manuscript] = {}
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where PyYAML has libyaml
    for path in sorted(directory.glob("*.yml")):
        content = yaml.load(path.read_text("utf-8"), Loader=loader)  # noqa: S506 - both are safe loaders
        paper = _paper(content["paper"])
        papers[paper.name] = paper
        for row in content["articles"]:
            manuscript = _manuscript(row, paper)
            if manuscript.id in manuscripts:
                raise ValueError(f"{path.name}: article id used twice: {manuscript.id}")
            manuscripts[manuscript.id] = manuscript
    for manuscript in manuscripts.values():
        if manuscript.reprint_of and manuscript.reprint_of not in manuscripts:
            raise ValueError(f"{manuscript.id}: original not found: {manuscript.reprint_of}")
    return Press(papers, manuscripts)


def _paper(row: dict[str, Any]) -> Paper:
    row["quirks"] = frozenset(row.get("quirks", ()))
    row["disallow"] = tuple(row.get("disallow", ()))
    return Paper(**row)


def _manuscript(row: dict[str, Any], paper: Paper) -> Manuscript:
    if row["section"] not in paper.sections:
        raise ValueError(f"{row['id']}: no section {row['section']!r} in {paper.name}")
    row["paper"] = paper.name
    row["at"] = moment(row["at"])
    row["label"] = _label(row["label"])
    row["paragraphs"] = tuple(row.pop("body", "").splitlines())
    for name in ("authors", "tags", "add"):
        row[name] = tuple(row.get(name, ()))
    row["edits"] = tuple(_edit(edit) for edit in row.get("edits", ()))
    removed = row.pop("removed", None)
    if removed is not None:
        row["removal"] = _removal(removed)
    return Manuscript(**row)


def _label(text: str) -> Label:
    """`relevance [topic stance [needs_response]]`, the words of `Label` in order."""
    relevance, topic, stance, response, *_ = [*text.split(), "", "", ""]
    if response not in ("", "needs_response"):
        raise ValueError(f"not a label: {text!r}")
    return Label(relevance, topic, stance, needs_response=bool(response))


def _edit(row: dict[str, Any]) -> Edit:
    row["at"] = moment(row["at"])
    row["add"] = tuple(row.get("add", ()))
    return Edit(**row)


def _removal(row: dict[str, Any]) -> Removal:
    if row["how"] not in REMOVALS:
        raise ValueError(f"unknown way to remove an article: {row['how']}")
    return Removal(moment(row["at"]), row["how"])
