"""A chart put into a frame that was drawn before is the chart the library draws."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import zip_longest
from typing import Any

import pytest
from lxml import etree

from diembao.newsroom.analysis.chart_frames import frame_of
from diembao.newsroom.analysis.chart_press import ChartPress
from diembao.newsroom.analysis.charts import Chart, Look, Mark
from diembao.newsroom.analysis.drawing import DrawingHere

DAYS = [f"{day:02d}/11/26" for day in range(1, 31)]


class Counting(DrawingHere):
    def __init__(self) -> None:
        self.drawn = 0

    def svg(self, specification: dict[str, Any]) -> str:
        self.drawn += 1
        return super().svg(specification)


def simple(seed: int, *, most: int = 40) -> Chart:
    chance = random.Random(seed)
    values = [most, *(chance.randint(0, most) for _ in DAYS[1:])]
    marks = tuple(
        Mark(day, value, said=f'{day}: {value} tin & "bài"', href=f"/phan-tich/tim-kiem?q=a&from={day}")
        for day, value in zip(DAYS, values, strict=True)
    )
    return Chart(f"Tin <{seed}> & bài theo ngày", "Số bài", (Mark("dầu năm", 1), *marks), width=760, height=120)


def stacked(seed: int) -> Chart:
    chance = random.Random(seed)
    series = ("thuận lợi", "bất lợi", "trung tính")
    marks = [Mark(day, 0, series[0]) for day in DAYS[:7]]
    marks += [
        Mark(day, chance.randint(1, 30), name, f"{day}, {name}", f"/phan-tich?stance={name}")
        for name in chance.sample(series, 3)
        for day in chance.sample(DAYS[:7], 5)
    ]
    compared = tuple(Mark(day, chance.randint(0, 90), said=f"Kỳ trước, {day}") for day in DAYS[2:9])
    return Chart("Theo sắc thái", "Số bài", tuple(marks), series, (2, 1, 5), compared, width=960, height=260)


MOST = (1, 14, 31, 72, 98_765)
CHARTS = [*(simple(most, most=most) for most in MOST), stacked(1), stacked(2), replace(stacked(3), colours=())]


@pytest.mark.parametrize("chart", CHARTS, ids=range(len(CHARTS)))
def test_a_filled_frame_is_the_picture_that_the_library_draws(chart: Chart) -> None:
    press = ChartPress()
    wanted = frame_of(chart)
    assert wanted is not None
    by_library = press._drawn(replace(chart, highest=wanted.highest), Look.PAGE)
    ours = etree.fromstring(press.svg(chart))
    for mine, theirs in zip_longest(ours.iter(), by_library.iter()):
        assert (mine.tag, mine.text, mine.tail) == (theirs.tag, theirs.text, theirs.tail)
        assert list(mine.attrib) == list(theirs.attrib)
        for name, value in theirs.attrib.items():
            if name == "d":
                assert numbers(mine.get("d")) == pytest.approx(numbers(value), abs=0.01)
            else:
                assert mine.get(name) == value


def numbers(path: str) -> list[float]:
    return [float(number) for number in path.translate(str.maketrans("MhvZ,", "     ")).split()]


@pytest.mark.parametrize("chart", CHARTS, ids=range(len(CHARTS)))
def test_the_axis_ends_where_the_library_would_end_it(chart: Chart) -> None:
    press = ChartPress()
    by_library = etree.tostring(press._drawn(chart, Look.PAGE), encoding="unicode")
    labels = [text.text for text in etree.fromstring(by_library).iter("{*}text")]
    assert [text.text for text in etree.fromstring(press.svg(chart)).iter("{*}text")] == labels


def test_charts_over_the_same_days_are_drawn_once() -> None:
    drawing = Counting()
    press = ChartPress(drawing)
    pictures = {press.begin(simple(seed)).result() for seed in range(5)}
    assert (drawing.drawn, len(pictures)) == (1, 5)
    press.svg(simple(1, most=90))
    assert drawing.drawn == 2
    press.close()


def test_lying_bars_and_empty_charts_have_no_frame() -> None:
    assert frame_of(replace(simple(1), is_lying=True)) is None
    assert frame_of(Chart("Không có tin", "Số tin", ())) is None


def test_nothing_to_show_is_a_chart_too() -> None:
    nothing = Chart("t", "v", (Mark("a", 0), Mark("b", 0)))
    assert "NaN" not in ChartPress().svg(nothing)
