"""An installation as large as one likes, to measure with: articles as `bench/search.py` makes them, in a store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from search import Material, articles
from sqlalchemy import func, insert, select

from diembao.index.protocol import IndexDocument
from diembao.records import Annotations, Entity, PlaceMention, Relevance, Stance, Topic
from diembao.store.articles import annotations_to_json
from diembao.store.database import Store
from diembao.store.models import ArticleRow, PageRow, SourceRow, StoryRow

_CHUNK = 2000
_MADE = datetime(2026, 7, 1, tzinfo=UTC)


def fill_store(store: Store, material: Material, number: int) -> int:
    """Bring the store to at least so many articles, most of them published; returns how many it has.

    Written straight into the tables: the steps before (fetching, reading, judging) are measured elsewhere.
    """
    with store.read() as session:
        held = session.scalar(select(func.count()).select_from(ArticleRow)) or 0
    rows = (document for document in articles(material, number) if int(document.id) >= held)
    while chunk := list(islice(rows, _CHUNK)):
        _write(store, chunk)
    return max(held, number)


def _write(store: Store, documents: Sequence[IndexDocument]) -> None:
    with store.write() as session:
        known = set(session.scalars(select(SourceRow.name)))
        for name in sorted({document.source for document in documents} - known):
            session.add(
                SourceRow(
                    name=name, title=f"Báo {name}", outlet_type="newspaper", scope="local", agreement="excerpt",
                    definition={}, updated_at=_MADE,
                )
            )  # fmt: skip
        session.flush()
        for model, rows in zip((PageRow, StoryRow, ArticleRow), zip(*map(_rows, documents), strict=True), strict=True):
            session.execute(insert(model), list(rows))


def _rows(document: IndexDocument) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Page, story and article. Every article is a story of its own here, so that ids are known beforehand."""
    number = int(document.id) + 1
    at = document.published_at
    assert at is not None
    page = {
        "id": number, "url": document.url, "source": document.source, "found_at": at, "state": "done",
        "outcome": document.relevance, "next_try_at": at,
    }  # fmt: skip
    story = {
        "id": number, "first_article_id": number, "first_at": at, "last_at": at, "articles": 1, "outlets": 1,
        "relevance": document.relevance, "state": "published" if document.published else "new",
        "headline": document.title, "published_at": at if document.published else None, "updated_at": at,
    }  # fmt: skip
    annotations = Annotations(
        Relevance(document.relevance), 0.9, topics=tuple(Topic(slug, 0.8) for slug in document.topics),
        stance=Stance(document.stance),
        places=tuple(PlaceMention(name, "", "unit", name) for name in document.places),
        entities=tuple(Entity("person", name) for name in document.people),
    )  # fmt: skip
    article = {
        "id": number, "page_id": number, "source": document.source, "url": document.url, "canonical_url": document.url,
        "title": document.title, "lead": document.lead, "text": document.body, "published_at": at,
        "published_from": "page", "effective_at": at, "relevance": document.relevance, "relevance_score": 0.9,
        "topic": document.topics[0], "stance": document.stance, "annotations": annotations_to_json(annotations),
        "story_id": number, "created_at": at, "updated_at": at, "language": "vi",
    }  # fmt: skip
    return page, story, article
