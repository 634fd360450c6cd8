"""Stories put together and taken apart by a person, and put back as they were.

`store/stories.py` moves the articles and pins them, so that no machine moves them again. What is put back is what
nobody has touched since: articles that came to a story meanwhile stay where they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from diembao.errors import Refused
from diembao.newsroom.permissions import Action, Actor, require
from diembao.newsroom.revisions import refuse_stale
from diembao.store import articles, audit, stories
from diembao.store.models import DeskActRow, StoryRow

MERGE: Final = "merge"
SPLIT: Final = "split"
# The one that goes on when two stories become one: the one that people have taken furthest.
_PROGRESS: Final = ("merged", "rejected", "new", "withdrawn", "taken", "drafted", "waiting", "approved", "published")


def merge_stories(session: Session, items: Sequence[tuple[int, int]], actor: Actor, now: datetime) -> tuple[int, int]:
    """Make one story of these (id, revision); returns the one that goes on, which is the one taken furthest, and the
    number to undo it by.

    Raises:
        Forbidden; Refused: fewer than two, no such story, or a story off the section would swallow one on it.
        Conflict: one of them was changed meanwhile.
    """
    require(actor, Action.JUDGE)
    rows = [_held(session, item) for item in sorted(dict(items).items())]
    if len(rows) < 2:
        raise Refused("desk.refused.merge_needs_two")
    keep = max(rows, key=lambda row: (_progress(row), bool(row.summary), -row.id))
    before: dict[str, Any] = {"headline": keep.headline, "summary": keep.summary}
    before["pinned"] = stories.pins(session, [row.id for row in rows])
    gone = []
    for row in (row for row in rows if row.id != keep.id):
        if row.state == "withdrawn" and keep.state in stories.PUBLIC_STATES:
            raise Refused("desk.refused.merge_withdrawn", story=row.id)
        keep.headline, keep.summary = keep.headline or row.headline, keep.summary or row.summary
        was = {
            "story": row.id,
            "was": row.revision,
            "state": row.state,
            "led_here": stories.leading_to(session, row.id),
        }
        moved = stories.merge_by_hand(session, keep.id, row.id, now)
        articles.touch(session, moved, now)
        gone.append(was | {"articles": moved})
    keep.revision += 1
    act = _kept(session, MERGE, keep, before | {"gone": gone}, actor, now)
    _audit(session, actor, MERGE, keep.id, now, {"gone": [one["story"] for one in gone], "act": act})
    return keep.id, act


def split_story(
    session: Session, item: tuple[int, int], article_ids: Sequence[int], actor: Actor, now: datetime
) -> tuple[int, int]:
    """Make another story of some articles of a story; returns it, and the number to undo it by.

    Raises:
        Forbidden; Refused: no such story, not its articles, or all of them. Conflict: it was changed meanwhile.
    """
    require(actor, Action.JUDGE)
    story = _held(session, item)
    pinned = stories.pins(session, [story.id])
    try:
        new = stories.split_by_hand(session, story.id, article_ids, now)
    except ValueError as error:
        raise Refused("desk.refused.split_some") from error
    articles.touch(session, article_ids, now)
    story.revision += 1
    act = _kept(session, SPLIT, story, {"new": new.id, "new_revision": new.revision, "pinned": pinned}, actor, now)
    detail = {"new": new.id, "articles": sorted(article_ids), "act": act}
    _audit(session, actor, SPLIT, story.id, now, detail)
    return new.id, act


def undo(session: Session, row: DeskActRow, actor: Actor, now: datetime) -> dict[int, int]:
    """Put the stories of a merging or a splitting back; returns the revision that each had before it, the story that it
    was done to first.

    Raises:
        Forbidden; Refused: articles have gone elsewhere since. Conflict: somebody has touched one of the stories.
    """
    require(actor, Action.JUDGE)
    (item,) = row.items
    story = _held(session, (item["story"], item["revision"]))
    back = _unmerge if row.act == MERGE else _unsplit
    others = back(session, story, item["before"], now)
    story.revision += 1
    return {story.id: item["was"]} | others


def _unmerge(session: Session, keep: StoryRow, before: dict[str, Any], now: datetime) -> dict[int, int]:
    found = {}
    for was in before["gone"]:
        story = stories.locked(session, was["story"])
        here = stories.articles_of(session, keep.id)
        moving = [number for number in was["articles"] if number in here]
        if story is None or story.merged_into != keep.id or (was["articles"] and not moving):
            raise Refused("desk.undo.moved")
        story.state, story.merged_into = was["state"], None
        story.revision += 1
        stories.lead_to(session, was["led_here"], story.id)
        stories.move(session, moving, story.id)
        articles.touch(session, moving, now)
        found[story.id] = was["was"]
    keep.headline, keep.summary = before["headline"], before["summary"]
    # Articles that came meanwhile are not held by a hand that has let go.
    stories.pin_only(session, [keep.id, *found], before["pinned"])
    if not stories.articles_of(session, keep.id):
        raise Refused("desk.undo.moved")
    for number in (keep.id, *found):
        stories.refresh(session, number, now)
    return found


def _unsplit(session: Session, story: StoryRow, before: dict[str, Any], now: datetime) -> dict[int, int]:
    new = _held(session, (before["new"], before["new_revision"]))
    moved = stories.merge(session, story.id, new.id, now)
    articles.touch(session, moved, now)
    stories.pin_only(session, [story.id], before["pinned"])
    stories.refresh(session, story.id, now)
    return {}


def _held(session: Session, item: tuple[int, int]) -> StoryRow:
    story = stories.locked(session, item[0])
    if story is None or story.merged_into is not None:
        raise Refused("desk.refused.no_story", story=item[0])
    refuse_stale(session, story, item[1])
    return story


def _progress(row: StoryRow) -> int:
    return _PROGRESS.index("published" if row.state in stories.PUBLIC_STATES else row.state)


def _kept(session: Session, act: str, story: StoryRow, before: dict[str, Any], actor: Actor, now: datetime) -> int:
    items = [{"story": story.id, "was": story.revision - 1, "revision": story.revision, "before": before}]
    row = DeskActRow(at=now, actor=actor.name, act=act, items=items)
    session.add(row)
    session.flush()
    return row.id


def _audit(session: Session, actor: Actor, action: str, story_id: int, now: datetime, detail: dict[str, Any]) -> None:
    audit.record(
        session, actor=actor.name, action=action, object_kind="story", object_id=story_id, at=now, detail=detail
    )
