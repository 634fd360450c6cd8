"""What every Word file of the office is made of: page, letterhead, signature, tables, links; named styles only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time

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
from diembao.newsroom.digests.formats import docx_styles as styles
from diembao.newsroom.digests.paper import Paper

_LETTERHEAD = (Mm(64), Mm(96))
_FOOT = (Mm(80), Mm(80))


def page(document: Document) -> None:
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


def letterhead(document: Document, paper: Paper) -> None:
    table = frame(document, 2, _LETTERHEAD)
    left, right = table.rows[0].cells
    names = [(line, styles.SUPERIOR) for line in paper.left[:-1]] + [(paper.left[-1], styles.ISSUER)]
    if paper.state_paper:
        fill(left, [*names, ("", styles.ISSUER_RULE)])
        fill(right, [(paper.right[0], styles.COUNTRY), (paper.right[1], styles.MOTTO), ("", styles.MOTTO_RULE)])
    else:
        fill(left, [*names, ("*", styles.SUPERIOR)])
        fill(right, [(paper.right[0], styles.PARTY), ("", styles.PARTY_RULE)])
    left, right = table.rows[1].cells
    fill(left, [(paper.symbol, styles.SYMBOL)])
    fill(right, [(paper.place_and_date, styles.PLACE)])


def opening(document: Document, paper: Paper) -> None:
    document.add_paragraph(paper.title, styles.TITLE)
    document.add_paragraph(paper.subject, styles.SUBJECT)
    document.add_paragraph("", styles.SUBJECT_RULE)
    if len(paper.addressees) == 1:
        document.add_paragraph(f"{wording.ADDRESSED_TO} {paper.addressees[0]}", styles.ADDRESSED)
    elif paper.addressees:
        document.add_paragraph(f"{wording.ADDRESSED_TO}\t- {paper.addressees[0]}", styles.ADDRESSED_LIST)
        for line in paper.addressees[1:]:
            document.add_paragraph(f"\t- {line}", styles.ADDRESSED_LIST)


def ending(document: Document, paper: Paper) -> None:
    """Copies and signature, side by side."""
    document.add_paragraph("", styles.GAP)
    left, right = frame(document, 1, _FOOT).rows[0].cells
    copies = [(wording.COPIES_TO, styles.COPIES_HEAD)] if paper.copies else []
    fill(left, [*copies, *((line, styles.COPIES) for line in paper.copies)])
    fill(right, [*((line, styles.OFFICE) for line in paper.signature), (paper.signer, styles.SIGNER)])


def properties(document: Document, paper: Paper, day: date) -> None:
    known = document.core_properties
    known.title, known.author, known.language = paper.name, paper.issuer, "vi-VN"
    known.last_modified_by, known.comments, known.revision = paper.issuer, "", 1
    known.created = known.modified = datetime.combine(day, time())


def prose(document: Document, lines: Sequence[str]) -> None:
    for line in lines:
        document.add_paragraph(line, styles.BODY)


def linked(paragraph: Paragraph, text: str, url: str) -> None:
    """Text that leads to an address; plain where there is none."""
    if not url:
        paragraph.add_run(text)
        return
    key = paragraph.part.relate_to(url, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), key)
    run = paragraph.add_run(text, styles.LINK)
    link.append(run._r)
    paragraph._p.append(link)


def frame(document: Document, rows: int, widths: Sequence[Length]) -> Table:
    """A table without borders: how offices set things side by side in Word."""
    table: Table = document.add_table(rows=rows, cols=len(widths), style=styles.FRAME)
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    set_widths(table, widths)
    for row in table.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    return table


def set_widths(table: Table, widths: Sequence[Length]) -> None:
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
        for cell in column.cells:
            cell.width = width


def whole_row(table: Table) -> _Cell:
    cells = new_row(table)
    merged: _Cell = cells[0].merge(cells[-1])
    return merged


def new_row(table: Table) -> Sequence[_Cell]:
    """The cells of a row that no page break divides."""
    row: _Row = table.add_row()  # type: ignore[no-untyped-call]
    mark_row(table, "w:cantSplit")
    return row.cells


def mark_row(table: Table, mark: str) -> None:
    table.rows[-1]._tr.get_or_add_trPr().append(OxmlElement(mark))


def fill(cell: _Cell, lines: Sequence[tuple[str, str]]) -> None:
    """Paragraphs of a cell, each (text, style)."""
    cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.TOP
    for position, (text, style) in enumerate(lines):
        paragraph = cell.paragraphs[0] if position == 0 else cell.add_paragraph()
        paragraph.style = style
        paragraph.add_run(text)
