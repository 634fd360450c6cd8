"""The files themselves: what Word, PDF readers, Excel and programs for the blind find in them."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import unicodedata
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from pypdf import PdfReader

from diembao.newsroom.digests.content import Content, Item, Letterhead, Notice, Printed, Section
from diembao.newsroom.digests.formats import FORMATS

NOW = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
LONG = ("Ủy ban nhân dân tỉnh ban hành kế hoạch cải tạo, nâng cấp hệ thống thoát nước đô thị và chống ngập " * 2)[:180]
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def item(number: int, audience: str, **changes: Any) -> Item:
    names = ["Báo Sông Cầu", "Báo Trung Du", "Tạp chí Xứ Chè", "Báo Vùng Cao"][: number % 4 + 1]
    values: dict[str, Any] = {
        "story_id": number,
        "headline": LONG if number % 9 == 0 else f"Tin số {number}: nước sông Cầu lên nhanh, các phường sẵn sàng",
        "own_headline": True,
        "summary": "" if number % 7 == 0 else "Dự án đạt 78,5% khối lượng.\nPhần còn lại vướng mặt bằng.",
        "own_summary": True,
        "printings": tuple(
            Printed(article_id=number * 10 + place, outlet=name, title="t", url=f"https://songcau.vn/bai-{number}-{place}",
                    at=NOW - timedelta(hours=number))
            for place, name in enumerate(names)
        ),
        "stance": "unfavourable" if audience == "internal" else "",
        "needs_response": audience == "internal",
    }  # fmt: skip
    return Item(**(values | changes))


def content(
    *, form: str = "text", audience: str = "internal", paper: str = "state", items: int = 9, **changes: Any
) -> Content:
    made = [item(number, audience) for number in range(1, items + 1)]
    values: dict[str, Any] = {
        "kind": "daily",
        "audience": audience,
        "form": form,
        "day": date(2026, 11, 22),
        "since": NOW - timedelta(days=1),
        "until": NOW,
        "number": 12,
        "year": 2026,
        "subject": "",
        "intro": "Trong ngày, các báo đăng 45 bài.",
        "closing": "Đề nghị các sở kiểm tra.",
        "letterhead": Letterhead(
            kind=paper, superior="Ủy ban nhân dân tỉnh Thái Nguyên", issuer="Trung tâm Thông tin", symbol="12/ĐB-TTTT",
            place="Thái Nguyên", addressees=("Thường trực Tỉnh ủy;", "Lãnh đạo UBND tỉnh."),
            copies=("Như trên", "Lưu: VT"),
            authority="KT. GIÁM ĐỐC", office="PHÓ GIÁM ĐỐC", signer="Nguyễn Thị Ví Dụ",
        ),
        "sections": (
            Section(key="a", title="Thiên tai – Thời tiết", items=tuple(made[: items // 2])),
            Section(key="b", title="Dân tộc – Tôn giáo", items=()),
            Section(key="c", title="Thể thao", items=tuple(made[items // 2 :])),
        ),
        "notices": (Notice(kind="removed", headline="Tin cũ", outlet="Báo Vùng Cao", printed_on=date(2026, 11, 20),
                           earlier="điểm báo số 11, ngày 21/11/2026", story_id=99),),
    }  # fmt: skip
    return Content(**(values | changes))


def words_of(name: str, data: bytes) -> str:
    """Everything a reader could find in a file."""
    if name == "pdf":
        return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages).split())
    if name in ("docx", "xlsx"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return " ".join(
                "".join(etree.fromstring(archive.read(part)).itertext())
                for part in archive.namelist()
                if part.endswith("xml")
            )
    return data.decode()


@pytest.mark.parametrize("form", ["text", "table"])
@pytest.mark.parametrize("name", sorted(FORMATS))
def test_an_internal_digest_says_the_judgement_and_a_public_one_never(name: str, form: str) -> None:
    internal = words_of(name, FORMATS[name].export(content(form=form)))
    public = words_of(name, FORMATS[name].export(content(form=form, audience="public")))
    assert "Bất lợi" in internal and "cần phản hồi" in internal and "Đánh giá" in internal
    for word in ("Bất lợi", "phản hồi", "Đánh giá", "unfavourable"):
        assert word not in public
    for text in (internal, public):
        assert "Tin số 1" in text and "Báo Sông Cầu" in text and "ngày 22/11/2026" in text


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_equal_content_gives_equal_bytes(name: str) -> None:
    assert FORMATS[name].export(content()) == FORMATS[name].export(Content.from_json(content().to_json()))


@pytest.mark.parametrize("items", [0, 1, 60])
@pytest.mark.parametrize("form", ["text", "table"])
@pytest.mark.parametrize("name", sorted(FORMATS))
def test_none_one_and_sixty_items(name: str, form: str, items: int) -> None:
    text = words_of(name, FORMATS[name].export(content(form=form, items=items)))
    assert all(f"Tin số {number}:" in text for number in range(1, items + 1) if number % 9)
    assert "Đề nghị các sở kiểm tra" in text.replace("\n", " ")


def test_word_has_the_page_of_the_decree_and_styles_only() -> None:
    with zipfile.ZipFile(io.BytesIO(FORMATS["docx"].export(content()))) as archive:
        document = etree.fromstring(archive.read("word/document.xml"))
        styles = etree.fromstring(archive.read("word/styles.xml"))
    size, margins = document.find(f".//{W}pgSz"), document.find(f".//{W}pgMar")
    millimetres = {
        name: round(int(margins.get(f"{W}{name}")) / 1440 * 25.4) for name in ("top", "bottom", "left", "right")
    }
    assert (round(int(size.get(f"{W}w")) / 56.7), round(int(size.get(f"{W}h")) / 56.7)) == (210, 297)
    assert millimetres == {"top": 20, "bottom": 20, "left": 30, "right": 20}
    # Direct formatting would be a run property other than a style, or a paragraph property other than a style.
    assert {child.tag for run in document.iter(f"{W}rPr") for child in run} <= {f"{W}rStyle"}
    assert {child.tag for one in document.iter(f"{W}pPr") for child in one} <= {f"{W}pStyle"}
    defined = {style.get(f"{W}styleId"): style for style in styles.iter(f"{W}style")}
    for used in {one.get(f"{W}val") for one in document.iter(f"{W}pStyle")}:
        fonts = defined[used].find(f"{W}rPr/{W}rFonts")
        assert fonts.get(f"{W}ascii") == "Times New Roman", used
    body = defined["BodyText"].find(f"{W}rPr/{W}sz").get(f"{W}val")
    assert body == "28", "14 points"


def test_word_counts_its_pages_from_the_second_on_and_links_its_headlines() -> None:
    with zipfile.ZipFile(io.BytesIO(FORMATS["docx"].export(content()))) as archive:
        document = archive.read("word/document.xml").decode()
        headers = [archive.read(name).decode() for name in archive.namelist() if name.startswith("word/header")]
        links = archive.read("word/_rels/document.xml.rels").decode()
    assert "<w:titlePg/>" in document and any("PAGE" in header for header in headers)
    assert "https://songcau.vn/bai-1-0" in links and 'TargetMode="External"' in links


def test_pdf_is_tagged_with_bookmarks_and_its_words_come_out_whole() -> None:
    data = FORMATS["pdf"].export(content())
    reader = PdfReader(io.BytesIO(data))
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and root["/StructTreeRoot"] and root["/Lang"] == "vi-VN"
    assert b"pdfuaid" in data or "pdfuaid" in str(reader.xmp_metadata and reader.xmp_metadata.rdf_root.toxml())
    titles = [str(entry.title) for entry in _flat(reader.outline)]
    assert titles[0] == "ĐIỂM BÁO" and "I. THIÊN TAI – THỜI TIẾT" in titles
    assert any(title.startswith("1. Tin số 1: nước sông Cầu") for title in titles)
    text = words_of("pdf", data)
    assert unicodedata.is_normalized("NFC", text)
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in text and "Độc lập - Tự do - Hạnh phúc" in text
    assert {name for page in reader.pages for name in _fonts(page)} <= {"LiberationSerif"}


def _flat(outline: Any) -> Any:
    for entry in outline:
        if isinstance(entry, list):
            yield from _flat(entry)
        else:
            yield entry


def _fonts(page: Any) -> set[str]:
    return {re.sub(r"^[A-Z]{6}\+|-.*$", "", str(font["/BaseFont"])[1:]) for font in
            (one.get_object() for one in page["/Resources"]["/Font"].values())}  # fmt: skip


def test_the_party_has_its_own_paper() -> None:
    for name in ("docx", "pdf", "html", "md"):
        text = words_of(name, FORMATS[name].export(content(paper="party")))
        assert "ĐẢNG CỘNG SẢN VIỆT NAM" in text and "CỘNG HÒA" not in text, name


def test_days_below_ten_and_the_first_months_have_a_zero() -> None:
    text = words_of("md", FORMATS["md"].export(content(day=date(2027, 2, 5))))
    assert "Thái Nguyên, ngày 05 tháng 02 năm 2027" in text


def test_excel_makes_no_formula_of_what_came_from_outside() -> None:
    evil = ['=HYPERLINK("http://x")', "+1+1", "-2", "@SUM(A1)", "\t=1", "http://x.vn"]
    made = content(sections=(Section(key="a", title="=1+1", items=tuple(
        item(number + 1, "internal", headline=text, summary=text) for number, text in enumerate(evil))),))  # fmt: skip
    with zipfile.ZipFile(io.BytesIO(FORMATS["xlsx"].export(made))) as archive:
        page = archive.read("xl/worksheets/sheet1.xml").decode()
        strings = archive.read("xl/sharedStrings.xml").decode()
    assert "<f>" not in page and "=HYPERLINK" in strings


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//x", "", "https://"])
def test_no_file_leads_where_a_browser_must_not_go(address: str) -> None:
    printed = Printed(article_id=1, outlet="Báo X", title="t", url=address, at=NOW)
    made = content(sections=(Section(key="a", title="A", items=(item(1, "public", printings=(printed,)),)),))
    for name, kind in FORMATS.items():
        data = kind.export(made)
        assert b"javascript:" not in data and b"data:text" not in data, name
        if name == "docx":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                assert b"hyperlink" not in archive.read("word/_rels/document.xml.rels")


def test_markup_in_headlines_is_text_everywhere() -> None:
    evil = "<b>#1</b> *sao* [x](javascript:1) $1 `mã` \\n @tag _gạch_"
    made = content(sections=(Section(key="a", title="#h", items=(item(1, "public", headline=evil, summary=evil),)),))
    assert "<b>#1" not in FORMATS["html"].export(made).decode()
    assert r"\[x\](javascript:1)" in FORMATS["md"].export(made).decode()
    assert evil in " ".join(words_of("pdf", FORMATS["pdf"].export(made)).split())


@pytest.mark.parametrize("form", ["text", "table"])
def test_word_opens_elsewhere_and_fills_the_same_pages(form: str, tmp_path: Path) -> None:
    """LibreOffice reads the file as it is, and prints what the PDF of our own says."""
    if shutil.which("soffice") is None or shutil.which("pdftotext") is None:
        pytest.skip("soffice or pdftotext is not there: Word files not opened")
    file = tmp_path / "a.docx"
    file.write_bytes(FORMATS["docx"].export(content(form=form, items=20)))
    subprocess.run(["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "pdf",
                    "--outdir", str(tmp_path), str(file)], check=True, capture_output=True, timeout=100)  # fmt: skip
    text = subprocess.run(
        ["pdftotext", str(tmp_path / "a.pdf"), "-"], check=True, capture_output=True, text=True
    ).stdout
    flat = " ".join(text.split())
    assert all(f"Tin số {number}:" in flat for number in range(1, 20) if number % 9)
    assert "Nguyễn Thị Ví Dụ" in flat and flat.count("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM") == 1
    theirs = len(PdfReader(tmp_path / "a.pdf").pages)
    ours = len(PdfReader(io.BytesIO(FORMATS["pdf"].export(content(form=form, items=20)))).pages)
    assert abs(theirs - ours) <= 1
