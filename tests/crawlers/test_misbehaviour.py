"""Whatever a paper's server does, the crawl ends, says what was wrong, and reads all others."""

from __future__ import annotations

import itertools
import resource
import threading
import time
from datetime import timedelta

import pytest

from crawlers.run import crawl_forever as crawl_due
from diembao.demo import DemoPress
from diembao.store.pages import MAX_ATTEMPTS

# trick, options, state afterwards, beginning of the reason
PAGES = [
    ("status_500", {}, "found", "HTTP 500"),
    ("status_403", {}, "found", "HTTP 403"),
    ("late", {"seconds": 30}, "found", "timeout"),
    ("drip", {"pause": 0.2}, "found", "timeout"),
    ("never", {}, "found", "timeout"),
    ("truncated", {}, "found", "truncated"),
    ("reset", {}, "found", "truncated"),
    ("empty_body", {}, "found", "empty"),
    ("endless_body", {}, "refused", "too_large"),
    ("gzip_bomb", {}, "refused", "too_large"),
    ("corrupt_gzip", {}, "found", "undecodable"),
    ("endless_redirect", {}, "found", "too_many_redirects"),
    ("redirect_foreign", {}, "refused", "foreign_redirect"),
    ("redirect_private", {}, "refused", "foreign_redirect"),
    ("cookie_loop", {}, "found", "too_many_redirects"),
    ("removed_404", {}, "failed", "HTTP 404"),
    ("removed_410", {}, "failed", "HTTP 410"),
    ("removed_home", {}, "failed", "gone: leads to the front page"),
]


def test_bad_pages_are_told_apart_and_hold_up_no_other(open_newsroom) -> None:
    newsroom = open_newsroom(["songcau", "trungdu"], fetch_timeout=1.5, fetch_max_bytes=1_000_000)
    articles = newsroom.press.articles("songcau")
    plagued = list(zip(articles, PAGES, strict=False))
    assert len(plagued) == len(PAGES), "the paper needs an article for every trick"
    for article, (trick, options, _, _) in plagued:
        newsroom.press.misbehave("songcau", trick, article.url, **options)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    newsroom.crawl()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < 100, "bombs and endless bodies must not be unfolded"
    found = {trick: newsroom.page(article.url) for article, (trick, *_) in plagued}
    seen = {
        trick: (page.state, page.reason[: len(reason)])
        for (trick, _, _, reason), page in zip(PAGES, found.values(), strict=True)
    }
    assert seen == {trick: (state, reason) for trick, _, state, reason in PAGES}
    healthy = [*articles[len(PAGES) :], *newsroom.press.articles("trungdu")]
    assert [a.url for a in healthy if newsroom.known(a.url) and newsroom.page(a.url).state != "fetched"] == []


def test_a_page_that_fails_is_tried_again_and_at_last_given_up(open_newsroom) -> None:
    newsroom = open_newsroom(["songcau"])
    lasting, passing = newsroom.press.articles("songcau")[:2]
    newsroom.press.misbehave("songcau", "status_500", lasting.url)
    newsroom.press.misbehave("songcau", "status_500", passing.url, times=2)
    for minutes in (0, 1, 4, 16, 64):
        newsroom.clock.forward(minutes=minutes)
        newsroom.crawl()
    assert newsroom.page(passing.url).state == "fetched"
    assert newsroom.steps(passing.url) == [("fetch", "retry"), ("fetch", "retry"), ("fetch", "archived")]
    assert newsroom.page(lasting.url).state == "failed"
    assert newsroom.steps(lasting.url) == [("fetch", "retry")] * (MAX_ATTEMPTS - 1) + [("fetch", "failed")]


def test_retry_after_is_honoured_for_the_whole_host(open_newsroom) -> None:
    newsroom = open_newsroom(["songcau", "trungdu"])
    busy = newsroom.press.articles("songcau")[0]
    newsroom.press.misbehave("songcau", "status_503", retry_after=7200)
    newsroom.crawl()
    feed = newsroom.feed("songcau")
    assert feed.status == "failing"
    assert "HTTP 503" in feed.reason
    assert feed.next_due_at == newsroom.clock() + timedelta(hours=2)
    assert not newsroom.known(busy.url)
    assert newsroom.page(newsroom.press.articles("trungdu")[0].url).state == "fetched"


def test_a_busy_page_waits_as_long_as_the_server_asked(open_newsroom) -> None:
    newsroom = open_newsroom(["songcau"])
    busy = newsroom.press.articles("songcau")[0]
    newsroom.press.misbehave("songcau", "status_429", busy.url, retry_after=3600, as_date=True)
    newsroom.crawl()
    page = newsroom.page(busy.url)
    assert page.state == "found"
    assert timedelta(minutes=55) < page.next_try_at - newsroom.clock() <= timedelta(minutes=61)
    after = [r for r in newsroom.press.requests("songcau", "article") if r.at > _first_429(newsroom.press)]
    assert len(after) <= 16, "what was not yet under way is left for later"


def _first_429(press: DemoPress) -> float:
    return next(request.at for request in press.requests() if request.status == 429)


# trick, options, status of the feed, words of the reason
FEEDS = [
    ("status_500", {}, "failing", "HTTP 500"),
    ("never", {}, "failing", "timeout"),
    ("truncated", {}, "failing", "truncated"),
    ("empty_body", {}, "failing", "with no feed"),
    ("script_challenge", {}, "failing", "with no feed (text/html"),
    ("corrupt_gzip", {}, "failing", "undecodable"),
    ("endless_redirect", {}, "failing", "too_many_redirects"),
    ("redirect_foreign", {}, "failing", "quang-cao.example"),
    ("feed_empty", {}, "empty", "without items"),
    ("always_304", {"always": True}, "failing", "HTTP 304"),
    ("gzip_bomb", {}, "failing", "with no feed"),
    ("feed_broken", {}, "ok", ""),
    ("feed_dirty", {}, "ok", ""),
    ("feed_relative", {}, "ok", ""),
    ("feed_undated", {}, "ok", ""),
    ("feed_future", {}, "ok", ""),
    ("feed_declares_latin1", {}, "ok", ""),
    ("feed_windows_1258", {}, "ok", ""),
    ("wrong_charset", {}, "ok", ""),
]


@pytest.mark.parametrize(("trick", "options", "status", "words"), FEEDS, ids=[trick for trick, *_ in FEEDS])
def test_bad_feeds(open_newsroom, trick: str, options: dict[str, object], status: str, words: str) -> None:
    newsroom = open_newsroom(["songcau"], fetch_timeout=1.0, fetch_max_bytes=500_000)
    (path,) = newsroom.press.feed_urls("songcau")[:1]
    keep_only(newsroom, 4)
    newsroom.press.misbehave("songcau", trick, path, **options)
    newsroom.crawl()
    feed = newsroom.feed("songcau")
    assert (feed.status, words in feed.reason) == (status, True), feed.reason
    if status == "ok":
        newest = newsroom.press.articles("songcau")[0]
        assert newsroom.page(newest.url).state == "fetched"
        hints = newsroom.hints(newest.url)
        assert newest.title in hints.title, "titles keep their letters whatever the charset was said to be"
        assert "<" not in hints.summary
        assert hints.published_at is None or hints.published_at <= newsroom.clock()
    else:
        newsroom.press.behave()
        newsroom.clock.forward(hours=1)
        newsroom.crawl()
        assert newsroom.feed("songcau").status == "ok"
        assert newsroom.states() == {"fetched": 4}, "once the feed is well, nothing is missing"


def keep_only(newsroom, count: int) -> None:
    for article in newsroom.press.articles("songcau")[count:]:
        newsroom.press.remove(article.id)


def test_a_huge_feed_is_cut_to_its_newest_items(open_newsroom) -> None:
    newsroom = open_newsroom(["songcau"])
    keep_only(newsroom, 3)
    newsroom.press.misbehave("songcau", "feed_huge", newsroom.press.feed_urls("songcau")[0], items=3000)
    newsroom.press.misbehave("songcau", "status_403", "/tin-cu-*")
    newsroom.crawl()
    assert all(newsroom.page(article.url).state == "fetched" for article in newsroom.press.articles("songcau"))
    assert sum(newsroom.states().values()) == 500


def test_a_server_that_keeps_its_etag_for_new_content_is_found_out(open_newsroom) -> None:
    newsroom = open_newsroom(["songcau"])
    keep_only(newsroom, 2)
    newsroom.press.misbehave("songcau", "frozen_etag", newsroom.press.feed_urls("songcau")[0])
    newsroom.crawl()
    new = newsroom.press.publish("songcau", "Tin mới dưới ETag cũ", "Một tin.", ["Nội dung."])
    for _ in range(40):
        newsroom.clock.forward(minutes=7)
        newsroom.crawl()
        if newsroom.known(new.url):
            break
    assert newsroom.page(new.url).state == "fetched", "some polls must not believe the server"
    another = newsroom.press.publish("songcau", "Tin mới nữa dưới ETag cũ", "Một tin.", ["Nội dung."])
    newsroom.clock.forward(minutes=7)
    newsroom.crawl()
    assert newsroom.page(another.url).state == "fetched", "once caught, it is never believed again"


def test_a_failing_feed_waits_longer_each_time_is_told_and_never_given_up(open_newsroom, caplog) -> None:
    newsroom = open_newsroom(["songcau"])
    keep_only(newsroom, 1)
    newsroom.press.misbehave("songcau", "status_500", newsroom.press.feed_urls("songcau")[0])
    waits = []
    for _ in range(50):
        newsroom.clock.forward(hours=6)
        newsroom.crawl()
        waits.append((newsroom.feed("songcau").next_due_at - newsroom.clock()).total_seconds() / 60)
        if len(waits) == 4:
            break
    assert waits == [10, 20, 30, 40]
    assert caplog.text.count("cannot be read any more") == 1
    newsroom.press.behave()
    newsroom.crawl()
    assert "can be read again" in caplog.text
    assert newsroom.feed("songcau").failures == 0


@pytest.mark.parametrize("trick", ["robots_500", "robots_never"])
def test_robots_that_cannot_be_read_forbid_everything_for_now(open_newsroom, trick: str) -> None:
    newsroom = open_newsroom(["songcau"], fetch_timeout=1.0)
    keep_only(newsroom, 2)
    newsroom.press.misbehave("songcau", trick)
    newsroom.crawl()
    assert newsroom.feed("songcau").reason.startswith("robots_unreachable")
    assert {request.kind for request in newsroom.press.requests()} == {"robots"}
    newsroom.press.behave()
    newsroom.clock.forward(minutes=10)
    newsroom.crawl()
    assert newsroom.states() == {"fetched": 2}


def test_huge_robots_are_read_as_far_as_is_sensible(open_newsroom) -> None:
    newsroom = open_newsroom(["songcau"])
    keep_only(newsroom, 2)
    newsroom.press.misbehave("songcau", "robots_huge", megabytes=5)
    newsroom.crawl()
    assert newsroom.states() == {"fetched": 2}


def test_a_source_that_needs_its_cookie_says_so_in_its_file(open_newsroom) -> None:
    newsroom = open_newsroom(["songcau"])
    keep_only(newsroom, 2)
    path = newsroom.settings.sources_dir / "songcau.yml"
    path.write_text(path.read_text("utf-8") + "cookies: true\n", "utf-8")
    newsroom.press.misbehave("songcau", "cookie_loop")
    newsroom.crawl()
    assert newsroom.states() == {"fetched": 2}


@pytest.mark.parametrize("trick", ["endless_pages", "calendar"])
def test_traps_on_list_pages_are_not_walked_into(open_newsroom, trick: str) -> None:
    newsroom = open_newsroom(["xuche"])
    newsroom.press.misbehave("xuche", trick)
    for _ in range(3):
        newsroom.crawl()
        newsroom.clock.forward(minutes=10)
    real = {article.url for article in newsroom.press.articles("xuche")}
    assert sum(newsroom.states().values()) <= len(real)


def test_one_bad_paper_does_not_delay_the_others(open_newsroom) -> None:
    newsroom = open_newsroom(["songcau", "trungdu"], fetch_timeout=1.5)
    newsroom.press.misbehave("songcau", "never", "/*/*")
    newsroom.crawl()
    asked = list(newsroom.press.requests("trungdu"))
    gaps = [after.at - before.at for before, after in itertools.pairwise(asked)]
    assert max(gaps) < 1.5, "never as long as a timeout of the other paper"


def test_when_a_feed_dies_the_front_page_is_the_second_way_in(open_newsroom) -> None:
    newsroom = open_newsroom(["songcau"])
    path = newsroom.settings.sources_dir / "songcau.yml"
    home = newsroom.press.addresses["songcau"] + "/"
    path.write_text(path.read_text("utf-8").replace("sections: []", f"sections: ['{home}']"), "utf-8")
    newsroom.crawl()
    newsroom.clock.forward(minutes=10)
    newsroom.crawl()
    rest = newsroom.feed("songcau", "section").next_due_at - newsroom.clock()
    assert rest == timedelta(hours=6), "while the feed is well the front page is left in peace"
    newsroom.press.misbehave("songcau", "status_500", newsroom.press.feed_urls("songcau")[0])
    new = newsroom.press.publish("songcau", "Tin không còn trong nguồn cấp tin", "Một tin.", ["Nội dung."])
    stop = threading.Event()
    settings = newsroom.settings
    crawl = threading.Thread(
        target=crawl_due, args=(settings, newsroom.store, stop), kwargs={"now": newsroom.clock}, daemon=True
    )
    crawl.start()
    until = time.monotonic() + 20
    while not newsroom.known(new.url):
        assert time.monotonic() < until, "the second way in was never taken"
        newsroom.clock.forward(minutes=1)
        time.sleep(0.1)
    stop.set()
    crawl.join(10)
    assert newsroom.clock() - newsroom.feed("songcau").last_ok_at < timedelta(hours=3)
