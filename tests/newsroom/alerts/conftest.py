"""A newspaper market of our own, article by article at the times a test says, and people who want to be told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from diembao.index.protocol import SearchIndex
from diembao.newsroom.analysis.alerts.telling import queue_due
from diembao.newsroom.analysis.alerts.watching import Watch
from diembao.newsroom.sessions import Sessions
from diembao.records import Annotations, Article, Relevance, Stance
from diembao.settings import Settings
from diembao.store import articles, people, stories
from diembao.store.database import Store
from diembao.store.models import AlertMatchRow, AlertRow, ArticleRow, PageRow, SourceRow, StoryRow, UserRow
from pipelines.indexing import documents_of, drain

# Sunday, 09:05 in Viet Nam.
NOW = datetime(2026, 11, 22, 2, 5, tzinfo=UTC)


class Market:
    """Newspapers, their articles, the index of them, the alerts of people and who keeps watch."""

    def __init__(self, store: Store, index: SearchIndex, folder: Path) -> None:
        self.store, self.index, self.folder = store, index, folder
        self.sessions = Sessions()
        self._printed = 0
        self._watch: Watch | None = None

    def person(
        self, name: str = "lan", roles: tuple[str, ...] = ("analyst",), email: str = "lan@baochi.example"
    ) -> int:
        with self.store.write() as session:
            return people.add(session, UserRow(name=name, roles=list(roles), email=email, created_at=NOW)).id

    def alert(self, user_id: int, query: str = "q=l%C5%A9", condition: str = "every", **more: Any) -> int:
        known = {
            "name": condition,
            "days": 30,
            "hour": 7,
            "level": 2,
            "by_mail": True,
            "watching_since": NOW - timedelta(days=60),
        }
        with self.store.write() as session:
            row = AlertRow(
                user_id=user_id, query=query, condition=condition, created_at=NOW, updated_at=NOW, **{**known, **more}
            )
            session.add(row)
            session.flush()
            return row.id

    def prints(
        self,
        title: str = "Lũ về",
        *,
        found: datetime = NOW,
        printed: datetime | None = None,
        source: str = "songcau",
        stance: Stance | None = Stance.NEUTRAL,
        story: int | None = None,
        index: bool = True,
    ) -> int:
        """An article that came in at a moment; its number."""
        at = printed or found
        with self.store.write() as session:
            number = self._article(session, title, found, at, source, stance, story)
        if index:
            drain(self.store, self.index)
        return number

    def story_of(self, article: int) -> int:
        with self.store.read() as session:
            return session.get_one(ArticleRow, article).story_id

    def changes(self, article: int, now: datetime, **values: Any) -> None:
        """Somebody corrects an article, and the index is told."""
        with self.store.write() as session:
            row = session.get_one(ArticleRow, article)
            for name, value in values.items():
                setattr(row, name, value)
            articles.touch(session, [article], now)
        drain(self.store, self.index)

    @property
    def watch(self) -> Watch:
        if self._watch is None:
            self._watch = self.another_watch()
        return self._watch

    def another_watch(self) -> Watch:
        """As a worker that was started just now has it."""
        return Watch(self.store, self.index, self.folder, documents_of, self.sessions)

    def forget(self) -> None:
        """The worker is started again."""
        self._watch = None

    def round(self, now: datetime = NOW) -> int:
        """What the worker does once; of how many alerts something was queued."""
        self.watch.round(now)
        return queue_due(self.store, now)

    def found(self, alert: int | None = None) -> list[str]:
        """The keys of what was found, in order."""
        query = select(AlertMatchRow.key).order_by(AlertMatchRow.id)
        with self.store.read() as session:
            rows = session.scalars(query.where(AlertMatchRow.alert_id == alert) if alert else query)
            return list(rows)

    def titles(self, alert: int | None = None) -> list[str]:
        """The titles of the articles that were found, in order."""
        query = select(ArticleRow.title).join(AlertMatchRow, AlertMatchRow.article_id == ArticleRow.id)
        query = query.where(AlertMatchRow.alert_id == alert) if alert else query
        with self.store.read() as session:
            return list(session.scalars(query.order_by(AlertMatchRow.id)))

    def count(self, table: Any) -> int:
        with self.store.read() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    def _article(
        self,
        session: Session,
        title: str,
        found: datetime,
        at: datetime,
        source: str,
        stance: Stance | None,
        story: int | None,
    ) -> int:
        if session.get(SourceRow, source) is None:
            session.add(
                SourceRow(
                    name=source, title=f"Báo {source}", outlet_type="newspaper", scope="local",
                    agreement="none", definition={}, updated_at=NOW,
                )
            )  # fmt: skip
            session.flush()
        self._printed += 1
        url = f"https://{source}.example/{self._printed}.html"
        page = PageRow(url=url, source=source, found_at=found, state="done", next_try_at=found)
        session.add(page)
        session.flush()
        kept = (
            session.get_one(StoryRow, story)
            if story
            else stories.create(session, at=at, relevance="relevant", now=found)
        )
        row = articles.add(
            session, page.id,
            Article(url, url, source, title, "", f"Nội dung của {title}.", published_at=at),
            Annotations(Relevance.RELEVANT, 0.9, stance=stance),
            story_id=kept.id, reprint_of=None, signature=b"", bands=(), fetched_at=found, now=found,
        )  # fmt: skip
        stories.refresh(session, kept.id, found)
        return row.id


@pytest.fixture
def market(store: Store, index: SearchIndex, tmp_path: Path) -> Market:
    """On each database and each engine."""
    return Market(store, index, tmp_path / "data")


@pytest.fixture
def one_market(tmp_path: Path) -> Iterator[Market]:
    """On the embedded defaults alone, for what does not depend on them."""
    from diembao.index.opening import open_index
    from diembao.store.database import open_store

    settings = Settings(data_dir=tmp_path / "data")
    opened, index = open_store(settings), open_index(settings)
    yield Market(opened, index, settings.data_dir)
    index.close()
    opened.close()


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def market_of() -> Callable[..., Market]:
    return Market
