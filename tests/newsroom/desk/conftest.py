"""A small newsroom: newspapers, articles and stories as the pipeline leaves them, and people with roles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from diembao.newsroom import desk
from diembao.newsroom.desk import Outcome, Wish
from diembao.newsroom.permissions import Actor, Role
from diembao.newsroom.states import Act, State
from diembao.records import Annotations, Article, FeedHints, Relevance, Stance, Topic
from diembao.settings import Settings
from diembao.store import articles, pages, sources, stories
from diembao.store.database import Store
from diembao.store.models import ArticleRow, SourceRow, StoryRow

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
PAPERS = {
    "songcau": ("Báo Sông Cầu", "newspaper"),
    "nuicoc": ("Tạp chí Núi Cốc", "magazine"),
    "trungdu": ("Đài Trung Du", "broadcaster"),
    "nonnuoc": ("Báo Non Nước", "newspaper"),
    "cong": ("Cổng tỉnh", "portal"),
}


def somebody(name: str, *roles: Role) -> Actor:
    return Actor(name, frozenset(roles), user_id=len(name))


EDITOR = somebody("lan", Role.EDITOR)
OTHER = somebody("minh", Role.EDITOR)
CHIEF = somebody("chi-huong", Role.CHIEF)


@dataclass
class Newsroom:
    """Makes what a test needs; times are hours before NOW."""

    store: Store
    settings: Settings
    now: datetime = NOW
    editor: Actor = EDITOR
    other: Actor = OTHER
    chief: Actor = CHIEF
    _count: int = 0

    def do(
        self, act: Act, story_id: int, actor: Actor, wish: Wish = Wish(), *, at: datetime = NOW, revision: int = 0
    ) -> int:
        """One act on a story as it stands, or as it stood at an earlier revision."""
        item = (story_id, revision or self.row(story_id).revision)
        with self.store.write() as session:
            return desk.act_on(session, act, item, actor, at, self.settings, wish)

    def do_all(
        self, act: Act, story_ids: list[int], actor: Actor, wish: Wish = Wish(), *, at: datetime = NOW
    ) -> Outcome:
        items = [self.item(number) for number in story_ids]
        with self.store.write() as session:
            return desk.perform(session, act, items, actor, at, self.settings, wish)

    def undo(self, act_id: int, actor: Actor) -> Outcome:
        with self.store.write() as session:
            return desk.undo(session, act_id, actor, NOW, self.settings)

    def story(
        self,
        *papers: str,
        hours: float = 5.0,
        state: State = State.NEW,
        summary: str = "",
        dated: bool = True,
        relevance: str = "relevant",
    ) -> int:
        """A story that these newspapers (songcau when none is named) have printed."""
        with self.store.write() as session:
            at = NOW - timedelta(hours=hours)
            row = stories.create(session, at=at, relevance=relevance, now=NOW)
            for paper in papers or ("songcau",):
                self.article(session, row.id, paper, at if dated else None, relevance)
            stories.refresh(session, row.id, NOW)
            row.state, row.summary = state.value, summary
            if state in (State.PUBLISHED, State.CORRECTED, State.WITHDRAWN):
                row.published_at = NOW - timedelta(hours=1)
            return row.id

    def article(
        self, session: object, story_id: int, paper: str, at: datetime | None, relevance: str = "relevant"
    ) -> int:
        self._count += 1
        url = f"https://{paper}.vn/bai-{self._count}.html"
        pages.register_found(session, paper, None, [pages.FoundLink(url, FeedHints(title="A"))], NOW)
        page = pages.by_url(session, url)
        assert page is not None
        page.state, page.outcome = "done", relevance
        return articles.add(
            session,
            page.id,
            Article(url, url, paper, f"Bài số {self._count}", "Đoạn mở đầu.", "Đoạn mở đầu.\nHết.", published_at=at),
            Annotations(
                Relevance(relevance),
                0.9,
                topics=(Topic("kinh-te", 0.9),),
                stance=Stance.NEUTRAL,
                versions={"gate": "1"},
            ),
            story_id=story_id,
            reprint_of=None,
            signature=b"",
            bands=[],
            fetched_at=at or NOW - timedelta(hours=5),
            now=NOW,
        ).id

    def front(self, *papers: str) -> None:
        """Stories on the section already."""
        for paper in papers:
            self.story(paper, state=State.PUBLISHED, summary="Tóm tắt.")

    def row(self, story_id: int) -> StoryRow:
        with self.store.read() as session:
            return session.get_one(StoryRow, story_id)

    def item(self, story_id: int) -> tuple[int, int]:
        return story_id, self.row(story_id).revision

    def printings(self, story_id: int) -> list[ArticleRow]:
        with self.store.read() as session:
            return list(articles.of_story(session, story_id))

    def agree(self, paper: str, scope: str, hours: float = 0.0, until: date | None = None) -> None:
        with self.store.write() as session:
            row = session.get_one(SourceRow, paper)
            row.agreement, row.agreement_hours, row.agreement_until = scope, hours, until


@pytest.fixture
def newsroom(store: Store, settings: Settings) -> Iterator[Newsroom]:
    records = [
        sources.SourceRecord(name, title, kind, "local", "none", {}, ()) for name, (title, kind) in PAPERS.items()
    ]
    with store.write() as session:
        sources.sync_sources(session, records, 600, NOW)
    yield Newsroom(store, settings)
