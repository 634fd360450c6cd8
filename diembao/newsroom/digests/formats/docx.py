"""Word: the layout of Nghị định 30/2020/NĐ-CP, set with named styles only, so that an office can change them all."""

from __future__ import annotations

import io

import docx
from docx.document import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.shared import Mm
from docx.table import Table

from diembao.newsroom.digests import wording
from diembao.newsroom.digests.archive import stable_zip
from diembao.newsroom.digests.content import Content
from diembao.newsroom.digests.formats import docx_parts as parts
from diembao.newsroom.digests.formats import docx_styles as styles
from diembao.newsroom.digests.sheet import Part, Row, Sheet, sheet_of

SUFFIX = "docx"
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

_TABLE_JUDGED = (Mm(12), Mm(29), Mm(42), Mm(54), Mm(23))
_TABLE = (Mm(12), Mm(31), Mm(48), Mm(69))


def export(content: Content) -> bytes:
    sheet = sheet_of(content)
    document = docx.Document()
    parts.page(document)
    styles.define(document)
    parts.letterhead(document, sheet)
    parts.opening(document, sheet)
    parts.prose(document, sheet.intro)
    if sheet.is_empty:
        document.add_paragraph(wording.EMPTY, styles.BODY)
    if sheet.is_table and sheet.parts:
        _items_table(document, sheet)
    else:
        for part in sheet.parts:
            _items_text(document, part)
    _closing(document, sheet)
    parts.ending(document, sheet)
    parts.properties(document, sheet, content.day)
    written = io.BytesIO()
    document.save(written)
    return stable_zip(written.getvalue())


def _closing(document: Document, sheet: Sheet) -> None:
    if sheet.notices:
        document.add_paragraph(wording.NOTICES.upper(), styles.SECTION)
        for line in sheet.notices:
            document.add_paragraph(f"- {line}", styles.BODY)
    parts.prose(document, sheet.closing)


def _items_text(document: Document, part: Part) -> None:
    document.add_paragraph(part.label, styles.SECTION)
    if not part.rows:
        document.add_paragraph(wording.EMPTY_SECTION, styles.BODY)
    for row in part.rows:
        if row.gone:
            document.add_paragraph(f"{row.number}. {row.headline}", styles.BODY)
            continue
        heading = document.add_paragraph(f"{row.number}. ", styles.HEADLINE)
        parts.linked(heading, row.headline, row.url)
        document.add_paragraph(row.source_line, styles.SOURCE)
        parts.prose(document, row.summary)
        if row.judgement:
            line = document.add_paragraph("", styles.BODY)
            line.add_run(f"{wording.JUDGEMENT}: ", styles.STRONG)
            line.add_run(f"{row.judgement}.")


def _items_table(document: Document, sheet: Sheet) -> None:
    widths = _TABLE_JUDGED if sheet.judged else _TABLE
    heads = [wording.COLUMNS[name] for name in ("number", "outlet", "headline", "summary", "stance")[: len(widths)]]
    document.add_paragraph("", styles.GAP)
    table = document.add_table(rows=1, cols=len(widths), style=styles.GRID)
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    parts.set_widths(table, widths)
    for cell, head in zip(table.rows[0].cells, heads, strict=True):
        parts.fill(cell, [(head, styles.COLUMN)])
    parts.mark_row(table, "w:tblHeader")
    for part in sheet.parts:
        parts.fill(parts.whole_row(table), [(part.label, styles.TABLE_SECTION)])
        if not part.rows:
            parts.fill(parts.whole_row(table), [(wording.EMPTY_SECTION, styles.TABLE_NOTE)])
        for row in part.rows:
            _table_row(table, row, sheet.judged)


def _table_row(table: Table, row: Row, judged: bool) -> None:
    cells = parts.new_row(table)
    parts.fill(cells[0], [(str(row.number), styles.COLUMN_NUMBER)])
    if row.gone:
        parts.fill(cells[1].merge(cells[-1]), [(row.headline, styles.TABLE_NOTE)])
        return
    parts.fill(cells[1], [(row.outlets, styles.CELL), (row.time, styles.TABLE_NOTE)])
    headline = cells[2].paragraphs[0]
    headline.style = styles.TABLE_HEADLINE
    parts.linked(headline, row.headline, row.url)
    parts.fill(cells[3], [(line, styles.CELL) for line in row.summary])
    if judged:
        parts.fill(cells[4], [(row.judgement, styles.CELL)])
