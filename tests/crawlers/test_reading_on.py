"""A new source is read back to its first page; a known one is not; by night newspapers are left alone."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from crawlers import polls
from crawlers.download import Fetched
from crawlers.pagination import next_page
from crawlers.quiet import QuietHours, resting
from crawlers.run import crawl_forever
from crawlers.source import Source
from diembao.settings import Settings
from diembao.store.sources import DueFeed

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
LIST = "https://a.vn/thoi-su"
SOURCE = Source(name="a", title="Báo A", domains=("a.vn",), outlet_type="newspaper", scope="local", sections=(LIST,))


def test_a_paper_of_list_pages_is_read_whole_when_it_is_new_and_one_page_deep_after(open_newsroom) -> None:
    newsroom = open_newsroom(["xuche"])
    newsroom.crawl()
    missing = [each.url for each in newsroom.press.articles("xuche") if not newsroom.known(each.url)]
    assert missing == []
    newsroom.press.forget_requests()
    new = newsroom.press.publish("xuche", "Tin mới của báo chỉ có trang mục", "Một tin.", ["Nội dung."])
    newsroom.clock.forward(minutes=10)
    newsroom.crawl()
    assert newsroom.known(new.url)
    lists = newsroom.press.requests("xuche", "list")
    assert len(lists) == len(newsroom.press.list_urls("xuche")), "what is older was found before"


@pytest.mark.parametrize(
    ("markup", "url", "leads_to"),
    [
        ('<link rel="next" href="/thoi-su/trang-2">', LIST, "https://a.vn/thoi-su/trang-2"),
        ('<a rel="next" href="?page=3">x</a>', "https://a.vn/thoi-su?page=2", "https://a.vn/thoi-su?page=3"),
        ('<a href="/thoi-su/trang-2.htm">Trang sau</a>', LIST, "https://a.vn/thoi-su/trang-2.htm"),
        ('<a href="/thoi-su-p2">»</a>', LIST, "https://a.vn/thoi-su-p2"),
        ('<a class="btn page-next" href="/thoi-su/page/2/"><i></i></a>', LIST, "https://a.vn/thoi-su/page/2/"),
        ('<a href="?p=2">1</a><a href="?p=2">2</a><a href="?p=3">3</a>', LIST, "https://a.vn/thoi-su?p=2"),
        ('<a href="/thoi-su/trang-1">Tiếp</a>', "https://a.vn/thoi-su/trang-2", ""),
        ('<a rel="next" href="https://b.vn/trang-2">x</a>', LIST, ""),
        ('<a href="/bai-viet-123456.html">Tiếp theo</a>', LIST, ""),
        ('<a href="javascript:void(0)">Trang sau</a>', LIST, ""),
        ("<p>Chỉ có một trang</p>", LIST, ""),
    ],
)
def test_the_link_to_older_articles_is_told_from_others(markup: str, url: str, leads_to: str) -> None:
    assert next_page(f"<html><body>{markup}</body></html>".encode(), url) == leads_to


def test_reading_on_ends_where_what_is_older_is_known() -> None:
    links = polls._read_section(_answer(b"".join(_ANCHOR % n for n in range(10))), SOURCE, NOW).links
    assert len(links) == 10
    page = polls.Reading("ok", links=links, following="https://a.vn/thoi-su/trang-2")
    assert polls.reads_on(page, unknown=10) == ("https://a.vn/thoi-su/trang-2",)
    assert polls.reads_on(page, unknown=7) == ("https://a.vn/thoi-su/trang-2",)
    assert polls.reads_on(page, unknown=5) == ()


_ANCHOR = b'<h3><a href="/tin-lu-len-nhanh-tren-song-%06d.html">Nuoc song len nhanh trong dem</a></h3>'


def _answer(body: bytes, url: str = LIST, etag: str = '"x"') -> Fetched:
    return Fetched(url, 200, (("content-type", "text/html; charset=utf-8"), ("etag", etag)), body)


def test_an_index_of_sitemaps_leads_on_and_is_never_taken_for_unchanged() -> None:
    url = "https://a.vn/sitemap.xml"
    index = f"<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><sitemap><loc>{url}2</loc></sitemap></sitemapindex>"
    feed = DueFeed(1, "a", url, "sitemap", "", "", "", 600.0, 0, "ok", None)
    reading = polls.read(feed, SOURCE, _answer(index.encode(), url), conditional=False, now=NOW)
    assert polls.reads_on(reading, 0) == (f"{url}2",)
    assert (reading.etag, reading.digest) == ("", "")


@pytest.mark.parametrize(
    ("hours", "local", "quiet"),
    [
        ("23:00-05:00", "23:00", True),
        ("23:00-05:00", "04:59", True),
        ("23:00-05:00", "05:00", False),
        ("23:00-05:00", "12:00", False),
        ("12:00-13:30", "12:45", True),
        ("12:00-13:30", "13:30", False),
    ],
)
def test_quiet_hours_are_those_of_viet_nam(hours: str, local: str, quiet: bool) -> None:
    moment = datetime.fromisoformat(f"2026-11-22T{local}:00+07:00")
    parsed = QuietHours.parse(hours)
    assert parsed is not None and parsed.hold(moment.astimezone(UTC)) is quiet
    settings = Settings(quiet_hours=hours)
    awake = SOURCE.model_copy(update={"name": "b", "quiet_hours": "none"})
    assert resting([SOURCE, awake], settings, moment) == (["a"] if quiet else [])
    own = SOURCE.model_copy(update={"quiet_hours": hours})
    assert resting([own], Settings(), moment) == (["a"] if quiet else [])


def test_in_quiet_hours_nothing_is_asked_and_nothing_lost(open_newsroom) -> None:
    newsroom = open_newsroom(["songcau"], quiet_hours="22:00-06:00")
    night = newsroom.clock().astimezone(UTC).replace(hour=20, minute=0) + timedelta(days=1)  # 3:00 in Viet Nam
    newsroom.clock.time = night
    for awake in (False, True):
        stop = threading.Event()
        threading.Timer(3.0, stop.set).start()
        crawl_forever(newsroom.settings, newsroom.store, stop, now=newsroom.clock)
        assert bool(newsroom.press.requests()) is awake
        newsroom.clock.forward(hours=4)
    assert newsroom.states()["fetched"] > 10
