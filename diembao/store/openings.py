"""Who has a story open at the desk. A browser says so again every little while; who falls silent has left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from diembao.store.models import StoryOpeningRow


def note(session: Session, story_id: int, user_id: int, now: datetime) -> None:
    """This person looks at this story, and at no other."""
    others = (StoryOpeningRow.user_id == user_id, StoryOpeningRow.story_id != story_id)
    session.execute(delete(StoryOpeningRow).where(*others))
    session.merge(StoryOpeningRow(story_id=story_id, user_id=user_id, seen_at=now))


def others(session: Session, story_ids: Sequence[int], user_id: int | None, since: datetime) -> dict[int, list[int]]:
    """Ids of the people, but for this one, who have had each story open since then."""
    query = select(StoryOpeningRow.story_id, StoryOpeningRow.user_id).where(
        StoryOpeningRow.story_id.in_(story_ids), StoryOpeningRow.seen_at >= since
    )
    found: dict[int, list[int]] = {}
    for story_id, other in session.execute(query.order_by(StoryOpeningRow.user_id)):
        if other != user_id:
            found.setdefault(story_id, []).append(other)
    return found
