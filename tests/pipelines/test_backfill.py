"""Archives of others and lists of addresses come in through the same steps, once."""

from __future__ import annotations

import gzip
import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from diembao.errors import WrongUse
from diembao.records import ArchivePlace
from diembao.settings import Settings
from diembao.store import pages, sources
from diembao.store.archive import ArchiveWriter, read_record
from diembao.store.database import Store
from diembao.store.models import PageRow
from pipelines.imports import ImportTally, import_files

NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)
RECORD = sources.SourceRecord("songcau", "Báo Sông Cầu", "newspaper", "local", "none", {"domains": ["songcau.vn"]}, ())
PAGE = "<!doctype html><title>Lũ lên</title><h1>Lũ lên</h1><p>Nước sông Cầu dâng nhanh trong đêm.</p>"


def record(
    writer: WARCWriter, url: str, body: bytes, kind: str = "text/html; charset=utf-8", status: str = "200 OK"
) -> None:
    headers = StatusAndHeaders(status, [("Content-Type", kind)], protocol="HTTP/1.1")
    writer.write_record(
        writer.create_warc_record(
            url,
            "response",
            payload=io.BytesIO(body),
            length=len(body),
            http_headers=headers,
            warc_headers_dict={"WARC-Date": "2026-10-05T03:04:05Z"},
        )
    )


def warc(pages_in_it: int = 3) -> bytes:
    file = io.BytesIO()
    writer = WARCWriter(file, gzip=True)
    for number in range(pages_in_it):
        record(writer, f"https://songcau.vn/lu-{number}.html?utm_source=rss", PAGE.encode())
    record(writer, "https://bao-khac.example/tin-1.html", PAGE.encode())
    record(writer, "https://songcau.vn/anh.png", b"\x89PNG", "image/png")
    record(writer, "https://songcau.vn/mat.html", b"gone", status="404 Not Found")
    record(writer, "https://songcau.vn/", PAGE.encode())
    return file.getvalue()


@pytest.fixture
def archive(settings: Settings):
    writer = ArchiveWriter(settings.archive_dir)
    yield writer
    writer.close()


def run(store: Store, archive: ArchiveWriter, path: Path) -> ImportTally:
    with store.write() as session:
        sources.sync_sources(session, [RECORD], 600, NOW)
    return import_files(store, archive, [path], now=lambda: NOW)


def kept(store: Store) -> list[PageRow]:
    with store.read() as session:
        return list(session.scalars(select(PageRow).order_by(PageRow.url)))


@pytest.mark.parametrize("kind", ["warc.gz", "warc", "wacz"])
def test_pages_of_an_archive_come_in_with_their_time_and_source_once(
    store: Store, archive: ArchiveWriter, settings: Settings, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / f"lay-ve.{kind}"
    if kind == "wacz":
        with zipfile.ZipFile(path, "w") as collection:
            collection.writestr("datapackage.json", "{}")
            collection.writestr("archive/data.warc.gz", warc())
    else:
        path.write_bytes(warc() if kind == "warc.gz" else gzip.decompress(warc()))
    tally = run(store, archive, path)
    assert (tally.new, tally.known, tally.bad, tally.other) == (4, 0, 0, 3)
    foreign, *ours = kept(store)
    assert (foreign.url, foreign.source) == ("https://bao-khac.example/tin-1.html", "bao-khac-example")
    assert [row.url for row in ours] == [f"https://songcau.vn/lu-{n}.html" for n in range(3)]
    assert {(row.source, row.state, row.fetched_at) for row in ours} == {
        ("songcau", "fetched", datetime(2026, 10, 5, 3, 4, 5, tzinfo=UTC))
    }
    place = ArchivePlace(ours[0].archive_file, ours[0].archive_offset, ours[0].archive_length)
    assert read_record(settings.archive_dir, place).body == PAGE.encode()
    again = run(store, archive, path)
    assert (again.new, again.known) == (0, 4)
    assert len(kept(store)) == 4


def test_a_torn_archive_gives_what_is_whole_and_says_where_it_breaks_off(
    store: Store, archive: ArchiveWriter, tmp_path: Path
) -> None:
    path = tmp_path / "dut.warc.gz"
    whole = warc(20)
    path.write_bytes(whole[: len(whole) // 2])
    tally = run(store, archive, path)
    assert 5 <= tally.new < 20
    assert tally.bad == 1
    assert "breaks off" in tally.faults[0]
    path.write_bytes(whole)
    assert run(store, archive, path).new == 21 - tally.new


def test_a_bomb_in_an_archive_is_not_unfolded(store: Store, archive: ArchiveWriter, tmp_path: Path) -> None:
    file = io.BytesIO()
    writer = WARCWriter(file, gzip=True)
    record(writer, "https://songcau.vn/bom.html", b"<p>" + b"0" * 60_000_000)
    record(writer, "https://songcau.vn/lanh.html", PAGE.encode())
    path = tmp_path / "bom.warc.gz"
    path.write_bytes(file.getvalue())
    tally = run(store, archive, path)
    assert (tally.new, tally.bad) == (1, 1)
    assert "larger" in tally.faults[0]


def test_addresses_of_known_papers_wait_for_the_crawler(store: Store, archive: ArchiveWriter, tmp_path: Path) -> None:
    path = tmp_path / "dia-chi.txt"
    path.write_text(
        "# của Báo Sông Cầu\nhttps://songcau.vn/a-1.html\nhttps://songcau.vn/a-1.html#binh-luan\n\n"
        "https://songcau.vn/a-2.html # đã đọc\nkhông phải địa chỉ\nhttps://la.example/x.html\n",
        "utf-8",
    )
    tally = run(store, archive, path)
    assert (tally.new, tally.known, tally.bad, tally.queued) == (2, 1, 2, 2)
    assert "on no newspaper we read" in tally.faults[1]
    assert {(row.state, row.source) for row in kept(store)} == {("found", "songcau")}
    with store.read() as session:
        assert len(pages.due_pages(session, NOW, 10)) == 2
    assert run(store, archive, path).new == 0


@pytest.mark.parametrize("content", [b"", b"no archive at all", b"PK\x03\x04broken"])
def test_what_is_no_collection_is_one_clear_line(
    store: Store, archive: ArchiveWriter, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "x.wacz"
    path.write_bytes(content)
    with pytest.raises(WrongUse, match=r"x\.wacz"):
        run(store, archive, path)
