"""Publishing a story on the section: the gate that the law asks for, and the policy that may stand in for a
person where an office has said so.

Rules (Nghị định 147/2024/NĐ-CP, article 28): never earlier than one hour after the source; never an item whose
source time is unknown without an editor's word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy.orm import Session

from diembao.settings import Settings
from diembao.store import articles, audit, stories, trail
from diembao.store.database import Store
from diembao.store.models import ArticleRow, StoryRow

POLICY = "policy:auto-publish"
_LOOK_AT_ONCE = 200

Rule = Literal["not_relevant", "already", "unknown_time", "too_early"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a story may not be published; `until` when the rule passes by itself."""

    rule: Rule
    until: datetime | None = None


def refusal(
    story: StoryRow, printings: Sequence[ArticleRow], settings: Settings, now: datetime, *, time_vouched: bool = False
) -> Refusal | None:
    """The rule that forbids publishing the story now; None when none does.

    time_vouched: an editor has given their word for an unknown source time.
    """
    if story.state == "published":
        return Refusal("already")
    if story.relevance != "relevant" or not printings:
        return Refusal("not_relevant")
    times = [row.effective_at for row in printings if row.published_at is not None]
    if not times:
        return None if time_vouched else Refusal("unknown_time")
    earliest = min(times) + timedelta(minutes=settings.publish_delay_minutes)
    return Refusal("too_early", earliest) if now < earliest else None


def publish(session: Session, story: StoryRow, printings: Sequence[ArticleRow], *, actor: str, now: datetime) -> None:
    """Put the story on the section; the caller has asked `refusal` in the same transaction."""
    story.state, story.published_at, story.updated_at = "published", now, now
    story.revision += 1
    session.flush()
    articles.touch(session, [row.id for row in printings], now)
    for row in printings:
        trail.add(session, row.page_id, now, "publish", "published", detail={"story": story.id, "by": actor})
    audit.record(
        session,
        actor=actor,
        action="publish",
        object_kind="story",
        object_id=story.id,
        at=now,
        detail={"articles": [row.id for row in printings]},
    )


def publish_by_policy(store: Store, settings: Settings, now: datetime) -> int:
    """Publish what the policy covers and the gate lets through; returns how many stories.

    The policy covers a story when one of its relevant articles comes from a source it names.
    """
    if not settings.auto_publish_sources:
        return 0
    published = 0
    with store.read() as session:
        waiting = [story.id for story in stories.unpublished(session, limit=_LOOK_AT_ONCE)]
    for story_id in waiting:
        with store.write() as session:
            story = stories.get(session, story_id)
            if story is None:
                continue
            printings = articles.of_story(session, story.id)
            if _covered(printings, settings) and refusal(story, printings, settings, now) is None:
                publish(session, story, printings, actor=POLICY, now=now)
                published += 1
    return published


def _covered(printings: Sequence[ArticleRow], settings: Settings) -> bool:
    named = set(settings.auto_publish_sources)
    return any(row.relevance == "relevant" and ("*" in named or row.source in named) for row in printings)
