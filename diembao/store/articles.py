"""Articles: what was read and judged, kept together with the outbox row that tells the index."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session, defer

from diembao.records import (
    Annotations,
    Article,
    Entity,
    Evidence,
    PlaceMention,
    PublishedFrom,
    Relevance,
    Stance,
    Topic,
)
from diembao.store import outbox
from diembao.store.models import ArticleRow, BandRow, SourceRow, StoryRow

_IN_CHUNK = 500
_VIETNAM = timezone(timedelta(hours=7))  # no summer time since 1975


@dataclasses.dataclass(frozen=True, slots=True)
class Candidate:
    """An article that shares keys with the one at hand. at: source time, else when it was fetched."""

    id: int
    story_id: int
    source: str
    published_at: datetime | None
    effective_at: datetime
    signature: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Signed:
    """An article of a story, as its links are told by. pinned: a person put it there."""

    id: int
    source: str
    published_at: datetime | None
    effective_at: datetime
    signature: bytes
    pinned: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Printed:
    """What the lineage of an article is told by. outlet: the source's title."""

    id: int
    story_id: int
    source: str
    outlet: str
    published_at: datetime | None
    credit_source: str
    reprint_of: int | None
    reprint_certainty: float


def add(
    session: Session,
    page_id: int,
    article: Article,
    annotations: Annotations,
    *,
    story_id: int,
    reprint_of: int | None,
    signature: bytes,
    bands: Iterable[int],
    fetched_at: datetime,
    now: datetime,
    credit_source: str = "",
) -> ArticleRow:
    """Keep a new article, its hash bands and its outbox row."""
    row = ArticleRow(page_id=page_id, story_id=story_id, reprint_of=reprint_of, created_at=now, version=1)
    _fill(row, article, annotations, signature, fetched_at, now)
    row.credit_source = credit_source
    session.add(row)
    session.flush()
    _replace_bands(session, row.id, bands)
    outbox.add(session, row.id, row.version, now)
    return row


def replace(
    session: Session,
    row: ArticleRow,
    article: Article,
    annotations: Annotations,
    *,
    signature: bytes,
    bands: Iterable[int],
    fetched_at: datetime,
    now: datetime,
    credit_source: str = "",
) -> None:
    """Keep a new reading or judgement of a known article; its version grows."""
    _fill(row, article, annotations, signature, fetched_at, now)
    row.credit_source = credit_source
    row.version += 1
    session.flush()
    _replace_bands(session, row.id, bands)
    outbox.add(session, row.id, row.version, now)


def judge(session: Session, row: ArticleRow, annotations: Annotations, now: datetime) -> None:
    """Keep another judgement of an article as it was read; its version grows."""
    _fill_judgement(row, annotations)
    session.flush()
    touch(session, [row.id], now)


def touch(session: Session, article_ids: Sequence[int], now: datetime) -> None:
    """Something shown with these articles changed (story, state): a new version goes to the index."""
    for start in range(0, len(article_ids), _IN_CHUNK):
        chunk = article_ids[start : start + _IN_CHUNK]
        session.execute(
            update(ArticleRow).where(ArticleRow.id.in_(chunk)).values(version=ArticleRow.version + 1, updated_at=now)
        )
        for article_id, version in session.execute(
            select(ArticleRow.id, ArticleRow.version).where(ArticleRow.id.in_(chunk))
        ):
            outbox.add(session, article_id, version, now)


def remove(session: Session, row: ArticleRow, now: datetime) -> None:
    """Drop an article that a new judgement says is not ours; the index is told."""
    outbox.add(session, row.id, row.version + 1, now, deleted=True)
    session.execute(delete(BandRow).where(BandRow.article_id == row.id))
    session.execute(
        update(ArticleRow).where(ArticleRow.reprint_of == row.id).values(reprint_of=None, reprint_certainty=0.0)
    )
    session.delete(row)
    session.flush()


def by_page(session: Session, page_id: int) -> ArticleRow | None:
    return session.scalar(select(ArticleRow).where(ArticleRow.page_id == page_id))


def by_canonical_url(session: Session, source: str, canonical_url: str) -> ArticleRow | None:
    """The article of this source that names itself by this address, if we have it."""
    if not canonical_url:
        return None
    return session.scalar(
        select(ArticleRow).where(ArticleRow.source == source, ArticleRow.canonical_url == canonical_url).limit(1)
    )


def count(session: Session) -> int:
    """All of them, those taken down included."""
    return session.scalar(select(func.count()).select_from(ArticleRow)) or 0


def removed_at(row: ArticleRow) -> datetime | None:
    """When its newspaper or we took it down; None while it stands."""
    return row.withdrawn_at or row.source_removed_at


def by_ids(session: Session, ids: Sequence[int], *, bare: bool = False) -> dict[int, ArticleRow]:
    """bare: without text and annotations, which are nine tenths of a row and fail when they are asked for."""
    query = select(ArticleRow)
    if bare:
        query = query.options(defer(ArticleRow.text, raiseload=True), defer(ArticleRow.annotations, raiseload=True))
    found: dict[int, ArticleRow] = {}
    for start in range(0, len(ids), _IN_CHUNK):
        chunk = ids[start : start + _IN_CHUNK]
        found.update((row.id, row) for row in session.scalars(query.where(ArticleRow.id.in_(chunk))))
    return found


def of_story(session: Session, story_id: int) -> Sequence[ArticleRow]:
    """Articles of a story, first printed first."""
    query = select(ArticleRow).where(ArticleRow.story_id == story_id).order_by(ArticleRow.effective_at, ArticleRow.id)
    return session.scalars(query).all()


def of_stories(session: Session, story_ids: Sequence[int]) -> dict[int, list[ArticleRow]]:
    """Articles of each of these stories, first printed first; an empty list for a story without."""
    found: dict[int, list[ArticleRow]] = {number: [] for number in story_ids}
    for start in range(0, len(story_ids), _IN_CHUNK):
        chunk = story_ids[start : start + _IN_CHUNK]
        query = select(ArticleRow).where(ArticleRow.story_id.in_(chunk))
        for row in session.scalars(query.order_by(ArticleRow.effective_at, ArticleRow.id)):
            found[row.story_id].append(row)
    return found


def signatures_of(session: Session, story_id: int) -> list[Signed]:
    """The articles of a story by what they are compared by, first printed first."""
    query = (
        select(
            ArticleRow.id,
            ArticleRow.source,
            ArticleRow.published_at,
            ArticleRow.effective_at,
            ArticleRow.signature,
            ArticleRow.story_pinned,
        )
        .where(ArticleRow.story_id == story_id)
        .order_by(ArticleRow.effective_at, ArticleRow.id)
    )
    return [Signed(*row) for row in session.execute(query)]


def candidates(
    session: Session,
    keys: Sequence[int],
    *,
    besides: int | None = None,
    within: tuple[datetime, datetime] | None = None,
    least: int = 1,
    most: int,
) -> list[Candidate]:
    """Articles that share at least `least` of the keys, those that share most first, to be checked by signature.

    within: only those of this span of time.
    """
    if not keys:
        return []
    shared = func.count().label("shared")
    query = (
        select(
            ArticleRow.id,
            ArticleRow.story_id,
            ArticleRow.source,
            ArticleRow.published_at,
            ArticleRow.effective_at,
            ArticleRow.signature,
        )
        .join(BandRow, BandRow.article_id == ArticleRow.id)
        .where(BandRow.band.in_(keys))
        .group_by(ArticleRow.id)
        .having(shared >= least)
        .order_by(shared.desc(), ArticleRow.id)
        .limit(most)
    )
    if besides is not None:
        query = query.where(ArticleRow.id != besides)
    if within is not None:
        query = query.where(ArticleRow.effective_at.between(*within))
    return [Candidate(*row) for row in session.execute(query)]


def family(session: Session, article_ids: Sequence[int]) -> list[Printed]:
    """The copies that these articles descend from or that descend from the same, in order of their ids."""
    known: set[int] = set()
    waiting = set(article_ids)
    while waiting:
        known |= waiting
        related = session.execute(
            select(ArticleRow.id, ArticleRow.reprint_of).where(
                or_(ArticleRow.id.in_(waiting), ArticleRow.reprint_of.in_(waiting))
            )
        )
        waiting = {number for row in related for number in row if number is not None} - known
    query = (
        select(
            ArticleRow.id,
            ArticleRow.story_id,
            ArticleRow.source,
            SourceRow.title,
            ArticleRow.published_at,
            ArticleRow.credit_source,
            ArticleRow.reprint_of,
            ArticleRow.reprint_certainty,
        )
        .join(SourceRow, SourceRow.name == ArticleRow.source)
        .where(ArticleRow.id.in_(known))
        .order_by(ArticleRow.id)
    )
    return [Printed(*row) for row in session.execute(query)]


def descend(session: Session, article_id: int, reprint_of: int | None, certainty: float) -> None:
    """Note what an article was taken from."""
    session.execute(
        update(ArticleRow).where(ArticleRow.id == article_id).values(reprint_of=reprint_of, reprint_certainty=certainty)
    )


def counts_between(session: Session, story_ids: Sequence[int], within: tuple[datetime, datetime]) -> dict[int, int]:
    """How many articles each story has in a span of time."""
    query = (
        select(ArticleRow.story_id, func.count())
        .where(ArticleRow.story_id.in_(story_ids), ArticleRow.effective_at.between(*within))
        .group_by(ArticleRow.story_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def counts_by_source(session: Session, since: datetime, until: datetime) -> list[tuple[str, int]]:
    """How many articles of each source are of a span of time."""
    query = (
        select(ArticleRow.source, func.count())
        .where(ArticleRow.effective_at >= since, ArticleRow.effective_at < until)
        .group_by(ArticleRow.source)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def first_sources(session: Session, story_ids: Sequence[int]) -> dict[int, str]:
    """The source of the article that each story begins with."""
    found: dict[int, str] = {}
    for start in range(0, len(story_ids), _IN_CHUNK):
        query = (
            select(StoryRow.id, ArticleRow.source)
            .join(ArticleRow, ArticleRow.id == StoryRow.first_article_id)
            .where(StoryRow.id.in_(story_ids[start : start + _IN_CHUNK]))
        )
        found.update((row.id, row.source) for row in session.execute(query))
    return found


def carried_by(session: Session, story_ids: Sequence[int]) -> Counter[str]:
    """How many of these stories each source carries."""
    found: Counter[str] = Counter()
    for start in range(0, len(story_ids), _IN_CHUNK):
        carried = func.count(ArticleRow.story_id.distinct())
        query = select(ArticleRow.source, carried).group_by(ArticleRow.source)
        chunk = story_ids[start : start + _IN_CHUNK]
        found.update({row[0]: row[1] for row in session.execute(query.where(ArticleRow.story_id.in_(chunk)))})
    return found


def sources_of(session: Session, story_ids: Sequence[int]) -> dict[int, set[str]]:
    """The sources that carry each story."""
    found: dict[int, set[str]] = {}
    for start in range(0, len(story_ids), _IN_CHUNK):
        query = select(ArticleRow.story_id, ArticleRow.source).distinct()
        chunk = story_ids[start : start + _IN_CHUNK]
        for row in session.execute(query.where(ArticleRow.story_id.in_(chunk))):
            found.setdefault(row.story_id, set()).add(row.source)
    return found


def annotations_to_json(annotations: Annotations) -> dict[str, Any]:
    return dataclasses.asdict(annotations)


def annotations_from_json(kept: dict[str, Any]) -> Annotations:
    """The record as it was kept; evidence, topics and the like are rebuilt as frozen records."""
    values = dict(kept)
    values["relevance"] = Relevance(values["relevance"])
    values["stance"] = Stance(values["stance"]) if values.get("stance") else None
    for name, kind in (
        ("evidence", Evidence),
        ("stance_evidence", Evidence),
        ("topics", Topic),
        ("places", PlaceMention),
        ("entities", Entity),
    ):
        values[name] = tuple(kind(**item) for item in values.get(name, ()))
    return Annotations(**values)


def to_record(row: ArticleRow) -> Article:
    """The stored article as the record that the steps work on."""
    return Article(
        url=row.url,
        canonical_url=row.canonical_url,
        source=row.source,
        title=row.title,
        lead=row.lead,
        text=row.text,
        authors=tuple(row.authors),
        published_at=row.published_at,
        published_from=PublishedFrom(row.published_from),
        section=row.section,
        image=row.image,
        credit=row.credit,
        read_by=row.read_by,
    )


def effective_time(published_at: datetime | None, fetched_at: datetime) -> datetime:
    """When an article counts as published: for its order in time, and for the hour that must pass after it.

    A page that prints only a day reads as midnight in Viet Nam; until that day is over it may have come out at any
    time up to the moment we met it, so that moment counts.
    """
    if published_at is None:
        return fetched_at
    local = published_at.astimezone(_VIETNAM)
    day_only = (local.hour, local.minute, local.second) == (0, 0, 0)
    if day_only and published_at <= fetched_at < published_at + timedelta(days=1):
        return fetched_at
    return published_at


def _fill(
    row: ArticleRow, article: Article, annotations: Annotations, signature: bytes, fetched_at: datetime, now: datetime
) -> None:
    row.source, row.url, row.canonical_url = article.source, article.url, article.canonical_url
    row.title, row.lead, row.text = article.title, article.lead, article.text
    row.authors = list(article.authors)
    row.published_at, row.published_from = article.published_at, article.published_from.value
    row.effective_at = effective_time(article.published_at, fetched_at)
    row.section, row.image, row.credit, row.read_by = article.section, article.image, article.credit, article.read_by
    _fill_judgement(row, annotations)
    row.signature = signature
    row.updated_at = now


def _fill_judgement(row: ArticleRow, annotations: Annotations) -> None:
    row.language = annotations.language
    row.relevance, row.relevance_score = annotations.relevance.value, annotations.relevance_score
    row.topic = annotations.topics[0].slug if annotations.topics else ""
    row.stance = annotations.stance.value if annotations.stance else ""
    row.needs_response = annotations.needs_response
    row.annotations = annotations_to_json(annotations)


def _replace_bands(session: Session, article_id: int, bands: Iterable[int]) -> None:
    session.execute(delete(BandRow).where(BandRow.article_id == article_id))
    session.add_all(BandRow(band=band, article_id=article_id) for band in sorted(set(bands)))
