"""The charts of the report; each shows numbers that stand in a table beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from diembao.index.protocol import Period, Unit
from diembao.newsroom.analysis.charts import Chart, Mark
from diembao.newsroom.analysis.figures import Change, Number
from diembao.newsroom.analysis.tile_maps import TileMap
from diembao.newsroom.briefing import wording
from diembao.newsroom.briefing.content import Drawing

ARTICLES: Final = "Số bài"
# Numbers of the palette: green, red, brown, grey; the word beside says it, the colour only helps.
STANCE_COLOURS: Final = {"favourable": 2, "unfavourable": 1, "mixed": 3, "neutral": 5}
_MOST_BARS = 12
_LONGEST_NAME = 40
# In points of a drawing that is as wide as the text of a page: letters come out at nine points.
_WIDTH, _BARS_WIDTH = 560, 330


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart over time: its value, its name, a number for each period, the list behind each."""

    value: str
    name: str
    numbers: tuple[Number, ...]
    hrefs: tuple[str, ...]


def over_time(title: str, periods: Sequence[Period], unit: Unit, lines: Sequence[Series]) -> Drawing:
    places = [_place(period, unit) for period in periods]
    marks = [
        Mark(place, number.articles, line.name, f"{place}, {line.name}: {wording.whole(number.articles)} bài", href)
        for line in lines
        for place, number, href in zip(places, line.numbers, line.hrefs, strict=True)
        if number.articles
    ]
    # Every place of the axis, whether something was printed or not.
    empty = [Mark(place, 0, lines[0].name) for place in places] if lines else []
    chart = Chart(
        title,
        ARTICLES,
        (*empty, *marks),
        tuple(line.name for line in lines),
        tuple(STANCE_COLOURS[line.value] for line in lines),
        width=_WIDTH,
        height=190,
    )
    return Drawing("theo-thoi-gian", chart, _said_over_time(title, places, lines))


def bars(
    key: str, title: str, rows: Sequence[tuple[str, Change, str]], compared: str, named: Callable[[str], str]
) -> Drawing:
    """rows: value, numbers, the list behind. compared: name of the period that is drawn as steps; empty for none."""
    shown = [(named(name), change, href) for name, change, href in rows if change.now.articles][:_MOST_BARS]
    marks = tuple(
        Mark(name, change.now.articles, "", f"{name}: {wording.whole(change.now.articles)} bài", href)
        for name, change, href in shown
    )
    before = tuple(
        Mark(name, change.before.articles, "", f"{compared}: {wording.whole(change.before.articles)} bài")
        for name, change, _ in shown
        if compared
    )
    said = "; ".join(f"{name} {wording.whole(change.now.articles)} bài" for name, change, _ in shown)
    note = f"Vạch đứng: {compared}." if compared else ""
    chart = Chart(title, ARTICLES, marks, compared=before, is_lying=True, width=_BARS_WIDTH)
    return Drawing(key, chart, f"{title}: {said}. {note}".rstrip(), note=note)


def tile_map(title: str, rows: Sequence[tuple[str, Change, str]], named: Callable[[str], str]) -> Drawing:
    """rows: code of the commune, numbers, the list behind; most printed first."""
    drawn = TileMap(
        title,
        tuple((code, change.now.articles) for code, change, _ in rows),
        tuple((code, href) for code, change, href in rows if change.now.articles),
    )
    most = [f"{named(code)} {wording.whole(change.now.articles)} bài" for code, change, _ in rows[:5]]
    said = f"{title}: mỗi ô là một xã, phường, càng đậm càng nhiều bài. Nhiều nhất: {'; '.join(most)}."
    return Drawing("ban-do", drawn, said, note="Ô càng đậm càng nhiều bài; nét đậm là ranh giới cấp huyện cũ.")


def short(name: str) -> str:
    """A name that leaves room for its bar."""
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1].rstrip()}…"


def _place(period: Period, unit: Unit) -> str:
    return f"{period.first:%m/%Y}" if unit is Unit.MONTH else f"{period.first:%d/%m}"


def _said_over_time(title: str, places: Sequence[str], lines: Sequence[Series]) -> str:
    totals = [sum(line.numbers[at].articles for line in lines) for at in range(len(places))]
    if not any(totals):
        return f"{title}. Không có bài nào."
    most = totals.index(max(totals))
    return f"{title}. Nhiều nhất ở {places[most]} với {wording.whole(totals[most])} bài."
