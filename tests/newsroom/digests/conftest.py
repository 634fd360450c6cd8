"""A small newsroom on each database: stories of our own writing that the desk has let through."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest

from diembao.newsroom.digests.building import Order, build
from diembao.newsroom.permissions import Actor, Role
from diembao.records import Annotations, Article, FeedHints, Relevance, Stance, Topic
from diembao.settings import Settings
from diembao.store import articles, pages, sources, stories
from diembao.store.database import Store
from diembao.store.models import ArticleRow, DigestRow, StoryRow

# Sunday, 06:30 in Viet Nam.
NOW = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
TODAY = date(2026, 11, 22)
LEAD = "Mực nước tại trạm Gia Bảy vượt báo động hai."
TOPICS = {"thien-tai-thoi-tiet": "Thiên tai – Thời tiết", "the-thao": "Thể thao"}
EDITOR = Actor("lan", frozenset({Role.EDITOR}))


@dataclass
class Desk:
    store: Store
    settings: Settings
    outlets: dict[str, sources.SourceRecord] = field(default_factory=dict)
    made: int = 0

    def outlet(self, name: str) -> None:
        if name in self.outlets:
            return
        self.outlets[name] = sources.SourceRecord(
            name, f"Báo {name.capitalize()}", "newspaper", "local", "none", {}, ()
        )
        with self.store.write() as session:
            sources.sync_sources(session, self.outlets.values(), 600, NOW)

    def story(
        self,
        headline: str = "Nước sông Cầu lên nhanh",
        *,
        summary: str = "Các phường ven sông đã sẵn sàng di dời dân.",
        state: str = "published",
        outlets: tuple[str, ...] = ("songcau",),
        topic: str = "thien-tai-thoi-tiet",
        hours_ago: float = 5,
        decided_hours_ago: float = 2,
        stance: Stance = Stance.UNFAVOURABLE,
    ) -> int:
        for name in outlets:
            self.outlet(name)
        at = NOW - timedelta(hours=hours_ago)
        with self.store.write() as session:
            story = stories.create(session, at=at, relevance="relevant", now=NOW)
            for place, name in enumerate(outlets):
                self.made += 1
                url = f"https://{name}.vn/bai-{self.made}.html"
                pages.register_found(session, name, None, [pages.FoundLink(url, FeedHints())], NOW)
                page = pages.by_url(session, url)
                assert page is not None
                judged = Annotations(
                    Relevance.RELEVANT, 0.98, topics=(Topic(topic, 0.9),), stance=stance, needs_response=True,
                )  # fmt: skip
                article = Article(
                    url, url, name, f"{headline} ({name})", LEAD, "Toàn văn mật.",
                    published_at=at + timedelta(minutes=place),
                )  # fmt: skip
                articles.add(session, page.id, article, judged, story_id=story.id, reprint_of=None, signature=b"",
                             bands=(), fetched_at=at, now=NOW)  # fmt: skip
            stories.refresh(session, story.id, NOW)
            story.headline, story.summary, story.state = headline, summary, state
            story.updated_at = NOW - timedelta(hours=decided_hours_ago)
            story.published_at = story.updated_at if state == "published" else None
            return story.id

    def draft(self, *, now: datetime = NOW, **order: object) -> DigestRow:
        values: dict[str, object] = {"kind": "daily", "day": TODAY} | order
        with self.store.write() as session:
            return build(session, Order(**values), TOPICS, EDITOR, now)  # type: ignore[arg-type]

    def withdraw(self, story_id: int) -> None:
        with self.store.write() as session:
            session.get_one(StoryRow, story_id).state = "withdrawn"

    def removed_at_source(self, story_id: int, source: str) -> None:
        with self.store.write() as session:
            for row in articles.of_story(session, story_id):
                if row.source == source:
                    session.get_one(ArticleRow, row.id).source_removed_at = NOW


@pytest.fixture
def desk(store: Store, settings: Settings) -> Desk:
    return Desk(store, settings.model_copy(update={"digest_signer": "Nguyễn Thị Ví Dụ"}))
