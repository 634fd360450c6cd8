"""Pages as they come: broken, hostile, wrongly declared, or no article at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from diembao.errors import BadSource, Unreadable
from diembao.records import FeedHints, Page, PublishedFrom
from pipelines.reading import check_selectors, read_page, reading_as_json

MakePage = Callable[..., Page]

TITLE = "Nước sông Cầu dâng cao, hàng trăm hộ dân phải sơ tán"
LEAD = (
    "Mưa lớn từ đêm qua khiến nước sông Cầu dâng nhanh, nhiều tổ dân phố của phường Phan Đình Phùng ngập sâu hơn "
    "một mét."
)
BODY = [
    "Lực lượng chức năng đã đưa gần ba trăm người dân đến nơi an toàn trước khi trời tối, phần lớn là người già.",
    "Trường học trong phường được dùng làm nơi ở tạm. Bữa cơm đầu tiên được các bà, các chị nấu xong lúc tám giờ tối.",
    "Theo đài khí tượng, mưa còn kéo dài thêm hai ngày, người dân ven sông cần kê cao đồ đạc và theo dõi tin báo.",
]


def article_markup(head: str = "", body: str = "", title: str = TITLE) -> str:
    paragraphs = "".join(f"<p>{line}</p>" for line in BODY)
    return (
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title}</title>{head}</head><body><h1>{title}</h1>'
        f'<div class="sapo">{LEAD}</div><div class="noi-dung">{paragraphs}{body}</div></body></html>'
    )


def ld(data: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(data, ensure_ascii=False)}</script>'


# -------------------------------------------------------------------------------------------- no article
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   \n",
        b"%PDF-1.7 ...",
        b"\x89PNG\r\n\x1a\n" + bytes(200),
        b"\x1f\x8b\x08" + bytes(50),
        bytes(5000),
        b"<html></html>",
        b"<html><body><script>1</script></body></html>",
        "<html><head><title>Trang</title></head><body><p>Xin chào</p></body></html>".encode(),
    ],
)
def test_what_is_no_article_is_unreadable(page_of: MakePage, body: bytes) -> None:
    with pytest.raises(Unreadable):
        read_page(page_of(body))


def test_a_section_page_is_not_taken_for_an_article(page_of: MakePage) -> None:
    items = "".join(
        f'<div><h3><a href="/{n}.html">Tin số {n} về đời sống bà con vùng hồ trong tuần</a></h3><p>{LEAD}</p></div>'
        for n in range(20)
    )
    with pytest.raises(Unreadable, match="list of links"):
        read_page(page_of(f"<title>Xã hội - Báo Đồi Chè</title><body><h1>Xã hội</h1><div>{items}</div>"))


def test_oversized_page_is_refused_not_read(page_of: MakePage) -> None:
    with pytest.raises(Unreadable, match="bytes"):
        read_page(page_of(b"<p>" + b"a" * 13_000_000))


# ---------------------------------------------------------------------------------------------- encodings
def test_wrong_declared_charset_is_survived(page_of: MakePage) -> None:
    markup = article_markup('<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1">').replace(
        'charset="utf-8"', ""
    )
    article = read_page(page_of(markup, content_type="text/html; charset=windows-1252"))
    assert article.title == TITLE
    assert article.lead == LEAD


def test_windows_1258_is_read_with_its_combining_marks(page_of: MakePage) -> None:
    markup = article_markup().replace('<meta charset="utf-8">', '<meta charset="windows-1258">')
    bytes_1258 = b"".join(_in_1258(letter) for letter in markup)
    article = read_page(page_of(bytes_1258))
    assert article.title == TITLE
    assert article.text.split("\n") == [LEAD, *BODY]


def _in_1258(letter: str) -> bytes:
    """A letter in Windows-1258, which writes tones as combining marks."""
    import unicodedata

    try:
        return letter.encode("cp1258")
    except UnicodeEncodeError:
        pass
    decomposed = unicodedata.normalize("NFD", letter)
    for cut in range(len(decomposed), 0, -1):
        base = unicodedata.normalize("NFC", decomposed[:cut])
        try:
            return base.encode("cp1258") + decomposed[cut:].encode("cp1258")
        except UnicodeEncodeError:
            continue
    # ậ and the like: the circumflex composes, the dot below stays a mark
    base = unicodedata.normalize("NFC", decomposed[0] + decomposed[2])
    return base.encode("cp1258") + decomposed[1].encode("cp1258")


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16"])
def test_byte_order_mark_is_believed(page_of: MakePage, mark: str) -> None:
    assert read_page(page_of(article_markup().encode(mark))).title == TITLE


def test_page_cut_inside_a_letter_stays_utf8(page_of: MakePage) -> None:
    whole = article_markup().encode()
    cut = whole[: whole.index("theo dõi".encode()) + len(b"theo d\xc3")]
    article = read_page(page_of(cut, content_type="text/html; charset=iso-8859-1"))
    assert article.text.startswith(LEAD)


def test_text_comes_out_composed_and_without_invisible_letters(page_of: MakePage) -> None:
    import unicodedata

    markup = unicodedata.normalize("NFD", article_markup()).replace("sông", "so\u0302\u200bng").replace("Đ", "\u00d0")
    article = read_page(page_of(markup))
    assert article.title == TITLE
    assert article.text.split("\n") == [LEAD, *BODY]


# ------------------------------------------------------------------------------------------------ hostile
@pytest.mark.parametrize("depth", [300, 10_000])
def test_deep_nesting_is_survived(page_of: MakePage, depth: int) -> None:
    article = read_page(page_of(article_markup().replace("<body>", "<body>" + "<div>" * depth)))
    assert article.title == TITLE
    assert BODY[1] in article.text


def test_five_megabytes_are_read(page_of: MakePage) -> None:
    filler = '<div class="quang-cao">' + "<span>x</span>" * 350_000 + "</div>"
    article = read_page(page_of(article_markup(body=filler)))
    assert article.text.split("\n") == [LEAD, *BODY]


def test_hundred_thousand_paragraphs_are_survived(page_of: MakePage) -> None:
    article = read_page(page_of(article_markup(body="<p>a</p>" * 100_000)))
    assert article.title == TITLE


def test_truncated_page_gives_what_arrived(page_of: MakePage) -> None:
    whole = article_markup()
    article = read_page(page_of(whole[: whole.index(BODY[2])]))
    assert article.text.split("\n") == [LEAD, *BODY[:2]]


# --------------------------------------------------------------------------------------- the page's own data
NEWS = {
    "@type": "NewsArticle",
    "headline": TITLE,
    "datePublished": "2026-11-20T08:05:00+07:00",
    "author": {"@type": "Person", "name": "Thu Hằng"},
}
TIME = datetime(2026, 11, 20, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "data",
    [
        NEWS,
        [NEWS],
        {"@graph": [{"@type": "WebSite", "name": "Báo Đồi Chè"}, NEWS]},
        [[{"@type": "Organization", "name": "Báo Đồi Chè"}], NEWS],
        {**NEWS, "@type": ["Article", "NewsArticle"], "author": [{"@type": "Person", "name": ["Thu Hằng"]}]},
        {**NEWS, "author": "Thu Hằng"},
    ],
)
def test_json_ld_in_every_shape(page_of: MakePage, data: object) -> None:
    article = read_page(page_of(article_markup(ld(data))))
    assert (article.published_at, article.published_from, article.authors) == (TIME, PublishedFrom.PAGE, ("Thu Hằng",))


@pytest.mark.parametrize(
    "broken",
    [
        '{"@type":"NewsArticle","headline":"Ông nói "không" với báo","datePublished":"2026-11-20T08:05:00+07:00",'
        '"author":{"@type":"Person","name":"Thu Hằng"}}',
        '{"@type":"NewsArticle","datePublished":"2026-11-20T08:05:00+07:00","author":{"name":"Thu Hằng"},}',
        '<!-- {"@type":"NewsArticle","datePublished":"2026-11-20T08:05:00+07:00","author":{"name":"Thu Hằng"}} -->',
        '{"@type":"NewsArticle",\n"description":"hai\ndòng","datePublished":"2026-11-20T08:05:00+07:00",'
        '"author":"Thu Hằng"}',
        '{"@type":"NewsArticle","datePublished":"2026-11-20T08:05:00+07:00","author":{"name":"Thu Hằng"}',
    ],
)
def test_broken_json_ld_still_gives_its_fields(page_of: MakePage, broken: str) -> None:
    article = read_page(page_of(article_markup(f'<script type="application/ld+json">{broken}</script>')))
    assert (article.title, article.published_at, article.authors) == (TITLE, TIME, ("Thu Hằng",))


@pytest.mark.parametrize(
    "bomb", ["[" * 50_000, '{"@graph":' * 5_000, '{"@type":"NewsArticle","author":' + '{"name":' * 3_000]
)
def test_hostile_json_ld_is_survived(page_of: MakePage, bomb: str) -> None:
    assert read_page(page_of(article_markup(f'<script type="application/ld+json">{bomb}</script>'))).title == TITLE


def test_entities_escaped_twice_are_undone(page_of: MakePage) -> None:
    twice = "".join(letter if letter.isascii() else f"&amp;amp;#{ord(letter)};" for letter in TITLE)
    markup = (
        article_markup(f'<meta property="og:title" content="{twice}">')
        .replace(f"<h1>{TITLE}</h1>", "")
        .replace(f"<title>{TITLE}", "<title>")
    )
    assert read_page(page_of(markup)).title == TITLE


def test_other_articles_described_on_the_page_are_not_believed(page_of: MakePage) -> None:
    other = {
        "@type": "NewsArticle",
        "headline": "Bài khác",
        "datePublished": "2025-01-01T00:10:00+07:00",
        "url": "https://doiche.example/khac.html",
    }
    own = {**NEWS, "mainEntityOfPage": "https://doiche.example/bai-1.html"}
    assert read_page(page_of(article_markup(ld(other) + ld(own)))).published_at == TIME


def test_text_in_the_data_is_taken_where_the_page_shows_none(page_of: MakePage) -> None:
    data = {**NEWS, "articleBody": "\n".join([LEAD, *BODY])}
    article = read_page(
        page_of(f"<html><head>{ld(data)}</head><body><h1>{TITLE}</h1><div id=root></div></body></html>")
    )
    assert article.text.split("\n") == [LEAD, *BODY]
    assert article.read_by == "articleBody/1"


@pytest.mark.parametrize(
    "name",
    [
        "Báo Đồi Chè",
        "doiche.example",
        "BÁO ĐỒI CHÈ ONLINE",
        "admin",
        "Ban Biên tập",
        "https://doiche.example",
        "Tòa soạn",
    ],
)
def test_the_papers_own_name_is_no_author(page_of: MakePage, name: str) -> None:
    head = '<meta property="og:site_name" content="Báo Đồi Chè">' + ld(
        {**NEWS, "author": {"@type": "Person", "name": name}}
    )
    assert read_page(page_of(article_markup(head))).authors == ()


# ------------------------------------------------------------------------------------------ time and hints
def test_future_time_of_the_page_gives_way_to_the_feed(page_of: MakePage) -> None:
    page = page_of(article_markup(ld({**NEWS, "datePublished": "2027-05-01T08:00:00+07:00"})))
    seen = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
    article = read_page(replace(page, hints=FeedHints(published_at=seen)))
    assert (article.published_at, article.published_from) == (seen, PublishedFrom.FEED)


def test_time_in_the_address_is_the_last_resort(page_of: MakePage) -> None:
    article = read_page(page_of(article_markup(), url="https://doiche.example/lu-20261120080501123.htm"))
    assert (article.published_at, article.published_from) == (
        datetime(2026, 11, 20, 1, 5, 1, tzinfo=UTC),
        PublishedFrom.URL,
    )


def test_undated_page_says_so(page_of: MakePage) -> None:
    article = read_page(page_of(article_markup()))
    assert (article.published_at, article.published_from) == (None, PublishedFrom.NONE)


def test_todays_date_in_the_masthead_is_not_the_articles(page_of: MakePage) -> None:
    masthead = '<header><div class="clock">Chủ nhật, 22/11/2026 14:59</div></header>'
    markup = (
        article_markup()
        .replace("<body>", f"<body>{masthead}")
        .replace("</h1>", '</h1><div class="ngay">20/11/2026 08:05</div>')
    )
    assert read_page(page_of(markup)).published_at == TIME


# ---------------------------------------------------------------------------------------------- addresses
@pytest.mark.parametrize(
    ("url", "stated", "expected"),
    [
        (
            "https://doiche.example/a.html?utm_source=rss",
            "https://doiche.example/a.html",
            "https://doiche.example/a.html",
        ),
        ("https://m.doiche.example/a.html", "https://doiche.example/a.html", "https://doiche.example/a.html"),
        ("https://doiche.example/a.html", "/b.html", "https://doiche.example/b.html"),
        ("https://doiche.example/a.html", "https://bao-khac.example/a.html", "https://doiche.example/a.html"),
        ("https://doiche.example/a.html", "https://doiche.example/", "https://doiche.example/a.html"),
        ("https://doiche.example/a.html?fbclid=1", "", "https://doiche.example/a.html"),
        ("", "https://doiche.example/a.html", "https://doiche.example/a.html"),
        ("https://doiche.example/a.html", "javascript:void(0)", "https://doiche.example/a.html"),
    ],
)
def test_canonical_address_stays_on_its_host(page_of: MakePage, url: str, stated: str, expected: str) -> None:
    page = page_of(article_markup(f'<link rel="canonical" href="{stated}">' if stated else ""), url=url)
    assert read_page(page).canonical_url == expected


def test_picture_is_absolute_and_no_logo(page_of: MakePage) -> None:
    head = '<meta property="og:image" content="/images/logo-500.png">'
    article = read_page(
        page_of(article_markup(head, '<p><img src="data:image/gif;base64,R0" data-src="/anh/lu.jpg"></p>'))
    )
    assert article.image == "https://doiche.example/anh/lu.jpg"


# ---------------------------------------------------------------------------------------- selectors, output
def test_selectors_of_a_source_file_overrule_the_general_way(page_of: MakePage) -> None:
    markup = article_markup(
        body='<p class="thua">Dòng này không thuộc bài viết, chỉ có nguồn này mới in như vậy mà thôi.</p>'
    )
    markup = markup.replace(
        "</h1>", '</h1><div id="x1">Tiêu đề thật của bài</div><i id="x2">20/11/2026 08:05</i><b id="x3">Thu Hằng</b>'
    )
    read = {"title": "#x1", "published": "#x2", "author": "#x3", "body": "div.noi-dung", "drop": ".thua"}
    article = read_page(page_of(markup), read)
    assert article.title == "Tiêu đề thật của bài"
    assert (article.published_at, article.authors) == (TIME, ("Thu Hằng",))
    assert article.text.split("\n") == [LEAD, *BODY]
    assert article.read_by == "selectors/1"


@pytest.mark.parametrize("selectors", [{"titel": "h1"}, {"title": "h1[["}, {"body": ""}])
def test_malformed_selectors_are_refused(selectors: dict[str, str]) -> None:
    with pytest.raises(BadSource):
        check_selectors(selectors)


def test_json_has_the_fields_of_the_contract(page_of: MakePage) -> None:
    plain = reading_as_json(read_page(page_of(article_markup(ld(NEWS)))))
    assert list(plain) == [
        "title", "lead", "text", "authors", "published_at", "published_from", "section", "image", "credit",
        "canonical_url",
    ]  # fmt: skip
    assert plain["published_at"] == "2026-11-20T08:05:00+07:00"
    assert plain["published_from"] == "page"
    assert json.loads(json.dumps(plain)) == plain
    assert reading_as_json(read_page(page_of(article_markup())))["published_at"] is None
