"""Articles are looked at again: a changed one gets a version, a removed one its mark, and nothing else does either."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from crawlers.links import looks_like_article
from crawlers.schedule import next_look
from diembao.demo.demo_press import PrintedArticle
from diembao.store import changes
from diembao.store.changes import SourceEvent
from diembao.store.models import ArticleRow, StoryRow, WatchRow
from nlp.analyzer import Analyzer
from pipelines import runner
from pipelines.addresses import canonical_url
from pipelines.steps import Tools

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer.load()


class Watched:
    """A newsroom whose articles were crawled and understood, so that they are watched."""

    def __init__(self, newsroom: Any, analyzer: Analyzer) -> None:
        self.newsroom = newsroom
        self.tools = Tools(newsroom.settings.archive_dir, analyzer, {})
        self.round()

    def round(self, **span: float) -> None:
        """Time goes by, the crawler looks, what it brought is understood."""
        self.newsroom.clock.forward(**span)
        self.newsroom.crawl()
        runner.process_pending(self.newsroom.store, self.tools, now=self.newsroom.clock)

    def ours(self) -> list[PrintedArticle]:
        """Articles in the papers that are kept as articles."""
        with self.newsroom.store.read() as session:
            kept = {canonical_url(url) for url in session.scalars(select(ArticleRow.url))}
        return [each for each in self.newsroom.press.articles() if canonical_url(each.url) in kept]

    def article(self, url: str) -> ArticleRow:
        with self.newsroom.store.read() as session:
            return session.scalars(select(ArticleRow).where(ArticleRow.url == canonical_url(url))).one()

    def count(self) -> int:
        with self.newsroom.store.read() as session:
            return len(session.scalars(select(ArticleRow.id)).all())

    def events(self) -> list[SourceEvent]:
        with self.newsroom.store.read() as session:
            return changes.unhandled(session)

    def publish(self, url: str) -> None:
        with self.newsroom.store.write() as session:
            session.execute(update(StoryRow).where(StoryRow.id == self.article(url).story_id).values(state="published"))


@pytest.fixture
def watch(open_newsroom: Callable[..., Any], analyzer: Analyzer) -> Callable[..., Watched]:
    return lambda *papers, **settings: Watched(open_newsroom(papers or ("songcau",), **settings), analyzer)


def test_a_changed_text_becomes_a_version_and_never_a_second_article(watch: Callable[..., Watched]) -> None:
    watched = watch()
    paper = watched.newsroom.press
    changed, *others = watched.ours()
    before, count = watched.article(changed.url), watched.count()
    watched.round(minutes=31)  # watched from now on
    paper.edit(changed.id, title="Tít đã sửa: " + changed.title, add=["Tin bổ sung: thêm hai hộ dân được hỗ trợ."])
    watched.round(minutes=31)
    after = watched.article(changed.url)
    assert (after.id, watched.count()) == (before.id, count)
    assert after.title.startswith("Tít đã sửa")
    assert "thêm hai hộ dân" in after.text
    assert after.published_at == before.published_at
    assert after.source_changed_at is not None
    assert after.version > before.version, "the index is told"
    with watched.newsroom.store.read() as session:
        first, second = changes.versions(session, after.id)
    assert (first.title, first.text, second.text) == (before.title, before.text, after.text)
    (event,) = watched.events()
    assert (event.kind, event.article_id) == ("changed", before.id)
    assert event.detail["title"] and event.detail["added"] >= 10
    assert [watched.article(each.url).source_changed_at for each in others] == [None] * len(others)
    for _ in range(3):
        watched.round(hours=5)
    assert len(watched.events()) == 1, "told once"
    assert watched.newsroom.steps(changed.url).count(("look", "changed")) == 1


def test_counters_spaces_and_other_articles_around_it_are_no_change(watch: Callable[..., Watched]) -> None:
    watched = watch()
    (some, *_) = watched.ours()
    watched.newsroom.press.publish("songcau", "Tin khác làm đổi cột bên", "Một tin.", ["Nội dung."])
    for _ in range(4):
        watched.round(hours=3)
    with watched.newsroom.store.read() as session:
        looks = {row.page_id: row.looks for row in session.scalars(select(WatchRow))}
    assert looks[watched.newsroom.page(some.url).id] >= 2
    assert watched.events() == []


def test_removals_of_every_kind_are_confirmed_by_a_second_look_and_marked_within_the_hour(
    watch: Callable[..., Watched],
) -> None:
    watched = watch()
    ways = ("404", "410", "redirect_home", "gone_page")
    removed, others = watched.ours()[: len(ways)], watched.ours()[len(ways) :]
    for article in removed:
        watched.publish(article.url)
    watched.round(minutes=31)
    for article, how in zip(removed, ways, strict=True):
        watched.newsroom.press.remove(article.id, how)
    begun = watched.newsroom.clock()
    watched.round(minutes=25)
    watched.round(minutes=4)
    assert watched.events() == [], "once is not enough"
    watched.round(minutes=2)
    rows = [watched.article(article.url) for article in removed]
    assert [row.source_removed_at is not None for row in rows] == [True] * 4, [
        row.source_removed_reason for row in rows
    ]
    assert all(row.source_removed_at - begun < timedelta(hours=1) and row.source_removed_reason for row in rows)
    assert sorted((event.kind, event.article_id) for event in watched.events()) == sorted(
        ("removed", row.id) for row in rows
    )
    assert {watched.article(each.url).source_removed_at for each in others} <= {None}
    assert watched.newsroom.steps(removed[0].url)[-2:] == [("look", "suspected"), ("look", "removed")]


def test_an_article_that_comes_back_is_no_longer_marked(
    watch: Callable[..., Watched], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    watched = watch()
    article = watched.ours()[0]
    watched.round(minutes=31)
    watched.newsroom.press.remove(article.id, "410")
    for _ in range(2):
        watched.round(minutes=31)
    assert watched.article(article.url).source_removed_at is not None
    watched.round(hours=25)
    assert caplog.messages.count("article removed at its source") == 1, "known is not told again with every look"
    watched.newsroom.press.restore(article.id)
    watched.round(hours=25)
    assert watched.article(article.url).source_removed_at is None
    assert [event.kind for event in watched.events()] == ["removed", "restored"]


def test_faults_of_the_server_are_no_removal(watch: Callable[..., Watched]) -> None:
    watched = watch(fetch_timeout=1.0)
    tricks = ("status_500", "status_403", "never", "reset", "empty_body", "script_challenge", "redirect_foreign")
    plagued = watched.ours()[: len(tricks)]
    assert len(plagued) == len(tricks)
    for article, trick in zip(plagued, tricks, strict=True):
        watched.newsroom.press.misbehave("songcau", trick, article.url)
    for minutes in (31, 6, 31, 6):
        watched.round(minutes=minutes)
    met = {each.trick for each in watched.newsroom.press.misbehaviours() if each.hits >= 2}
    assert met == set(tricks), "all of them were looked at"
    assert watched.events() == []
    assert {watched.article(article.url).source_removed_at for article in plagued} == {None}


def test_a_hiccup_between_two_good_looks_leaves_no_suspicion(watch: Callable[..., Watched]) -> None:
    watched = watch()
    article = watched.ours()[0]
    watched.newsroom.press.misbehave("songcau", "removed_404", article.url, times=1)
    for minutes in (31, 6, 31, 31):
        watched.round(minutes=minutes)
    assert watched.events() == []
    assert watched.newsroom.steps(article.url).count(("look", "suspected")) == 1


def test_a_whole_paper_that_leads_to_its_front_page_waits_longer_to_be_believed(watch: Callable[..., Watched]) -> None:
    watched = watch()
    watched.newsroom.press.misbehave("songcau", "removed_home", times=1000)
    for minutes in (31, 6, 6):
        watched.round(minutes=minutes)
    assert watched.events() == [], "maintenance, for all we know"
    watched.newsroom.press.behave()
    watched.round(minutes=31)
    assert watched.events() == []


def test_looks_are_conditional_and_gentle(watch: Callable[..., Watched]) -> None:
    watched = watch()
    watched.newsroom.press.forget_requests()
    watched.round(minutes=31)
    ours = {canonical_url(each.url) for each in watched.ours()}
    address = watched.newsroom.press.addresses["songcau"]
    seen = [canonical_url(address + r.target) for r in watched.newsroom.press.requests("songcau", "article")]
    assert set(seen) == ours, "articles that are not ours are not looked at again"
    assert len(seen) == len(ours), "each once"


def test_a_changed_article_that_is_no_longer_about_us_is_left_to_people(watch: Callable[..., Watched]) -> None:
    watched = watch()
    press = watched.newsroom.press
    ours = press.publish(
        "songcau",
        "Thái Nguyên khởi công cầu mới",
        "Sáng nay, tỉnh Thái Nguyên khởi công một cây cầu mới qua sông, nối hai khu dân cư đông đúc.",
        [
            "Cây cầu dài 200 m, rộng 12 m, do tỉnh Thái Nguyên bỏ vốn, dự kiến xong trong mười tám tháng tới đây.",
            "Người dân hai bên bờ đã chờ đợi công trình này từ nhiều năm nay và mong cầu sớm được thông xe an toàn.",
            "Nhà thầu cam kết thi công cả ngày lẫn đêm, không để ảnh hưởng tới việc đi lại của học sinh trong vùng.",
        ],
    )
    watched.round(minutes=31)
    before = watched.article(ours.url)
    watched.round(minutes=31)
    press.edit(
        ours.id,
        title="Khởi công cầu mới",
        lead="Sáng nay, một cây cầu mới qua sông được khởi công, nối hai khu dân cư đông đúc.",
        replacements={"tỉnh Thái Nguyên": "nhà nước"},
    )
    watched.round(minutes=31)
    after = watched.article(ours.url)
    assert "Thái Nguyên" not in after.text
    assert after.relevance == before.relevance, "a judgement people have worked with is not taken away silently"
    assert [event.kind for event in watched.events()] == ["changed"]


def test_the_schedule_decays_and_ends_but_never_for_what_is_published() -> None:
    def look(age: timedelta, *, published: bool = False) -> timedelta | None:
        return next_look(age, 14 * DAY, published=published, fresh_published=30 * DAY)

    waits = []
    age = timedelta(0)
    while (wait := look(age)) is not None:
        waits.append(wait)
        age += wait
    assert [wait / timedelta(minutes=30) for wait in waits[:6]] == [1, 1, 2, 4, 8, 16]
    assert set(waits[6:]) == {DAY}
    assert 18 <= len(waits) <= 20
    assert look(3 * DAY, published=True) == timedelta(minutes=25)
    assert look(300 * DAY, published=True) == DAY


def test_addresses_that_alone_speak_for_an_article() -> None:
    assert looks_like_article("https://songcau.vn/lu-len-nhanh-tren-song-cau-123456.html")
    assert not looks_like_article("https://songcau.vn/thoi-su")
    assert not looks_like_article("https://songcau.vn/")
