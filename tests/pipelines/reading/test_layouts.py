"""Every family of markup we know, read without knowing the site: exactly what a careful reader would take."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest

from pipelines.reading import read_page

LAYOUTS = sorted(path.stem for path in (Path(__file__).parent / "layouts").glob("[!_]*.html"))
# Printed nowhere on these, neither as data nor as a breadcrumb.
WITHOUT_SECTION = {
    "amp", "bi_cat_doi", "cong_cu", "dai_bai", "dai_truyen_hinh", "danh_sach", "du_lieu_sai", "sharepoint", "tien_ich",
    "trang_tran",
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_headline_lead_text_and_time_are_read_exactly(material: ModuleType, layout: str) -> None:
    for printed in material.pages_of(layout, 5):
        article = read_page(printed.page)
        assert article.title == printed.title
        assert article.lead == printed.lead
        assert article.text.split("\n") == printed.text.split("\n")
        assert article.published_at is not None
        assert abs(article.published_at - printed.published_at) < timedelta(minutes=1)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_authors_are_the_people_who_signed(material: ModuleType, layout: str) -> None:
    for printed in material.pages_of(layout, 5):
        article = read_page(printed.page)
        assert [name.casefold() for name in article.authors] == [name.casefold() for name in printed.authors]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_nothing_of_others_stands_in_the_text(material: ModuleType, layout: str) -> None:
    for printed in material.pages_of(layout, 5):
        text = read_page(printed.page).text
        assert printed.photo not in text
        assert not [teaser for teaser in printed.teasers if teaser in text]
        assert text.count(printed.lead) == 1


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name not in WITHOUT_SECTION])
def test_section_is_the_printed_one(material: ModuleType, layout: str) -> None:
    assert {read_page(printed.page).section for printed in material.pages_of(layout, 3)} == {"Đất và người"}


@pytest.mark.parametrize("layout", ["toa_soan_dia_phuong", "thong_tan", "vietnamnet_kieu", "bi_cat_doi", "mang_luoi"])
@pytest.mark.parametrize("credit", ["Theo TTXVN", "Nguồn: Báo Sông Cầu"])
def test_credit_line_of_a_reprint_is_kept_beside_the_text(material: ModuleType, layout: str, credit: str) -> None:
    articles = material.written_articles()
    article = read_page(material.print_page(layout, replace(articles[0], credit=credit), articles[1:4]).page)
    assert article.credit == credit
    assert credit not in article.text


def test_pages_of_the_demo_press(material: ModuleType) -> None:
    wrong = []
    for printed in material.demo_press_pages():
        article = read_page(printed.page)
        own_mark = article.lead.endswith(printed.lead) and len(article.lead) - len(printed.lead) < 30
        body_alike = article.text.split("\n")[1:] == printed.text.split("\n")[1:]
        exact_time = article.published_at and abs(article.published_at - printed.published_at) < timedelta(minutes=1)
        if not (article.title == printed.title and own_mark and body_alike and exact_time):
            wrong.append((printed.layout, printed.page.url))
    assert wrong == []
