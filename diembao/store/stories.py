"""Stories: articles that report the same event, and the state people gave them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.orm import Session

from diembao.store import alerts, audit
from diembao.store.models import ArticleRow, SourceRow, StoryPlaceRow, StoryRow
from diembao.store.ranking import Judged, rank, standing_of, topic_of

_IN_CHUNK = 500
# Published, and published with a correction.
PUBLIC_STATES = ("published", "corrected")
# Whom the audit log names where no person decided.
_NOBODY = "machine"


def create(session: Session, *, at: datetime, relevance: str, now: datetime) -> StoryRow:
    row = StoryRow(first_at=at, last_at=at, relevance=relevance, updated_at=now)
    session.add(row)
    session.flush()
    return row


def refresh(session: Session, story_id: int, now: datetime) -> StoryRow | None:
    """Recount a story from its articles; None when it has none left.

    Printings that were taken down count no more, as long as others stand. A story without articles is gone, unless
    people have worked on it: then it keeps its place and its address, and comes off the section if it was there. Its
    `revision` counts what people decided and stays as it is.
    """
    story = session.get_one(StoryRow, story_id)
    rows = session.execute(
        select(
            ArticleRow.id,
            ArticleRow.effective_at,
            ArticleRow.source,
            ArticleRow.relevance,
            ArticleRow.relevance_score,
            ArticleRow.topic,
            ArticleRow.stance,
            ArticleRow.needs_response,
            ArticleRow.reprint_of,
            ArticleRow.annotations["places"].label("places"),
            func.coalesce(ArticleRow.withdrawn_at, ArticleRow.source_removed_at).label("down_at"),
        )
        .where(ArticleRow.story_id == story_id)
        .order_by(ArticleRow.effective_at, ArticleRow.id)
    ).all()
    if not rows:
        _leave_without_articles(session, story, now)
        return None
    rows = [row for row in rows if row.down_at is None] or rows
    # The original, where a copy of it bears an earlier time.
    story.first_article_id = next((row.id for row in rows if row.reprint_of is None), rows[0].id)
    story.first_at, story.last_at = rows[0].effective_at, rows[-1].effective_at
    story.articles, story.outlets = len(rows), len({row.source for row in rows})
    _place_in_queue(story, rows)
    _note_places(session, story_id, rows)
    story.updated_at = now
    return story


def _leave_without_articles(session: Session, story: StoryRow, now: datetime) -> None:
    session.execute(delete(StoryPlaceRow).where(StoryPlaceRow.story_id == story.id))
    if story.state == "new":
        session.execute(delete(StoryRow).where(StoryRow.id == story.id))
        session.expunge(story)
        return
    story.first_article_id, story.articles, story.outlets, story.updated_at = None, 0, 0, now
    story.relevance, story.scheduled_at = "irrelevant", None
    if story.state in PUBLIC_STATES:
        story.state, story.state_at, story.state_by, story.revision = "withdrawn", now, _NOBODY, story.revision + 1
        detail = {"reason": "no article of it is about the province any more"}
        audit.record(
            session,
            actor=_NOBODY,
            action="withdraw",
            object_kind="story",
            object_id=story.id,
            at=now,
            detail=detail,
        )


def _place_in_queue(story: StoryRow, rows: Sequence[Row[Any]]) -> None:
    judged = [
        Judged(
            row.source,
            row.effective_at,
            row.relevance,
            row.relevance_score,
            row.topic,
            row.stance,
            row.needs_response,
            row.reprint_of is not None,
        )
        for row in rows
    ]
    standing = standing_of(judged)
    story.relevance, story.certainty = standing.relevance, standing.certainty
    story.topic, story.stance = topic_of(judged), standing.stance
    story.needs_response, story.surge = standing.needs_response, standing.surge
    story.rank = rank(standing)


def _note_places(session: Session, story_id: int, rows: Sequence[Row[Any]]) -> None:
    """Keep which communes and wards of today the printings name."""
    named = {place["code"] for row in rows for place in row.places or () if place["kind"] == "unit" and place["code"]}
    known = set(session.scalars(select(StoryPlaceRow.code).where(StoryPlaceRow.story_id == story_id)))
    if gone := known - named:
        session.execute(delete(StoryPlaceRow).where(StoryPlaceRow.story_id == story_id, StoryPlaceRow.code.in_(gone)))
    session.add_all(StoryPlaceRow(story_id=story_id, code=code) for code in sorted(named - known))
    session.flush()


def merge(session: Session, keep: int, gone: int, now: datetime) -> list[int]:
    """Move the articles of `gone` to `keep`; its address leads there. Returns the moved article ids."""
    moved = list(session.scalars(select(ArticleRow.id).where(ArticleRow.story_id == gone)))
    session.execute(update(ArticleRow).where(ArticleRow.story_id == gone).values(story_id=keep))
    session.execute(delete(StoryPlaceRow).where(StoryPlaceRow.story_id == gone))
    row = session.get_one(StoryRow, gone)
    row.merged_into, row.state, row.articles, row.outlets, row.updated_at = keep, "merged", 0, 0, now
    session.execute(update(StoryRow).where(StoryRow.merged_into == gone).values(merged_into=keep))
    return moved


def pinned(session: Session, story_ids: Sequence[int]) -> set[int]:
    """Those stories into which a person has put articles; no machine makes two of them one."""
    query = select(ArticleRow.story_id).where(ArticleRow.story_id.in_(story_ids), ArticleRow.story_pinned).distinct()
    return set(session.scalars(query))


def merge_by_hand(session: Session, keep: int, gone: int, now: datetime) -> list[int]:
    """A person says that two stories are one: it stays so. Returns the moved article ids, to be indexed anew."""
    moved = merge(session, keep, gone, now)
    _pin(session, keep)
    refresh(session, keep, now)
    return moved


def split_by_hand(session: Session, story_id: int, article_ids: Sequence[int], now: datetime) -> StoryRow:
    """A person says that these articles of a story are another one: it stays so. Returns the new story.

    Raises:
        ValueError: an article is not of this story, or nothing would be left of it.
    """
    members = {row.id: row for row in session.scalars(select(ArticleRow).where(ArticleRow.story_id == story_id))}
    if not article_ids or not set(article_ids) < set(members):
        raise ValueError("a story is split by taking some of its articles, not all, out of it")
    moving = [members[number] for number in sorted(set(article_ids))]
    story = create(session, at=moving[0].effective_at, relevance=moving[0].relevance, now=now)
    for row in moving:
        row.story_id = story.id
    session.flush()
    for changed in (story_id, story.id):
        _pin(session, changed)
        refresh(session, changed, now)
    alerts.split_off(session, story_id, story.id)
    return story


def articles_of(session: Session, story_id: int) -> set[int]:
    return set(session.scalars(select(ArticleRow.id).where(ArticleRow.story_id == story_id)))


def pins(session: Session, story_ids: Sequence[int]) -> list[int]:
    """The articles of these stories that a person has put there."""
    query = select(ArticleRow.id).where(ArticleRow.story_id.in_(story_ids), ArticleRow.story_pinned)
    return list(session.scalars(query.order_by(ArticleRow.id)))


def pin_only(session: Session, story_ids: Sequence[int], article_ids: Sequence[int]) -> None:
    """Of the articles of these stories, these and no others are where a person has put them."""
    of_stories = update(ArticleRow).where(ArticleRow.story_id.in_(story_ids))
    session.execute(of_stories.values(story_pinned=ArticleRow.id.in_(article_ids)))


def move(session: Session, article_ids: Sequence[int], story_id: int) -> None:
    session.execute(update(ArticleRow).where(ArticleRow.id.in_(article_ids)).values(story_id=story_id))


def leading_to(session: Session, story_id: int) -> list[int]:
    """Stories whose addresses lead to this one."""
    return list(session.scalars(select(StoryRow.id).where(StoryRow.merged_into == story_id).order_by(StoryRow.id)))


def lead_to(session: Session, story_ids: Sequence[int], story_id: int) -> None:
    """The addresses of these merged stories lead to that one."""
    moved = update(StoryRow).where(StoryRow.id.in_(story_ids), StoryRow.merged_into.is_not(None))
    session.execute(moved.values(merged_into=story_id))


def _pin(session: Session, story_id: int) -> None:
    session.execute(update(ArticleRow).where(ArticleRow.story_id == story_id).values(story_pinned=True))


def get(session: Session, story_id: int) -> StoryRow | None:
    """The story, or the one it was merged into."""
    row = session.get(StoryRow, story_id)
    return session.get(StoryRow, row.merged_into) if row is not None and row.merged_into else row


def locked(session: Session, story_id: int) -> StoryRow | None:
    """The story under this very number, held until the transaction ends; on SQLite a writer is alone anyway."""
    return session.get(StoryRow, story_id, with_for_update=True, populate_existing=True)


def by_ids(session: Session, ids: Sequence[int]) -> dict[int, StoryRow]:
    return {row.id: row for row in session.scalars(select(StoryRow).where(StoryRow.id.in_(ids)))}


def outlets_of(session: Session, ids: Sequence[int]) -> dict[int, int]:
    """How many outlets carry each of these stories; those that are gone are left out."""
    found: dict[int, int] = {}
    for start in range(0, len(ids), _IN_CHUNK):
        query = select(StoryRow.id, StoryRow.outlets).where(StoryRow.id.in_(ids[start : start + _IN_CHUNK]))
        found.update((row.id, row.outlets) for row in session.execute(query))
    return found


def printings(session: Session, story_ids: Sequence[int]) -> Iterator[Row[*tuple[Any, ...]]]:
    """What is shown of the articles of these stories, first printed first; their texts are not read."""
    for start in range(0, len(story_ids), _IN_CHUNK):
        query = (
            select(
                ArticleRow.id,
                ArticleRow.story_id,
                ArticleRow.source,
                SourceRow.title.label("outlet"),
                ArticleRow.title,
                ArticleRow.lead,
                ArticleRow.effective_at,
                ArticleRow.reprint_of,
                ArticleRow.reprint_certainty,
                ArticleRow.credit_source,
                ArticleRow.relevance,
                ArticleRow.topic,
                ArticleRow.stance,
                ArticleRow.needs_response,
                ArticleRow.annotations["places"].label("places"),
                ArticleRow.annotations["entities"].label("entities"),
            )
            .join(SourceRow, SourceRow.name == ArticleRow.source)
            .where(ArticleRow.story_id.in_(story_ids[start : start + _IN_CHUNK]))
            .order_by(ArticleRow.effective_at, ArticleRow.id)
        )
        yield from session.execute(query)


def first_printings(session: Session, since: datetime, until: datetime) -> dict[int, dict[str, datetime]]:
    """When each source first printed each story that began in a span of time."""
    query = (
        select(ArticleRow.story_id, ArticleRow.source, func.min(ArticleRow.effective_at).label("at"))
        .join(StoryRow, StoryRow.id == ArticleRow.story_id)
        .where(StoryRow.first_at >= since, StoryRow.first_at < until)
        .group_by(ArticleRow.story_id, ArticleRow.source)
    )
    found: dict[int, dict[str, datetime]] = {}
    for row in session.execute(query):
        found.setdefault(row.story_id, {})[row.source] = row.at
    return found


def published(
    session: Session, *, since: datetime | None = None, until: datetime | None = None, limit: int = 50, offset: int = 0
) -> Sequence[StoryRow]:
    """Published stories by the time of their first printing, newest first."""
    query = select(StoryRow).where(StoryRow.state == "published")
    if since is not None:
        query = query.where(StoryRow.first_at >= since)
    if until is not None:
        query = query.where(StoryRow.first_at < until)
    return session.scalars(
        query.order_by(StoryRow.first_at.desc(), StoryRow.id.desc()).limit(limit).offset(offset)
    ).all()


def count_by_state(session: Session) -> dict[str, int]:
    query = select(StoryRow.state, func.count()).group_by(StoryRow.state)
    return {row[0]: row[1] for row in session.execute(query)}


def unpublished(session: Session, *, limit: int) -> Sequence[StoryRow]:
    """New stories about the province, oldest first: what the policy and the desk look at."""
    query = (
        select(StoryRow)
        .where(StoryRow.state == "new", StoryRow.relevance == "relevant")
        .order_by(StoryRow.first_at, StoryRow.id)
        .limit(limit)
    )
    return session.scalars(query).all()


def scheduled(session: Session, now: datetime, *, limit: int) -> Sequence[StoryRow]:
    """Approved stories whose time to be published has come, the longest overdue first."""
    query = (
        select(StoryRow)
        .where(StoryRow.state == "approved", StoryRow.scheduled_at <= now)
        .order_by(StoryRow.scheduled_at, StoryRow.id)
        .limit(limit)
    )
    return session.scalars(query).all()
