"""Word: the layout of Nghị định 30/2020/NĐ-CP, named styles only, tables with repeated heads, charts with words for
whoever cannot see them, every number leading to its list."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from itertools import count
from typing import Final

import docx
from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm
from docx.text.paragraph import Paragraph

from diembao.newsroom.analysis.chart_press import ChartPress
from diembao.newsroom.analysis.charts import Look
from diembao.newsroom.briefing import wording
from diembao.newsroom.briefing.content import Cell, Drawing, Line, Pack, Part, Table
from diembao.newsroom.briefing.formats import docx_styles as styles
from diembao.newsroom.briefing.formats.docx_tables import add_table, hyperlink, mark_of
from diembao.newsroom.digests.archive import stable_zip
from diembao.newsroom.digests.formats import docx_parts as parts
from diembao.newsroom.digests.formats import docx_styles as office

SUFFIX: Final = "docx"
MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
# Rows of one table; a report of a thousand rows is read by nobody and opened slowly. Excel has all of them.
MOST_ROWS: Final = 300
_WIDEST, _HIGHEST = 160.0, 200.0  # mm
_PIXELS_A_MM = 600 / _WIDEST  # charts are drawn for a page's width of so many
_SCALE = 3.2  # three hundred dots an inch and more


def export(pack: Pack, press: ChartPress) -> bytes:
    """pack: with whole addresses (`Pack.based_on`).

    Raises:
        NotDrawn
    """
    drawings = [drawing for part in pack.parts for drawing in part.drawings]
    pictures = {drawing.key: press.begin_png(drawing.chart, _SCALE, Look.PRINT) for drawing in drawings}
    document = docx.Document()
    parts.page(document)
    styles.define(document)
    parts.letterhead(document, pack.paper)
    _internal(document)
    parts.opening(document, pack.paper)
    writer = _Writer(document, pack, pictures)
    for part in pack.parts:
        writer.part(part)
    parts.ending(document, pack.paper)
    writer.annexes()
    parts.properties(document, pack.paper, pack.made_on)
    written = io.BytesIO()
    document.save(written)
    return stable_zip(written.getvalue())


def _internal(document: Document) -> None:
    """Who may read it: in a frame below the letterhead, and at the foot of every further page."""
    document.add_paragraph("", office.GAP)
    table = parts.frame(document, 1, (Mm(100), Mm(60)))
    parts.fill(table.rows[0].cells[1], [(wording.INTERNAL_BOX, styles.INTERNAL)])
    foot = document.sections[0].footer.paragraphs[0]
    foot.style = document.styles[styles.FOOT]
    foot.add_run(wording.INTERNAL)


class _Writer:
    """Keeps the numbers of tables, figures and links while a document is written."""

    def __init__(self, document: Document, pack: Pack, pictures: Mapping[str, Future[bytes]]) -> None:
        """pictures: of the drawings, by their keys."""
        self._document, self._pack, self._pictures = document, pack, pictures
        self._annexes = {table.key: number for number, table in enumerate(pack.annexes, start=1)}
        self._marks: Iterator[int] = count(1)
        self._links: dict[str, str] = {}
        self._numbers: Counter[str] = Counter()

    def part(self, part: Part) -> None:
        self._document.add_paragraph(part.label, office.SECTION)
        for line in part.lines:
            self._line(line, office.BODY)
        for drawing in part.drawings:
            self._drawing(drawing)
        for table in part.tables:
            if not table.is_annex:
                self._table(table, table.shown)
        for line in part.after:
            self._line(line, office.BODY)

    def annexes(self) -> None:
        for table in self._pack.annexes:
            number = self._annexes[table.key]
            style = styles.FIRST_ANNEX if number == 1 else styles.ANNEX
            self._document.add_paragraph(f"{wording.ANNEX} {number}. {table.title.upper()}", style)
            self._table(table, MOST_ROWS, is_annex=True)

    def link(self, href: str) -> str:
        """The number of an address among the document's; equal addresses have one."""
        if href not in self._links:
            # Under a number of our own: the library looks through all it has for each new one.
            self._links[href] = f"lienKet{len(self._links) + 1}"
            self._document.part.rels.add_relationship(
                RELATIONSHIP_TYPE.HYPERLINK, href, self._links[href], is_external=True
            )
        return self._links[href]

    def _line(self, line: Line, style: str) -> None:
        paragraph = self._document.add_paragraph("", style)
        for piece in line:
            if isinstance(piece, str):
                paragraph.add_run(piece)
            else:
                self._piece(paragraph, piece)

    def _piece(self, paragraph: Paragraph, cell: Cell) -> None:
        run = paragraph.add_run(cell.text, office.LINK if cell.href else None)
        if cell.href:
            link = hyperlink(cell.href, self.link)
            link.append(run._r)
            paragraph._p.append(link)

    def _drawing(self, drawing: Drawing) -> None:
        picture = self._pictures[drawing.key].result()
        paragraph = self._document.add_paragraph("", styles.FIGURE)
        shape = paragraph.add_run().add_picture(io.BytesIO(picture))
        ratio = shape.height / shape.width
        width = min(_WIDEST, _shown_width(picture), _HIGHEST / ratio)
        shape.width, shape.height = Mm(width), Mm(width * ratio)
        words = shape._inline.docPr
        words.set("descr", drawing.said)
        words.set("title", drawing.chart.title)
        self._caption(wording.FIGURE, drawing.chart.title)
        self._line((f"{drawing.note} {self._pack.source_line(drawing.unit)}".lstrip(),), styles.NOTE)

    def _table(self, table: Table, shown: int, *, is_annex: bool = False) -> None:
        caption = self._caption(wording.TABLE, table.title)
        if is_annex == table.is_annex:
            self._mark(caption, mark_of(table.key))
        rows = table.rows[:shown] if shown else table.rows
        add_table(self._document, table.columns, rows, self.link)
        notes = [table.note] if table.note else []
        left_out = len(table.rows) - len(rows)
        if left_out and is_annex:
            notes.append(wording.cut(left_out))
        elif left_out:
            notes.append(wording.more(self._annexes[table.key], table.title))
        self._line((" ".join([*notes, self._pack.source_line(table.unit)]),), styles.NOTE)

    def _caption(self, kind: str, title: str) -> Paragraph:
        """“Bảng 3. Số bài theo chủ đề”, numbered by a field, so that Word numbers them anew when something is moved."""
        paragraph = self._document.add_paragraph(f"{kind} ", styles.CAPTION)
        field = OxmlElement("w:fldSimple")
        field.set(qn("w:instr"), f" SEQ {kind} \\* ARABIC ")
        run, text = OxmlElement("w:r"), OxmlElement("w:t")
        self._numbers[kind] += 1
        text.text = str(self._numbers[kind])
        run.append(text)
        field.append(run)
        paragraph._p.append(field)
        paragraph.add_run(f". {title}")
        return paragraph

    def _mark(self, paragraph: Paragraph, name: str) -> None:
        number = str(next(self._marks))
        begin, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
        for element in (begin, end):
            element.set(qn("w:id"), number)
        begin.set(qn("w:name"), name)
        paragraph._p.append(begin)
        paragraph._p.append(end)


def _shown_width(picture: bytes) -> float:
    """In mm: so that letters of all charts come out alike."""
    pixels = int.from_bytes(picture[16:20], "big")
    return pixels / _SCALE / _PIXELS_A_MM
