"""Excel: one sheet a table, real numbers that lead to their lists, charts of Excel's own. Nothing is a formula."""

from __future__ import annotations

import io
import math
from datetime import date, datetime, time
from typing import Any, Final

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from diembao.newsroom.analysis.chart_press import ChartPress
from diembao.newsroom.briefing import wording
from diembao.newsroom.briefing.content import Cell, Kind, Line, Pack, Part, Table
from diembao.newsroom.briefing.formats.xlsx_charts import CHARTS, add_chart
from diembao.newsroom.digests.archive import stable_zip

SUFFIX: Final = "xlsx"
MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_HEAD_ROW = 4
_CHARACTERS_A_MM = 0.62
_LONGEST_LINK = 2000  # Excel takes no longer address; a longer one is left out and the number stays
_A4 = 9
_TEXT_WIDTH = 78  # of the sheets of text, in characters
# A line of text: its height; how much longer it is for breaking at words; how many more letters a note has in a line.
_LINE_POINTS, _BROKEN_AT_WORDS, _SMALLER_NOTE = 16.0, 1.15, 1.2
# Numbers as the reader's own Excel writes them: 1.234,5 where it is Vietnamese.
_NUMBER_FORMATS: Final = {
    Kind.COUNT: "#,##0",
    Kind.NUMBER: "#,##0",
    Kind.SHARE: "0.0%",
    Kind.CHANGE: "+0.0%;\N{MINUS SIGN}0.0%;0.0%",
    Kind.POINTS: "+0.0;\N{MINUS SIGN}0.0;0.0",
    Kind.DAY: "dd/mm/yyyy",
}


def export(pack: Pack, press: ChartPress) -> bytes:
    """pack: with whole addresses (`Pack.based_on`). press: for formats whose charts are pictures."""
    written = io.BytesIO()
    # Nothing that came from outside may become a formula, a number or a link of Excel's own making.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(written, options) as book:
        at = datetime.combine(pack.made_on, time())
        book.set_properties({"title": pack.paper.name, "author": pack.paper.issuer, "created": at})
        formats = _Formats(book)
        summary = book.add_worksheet(wording.SUMMARY_SHEET)
        for table in pack.tables:
            _sheet(book, book.add_worksheet(table.name), table, pack, formats)
        _summary(summary, pack, formats)
        _method(book.add_worksheet(wording.METHOD_SHEET), pack, formats)
    return stable_zip(written.getvalue())


class _Formats:
    """One for each way a cell looks."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._made: dict[tuple[Any, ...], Format] = {}
        self.plain = self.of()
        self.wrapped = self.of(text_wrap=True)
        self.title = self.of(bold=True, font_size=14)
        self.section = self.of(bold=True)
        self.wrapped_note = self.of(italic=True, font_size=10, font_color="#545C66", text_wrap=True)
        self.internal = self.of(bold=True, border=1, align="center")
        self.head = self.of(bold=True, border=1, align="center", valign="vcenter", text_wrap=True, bg_color="#E8EDF4")
        self.link = self.of(font_color="#12305C", underline=1)

    def of(self, **look: Any) -> Format:
        key = tuple(sorted(look.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format(
                {"font_name": "Times New Roman", "font_size": 12, "valign": "top"} | look
            )
        return self._made[key]

    def cell(self, cell: Cell, is_number: bool) -> Format:
        look: dict[str, Any] = {"border": 1, "text_wrap": not is_number or cell.value is None}
        if is_number:
            look["align"] = "right"
        if cell.kind in _NUMBER_FORMATS:
            look["num_format"] = _NUMBER_FORMATS[cell.kind]
        if cell.href:
            look |= {"font_color": "#12305C", "underline": 1}
        return self.of(**look)


def _sheet(book: xlsxwriter.Workbook, page: Worksheet, table: Table, pack: Pack, formats: _Formats) -> None:
    page.write_string(0, 0, table.title, formats.title)
    page.write_string(1, 0, f"{pack.paper.subject}. {wording.INTERNAL}.", formats.plain)
    widths = [max(9.0, column.width * _CHARACTERS_A_MM) for column in table.columns]
    note = f"{table.note} {pack.source_line(table.unit)}".strip()
    # Over the table and no further: what stands beyond it would shrink the whole sheet on paper.
    if len(widths) > 1:
        page.merge_range(2, 0, 2, len(widths) - 1, "", formats.wrapped_note)
    page.write_string(2, 0, note, formats.wrapped_note)
    page.set_row(2, _height(note, sum(widths) * _SMALLER_NOTE))
    for column, shown in enumerate(table.columns):
        page.write_string(_HEAD_ROW, column, shown.title, formats.head)
        page.set_column(column, column, widths[column])
    page.set_row(_HEAD_ROW, max(_height(shown.title, widths[at]) for at, shown in enumerate(table.columns)))
    for row, cells in enumerate(table.rows, start=_HEAD_ROW + 1):
        page.set_row(row, max(_height(_wrapped(cell), widths[at]) for at, cell in enumerate(cells)))
        for column, cell in enumerate(cells):
            _write(page, row, column, cell, formats.cell(cell, table.columns[column].is_number), pack)
    last = _HEAD_ROW + len(table.rows)
    page.freeze_panes(_HEAD_ROW + 1, 1)
    if table.rows:
        page.autofilter(_HEAD_ROW, 0, last, len(table.columns) - 1)
    if table.key in CHARTS and table.rows:
        add_chart(book, page, table, _HEAD_ROW)
    _print_setup(page, pack, is_wide=len(table.columns) > 5 or table.key in CHARTS)
    page.repeat_rows(_HEAD_ROW)


def _write(page: Worksheet, row: int, column: int, cell: Cell, look: Format, pack: Pack) -> None:
    href = _followed(cell.href, pack)
    if href:
        # The link first: the value then replaces its text and keeps it.
        page.write_url(row, column, href, look, string=cell.text)
    if cell.value is None:
        page.write_string(row, column, cell.text, look)
    elif isinstance(cell.value, date):
        page.write_datetime(row, column, datetime.combine(cell.value, time()), look)
    else:
        page.write_number(row, column, cell.value, look)


def _wrapped(cell: Cell) -> str:
    """What may need several lines; a number never does."""
    return cell.text if cell.value is None else ""


def _followed(href: str, pack: Pack) -> str:
    """An address as Excel takes it; “#” and a table leads to its sheet."""
    if href.startswith("#"):
        names = {table.key: table.name for table in pack.tables}
        return f"internal:'{names[href[1:]]}'!A1" if href[1:] in names else ""
    return href if len(href) <= _LONGEST_LINK else ""


def _summary(page: Worksheet, pack: Pack, formats: _Formats) -> None:
    """The sentences of the first part, and where everything is."""
    page.set_column(0, 0, _TEXT_WIDTH)
    page.write_string(0, 0, f"{pack.paper.left[-1]} – {pack.paper.symbol}", formats.plain)
    page.write_string(1, 0, wording.INTERNAL_BOX, formats.internal)
    page.write_string(2, 0, pack.paper.title, formats.title)
    page.write_string(3, 0, pack.paper.subject, formats.title)
    row = 5
    for line in pack.parts[0].lines:
        page.write_string(row, 0, _plain(line), formats.wrapped)
        page.set_row(row, _height(_plain(line), _TEXT_WIDTH))
        row += 1
    row += 1
    for part in pack.parts:
        page.write_string(row, 0, part.label, formats.section)
        row += 1
        for table in part.tables:
            page.write_url(row, 0, f"internal:'{table.name}'!A1", formats.link, string=f"{table.title}")
            row += 1
    _print_setup(page, pack, is_wide=False)


def _method(page: Worksheet, pack: Pack, formats: _Formats) -> None:
    page.set_column(0, 0, _TEXT_WIDTH)
    page.write_string(0, 0, wording.METHOD_SHEET, formats.title)
    notes: list[Part] = [part for part in pack.parts if part.after]
    lines = [_plain(line) for line in pack.parts[-1].lines]
    lines += [f"{wording.capital(part.title.lower())}. {_plain(line)}" for part in notes for line in part.after]
    for row, line in enumerate(lines, start=2):
        page.write_string(row, 0, line, formats.wrapped)
        page.set_row(row, _height(line, _TEXT_WIDTH))
    _print_setup(page, pack, is_wide=False)


def _height(text: str, width: float) -> float:
    """Of a row with so much text in so many characters of width, in points: programs differ in working it out."""
    return _LINE_POINTS * max(1, math.ceil(len(text) * _BROKEN_AT_WORDS / width))


def _plain(line: Line) -> str:
    return "".join(piece if isinstance(piece, str) else piece.text for piece in line)


def _print_setup(page: Worksheet, pack: Pack, *, is_wide: bool) -> None:
    if is_wide:
        page.set_landscape()
    page.set_paper(_A4)
    page.fit_to_pages(1, 0)
    page.set_footer(f"&L{wording.INTERNAL}&R&P/&N")
    page.hide_gridlines(2)
