from __future__ import annotations

import io
import json
import logging
from datetime import timedelta

import pytest
from lxml import html

from diembao.errors import IndexUnavailable
from diembao.logs import Formatter

HOUR = timedelta(hours=1)


def page(site, query):
    answer = site.get(f"/tim-kiem?{query}")
    return answer, html.fromstring(answer.text)


def found(tree):
    return [link.text_content() for link in tree.cssselect("main article h2 a")]


@pytest.fixture
def library(newsroom, site, printing, clock):
    now = clock[0]
    newsroom.story(
        printing("Lũ sông Cầu lên nhanh", at=now - 3 * HOUR),
        printing("Lũ trên sông Cầu", "trungdu", at=now - 2 * HOUR),
    )
    culture, farming = ("van-hoa-di-san-du-lich",), ("nong-nghiep-nong-thon",)
    newsroom.story(printing("Lu nước làng gốm", "xuche", at=now - 50 * HOUR, topics=culture, places=(), lead=""))
    newsroom.story(printing("Chè Tân Cương được mùa", "xuche", at=now - 30 * HOUR, topics=farming, lead="Mùa chè."))
    return site


def test_stories_not_copies_with_counts_of_both(library):
    answer, tree = page(library, "q=lu+song+cau")
    assert answer.status_code == 200
    assert len(found(tree)) == 1
    assert "1 tin, gồm 2 bài" in answer.text and "2 bài khớp" in answer.text


def test_accents_are_optional_and_exact_ones_come_first(library):
    _, tree = page(library, "q=l%C5%A9")
    assert found(tree)[0].startswith("Lũ") and "Lu nước làng gốm" in found(tree)
    _, tree = page(library, "q=lu")
    assert "Lu nước làng gốm" in found(tree) and len(found(tree)) == 2


def test_what_was_sought_is_marked(library):
    _, tree = page(library, "q=tan+cuong")
    assert [mark.text_content() for mark in tree.cssselect("main h2 mark")] in (["Tân Cương"], ["Tân", "Cương"])


def test_filters_narrow_and_can_be_taken_back(library):
    _, tree = page(library, "q=lu&source=trungdu")
    assert found(tree) == ["Lũ trên sông Cầu"]
    assert [chip.get("href") for chip in tree.cssselect(".chips a")] == ["/tim-kiem?q=lu"]
    assert found(page(library, "topic=nong-nghiep-nong-thon")[1]) == ["Chè Tân Cương được mùa"]
    assert found(page(library, "place=05503&sort=oldest")[1])[0] == "Chè Tân Cương được mùa"


def test_facets_count_and_link(library):
    _, tree = page(library, "q=lu")
    links = {a.text_content(): a.get("href") for a in tree.cssselect("aside a")}
    assert links["Báo Sông Cầu"] == "/tim-kiem?q=lu&source=songcau"
    counts = {li.text_content().strip() for li in tree.cssselect("aside li")}
    assert "Thiên tai – Thời tiết – Cứu nạn 2 bài" in counts


def test_days_are_inclusive_and_vietnamese(library):
    assert found(page(library, "q=lu&from=22/11/2026&to=22/11/2026")[1])[0].startswith("Lũ")
    assert found(page(library, "from=2026-11-20&to=21/11/2026")[1]) == ["Chè Tân Cương được mùa", "Lu nước làng gốm"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=31/02/2026", "“31/02/2026” không phải là ngày"),
        ("to=abc", "“abc” không phải là ngày"),
        ("from=2/11/2026&to=1/11/2026", "Ngày bắt đầu phải trước"),
        ("q=lu&after=xyz", "không còn dùng được"),
    ],
)
def test_what_cannot_be_is_explained(library, query, said):
    answer, _ = page(library, query)
    assert answer.status_code == 400 and said in answer.text


@pytest.mark.parametrize(
    ("query", "at", "position", "said"),
    [
        ("lũ (sông", "(", 4, "Dấu ngoặc đơn này chưa được đóng."),
        ('lũ "sông', '"', 4, "Dấu ngoặc kép này chưa được đóng."),
        ("lũ OR", "O", 4, "còn thiếu một từ"),
        ("lạ:lũ", "l", 1, "Không có mục này."),
        ("title:chè source:", " ", 18, "Sau dấu hai chấm"),
        ("(((", "(", 3, "chưa được đóng"),
        ("x" * 1001, "x", 1001, "1.000 ký tự"),
    ],
)
def test_a_malformed_query_points_at_the_character(library, query, at, position, said):
    answer = library.get("/tim-kiem", params={"q": query})
    tree = html.fromstring(answer.text)
    assert answer.status_code == 400
    assert tree.cssselect(".fault .at")[0].text_content() == at
    assert f"ký tự thứ {position:,}".replace(",", ".") in answer.text and said in answer.text
    assert tree.cssselect("input[name=q]")[0].get("value") == query
    assert tree.cssselect("input[name=q]")[0].get("aria-invalid") == "true"


def test_every_fault_of_the_language_has_its_words(site):
    """A new code without a message would fall back to “cannot be read”."""
    from diembao.index import language

    for code in language.parse.__doc__.split("Codes:")[1].split("`")[1::2]:
        for edition in site.app.state.site.editions.by_language.values():
            assert f"query_errors.{code}" in edition.messages, code


def test_nothing_found_suggests_what_would_be(library):
    answer, tree = page(library, "q=l%C5%A9+voi&topic=thien-tai-thoi-tiet")
    links = {a.text_content(): a.get("href") for a in tree.cssselect(".empty a")}
    assert "Không tìm thấy" in answer.text
    assert links["Bỏ bớt từ “voi”: 2 bài"] == "/tim-kiem?q=l%C5%A9&topic=thien-tai-thoi-tiet"
    _, tree = page(library, "q=ch%C3%A8&topic=thien-tai-thoi-tiet")
    suggestion = tree.cssselect(".empty a")[0]
    assert suggestion.text_content() == "Bỏ bộ lọc Thiên tai – Thời tiết – Cứu nạn: 1 bài"
    assert found(html.fromstring(library.get(suggestion.get("href")).text)) == ["Chè Tân Cương được mùa"]


def test_pages_follow_one_another_without_repeating(newsroom, site, printing, clock):
    for number in range(45):
        newsroom.story(printing(f"Tin số {number}", at=clock[0] - timedelta(minutes=70 + number)), index=number == 44)
    seen, path = [], "/tim-kiem?q=tin&sort=newest"
    while path:
        tree = html.fromstring(site.get(path).text)
        seen += found(tree)
        following = tree.cssselect("a[rel=next]")
        path = following[0].get("href") if following else ""
    assert seen == [f"Tin số {number}" for number in range(45)]


def test_every_line_of_the_log_about_a_request_has_its_number(library, newsroom, monkeypatch, caplog):
    def away(*_args, **_kwargs):
        raise IndexUnavailable("broken")

    monkeypatch.setattr(newsroom.index, "search", away)
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(Formatter(as_json=True))
    logging.getLogger("search_api").addHandler(handler)
    caplog.set_level(logging.INFO, "search_api")
    try:
        answers = [library.get("/tim-kiem?q=lu"), library.get("/api/v1/articles")]
    finally:
        logging.getLogger("search_api").removeHandler(handler)
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    for answer in answers:
        mine = [line for line in lines if line["request_id"] == answer.headers["x-request-id"]]
        assert [line["message"] for line in mine] == ["not available", "request"]
    assert len(lines) == 4


def test_search_engine_away_is_a_polite_503(library, newsroom, monkeypatch):
    def away(*_args, **_kwargs):
        raise IndexUnavailable("index in /secret/place is broken")

    monkeypatch.setattr(newsroom.index, "search", away)
    answer = library.get("/tim-kiem?q=lu")
    assert answer.status_code == 503 and answer.headers["retry-after"] == "30"
    assert "Tạm thời chưa mở được" in answer.text and "secret" not in answer.text
    assert library.get("/").status_code == 200  # needs no search
    assert library.get("/tin/1-lu-song-cau-len-nhanh").status_code == 200
    assert library.get("/api/v1/articles").json()["code"] == "index_unavailable"
