"""One crawl over the demo press: what is found, fetched, kept, and in which manner it is asked for."""

from __future__ import annotations

import gzip
import itertools
import time
from pathlib import Path

import pytest

from crawlers.queue import WorkQueue
from diembao.errors import BadSource
from diembao.records import FeedHints
from diembao.store.models import SourceRow


def test_every_article_of_the_press_is_found_fetched_and_archived(open_newsroom) -> None:
    newsroom = open_newsroom(["songcau", "trungdu", "xuche", "nuicoc"])
    tally = newsroom.crawl()
    assert tally["polls failing"] == 0
    assert tally["found"] == tally["fetched"] == sum(newsroom.states().values())
    # What stands in feeds, on first list pages and in sitemaps; older articles are out of reach for everybody.
    within_reach = {article.url for paper in ("songcau", "trungdu") for article in newsroom.press.articles(paper)[:20]}
    for url in within_reach:
        assert newsroom.page(url).state == "fetched"
    article = newsroom.press.articles("xuche")[0]
    assert article.title.encode() in newsroom.body(article.url)
    assert newsroom.steps(article.url) == [("fetch", "archived")]


def test_a_second_crawl_finds_nothing_and_asks_conditionally(open_newsroom) -> None:
    newsroom = open_newsroom(["songcau"])
    newsroom.crawl()
    newsroom.press.forget_requests()
    for _ in range(6):  # some polls leave the validators out on purpose
        newsroom.clock.forward(minutes=10)
        tally = newsroom.crawl()
        assert tally["found"] == tally["fetched"] == 0
        assert tally["polls unchanged"] == 1
    statuses = [request.status for request in newsroom.press.requests("songcau", "feed")]
    assert 304 in statuses
    assert newsroom.press.requests("songcau", "article") == []


def test_a_new_article_is_fetched_alone_and_carries_what_the_feed_said(open_newsroom) -> None:
    newsroom = open_newsroom(["songcau"])
    newsroom.crawl()
    newsroom.clock.forward(minutes=10)
    new = newsroom.press.publish(
        "songcau", "Khánh thành cầu Huống Thượng", "Sáng nay cầu Huống Thượng thông xe.", ["Cầu dài 300 m."]
    )
    tally = newsroom.crawl()
    assert (tally["found"], tally["fetched"]) == (1, 1)
    hints: FeedHints = newsroom.hints(new.url)
    assert hints.title == "Khánh thành cầu Huống Thượng"
    assert hints.summary == "Sáng nay cầu Huống Thượng thông xe."
    assert hints.published_at == new.published_at.replace(microsecond=0)


def test_only_named_sources_are_crawled_and_unknown_names_are_refused(open_newsroom) -> None:
    newsroom = open_newsroom(["songcau", "trungdu"])
    newsroom.crawl("songcau")
    assert newsroom.press.requests("trungdu") == []
    with pytest.raises(BadSource, match="no source named baothainguyen"):
        newsroom.crawl("baothainguyen")


def test_robots_are_obeyed_and_the_refusal_leaves_a_trail(open_newsroom) -> None:
    newsroom = open_newsroom(["congtam"])
    newsroom.crawl()
    forbidden = [a for a in newsroom.press.articles("congtam") if "/noi-bo/" in a.url]
    assert forbidden, "the paper should have an article behind its robots.txt"
    for article in forbidden:
        assert newsroom.page(article.url).state == "refused"
        assert newsroom.page(article.url).reason == "robots"
        assert newsroom.steps(article.url) == [("fetch", "refused")]
    asked = {request.target for request in newsroom.press.requests("congtam")}
    assert not any(target.startswith("/noi-bo/") for target in asked)
    assert newsroom.press.requests("congtam")[0].kind == "robots", "robots.txt comes before everything else"


def test_a_written_reason_lifts_robots(open_newsroom) -> None:
    newsroom = open_newsroom(["congtam"])
    path: Path = newsroom.settings.sources_dir / "congtam.yml"
    path.write_text(
        path.read_text("utf-8") + "robots: {ignore_reason: Công văn 12/CV ngày 3/11 của tòa soạn cho phép}\n", "utf-8"
    )
    newsroom.crawl()
    assert newsroom.states() == {"fetched": len(newsroom.press.articles("congtam"))}
    assert newsroom.press.requests("congtam", "robots") == []


def test_pauses_are_kept_between_requests_to_one_host(open_newsroom) -> None:
    newsroom = open_newsroom(["songcau"])
    path: Path = newsroom.settings.sources_dir / "songcau.yml"
    path.write_text(path.read_text("utf-8").replace("delay: 0.05", "delay: 0.2"), "utf-8")
    for article in newsroom.press.articles("songcau")[8:]:
        newsroom.press.remove(article.id)
    newsroom.crawl()
    times = [request.at for request in newsroom.press.requests("songcau")]
    assert len(times) == 10
    pauses = [after - before for before, after in itertools.pairwise(times)]
    assert min(pauses) > 0.15, "a pause may be longer, never shorter (beyond what clocks are off)"


def test_a_host_is_never_asked_for_more_than_two_pages_at_a_time(open_newsroom) -> None:
    newsroom = open_newsroom(["songcau"])
    path = newsroom.settings.sources_dir / "songcau.yml"
    path.write_text(path.read_text("utf-8").replace("delay: 0.05", "delay: 0"), "utf-8")
    newsroom.press.misbehave("songcau", "late", seconds=0.3)
    newsroom.crawl()
    times = [request.at for request in newsroom.press.requests("songcau", "article")]
    assert len(times) > 6
    assert min(after - before for before, after in zip(times, times[2:], strict=False)) >= 0.25


def test_crawl_delay_of_robots_outweighs_a_shorter_pause(open_newsroom) -> None:
    newsroom = open_newsroom(["kycung"])
    assert newsroom.press.papers["kycung"].crawl_delay == 1
    for article in newsroom.press.articles("kycung")[2:]:
        newsroom.press.remove(article.id)
    newsroom.crawl()
    times = [request.at for request in newsroom.press.requests("kycung")]
    pauses = [after - before for before, after in itertools.pairwise(times)]
    assert min(pauses[1:]) > 0.9


def test_the_crawler_names_itself_and_keeps_no_cookies(open_newsroom) -> None:
    newsroom = open_newsroom(["songcau"], contact="banbientap@example.vn", public_url="https://diembao.example.vn")
    newsroom.crawl()
    agents = {request.headers["user-agent"] for request in newsroom.press.requests()}
    assert agents == {"DiembaoThaiNguyen/0.1 (+https://diembao.example.vn; banbientap@example.vn)"}
    assert not any("cookie" in request.headers for request in newsroom.press.requests())


def test_a_broken_source_file_does_not_stop_the_others(open_newsroom, caplog) -> None:
    newsroom = open_newsroom(["songcau", "trungdu"])
    (newsroom.settings.sources_dir / "trungdu.yml").write_text("name: trungdu\n\ttitle: hỏng\n", "utf-8")
    tally = newsroom.crawl()
    assert tally["fetched"] > 0
    assert "trungdu.yml, line 2" in caplog.text
    with newsroom.store.read() as session:
        assert session.get(SourceRow, "trungdu") is None


def test_the_archive_is_plain_warc(open_newsroom) -> None:
    newsroom = open_newsroom(["songcau"])
    newsroom.crawl()
    files = list(newsroom.settings.archive_dir.rglob("*.warc.gz"))
    text = b"".join(gzip.decompress(path.read_bytes()) for path in files)
    assert text.count(b"WARC-Type: response") == newsroom.states()["fetched"]


def test_it_works_on_every_database(store, open_newsroom) -> None:
    newsroom = open_newsroom(["songcau"])
    newsroom.store.close()
    newsroom.store = store
    tally = newsroom.crawl()
    assert tally["fetched"] == tally["found"] > 10
    newsroom.clock.forward(minutes=10)
    assert newsroom.crawl()["found"] == 0


def test_a_crawl_does_not_end_over_what_was_found_while_it_looked_at_its_queue(open_newsroom, monkeypatch) -> None:
    newsroom = open_newsroom(["songcau"])
    read = WorkQueue._read

    def slow_read(queue: WorkQueue, busy: set[str]) -> object:
        seen = read(queue, busy)
        time.sleep(0.5)  # the poll under way ends meanwhile, and what it found is not in what was read
        return seen

    monkeypatch.setattr(WorkQueue, "_read", slow_read)
    assert newsroom.crawl()["fetched"] > 0
