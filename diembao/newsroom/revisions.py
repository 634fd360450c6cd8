"""Who comes second is told who was first: nothing is done to a story that somebody else has changed meanwhile."""

from __future__ import annotations

from sqlalchemy.orm import Session

from diembao.errors import Conflict
from diembao.store import audit
from diembao.store.models import StoryRow


def refuse_stale(session: Session, story: StoryRow, revision: int) -> None:
    """revision: that of the story as it was seen. Raises: Conflict: it is another by now."""
    if story.revision == revision:
        return
    newest = audit.newest_of(session, "story", story.id)
    raise Conflict(
        "desk.conflict.changed",
        by=newest.actor if newest else story.state_by,
        act=newest.action if newest else "",
        at=newest.at if newest else story.updated_at,
        state=story.state,
        revision=story.revision,
    )
