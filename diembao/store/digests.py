"""Digests: what is in them, their numbers, and what of them has gone since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from diembao.store.models import ArticleRow, DigestItemRow, DigestNumberRow, DigestRow, StoryRow

# A digest that was approved says what it says for ever.
FROZEN = ("approved", "issued")
_TOLD_STATES = ("approved", "published", "corrected")
_GONE_STATES = ("withdrawn", "rejected")
_IN_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Gone:
    """What may not be shown any more, of what was asked about."""

    stories: frozenset[int]
    articles: frozenset[int]


def get(session: Session, digest_id: int) -> DigestRow | None:
    return session.get(DigestRow, digest_id)


def listed(session: Session, *, limit: int, offset: int = 0, states: Sequence[str] = ()) -> Sequence[DigestRow]:
    """Newest first; what they say is not read."""
    query = select(DigestRow).order_by(DigestRow.day.desc(), DigestRow.id.desc()).limit(limit).offset(offset)
    return session.scalars(query.where(DigestRow.state.in_(states)) if states else query).all()


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(DigestRow)) or 0


def of_day(session: Session, day: date, *, kind: str, audience: str) -> Sequence[DigestRow]:
    """Digests of one kind that can still be worked on, the newest first."""
    query = select(DigestRow).where(
        DigestRow.day == day,
        DigestRow.kind == kind,
        DigestRow.audience == audience,
        DigestRow.state.in_(("draft", "waiting")),
    )
    return session.scalars(query.order_by(DigestRow.id.desc())).all()


def claim_revision(session: Session, digest_id: int, revision: int, now: datetime) -> bool:
    """Take the next revision of a digest; False when somebody else has taken it meanwhile."""
    changed = session.execute(
        update(DigestRow)
        .where(DigestRow.id == digest_id, DigestRow.revision == revision)
        .values(revision=revision + 1, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]


def next_number(session: Session, kind: str, year: int) -> int:
    """The next number of a kind in a year: without gaps, and never twice, because the row is held until the end."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = (
        insert(DigestNumberRow)
        .values(kind=kind, year=year, last=1)
        .on_conflict_do_update(index_elements=["kind", "year"], set_={"last": DigestNumberRow.last + 1})
        .returning(DigestNumberRow.last)
    )
    return session.execute(statement).scalar_one()


def items(session: Session, digest_id: int) -> Sequence[DigestItemRow]:
    """In their order."""
    query = select(DigestItemRow).where(DigestItemRow.digest_id == digest_id)
    return session.scalars(query.order_by(DigestItemRow.position, DigestItemRow.id)).all()


def item_counts(session: Session, digest_ids: Sequence[int]) -> dict[int, int]:
    query = select(DigestItemRow.digest_id, func.count()).where(DigestItemRow.digest_id.in_(digest_ids))
    return {row[0]: row[1] for row in session.execute(query.group_by(DigestItemRow.digest_id))}


def candidates(session: Session, states: Sequence[str], since: datetime, until: datetime) -> Sequence[StoryRow]:
    """Stories that the desk has let through since then, the weightiest first."""
    decided = func.coalesce(StoryRow.published_at, StoryRow.state_at, StoryRow.updated_at)
    query = (
        select(StoryRow)
        .where(StoryRow.state.in_(states), StoryRow.relevance == "relevant", decided >= since, decided < until)
        .order_by(StoryRow.rank.desc(), StoryRow.id)
    )
    return session.scalars(query).all()


def last_frozen(session: Session, *, kind: str, audience: str) -> DigestRow | None:
    """The digest of this kind that reaches farthest."""
    query = select(DigestRow).where(DigestRow.kind == kind, DigestRow.audience == audience, DigestRow.state.in_(FROZEN))
    return session.scalar(query.order_by(DigestRow.until.desc(), DigestRow.id.desc()).limit(1))


def told_stories(session: Session, story_ids: Sequence[int], *, kind: str, audience: str) -> set[int]:
    """Those of the stories that a frozen digest of this kind has told, or one that was merged into them since."""
    told: set[int] = set()
    for chunk in _chunks(story_ids):
        query = (
            select(StoryRow.id, StoryRow.merged_into)
            .join(DigestItemRow, DigestItemRow.story_id == StoryRow.id)
            .join(DigestRow, DigestRow.id == DigestItemRow.digest_id)
            .where(
                DigestRow.kind == kind,
                DigestRow.audience == audience,
                DigestRow.state.in_(FROZEN),
                or_(StoryRow.id.in_(chunk), StoryRow.merged_into.in_(chunk)),
            )
        )
        told.update(row.merged_into or row.id for row in session.execute(query))
    return told


def standing(session: Session, story_ids: Sequence[int]) -> dict[int, StoryRow]:
    """The stories by the ids asked for, each led to what it was merged into."""
    found: dict[int, StoryRow] = {}
    for chunk in _chunks(story_ids):
        rows = session.scalars(select(StoryRow).where(StoryRow.id.in_(chunk))).all()
        heirs = [row.merged_into for row in rows if row.merged_into]
        inherited = {row.id: row for row in session.scalars(select(StoryRow).where(StoryRow.id.in_(heirs)))}
        found.update((row.id, inherited.get(row.merged_into, row) if row.merged_into else row) for row in rows)
    return found


def may_be_told(story: StoryRow, audience: str) -> bool:
    """Whether the desk has let the story through: to everybody, or at least to our own people."""
    return story.state in (("published", "corrected") if audience == "public" else _TOLD_STATES)


def gone(session: Session, story_ids: Iterable[int], article_ids: Iterable[int]) -> Gone:
    """What of these was taken down, here or at its source."""
    stories_gone = {
        number for number, story in standing(session, sorted(set(story_ids))).items() if story.state in _GONE_STATES
    }
    articles_gone: set[int] = set()
    for chunk in _chunks(sorted(set(article_ids))):
        taken = or_(ArticleRow.withdrawn_at.is_not(None), ArticleRow.source_removed_at.is_not(None))
        query = select(ArticleRow.id).where(ArticleRow.id.in_(chunk), taken)
        articles_gone.update(session.scalars(query))
    return Gone(frozenset(stories_gone), frozenset(articles_gone))


def addresses(session: Session, article_ids: Sequence[int]) -> Mapping[int, str]:
    """Where each article can be read."""
    found: dict[int, str] = {}
    for chunk in _chunks(article_ids):
        query = select(ArticleRow.id, ArticleRow.url).where(ArticleRow.id.in_(chunk))
        found.update((row.id, row.url) for row in session.execute(query))
    return found


def issued(session: Session, *, audience: str, since: datetime) -> Sequence[DigestRow]:
    """Digests that have gone out since then, oldest first."""
    query = select(DigestRow).where(
        DigestRow.audience == audience, DigestRow.state == "issued", DigestRow.approved_at >= since
    )
    return session.scalars(query.order_by(DigestRow.approved_at, DigestRow.id)).all()


def published(session: Session, *, limit: int, offset: int = 0, since: datetime | None = None) -> Sequence[DigestRow]:
    """Digests anybody may read, newest first."""
    query = select(DigestRow).where(DigestRow.audience == "public", DigestRow.published_at.is_not(None))
    if since is not None:
        query = query.where(DigestRow.published_at >= since)
    return session.scalars(query.order_by(DigestRow.day.desc(), DigestRow.id.desc()).limit(limit).offset(offset)).all()


def published_on(session: Session, day: date) -> Sequence[DigestRow]:
    """Digests of a day that anybody may read, daily ones first."""
    query = select(DigestRow).where(
        DigestRow.audience == "public", DigestRow.published_at.is_not(None), DigestRow.day == day
    )
    return sorted(session.scalars(query), key=lambda row: (row.kind != "daily", row.kind != "weekly", row.id))


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """SQLite refuses statements with too many parameters."""
    for start in range(0, len(ids), _IN_CHUNK):
        yield ids[start : start + _IN_CHUNK]
