"""What feeds, list pages and sitemaps say, from bytes that may be anything."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawlers.feeds import MAX_ITEMS, read_feed
from crawlers.links import article_links
from crawlers.plain import plain_text
from crawlers.sitemaps import read_sitemap
from diembao.errors import Unreadable

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
BASE = "https://baothu.vn/rss/home.rss"


def rss(*items: str, head: str = '<?xml version="1.0" encoding="UTF-8"?>') -> bytes:
    inside = "".join(f"<item>{item}</item>" for item in items)
    return f'{head}<rss version="2.0"><channel><title>Báo Thử</title>{inside}</channel></rss>'.encode()


def only(body: bytes, content_type: str = "application/rss+xml"):
    content = read_feed(body, BASE, content_type, NOW)
    assert content.is_feed
    (link,) = content.links
    return link


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Sun, 22 Nov 2026 08:30:00 +0700", datetime(2026, 11, 22, 1, 30, tzinfo=UTC)),
        ("Sun, 22 Nov 2026 08:30:00 GMT+7", datetime(2026, 11, 22, 1, 30, tzinfo=UTC)),
        ("05/11/2026 08:00", datetime(2026, 11, 5, 1, 0, tzinfo=UTC)),
        ("2026-11-22T01:30:00Z", datetime(2026, 11, 22, 1, 30, tzinfo=UTC)),
        ("Sun, 22 Nov 2027 08:30:00 +0700", None),
        ("không rõ", None),
        ("", None),
    ],
)
def test_times_of_feeds_are_vietnamese_times(written: str, read: datetime | None) -> None:
    body = rss(f"<title>Tin</title><link>https://baothu.vn/a-1.html</link><pubDate>{written}</pubDate>")
    assert only(body).hints.published_at == read


def test_summaries_are_text_and_addresses_canonical() -> None:
    link = only(
        rss(
            "<title><![CDATA[Chè &amp; <b>rừng</b>]]></title><link>/tin-1.html?utm_source=rss#x</link>"
            '<description><![CDATA[<a href="/x"><img src="/y.jpg"/></a></br>Sương muối &nbsp;phủ<script>x()</script>'
            " đồi chè.]]></description><author>Thu Huyền</author><category>Kinh tế</category>"
        )
    )
    assert link.url == "https://baothu.vn/tin-1.html"
    assert link.hints.title == "Chè & rừng"
    assert link.hints.summary == "Sương muối phủ đồi chè."
    assert (link.hints.author, link.hints.section) == ("Thu Huyền", "Kinh tế")


@pytest.mark.parametrize("head", ['<?xml version="1.0" encoding="ISO-8859-1"?>', "\n\n \ufeff", ""])
def test_utf8_is_read_as_utf8_whatever_is_declared(head: str) -> None:
    body = rss("<title>Đồng Hỷ được mùa</title><link>https://baothu.vn/a-1.html</link>", head=head)
    assert only(body, "text/xml; charset=iso-8859-1").hints.title == "Đồng Hỷ được mùa"


def test_decomposed_and_look_alike_letters_are_mended() -> None:
    body = rss("<title>Ð\u1ecbnh H\u006f\u0301a</title><link>https://baothu.vn/a-1.html</link>")
    assert only(body).hints.title == "Định Hóa"


def test_atom_is_a_feed_too() -> None:
    body = b"""<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>Tin</title>
    <link href="https://baothu.vn/a-1.html"/><updated>2026-11-22T08:30:00+07:00</updated></entry></feed>"""
    assert only(body, "application/atom+xml").hints.published_at == datetime(2026, 11, 22, 1, 30, tzinfo=UTC)


def test_of_too_many_items_the_newest_are_taken() -> None:
    items = [
        f"<link>https://baothu.vn/t-{day}-{number}.html</link><pubDate>{day:02}/11/2026 08:00</pubDate>"
        for day in (1, 20)
        for number in range(MAX_ITEMS)
    ]
    links = read_feed(rss(*items), BASE, "", NOW).links
    assert len(links) == MAX_ITEMS
    assert all("/t-20-" in link.url for link in links)


def test_the_same_address_twice_is_one_link() -> None:
    item = "<link>https://baothu.vn/a-1.html?utm_medium={}</link>"
    assert len(read_feed(rss(item.format("a"), item.format("b")), BASE, "", NOW).links) == 1


@pytest.mark.parametrize(
    "body",
    [b"", b"\0\1\2", b"<html><body>hi", b"<" * 1000, b"<rss><channel>" + b"<item>" * 1000, "ð".encode("utf-16")],
)
def test_what_is_no_feed_is_said_to_be_none_or_empty(body: bytes) -> None:
    assert read_feed(body, BASE, "text/html", NOW).links == ()


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=600), st.text(max_size=40))
def test_no_bytes_make_the_readers_fail(body: bytes, content_type: str) -> None:
    for start in (b"", b"<rss><channel><item><link>", b"<urlset><url><loc>", b'<a href="'):
        read_feed(start + body, BASE, content_type, NOW)
        read_sitemap(start + body, BASE, NOW)
        with contextlib.suppress(Unreadable):
            article_links(start + body, BASE, content_type)


def test_entities_of_a_hostile_feed_are_not_unfolded() -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha" * 100}">' for n in range(9))
    body = f"<!DOCTYPE x [{entities}]>".encode() + rss(
        "<title>&e8;</title><link>https://baothu.vn/a-1.html</link>", head=""
    )
    assert len(only(body).hints.title) <= 500
    assert read_sitemap(body, BASE, NOW).links == ()


def test_a_list_page_gives_its_articles_and_nothing_else() -> None:
    page = """<html><head><base href="https://baothu.vn/"></head><body>
    <nav><a href="/thoi-su.htm">Thời sự</a><a href="/kinh-te/nong-nghiep-nong-thon-moi.htm">Nông thôn mới</a></nav>
    <h3><a href="/mua-lon-gay-ngap-nhieu-tuyen-pho-20261122093012345.htm">Mưa lớn gây ngập nhiều tuyến phố</a></h3>
    <a href="/mua-lon-gay-ngap-nhieu-tuyen-pho-20261122093012345.htm#binh-luan">12</a>
    <a href="mua-lon-gay-ngap-nhieu-tuyen-pho-20261122093012345.htm">Nước dâng cao trong đêm khiến người dân không kịp
     trở tay, nhiều xe máy chết máy giữa đường.</a>
    <a href="index.php?page=detail&amp;id=54321">Đại hội chi bộ xóm Đồng Tâm</a>
    <a href="/2026/11/che-tan-cuong-vao-vu/"><span>Chè Tân Cương vào vụ</span></a>
    <a href="/chu-de/quyet-tam-thuc-hien-thang-loi-nghi-quyet-dai-hoi-206.htm">Quyết tâm thực hiện thắng lợi</a>
    <a href="/tag/thai-nguyen-2026.htm">Thái Nguyên</a> <a href="/thoi-su/trang-2.htm">Trang sau</a>
    <a href="/lich/2026/11/22/">22</a> <a href="/uploads/van-ban-so-1234-ve-viec-trien-khai.pdf">Văn bản số 1234</a>
    <a href="javascript:void(0)">Đóng</a><a href="mailto:a@b.vn">Gửi thư</a><a href="http://[loi">Lỗi</a>
    </body></html>"""
    links = article_links(page.encode(), "https://baothu.vn/thoi-su.htm")
    assert [(link.url, link.hints.title) for link in links] == [
        (
            "https://baothu.vn/mua-lon-gay-ngap-nhieu-tuyen-pho-20261122093012345.htm",
            "Mưa lớn gây ngập nhiều tuyến phố",
        ),
        ("https://baothu.vn/index.php?page=detail&id=54321", "Đại hội chi bộ xóm Đồng Tâm"),
        ("https://baothu.vn/2026/11/che-tan-cuong-vao-vu/", "Chè Tân Cương vào vụ"),
    ]


def test_a_news_sitemap_gives_recent_articles_with_their_times() -> None:
    def url(number: int, news: str = "", lastmod: str = "") -> str:
        return f"<url><loc>https://baothu.vn/tin-{number}.html</loc>{lastmod}{news}</url>"

    def news(day: int) -> str:
        return (
            f"<n:news><n:publication_date>2026-11-{day:02}T08:30:00+07:00</n:publication_date>"
            f"<n:title>Tin ngày {day}</n:title></n:news>"
        )

    body = (
        '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        'xmlns:n="http://www.google.com/schemas/sitemap-news/0.9">'
        + url(1, news(1))
        + url(2, news(21))
        + url(3, news(22))
        + url(4, lastmod="<lastmod>2026-11-22</lastmod>")
        + url(5, lastmod="<lastmod>2020-01-01</lastmod>")
        + "</urlset>"
    ).encode()
    content = read_sitemap(body, "https://baothu.vn/sitemap.xml", NOW)
    assert content.entries == 5
    assert [link.url[-6] for link in content.links] == ["3", "2", "4"]
    assert content.links[0].hints.title == "Tin ngày 22"
    assert content.links[0].hints.published_at == datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
    assert content.links[2].hints.published_at is None, "lastmod says when a page changed, not when it appeared"


def test_an_index_of_sitemaps_leads_to_its_newest_parts() -> None:
    parts = "".join(
        f"<sitemap><loc>https://baothu.vn/s-{month}.xml</loc><lastmod>2026-{month:02}-01</lastmod></sitemap>"
        for month in range(1, 12)
    )
    content = read_sitemap(f"<sitemapindex>{parts}</sitemapindex>".encode(), "https://baothu.vn/s.xml", NOW)
    assert content.parts == ("https://baothu.vn/s-11.xml", "https://baothu.vn/s-10.xml")


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("a &lt;b&gt;đậm&lt;/b&gt; c", "a đậm c"),
        ("5 &lt; 6 và 7 > 3", "5 < 6 và 7 > 3"),
        ("<p>một</p><p>hai</p>", "một hai"),
        ("", ""),
        ("Thường", "Thường"),
    ],
)
def test_plain_text(markup: str, text: str) -> None:
    assert plain_text(markup) == text
