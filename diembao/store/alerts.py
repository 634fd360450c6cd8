"""Alerts as they are kept: who wants to know what, what was found, what was called."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from diembao.store.mailing import OPEN
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


@dataclass(frozen=True, slots=True)
class Arrival:
    id: int
    article_id: int
    at: datetime


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


def any_on(session: Session) -> bool:
    query = select(AlertRow.id).where(AlertRow.active, AlertRow.removed_at.is_(None)).limit(1)
    return session.scalar(query) is not None


def of_user(session: Session, user_id: int) -> Sequence[AlertRow]:
    """Somebody's alerts, newest first, without those thrown away."""
    query = select(AlertRow).where(AlertRow.user_id == user_id, AlertRow.removed_at.is_(None))
    return session.scalars(query.order_by(AlertRow.id.desc())).all()


def mailing_to(session: Session, email: str) -> list[AlertRow]:
    """The alerts that mail to an address."""
    rows = session.scalars(select(AlertRow).where(AlertRow.removed_at.is_(None))).all()
    return [row for row in rows if email in row.mail_to]


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


def due(session: Session, now: datetime, limit: int) -> Sequence[AlertMatchRow]:
    """What is to be told by now, alert by alert."""
    query = select(AlertMatchRow).where(AlertMatchRow.told_at.is_(None), AlertMatchRow.due_at <= now)
    return session.scalars(query.order_by(AlertMatchRow.alert_id, AlertMatchRow.id).limit(limit)).all()


def mark_told(session: Session, match_ids: Sequence[int], now: datetime) -> int:
    """How many of them nobody had marked before."""
    changed = update(AlertMatchRow).where(AlertMatchRow.id.in_(match_ids), AlertMatchRow.told_at.is_(None))
    return int(session.execute(changed.values(told_at=now)).rowcount)  # type: ignore[attr-defined]


def matches_by_ids(session: Session, match_ids: Sequence[int]) -> Sequence[AlertMatchRow]:
    query = select(AlertMatchRow).where(AlertMatchRow.id.in_(match_ids))
    return session.scalars(query.order_by(AlertMatchRow.printed_at, AlertMatchRow.id)).all()


def newest_matches(session: Session, alert_id: int, limit: int) -> Sequence[AlertMatchRow]:
    query = select(AlertMatchRow).where(AlertMatchRow.alert_id == alert_id)
    return session.scalars(query.order_by(AlertMatchRow.id.desc()).limit(limit)).all()


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


def deliveries(session: Session, alert_id: int, limit: int) -> Sequence[AlertDeliveryRow]:
    """Newest first."""
    query = select(AlertDeliveryRow).where(AlertDeliveryRow.alert_id == alert_id)
    return session.scalars(query.order_by(AlertDeliveryRow.id.desc()).limit(limit)).all()


def newest_deliveries(session: Session, alert_ids: Sequence[int]) -> dict[int, AlertDeliveryRow]:
    """The last call of each alert."""
    newest = select(func.max(AlertDeliveryRow.id)).where(AlertDeliveryRow.alert_id.in_(alert_ids))
    query = select(AlertDeliveryRow).where(AlertDeliveryRow.id.in_(newest.group_by(AlertDeliveryRow.alert_id)))
    return {row.alert_id: row for row in session.scalars(query)}


def next_call(session: Session, now: datetime) -> AlertDeliveryRow | None:
    """The call that has waited longest of those whose time has come."""
    query = select(AlertDeliveryRow).where(AlertDeliveryRow.state == "queued", AlertDeliveryRow.next_try_at <= now)
    return session.scalar(query.order_by(AlertDeliveryRow.next_try_at, AlertDeliveryRow.id).limit(1))


def take_call(session: Session, delivery_id: int, claim: str) -> bool:
    """Take a waiting call; False when another process has it."""
    return _change(
        session,
        (AlertDeliveryRow.id == delivery_id, AlertDeliveryRow.state == "queued"),
        state="sending",
        claim=claim,
        attempts=AlertDeliveryRow.attempts + 1,
    )


def hand_over_call(session: Session, delivery_id: int, claim: str) -> bool:
    """Before the first byte of the request; False when the call is no longer ours, and nothing may be sent."""
    ours = and_(AlertDeliveryRow.id == delivery_id, AlertDeliveryRow.claim == claim)
    return _change(session, (ours, AlertDeliveryRow.state == "sending"), state="handing")


def settle_call(
    session: Session, delivery_id: int, claim: str, state: str, answer: str, *, at: datetime, next_try_at: datetime
) -> bool:
    """What became of a call that we had taken."""
    return _change(
        session,
        (AlertDeliveryRow.id == delivery_id, AlertDeliveryRow.claim == claim, AlertDeliveryRow.state.in_(OPEN)),
        state=state,
        answer=answer,
        claim="",
        sent_at=at if state == "sent" else None,
        next_try_at=next_try_at,
    )


def recover_calls(session: Session) -> int:
    """What a process left behind that is gone: calls that had not begun wait again; of those that had, nobody knows,
    and they are not repeated. Only for who holds the lock. Returns how many of the latter."""
    _change(session, (AlertDeliveryRow.state == "sending",), state="queued", claim="")
    unknown = update(AlertDeliveryRow).where(AlertDeliveryRow.state == "handing")
    return int(session.execute(unknown.values(state="uncertain", claim="")).rowcount)  # type: ignore[attr-defined]


def cancel_calls(session: Session, alert_id: int) -> None:
    """What still waits is not called any more."""
    _change(session, (AlertDeliveryRow.alert_id == alert_id, AlertDeliveryRow.state == "queued"), state="cancelled")


def forget_old(session: Session, before: datetime) -> int:
    """Drop calls that ended long ago; returns how many. Matches stay: they are why nothing is told twice."""
    old = delete(AlertDeliveryRow).where(AlertDeliveryRow.queued_at < before, AlertDeliveryRow.state.not_in(OPEN))
    return int(session.execute(old).rowcount)  # type: ignore[attr-defined]


def is_muted(session: Session, user_id: int, alert_id: int, story_id: int) -> bool:
    query = select(AlertMuteRow.id).where(
        AlertMuteRow.user_id == user_id,
        or_(AlertMuteRow.alert_id == alert_id, AlertMuteRow.alert_id == 0),
        AlertMuteRow.story_id == story_id,
    )
    return session.scalar(query.limit(1)) is not None


def _change(session: Session, conditions: Sequence[ColumnElement[bool]], **values: object) -> bool:
    statement = update(AlertDeliveryRow).where(*conditions).values(**values)
    changed = session.execute(statement.execution_options(synchronize_session=False))
    return bool(changed.rowcount)  # type: ignore[attr-defined]
