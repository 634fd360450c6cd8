"""What the office knows of matters that the press raised: who is to answer, until when, and whether it was done."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from diembao.store.models import MatterRow, StoryRow

_IN_CHUNK = 500


def of_stories(session: Session, story_ids: Sequence[int]) -> dict[int, MatterRow]:
    """By story; what was noted of a story that was merged into it counts, too, where it has no note of its own."""
    found: dict[int, MatterRow] = {}
    for start in range(0, len(story_ids), _IN_CHUNK):
        chunk = story_ids[start : start + _IN_CHUNK]
        leads_to = func.coalesce(StoryRow.merged_into, StoryRow.id)
        query = select(MatterRow, leads_to).join(StoryRow, StoryRow.id == MatterRow.story_id)
        # Of a story itself first, then the newest of those merged into it.
        order = (StoryRow.merged_into.is_(None).desc(), MatterRow.id.desc())
        for row, story_id in session.execute(query.where(leads_to.in_(chunk)).order_by(*order)):
            found.setdefault(story_id, row)
    return found


def of_story(session: Session, story_id: int) -> MatterRow | None:
    return of_stories(session, [story_id]).get(story_id)


def bodies(session: Session, *, limit: int) -> Sequence[str]:
    """Who was asked to answer before, most often first: offered when the next matter is noted."""
    query = select(MatterRow.body).where(MatterRow.body != "").group_by(MatterRow.body)
    return session.scalars(query.order_by(func.count().desc(), MatterRow.body).limit(limit)).all()
