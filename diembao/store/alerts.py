"""Alerts as they are kept: who wants to know what, what was found, what was called."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from diembao.store import outgoing
from diembao.store.models import (
    AlertArrivalRow,
    AlertDeliveryRow,
    AlertMatchRow,
    AlertMuteRow,
    AlertRow,
    ArticleRow,
    StoryRow,
    UserRow,
)

_IN_CHUNK = 500
# In the detail of a match: a part of a story that was told, kept so that it is not told again.
PART_OF = "part_of"


@dataclass(frozen=True, slots=True)
class Arrival:
    id: int
    article_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Came:
    """An article as it came in. printed: as far as is known, else when it was fetched."""

    id: int
    story_id: int
    source: str
    printed: datetime
    found: datetime


@dataclass(frozen=True, slots=True)
class Mute:
    """A story somebody wants to hear no more of; alert_id 0: from none of their alerts."""

    user_id: int
    alert_id: int
    story_id: int


def on(session: Session) -> list[tuple[AlertRow, UserRow]]:
    """Alerts that are on, with their owners who have an account still."""
    query = select(AlertRow, UserRow).join(UserRow, UserRow.id == AlertRow.user_id)
    query = query.where(AlertRow.active, AlertRow.removed_at.is_(None), UserRow.disabled_at.is_(None))
    return [(alert, user) for alert, user in session.execute(query.order_by(AlertRow.id))]


def versions_on(session: Session) -> list[tuple[Any, ...]]:
    """Changes whenever what `on` gives would differ in anything that matters to who keeps watch."""
    query = select(AlertRow.id, AlertRow.version, UserRow.roles).join(UserRow, UserRow.id == AlertRow.user_id)
    query = query.where(AlertRow.active, AlertRow.removed_at.is_(None), UserRow.disabled_at.is_(None))
    return [(number, version, tuple(roles)) for number, version, roles in session.execute(query.order_by(AlertRow.id))]


def by_id(session: Session, alert_id: int) -> AlertRow | None:
    """None for one that was thrown away, too."""
    row = session.get(AlertRow, alert_id)
    return row if row is not None and row.removed_at is None else None


def any_on(session: Session) -> bool:
    query = select(AlertRow.id).where(AlertRow.active, AlertRow.removed_at.is_(None)).limit(1)
    return session.scalar(query) is not None


def of_user(session: Session, user_id: int) -> Sequence[AlertRow]:
    """Somebody's alerts, newest first, without those thrown away."""
    query = select(AlertRow).where(AlertRow.user_id == user_id, AlertRow.removed_at.is_(None))
    return session.scalars(query.order_by(AlertRow.id.desc())).all()


def note_arrivals(session: Session, arrivals: Iterable[tuple[int, datetime]]) -> None:
    """Articles, and when they were found or changed, for alerts to look at."""
    session.add_all(AlertArrivalRow(article_id=article_id, at=at) for article_id, at in arrivals)


def arrivals(session: Session, limit: int) -> list[Arrival]:
    query = select(AlertArrivalRow.id, AlertArrivalRow.article_id, AlertArrivalRow.at)
    return [Arrival(*row) for row in session.execute(query.order_by(AlertArrivalRow.id).limit(limit))]


def looked_at(session: Session, arrival_ids: Sequence[int]) -> None:
    session.execute(delete(AlertArrivalRow).where(AlertArrivalRow.id.in_(arrival_ids)))


def found_at(session: Session, article_ids: Sequence[int]) -> dict[int, datetime]:
    """When each article came in; those that were taken down are left out."""
    query = select(ArticleRow.id, ArticleRow.created_at).where(
        ArticleRow.id.in_(article_ids), ArticleRow.withdrawn_at.is_(None), ArticleRow.source_removed_at.is_(None)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def coming_in(session: Session, article_ids: Sequence[int]) -> list[Came]:
    """When these articles came in, in no order; those that were taken down are left out."""
    query = select(
        ArticleRow.id, ArticleRow.story_id, ArticleRow.source, ArticleRow.effective_at, ArticleRow.created_at
    ).where(ArticleRow.withdrawn_at.is_(None), ArticleRow.source_removed_at.is_(None))
    found: list[Came] = []
    for start in range(0, len(article_ids), _IN_CHUNK):
        chosen = query.where(ArticleRow.id.in_(article_ids[start : start + _IN_CHUNK]))
        found.extend(Came(*row) for row in session.execute(chosen))
    return found


def told_before(
    session: Session, stories: Collection[int], articles: Collection[int]
) -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
    """Pairs of alert and story, and of alert and article, of which there is a match already."""
    query = select(AlertMatchRow.alert_id, AlertMatchRow.story_id, AlertMatchRow.article_id)
    of_stories: set[tuple[int, int]] = set()
    of_articles: set[tuple[int, int]] = set()
    for column, values in ((AlertMatchRow.story_id, list(stories)), (AlertMatchRow.article_id, list(articles))):
        for start in range(0, len(values), _IN_CHUNK):
            for alert, story, article in session.execute(query.where(column.in_(values[start : start + _IN_CHUNK]))):
                if story is not None and article is not None:
                    of_stories.add((alert, story))
                    of_articles.add((alert, article))
    return of_stories, of_articles


def newest_told(session: Session, alert_ids: Collection[int]) -> dict[int, datetime]:
    """When the newest article was printed that each alert found since it watches what it watches now."""
    query = select(AlertMatchRow.alert_id, func.max(AlertMatchRow.printed_at)).join(AlertRow)
    query = query.where(AlertMatchRow.alert_id.in_(alert_ids), AlertMatchRow.found_at >= AlertRow.watching_since)
    return {row[0]: row[1] for row in session.execute(query.group_by(AlertMatchRow.alert_id))}


def outlets_told(session: Session, alert_ids: Collection[int]) -> set[tuple[int, str]]:
    """Pairs of alert and source of what each alert found since it watches what it watches now."""
    query = select(AlertMatchRow.alert_id, ArticleRow.source).join(AlertRow)
    query = query.join(ArticleRow, ArticleRow.id == AlertMatchRow.article_id)
    query = query.where(AlertMatchRow.alert_id.in_(alert_ids), AlertMatchRow.found_at >= AlertRow.watching_since)
    return {(row[0], row[1]) for row in session.execute(query.distinct())}


def split_off(session: Session, story_id: int, part: int) -> None:
    """A story was taken out of another: whoever was told of that one is not told of this one as if it were news."""
    merged = select(StoryRow.id).where(StoryRow.merged_into == story_id)
    query = select(AlertMatchRow).where(or_(AlertMatchRow.story_id == story_id, AlertMatchRow.story_id.in_(merged)))
    known = {row.alert_id: row for row in session.scalars(query)}
    keep_matches(
        session,
        [
            {
                "alert_id": row.alert_id,
                "key": f"story:{part}",
                "story_id": part,
                "article_id": row.article_id,
                "printed_at": row.printed_at,
                "found_at": row.found_at,
                "due_at": row.due_at,
                "told_at": row.told_at or row.due_at,
                "level": 0,
                "detail": {PART_OF: story_id},
            }
            for row in known.values()
        ],
    )


def merged_into(session: Session, stories: Sequence[int]) -> dict[int, int]:
    """Stories that became part of one of these, and of which."""
    found: dict[int, int] = {}
    for start in range(0, len(stories), _IN_CHUNK):
        chunk = stories[start : start + _IN_CHUNK]
        query = select(StoryRow.id, StoryRow.merged_into).where(StoryRow.merged_into.in_(chunk))
        found.update((gone, kept) for gone, kept in session.execute(query) if kept is not None)
    return found


def keep_matches(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep what alerts found; what they had found before stays as it was."""
    if not rows:
        return
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(AlertMatchRow.__table__).on_conflict_do_nothing(index_elements=["alert_id", "key"])
    session.connection().execute(statement, [dict(row) for row in rows])


def keys_like(session: Session, alert_id: int, beginning: str) -> set[str]:
    """The keys of an alert's matches that begin so."""
    query = select(AlertMatchRow.key).where(AlertMatchRow.alert_id == alert_id)
    return set(session.scalars(query.where(AlertMatchRow.key.startswith(beginning, autoescape=True))))


def alerts_due(session: Session, now: datetime) -> list[int]:
    """Alerts that have something to tell by now."""
    query = select(AlertMatchRow.alert_id).where(AlertMatchRow.told_at.is_(None), AlertMatchRow.due_at <= now)
    return list(session.scalars(query.distinct().order_by(AlertMatchRow.alert_id)))


def due(session: Session, alert_id: int, now: datetime, limit: int) -> Sequence[AlertMatchRow]:
    """What an alert is to tell by now, as it was found."""
    query = select(AlertMatchRow).where(
        AlertMatchRow.alert_id == alert_id, AlertMatchRow.told_at.is_(None), AlertMatchRow.due_at <= now
    )
    return session.scalars(query.order_by(AlertMatchRow.id).limit(limit)).all()


def locked(session: Session, alert_id: int) -> AlertRow | None:
    """The alert, held until the transaction ends; on SQLite a writer is alone anyway."""
    return session.get(AlertRow, alert_id, with_for_update=True, populate_existing=True)


def let_go(session: Session, alert_id: int, now: datetime) -> None:
    """What was found and not told yet will not be: it counts as told."""
    waiting = (AlertMatchRow.alert_id == alert_id, AlertMatchRow.told_at.is_(None))
    session.execute(update(AlertMatchRow).where(*waiting).values(told_at=now))


def matches_by_ids(session: Session, match_ids: Sequence[int]) -> Sequence[AlertMatchRow]:
    query = select(AlertMatchRow).where(AlertMatchRow.id.in_(match_ids))
    return session.scalars(query.order_by(AlertMatchRow.printed_at, AlertMatchRow.id)).all()


def newest_matches(session: Session, alert_id: int, limit: int) -> Sequence[AlertMatchRow]:
    """Newest first; without the parts of stories that were told as a whole."""
    query = select(AlertMatchRow).where(AlertMatchRow.alert_id == alert_id)
    found = session.scalars(query.order_by(AlertMatchRow.id.desc()).limit(limit)).all()
    return [row for row in found if PART_OF not in row.detail]


def last_found(session: Session, alert_ids: Sequence[int]) -> dict[int, datetime]:
    """When each alert last found something."""
    query = select(AlertMatchRow.alert_id, func.max(AlertMatchRow.found_at))
    query = query.where(AlertMatchRow.alert_id.in_(alert_ids)).group_by(AlertMatchRow.alert_id)
    return {row[0]: row[1] for row in session.execute(query)}


def mutes(session: Session, user_ids: Collection[int] | None = None) -> list[Mute]:
    """Of these people, or of all."""
    query = select(AlertMuteRow.user_id, AlertMuteRow.alert_id, AlertMuteRow.story_id)
    if user_ids is not None:
        query = query.where(AlertMuteRow.user_id.in_(user_ids))
    return [Mute(*row) for row in session.execute(query.order_by(AlertMuteRow.id))]


def mute_rows(session: Session, user_id: int) -> Sequence[AlertMuteRow]:
    """Newest first."""
    query = select(AlertMuteRow).where(AlertMuteRow.user_id == user_id)
    return session.scalars(query.order_by(AlertMuteRow.id.desc())).all()


def mute_of(session: Session, user_id: int, alert_id: int, story_id: int) -> AlertMuteRow | None:
    query = select(AlertMuteRow).where(
        AlertMuteRow.user_id == user_id, AlertMuteRow.alert_id == alert_id, AlertMuteRow.story_id == story_id
    )
    return session.scalar(query)


def queue_call(session: Session, alert: AlertRow, content: Mapping[str, Any], now: datetime) -> AlertDeliveryRow:
    """A call of the alert's webhook, under a number of its own that stays the same however often it is tried."""
    row = AlertDeliveryRow(
        alert_id=alert.id,
        message_id=f"alert_{uuid.uuid4().hex}",
        url=alert.webhook_url,
        content=dict(content),
        next_try_at=now,
        queued_at=now,
    )
    session.add(row)
    session.flush()
    return row


def deliveries(session: Session, alert_id: int, limit: int) -> Sequence[AlertDeliveryRow]:
    """Newest first."""
    query = select(AlertDeliveryRow).where(AlertDeliveryRow.alert_id == alert_id)
    return session.scalars(query.order_by(AlertDeliveryRow.id.desc()).limit(limit)).all()


def newest_deliveries(session: Session, alert_ids: Sequence[int]) -> dict[int, AlertDeliveryRow]:
    """The last call of each alert."""
    newest = select(func.max(AlertDeliveryRow.id)).where(AlertDeliveryRow.alert_id.in_(alert_ids))
    query = select(AlertDeliveryRow).where(AlertDeliveryRow.id.in_(newest.group_by(AlertDeliveryRow.alert_id)))
    return {row.alert_id: row for row in session.scalars(query)}


def waiting_calls(session: Session, alert_id: int) -> int:
    query = select(func.count()).select_from(AlertDeliveryRow).where(AlertDeliveryRow.alert_id == alert_id)
    return session.scalar(query.where(AlertDeliveryRow.state.in_(outgoing.OPEN))) or 0


def calls_due(session: Session, now: datetime, limit: int) -> Sequence[AlertDeliveryRow]:
    """Calls whose time has come, first those that were tried least, so that a receiver that never answers holds up
    nobody else's first call; taken until the transaction ends."""
    query = select(AlertDeliveryRow).where(AlertDeliveryRow.state == "queued", AlertDeliveryRow.next_try_at <= now)
    query = query.order_by(AlertDeliveryRow.attempts, AlertDeliveryRow.next_try_at, AlertDeliveryRow.id)
    return session.scalars(query.limit(limit).with_for_update(skip_locked=True)).all()


def cancel_calls(session: Session, alert_id: int) -> None:
    """What still waits is not called any more."""
    outgoing.cancel(session, AlertDeliveryRow, AlertDeliveryRow.alert_id == alert_id)
