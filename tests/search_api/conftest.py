"""A newsroom with stories of our own writing, on a real SQLite store and the embedded index."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from diembao.index.opening import open_index
from diembao.index.protocol import SearchIndex
from diembao.newsroom.publishing import publish
from diembao.records import Annotations, Article, Entity, Evidence, FeedHints, PlaceMention, Relevance, Stance, Topic
from diembao.settings import Settings
from diembao.store import articles, audit, pages, sources, stories
from diembao.store.database import Store, open_store
from diembao.store.models import StoryRow
from pipelines.indexing import drain
from search_api.app import create_app
from search_api.limits import RateLimiter

# Sunday, 09:05 in Viet Nam.
NOW = datetime(2026, 11, 22, 2, 5, tzinfo=UTC)
# Words that stand only where the public may not look.
SECRET_TEXT = "đoạn toàn văn chỉ dành cho ban biên tập"
SECRET_EVIDENCE = "câu chứng cứ bất lợi"


@dataclass
class Printing:
    """One article to be made; `at` is its source time."""

    title: str
    source: str = "songcau"
    at: datetime | None = NOW - timedelta(hours=3)
    lead: str = "Mực nước sông Cầu tại trạm Gia Bảy vượt báo động hai. Các phường ven sông đã sẵn sàng di dời dân."
    text: str = ""
    topics: tuple[str, ...] = ("thien-tai-thoi-tiet",)
    places: tuple[PlaceMention, ...] = (PlaceMention("Tân Cương", "05503", "unit", "xã Tân Cương"),)
    authors: tuple[str, ...] = ()
    credit: str = ""
    url: str = ""
    stance: Stance = Stance.UNFAVOURABLE
    reprint_of: int | None = None  # position in the story


@dataclass
class Newsroom:
    store: Store
    index: SearchIndex
    _count: int = 0
    article_ids: list[int] = field(default_factory=list)

    def outlet(self, name: str, title: str, agreement: str = "none") -> None:
        self._outlets[name] = sources.SourceRecord(
            name,
            title,
            "newspaper",
            "local",
            agreement,
            {"domains": [f"{name}.vn"]},
            (("feed", f"https://{name}.vn/rss"),),
        )
        with self.store.write() as session:
            sources.sync_sources(session, self._outlets.values(), 600, NOW)

    _outlets: dict[str, sources.SourceRecord] = field(default_factory=dict)

    def story(
        self, *printings: Printing, headline: str = "", summary: str = "", published: bool = True, index: bool = True
    ) -> int:
        """Make a story of these printings; returns its id."""
        with self.store.write() as session:
            first = min(printing.at or NOW for printing in printings)
            story = stories.create(session, at=first, relevance="relevant", now=NOW)
            made: list[int] = []
            for printing in printings:
                made.append(self._article(session, story.id, printing, made))
            stories.refresh(session, story.id, NOW)
            story.headline, story.summary = headline, summary
            session.flush()
            if published:
                publish(session, story, articles.of_story(session, story.id), actor="editor:lan", now=NOW)
            story_id = story.id
        self.article_ids += made
        if index:
            drain(self.store, self.index)
        return story_id

    def recall(self, story_id: int) -> None:
        """What the desk does when a story must go: the store knows at once, the index a little later."""
        with self.store.write() as session:
            session.get_one(StoryRow, story_id).state = "withdrawn"
            audit.record(session, actor="editor:lan", action="withdraw", object_kind="story", object_id=story_id, at=NOW)

    def poll(self, source: str, status: str, new_items: int = 0) -> None:
        with self.store.write() as session:
            feed = sources.feeds_of(session)[source][0]
            sources.record_poll(
                session, feed.id, now=NOW, status=status, reason="", interval_seconds=600, new_items=new_items
            )

    def _article(self, session: object, story_id: int, printing: Printing, made: list[int]) -> int:
        self._count += 1
        url = printing.url or f"https://{printing.source}.vn/bai-{self._count}.html"
        key = f"https://{printing.source}.vn/bai-{self._count}.html"
        pages.register_found(session, printing.source, None, [pages.FoundLink(key, FeedHints())], NOW)  # type: ignore[arg-type]
        page = pages.by_url(session, key)  # type: ignore[arg-type]
        assert page is not None
        text = printing.text or f"{printing.lead}\nDiễn biến tiếp theo của bài: {SECRET_TEXT}."
        evidence = (Evidence("blame", SECRET_EVIDENCE, "text", 0, 5, 1.0),)
        annotations = Annotations(
            Relevance.RELEVANT,
            0.98,
            evidence=evidence,
            topics=tuple(Topic(slug, 0.9) for slug in printing.topics),
            stance=printing.stance,
            stance_evidence=evidence,
            needs_response=True,
            accused="Sở Ví Dụ",
            places=printing.places,
            entities=(Entity("person", "Nguyễn Thị Ví Dụ"),),
            language="vi",
        )
        row = articles.add(
            session,  # type: ignore[arg-type]
            page.id,
            Article(
                url,
                url,
                printing.source,
                printing.title,
                printing.lead,
                text,
                authors=printing.authors,
                published_at=printing.at,
                credit=printing.credit,
            ),
            annotations,
            story_id=story_id,
            reprint_of=made[printing.reprint_of] if printing.reprint_of is not None else None,
            signature=b"",
            bands=(),
            fetched_at=printing.at or NOW - timedelta(hours=2),
            now=NOW,
        )
        return row.id


@pytest.fixture
def site_settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={
            "public_url": "https://baochi.example",
            "owner_name": "Trung tâm Thông tin tỉnh",
            "owner_email": "lienhe@baochi.example",
            "owner_phone": "0208 300 000",
        }
    )


@pytest.fixture(scope="session")
def fresh_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated store with three outlets, made once and copied for each test."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("fresh") / "data")
    store = open_store(settings)
    made = Newsroom(store, open_index(settings))
    made.outlet("songcau", "Báo Sông Cầu")
    made.outlet("trungdu", "Báo Trung Du", "excerpt")
    made.outlet("xuche", "Tạp chí Xứ Chè")
    store.close()
    return settings.data_dir


@pytest.fixture
def newsroom(site_settings: Settings, fresh_data_dir: Path) -> Iterator[Newsroom]:
    shutil.copytree(fresh_data_dir, site_settings.data_dir)
    store, index = open_store(site_settings), open_index(site_settings)
    yield Newsroom(store, index)
    index.close()
    store.close()


@pytest.fixture
def clock() -> list[datetime]:
    """The time the site believes in; tests move it by replacing the element."""
    return [NOW]


@pytest.fixture
def site(newsroom: Newsroom, site_settings: Settings, clock: list[datetime]) -> Iterator[TestClient]:
    """The application as a visitor on the internet meets it, but for the limit of requests."""
    unlimited = RateLimiter(per_second=1e6, burst=1_000_000)
    app = create_app(site_settings, newsroom.store, newsroom.index, now=lambda: clock[0], limiter=unlimited)
    with TestClient(app, client=("203.0.113.7", 40000), base_url="https://baochi.example") as client:
        yield client


@pytest.fixture
def printing() -> Callable[..., Printing]:
    return Printing
