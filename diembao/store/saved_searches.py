"""Views of the analysts' pages that people named, and what each person has of them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from diembao.store.models import ArticleRow, OutboxRow, SavedSearchFollowRow, SavedSearchRow, UserRow

_IN_CHUNK = 500


def by_id(session: Session, search_id: int) -> SavedSearchRow | None:
    return session.get(SavedSearchRow, search_id)


def visible(session: Session, user_id: int) -> Sequence[SavedSearchRow]:
    """The person's own, in their order; then what others share, by name."""
    query = select(SavedSearchRow).where(or_(SavedSearchRow.user_id == user_id, SavedSearchRow.shared))
    rows = session.scalars(query.order_by(SavedSearchRow.position, SavedSearchRow.id)).all()
    own = [row for row in rows if row.user_id == user_id]
    others = sorted((row for row in rows if row.user_id != user_id), key=lambda row: (row.name.casefold(), row.id))
    return [*own, *others]


def own(session: Session, user_id: int) -> Sequence[SavedSearchRow]:
    """In the order their owner gave them."""
    query = select(SavedSearchRow).where(SavedSearchRow.user_id == user_id)
    return session.scalars(query.order_by(SavedSearchRow.position, SavedSearchRow.id)).all()


def named(session: Session, user_id: int, name: str) -> SavedSearchRow | None:
    query = select(SavedSearchRow).where(SavedSearchRow.user_id == user_id, SavedSearchRow.name == name)
    return session.scalar(query.limit(1))


def follow_of(session: Session, search_id: int, user_id: int) -> SavedSearchFollowRow | None:
    query = select(SavedSearchFollowRow).where(
        SavedSearchFollowRow.search_id == search_id, SavedSearchFollowRow.user_id == user_id
    )
    return session.scalar(query)


def follow_made(session: Session, search_id: int, user_id: int) -> SavedSearchFollowRow:
    """What this person has of the search, made when there was nothing yet."""
    row = follow_of(session, search_id, user_id)
    if row is None:
        row = SavedSearchFollowRow(search_id=search_id, user_id=user_id)
        session.add(row)
        session.flush()
    return row


def follows(session: Session, user_id: int) -> dict[int, SavedSearchFollowRow]:
    """By search."""
    rows = session.scalars(select(SavedSearchFollowRow).where(SavedSearchFollowRow.user_id == user_id))
    return {row.search_id: row for row in rows}


def followers(session: Session, search_id: int) -> Sequence[SavedSearchFollowRow]:
    query = select(SavedSearchFollowRow).where(SavedSearchFollowRow.search_id == search_id)
    return session.scalars(query.order_by(SavedSearchFollowRow.id)).all()


def of_feed(session: Session, digest: str) -> tuple[SavedSearchFollowRow, SavedSearchRow, UserRow] | None:
    """Whose feed it is; None when the key is not one, the person was disabled, or the search is not theirs to see."""
    query = (
        select(SavedSearchFollowRow, SavedSearchRow, UserRow)
        .join(SavedSearchRow, SavedSearchRow.id == SavedSearchFollowRow.search_id)
        .join(UserRow, UserRow.id == SavedSearchFollowRow.user_id)
        .where(
            SavedSearchFollowRow.feed_digest == digest,
            UserRow.disabled_at.is_(None),
            or_(SavedSearchRow.shared, SavedSearchRow.user_id == SavedSearchFollowRow.user_id),
        )
    )
    found = session.execute(query).first()
    return (found[0], found[1], found[2]) if found else None


def with_mail(session: Session) -> list[tuple[SavedSearchFollowRow, SavedSearchRow, UserRow]]:
    """Everybody who wants summaries and may have them, with a mailbox."""
    query = (
        select(SavedSearchFollowRow, SavedSearchRow, UserRow)
        .join(SavedSearchRow, SavedSearchRow.id == SavedSearchFollowRow.search_id)
        .join(UserRow, UserRow.id == SavedSearchFollowRow.user_id)
        .where(
            SavedSearchFollowRow.mail_every != "",
            UserRow.disabled_at.is_(None),
            UserRow.email != "",
            or_(SavedSearchRow.shared, SavedSearchRow.user_id == SavedSearchFollowRow.user_id),
        )
        .order_by(SavedSearchFollowRow.id)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def newest_article(session: Session) -> int:
    """The highest id of an article; 0 where there is none."""
    return session.scalar(select(func.max(ArticleRow.id))) or 0


def newest_indexed(session: Session, since: int) -> int:
    """Up to where the index has taken over what came after `since`: beyond it nothing can be said yet."""
    waiting = select(func.min(OutboxRow.article_id)).where(OutboxRow.article_id > since, OutboxRow.error == "")
    first = session.scalar(waiting)
    return newest_article(session) if first is None else first - 1


def arrived(session: Session, after: int, until: int, limit: int) -> Sequence[int]:
    """Ids of articles beyond `after` up to `until`, the newest first."""
    query = select(ArticleRow.id).where(ArticleRow.id > after, ArticleRow.id <= until)
    return session.scalars(query.order_by(ArticleRow.id.desc()).limit(limit)).all()


def articles_until(session: Session, story_ids: Sequence[int], until: int) -> dict[int, int]:
    """Articles of these stories up to an id, each with its story."""
    found: dict[int, int] = {}
    for start in range(0, len(story_ids), _IN_CHUNK):
        query = select(ArticleRow.id, ArticleRow.story_id).where(
            ArticleRow.story_id.in_(story_ids[start : start + _IN_CHUNK]), ArticleRow.id <= until
        )
        found.update((row[0], row[1]) for row in session.execute(query))
    return found


def revoke_feeds(session: Session, user_id: int) -> None:
    """The keys of this person's feeds are worth nothing any more, and no summary goes out."""
    session.execute(
        update(SavedSearchFollowRow)
        .where(SavedSearchFollowRow.user_id == user_id)
        .values(feed_digest=None, feed_made_at=None, mail_every="")
    )
