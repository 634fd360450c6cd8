"""Charts of Excel's own beside the tables they draw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from diembao.newsroom.analysis.charts import PALETTE
from diembao.newsroom.briefing.content import Table

_MOST = 12
_WIDTH, _BAR_HEIGHT = 620, 30


def add_chart(book: xlsxwriter.Workbook, page: Worksheet, table: Table, head_row: int) -> None:
    """Beside a table of at least one row, whose head is in `head_row`."""
    chart = CHARTS[table.key](book, table, head_row)
    chart.set_title({"name": table.title, "name_font": {"size": 12}})
    # Below the head, which is printed on every sheet of paper with whatever stands beside it.
    page.insert_chart(head_row + 1, len(table.columns) + 1, chart)


def _bars(book: xlsxwriter.Workbook, table: Table, head_row: int) -> Any:
    """The first rows lying below one another, by articles."""
    rows = min(len(table.rows), _MOST)
    column = next(at for at, shown in enumerate(table.columns) if shown.title == "Số bài")
    chart: Any = book.add_chart({"type": "bar"})
    first, last = head_row + 1, head_row + rows
    chart.add_series(
        {
            "name": [table.name, head_row, column],
            "categories": [table.name, first, 0, last, 0],
            "values": [table.name, first, column, last, column],
            "fill": {"color": PALETTE[0]},
            "gap": 60,
            "data_labels": {"value": True},
        }
    )
    chart.set_legend({"none": True})
    chart.set_y_axis({"reverse": True})
    chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}})
    chart.set_size({"width": _WIDTH, "height": 90 + _BAR_HEIGHT * rows})
    return chart


def _over_time(book: xlsxwriter.Workbook, table: Table, head_row: int) -> Any:
    """Stacked by stance, one column a day, week or month."""
    stances = range(3, len(table.columns))
    chart: Any = book.add_chart({"type": "column", "subtype": "stacked"})
    first, last = head_row + 1, head_row + len(table.rows)
    for column in stances or (1,):
        chart.add_series(
            {
                "name": [table.name, head_row, column],
                "categories": [table.name, first, 0, last, 0],
                "values": [table.name, first, column, last, column],
                "fill": {"color": _COLOURS.get(table.columns[column].title, PALETTE[0])},
                "gap": 40,
            }
        )
    chart.set_legend({"position": "top"})
    chart.set_x_axis({"num_format": "dd/mm", "text_axis": True})
    chart.set_y_axis({"major_gridlines": {"visible": True, "line": {"color": "#D5DAE1"}}})
    chart.set_size({"width": 820, "height": 360})
    return chart


_COLOURS: Final = {"Thuận lợi": PALETTE[2], "Bất lợi": PALETTE[1], "Hỗn hợp": PALETTE[3], "Trung tính": PALETTE[5]}
CHARTS: Final[dict[str, Callable[[xlsxwriter.Workbook, Table, int], Any]]] = {
    "theo-thoi-gian": _over_time,
    "thai-do": _bars,
    "chu-de": _bars,
    "xa-phuong": _bars,
    "huyen-cu": _bars,
    "loai-bao": _bars,
    "bao": _bars,
}
