"""Drawings as a browser, a screen reader and Word get them."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from lxml import etree

from diembao.newsroom.analysis.chart_press import ChartPress
from diembao.newsroom.analysis.charts import PALETTE, Chart, Look, Mark, axis_end, specification

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def press() -> ChartPress:
    return ChartPress()


STACKED = Chart(
    title="Tin bài theo ngày",
    value_title="Số tin",
    marks=(
        Mark("01/10", 1200, "thuận lợi", "01/10, thuận lợi: 1.200 tin", "/phan-tich/tim-kiem?from=2026-10-01"),
        Mark("01/10", 3, "bất lợi", "01/10, bất lợi: 3 tin", "/phan-tich/tim-kiem?from=2026-10-01&stance=unfavourable"),
        Mark("02/10", 2, "bất lợi", '<script>alert("x")</script>', "/phan-tich/tim-kiem?from=2026-10-02"),
    ),
    series=("thuận lợi", "bất lợi"),
    compared=(Mark("01/10", 4, said="Kỳ trước: 4 tin"), Mark("02/10", 0, said="Kỳ trước: 0 tin")),
)


def test_each_mark_leads_to_its_articles_and_says_what_it_is(press: ChartPress) -> None:
    root = etree.fromstring(press.svg(STACKED).encode())
    assert [link.get("href") for link in root.iter(f"{SVG}a")] == [mark.href for mark in STACKED.marks]
    said = {title.text for title in root.iter(f"{SVG}title")}
    assert said == {mark.said for mark in (*STACKED.marks, *STACKED.compared)}


def test_a_page_gets_one_picture_without_a_hundred_stops_of_the_tab_key(press: ChartPress) -> None:
    root = etree.fromstring(press.svg(STACKED).encode())
    assert (root.get("role"), root.get("aria-label")) == ("group", "Tin bài theo ngày")
    assert root.get("width") is None and root.get("viewBox")
    assert all(link.get("tabindex") == "-1" for link in root.iter(f"{SVG}a"))
    said = [one for one in root.iter() if one is not root and (one.get("role") or one.get("aria-label"))]
    assert [one.get("aria-label") for one in said] == [mark.said for mark in STACKED.marks]


def test_a_mark_that_leads_nowhere_is_no_link(press: ChartPress) -> None:
    marks = (Mark("a", 1, href="/phan-tich"), Mark("b", 2))
    root = etree.fromstring(press.svg(Chart("t", "v", marks)).encode())
    assert [link.get("href") for link in root.iter(f"{SVG}a")] == ["/phan-tich"]


def test_nothing_that_the_content_policy_refuses(press: ChartPress) -> None:
    drawn = press.svg(STACKED)
    assert "<script" not in drawn and "style=" not in drawn and "<style" not in drawn
    assert "&lt;script&gt;" in drawn


def test_colours_come_from_the_page_there_and_are_fixed_in_a_file(press: ChartPress) -> None:
    assert f"var(--chart-1, {PALETTE[0]})" in press.svg(STACKED, Look.PAGE)
    in_file = press.svg(STACKED, Look.FILE)
    assert "var(" not in in_file and "currentColor" not in in_file and PALETTE[1] in in_file


def test_numbers_are_written_the_vietnamese_way(press: ChartPress) -> None:
    assert "1.200" in press.svg(STACKED, Look.FILE)
    assert "1,200" not in press.svg(STACKED, Look.FILE)


def test_long_names_lie_in_front_of_their_bars(press: ChartPress) -> None:
    outlets = Chart("Theo báo", "Số bài", (Mark("Báo và phát thanh, truyền hình Thái Nguyên", 5),), is_lying=True)
    assert "Báo và phát thanh, truyền hình Thái Nguyên</text>" in press.svg(outlets)


def test_a_picture_for_word_is_a_picture(press: ChartPress) -> None:
    assert press.png(STACKED).startswith(b"\x89PNG\r\n\x1a\n")


def test_the_axis_keeps_the_order_of_the_days_though_the_period_before_has_fewer(press: ChartPress) -> None:
    days = [f"{day:02d}/10" for day in range(1, 12)]
    marks = (*(Mark(day, 0, "thuận lợi") for day in days), Mark("03/10", 2, "bất lợi"), Mark("02/10", 5, "thuận lợi"))
    chart = Chart("t", "v", marks, series=("thuận lợi", "bất lợi"), compared=(Mark("09/10", 4), Mark("04/10", 1)))
    for look in Look:
        shown = re.findall(r">(\d\d/10)<", press.svg(chart, look))
        assert shown == days


@pytest.mark.parametrize("most", [1, 2, 3, 4])
def test_no_number_stands_twice_on_the_axis_of_small_counts(press: ChartPress, most: int) -> None:
    chart = Chart("t", "v", (Mark("a", most), Mark("b", 0)))
    shown = re.findall(r">(\d+)<", press.svg(chart))
    assert sorted(shown) == [str(number) for number in range(most + 1)]


def test_names_of_days_leave_room_for_each_other(press: ChartPress) -> None:
    days = tuple(Mark(f"{day:02d}/{month:02d}/25", 1) for month in (6, 7) for day in range(1, 31))
    drawn = etree.fromstring(press.svg(Chart("t", "v", days, width=420)).encode())
    at = sorted(
        float(re.findall(r"translate\(([\d.]+),", words.get("transform"))[0])
        for words in drawn.iter(f"{SVG}text")
        if "/25" in (words.text or "")
    )
    assert len(at) > 3 and min(after - before for before, after in pairwise(at)) >= 55


def test_the_table_has_one_row_a_place_and_one_cell_a_series() -> None:
    rows = STACKED.rows
    assert [(row.place, [cell.value for cell in row.cells], row.before) for row in rows] == [
        ("01/10", [1200, 3], 4),
        ("02/10", [0, 2], 0),
    ]
    assert rows[0].cells[1].href == STACKED.marks[1].href


def test_an_empty_chart_is_drawn_too(press: ChartPress) -> None:
    assert press.svg(Chart("Không có tin", "Số tin", ())).startswith("<svg")


def test_the_data_can_be_taken_along() -> None:
    assert specification(STACKED, Look.FILE)["layer"][0]["data"]["values"][0]["value"] == 1200


@pytest.mark.parametrize(
    ("highest", "end"),
    [(0, 1), (1, 1), (2, 2), (7, 8), (9, 10), (10, 10), (11, 20), (61, 80), (1000, 1000), (1001, 2000)],
)
def test_an_axis_ends_at_a_round_number_that_no_bar_passes(highest: float, end: float) -> None:
    assert axis_end(highest) == end
