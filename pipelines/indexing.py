"""Hands changes over to the search index, as committed to the store: at least once, in order per article."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from diembao.index.protocol import Deletion, IndexDocument, SearchIndex
from diembao.records import Annotations
from diembao.store import articles, outbox, stories
from diembao.store.database import Store
from diembao.store.models import ArticleRow, SourceRow, StoryRow

logger = logging.getLogger(__name__)

_BATCH = 500


def drain(store: Store, index: SearchIndex, *, stop: Callable[[], bool] = lambda: False) -> int:
    """Bring the index up to the store; returns how many changes were handed over.

    Raises:
        IndexUnavailable: the engine is away; the changes stay in the outbox.
    """
    handed = 0
    while not stop():
        with store.read() as session:
            changes = outbox.waiting(session, _BATCH)
            documents = documents_of(session, sorted({c.article_id for c in changes if not c.deleted}))
        if not changes:
            break
        # A later change of the same article carries the newest state; a deletion stands for itself.
        gone = [Deletion(str(c.article_id), c.version) for c in changes if c.deleted]
        report = index.add(documents)
        if gone:
            index.delete(gone)
        index.commit()
        for rejection in report.rejected:
            logger.error("index refused an article", extra={"article": rejection.id, "reason": rejection.reason})
        with store.write() as session:
            outbox.done(session, changes)
        handed += len(changes)
    return handed


def rebuild(store: Store, index: SearchIndex, progress: Callable[[int], None] = lambda _done: None) -> int:
    """Make the index anew from the store, beside the one that answers; returns how many articles it holds."""
    done = last = 0
    with index.rebuild() as fresh:
        while True:
            with store.read() as session:
                ids = outbox.article_ids_after(session, last, _BATCH)
                documents = documents_of(session, ids)
            if not ids:
                break
            fresh.add(documents)
            last = ids[-1]
            done += len(documents)
            progress(done)
    return done


def documents_of(session: Session, ids: Sequence[int]) -> list[IndexDocument]:
    """The articles as the index knows them; ids that are gone are left out."""
    rows = articles.by_ids(session, ids)
    known_stories = stories.by_ids(session, sorted({row.story_id for row in rows.values()}))
    names = sorted({row.source for row in rows.values()})
    sources = {row.name: row for row in session.scalars(select(SourceRow).where(SourceRow.name.in_(names)))}
    return [
        _document(rows[number], known_stories[rows[number].story_id], sources[rows[number].source])
        for number in ids
        if number in rows
    ]


def _document(row: ArticleRow, story: StoryRow, source: SourceRow) -> IndexDocument:
    annotations: Annotations = articles.annotations_from_json(row.annotations)
    return IndexDocument(
        id=str(row.id),
        version=row.version,
        title=row.title,
        url=row.url,
        source=row.source,
        story=str(row.story_id),
        lead=row.lead,
        body=row.text,
        source_title=source.title,
        outlet_type=source.outlet_type,
        scope=source.scope,
        section=row.section,
        topics=tuple(topic.slug for topic in annotations.topics),
        stance=row.stance,
        relevance=row.relevance,
        places=tuple(dict.fromkeys(place.name for place in annotations.places)),
        place_codes=tuple(dict.fromkeys(place.code for place in annotations.places if place.code)),
        people=tuple(entity.text for entity in annotations.entities if entity.type == "person"),
        organisations=tuple(entity.text for entity in annotations.entities if entity.type == "organisation"),
        authors=tuple(row.authors),
        state=story.state,
        published=story.state == "published",
        published_at=row.effective_at,
        language=row.language,
        flags=("needs_response",) if row.needs_response else (),
    )
