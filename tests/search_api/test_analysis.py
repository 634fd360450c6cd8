"""The analysts' pages as an analyst meets them: every number must lead to the articles it counts."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from openpyxl import load_workbook
from selectolax.lexbor import LexborHTMLParser
from sqlalchemy import select

from diembao.records import PlaceMention, Stance
from diembao.store import articles
from diembao.store.models import ArticleRow
from pipelines.indexing import drain
from search_api.analysis.spreadsheets import safe_cell

SEARCH = "/phan-tich/tim-kiem"
GIA_SANG = PlaceMention("Gia Sàng", "05455", "unit", "phường Gia Sàng")
TAN_CUONG = PlaceMention("Tân Cương", "05503", "unit", "xã Tân Cương")
HOSTILE = '=HYPERLINK("http://evil.example","<script>alert(1)</script>")'


@pytest.fixture
def analyst(newsroom: Any, printing: Any, clock: Any, signed_in: Callable[..., Any]) -> Iterator[Any]:
    """Six stories, one of them published, over forty days."""
    now = clock[0]
    newsroom.story(printing("Lũ sông Cầu dâng cao ở Gia Sàng", at=now - timedelta(hours=5), places=(GIA_SANG,)))
    newsroom.story(
        printing("Trại lợn xả thải ở Tân Cương", at=now - timedelta(days=2), topics=("moi-truong-tai-nguyen",)),
        printing("Trại lợn xả thải ở Tân Cương", "trungdu", at=now - timedelta(days=2, hours=-1), reprint_of=0),
        printing("Dân Tân Cương kêu cứu", "xuche", at=now - timedelta(days=1), topics=("moi-truong-tai-nguyen",)),
        published=False,
    )
    newsroom.story(
        printing("Chè Tân Cương được giá", "xuche", at=now - timedelta(days=9), stance=Stance.FAVOURABLE),
        published=False,
    )
    newsroom.story(printing(HOSTILE, at=now - timedelta(days=3), stance=Stance.NEUTRAL), published=False)
    newsroom.story(printing("Mưa lũ tháng trước", at=now - timedelta(days=40), places=(TAN_CUONG,)), published=False)
    newsroom.story(printing("Tin không ngày", at=None, places=()), published=False)
    yield signed_in("analyst")


def tree(response: Any) -> LexborHTMLParser:
    assert response.status_code == 200, response.text[:300]
    return LexborHTMLParser(response.text)


def found(client: Any, path: str) -> int:
    """Articles that a search finds, by its page."""
    line = tree(client.get(path)).css_first(".found")
    if line is None:
        return 0
    articles = re.search(r"([\d.]+) bài", line.text())
    assert articles is not None
    return int(articles[1].replace(".", ""))


def titles(client: Any, path: str) -> list[str]:
    return [node.text().strip() for node in tree(client.get(path)).css(".hit h3")]


def test_unpublished_articles_are_found_and_their_stance_is_counted(analyst: Any) -> None:
    page = tree(analyst.get(f"{SEARCH}?q=tan+cuong"))
    assert titles(analyst, f"{SEARCH}?q=tan+cuong&apart=1")
    stances = {node.text().strip() for node in page.css(".facets .name")}
    assert {"Bất lợi", "Thuận lợi"} <= stances


@pytest.mark.parametrize(
    "typed", ["lũ sông cầu", "lu song cau", "LŨ SÔNG CẦU", unicodedata.normalize("NFD", "lũ sông cầu")]
)
def test_however_it_is_typed_the_same_is_found(analyst: Any, typed: str) -> None:
    assert titles(analyst, f"{SEARCH}?{urlencode({'q': typed})}")[0] == "Lũ sông Cầu dâng cao ở Gia Sàng"


def test_a_facet_can_be_asked_for_left_out_and_combined(analyst: Any) -> None:
    everything = found(analyst, f"{SEARCH}?apart=1")
    unfavourable = found(analyst, f"{SEARCH}?apart=1&stance=unfavourable")
    others = found(analyst, f"{SEARCH}?apart=1&stance=-unfavourable")
    assert unfavourable and others and unfavourable + others == everything
    two = found(analyst, f"{SEARCH}?apart=1&stance=favourable&stance=neutral")
    assert two == others
    page = tree(analyst.get(f"{SEARCH}?stance=-unfavourable"))
    assert "trừ Bất lợi" in page.css_first(".chips").text()
    # What is filtered by keeps its other values, with what they would find.
    assert {"Bất lợi", "Thuận lợi", "Trung tính"} <= {node.text() for node in page.css(".facet .name")}


def test_every_figure_of_the_facets_leads_to_so_many_articles(analyst: Any) -> None:
    page = tree(analyst.get(f"{SEARCH}?apart=1"))
    checked = 0
    for item in page.css(".facet li"):
        count = int(item.css_first(".figure").text().replace(".", ""))
        href = item.css_first("a.choose").attributes["href"]
        assert found(analyst, href or "") == count, href
        checked += 1
    assert checked > 10


def test_every_figure_of_the_trends_leads_to_the_articles_it_counts(analyst: Any) -> None:
    page = tree(analyst.get("/phan-tich?relevance=relevant&from=2026-11-01&to=2026-11-22"))
    assert page.css_first(".summary .big strong").text() == "5"
    assert found(analyst, page.css_first(".summary .big a").attributes["href"] or "") == 7
    checked = 0
    for row in page.css(".shares tbody tr"):
        count = int(row.css_first("td").text().replace(".", ""))
        assert found(analyst, row.css_first("a").attributes["href"] or "") == count
        checked += 1
    for tile in page.css(".tile"):
        figure = tile.css_first(".figure").text()
        if figure:
            assert found(analyst, tile.css_first("a").attributes["href"] or "") == int(figure)
            checked += 1
    for cell in page.css(".heat td a"):
        assert found(analyst, cell.attributes["href"] or "") == int(cell.text())
        checked += 1
    for row in page.css(".chart-table tbody tr"):
        for link in row.css("a"):
            assert found(analyst, link.attributes["href"] or "") == int(link.text())
            checked += 1
    assert checked > 14
    assert len(page.css(".tile")) == 92


def test_comparisons_are_those_of_the_periods_they_name(analyst: Any) -> None:
    page = tree(analyst.get("/phan-tich?relevance=relevant&from=2026-11-01&to=2026-11-22"))
    before = page.css(".compared dd a")[0]
    assert before.text() == "1 tin, 1 bài"
    assert dict(parse_qsl(urlsplit(before.attributes["href"] or "").query))["from"] == "2026-10-10"
    assert page.css(".compared .change")[0].text() == "+400\xa0%"
    assert "không có bài nào" in page.css(".compared dd")[1].text()


def test_the_table_beside_a_chart_has_a_row_for_every_day_in_their_order(analyst: Any) -> None:
    page = tree(analyst.get("/phan-tich?relevance=relevant&from=2026-11-01&to=2026-11-22"))
    rows = page.css(".chart-table tbody tr")
    assert [row.css_first("th").text() for row in rows] == [f"{day:02d}/11/26" for day in range(1, 23)]
    head = [cell.text() for cell in page.css(".chart-table thead th")]
    assert head[0] == "Thời gian" and head[-2:] == ["Cộng", "Kỳ trước"]
    assert sum(int(row.css("td")[-2].text()) for row in rows) == 7
    assert sum(int(row.css("td")[-1].text()) for row in rows) == 1
    # The axis is in the same order, though the period before has only one of these days.
    shown = re.findall(r">(\d\d/11/26)<", str(page.css_first("figure.chart svg").html))
    assert shown == sorted(shown) and len(shown) > 5


def test_stories_are_counted_where_they_are_asked_for(analyst: Any) -> None:
    asked = "relevance=relevant&from=2026-11-01&to=2026-11-22&count=stories"
    page = tree(analyst.get(f"/phan-tich?{asked}"))
    assert "Số tin theo thái độ" in page.css_first("figure.chart h2").text()
    numbers = [int(link.text()) for link in page.css(".chart-table td a")]
    assert sum(numbers) == 6  # a story that was printed on two days counts on both
    for link in page.css(".chart-table td a"):
        path = link.attributes["href"] or ""
        assert "apart" not in path and len(titles(analyst, path)) == int(link.text())
    assert "Số tin" in analyst.get(f"/phan-tich/bieu-do/theo-thoi-gian.svg?{asked}").text


def test_a_single_day_has_its_number_and_no_chart_of_one_bar(analyst: Any) -> None:
    one, two = "from=2026-11-22&to=2026-11-22", "from=2026-11-21&to=2026-11-22"
    page = tree(analyst.get(f"{SEARCH}?{one}"))
    assert page.css(".hit") and page.css_first("figure.chart") is None
    assert tree(analyst.get(f"{SEARCH}?{two}")).css_first("figure.chart svg") is not None


def test_tet_is_a_period_that_can_be_chosen(analyst: Any) -> None:
    page = tree(analyst.get(f"{SEARCH}?q=lu&span=tet"))
    chosen = page.css_first("#span option[selected]")
    assert (chosen.attributes["value"], chosen.text()) == ("tet", "Dịp Tết gần nhất")
    assert "15/02/2026 – 21/02/2026" in tree(analyst.get("/phan-tich?span=tet")).body.text()


def test_the_first_visit_says_in_its_address_what_is_counted(analyst: Any) -> None:
    answer = analyst.get("/phan-tich")
    assert answer.status_code == 303
    asked = parse_qsl(urlsplit(answer.headers["location"]).query)
    assert ("relevance", "relevant") in asked and ("outlet_type", "newspaper") in asked and ("span", "30days") in asked


def test_a_period_without_anything_says_so_and_leads_on(analyst: Any) -> None:
    page = tree(analyst.get("/phan-tich?from=2020-01-01&to=2020-02-01"))
    assert page.css_first(".empty-title").text() == "Không có bài nào trong khoảng này"
    assert found(analyst, page.css_first(".empty a").attributes["href"] or "") == 8


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"q": "lũ (((("}, "Chỗ sai: ký tự thứ"),
        ({"q": "màu:đỏ"}, "Chỗ sai: ký tự thứ 1."),
        ({"from": "32/13/2026"}, "“32/13/2026” không phải là ngày"),
        ({"from": "2026-11-02", "to": "2026-11-01"}, "Ngày bắt đầu phải trước"),
        ({"q": "x" * 1500}, "ký tự"),
        ({"after": "rác"}, ""),
    ],
)
def test_what_cannot_be_read_is_explained_where_it_stands(analyst: Any, asked: dict[str, str], words: str) -> None:
    for page in (SEARCH, "/phan-tich"):
        if "after" in asked and page != SEARCH:
            continue
        answer = analyst.get(f"{page}?{urlencode(asked)}")
        assert answer.status_code == 400
        assert words in answer.text
        assert 'role="alert"' in answer.text


def test_nothing_found_offers_what_would_find_something(analyst: Any) -> None:
    page = tree(analyst.get(f"{SEARCH}?{urlencode({'q': 'chè tân cươngg', 'stance': 'mixed'})}"))
    offers = page.css(".empty li")
    assert offers
    for offer in offers:
        count = int(re.search(r"(\d+) bài", offer.text())[1])  # type: ignore[index]
        assert found(analyst, offer.css_first("a").attributes["href"] + "&apart=1") == count > 0


def test_names_are_suggested_with_and_without_accents(analyst: Any) -> None:
    for typed in ("gia sa", "Gia Sà", "phường gia"):
        names = analyst.get(f"/phan-tich/goi-y?{urlencode({'q': typed})}").json()
        assert "phường Gia Sàng" in [name["text"] for name in names], typed
    assert analyst.get("/phan-tich/goi-y?q=x").json() == []


def test_pages_follow_one_another_without_gap_or_repeat(analyst: Any, newsroom: Any, printing: Any, clock: Any) -> None:
    for number in range(45):
        newsroom.story(
            printing(f"Tin số {number}", at=clock[0] - timedelta(hours=number)), published=False, index=False
        )
    newsroom.story(printing("Tin cuối"), published=False)
    seen: list[str] = []
    path: str | None = f"{SEARCH}?q=tin"
    while path:
        page = tree(analyst.get(path))
        seen += [node.text().strip() for node in page.css(".hit h3")]
        following = page.css_first("a[rel=next]")
        path = following.attributes["href"] if following else None
    assert len(seen) == len(set(seen)) == 47


@pytest.mark.parametrize("kind", ["csv", "csv_excel", "xlsx", "jsonl"])
def test_an_export_has_every_article_that_is_seen_and_nothing_that_runs(analyst: Any, kind: str) -> None:
    answer = analyst.get(f"/phan-tich/xuat/{kind}?stance=-favourable")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]
    shown = _titles_of(kind, answer.content)
    assert len(shown) == found(analyst, f"{SEARCH}?apart=1&stance=-favourable") == 7
    safe = HOSTILE if kind in ("xlsx", "jsonl") else f"'{HOSTILE}"
    assert safe in shown
    assert answer.content.startswith(b"\xef\xbb\xbf") == (kind == "csv_excel")


def _titles_of(kind: str, content: bytes) -> list[str]:
    if kind == "jsonl":
        return [json.loads(line)["title"] for line in content.decode().splitlines()]
    if kind == "xlsx":
        sheet = load_workbook(io.BytesIO(content)).active
        head = [cell.value for cell in sheet[1]]
        column = head.index("Tiêu đề") + 1
        cells = [sheet.cell(row, column) for row in range(2, sheet.max_row + 1)]
        assert {cell.data_type for cell in cells} == {"s"}
        return [str(cell.value) for cell in cells]
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    return [row["Tiêu đề"] for row in rows]


def test_what_was_taken_down_says_so_in_the_list_and_in_every_file(analyst: Any, newsroom: Any, clock: Any) -> None:
    ours, theirs = "Chè Tân Cương được giá", "Mưa lũ tháng trước"
    with newsroom.store.write() as session:
        for title, column in ((ours, "withdrawn_at"), (theirs, "source_removed_at")):
            row = session.scalars(select(ArticleRow).where(ArticleRow.title == title)).one()
            setattr(row, column, clock[0] - timedelta(hours=26))
    for hit in tree(analyst.get(f"{SEARCH}?apart=1")).css(".hit"):
        marked = "Đã gỡ 21/11/2026" in hit.css_first(".marks").text()
        assert marked == (hit.css_first("h3").text().strip() in (ours, theirs))
    for kind in ("csv", "csv_excel"):
        text = analyst.get(f"/phan-tich/xuat/{kind}").content.decode("utf-8-sig")
        rows = [(row["Tiêu đề"], row["Đã gỡ lúc (giờ Việt Nam)"]) for row in csv.DictReader(io.StringIO(text))]
        assert len(rows) == 8
        assert sorted(row for row in rows if row[1]) == [(ours, "2026-11-21 07:05"), (theirs, "2026-11-21 07:05")]
    sheet = load_workbook(io.BytesIO(analyst.get("/phan-tich/xuat/xlsx").content)).active
    last = [column[-1] for column in sheet.iter_rows(values_only=True)]
    assert last[0] == "Đã gỡ lúc (giờ Việt Nam)" and last.count("2026-11-21 07:05") == 2
    told = [json.loads(line) for line in analyst.get("/phan-tich/xuat/jsonl").text.splitlines()]
    assert {one["title"] for one in told if one["removed_at"]} == {ours, theirs}


def test_what_was_taken_down_can_be_asked_for_with_its_number(analyst: Any, newsroom: Any, clock: Any) -> None:
    ours, theirs = "Chè Tân Cương được giá", "Mưa lũ tháng trước"
    with newsroom.store.write() as session:
        for title, column in ((ours, "withdrawn_at"), (theirs, "source_removed_at")):
            row = session.scalars(select(ArticleRow).where(ArticleRow.title == title)).one()
            setattr(row, column, clock[0] - timedelta(hours=26))
            articles.touch(session, [row.id], clock[0])
    drain(newsroom.store, newsroom.index)
    choices = {}
    for choice in tree(analyst.get(f"{SEARCH}?apart=1")).css(".facet a.choose"):
        choices[choice.css_first(".name").text()] = choice.css_first(".figure").text(), choice.attributes["href"]
    for label, title in (("Báo gốc đã gỡ", theirs), ("Ban biên tập đã gỡ", ours)):
        number, address = choices[label]
        assert number == "1" and titles(analyst, address) == [title]
        asked = urlsplit(address).query
        assert _titles_of("csv", analyst.get(f"/phan-tich/xuat/csv?{asked}").content) == [title]
        assert _titles_of("xlsx", analyst.get(f"/phan-tich/xuat/xlsx?{asked}").content) == [title]
        assert f"Đánh dấu: {label}" in analyst.get(address).text
    assert found(analyst, f"{SEARCH}?apart=1&flag=-source_removed") == 7


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_cell_of_a_csv_is_a_formula(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


def test_hostile_text_stays_text(analyst: Any) -> None:
    for path in (f"{SEARCH}?q=script", "/phan-tich?from=2026-11-01&to=2026-11-22", f"{SEARCH}?q=%3Cscript%3E"):
        assert "<script>alert(1)" not in analyst.get(path).text


def test_a_chart_can_be_taken_along_as_a_file(analyst: Any) -> None:
    asked = "relevance=relevant&from=2026-11-01&to=2026-11-22"
    svg = analyst.get(f"/phan-tich/bieu-do/theo-thoi-gian.svg?{asked}")
    assert svg.headers["content-type"] == "image/svg+xml" and "var(" not in svg.text and "<svg" in svg.text
    png = analyst.get(f"/phan-tich/bieu-do/theo-thoi-gian.png?{asked}")
    assert png.content.startswith(b"\x89PNG")
    tiles = analyst.get(f"/phan-tich/bieu-do/ban-do.svg?{asked}")
    assert "Số bài theo xã, phường, 01/11/2026 – 22/11/2026" in tiles.text and "Tân Cương" in tiles.text
    assert analyst.get(f"/phan-tich/bieu-do/ban-do.png?{asked}").content.startswith(b"\x89PNG")
    assert analyst.get(f"/phan-tich/bieu-do/khong-co.svg?{asked}").status_code == 404
    for wrong in ("from=99", "from=2026-11-02&to=2026-11-01", "from=1900-01-01&to=2000-01-01", "q=((("):
        assert analyst.get(f"/phan-tich/bieu-do/theo-thoi-gian.svg?{wrong}").status_code == 400, wrong
    for wrong in ("from=99", "from=2026-11-02&to=2026-11-01", "q=((("):
        assert analyst.get(f"/phan-tich/xuat/csv?{wrong}").status_code == 400, wrong


def test_ten_years_by_day_are_drawn_in_a_unit_that_can_be_read(analyst: Any) -> None:
    asked = "from=2016-11-01&to=2026-11-22&by=topic&unit_of_time="
    for unit, places in (("day", 121), ("week", 121), ("month", 121)):
        page = tree(analyst.get(f"/phan-tich?{asked}{unit}"))
        assert page.css_first("figure.chart svg") is not None
        assert len({row.css_first("th").text() for row in page.css(".chart-table tbody tr")}) == places
        assert ("đơn vị lớn hơn" in page.css_first("figure.chart figcaption").text()) == (unit != "month")
        assert analyst.get(f"/phan-tich/bieu-do/theo-thoi-gian.png?{asked}{unit}").content.startswith(b"\x89PNG")
    by_day = tree(analyst.get("/phan-tich?from=2026-01-01&to=2026-11-22&unit_of_time=day"))
    assert len({row.css_first("th").text() for row in by_day.css(".chart-table tbody tr")}) == 326
    assert "đơn vị lớn hơn" not in by_day.css_first("figure.chart figcaption").text()


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path", [f"{SEARCH}?q=tan+cuong", "/phan-tich?from=2026-11-01&to=2026-11-22", f"{SEARCH}?q=((("]
)
def test_nothing_that_axe_objects_to(
    analyst: Any, desk_page: Callable[..., Any], width: int, scheme: str, path: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = desk_page("analyst", name="analyst.hai", width=width, scheme=scheme)
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto(path)
    found = Axe().run(page).response["violations"]
    assert not [(one["id"], one["nodes"][0]["html"]) for one in found]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not [fault for fault in faults if "400" not in fault]


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_suggestions_are_chosen_with_the_keyboard_and_told_to_screen_readers(
    analyst: Any, desk_page: Callable[..., Any], width: int, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import expect

    page = desk_page("analyst", name="analyst.hai", width=width, scheme=scheme)
    page.goto(SEARCH)
    box, options = page.locator("#q"), page.locator("#goi-y [role=option]")
    box.press_sequentially("lũ gia sa")  # the end of it is a name
    expect(options).to_have_count(0)
    box.fill("")
    box.press_sequentially("gia sa")  # without accents, as browsers' own lists do not find it
    expect(options.first).to_be_visible()
    assert box.get_attribute("aria-expanded") == "true" and box.get_attribute("role") == "combobox"
    texts = options.all_inner_texts()
    assert any(text.startswith("phường Gia Sàng") and "Xã, phường" in text for text in texts)
    assert not Axe().run(page).response["violations"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.keyboard.press("ArrowDown")
    assert box.get_attribute("aria-activedescendant") == options.first.get_attribute("id")
    assert options.first.get_attribute("aria-selected") == "true"
    page.keyboard.press("ArrowUp")
    assert box.get_attribute("aria-activedescendant") is None
    page.keyboard.press("Escape")
    expect(page.locator("#goi-y")).to_be_hidden()
    assert box.input_value() == "gia sa" and box.get_attribute("aria-expanded") == "false"
    page.keyboard.press("ArrowDown")
    wanted = options.filter(has_text="phường Gia Sàng")
    while wanted.get_attribute("aria-selected") != "true":
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert box.input_value() == '"phường Gia Sàng" ' and urlsplit(page.url).query == ""
    expect(page.locator("#goi-y")).to_be_hidden()
    page.keyboard.press("Enter")
    page.wait_for_url("**q=**")


@pytest.mark.browser
def test_dragging_over_the_chart_chooses_its_days(analyst: Any, desk_page: Callable[..., Any]) -> None:
    page = desk_page("analyst", name="analyst.hai")
    page.goto(f"{SEARCH}?relevance=relevant&from=2026-11-01&to=2026-11-22")
    bars = page.locator("[data-brush] svg a")
    first, last = bars.nth(10).bounding_box(), bars.nth(20).bounding_box()
    page.mouse.move(first["x"] + 2, first["y"] + first["height"] - 1)
    page.mouse.down()
    page.mouse.move(last["x"] + 2, last["y"] + last["height"] - 1, steps=5)
    with page.expect_navigation():
        page.mouse.up()
    page.wait_for_url("**/tim-kiem?**")
    asked = dict(parse_qsl(urlsplit(page.url).query))
    assert asked["relevance"] == "relevant" and asked["from"] > "2026-11-01" and asked["to"] <= "2026-11-22"


@pytest.mark.browser
def test_the_next_hits_come_below_and_the_address_says_where_they_begin(
    analyst: Any, newsroom: Any, printing: Any, clock: Any, desk_page: Callable[..., Any]
) -> None:
    for number in range(45):
        newsroom.story(
            printing(f"Bản tin {number}", at=clock[0] - timedelta(hours=number)), published=False, index=False
        )
    newsroom.story(printing("Bản tin cuối", at=clock[0] - timedelta(hours=50)), published=False)
    from playwright.sync_api import expect

    page = desk_page("analyst", name="analyst.hai")
    page.goto(f'{SEARCH}?q="bản tin"&sort=newest')
    assert page.locator(".hit").count() == 20
    page.click("text=Xem tiếp")
    expect(page.locator(".hit")).to_have_count(40)
    assert page.evaluate("document.activeElement.textContent") == "Bản tin 20"
    second = page.url
    assert "after=" in second
    page.click("text=Xem tiếp")
    expect(page.locator(".hit")).to_have_count(46)
    assert page.locator(".hit h3").all_inner_texts()[-1] == "Bản tin cuối" and not page.locator("text=Xem tiếp").count()
    # Who is given the address sees what began there, and gets back to the first.
    page.goto(second)
    assert page.locator(".hit h3").first.inner_text() == "Bản tin 20"
    page.click("text=Về trang đầu")
    page.wait_for_url(lambda url: "after=" not in url)
    assert page.locator(".hit h3").first.inner_text() == "Bản tin 0"


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_cut_off_whatever_the_figures_are(
    newsroom: Any, printing: Any, clock: Any, signed_in: Callable[..., Any], desk_page: Callable[..., Any], width: int
) -> None:
    from diembao.newsroom.analysis.tiles import tile_places

    places = [PlaceMention(place.name, place.code, "unit", place.name) for place in tile_places()]
    topics = ("moi-truong-tai-nguyen", "thien-tai-thoi-tiet", "giao-duc-dao-tao", "the-thao")
    for number in range(20):
        some = tuple(places[number * 4 : number * 4 + 8])
        told = printing(
            f"Tin {number}", at=clock[0] - timedelta(days=number), places=some, topics=(topics[number % 4],)
        )
        newsroom.story(told, published=False)
    page = desk_page("chief", "admin", "operator", name="moi.viec", width=width)
    for path in ("/phan-tich?from=01/11/2026&to=22/11/2026", f"{SEARCH}?q=tin", "/phan-tich/so-sanh?q=tin&q=lu"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        here = page.locator(".menu [aria-current]")
        box = here.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width, path
    if width == 1280:
        assert page.evaluate(
            "[...document.querySelectorAll('.menu ul')].every(row => row.scrollWidth <= row.clientWidth)"
        )


def test_queries_side_by_side_with_the_same_filters_and_scale(analyst: Any) -> None:
    path = "/phan-tich/so-sanh?q=tan+cuong&q=lu&q=khongcogi&from=2026-11-01&to=2026-11-22"
    page = tree(analyst.get(path))
    rows = {row.css_first("th").text(): row for row in page.css(".compared-table tbody tr")}
    assert list(rows) == ["tan cuong", "lu", "khongcogi"]
    for text, row in rows.items():
        numbers = [cell.text() for cell in row.css("td.number")]
        stories, *others = row.css("td a")
        assert stories.text() == numbers[0] and len(titles(analyst, stories.attributes["href"] or "")) == int(
            numbers[0]
        )
        shown = found(analyst, f"{SEARCH}?{urlencode({'q': text, 'from': '2026-11-01', 'to': '2026-11-22'})}&apart=1")
        assert int(numbers[1]) == shown
        for link in others:
            assert found(analyst, link.attributes["href"] or "") == int(link.text())
    assert "Không báo nào đăng đủ mọi câu tìm." in page.body.text()
    both = tree(analyst.get("/phan-tich/so-sanh?q=tan+cuong&q=trai+lon&from=2026-11-01&to=2026-11-22"))
    assert "Báo Trung Du" in both.css("section p")[-1].text()


def test_a_comparison_that_cannot_be_read_says_which_query_is_at_fault(analyst: Any) -> None:
    answer = analyst.get(f"/phan-tich/so-sanh?{urlencode([('q', 'lũ'), ('q', '((('), ('q', 'chè')])}")
    assert answer.status_code == 400
    page = LexborHTMLParser(answer.text)
    assert page.css_first("#q-1").attributes["aria-invalid"] == "true"
    assert "aria-invalid" not in page.css_first("#q-0").attributes
    assert page.css_first("#q-2").attributes["value"] == "chè"
    assert analyst.get("/phan-tich/so-sanh").status_code == 200
    assert analyst.get("/phan-tich/so-sanh?q=a&from=99").status_code == 400
