"""The office's own headline and summary: their limits, drafts saved by themselves, and what was written before.

A draft (`autosave`) is kept beside the story and changes nothing on it; saving (`desk`, act `save_text`) does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Select, delete, or_, select
from sqlalchemy.orm import Session

from diembao.errors import Refused
from diembao.newsroom.permissions import Action, Actor, require
from diembao.store import stories
from diembao.store.models import StoryRow, StoryTextRow
from nlp.text import normalise

# Characters. Beyond `good` the counter warns: a headline of two lines on a phone, a summary of some three sentences.
HEADLINE_GOOD: Final = 120
HEADLINE_LIMIT: Final = 200
SUMMARY_GOOD: Final = 400
SUMMARY_LIMIT: Final = 1200


def check(headline: str, summary: str) -> None:
    """Raises: Refused: `desk.refused.too_long`; values: field, most, length."""
    for field, text, most in (("headline", headline, HEADLINE_LIMIT), ("summary", summary, SUMMARY_LIMIT)):
        length = len(clean(text))
        if length > most:
            raise Refused("desk.refused.too_long", field=field, most=most, length=length)


def clean(text: str) -> str:
    """As it is kept and counted: NFC, no white space at the ends, one space between words, paragraphs as they are."""
    lines = (" ".join(line.split()) for line in normalise(text).strip().splitlines())
    return "\n".join(lines).strip()


def autosave(session: Session, story_id: int, headline: str, summary: str, actor: Actor, now: datetime) -> None:
    """Keep what somebody is writing; it replaces their last draft of this story.

    Raises:
        Forbidden: may not write. Refused: no such story, or too long.
    """
    require(actor, Action.JUDGE)
    check(headline, summary)
    story = stories.get(session, story_id)
    if story is None:
        raise Refused("desk.refused.no_story")
    _forget_draft(session, story.id, actor.name)
    session.add(_row(story.id, "autosave", clean(headline), clean(summary), actor, now))
    session.flush()


def draft_of(session: Session, story_id: int, actor: Actor) -> StoryTextRow | None:
    """What the actor was writing and has not saved; None when the story has been saved since, or says the same."""
    row = session.scalar(
        select(StoryTextRow).where(
            StoryTextRow.story_id == story_id, StoryTextRow.kind == "autosave", StoryTextRow.by == actor.name
        )
    )
    story = session.get(StoryRow, story_id)
    if row is None or story is None or (row.headline, row.summary) == (story.headline, story.summary):
        return None
    return row


def keep(session: Session, story: StoryRow, actor: Actor, now: datetime) -> None:
    """The text that a story has now joins its history; the actor's draft has served."""
    _forget_draft(session, story.id, actor.name)
    newest = session.scalar(_saved(story.id).order_by(StoryTextRow.id.desc()).limit(1))
    if newest is None or (newest.headline, newest.summary) != (story.headline, story.summary):
        session.add(_row(story.id, "saved", story.headline, story.summary, actor, now))
    session.flush()


def history(session: Session, story_id: int) -> Sequence[StoryTextRow]:
    """What was saved, newest first, stories merged into this one included. Restored by saving it again."""
    merged = select(StoryRow.id).where(StoryRow.merged_into == story_id)
    query = select(StoryTextRow).where(
        StoryTextRow.kind == "saved", or_(StoryTextRow.story_id == story_id, StoryTextRow.story_id.in_(merged))
    )
    return session.scalars(query.order_by(StoryTextRow.at.desc(), StoryTextRow.id.desc())).all()


def _saved(story_id: int) -> Select[StoryTextRow]:
    return select(StoryTextRow).where(StoryTextRow.story_id == story_id, StoryTextRow.kind == "saved")


def _forget_draft(session: Session, story_id: int, name: str) -> None:
    session.execute(
        delete(StoryTextRow).where(
            StoryTextRow.story_id == story_id, StoryTextRow.kind == "autosave", StoryTextRow.by == name
        )
    )


def _row(story_id: int, kind: str, headline: str, summary: str, actor: Actor, now: datetime) -> StoryTextRow:
    return StoryTextRow(
        story_id=story_id, at=now, by=actor.name, by_id=actor.user_id, kind=kind, headline=headline, summary=summary
    )
