"""What editors tell each other about a story."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from diembao.errors import Refused
from diembao.newsroom.permissions import Action, Actor, require
from diembao.store import audit, stories
from diembao.store.models import StoryNoteRow, StoryRow
from nlp.text import normalise

LIMIT: Final = 2000
# note: between editors; returned: why it was sent back; source: what its newspaper did to an article.
Kind = Literal["note", "returned", "source"]


def add(session: Session, story_id: int, text: str, actor: Actor, now: datetime) -> StoryNoteRow:
    """Leave a note.

    Raises:
        Forbidden; Refused: no such story, an empty note, a note that is too long.
    """
    require(actor, Action.JUDGE)
    story = stories.get(session, story_id)
    if story is None:
        raise Refused("desk.refused.no_story")
    row = keep(session, story.id, text, actor, now)
    audit.record(
        session,
        actor=actor.name,
        action="note",
        object_kind="story",
        object_id=story.id,
        at=now,
        detail={"note": row.id},
    )
    return row


def keep(
    session: Session, story_id: int, text: str, actor: Actor, now: datetime, *, kind: Kind = "note"
) -> StoryNoteRow:
    """Write a note down as part of another act, which tells the audit log."""
    cleaned = normalise(text).strip()
    if not cleaned:
        raise Refused("desk.refused.empty_note")
    if len(cleaned) > LIMIT:
        raise Refused("desk.refused.too_long", field="note", most=LIMIT, length=len(cleaned))
    row = StoryNoteRow(story_id=story_id, at=now, by=actor.name, by_id=actor.user_id, kind=kind, text=cleaned)
    session.add(row)
    session.flush()
    return row


def of_story(session: Session, story_id: int) -> Sequence[StoryNoteRow]:
    """The notes of a story and of those merged into it, oldest first."""
    merged = select(StoryRow.id).where(StoryRow.merged_into == story_id)
    query = select(StoryNoteRow).where(or_(StoryNoteRow.story_id == story_id, StoryNoteRow.story_id.in_(merged)))
    return session.scalars(query.order_by(StoryNoteRow.at, StoryNoteRow.id)).all()


def counts(session: Session, story_ids: Sequence[int]) -> Mapping[int, int]:
    """How many notes each of these stories has; those without are left out."""
    query = (
        select(StoryNoteRow.story_id, func.count())
        .where(StoryNoteRow.story_id.in_(story_ids))
        .group_by(StoryNoteRow.story_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}
