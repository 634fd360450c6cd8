"""Excel: one row an item, to be sorted and counted. Whatever looks like a formula is text."""

from __future__ import annotations

import io
from datetime import datetime, time

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from diembao.newsroom.digests import wording
from diembao.newsroom.digests.archive import stable_zip
from diembao.newsroom.digests.content import Content, Item
from diembao.newsroom.digests.sheet import followed, sheet_of

SUFFIX = "xlsx"
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_WIDTHS = {
    "number": 6,
    "section": 28,
    "outlet": 26,
    "time": 16,
    "headline": 50,
    "summary": 70,
    "link": 40,
    "stance": 18,
}
_FIRST_ROW = 4
# Excel takes no longer address for a link; a longer one is written as text.
_LONGEST_LINK = 2000


def export(content: Content) -> bytes:
    written = io.BytesIO()
    # Nothing that came from outside may become a formula, a number or a link of Excel's own making.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    sheet = sheet_of(content)
    with xlsxwriter.Workbook(written, options) as book:
        at = datetime.combine(content.day, time())
        book.set_properties({"title": sheet.name, "author": sheet.issuer, "created": at})
        formats = _Formats(book)
        page = book.add_worksheet(wording.KINDS["daily"].capitalize())
        page.write_string(0, 0, f"{sheet.left[-1]} – {sheet.symbol}", formats.plain)
        page.write_string(1, 0, sheet.title, formats.title)
        page.write_string(2, 0, sheet.subject, formats.title)
        names = [name for name in _WIDTHS if name != "stance" or sheet.judged]
        last = _items(page, content, names, formats)
        for offset, line in enumerate((*sheet.intro, *sheet.notices, *sheet.closing), start=2):
            page.write_string(last + offset, 0, line, formats.plain)
        _page(page, names, last)
    return stable_zip(written.getvalue())


class _Formats:
    def __init__(self, book: xlsxwriter.Workbook) -> None:
        family = {"font_name": "Times New Roman", "font_size": 12, "valign": "top"}
        self.plain = book.add_format(family)
        self.title = book.add_format(family | {"bold": True, "font_size": 14})
        self.head = book.add_format(family | {"bold": True, "border": 1, "align": "center", "bg_color": "#E8EDF4"})
        self.cell = book.add_format(family | {"border": 1, "text_wrap": True})
        self.gone = book.add_format(family | {"border": 1, "italic": True})
        self.time = book.add_format(family | {"border": 1, "num_format": "dd/mm/yyyy hh:mm", "align": "left"})
        self.link = book.add_format(family | {"border": 1, "font_color": "#12305C", "underline": 1})


def _items(page: Worksheet, content: Content, names: list[str], formats: _Formats) -> int:
    """Write the table; returns its last row."""
    for column, name in enumerate(names):
        page.write_string(_FIRST_ROW, column, wording.COLUMNS[name], formats.head)
    row = _FIRST_ROW
    for section in content.sections:
        for item in section.items:
            row += 1
            _item(page, row, row - _FIRST_ROW, section.title, item, names, formats)
    return row


def _item(
    page: Worksheet, row: int, number: int, section: str, item: Item, names: list[str], formats: _Formats
) -> None:
    page.write_number(row, 0, number, formats.cell)
    page.write_string(row, 1, section, formats.cell)
    if item.gone:
        page.write_string(row, 2, wording.GONE, formats.gone)
        return
    first = item.first
    page.write_string(row, 2, item.carried_by, formats.cell)
    if first is not None:
        page.write_datetime(row, 3, first.at.astimezone(wording.LOCAL).replace(tzinfo=None), formats.time)
    page.write_string(row, 4, item.headline, formats.cell)
    page.write_string(row, 5, item.summary, formats.cell)
    _link(page, row, followed(first.url) if first else "", formats.link, formats.cell)
    if "stance" in names:
        page.write_string(row, names.index("stance"), wording.judgement(item), formats.cell)


def _link(page: Worksheet, row: int, url: str, link: Format, cell: Format) -> None:
    if url and len(url) <= _LONGEST_LINK:
        page.write_url(row, 6, url, link, string=url)
    else:
        page.write_string(row, 6, url, cell)


def _page(page: Worksheet, names: list[str], last: int) -> None:
    for column, name in enumerate(names):
        page.set_column(column, column, _WIDTHS[name])
    page.freeze_panes(_FIRST_ROW + 1, 0)
    if last > _FIRST_ROW:
        page.autofilter(_FIRST_ROW, 0, last, len(names) - 1)
    page.set_landscape()
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 0)
    page.repeat_rows(_FIRST_ROW)
