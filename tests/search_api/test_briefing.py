"""The giao ban report as those who make it meet it: every number, wherever it stands, leads to so many articles."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import docx
import pytest
from docx.oxml.ns import qn
from openpyxl import load_workbook
from selectolax.lexbor import LexborHTMLParser

from diembao.records import PlaceMention, Stance
from diembao.store import matters
from diembao.store.models import ArticleRow, SourceDayRow, StoryRow

PAGE = "/phan-tich/giao-ban"
OCTOBER = "relevance=relevant&from=2026-10-01&to=2026-10-31"
BASE = "https://baochi.example"
GIA_SANG = PlaceMention("Gia Sàng", "05455", "unit", "phường Gia Sàng")
TAN_CUONG = PlaceMention("Tân Cương", "05503", "unit", "xã Tân Cương")
HOSTILE = '=HYPERLINK("http://evil.example","<b>x</b>")\x0b\u202e & <script>alert(1)</script> ' + "dài " * 35


def at(day: int, month: int = 10, hour: int = 2, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


@pytest.fixture
def collected(newsroom: Any) -> None:
    """The crawler found something on every day of September and October, nothing the year before."""
    with newsroom.store.write() as session:
        day = date(2026, 9, 1)
        while day <= date(2026, 11, 21):
            session.add(SourceDayRow(source="songcau", day=day, found=3))
            day += timedelta(days=1)


@pytest.fixture
def analyst(newsroom: Any, printing: Any, collected: None, signed_in: Callable[..., Any]) -> Iterator[Any]:
    newsroom.story(
        printing("Trại lợn xả thải", at=at(3), places=(GIA_SANG, TAN_CUONG), topics=("moi-truong-tai-nguyen",)),
        printing("Trại lợn xả thải", "trungdu", at=at(3, hour=4), places=(GIA_SANG,), reprint_of=0),
        printing("Dân kêu cứu", "xuche", at=at(5), places=(TAN_CUONG,)),
        published=False,
    )
    newsroom.story(printing("Chè được giá", "xuche", at=at(9), stance=Stance.FAVOURABLE), published=False)
    newsroom.story(printing(HOSTILE, "trungdu", at=at(31, hour=16), stance=Stance.NEUTRAL), published=False)
    newsroom.story(printing("Mưa lũ tháng chín", at=at(12, 9), stance=Stance.NEUTRAL), published=False)
    newsroom.story(printing("Sang tháng mười một", at=at(31, hour=17)), published=False)
    newsroom.story(printing("Không ngày", at=None), published=False)
    yield signed_in("analyst")


@pytest.fixture
def with_forty_printings(analyst: Any, newsroom: Any, printing: Any) -> Any:
    newsroom.story(
        *(printing(f"Bài in lần {n}", ("songcau", "trungdu")[n % 2], at=at(20, hour=n % 24)) for n in range(40))
    )
    return analyst


def tree(response: Any) -> LexborHTMLParser:
    assert response.status_code == 200, response.text[:400]
    return LexborHTMLParser(response.text)


_LOOKED_AT = 30


class Lists:
    """Counts what a link leads to, each address once."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._known: dict[str, tuple[int, int, int]] = {}

    def behind(self, href: str) -> tuple[int, int, int]:
        """Articles, stories, outlets of the list; for other pages how many they list, three times."""
        path = href.removeprefix(BASE)
        if path not in self._known:
            self._known[path] = self._counted(path)
        return self._known[path]

    def _counted(self, path: str) -> tuple[int, int, int]:
        if urlsplit(path).path != "/phan-tich/tim-kiem":
            line = tree(self._client.get(path)).css_first(".found")
            number = int(re.sub(r"\D", "", line.text()))
            return number, number, number
        rows = self._client.get(f"/phan-tich/xuat/jsonl?{urlsplit(path).query}")
        assert rows.status_code == 200
        found = [json.loads(line) for line in rows.text.splitlines()]
        if found and len(self._known) < _LOOKED_AT:
            # The page says the same as the export behind it.
            assert f"{len(found)} bài" in tree(self._client.get(path)).css_first(".found").text()
        return len(found), len({one["story"] for one in found}), len({one["source"] for one in found})


def is_list(href: str) -> bool:
    """Not the page of one story or matter, nor a place in the same document."""
    return (
        bool(href) and not href.startswith("#") and "/ban-bien-tap/" not in href and not re.search(r"van-de/\d", href)
    )


def fits(number: int, href: str, lists: Lists, column: str) -> bool:
    articles, stories, outlets = lists.behind(href)
    if column == "Số báo":
        return number == outlets
    return number == (articles if "apart=1" in href else stories)


def whole(text: str) -> int | None:
    text = text.strip()
    return int(text.replace(".", "")) if re.fullmatch(r"[\d.]+", text) else None


def page_numbers(client: Any, asked: str) -> Iterator[tuple[int, str, str]]:
    page = tree(client.get(f"{PAGE}?{asked}"))
    for table in page.css("table.figures"):
        heads = [head.text() for head in table.css("thead th")]
        for row in table.css("tbody tr"):
            for head, cell in zip(heads, row.css("th, td"), strict=True):
                link = cell.css_first("a")
                number = whole(cell.text())
                if number is not None and link is not None:
                    yield number, link.attributes["href"] or "", head
    for link in page.css(".pack > section > p a"):
        if (number := whole(link.text())) is not None:
            yield number, link.attributes["href"] or "", ""


def words(element: Any) -> str:
    return "".join(text.text or "" for text in element.iter(qn("w:t")))


def docx_numbers(content: bytes) -> Iterator[tuple[int, str, str]]:
    document = docx.Document(io.BytesIO(content))
    targets = {key: rel.target_ref for key, rel in document.part.rels.items() if rel.is_external}
    for table in document.element.body.iter(qn("w:tbl")):
        rows = table.findall(qn("w:tr"))
        heads = [words(cell) for cell in rows[0].findall(qn("w:tc"))]
        for row in rows[1:]:
            for head, cell in zip(heads, row.findall(qn("w:tc")), strict=False):
                yield from _linked(cell, targets, head)
    for paragraph in document.element.body.findall(qn("w:p")):
        yield from _linked(paragraph, targets, "")


def _linked(element: Any, targets: dict[str, str], head: str) -> Iterator[tuple[int, str, str]]:
    for link in element.iter(qn("w:hyperlink")):
        key, number = link.get(qn("r:id")), whole(words(link))
        if number is not None and key is not None:
            yield number, targets[key], head


def xlsx_numbers(content: bytes) -> Iterator[tuple[int, str, str]]:
    for sheet in load_workbook(io.BytesIO(content)).worksheets:
        heads = {cell.column: str(cell.value) for cell in sheet[5]}
        for row in sheet.iter_rows(min_row=6):
            for cell in row:
                assert cell.data_type != "f"
                if cell.hyperlink is not None and cell.hyperlink.target and isinstance(cell.value, int):
                    yield cell.value, cell.hyperlink.target, heads[cell.column]


@pytest.mark.parametrize("kind", ["page", "docx", "xlsx"])
def test_every_number_leads_to_so_many(with_forty_printings: Any, kind: str) -> None:
    client = with_forty_printings
    if kind == "page":
        numbers = list(page_numbers(client, OCTOBER))
    else:
        answer = client.get(f"{PAGE}/tai/{kind}?{OCTOBER}")
        assert answer.status_code == 200, answer.text
        numbers = list((docx_numbers if kind == "docx" else xlsx_numbers)(answer.content))
    lists, checked, nonzero = Lists(client), 0, 0
    for number, href, column in numbers:
        if is_list(href):
            assert fits(number, href, lists, column), (number, href, column, lists.behind(href))
            checked += 1
            nonzero += bool(number)
    assert checked > 200 and nonzero > 60


def test_the_whole_is_a_plain_count_over_the_store(analyst: Any, newsroom: Any) -> None:
    with newsroom.store.read() as session:
        # Midnight in Viet Nam is 17:00 the day before in UTC.
        rows = [row for row in session.query(ArticleRow) if at(30, 9, 17) <= row.effective_at < at(31, hour=17)]
    sheet = load_workbook(io.BytesIO(analyst.get(f"{PAGE}/tai/xlsx?{OCTOBER}").content))["Tổng quan"]
    shown = {sheet.cell(row, 1).value: sheet.cell(row, 2).value for row in range(6, sheet.max_row + 1)}
    assert shown["Số bài"] == len(rows) == 5
    assert shown["Số tin (các bài cùng một sự việc tính một)"] == len({row.story_id for row in rows}) == 3
    assert shown["Số báo có bài"] == len({row.source for row in rows}) == 3
    assert shown["Bài cần phản hồi"] == sum(row.needs_response for row in rows)


def test_the_method_note_says_how_right_the_machine_is(analyst: Any) -> None:
    told = tree(analyst.get(f"{PAGE}?{OCTOBER}")).css_first("#phan-cach-tinh").text()
    assert "máy đạt ít nhất: nhận ra bài về tỉnh 0,945" in told and "tìm ra 83\xa0% số bài bất lợi" in told
    assert "{" not in told


def test_what_was_not_collected_is_not_compared_with(analyst: Any) -> None:
    page = tree(analyst.get(f"{PAGE}?{OCTOBER}"))
    text = page.css_first(".pack").text()
    assert "số bài tăng 400,0\xa0% so với tháng 09/2026 (1 bài)" in text
    assert "với tháng 10/2025 không so sánh được vì khi đó chưa thu thập" in text
    rows = {
        row.css_first("th").text(): [cell.text() for cell in row.css("td")] for row in page.css("#tong-quan tbody tr")
    }
    assert rows["Số bài"] == ["5", "1", "+400,0\xa0%", "chưa thu thập", "không so sánh được"]
    # A table whose other period has nothing to show has no column for it.
    heads = [head.text() for head in page.css("#chu-de thead th")]
    assert "Tháng 09/2026" in heads and "Tháng 10/2025" not in heads


def test_the_first_month_of_all_compares_with_nothing(newsroom: Any, printing: Any, signed_in: Any) -> None:
    newsroom.story(printing("Bài duy nhất", at=at(3)), published=False)
    client = signed_in("analyst")
    text = tree(client.get(f"{PAGE}?{OCTOBER}")).css_first(".pack").text()
    assert text.count("không so sánh được") > 1 and "%\xa0so với" not in text
    assert "kỳ này mới có dữ liệu ở 1/31 ngày" in text
    for kind in ("docx", "xlsx"):
        assert client.get(f"{PAGE}/tai/{kind}?{OCTOBER}").status_code == 200


def test_a_month_without_anything_says_so_in_every_form(analyst: Any) -> None:
    asked = "relevance=relevant&from=2020-02-01&to=2020-02-29"
    page = tree(analyst.get(f"{PAGE}?{asked}"))
    assert "Tháng 02/2020, không có bài báo nào" in page.css_first(".pack").text()
    assert "chưa thu thập được bài nào" in page.css_first(".pack").text()
    document = docx.Document(io.BytesIO(analyst.get(f"{PAGE}/tai/docx?{asked}").content))
    assert any("không có bài báo nào" in paragraph.text for paragraph in document.paragraphs)
    assert load_workbook(io.BytesIO(analyst.get(f"{PAGE}/tai/xlsx?{asked}").content))["Tổng quan"]["B6"].value == 0


def test_hostile_titles_stay_words(analyst: Any) -> None:
    answer = analyst.get(f"{PAGE}?{OCTOBER}")
    assert "<script>alert(1)" not in answer.text and "&lt;script&gt;alert(1)" in answer.text
    book = load_workbook(io.BytesIO(analyst.get(f"{PAGE}/tai/xlsx?{OCTOBER}").content))
    cells = [cell for row in book["Tin nổi bật"].iter_rows() for cell in row if str(cell.value).startswith("=HYPER")]
    assert cells and all(cell.data_type == "s" and "\u202e" not in str(cell.value) for cell in cells)
    document = docx.Document(io.BytesIO(analyst.get(f"{PAGE}/tai/docx?{OCTOBER}").content))
    assert any("& <script>" in cell.text for table in document.tables for row in table.rows for cell in row.cells)


def test_word_has_headings_captions_repeated_heads_and_words_for_its_pictures(analyst: Any) -> None:
    answer = analyst.get(f"{PAGE}/tai/docx?{OCTOBER}")
    assert 'filename="giao-ban-2026-10.docx"' in answer.headers["content-disposition"]
    document = docx.Document(io.BytesIO(answer.content))
    headings = [paragraph.text for paragraph in document.paragraphs if paragraph.style.name == "Heading 1"]
    assert headings[0] == "I. TỔNG QUAN" and headings[-1] == "VIII. CÁCH TÍNH"
    body = document.element.body
    tables = [table for table in body.iter(qn("w:tbl")) if table.find(f".//{qn('w:tblHeader')}") is not None]
    captions = [paragraph.text for paragraph in document.paragraphs if paragraph.style.name == "Caption"]
    assert len(captions) == len(tables) + len(document.inline_shapes)
    assert captions[0].startswith("Hình ") and sum(caption.startswith("Bảng ") for caption in captions) == len(tables)
    pictures = list(body.iter(qn("wp:docPr")))
    assert pictures and all("Số bài" in picture.get("descr") for picture in pictures)
    assert "LƯU HÀNH NỘI BỘ" in words(body)
    assert "Tài liệu nội bộ" in document.sections[0].footer.paragraphs[0].text
    marks = {mark.get(qn("w:name")) for mark in body.iter(qn("w:bookmarkStart"))}
    anchors = {link.get(qn("w:anchor")) for link in body.iter(qn("w:hyperlink")) if link.get(qn("w:anchor"))}
    assert anchors and anchors <= marks
    # Styles only: no run or paragraph has a font, size or alignment of its own.
    direct = {qn("w:sz"), qn("w:rFonts"), qn("w:b"), qn("w:i"), qn("w:jc"), qn("w:color")}
    runs = [*body.iter(qn("w:rPr")), *body.iter(qn("w:pPr"))]
    assert not [child.tag for properties in runs for child in properties if child.tag in direct]


def test_excel_has_a_sheet_a_table_real_numbers_and_its_own_charts(analyst: Any) -> None:
    book = load_workbook(io.BytesIO(analyst.get(f"{PAGE}/tai/xlsx?{OCTOBER}").content))
    assert book.sheetnames[0] == "Tóm tắt" and book.sheetnames[-1] == "Phương pháp"
    sheet = book["Chủ đề"]
    assert sheet.freeze_panes == "B6" and sheet.auto_filter.ref and sheet.print_title_rows == "$5:$5"
    assert isinstance(sheet["B6"].value, int) and sheet["D6"].number_format == "0.0%"
    assert book["Theo thời gian"]._charts and sheet._charts
    # The head is printed on every sheet of paper, and with it what stands beside it.
    assert all(chart.anchor._from.row >= 5 for page in book for chart in page._charts)
    totals = book["Tổng quan"]
    one_line, stories = book["Theo thời gian"].row_dimensions[6].height, totals.row_dimensions[7].height
    assert str(totals["A7"].value).startswith("Số tin (các bài") and stories >= 2 * one_line > 0
    inner = book["Tổng quan"]["B8"].hyperlink
    assert inner.location == "'Báo'!A1"
    words = " ".join(str(row[0].value) for row in book["Phương pháp"].iter_rows() if row[0].value)
    assert "Đếm gì" in words and "Nguồn theo dõi" in words
    assert "Chưa biết. 0 bài" in words
    november = analyst.get(f"{PAGE}/tai/xlsx?relevance=relevant&from=2026-11-01&to=2026-11-30").content
    assert "Chưa biết. 1 bài" in " ".join(
        str(row[0].value) for row in load_workbook(io.BytesIO(november))["Phương pháp"].iter_rows()
    )


@pytest.mark.parametrize(
    ("named", "first", "last"),
    [
        ("2026-10", "2026-10-01", "2026-10-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2026-q4", "2026-10-01", "2026-12-31"),
        ("2025", "2025-01-01", "2025-12-31"),
    ],
)
def test_a_period_can_be_chosen_by_its_name(analyst: Any, named: str, first: str, last: str) -> None:
    answer = analyst.get(f"{PAGE}?ky={named}")
    assert answer.status_code == 303
    assert f"from={first}&to={last}" in answer.headers["location"]
    assert "outlet_type=newspaper" in answer.headers["location"]


def test_without_being_asked_it_is_the_last_whole_month(analyst: Any) -> None:
    assert "from=2026-10-01&to=2026-10-31" in analyst.get(PAGE).headers["location"]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("ky=2026-13", "Không có kỳ này"),
        ("from=2026-10-01", "Hãy cho cả ngày bắt đầu và ngày kết thúc"),
        ("from=32/13/2026&to=2026-10-31", "“32/13/2026” không phải là ngày"),
        ("from=2026-10-31&to=2026-10-01", "Ngày bắt đầu phải trước"),
        ("from=2020-01-01&to=2026-10-01", "Báo cáo dài nhất là ba năm"),
        ("q=(((&from=2026-10-01&to=2026-10-31", "ký tự thứ"),
    ],
)
def test_what_cannot_be_made_is_explained(analyst: Any, asked: str, words: str) -> None:
    answer = analyst.get(f"{PAGE}?{asked}")
    assert answer.status_code == 400 and words in answer.text and 'role="alert"' in answer.text
    if not asked.startswith("ky"):
        for page in (f"{PAGE}/tai/docx", f"{PAGE}/van-de", f"{PAGE}/dang-truoc"):
            assert analyst.get(f"{page}?{asked}").status_code == 400, page


def test_the_index_away_is_told_in_plain_words(analyst: Any, newsroom: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from diembao.errors import IndexUnavailable

    def away(*_given: Any, **_more: Any) -> Any:
        raise IndexUnavailable("the engine does not answer")

    monkeypatch.setattr(type(newsroom.index), "counts", away)
    for path in (f"{PAGE}?{OCTOBER}", f"{PAGE}/tai/docx?{OCTOBER}"):
        answer = analyst.get(path)
        assert answer.status_code == 503 and "Traceback" not in answer.text


def test_a_query_and_filters_of_ones_own_are_counted_and_named(analyst: Any) -> None:
    page = tree(analyst.get(f"{PAGE}?q=ch%C3%A8&stance=favourable&from=2026-10-01&to=2026-10-31"))
    assert "báo chí đăng 1 bài" in page.css_first(".pack").text()
    assert "“chè”; Thái độ: Thuận lợi" in page.css_first(".pack-head").text()
    lists = Lists(analyst)
    for number, href, column in page_numbers(analyst, "q=ch%C3%A8&stance=favourable&from=2026-10-01&to=2026-10-31"):
        if is_list(href):
            assert fits(number, href, lists, column), href


def form(**given: str) -> dict[str, str]:
    return {"revision": "0"} | given


def test_a_matter_is_noted_and_the_report_says_so(analyst: Any, newsroom: Any) -> None:
    path = f"{PAGE}/van-de/1"
    assert "Chưa ai ghi gì" in analyst.get(path).text
    # 29 October and ten working days more: Saturdays and Sundays do not count.
    given = form(body="Sở Nông nghiệp và Môi trường", letter="12/UBND", sent_on="29/10/2026", days="10")
    assert analyst.post(path, data=given).status_code == 303
    page = analyst.get(path).text
    assert "12/11/2026" in page and "quá 6 ngày làm việc" in page and "analyst.mot" in page
    report = tree(analyst.get(f"{PAGE}?{OCTOBER}"))
    row = next(row for row in report.css("#van-de tbody tr") if "Trại lợn" in row.text() or "Dân kêu" in row.text())
    assert "Sở Nông nghiệp và Môi trường; 12/UBND" in row.text() and "Quá hạn" in row.text()
    listed = tree(analyst.get(f"{PAGE}/van-de?{OCTOBER}&stage=overdue"))
    assert listed.css_first(".found").text() == "1 vấn đề"
    answered = given | {
        "revision": "1",
        "due_on": "12/11/2026",
        "answered_on": "11/11/2026",
        "answer_url": "https://a.vn/x",
    }
    assert analyst.post(path, data=answered).status_code == 303
    assert "Đã trả lời đúng hạn (11/11/2026)" in tree(analyst.get(f"{PAGE}?{OCTOBER}")).css_first("#van-de").text()


def test_two_people_at_one_matter_lose_nothing(analyst: Any, signed_in: Any) -> None:
    path, other = f"{PAGE}/van-de/1", signed_in("chief", name="lanh.dao")
    assert other.post(path, data=form(body="Sở Xây dựng")).status_code == 303
    answer = analyst.post(path, data=form(body="Sở Y tế"))
    assert answer.status_code == 409
    page = LexborHTMLParser(answer.text)
    assert "lanh.dao vừa ghi lại" in page.css_first("[role=alert]").text()
    assert page.css_first("#body").attributes["value"] == "Sở Y tế"
    assert "Sở Xây dựng" in page.css_first("#revision").text()
    revision = page.css_first("input[name=revision]").attributes["value"]
    assert analyst.post(path, data=form(body="Sở Y tế", revision=revision)).status_code == 303


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({}, "body", "Hãy ghi cơ quan trả lời"),
        ({"body": "Sở A", "due_on": "hôm qua"}, "due_on", "không phải là ngày"),
        ({"body": "Sở A", "days": "0"}, "days", "từ 1 đến 250"),
        ({"body": "Sở A", "days": "một"}, "days", "từ 1 đến 250"),
        ({"body": "Sở A", "sent_on": "05/11/2026", "due_on": "04/11/2026"}, "due_on", "từ ngày giao trở đi"),
        ({"body": "Sở A", "answered_on": "23/11/2026"}, "answered_on", "không thể ở tương lai"),
        ({"body": "Sở A", "answer_url": "javascript:alert(1)"}, "answer_url", "chưa đúng"),
        ({"body": "Sở " * 100}, "body", "tối đa 200"),
    ],
)
def test_what_cannot_be_noted_is_said_at_its_field(
    analyst: Any, newsroom: Any, given: dict[str, str], field: str, words: str
) -> None:
    answer = analyst.post(f"{PAGE}/van-de/1", data=form(**given))
    assert answer.status_code == 400
    page = LexborHTMLParser(answer.text)
    assert words in page.css_first(f"#{field}-fault").text()
    for name, value in given.items():
        assert page.css_first(f"[name={name}]").attributes["value"].strip() == value.strip()
    with newsroom.store.read() as session:
        assert matters.of_story(session, 1) is None


def test_matters_of_no_story_or_a_merged_one(analyst: Any, newsroom: Any) -> None:
    assert analyst.get(f"{PAGE}/van-de/999").status_code == 404
    assert analyst.post(f"{PAGE}/van-de/999", data=form(body="Sở A")).status_code == 404
    with newsroom.store.write() as session:
        session.get_one(StoryRow, 2).merged_into = 1
    assert analyst.get(f"{PAGE}/van-de/2").headers["location"] == f"{PAGE}/van-de/1"


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", [f"{PAGE}?{OCTOBER}", f"{PAGE}/van-de?{OCTOBER}", f"{PAGE}/van-de/1"])
def test_nothing_that_axe_objects_to(analyst: Any, desk_page: Any, width: int, scheme: str, path: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = desk_page("analyst", name="analyst.hai", width=width, scheme=scheme)
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto(path)
    found = Axe().run(page).response["violations"]
    assert not [(one["id"], one["nodes"][0]["html"]) for one in found]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not faults


@pytest.mark.browser
def test_who_waits_for_a_file_sees_that_it_is_being_made_and_makes_it_once(analyst: Any, desk_page: Any) -> None:
    from playwright.sync_api import expect

    page = desk_page("analyst", name="analyst.hai")
    page.goto(f"{PAGE}?{OCTOBER}")
    held: list[Any] = []
    page.route("**/tai/docx?*", lambda route: held.append(route))
    link = page.locator(".downloads a").first
    label = link.inner_text()
    link.click()
    expect(link).to_contain_text("Đang tạo tệp…")
    link.click()
    assert link.get_attribute("aria-busy") == "true"
    assert page.locator("[role=status]").inner_text() == "Đang tạo tệp…"
    with page.expect_download() as begun:
        held[0].continue_()
    assert len(held) == 1 and begun.value.suggested_filename == "giao-ban-2026-10.docx"
    content = docx.Document(begun.value.path())
    assert content.tables
    expect(link).to_have_text(label)
    assert (
        link.get_attribute("aria-busy") is None
        and "giao-ban-2026-10.docx" in page.locator("[role=status]").inner_text()
    )


@pytest.mark.browser
def test_a_file_that_cannot_be_made_says_so_and_can_be_asked_for_again(analyst: Any, desk_page: Any) -> None:
    page = desk_page("analyst", name="analyst.hai")
    page.goto(f"{PAGE}?{OCTOBER}")
    page.route("**/tai/xlsx?*", lambda route: route.fulfill(status=503, body="away"), times=1)
    link = page.locator(".downloads a").last
    link.click()
    page.locator(".told.fault").wait_for()
    assert "Chưa tạo được tệp" in page.locator("[role=status]").inner_text() and "giao-ban" in page.url
    with page.expect_download() as begun:
        link.click()
    assert begun.value.suggested_filename.endswith(".xlsx")


@pytest.mark.browser
def test_who_was_signed_out_meanwhile_is_asked_to_sign_in(analyst: Any, desk_page: Any) -> None:
    page = desk_page("analyst", name="analyst.hai")
    page.goto(f"{PAGE}?{OCTOBER}")
    page.context.clear_cookies()
    page.locator(".downloads a").first.click()
    page.wait_for_url("**/dang-nhap**")
