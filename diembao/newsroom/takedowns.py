"""Taking down: what newspapers take back goes off every surface by itself; what they change is put before the desk;
a chief editor takes down by hand. Each has its row in the log, with evidence.

The law gives three hours from the source's removal (Nghị định 147/2024/NĐ-CP, article 28). The watcher has looked twice
before it says that an article is gone, so nothing waits for a person then.

Section, feeds, search and digests ask the store which printings stand, so that they forget a removed one with the
commit that marks it, even before the index hears of it; a story whose last printing goes is withdrawn, and its
address answers 410.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy.orm import Session

from diembao.errors import Refused
from diembao.newsroom.permissions import Action, Actor, require
from diembao.newsroom.publishing import is_standing
from diembao.settings import Settings
from diembao.store import articles, audit, changes, stories, takedowns, trail
from diembao.store.changes import SourceEvent
from diembao.store.database import Store
from diembao.store.models import ArticleRow, PageRow, SourceRow, StoryRow, TakedownRow

WATCHER: Final = "policy:removal"
_AT_ONCE = 100
Cause = Literal["source_removed", "source_changed", "by_hand", "correction"]


@dataclass(frozen=True, slots=True)
class Followed:
    """How many events the newsroom has acted on: articles taken off, and what was put before the desk."""

    taken_down: int = 0
    told: int = 0


def follow_source(store: Store, settings: Settings, now: datetime) -> Followed:
    """Act on what newspapers did to their articles since; one transaction an event, done once however often asked."""
    with store.read() as session:
        waiting = changes.unhandled(session, limit=_AT_ONCE)
    taken = told = 0
    for event in waiting:
        with store.write() as session:
            if event.kind == "removed":
                taken += _removed(session, event, settings, now)
            else:
                told += _changed(session, event, now) if event.kind == "changed" else _restored(session, event, now)
    return Followed(taken, told)


def take_down_printing(session: Session, article_id: int, words: str, actor: Actor, now: datetime) -> int:
    """Take one printing off by hand; its story too, when no other stands. Returns the number in the log.

    Raises:
        Forbidden; Refused: no such article, no reason given, or it is down already.
    """
    require(actor, Action.WITHDRAW)
    row = session.get(ArticleRow, article_id)
    if row is None:
        raise Refused("desk.refused.no_article")
    if not words.strip():
        raise Refused("desk.refused.withdraw_needs_words")
    if row.withdrawn_at is not None:
        raise Refused("desk.refused.already_down")
    story = _story(session, row)
    entry = _entry(session, row, story, "by_hand", now)
    entry.told_at = now
    _take_off(session, entry, row, story, words.strip(), actor.name, now)
    return entry.id


def put_back_printing(session: Session, article_id: int, actor: Actor, now: datetime) -> None:
    """A printing that was taken down here may be shown again; a story that was withdrawn with it is reopened apart.

    Raises:
        Forbidden; Refused: no such article, it stands, or its newspaper still withholds it.
    """
    require(actor, Action.WITHDRAW)
    row = session.get(ArticleRow, article_id)
    if row is None or row.withdrawn_at is None:
        raise Refused("desk.refused.not_down")
    if row.source_removed_at is not None:
        raise Refused("desk.refused.source_withholds")
    row.withdrawn_at, row.withdrawn_reason = None, ""
    session.flush()
    stories.refresh(session, row.story_id, now)
    articles.touch(session, [row.id], now)
    trail.add(session, row.page_id, now, "desk", "put_back", detail={"by": actor.name})
    _audit(session, actor.name, "put_back", row, now, {"story": row.story_id})


def settle(session: Session, takedown_id: int, words: str, actor: Actor, now: datetime) -> None:
    """A person has seen to what was put before the desk, and says what was done.

    Raises:
        Forbidden; Refused: no such entry, it is settled, or nothing is said.
    """
    require(actor, Action.JUDGE)
    entry = session.get(TakedownRow, takedown_id)
    if entry is None or entry.settled_at is not None:
        raise Refused("desk.refused.already_settled")
    if not words.strip():
        raise Refused("desk.refused.settle_needs_words")
    if entry.cause == "source_removed" and entry.removed_at is None:
        raise Refused("desk.refused.still_shown")
    entry.settled_at, entry.by, entry.reason = now, actor.name, words.strip()
    audit.record(
        session,
        actor=actor.name,
        action="settle",
        object_kind="takedown",
        object_id=entry.id,
        at=now,
        detail={"story": entry.story_id, "words": words.strip()},
    )


def note_by_hand(
    session: Session, story: StoryRow, cause: Literal["by_hand", "correction"], words: str, actor: Actor, now: datetime
) -> None:
    """A story was withdrawn or corrected at the desk: the log says so. The caller tells the audit log."""
    first = session.get(ArticleRow, story.first_article_id) if story.first_article_id else None
    entry = _row(session, first, story, cause, "story" if cause == "by_hand" else "text", now)
    entry.told_at, entry.removed_at, entry.settled_at = now, now if cause == "by_hand" else None, now
    entry.by, entry.reason = actor.name, words
    session.flush()


def _removed(session: Session, event: SourceEvent, settings: Settings, now: datetime) -> int:
    """Take it off and write down how; 0 when it was gone from our store, or back at its newspaper, before."""
    changes.mark_handled(session, [event.id], WATCHER, now)
    row = session.get(ArticleRow, event.article_id)
    if row is None or row.source_removed_at is None or takedowns.by_event(session, event.id) is not None:
        return 0
    story = _story(session, row)
    first_seen = datetime.fromisoformat(event.detail["first_seen"]) if "first_seen" in event.detail else event.at
    entry = _entry(session, row, story, "source_removed", event.at)
    entry.event_id, entry.told_at = event.id, now
    entry.due_at = first_seen + timedelta(hours=settings.removal_hours)
    entry.evidence = entry.evidence | {**event.detail, "confirmed": event.at.isoformat()}
    if row.withdrawn_at is not None:
        entry.removed_at, entry.settled_at, entry.by = row.withdrawn_at, now, WATCHER
        return 0
    _take_off(session, entry, row, story, str(event.detail.get("reason", "")), WATCHER, now)
    return 1


def _changed(session: Session, event: SourceEvent, now: datetime) -> int:
    """A text that is shown, or about to be, was changed at its newspaper: somebody has to look at our own words."""
    changes.mark_handled(session, [event.id], WATCHER, now)
    row = session.get(ArticleRow, event.article_id)
    story = _story(session, row) if row is not None else None
    if row is None or story is None or story.state not in (*stories.PUBLIC_STATES, "approved", "waiting"):
        return 0
    entry = _entry(session, row, story, "source_changed", event.at)
    entry.event_id, entry.told_at, entry.scope = event.id, now, "text"
    entry.evidence = entry.evidence | event.detail
    session.flush()
    return 1


def _restored(session: Session, event: SourceEvent, now: datetime) -> int:
    """Back at its newspaper: the log says so; whether to show it again is for a person to say."""
    changes.mark_handled(session, [event.id], WATCHER, now)
    earlier = [
        entry
        for entry in takedowns.of_stories(session, [event.story_id]).get(event.story_id, [])
        if entry.article_id == event.article_id and entry.cause == "source_removed"
    ]
    if not earlier:
        return 0
    earlier[-1].evidence = earlier[-1].evidence | {"restored": event.at.isoformat()}
    session.flush()
    return 1


def _take_off(
    session: Session, entry: TakedownRow, row: ArticleRow, story: StoryRow, reason: str, by: str, now: datetime
) -> None:
    row.withdrawn_at, row.withdrawn_reason = now, reason
    session.flush()
    others = [one for one in articles.of_story(session, story.id) if one.id != row.id]
    if any(is_standing(one) for one in others):
        entry.scope = "printing"
    else:
        entry.scope = "story"
        _withdraw(story, reason, by, now)
    # Copies of a text that was taken back are for a person to judge.
    entry.evidence = entry.evidence | {"copies": [one.id for one in others if one.reprint_of == row.id]}
    entry.removed_at = entry.settled_at = now
    entry.by, entry.reason = by, reason
    session.flush()
    stories.refresh(session, story.id, now)
    articles.touch(session, [row.id, *(one.id for one in others)], now)
    trail.add(session, row.page_id, now, "desk", "taken_down", detail={"story": story.id, "by": by, "log": entry.id})
    detail = {"story": story.id, "scope": entry.scope, "cause": entry.cause, "log": entry.id, "reason": reason}
    _audit(session, by, "take_down", row, now, detail)
    if entry.scope == "story":
        audit.record(
            session,
            actor=by,
            action="withdraw",
            object_kind="story",
            object_id=story.id,
            at=now,
            detail={"log": entry.id, "words": reason},
        )


def _withdraw(story: StoryRow, reason: str, by: str, now: datetime) -> None:
    """The story goes off the section; one that was only waiting to get there does not go on by itself."""
    if story.state in stories.PUBLIC_STATES:
        story.state, story.state_at, story.state_by = "withdrawn", now, by
        story.reason = reason
        story.revision += 1
    elif story.scheduled_at is not None:
        story.scheduled_at, story.revision = None, story.revision + 1


def _story(session: Session, row: ArticleRow) -> StoryRow:
    story = stories.locked(session, row.story_id)
    if story is None:
        raise ValueError(f"article {row.id} has no story")
    return story


def _entry(session: Session, row: ArticleRow, story: StoryRow, cause: Cause, detected: datetime) -> TakedownRow:
    return _row(session, row, story, cause, "printing", detected)


def _row(
    session: Session, row: ArticleRow | None, story: StoryRow, cause: Cause, scope: str, detected: datetime
) -> TakedownRow:
    source = session.get(SourceRow, row.source) if row is not None else None
    entry = TakedownRow(
        story_id=story.id,
        article_id=row.id if row is not None else None,
        cause=cause,
        scope=scope,
        outlet=source.title if source is not None else "",
        title=row.title if row is not None else story.headline,
        url=row.url if row is not None else "",
        was_published=story.published_at is not None,
        detected_at=detected,
        evidence=_archived(session, row),
    )
    session.add(entry)
    session.flush()
    return entry


def _archived(session: Session, row: ArticleRow | None) -> dict[str, Any]:
    """Where the page stands in the archive, as it was fetched."""
    page = session.get(PageRow, row.page_id) if row is not None else None
    if page is None or not page.archive_file:
        return {}
    fetched = page.fetched_at.isoformat() if page.fetched_at else ""
    return {"archive": page.archive_file, "offset": page.archive_offset, "fetched": fetched}


def _audit(session: Session, by: str, action: str, row: ArticleRow, now: datetime, detail: dict[str, Any]) -> None:
    audit.record(session, actor=by, action=action, object_kind="article", object_id=row.id, at=now, detail=detail)


def published_since(session: Session, since: datetime, until: datetime) -> Sequence[TakedownRow]:
    """What readers may have seen and was taken down or corrected in the period: for the note in later digests."""
    return [row for row in takedowns.listed(session, since=since, until=until, limit=1000) if row.was_published]
