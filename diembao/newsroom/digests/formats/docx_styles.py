"""The named styles of the Word document. Sizes in points as Phụ lục I of Nghị định 30/2020/NĐ-CP gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import CharacterStyle, ParagraphStyle

FAMILY = "Times New Roman"
_INK_OF_LINKS = RGBColor(0x12, 0x30, 0x5C)

TITLE, SUBJECT, SECTION, HEADLINE, BODY = "Title", "Subtitle", "Heading 1", "Heading 2", "Body Text"
SUPERIOR, ISSUER, ISSUER_RULE = "Cơ quan chủ quản", "Cơ quan ban hành", "Kẻ dưới cơ quan"
COUNTRY, MOTTO, MOTTO_RULE = "Quốc hiệu", "Tiêu ngữ", "Kẻ dưới tiêu ngữ"
PARTY, PARTY_RULE = "Tiêu đề Đảng", "Kẻ dưới tiêu đề Đảng"
SYMBOL, PLACE, SUBJECT_RULE = "Số ký hiệu", "Địa danh ngày tháng", "Kẻ dưới trích yếu"
ADDRESSED, ADDRESSED_LIST = "Kính gửi", "Kính gửi nhiều nơi"
SOURCE, GAP = "Nguồn tin", "Khoảng cách"
COLUMN, COLUMN_NUMBER, CELL = "Tên cột", "Số thứ tự", "Ô bảng"
TABLE_SECTION, TABLE_HEADLINE, TABLE_NOTE = "Mục trong bảng", "Tiêu đề trong bảng", "Ghi chú trong bảng"
COPIES_HEAD, COPIES, OFFICE, SIGNER = "Nơi nhận (tiêu đề)", "Nơi nhận", "Chức vụ", "Người ký"
LINK, STRONG = "Hyperlink", "Strong"
GRID, FRAME = "Table Grid", "Normal Table"

_CENTRE, _LEFT, _JUSTIFY = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.LEFT, WD_ALIGN_PARAGRAPH.JUSTIFY


@dataclass(frozen=True, slots=True)
class Look:
    """points: size. before, after: in points. indent: of the first line, in mm. level: in the outline, 0 the highest.

    rule: mm to leave free on either side of a line drawn below; 0 for none. boxed: framed with a line.
    """

    points: float
    align: WD_ALIGN_PARAGRAPH = _LEFT
    bold: bool = False
    italic: bool = False
    before: float = 0
    after: float = 0
    indent: float = 0
    keep: bool = False
    rule: float = 0
    level: int | None = None
    based_on: str = "Normal"
    boxed: bool = False


# The line under a name is a paragraph of its own whose lower border is drawn: it can be moved and needs no drawing.
_LOOKS = {
    SUPERIOR: Look(12, _CENTRE),
    ISSUER: Look(12, _CENTRE, bold=True),
    ISSUER_RULE: Look(2, _CENTRE, rule=18),
    COUNTRY: Look(12, _CENTRE, bold=True),
    MOTTO: Look(13, _CENTRE, bold=True),
    MOTTO_RULE: Look(2, _CENTRE, rule=18),
    PARTY: Look(14, _CENTRE, bold=True),
    PARTY_RULE: Look(2, _CENTRE, rule=12.5),
    SYMBOL: Look(13, _CENTRE, before=6),
    PLACE: Look(13, _CENTRE, italic=True, before=6),
    TITLE: Look(14, _CENTRE, bold=True, before=16, keep=True),
    SUBJECT: Look(14, _CENTRE, bold=True, keep=True),
    SUBJECT_RULE: Look(2, _CENTRE, rule=59, after=12),
    ADDRESSED: Look(14, _CENTRE, after=6),
    ADDRESSED_LIST: Look(14),
    BODY: Look(14, _JUSTIFY, before=6, indent=10),
    SECTION: Look(14, bold=True, before=14, keep=True, level=0),
    HEADLINE: Look(14, bold=True, before=9, keep=True, level=1),
    SOURCE: Look(14, italic=True, before=3, keep=True),
    GAP: Look(8),
    COLUMN: Look(12, _CENTRE, bold=True, before=2, after=2),
    COLUMN_NUMBER: Look(12, _CENTRE, before=2, after=2),
    CELL: Look(12, before=2, after=2),
    TABLE_SECTION: Look(12, bold=True, before=2, after=2, keep=True, level=0),
    TABLE_HEADLINE: Look(12, bold=True, before=2, after=2, level=1),
    TABLE_NOTE: Look(11, italic=True, before=2, after=2),
    COPIES_HEAD: Look(12, bold=True, italic=True),
    COPIES: Look(11),
    OFFICE: Look(14, _CENTRE, bold=True, keep=True),
    # Room for the hand and the seal.
    SIGNER: Look(14, _CENTRE, bold=True, before=76),
    "Header": Look(13, _CENTRE),
}


def define(document: Document, more: Mapping[str, Look] | None = None) -> None:
    """Make or remake the styles in a document; nothing else of it is touched.

    more: what another kind of paper than the digest needs besides, or instead.
    """
    _defaults(document)
    for name, look in (_LOOKS | dict(more or {})).items():
        _paragraph_style(document, name, look)
    _tabs(document)
    link = _character_style(document, LINK)
    link.font.color.rgb = _INK_OF_LINKS
    _character_style(document, STRONG).font.bold = True


def _defaults(document: Document) -> None:
    normal = cast(ParagraphStyle, document.styles["Normal"])
    _set_font(normal, Look(14))
    normal.paragraph_format.space_after = normal.paragraph_format.space_before = Pt(0)
    normal.paragraph_format.line_spacing = 1.0
    language = OxmlElement("w:lang")
    for part in ("val", "eastAsia", "bidi"):
        language.set(qn(f"w:{part}"), "vi-VN" if part == "val" else "en-US" if part == "eastAsia" else "ar-SA")
    properties = document.styles.element.find(qn("w:docDefaults")).find(qn("w:rPrDefault")).find(qn("w:rPr"))
    for old in properties.findall(qn("w:lang")):
        properties.remove(old)
    properties.append(language)


def _paragraph_style(document: Document, name: str, look: Look) -> None:
    known = name in document.styles
    found = document.styles[name] if known else document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    style = cast(ParagraphStyle, found)
    style.base_style = document.styles[look.based_on]
    style.quick_style, style.hidden = True, False
    _set_font(style, look)
    form = style.paragraph_format
    form.alignment, form.keep_with_next, form.widow_control = look.align, look.keep, True
    form.space_before, form.space_after, form.line_spacing = Pt(look.before), Pt(look.after), 1.0
    form.first_line_indent = Mm(look.indent) if look.indent else None
    properties = style.element.get_or_add_pPr()
    for tag in ("w:pBdr", "w:outlineLvl", "w:contextualSpacing"):
        for old in properties.findall(qn(tag)):
            properties.remove(old)
    if look.rule:
        form.left_indent = form.right_indent = Mm(look.rule)
        form.line_spacing = Pt(look.points)
        _draw(properties, ("bottom",))
    if look.boxed:
        _draw(properties, ("top", "left", "bottom", "right"), space=2)
    if look.level is not None:
        level = OxmlElement("w:outlineLvl")
        level.set(qn("w:val"), str(look.level))
        properties.append(level)


def _draw(properties: BaseOxmlElement, sides: Sequence[str], space: int = 0) -> None:
    borders = OxmlElement("w:pBdr")
    for side in sides:
        line = OxmlElement(f"w:{side}")
        for key, value in (("val", "single"), ("sz", "6"), ("space", str(space)), ("color", "auto")):
            line.set(qn(f"w:{key}"), value)
        borders.append(line)
    # The schema wants borders after keepNext, keepLines and widowControl, before all that is set here besides.
    earlier = [
        child for child in properties if child.tag in {qn("w:keepNext"), qn("w:keepLines"), qn("w:widowControl")}
    ]
    properties.insert(len(earlier), borders)


def _set_font(style: ParagraphStyle, look: Look) -> None:
    font = style.font
    font.name, font.size, font.bold, font.italic = FAMILY, Pt(look.points), look.bold, look.italic
    font.color.rgb = RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for key in list(fonts.attrib):
        if "Theme" in key:
            del fonts.attrib[key]
    # What the library's own template says of titles: spread letters, small kerning.
    for tag in ("w:spacing", "w:kern"):
        for old in style.element.rPr.findall(qn(tag)):
            style.element.rPr.remove(old)
    for key in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{key}"), FAMILY)


def _tabs(document: Document) -> None:
    several = cast(ParagraphStyle, document.styles[ADDRESSED_LIST])
    several.paragraph_format.left_indent = Mm(30)
    several.paragraph_format.tab_stops.add_tab_stop(Mm(52), WD_TAB_ALIGNMENT.LEFT)


def _character_style(document: Document, name: str) -> CharacterStyle:
    known = name in document.styles
    return cast(
        CharacterStyle,
        document.styles[name] if known else document.styles.add_style(name, WD_STYLE_TYPE.CHARACTER),
    )
