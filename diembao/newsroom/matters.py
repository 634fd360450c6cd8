"""Matters that the press raised and somebody has to answer: who, by when, and what came of it.

The machine only proposes that a story asks for an answer; what stands here was written by a person. A matter that
nobody has noted anything of yet is unassigned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from diembao.errors import Refused
from diembao.newsroom.days import day_of
from diembao.newsroom.permissions import Action, Actor, require
from diembao.store import audit, matters, stories
from diembao.store.models import MatterRow
from nlp.text import normalise

LIMITS: Final[Mapping[str, int]] = {"body": 200, "partners": 400, "letter": 120, "answer_url": 2000, "note": 2000}


class Stage(StrEnum):
    UNASSIGNED = "unassigned"
    OPEN = "open"  # asked, not answered, the day not over; or no day was set
    OVERDUE = "overdue"  # not answered, the day is over
    IN_TIME = "in_time"
    LATE = "late"  # answered after its day
    ANSWERED = "answered"  # no day was set
    NOT_OURS = "not_ours"


@dataclass(frozen=True, slots=True)
class Given:
    """What a person writes of a matter. Days are those of Viet Nam."""

    body: str = ""
    partners: str = ""
    letter: str = ""
    sent_on: date | None = None
    due_on: date | None = None
    answered_on: date | None = None
    answer_url: str = ""
    not_ours: bool = False
    note: str = ""


def stage(row: MatterRow | None, today: date) -> Stage:
    """How a matter stands on a day."""
    if row is None:
        return Stage.UNASSIGNED
    if row.not_ours:
        return Stage.NOT_OURS
    if row.answered_on is not None:
        if row.due_on is None:
            return Stage.ANSWERED
        return Stage.IN_TIME if row.answered_on <= row.due_on else Stage.LATE
    if not row.body:
        return Stage.UNASSIGNED
    return Stage.OVERDUE if row.due_on is not None and row.due_on < today else Stage.OPEN


def note(session: Session, story_id: int, given: Given, revision: int, actor: Actor, now: datetime) -> MatterRow:
    """Write down how a matter stands. revision: of what the person saw; 0 where nothing had been noted.

    Raises:
        Forbidden; Refused: no such story, something that cannot be, or somebody changed it meanwhile.
    """
    require(actor, Action.FOLLOW_MATTERS)
    story = stories.get(session, story_id)
    if story is None:
        raise Refused("no_story")
    cleaned = _cleaned(given)
    _check(cleaned, day_of(now))
    stories.locked(session, story.id)  # two people at once: the second sees what the first wrote
    row = matters.of_story(session, story.id)
    known = row.revision if row is not None else 0
    if known != revision:
        raise Refused("matter_changed", by=row.changed_by if row else "", at=row.changed_at if row else now)
    if row is None:
        row = MatterRow(story_id=story.id, revision=0, changed_at=now, changed_by=actor.name)
        session.add(row)
    for name, value in asdict(cleaned).items():
        setattr(row, name, value)
    row.revision, row.changed_at, row.changed_by = known + 1, now, actor.name
    session.flush()
    detail = {name: str(value) for name, value in asdict(cleaned).items() if value and name != "note"}
    audit.record(
        session, actor=actor.name, action="matter", object_kind="story", object_id=story.id, at=now, detail=detail
    )
    return row


def _cleaned(given: Given) -> Given:
    texts = {name: " ".join(normalise(getattr(given, name)).split()) for name in LIMITS if name != "note"}
    return Given(
        **texts,
        sent_on=given.sent_on,
        due_on=given.due_on,
        answered_on=given.answered_on,
        not_ours=given.not_ours,
        note=normalise(given.note).strip(),
    )


def _check(given: Given, today: date) -> None:
    for name, most in LIMITS.items():
        if len(getattr(given, name)) > most:
            raise Refused(f"too_long_{name}", most=most, length=len(getattr(given, name)))
    if not given.body and not given.not_ours:
        raise Refused("matter_needs_body")
    if given.sent_on and given.due_on and given.due_on < given.sent_on:
        raise Refused("matter_due_before_sent")
    if given.answered_on and given.answered_on > today:
        raise Refused("matter_answered_ahead")
    if given.sent_on and given.answered_on and given.answered_on < given.sent_on:
        raise Refused("matter_answered_before_sent")
    if given.answer_url and not _can_be_followed(given.answer_url):
        raise Refused("matter_address")


def _can_be_followed(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme.lower() in ("http", "https") and bool(parts.netloc)
