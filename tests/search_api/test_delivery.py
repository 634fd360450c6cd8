"""Caching, conditional requests, HEAD, compression."""

from __future__ import annotations

from datetime import timedelta

import pytest

from search_api.section.page_cache import Page, PageCache

PUBLIC = ("/", "/tin/1-tin-mot", "/chu-de", "/luu-tru", "/tim-kiem?q=tin", "/rss.xml", "/sitemap.xml", "/nhung")


@pytest.fixture
def library(newsroom, site, printing):
    newsroom.story(printing("Tin một"))
    return site


@pytest.mark.parametrize("path", PUBLIC)
def test_what_the_reader_has_is_not_sent_again(library, path):
    first = library.get(path)
    assert first.headers["cache-control"].startswith("public, max-age=")
    again = library.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304 and again.content == b"" and again.headers["etag"] == first.headers["etag"]
    assert library.get(path, headers={"If-Modified-Since": first.headers["last-modified"]}).status_code == 304
    assert library.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_the_tag_outlives_the_minute_while_nothing_changes(library, clock):
    first = library.get("/")
    clock[0] += timedelta(minutes=3)
    assert library.get("/", headers={"If-None-Match": first.headers["etag"]}).status_code == 304


def test_a_new_story_and_a_recalled_one_show_at_once(library, newsroom, printing):
    first = library.get("/")
    newsroom.story(printing("Tin hai"))
    second = library.get("/", headers={"If-None-Match": first.headers["etag"]})
    assert second.status_code == 200 and "Tin hai" in second.text
    newsroom.recall(2)
    third = library.get("/", headers={"If-None-Match": second.headers["etag"]})
    assert third.status_code == 200 and "Tin hai" not in third.text


def test_midnight_changes_the_page_for_readers_who_only_know_the_date(library, clock):
    first = library.get("/")
    clock[0] += timedelta(hours=15)
    again = library.get("/", headers={"If-Modified-Since": first.headers["last-modified"]})
    assert again.status_code == 200 and "Thứ hai, 23/11/2026" in again.text


@pytest.mark.parametrize("date", ["", "yesterday", "Sun, 99 Nov 2026 25:61:61 GMT", "2026-11-22"])
def test_a_broken_date_is_no_condition(library, date):
    assert library.get("/", headers={"If-Modified-Since": date}).status_code == 200


@pytest.mark.parametrize("path", [*PUBLIC, "/api/v1/articles", "/healthz", "/khong-co", "/robots.txt"])
def test_head_answers_like_get_without_the_body(library, path):
    got, head = library.get(path), library.head(path)
    assert head.status_code == got.status_code and head.content == b""
    assert head.headers["content-type"] == got.headers["content-type"]


def test_long_pages_travel_compressed(library):
    answer = library.get("/", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip" and "Accept-Encoding" in answer.headers["vary"]
    assert "Tin một" in answer.text


def test_errors_are_not_kept(library):
    for path in ("/khong-co", "/tim-kiem?q=(((", "/api/v1/articles?q=((("):
        answer = library.get(path)
        assert answer.headers["cache-control"] == "no-store" and "etag" not in answer.headers


def test_memory_for_kept_pages_is_bounded():
    cache = PageCache(size=8000)
    for number in range(100):
        cache.put((number,), Page(b"x" * 900))
    cache.put(("large",), Page(b"x" * 1001))
    cache.put(("error",), Page(b"x", status=400))
    cache.put((99,), Page(b"x" * 100))
    assert len(cache) == 8 and cache.get((99,)) is not None
    assert cache.get(("large",)) is None and cache.get(("error",)) is None and cache.get((0,)) is None
