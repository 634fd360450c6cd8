"""What anonymous readers may see, as queries: published stories and their printings.

The rule stands here once: a story in the state `published` (or `corrected`, which is published with a correction);
of its printings those that neither their newspaper nor we have taken down, and whose source time (else the time of
fetching) is not after `visible_until`, because nothing may be shown earlier than the agreed delay after its source;
where the agreement with an outlet asks for more than the hour of the law, so much later. Neither the text nor the
stance of an article is ever read by these queries, and its lead only where an agreement in force allows an excerpt.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import Session

from diembao.records import PlaceMention
from diembao.store.models import ArticleRow, AuditRow, SourceRow, StoryRow, TrailRow
from diembao.store.stories import PUBLIC_STATES

PRESS = ("newspaper", "magazine", "broadcaster")
_EXCERPT_ALLOWED = ("excerpt", "full")
# `visible_until` lies so far behind the clock by law; an agreement that asks for more hours is reckoned from there.
_LEGAL_HOURS = 1.0
_VIETNAM = timezone(timedelta(hours=7))  # no summer time since 1975
_IN_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Mark:
    """Changes whenever anything that is published may have changed; cheap to ask for."""

    audit: int
    trail: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Printing:
    """One article as the public may see it. `lead` is empty without an agreement that allows an excerpt.

    at: source time, else when it was fetched. topics: best first. story_title: what its story is shown under.
    """

    id: int
    story_id: int
    source: str
    outlet: str
    outlet_type: str
    url: str
    title: str
    lead: str
    authors: tuple[str, ...]
    published_at: datetime | None
    at: datetime
    section: str
    credit: str
    relevance: str
    language: str
    topics: tuple[str, ...]
    places: tuple[PlaceMention, ...]
    reprint_of: int | None
    updated_at: datetime
    story_title: str


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What remains of a story that was taken off the section: its number, and when it came and went."""

    story_id: int
    published_at: datetime
    withdrawn_at: datetime


@dataclass(frozen=True, slots=True)
class StoryAddress:
    id: int
    title: str
    updated_at: datetime


def mark(session: Session) -> Mark:
    """The newest row of the audit log and of the trail: every change of what is shown writes one of them."""
    audit = session.execute(select(AuditRow.id, AuditRow.at).order_by(AuditRow.id.desc()).limit(1)).first()
    trail = session.execute(select(TrailRow.id, TrailRow.at).order_by(TrailRow.id.desc()).limit(1)).first()
    times = [row.at for row in (audit, trail) if row is not None]
    return Mark(
        audit.id if audit else 0, trail.id if trail else 0, max(times, default=datetime(1970, 1, 1, tzinfo=UTC))
    )


def stories(
    session: Session,
    visible_until: datetime,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int,
    offset: int = 0,
) -> Sequence[StoryRow]:
    """Stories first printed at or after `since` and before `until`, newest first."""
    query = select(StoryRow).where(_visible(visible_until, since, until))
    query = query.order_by(StoryRow.first_at.desc(), StoryRow.id.desc()).limit(limit).offset(offset)
    return session.scalars(query).all()


def lead(session: Session, visible_until: datetime, since: datetime, until: datetime) -> StoryRow | None:
    """The story of the period that most outlets carry; among equals the newest."""
    query = select(StoryRow).where(_visible(visible_until, since, until))
    return session.scalar(
        query.order_by(StoryRow.outlets.desc(), StoryRow.first_at.desc(), StoryRow.id.desc()).limit(1)
    )


def stories_by_id(session: Session, ids: Sequence[int], visible_until: datetime) -> dict[int, StoryRow]:
    """Those of the stories that may be seen."""
    found: dict[int, StoryRow] = {}
    for chunk in _chunks(ids):
        rows = session.scalars(select(StoryRow).where(StoryRow.id.in_(chunk)))
        found.update((row.id, row) for row in rows if _is_visible(row.state, row.first_at, visible_until))
    return found


def count(
    session: Session, visible_until: datetime, since: datetime | None = None, until: datetime | None = None
) -> int:
    """How many stories were first printed in the period."""
    query = select(func.count()).select_from(StoryRow).where(_visible(visible_until, since, until))
    return session.scalar(query) or 0


def neighbours(
    session: Session, visible_until: datetime, since: datetime, until: datetime
) -> tuple[datetime | None, datetime | None]:
    """First printings nearest to a period: the last one before it, the first one after it."""
    before = select(func.max(StoryRow.first_at)).where(_visible(visible_until), StoryRow.first_at < since)
    after = select(func.min(StoryRow.first_at)).where(_visible(visible_until), StoryRow.first_at >= until)
    return session.scalar(before), session.scalar(after)


def first_times(session: Session, visible_until: datetime, since: datetime, until: datetime) -> Sequence[datetime]:
    """When each story of the period was first printed."""
    return session.scalars(select(StoryRow.first_at).where(_visible(visible_until, since, until))).all()


def span(session: Session, visible_until: datetime) -> tuple[datetime, datetime] | None:
    """First printing of the oldest and of the newest story; None when nothing is published."""
    query = select(func.min(StoryRow.first_at), func.max(StoryRow.first_at)).where(_visible(visible_until))
    first, last = session.execute(query).one()
    return (first, last) if first is not None else None


def addresses(session: Session, visible_until: datetime, limit: int) -> list[StoryAddress]:
    """Newest stories with the title they are shown under."""
    query = (
        select(StoryRow.id, StoryRow.headline, ArticleRow.title, StoryRow.updated_at)
        .join(ArticleRow, ArticleRow.id == StoryRow.first_article_id)
        .where(_visible(visible_until))
        .order_by(StoryRow.first_at.desc(), StoryRow.id.desc())
        .limit(limit)
    )
    return [StoryAddress(row.id, row.headline or row.title, row.updated_at) for row in session.execute(query)]


def topic_counts(session: Session, visible_until: datetime, since: datetime) -> dict[str, int]:
    """Stories since then by the main topic of their first printing."""
    query = (
        select(ArticleRow.topic, func.count())
        .join(StoryRow, StoryRow.first_article_id == ArticleRow.id)
        .where(_visible(visible_until, since), ArticleRow.topic != "")
        .group_by(ArticleRow.topic)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def outlet_counts(session: Session, visible_until: datetime) -> dict[str, int]:
    """Visible printings by source."""
    query = (
        select(ArticleRow.source, func.count())
        .join(StoryRow, StoryRow.id == ArticleRow.story_id)
        .where(StoryRow.state.in_(PUBLIC_STATES), _shown(session, visible_until))
        .group_by(ArticleRow.source)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def outlet_titles(session: Session) -> dict[str, str]:
    """What every source calls itself."""
    return {row.name: row.title for row in session.execute(select(SourceRow.name, SourceRow.title))}


def printings_of(session: Session, story_ids: Sequence[int], visible_until: datetime) -> dict[int, list[Printing]]:
    """Visible printings of each story, first printed first."""
    grouped: dict[int, list[Printing]] = {}
    for printing in _read(session, _PRINTINGS_OF, story_ids, visible_until):
        grouped.setdefault(printing.story_id, []).append(printing)
    return grouped


def printings_by_id(session: Session, article_ids: Sequence[int], visible_until: datetime) -> dict[int, Printing]:
    """Those of the articles that may be seen."""
    return {printing.id: printing for printing in _read(session, _PRINTINGS_BY_ID, article_ids, visible_until)}


def _visible(
    visible_until: datetime, since: datetime | None = None, until: datetime | None = None
) -> ColumnElement[bool]:
    """A published story with at least one printing that may be seen: its first one."""
    conditions = [StoryRow.state.in_(PUBLIC_STATES), StoryRow.first_at <= visible_until]
    if since is not None:
        conditions.append(StoryRow.first_at >= since)
    if until is not None:
        conditions.append(StoryRow.first_at < until)
    return and_(*conditions)


def _is_visible(state: str, first_at: datetime, visible_until: datetime) -> bool:
    """`_visible` of a story already read. SQLite, asked for both, walks through all published stories instead of
    going straight to the ids."""
    return state in PUBLIC_STATES and first_at <= visible_until


def front_agencies(
    session: Session, visible_until: datetime, most: int, *, also: Sequence[int] = (), but: Sequence[int] = ()
) -> set[str]:
    """The press agencies (newspapers, magazines, stations) that the newest stories of the section draw on.

    most: so many stories are looked at; also: stories that are about to be published; but: that will be gone.
    """
    listed = select(StoryRow.id).where(or_(_visible(visible_until), StoryRow.id.in_(also)), StoryRow.id.not_in(but))
    listed = listed.order_by(StoryRow.first_at.desc(), StoryRow.id.desc()).limit(most)
    query = (
        select(ArticleRow.source)
        .join(SourceRow, SourceRow.name == ArticleRow.source)
        .where(ArticleRow.story_id.in_(listed), SourceRow.outlet_type.in_(PRESS), _shown(session, visible_until))
        .distinct()
    )
    return set(session.scalars(query))


def tombstone(session: Session, story_id: int) -> Tombstone | None:
    """What is left of a story that was on the section and was taken off, or has no printing left; None of any other."""
    story = session.get(StoryRow, story_id)
    if story is None or story.published_at is None:
        return None
    if story.state in PUBLIC_STATES:
        taken = func.coalesce(ArticleRow.withdrawn_at, ArticleRow.source_removed_at)
        times = session.scalars(select(taken).where(ArticleRow.story_id == story_id)).all()
        gone = [at for at in times if at is not None]
        return Tombstone(story.id, story.published_at, max(gone)) if gone and len(gone) == len(times) else None
    if story.state != "withdrawn":
        return None
    return Tombstone(story.id, story.published_at, story.state_at or story.updated_at)


def _shown(session: Session, visible_until: datetime) -> ColumnElement[bool]:
    """Whether a printing of a published story may be seen. `_read` says the same of single printings."""
    standing = and_(
        ArticleRow.withdrawn_at.is_(None),
        ArticleRow.source_removed_at.is_(None),
        ArticleRow.effective_at <= visible_until,
    )
    slow = session.execute(
        select(SourceRow.name, SourceRow.agreement_hours).where(SourceRow.agreement_hours > _LEGAL_HOURS)
    )
    later = [
        or_(
            ArticleRow.source != row.name,
            ArticleRow.effective_at <= visible_until - timedelta(hours=row.agreement_hours - _LEGAL_HOURS),
        )
        for row in slow
    ]
    return and_(standing, *later)


def _select_printings() -> Select[Any]:
    """Printings of published stories that nobody has taken down, for `_read`.

    Made once: to put a statement together takes longer than to ask it. Of plain tables: entities would be looked
    at again with every question.
    """
    articles, stories, sources = ArticleRow.__table__, StoryRow.__table__, SourceRow.__table__
    first = articles.alias("first")
    allowed = and_(
        sources.c.agreement.in_(_EXCERPT_ALLOWED),
        or_(sources.c.agreement_from.is_(None), sources.c.agreement_from <= bindparam("day")),
        or_(sources.c.agreement_until.is_(None), sources.c.agreement_until >= bindparam("day")),
    )
    columns = (
        articles.c.id,
        articles.c.story_id,
        articles.c.source,
        sources.c.title.label("outlet"),
        sources.c.outlet_type,
        sources.c.agreement_hours,
        articles.c.url,
        articles.c.title,
        case((allowed, articles.c.lead), else_="").label("lead"),
        articles.c.authors,
        articles.c.published_at,
        articles.c.effective_at,
        articles.c.section,
        articles.c.credit,
        articles.c.relevance,
        articles.c.language,
        articles.c.annotations["topics"].label("topics"),
        articles.c.annotations["places"].label("places"),
        articles.c.reprint_of,
        articles.c.updated_at,
        stories.c.headline,
        stories.c.first_at,
        first.c.title.label("first_title"),
    )
    rows = (
        articles.join(sources, sources.c.name == articles.c.source)
        .join(stories, stories.c.id == articles.c.story_id)
        .outerjoin(first, first.c.id == stories.c.first_article_id)
    )
    return (
        select(*columns)
        .select_from(rows)
        .where(
            stories.c.state.in_(PUBLIC_STATES),
            articles.c.withdrawn_at.is_(None),
            articles.c.source_removed_at.is_(None),
            articles.c.effective_at <= bindparam("until"),
        )
    )


_ARTICLES = ArticleRow.__table__.c
_PRINTINGS_BY_ID = _select_printings().where(_ARTICLES.id.in_(bindparam("ids", expanding=True)))
_PRINTINGS_OF = (
    _select_printings()
    .where(_ARTICLES.story_id.in_(bindparam("ids", expanding=True)))
    .order_by(_ARTICLES.effective_at, _ARTICLES.id)
)


def _read(session: Session, statement: Select[Any], ids: Sequence[int], visible_until: datetime) -> Iterator[Printing]:
    """statement: one of `_select_printings`, bound to `ids`."""
    day = (visible_until + timedelta(hours=_LEGAL_HOURS)).astimezone(_VIETNAM).date()
    for chunk in _chunks(ids):
        rows = session.execute(statement, {"ids": chunk, "until": visible_until, "day": day}).all()
        printings = (_printing(row, visible_until) for row in rows)
        yield from (printing for printing in printings if printing)


def _printing(row: Sequence[Any], visible_until: datetime) -> Printing | None:
    """None where an agreement asks for a longer wait. Taken apart by place: by name it takes twice as long."""
    (
        number, story_id, source, outlet, outlet_type, hours, url, title, lead, authors, published_at, at, section,
        credit, relevance, language, topics, places, reprint_of, updated_at, headline, first_at, first_title,
    ) = row  # fmt: skip
    if hours > _LEGAL_HOURS and at > visible_until - timedelta(hours=hours - _LEGAL_HOURS):
        return None
    # A story that may not be seen yet is named by nothing but its printings.
    named = (headline or first_title) if first_at <= visible_until else ""
    return Printing(
        id=number,
        story_id=story_id,
        source=source,
        outlet=outlet,
        outlet_type=outlet_type,
        url=url,
        title=title,
        lead=lead,
        authors=tuple(authors),
        published_at=published_at,
        at=at,
        section=section,
        credit=credit,
        relevance=relevance,
        language=language,
        topics=tuple(topic["slug"] for topic in topics or ()),
        places=tuple(PlaceMention(**place) for place in places or ()),
        reprint_of=reprint_of,
        updated_at=updated_at,
        story_title=named or title,
    )


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """SQLite refuses statements with too many parameters."""
    for start in range(0, len(ids), _IN_CHUNK):
        yield ids[start : start + _IN_CHUNK]


def distinct_outlets(printings: Iterable[Printing]) -> int:
    return len({printing.source for printing in printings})
