"""Every trick of the misbehaving press does what its name says, and ends when told to."""

from __future__ import annotations

import gzip
import socket
import time
import unicodedata
import zlib
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import feedparser
import httpx
import pytest
from lxml import html as markup

from diembao.demo import DemoPress
from diembao.demo.demo_press import Misbehaviour
from diembao.demo.tricks import FOREIGN_ADDRESS, PRIVATE_ADDRESS, TRICKS, windows_1258

NAME = "songcau"


@pytest.fixture
def feed(press: DemoPress) -> str:
    return press.feed_urls(NAME)[0]


@pytest.fixture
def article(press: DemoPress) -> str:
    return press.articles(NAME)[0].url


def raw(url: str, seconds: float = 5.0, limit: int = 10_000_000) -> bytes:
    """All bytes of the answer as they came, or those that came in time."""
    parts = urlsplit(url)
    with closing(socket.create_connection((parts.hostname, parts.port), timeout=seconds)) as connection:
        connection.settimeout(seconds)
        connection.sendall(f"GET {parts.path or '/'} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        got = b""
        end = time.monotonic() + seconds
        while len(got) < limit and time.monotonic() < end:
            piece = connection.recv(65536)
            if not piece:
                break
            got += piece
    return got


@pytest.mark.parametrize("trick", sorted(TRICKS))
def test_no_trick_disturbs_the_others_or_outlives_its_end(
    press: DemoPress, web: httpx.Client, feed: str, article: str, trick: str
) -> None:
    press.misbehave(NAME, trick)
    robots, section = f"{press.addresses[NAME]}/robots.txt", press.list_urls(NAME)[0]
    with httpx.Client(timeout=0.3) as victim:
        for url in (feed, article, section, robots):
            try:
                with victim.stream("GET", url) as answer:
                    next(answer.iter_raw(), b"")
            except httpx.HTTPError:
                continue
    assert press.misbehaviours()[0].hits >= 1
    assert web.get(press.addresses["trungdu"]).status_code == 200
    press.behave(NAME)
    for url in (feed, article, section, robots):
        assert web.get(url).status_code == 200


def test_trick_on_one_address_only(press: DemoPress, web: httpx.Client, feed: str, article: str) -> None:
    press.misbehave(NAME, "status_500", path=feed)
    assert web.get(feed).status_code == 500
    assert web.get(article).status_code == 200
    press.misbehave(NAME, "status_403", path="/thoi-su/*")
    assert web.get(press.list_urls(NAME)[0]).status_code == 403
    assert web.get(feed).status_code == 500
    press.behave(trick="status_500")
    assert web.get(feed).status_code == 200
    assert web.get(press.list_urls(NAME)[0]).status_code == 403


def test_trick_that_passes(press: DemoPress, web: httpx.Client, feed: str) -> None:
    press.misbehave(NAME, "status_500", times=2)
    assert [web.get(feed).status_code for _ in range(3)] == [500, 500, 200]
    assert [each.trick for each in press.requests(NAME)] == ["status_500", "status_500", ""]


def test_trick_leaves_robots_and_pictures_alone(press: DemoPress, web: httpx.Client) -> None:
    press.misbehave(NAME, "status_500")
    assert web.get(f"{press.addresses[NAME]}/robots.txt").status_code == 200
    assert web.get(f"{press.addresses[NAME]}/anh/sc-001.png").content.startswith(b"\x89PNG")


@pytest.mark.parametrize(("trick", "status"), [("status_429", 429), ("status_503", 503)])
def test_busy_says_when_to_come_back(
    press: DemoPress, web: httpx.Client, feed: str, clock: Any, trick: str, status: int
) -> None:
    press.misbehave(NAME, trick, retry_after=120)
    answer = web.get(feed)
    assert (answer.status_code, answer.headers["Retry-After"]) == (status, "120")
    press.misbehave(NAME, trick, retry_after=120, as_date=True)
    assert parsedate_to_datetime(web.get(feed).headers["Retry-After"]) == clock.time + timedelta(seconds=120)


def test_drip_is_complete_in_the_end(press: DemoPress, web: httpx.Client, article: str) -> None:
    whole = web.get(article).text
    press.misbehave(NAME, "drip", piece=2000, pause=0.01)
    with web.stream("GET", article, headers={"Accept-Encoding": "identity"}) as answer:
        pieces = list(answer.iter_bytes())
    assert b"".join(pieces).decode() == whole
    assert len(pieces) > 3


def test_late_answer_is_late(press: DemoPress, article: str) -> None:
    press.misbehave(NAME, "late", seconds=0.5)
    with httpx.Client(timeout=0.2) as impatient, pytest.raises(httpx.ReadTimeout):
        impatient.get(article)
    with httpx.Client(timeout=10) as patient:
        assert patient.get(article).status_code == 200


def test_never_answers(press: DemoPress, article: str) -> None:
    press.misbehave(NAME, "never")
    with httpx.Client(timeout=0.3) as client, pytest.raises(httpx.ReadTimeout):
        client.get(article)


def test_truncated_body(press: DemoPress, web: httpx.Client, article: str) -> None:
    press.misbehave(NAME, "truncated", share=0.25)
    with pytest.raises(httpx.RemoteProtocolError):
        web.get(article)
    head, _, body = raw(article).partition(b"\r\n\r\n")
    assert int(head.split(b"Content-Length: ")[1].split()[0]) > len(body) > 0


def test_reset(press: DemoPress, article: str) -> None:
    press.misbehave(NAME, "reset")
    with pytest.raises(ConnectionResetError):
        while raw(article):  # the first bytes may still come through
            pass


def test_empty_body(press: DemoPress, web: httpx.Client, article: str) -> None:
    press.misbehave(NAME, "empty_body")
    answer = web.get(article)
    assert (answer.status_code, answer.content) == (200, b"")


def test_endless_body_goes_on(press: DemoPress, web: httpx.Client, article: str) -> None:
    press.misbehave(NAME, "endless_body")
    got = 0
    with web.stream("GET", article) as answer:
        for piece in answer.iter_raw():
            got += len(piece)
            if got > 3_000_000:
                break
    assert got > 3_000_000


def test_endless_body_ends_at_its_bound(press: DemoPress, web: httpx.Client, article: str) -> None:
    press.misbehave(NAME, "endless_body", megabytes=1)
    assert 800_000 < len(web.get(article).content) <= 1_000_000


def test_gzip_bomb_is_small_outside_and_large_inside(press: DemoPress, web: httpx.Client, article: str) -> None:
    press.misbehave(NAME, "gzip_bomb", megabytes=30)
    with web.stream("GET", article) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        packed = b"".join(answer.iter_raw())
    assert len(packed) < 200_000
    assert len(gzip.decompress(packed)) > 29_000_000


def test_corrupt_gzip(press: DemoPress, web: httpx.Client, article: str) -> None:
    press.misbehave(NAME, "corrupt_gzip")
    with pytest.raises(httpx.DecodingError):
        web.get(article)


def test_endless_redirect_never_repeats_itself(press: DemoPress, web: httpx.Client, article: str) -> None:
    press.misbehave(NAME, "endless_redirect")
    seen, url = set(), article
    for _ in range(25):
        answer = web.get(url)
        assert answer.status_code == 302
        url = answer.headers["Location"]
        assert url not in seen
        seen.add(url)
    assert urlsplit(url).netloc == urlsplit(article).netloc


@pytest.mark.parametrize(
    ("trick", "target"), [("redirect_foreign", FOREIGN_ADDRESS), ("redirect_private", PRIVATE_ADDRESS)]
)
def test_redirect_elsewhere(press: DemoPress, web: httpx.Client, article: str, trick: str, target: str) -> None:
    press.misbehave(NAME, trick)
    assert web.get(article).headers["Location"] == target
    press.misbehave(NAME, trick, to="http://127.0.0.1:9/", status=301)
    answer = web.get(article)
    assert (answer.status_code, answer.headers["Location"]) == (301, "http://127.0.0.1:9/")


def test_cookie_loop_ends_for_those_who_keep_cookies(press: DemoPress, article: str) -> None:
    press.misbehave(NAME, "cookie_loop")
    with httpx.Client(follow_redirects=True) as with_cookies:
        assert with_cookies.get(article).status_code == 200
    press.misbehave(NAME, "cookie_loop", forever=True)
    with httpx.Client(follow_redirects=True) as with_cookies, pytest.raises(httpx.TooManyRedirects):
        with_cookies.get(article)


def test_wrong_charset_in_the_header(press: DemoPress, web: httpx.Client, article: str) -> None:
    press.misbehave(NAME, "wrong_charset")
    answer = web.get(article)
    assert answer.headers["Content-Type"] == "text/html; charset=windows-1252"
    assert press.articles(NAME)[0].title in answer.content.decode("utf-8")


def test_undeclared_charset(press: DemoPress, web: httpx.Client, article: str) -> None:
    press.misbehave(NAME, "undeclared_charset")
    answer = web.get(article)
    with pytest.raises(UnicodeDecodeError):
        answer.content.decode("utf-8")
    assert windows_1258(press.articles(NAME)[0].title) in answer.content


def test_script_challenge(press: DemoPress, web: httpx.Client, feed: str) -> None:
    press.misbehave(NAME, "script_challenge")
    answer = web.get(feed)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert not feedparser.parse(answer.content).entries


def test_304_for_ever(press: DemoPress, web: httpx.Client, feed: str, clock: Any) -> None:
    etag = web.get(feed).headers["ETag"]
    press.misbehave(NAME, "always_304")
    clock.forward(minutes=5)
    assert web.get(feed, headers={"If-None-Match": etag}).status_code == 304
    assert web.get(feed, headers={"If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"}).status_code == 304
    fresh = web.get(feed)
    assert fresh.status_code == 200
    assert fresh.headers["ETag"] != etag
    press.misbehave(NAME, "always_304", always=True)
    assert web.get(feed).status_code == 304


def test_same_etag_for_new_content(press: DemoPress, web: httpx.Client, feed: str, clock: Any) -> None:
    press.misbehave(NAME, "frozen_etag")
    first = web.get(feed)
    clock.forward(minutes=5)
    second = web.get(feed)
    assert first.headers["ETag"] == second.headers["ETag"]
    assert first.text != second.text
    assert web.get(feed, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


def test_undated_future_relative_and_empty_feed(press: DemoPress, web: httpx.Client, feed: str, clock: Any) -> None:
    count = len(feedparser.parse(web.get(feed).content).entries)

    def entries(trick: str) -> list[Any]:
        press.misbehave(NAME, trick)
        return list(feedparser.parse(web.get(feed).content).entries)

    undated = entries("feed_undated")
    assert len(undated) == count
    assert not any("published" in entry for entry in undated)
    assert {entry.published_parsed.tm_year for entry in entries("feed_future")} == {clock.time.year + 1}
    relative = entries("feed_relative")
    assert len(relative) == count
    assert all(entry.link.startswith("/") for entry in relative)
    assert entries("feed_empty") == []


def test_huge_feed(press: DemoPress, web: httpx.Client, feed: str) -> None:
    press.misbehave(NAME, "feed_huge", items=3000)
    answer = web.get(feed)
    assert answer.headers["Content-Type"].startswith("application/rss+xml")
    entries = feedparser.parse(answer.content).entries
    assert len(entries) == 3000 + len(press.articles(NAME))
    assert web.get(entries[0].link).status_code == 404


def test_broken_feed_is_no_xml_but_holds_items(press: DemoPress, web: httpx.Client, feed: str) -> None:
    press.misbehave(NAME, "feed_broken")
    broken = feedparser.parse(web.get(feed).content)
    assert broken.bozo
    assert 0 < len(broken.entries) < len(press.articles(NAME))
    press.misbehave(NAME, "feed_dirty")
    dirty = feedparser.parse(web.get(feed).content)
    assert dirty.bozo
    assert len(dirty.entries) == len(press.articles(NAME))


def test_wrongly_encoded_feeds(press: DemoPress, web: httpx.Client, feed: str) -> None:
    title = press.articles(NAME)[0].title
    press.misbehave(NAME, "feed_declares_latin1")
    body = web.get(feed).content
    assert body.startswith(b'<?xml version="1.0" encoding="ISO-8859-1"?>')
    assert title in body.decode("utf-8")
    press.misbehave(NAME, "feed_windows_1258")
    answer = web.get(feed)
    assert b'encoding="windows-1258"' in answer.content
    assert windows_1258(title) in answer.content


def test_tricks_on_a_feed_in_hand_still_play(press: DemoPress, web: httpx.Client, feed: str) -> None:
    """A conditional request must not hide the trick behind a 304."""
    etag = web.get(feed).headers["ETag"]
    for trick in ("feed_empty", "feed_huge", "feed_broken", "feed_relative", "wrong_charset", "drip", "truncated"):
        press.misbehave(NAME, trick)
        head = raw_conditional(feed, etag)
        assert head.startswith(b"HTTP/1.1 200"), trick


def raw_conditional(url: str, etag: str) -> bytes:
    parts = urlsplit(url)
    with closing(socket.create_connection((parts.hostname, parts.port), timeout=5)) as connection:
        connection.sendall(f"GET {parts.path} HTTP/1.1\r\nHost: x\r\nIf-None-Match: {etag}\r\n\r\n".encode())
        return connection.recv(200)


def links_of(web: httpx.Client, url: str) -> set[str]:
    tree = markup.fromstring(web.get(url).text)
    tree.make_links_absolute(url)
    return {str(link) for link in tree.xpath("//a/@href")}


def test_list_pages_without_end(press: DemoPress, web: httpx.Client) -> None:
    press.misbehave(NAME, "endless_pages")
    url, seen = press.list_urls(NAME)[0], set()
    for _ in range(12):
        url = next(link for link in links_of(web, url) if "/danh-sach/" in link)
        assert url not in seen
        seen.add(url)


def test_calendar_without_end(press: DemoPress, web: httpx.Client) -> None:
    press.misbehave(NAME, "calendar")
    found: set[str] = set()
    url = press.list_urls(NAME)[0]
    for _ in range(6):
        new = {link for link in links_of(web, url) if "/lich/" in link} - found
        assert len(new) >= 28
        found |= new
        url = sorted(new)[0]


def test_robots_tricks(press: DemoPress, web: httpx.Client) -> None:
    robots = f"{press.addresses[NAME]}/robots.txt"
    press.misbehave(NAME, "robots_500")
    assert web.get(robots).status_code == 500
    assert web.get(press.addresses[NAME]).status_code == 200
    press.misbehave(NAME, "robots_huge", megabytes=2)
    body = web.get(robots).content
    assert body.startswith(b"User-agent: *\n")
    assert 1_500_000 < len(body) < 2_100_000
    press.misbehave(NAME, "robots_never")
    with httpx.Client(timeout=0.3) as client, pytest.raises(httpx.ReadTimeout):
        client.get(robots)


@pytest.mark.parametrize(
    ("trick", "status"), [("removed_404", 404), ("removed_410", 410), ("removed_home", 302), ("removed_page", 200)]
)
def test_removed_by_trick(press: DemoPress, web: httpx.Client, article: str, trick: str, status: int) -> None:
    press.misbehave(NAME, trick, path=article)
    answer = web.get(article)
    assert answer.status_code == status
    assert press.articles(NAME)[0].paragraphs[0] not in answer.text
    assert web.get(press.articles(NAME)[1].url).status_code == 200


@pytest.fixture
def held(press: DemoPress, article: str) -> Iterator[list[socket.socket]]:
    """Connections that wait for an answer that never comes, and one that drips."""
    connections = []
    for trick in ("never", "drip", "endless_body"):
        press.misbehave(NAME, trick)
        parts = urlsplit(article)
        connection = socket.create_connection((parts.hostname, parts.port), timeout=5)
        connection.sendall(f"GET {parts.path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        connections.append(connection)
        wait_for_hit(press, press.misbehaviours()[-1])
    yield connections
    for connection in connections:
        connection.close()


def wait_for_hit(press: DemoPress, misbehaviour: Misbehaviour) -> None:
    end = time.monotonic() + 5
    while time.monotonic() < end:
        if any(each.trick == misbehaviour.trick for each in press.requests(NAME)):
            return
        time.sleep(0.01)
    raise AssertionError(f"{misbehaviour.trick} was never met")


def test_stop_ends_unfinished_answers(press: DemoPress, held: list[socket.socket]) -> None:
    press.stop()
    for connection in held:
        connection.settimeout(5)
        try:
            while connection.recv(1_000_000):
                pass
        except ConnectionResetError:
            pass


def test_windows_1258_keeps_every_vietnamese_letter() -> None:
    text = "Đường về xã Nghinh Tường: ặ ẵ ỡ ự ỹ ỵ ề ể ỗ ổ Ậ Ễ đ ₫ “…”"
    assert unicodedata.normalize("NFC", windows_1258(text).decode("cp1258")) == text


def test_unfolding_is_valid_gzip_whatever_its_size(press: DemoPress, web: httpx.Client, article: str) -> None:
    for megabytes in (1, 3):
        press.misbehave(NAME, "gzip_bomb", megabytes=megabytes)
        with web.stream("GET", article) as answer:
            packed = b"".join(answer.iter_raw())
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
        assert len(unpacker.decompress(packed)) > 990_000 * megabytes
        assert unpacker.eof
