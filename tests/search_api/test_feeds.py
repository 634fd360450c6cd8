from __future__ import annotations

from datetime import UTC, datetime, timedelta

import feedparser
import pytest
from lxml import etree

HOUR = timedelta(hours=1)


@pytest.fixture
def library(newsroom, site, printing, clock):
    now = clock[0]
    newsroom.story(
        printing("Lũ sông Cầu & “hai bờ” <b>", at=now - 3 * HOUR),
        printing("Lũ", "trungdu", at=now - 2 * HOUR),
        summary="Tóm tắt của ban biên tập.",
    )
    newsroom.story(printing("Chè được mùa", "xuche", at=now - 5 * HOUR, topics=("nong-nghiep-nong-thon",), places=()))
    return site


@pytest.mark.parametrize("path", ["/rss.xml", "/atom.xml"])
def test_readers_understand_it(library, path):
    feed = feedparser.parse(library.get(path).content)
    assert not feed.bozo
    first = feed.entries[0]
    assert first.title == "Lũ sông Cầu & “hai bờ” <b>"
    assert first.link == "https://baochi.example/tin/1-lu-song-cau-hai-bo-b"
    assert first.id == "https://baochi.example/tin/1"
    assert "Báo Sông Cầu, 06:05 22/11/2026. 2 báo đăng. Tóm tắt của ban biên tập." in first.summary
    # Published here, not by the outlet.
    assert datetime(*first.published_parsed[:6], tzinfo=UTC) == datetime(2026, 11, 22, 2, 5, tzinfo=UTC)
    assert [tag.term for tag in first.tags] == ["Thiên tai – Thời tiết – Cứu nạn"]
    assert feed.feed.language == "vi" or feed.feed.get("xml_lang", "vi") == "vi"


def test_json_feed(library):
    answer = library.get("/feed.json")
    feed = answer.json()
    assert answer.headers["content-type"].startswith("application/feed+json")
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == "https://baochi.example/feed.json"
    first = feed["items"][0]
    assert first["url"].startswith("https://baochi.example/tin/1-") and first["date_published"].endswith("+07:00")


@pytest.mark.parametrize(
    "filters", ["topic=nong-nghiep-nong-thon", "source=xuche", "q=%22ch%C3%A8+%C4%91%C6%B0%E1%BB%A3c%22", "q=title:che"]
)
def test_filters_by_query_string(library, filters):
    for path in ("/rss.xml", "/atom.xml", "/en/rss.xml"):
        assert [entry.title for entry in feedparser.parse(library.get(f"{path}?{filters}").content).entries] == [
            "Chè được mùa"
        ]
    assert len(library.get(f"/feed.json?{filters}").json()["items"]) == 1


def test_place_filter_takes_codes(library):
    assert len(library.get("/feed.json?place=05503").json()["items"]) == 1


def test_a_filter_that_cannot_be_is_an_error_not_an_open_feed(library):
    assert library.get("/rss.xml?topic=khong-co").status_code == 400
    assert library.get("/rss.xml?q=(((").status_code == 400


def test_control_characters_do_not_break_the_xml(newsroom, site, printing):
    newsroom.story(printing("Tin\x0b có\x00 ký tự\x1f lạ"), summary="Tóm\x08 tắt\x0c.")
    for path in ("/rss.xml", "/atom.xml", "/sitemap.xml"):
        etree.fromstring(site.get(path).content)


def test_sitemap_lists_what_is_published(newsroom, library, printing):
    newsroom.story(printing("Chưa duyệt"), published=False)
    tree = etree.fromstring(library.get("/sitemap.xml").content)
    space = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    places = tree.xpath("//s:url/s:loc/text()", namespaces=space)
    assert "https://baochi.example/tin/1-lu-song-cau-hai-bo-b" in places
    assert len(places) == len(set(places)) and all(place.startswith("https://baochi.example/") for place in places)
    assert not [place for place in places if "chua-duyet" in place]
    for place in places[::9]:
        path = place.removeprefix("https://baochi.example")
        assert library.get(path, follow_redirects=False).status_code == 200, path
    assert "Sitemap: https://baochi.example/sitemap.xml" in library.get("/robots.txt").text


def test_embed_may_stand_in_the_portal_and_nothing_else_may_be_framed(library):
    answer = library.get("/nhung?so=1")
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'self' https://thainguyen.gov.vn https://*.thainguyen.gov.vn" in policy
    assert answer.text.count("<li>") == 1 and 'target="_top"' in answer.text
    assert "Trung tâm Thông tin tỉnh" in answer.text
    assert library.get("/nhung?topic=nong-nghiep-nong-thon").text.count("<li>") == 1
    assert "frame-ancestors 'none'" in library.get("/").headers["content-security-policy"]
