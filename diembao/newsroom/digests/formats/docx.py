"""Word: the layout of Nghị định 30/2020/NĐ-CP, set with named styles only, so that an office can change them all."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime, time

import docx
from docx.document import Document
from docx.enum.section import WD_SECTION_START
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Length, Mm
from docx.table import Table, _Cell, _Row
from docx.text.paragraph import Paragraph

from diembao.newsroom.digests import wording
from diembao.newsroom.digests.archive import stable_zip
from diembao.newsroom.digests.content import Content
from diembao.newsroom.digests.formats import docx_styles as styles
from diembao.newsroom.digests.sheet import Part, Row, Sheet, sheet_of

SUFFIX = "docx"
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

_TEXT_WIDTH = Mm(160)
_LETTERHEAD = (Mm(64), Mm(96))
_FOOT = (Mm(80), Mm(80))
_TABLE_JUDGED = (Mm(12), Mm(29), Mm(42), Mm(54), Mm(23))
_TABLE = (Mm(12), Mm(31), Mm(48), Mm(69))


def export(content: Content) -> bytes:
    sheet = sheet_of(content)
    document = docx.Document()
    _page(document)
    styles.define(document)
    _letterhead(document, sheet)
    _opening(document, sheet)
    if sheet.is_empty:
        document.add_paragraph(wording.EMPTY, styles.BODY)
    if sheet.is_table and sheet.parts:
        _items_table(document, sheet)
    else:
        for part in sheet.parts:
            _items_text(document, part)
    _ending(document, sheet)
    _properties(document, sheet, content)
    written = io.BytesIO()
    document.save(written)
    return stable_zip(written.getvalue())


def _page(document: Document) -> None:
    section = document.sections[0]
    section.start_type = WD_SECTION_START.NEW_PAGE
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(20)
    section.header_distance = Mm(10)
    section.different_first_page_header_footer = True
    number = section.header.paragraphs[0]
    number.style = document.styles["Header"]
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    run, text = OxmlElement("w:r"), OxmlElement("w:t")
    text.text = "2"
    run.append(text)
    field.append(run)
    number._p.append(field)


def _letterhead(document: Document, sheet: Sheet) -> None:
    table = _frame(document, 2, _LETTERHEAD)
    left, right = table.rows[0].cells
    names = [(line, styles.SUPERIOR) for line in sheet.left[:-1]] + [(sheet.left[-1], styles.ISSUER)]
    if sheet.state_paper:
        _fill(left, [*names, ("", styles.ISSUER_RULE)])
        _fill(right, [(sheet.right[0], styles.COUNTRY), (sheet.right[1], styles.MOTTO), ("", styles.MOTTO_RULE)])
    else:
        _fill(left, [*names, ("*", styles.SUPERIOR)])
        _fill(right, [(sheet.right[0], styles.PARTY), ("", styles.PARTY_RULE)])
    left, right = table.rows[1].cells
    _fill(left, [(sheet.symbol, styles.SYMBOL)])
    _fill(right, [(sheet.place_and_date, styles.PLACE)])


def _opening(document: Document, sheet: Sheet) -> None:
    document.add_paragraph(sheet.title, styles.TITLE)
    document.add_paragraph(sheet.subject, styles.SUBJECT)
    document.add_paragraph("", styles.SUBJECT_RULE)
    if len(sheet.addressees) == 1:
        document.add_paragraph(f"{wording.ADDRESSED_TO} {sheet.addressees[0]}", styles.ADDRESSED)
    elif sheet.addressees:
        document.add_paragraph(f"{wording.ADDRESSED_TO}\t- {sheet.addressees[0]}", styles.ADDRESSED_LIST)
        for line in sheet.addressees[1:]:
            document.add_paragraph(f"\t- {line}", styles.ADDRESSED_LIST)
    _prose(document, sheet.intro)


def _items_text(document: Document, part: Part) -> None:
    document.add_paragraph(part.label, styles.SECTION)
    if not part.rows:
        document.add_paragraph(wording.EMPTY_SECTION, styles.BODY)
    for row in part.rows:
        if row.gone:
            document.add_paragraph(f"{row.number}. {row.headline}", styles.BODY)
            continue
        heading = document.add_paragraph(f"{row.number}. ", styles.HEADLINE)
        _linked(heading, row)
        document.add_paragraph(row.source_line, styles.SOURCE)
        _prose(document, row.summary)
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
    _set_widths(table, widths)
    for cell, head in zip(table.rows[0].cells, heads, strict=True):
        _fill(cell, [(head, styles.COLUMN)])
    _mark_row(table, "w:tblHeader")
    for part in sheet.parts:
        _fill(_whole_row(table), [(part.label, styles.TABLE_SECTION)])
        if not part.rows:
            _fill(_whole_row(table), [(wording.EMPTY_SECTION, styles.TABLE_NOTE)])
        for row in part.rows:
            _table_row(table, row, sheet.judged)


def _table_row(table: Table, row: Row, judged: bool) -> None:
    cells = _new_row(table)
    _fill(cells[0], [(str(row.number), styles.COLUMN_NUMBER)])
    if row.gone:
        _fill(cells[1].merge(cells[-1]), [(row.headline, styles.TABLE_NOTE)])
        return
    _fill(cells[1], [(row.outlets, styles.CELL), (row.time, styles.TABLE_NOTE)])
    headline = cells[2].paragraphs[0]
    headline.style = styles.TABLE_HEADLINE
    _linked(headline, row)
    _fill(cells[3], [(line, styles.CELL) for line in row.summary])
    if judged:
        _fill(cells[4], [(row.judgement, styles.CELL)])


def _ending(document: Document, sheet: Sheet) -> None:
    if sheet.notices:
        document.add_paragraph(wording.NOTICES.upper(), styles.SECTION)
        for line in sheet.notices:
            document.add_paragraph(f"- {line}", styles.BODY)
    _prose(document, sheet.closing)
    document.add_paragraph("", styles.GAP)
    left, right = _frame(document, 1, _FOOT).rows[0].cells
    copies = [(wording.COPIES_TO, styles.COPIES_HEAD)] if sheet.copies else []
    _fill(left, [*copies, *((line, styles.COPIES) for line in sheet.copies)])
    _fill(right, [*((line, styles.OFFICE) for line in sheet.signature), (sheet.signer, styles.SIGNER)])


def _properties(document: Document, sheet: Sheet, content: Content) -> None:
    known = document.core_properties
    known.title, known.author, known.language = sheet.name, sheet.issuer, "vi-VN"
    known.last_modified_by, known.comments, known.revision = sheet.issuer, "", 1
    known.created = known.modified = datetime.combine(content.day, time())


def _prose(document: Document, lines: Sequence[str]) -> None:
    for line in lines:
        document.add_paragraph(line, styles.BODY)


def _linked(paragraph: Paragraph, row: Row) -> None:
    """The headline, leading to the article where it has an address."""
    if not row.url:
        paragraph.add_run(row.headline)
        return
    key = paragraph.part.relate_to(row.url, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), key)
    run = paragraph.add_run(row.headline, styles.LINK)
    link.append(run._r)
    paragraph._p.append(link)


def _frame(document: Document, rows: int, widths: Sequence[Length]) -> Table:
    """A table without borders: how offices set things side by side in Word."""
    table: Table = document.add_table(rows=rows, cols=len(widths), style=styles.FRAME)
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    _set_widths(table, widths)
    for row in table.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    return table


def _set_widths(table: Table, widths: Sequence[Length]) -> None:
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
        for cell in column.cells:
            cell.width = width


def _whole_row(table: Table) -> _Cell:
    cells = _new_row(table)
    merged: _Cell = cells[0].merge(cells[-1])
    return merged


def _new_row(table: Table) -> Sequence[_Cell]:
    """The cells of a row that no page break divides."""
    row: _Row = table.add_row()  # type: ignore[no-untyped-call]
    _mark_row(table, "w:cantSplit")
    return row.cells


def _mark_row(table: Table, mark: str) -> None:
    table.rows[-1]._tr.get_or_add_trPr().append(OxmlElement(mark))


def _fill(cell: _Cell, lines: Sequence[tuple[str, str]]) -> None:
    """Paragraphs of a cell, each (text, style)."""
    cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.TOP
    for position, (text, style) in enumerate(lines):
        paragraph = cell.paragraphs[0] if position == 0 else cell.add_paragraph()
        paragraph.style = style
        paragraph.add_run(text)
