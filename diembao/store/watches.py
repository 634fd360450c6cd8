"""Which pages are looked at again, and when.

`next_look_at` is also the lease of a look: who claims one puts it off, so that two workers never take the same, and
a look whose worker died is due again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session

from diembao.records import ArchivePlace, FeedHints
from diembao.store.models import ArticleRow, PageRow, StoryRow, WatchRow
from diembao.store.pages import hints_from_json
from diembao.store.stories import PUBLIC_STATES


@dataclass(frozen=True, slots=True)
class DueLook:
    """A look that was claimed, with what is known of the article.

    settled_at: since when its text has stood as it is; published: whether its story is on the section; missing_since:
    when it was seen gone for the first time, still to be confirmed; removed: whether that was confirmed before.
    """

    page_id: int
    article_id: int
    url: str
    source: str
    title: str
    text: str
    canonical_url: str
    place: ArchivePlace
    content_type: str
    hints: FeedHints
    fetched_at: datetime
    settled_at: datetime
    published: bool
    removed: bool
    looks: int
    etag: str
    last_modified: str
    body_digest: str
    missing_since: datetime | None
    missing_reason: str


def enrol(session: Session, since: datetime, first_look: timedelta) -> int:
    """Watch every fetched article of ours printed after `since`, or on the section, for the first time
    `first_look` after it was fetched; returns how many are new."""
    watched = exists().where(WatchRow.page_id == PageRow.id)
    found = (
        select(PageRow.id, PageRow.source, PageRow.fetched_at)
        .join(ArticleRow, ArticleRow.page_id == PageRow.id)
        .join(StoryRow, StoryRow.id == ArticleRow.story_id)
        .where(
            or_(
                ArticleRow.effective_at >= since,
                and_(StoryRow.state.in_(PUBLIC_STATES), ArticleRow.source_removed_at.is_(None)),
            ),
            PageRow.state == "done",
            PageRow.archive_file != "",
            PageRow.fetched_at.is_not(None),
            # Imported rows have no page that could be compared.
            PageRow.content_type != "application/json",
            ~watched,
        )
    )
    rows = session.execute(found).all()
    if rows:
        session.execute(
            insert(WatchRow),
            [{"page_id": row[0], "source": row[1], "next_look_at": row[2] + first_look} for row in rows if row[2]],
        )
    return len(rows)


def hasten_published(session: Session, latest: datetime, fresh_since: datetime) -> None:
    """Articles on the section that were fetched after `fresh_since` are looked at by `latest`, not later."""
    pages_published = (
        select(ArticleRow.page_id)
        .join(StoryRow, StoryRow.id == ArticleRow.story_id)
        .join(PageRow, PageRow.id == ArticleRow.page_id)
        .where(
            StoryRow.state.in_(PUBLIC_STATES),
            ArticleRow.source_removed_at.is_(None),
            PageRow.fetched_at >= fresh_since,
        )
    )
    session.execute(
        update(WatchRow)
        .where(WatchRow.next_look_at > latest, WatchRow.page_id.in_(pages_published))
        .values(next_look_at=latest)
        .execution_options(synchronize_session=False)
    )


def claim(
    session: Session,
    now: datetime,
    until: datetime,
    each: int,
    *,
    sources: Sequence[str],
    resting: Collection[str] = (),
) -> list[DueLook]:
    """Take looks that are due, at most `each` of every source, put off till `until` so that nobody else takes them.

    resting: of these sources only articles on the section are taken.
    """
    place = func.row_number().over(partition_by=WatchRow.source, order_by=(WatchRow.next_look_at, WatchRow.page_id))
    due = select(WatchRow.page_id, place.label("place")).where(
        WatchRow.next_look_at <= now, WatchRow.source.in_(sources)
    )
    if resting:
        due = due.where(_may_be_asked(resting))
    ranked = due.subquery()
    first = select(ranked.c.page_id).where(ranked.c.place <= each)
    free = select(WatchRow.page_id).where(WatchRow.page_id.in_(first), WatchRow.next_look_at <= now)
    taken = session.scalars(free.with_for_update(skip_locked=True)).all()
    if not taken:
        return []
    session.execute(
        update(WatchRow)
        .where(WatchRow.page_id.in_(taken))
        .values(next_look_at=until)
        .execution_options(synchronize_session=False)
    )
    query = (
        select(WatchRow, PageRow, ArticleRow, StoryRow.state)
        .join(PageRow, PageRow.id == WatchRow.page_id)
        .outerjoin(ArticleRow, ArticleRow.page_id == PageRow.id)
        .outerjoin(StoryRow, StoryRow.id == ArticleRow.story_id)
        .where(WatchRow.page_id.in_(taken))
    )
    looks: list[DueLook] = []
    rows: Any = session.execute(query)
    for watch, page, article, state in rows:
        if article is None:
            drop(session, watch.page_id)  # judged anew, and no longer ours
        elif page.state == "done":
            looks.append(_due(watch, page, article, published=state in PUBLIC_STATES))
    return looks


def sources_with_due(
    session: Session, now: datetime, *, sources: Sequence[str], resting: Collection[str] = ()
) -> set[str]:
    """The sources, of these, that have looks due; `resting` as for `claim`."""
    query = select(WatchRow.source).where(WatchRow.next_look_at <= now, WatchRow.source.in_(sources))
    if resting:
        query = query.where(_may_be_asked(resting))
    return set(session.scalars(query.distinct()))


def settle(session: Session, page_id: int, *, now: datetime, next_look_at: datetime, fields: Mapping[str, Any]) -> None:
    """The look has ended; fields: of the row, to be set."""
    session.execute(
        update(WatchRow)
        .where(WatchRow.page_id == page_id)
        .values(last_look_at=now, next_look_at=next_look_at, looks=WatchRow.looks + 1, **fields)
        .execution_options(synchronize_session=False)
    )


def drop(session: Session, page_id: int) -> None:
    """The page is not looked at any more."""
    session.execute(delete(WatchRow).where(WatchRow.page_id == page_id))


def last_look_at(session: Session, page_id: int) -> datetime | None:
    return session.scalar(select(WatchRow.last_look_at).where(WatchRow.page_id == page_id))


def gone_together(session: Session, source: str, since: datetime) -> tuple[int, int]:
    """(articles of the source that seem gone and are not confirmed, articles seen well after `since`)."""
    missing = (
        select(func.count())
        .select_from(WatchRow)
        .join(ArticleRow, ArticleRow.page_id == WatchRow.page_id)
        .where(WatchRow.source == source, WatchRow.missing_since.is_not(None), ArticleRow.source_removed_at.is_(None))
    )
    well = (
        select(func.count())
        .select_from(WatchRow)
        .where(WatchRow.source == source, WatchRow.missing_since.is_(None), WatchRow.last_look_at >= since)
    )
    return session.scalar(missing) or 0, session.scalar(well) or 0


def counts(session: Session, now: datetime) -> tuple[int, int]:
    """(pages watched, of which overdue)."""
    overdue = select(func.count()).select_from(WatchRow).where(WatchRow.next_look_at <= now)
    return session.scalar(select(func.count()).select_from(WatchRow)) or 0, session.scalar(overdue) or 0


def _may_be_asked(resting: Collection[str]) -> ColumnElement[bool]:
    return or_(WatchRow.source.not_in(resting), WatchRow.page_id.in_(_published_pages()))


def _published_pages() -> Any:
    return (
        select(ArticleRow.page_id)
        .join(StoryRow, StoryRow.id == ArticleRow.story_id)
        .where(StoryRow.state.in_(PUBLIC_STATES))
    )


def _due(watch: WatchRow, page: PageRow, article: ArticleRow, *, published: bool) -> DueLook:
    fetched_at = page.fetched_at or page.found_at
    return DueLook(
        page_id=watch.page_id,
        article_id=article.id,
        url=page.url,
        source=page.source,
        title=article.title,
        text=article.text,
        canonical_url=article.canonical_url,
        place=ArchivePlace(page.archive_file, page.archive_offset, page.archive_length),
        content_type=page.content_type,
        hints=hints_from_json(page.hints),
        fetched_at=fetched_at,
        settled_at=article.source_changed_at or fetched_at,
        published=published,
        removed=article.source_removed_at is not None,
        looks=watch.looks,
        etag=watch.etag,
        last_modified=watch.last_modified,
        body_digest=watch.body_digest,
        missing_since=watch.missing_since,
        missing_reason=watch.missing_reason,
    )
