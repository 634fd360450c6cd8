"""Tables as files, and exports while the newsroom goes on working."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update
from starlette.requests import Request

from diembao.store.models import ArticleRow
from pipelines.indexing import drain
from search_api.analysis import exporting, spreadsheets
from search_api.analysis.spreadsheets import csv_file, safe_cell, xlsx_file

HARD = [
    "=1+1",
    "+84 208",
    "-x",
    "@SUM(A1)",
    "＝1+1",
    "\t=1",
    'nói "thế"; rồi, thôi',
    "dòng một\ndòng hai",
    "<b>&amp;</b>",
    "_x0041_",
    "🙂 chữ",
    " lùi vào ",
    "https://bao.vn/?a=1&b=2",
    "0123",
    "1e5",
]


def sheets(content: bytes) -> list[list[tuple[Any, ...]]]:
    book = load_workbook(io.BytesIO(content), read_only=True)
    return [list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets]


def test_text_comes_out_of_a_workbook_as_it_went_in() -> None:
    content = b"".join(xlsx_file("Tin", ["Chữ", "Số"], [(text, 7) for text in HARD]))
    (rows,) = sheets(content)
    # "_x0041_" is written with its own underscore escaped, which Excel takes away again.
    expected = [("_x005F_x0041_" if text == "_x0041_" else text, 7) for text in HARD]
    assert rows == [("Chữ", "Số"), *expected]
    (sheet,) = load_workbook(io.BytesIO(content)).worksheets
    assert {cell.data_type for (cell,) in sheet["A2:A16"]} == {"s"}
    assert not [cell for row in sheet.iter_rows() for cell in row if cell.hyperlink]


def test_text_comes_out_of_a_csv_as_it_went_in_but_for_what_would_run() -> None:
    for for_excel in (False, True):
        content = b"".join(csv_file(["Chữ", "Số"], [(text, 7) for text in HARD], for_excel=for_excel)).decode()
        assert content.startswith("\ufeff") == for_excel
        rows = list(csv.reader(io.StringIO(content.removeprefix("\ufeff"), newline="")))
        assert rows == [["Chữ", "Số"], *([safe_cell(text), "7"] for text in HARD)]
        assert [row[0] for row in rows[1:7]] == [f"'{text}" for text in HARD[:6]]


@pytest.mark.parametrize("text", ["a\x00b", "\x0b\x1f", "\ufffe\uffff"])
def test_what_xml_cannot_hold_does_not_break_the_workbook(text: str) -> None:
    (rows,) = sheets(b"".join(xlsx_file("Tin", ["Chữ"], [(text,), ("sau",)])))
    assert len(rows) == 3
    assert rows[2] == ("sau",)


@pytest.mark.parametrize(("text", "kept"), [("ế" * 40_000, 32_767), ("🙂" * 20_000, 16_383), ("a" * 32_767, 32_767)])
def test_a_cell_holds_no_more_than_excel_opens(text: str, kept: int) -> None:
    (rows,) = sheets(b"".join(xlsx_file("Tin", ["Chữ"], [(text,)])))
    assert rows[1][0] == text[:kept]


def test_what_a_sheet_cannot_hold_goes_on_in_a_further_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheets, "_SHEET_ROWS", 10)
    found = sheets(b"".join(xlsx_file("Tin", ["Số"], ((number,) for number in range(25)))))
    assert [len(rows) - 1 for rows in found] == [10, 10, 5]
    assert all(rows[0] == ("Số",) for rows in found)
    assert [row[0] for rows in found for row in rows[1:]] == list(range(25))


def test_nothing_is_a_workbook_with_a_head() -> None:
    assert sheets(b"".join(xlsx_file("Tin", ["Số"], []))) == [[("Số",)]]


@pytest.fixture
def archive(newsroom: Any, printing: Any, signed_in: Callable[..., Any]) -> Iterator[Any]:
    """600 articles, more than one batch, and a site that shows them."""
    for part in range(12):
        newsroom.story(*(printing(f"Tin {part}-{number}") for number in range(50)), published=False, index=False)
    drain(newsroom.store, newsroom.index)
    yield signed_in("analyst")


def pieces(client: Any, kind: str) -> Any:
    """The body of an export, piece by piece, as the server sends it."""
    request = Request({"type": "http", "query_string": b"", "headers": [], "app": client.app})
    return exporting.export(request, client.app.state.site, None, kind).body_iterator


def ids_of(kind: str, content: bytes) -> list[int]:
    if kind == "jsonl":
        return [json.loads(line)["id"] for line in content.decode().splitlines()]
    return [int(row[0]) for row in list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))[1:]]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_an_export_is_of_one_moment_whatever_comes_and_goes_meanwhile(
    newsroom: Any, printing: Any, archive: Any, kind: str
) -> None:
    before = sorted(newsroom.article_ids)

    async def read() -> bytes:
        body = pieces(archive, kind)
        content: bytes = await anext(body)
        newsroom.story(*(printing(f"Mới {number}") for number in range(5)), published=False)
        with newsroom.store.write() as session:
            gone = session.scalars(select(ArticleRow.story_id).where(ArticleRow.id == before[0])).one()
            session.execute(update(ArticleRow).where(ArticleRow.story_id == gone).values(title="Đổi tên"))
        drain(newsroom.store, newsroom.index)
        async for piece in body:
            content += piece
        return content

    found = ids_of(kind, asyncio.run(read()))
    assert len(found) == len(set(found)) == 600
    assert sorted(found) == before
    again = ids_of(kind, archive.get(f"/phan-tich/xuat/{kind}").content)
    assert len(again) == 605


def test_every_row_is_the_article_of_the_store(newsroom: Any, archive: Any) -> None:
    with newsroom.store.read() as session:
        held = {tuple(row) for row in session.execute(select(ArticleRow.id, ArticleRow.title, ArticleRow.url))}
    for kind in ("csv", "csv_excel", "xlsx", "jsonl"):
        rows = rows_of(kind, archive.get(f"/phan-tich/xuat/{kind}").content)
        assert len(rows) == 600
        assert set(rows) == held


def rows_of(kind: str, content: bytes) -> list[tuple[int, str, str]]:
    """Number, title and address of each article."""
    if kind == "jsonl":
        return [(row["id"], row["title"], row["url"]) for row in map(json.loads, content.decode().splitlines())]
    text = content.decode("utf-8-sig") if kind != "xlsx" else ""
    head, *table = list(csv.reader(io.StringIO(text, newline=""))) if text else sheets(content)[0]
    number, title, url = (head.index(name) for name in ("Mã bài", "Tiêu đề", "Địa chỉ"))
    return [(int(row[number]), row[title], row[url]) for row in table]


def test_who_goes_away_in_the_middle_leaves_nothing_open(archive: Any) -> None:
    async def leave(kind: str) -> None:
        body = pieces(archive, kind)
        await anext(body)
        await body.aclose()

    for number in range(48):  # more often than the store has connections
        asyncio.run(leave(("csv", "jsonl", "jsonl", "xlsx")[number % 4]))
    assert len(ids_of("csv", archive.get("/phan-tich/xuat/csv").content)) == 600
