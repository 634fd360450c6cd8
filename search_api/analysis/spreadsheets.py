"""Tables for spreadsheets, written row by row: a hundred thousand rows take no more memory than ten."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence

import xlsxwriter

Cell = str | int | float | None
# What a spreadsheet would run instead of showing. A tab or line end in front hides them, so these count, too.
# The wide forms are taken for the others by East Asian editions.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_BOM = "\ufeff"  # without it Excel takes the file for one in the code page of the machine
_CHUNK = 64 * 1024
_CSV_ROWS = 200
_SHEET_ROWS = 1_048_575  # what a sheet can hold, its head left out
_CELL = 32_767  # UTF-16 units, in a cell that Excel opens without complaint


def safe_cell(value: str) -> str:
    """Text from outside as a CSV cell that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(_FORMULA) else value


def csv_file(head: Sequence[str], rows: Iterable[Sequence[Cell]], *, for_excel: bool) -> Iterator[bytes]:
    """The table as CSV in UTF-8, in pieces."""
    written = io.StringIO(_BOM if for_excel else "")
    written.seek(0, io.SEEK_END)
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(head)
    for number, row in enumerate(rows, 1):
        writer.writerow([safe_cell(cell) if isinstance(cell, str) else cell for cell in row])
        if number % _CSV_ROWS == 0:
            yield written.getvalue().encode()
            written.seek(0)
            written.truncate()
    yield written.getvalue().encode()


def xlsx_file(title: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """The table as an Excel file, in pieces; a further sheet where one is full."""
    with tempfile.TemporaryFile() as file:
        # Rows go to a file of their own as they come; nothing from outside becomes a formula, a link or a number.
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(file, options) as book:
            bold = book.add_format({"bold": True, "bottom": 1})
            sheet, line = None, _SHEET_ROWS
            for row in rows:
                if sheet is None or line >= _SHEET_ROWS:
                    sheet, line = _sheet(book, title, head, bold), 0
                line += 1
                sheet.write_row(line, 0, [_fitting(cell) if isinstance(cell, str) else cell for cell in row])
            if sheet is None:
                _sheet(book, title, head, bold)
        file.seek(0)
        while piece := file.read(_CHUNK):
            yield piece


def _fitting(text: str) -> str:
    """As much of a text as a cell can hold."""
    if 2 * len(text) <= _CELL:
        return text
    return text.encode("utf-16-le")[: 2 * _CELL].decode("utf-16-le", "ignore")


def _sheet(
    book: xlsxwriter.Workbook, title: str, head: Sequence[str], bold: xlsxwriter.format.Format
) -> xlsxwriter.worksheet.Worksheet:
    number = len(book.worksheets()) + 1
    sheet = book.add_worksheet(title if number == 1 else f"{title} {number}")
    sheet.write_row(0, 0, head, bold)
    sheet.freeze_panes(1, 0)
    return sheet
