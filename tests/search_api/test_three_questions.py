"""Three questions of an analyst, each asked in a browser from the first word typed to the file that is opened again."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import docx
import pytest
from openpyxl import load_workbook

from diembao.newsroom.analysis.alerts import telling
from diembao.records import PlaceMention, Stance
from diembao.store.models import ArticleRow
from pipelines.alerting import watch_over
from pipelines.indexing import drain

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

GIA_SANG = PlaceMention("Gia Sàng", "05467", "unit", "phường Gia Sàng")
HUONG_SON = PlaceMention("Hương Sơn", "05467", "old_unit", "phường Hương Sơn")  # one of those it was made of
TAN_CUONG = PlaceMention("Tân Cương", "05503", "unit", "xã Tân Cương")
COMPANY = "Công ty Luyện kim Trại Cau"


def at(day: int, month: int = 11, year: int = 2026, hour: int = 2) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


@pytest.fixture
def press(newsroom: Any, printing: Any, people: Any, clock: Any) -> Any:
    """A flood now, less a month ago and a year ago; two places that are one today; a company that pollutes."""
    people.add("admin", name="quan.tri")
    for day in (16, 17, 17, 18, 18, 18, 20, 21):
        newsroom.story(
            printing("Mưa lũ sông Cầu dâng cao", at=at(day), stance=Stance.NEUTRAL, places=(GIA_SANG,)),
            printing(
                "Mưa lũ sông Cầu dâng cao",
                "trungdu",
                at=at(day, hour=4),
                stance=Stance.NEUTRAL,
                places=(GIA_SANG,),
                reprint_of=0,
            ),
            published=False,
            index=False,
        )
    for day in (18, 19):
        newsroom.story(printing("Dân vùng mưa lũ chờ cứu trợ", "xuche", at=at(day)), published=False, index=False)
    newsroom.story(
        printing("Quân đội giúp dân sau mưa lũ", at=at(21), stance=Stance.FAVOURABLE), published=False, index=False
    )
    for moment in (at(2, 10), at(3, 10), at(12, 11, 2025)):
        newsroom.story(printing("Mưa lũ năm nay đến sớm", at=moment, stance=Stance.NEUTRAL), index=False)
    newsroom.story(printing("Chợ Hương Sơn mở lại", at=at(9, 6, 2025), places=(HUONG_SON,), stance=Stance.FAVOURABLE,
                            topics=("kinh-te-dau-tu",)), published=False, index=False)  # fmt: skip
    newsroom.story(printing("Chợ Gia Sàng đông khách", "xuche", at=at(9), places=(GIA_SANG, TAN_CUONG),
                            topics=("kinh-te-dau-tu",)), published=False, index=False)  # fmt: skip
    for day, source in ((3, "songcau"), (4, "trungdu"), (10, "songcau")):
        lead = f"Nước thải của {COMPANY} làm đổi màu cả một khúc suối."
        newsroom.story(
            printing(f"{COMPANY} xả thải ra suối", source, at=at(day), lead=lead, topics=("moi-truong-tai-nguyen",)),
            published=False,
            index=False,
        )
    lead = f"{COMPANY} trao học bổng."
    newsroom.story(
        printing("Trao học bổng cho con công nhân", at=at(5), lead=lead, stance=Stance.FAVOURABLE), published=False
    )
    return newsroom


@pytest.fixture
def page(press: Any, desk_page: Callable[..., Any], people: Any, clock: Any) -> Any:
    people.add("analyst", name="lan", now=clock[0], email="lan@baochi.example")
    opened = desk_page("analyst", name="lan")
    opened.faults = []
    opened.on("console", lambda said: opened.faults.append(said.text) if said.type == "error" else None)
    yield opened
    assert not opened.faults


def number(text: str) -> int:
    """The first number in words of ours."""
    return int("".join(letter for letter in text.split()[0] if letter.isdigit()))


def articles_found(page: Any) -> int:
    return number(page.inner_text(".found").rpartition("gồm ")[2])


def exported(page: Any, kind: str, folder: Path) -> Path:
    page.click(".export:not(.save) summary")
    with page.expect_download() as begun:
        page.click(f".export a[href*='/xuat/{kind}?']")
    path = folder / begun.value.suggested_filename
    begun.value.save_as(path)
    return path


def test_is_there_more_about_the_flood_than_usual_who_says_so_and_how_does_it_look(page: Any, tmp_path: Path) -> None:
    page.goto("/phan-tich/tim-kiem")
    page.fill("#q", "mua lu")  # as one types in a hurry
    page.keyboard.press("Enter")
    page.wait_for_url("**q=mua**")
    page.select_option("#span", "7days")
    page.wait_for_url("**span=7days**")
    assert page.inner_text(".found") == "11 tin, gồm 19 bài"
    assert page.locator(".hit h3 mark").first.inner_text() == "Mưa lũ"

    # More than usual?
    page.click("a:has-text('Xem thống kê')")
    assert page.inner_text(".summary .big strong") == "11"
    before, year_before = page.locator(".compared dd").all_inner_texts()
    assert "không có bài nào" in before and "không có bài nào" in year_before
    page.select_option("#span", "30days")
    page.wait_for_url("**span=30days**")
    before, year_before = [told.replace("\xa0", " ") for told in page.locator(".compared dd").all_inner_texts()]
    assert before == "+450 % 2 tin, 2 bài" and year_before == "+1.000 % 1 tin, 1 bài"

    # Who says so?
    outlets = page.locator("section[aria-labelledby=bang-source] tbody tr")
    said = {row.locator("th a").inner_text(): row.locator("td").first.inner_text() for row in outlets.all()}
    assert said == {"Báo Sông Cầu": "9", "Báo Trung Du": "8", "Tạp chí Xứ Chè": "2"}

    # How does it look for the province?
    stances = page.locator("section[aria-labelledby=bang-stance] tbody tr")
    looks = {row.locator("th a").inner_text(): number(row.locator("td").first.inner_text()) for row in stances.all()}
    assert looks == {"Trung tính": 16, "Bất lợi": 2, "Thuận lợi": 1}
    page.click("section[aria-labelledby=bang-stance] a:has-text('Bất lợi')")
    assert articles_found(page) == 2
    page.go_back()
    page.click(".summary .big a")
    assert articles_found(page) == 19

    with exported(page, "csv_excel", tmp_path).open(encoding="utf-8", newline="") as file:
        assert file.read(1) == "\ufeff"
        rows = list(csv.DictReader(file))
    assert len(rows) == 19
    assert Counter(row["Thái độ"] for row in rows) == looks
    assert Counter(row["Báo"] for row in rows) == {name: int(count) for name, count in said.items()}
    assert len({row["Mã sự việc"] for row in rows}) == 11


def test_what_is_written_about_a_ward_that_was_made_of_others(page: Any, tmp_path: Path) -> None:
    page.goto("/phan-tich/tim-kiem")
    page.locator("#q").press_sequentially("gia sang")
    page.wait_for_selector("#goi-y [role=option]")
    assert "phường Gia Sàng" in page.locator("#goi-y .name").all_inner_texts()
    page.keyboard.press("Escape")

    # The ward of today holds what was said of the places it was made of.
    page.fill("#q", "")
    page.keyboard.press("Enter")
    page.wait_for_load_state()
    page.click(".facet .choose:has-text('phường Gia Sàng')")
    page.wait_for_url("**unit=05467**")
    assert articles_found(page) == 18
    assert "Chợ Hương Sơn mở lại" in page.inner_text(".results")

    # The map of a year has the same number on its tile.
    page.goto("/phan-tich?from=01/01/2025&to=22/11/2026")
    tile = page.locator(".tile a:has-text('Gia Sàng')")
    assert number(tile.locator(".figure").inner_text()) == 18
    tile.click()
    page.wait_for_url("**unit=05467**")
    assert articles_found(page) == 18

    book = load_workbook(exported(page, "xlsx", tmp_path), read_only=True)
    head, *rows = book.active.iter_rows(values_only=True)
    places, titles = head.index("Địa danh"), head.index("Tiêu đề")
    assert len(rows) == 18
    assert all("Gia Sàng" in row[places] or "Hương Sơn" in row[places] for row in rows)
    assert [row[titles] for row in rows if "Hương Sơn" in row[places]] == ["Chợ Hương Sơn mở lại"]

    # Two wards beside each other, over the same days.
    page.goto("/phan-tich/so-sanh?from=01/01/2025&to=22/11/2026")
    page.fill("#q-0", 'place:"Gia Sàng"')
    page.fill("#q-1", 'place:"Tân Cương"')
    page.click("button:has-text('So sánh')")
    page.wait_for_selector(".compared-table")
    counted = {row.locator("th").inner_text(): row.locator("td a").nth(1) for row in
               page.locator(".compared-table tbody tr").all()}  # fmt: skip
    shown = {name: int(link.inner_text()) for name, link in counted.items()}
    assert shown['place:"Gia Sàng"'] == 17
    counted['place:"Gia Sàng"'].click()
    page.wait_for_url("**/tim-kiem?**")
    assert articles_found(page) == 17


def test_a_company_that_pollutes_is_watched_rehearsed_and_brought_before_the_briefing(
    page: Any, press: Any, printing: Any, site_settings: Any, clock: Any, tmp_path: Path
) -> None:
    page.goto("/phan-tich/tim-kiem")
    page.fill("#q", f'"{COMPANY.lower()}"')
    page.keyboard.press("Enter")
    page.wait_for_url("**q=**")
    assert articles_found(page) == 4
    page.click(".facet .choose:has-text('Bất lợi')")
    page.wait_for_url("**stance=unfavourable**")
    assert articles_found(page) == 3
    rows = [json.loads(line) for line in exported(page, "jsonl", tmp_path).read_text("utf-8").splitlines()]
    assert {row["stance"] for row in rows} == {"unfavourable"} and len(rows) == 3

    # Kept, for everybody, and watched from there.
    page.click(".save summary")
    page.fill("#ten-luu", "Luyện kim Trại Cau")
    page.check("#chia-se")
    page.click(".save button")
    assert "Đã lưu tìm kiếm" in page.inner_text(".told")
    page.click("a:has-text('Đặt cảnh báo')")
    assert page.input_value("#name") == "Luyện kim Trại Cau"
    assert page.locator("#days").is_hidden() and page.locator("#hour").is_hidden()
    page.check("#condition-first_unfavourable")
    assert page.locator("#days").is_visible() and page.locator("#hour").is_hidden()
    page.fill("#days", "7")

    # What would it have said?
    with press.store.write() as session:
        for row in session.query(ArticleRow):
            row.created_at = row.effective_at
    page.click("button:has-text('Thử với 30 ngày qua')")
    page.wait_for_selector(".rehearsal svg")
    assert "1 lần báo" in page.inner_text(".rehearsal .big")
    assert "03/11/2026" in page.inner_text(".rehearsed-days")
    page.click("button:has-text('Lưu cảnh báo')")
    page.wait_for_selector("#da-thay")
    assert "Chưa tìm thấy gì" in page.inner_text("main")
    here = page.url

    # The next article comes, and the worker's round finds it.
    clock[0] += timedelta(hours=1)
    story = press.story(printing(f"Cá chết dưới suối, dân nghi {COMPANY}", "xuche", at=clock[0],
                                 topics=("moi-truong-tai-nguyen",)), published=False, index=False)  # fmt: skip
    with press.store.write() as session:
        session.query(ArticleRow).filter(ArticleRow.story_id == story).one().created_at = clock[0]
    drain(press.store, press.index)
    watch_over(press.store, press.index, site_settings).round(clock[0])
    telling.queue_due(press.store, clock[0])
    page.goto(here)
    assert "Cá chết dưới suối" in page.inner_text(".alert-found")

    # Brought before the briefing: who answers, by when.
    page.goto("/phan-tich/giao-ban/van-de?relevance=relevant&from=01/11/2026&to=22/11/2026")
    page.click("a:has-text('Cá chết dưới suối')")
    page.fill("#body", "Sở Nông nghiệp và Môi trường")
    page.fill("#sent_on", "22/11/2026")
    page.fill("#days", "5")
    page.click("button:has-text('Lưu')")
    page.wait_for_selector(".told")
    # Five working days: the 24th is the Day of Vietnamese Culture.
    assert "30/11/2026" in page.inner_text(".matter-now")
    page.goto("/phan-tich/giao-ban?relevance=relevant&from=01/11/2026&to=22/11/2026")
    assert "Sở Nông nghiệp và Môi trường" in page.inner_text("#van-de")
    for words, name in (("Tải tệp Word", "pack.docx"), ("Tải tệp Excel", "pack.xlsx")):
        with page.expect_download() as begun:
            page.click(f"a:has-text('{words}')")
        begun.value.save_as(tmp_path / name)
    cells = [cell.text for table in docx.Document(str(tmp_path / "pack.docx")).tables for row in table.rows
             for cell in row.cells]  # fmt: skip
    assert any("Sở Nông nghiệp và Môi trường" in text for text in cells)
    book = load_workbook(tmp_path / "pack.xlsx", read_only=True)
    held = [str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell]
    assert any("Sở Nông nghiệp và Môi trường" in text for text in held)
    assert any("Cá chết dưới suối" in text for text in held)
