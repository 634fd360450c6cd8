"""The named styles that the report has besides those of every Word file of the office."""

from __future__ import annotations

from typing import Final, cast

from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm
from docx.styles.style import ParagraphStyle

from diembao.newsroom.digests.formats import docx_styles as office
from diembao.newsroom.digests.formats.docx_styles import Look

INTERNAL, ANNEX, FIRST_ANNEX = "Chỉ dẫn lưu hành", "Phụ lục", "Phụ lục đầu tiên"
CAPTION, FIGURE, NOTE = "Caption", "Hình vẽ", "Ghi chú số liệu"
HEAD, CELL, NUMBER, FOOT = "Đầu cột số liệu", "Ô chữ", "Ô số", "Footer"
# Rows that stay on one page with the next one.
KEPT_CELL, KEPT_NUMBER = "Ô chữ liền hàng sau", "Ô số liền hàng sau"
TABLE: Final = "Bảng số liệu"

_CENTRE, _RIGHT = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT
_LOOKS: Final = {
    INTERNAL: Look(13, _CENTRE, bold=True, boxed=True),
    ANNEX: Look(13, _CENTRE, bold=True, before=18, after=4, keep=True, level=0),
    FIRST_ANNEX: Look(13, _CENTRE, bold=True, after=4, keep=True, level=0),
    CAPTION: Look(13, bold=True, before=10, after=4, keep=True),
    FIGURE: Look(13, _CENTRE, before=10, keep=True),
    NOTE: Look(10, italic=True, before=2, after=0),
    FOOT: Look(11, _CENTRE, italic=True),
    HEAD: Look(10, _CENTRE, bold=True, before=1, after=1, keep=True),
    KEPT_CELL: Look(10, before=1, after=1, keep=True),
    KEPT_NUMBER: Look(10, _RIGHT, before=1, after=1, keep=True),
    CELL: Look(10, before=1, after=1),
    NUMBER: Look(10, _RIGHT, before=1, after=1),
}
_MARGIN = 45  # twentieths of a point on either side of a cell: a table of nine columns needs the room
_HEAD_SHADE = (
    f'<w:tblStylePr {nsdecls("w")} w:type="firstRow"><w:tcPr><w:shd w:val="clear" w:color="auto" w:fill="E8EDF4"/>'
    "</w:tcPr></w:tblStylePr>"
)


def define(document: Document) -> None:
    """Make the styles of the office and those of the report."""
    office.define(document, _LOOKS)
    style = document.styles.add_style(TABLE, WD_STYLE_TYPE.TABLE)
    style.base_style = document.styles[office.GRID]
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), str(_MARGIN))
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    properties = OxmlElement("w:tblPr")
    properties.append(margins)
    style.element.append(properties)
    style.element.append(parse_xml(_HEAD_SHADE))
    box = cast(ParagraphStyle, document.styles[INTERNAL]).paragraph_format
    box.left_indent = box.right_indent = Mm(4)
    first = cast(ParagraphStyle, document.styles[FIRST_ANNEX])
    first.paragraph_format.page_break_before = True
