"""Packed bodies: what servers send comes out whole, and nothing unfolds beyond its bound."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import brotli
import pytest

from diembao.errors import ArchiveError
from diembao.records import ArchivePlace
from diembao.store.archive import ArchiveWriter, read_record
from diembao.store.codings import Damaged, Truncated, coding_of, unpack

PAGE = ("<p>Mưa lớn ở Thái Nguyên, nước sông Cầu lên mức báo động 2.</p>\n" * 900).encode()
MOST = 1_000_000


def bare_deflate(body: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(body) + stream.flush()


PACKED: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "gzip of two members": ("gzip", lambda body: gzip.compress(body[:100]) + gzip.compress(body[100:])),
    "gzip, padded": ("gzip", lambda body: gzip.compress(body) + b"\0" * 7),
    "deflate": ("deflate", zlib.compress),
    "deflate without its frame": ("deflate", bare_deflate),
    "brotli": ("br", brotli.compress),
}


@pytest.mark.parametrize("case", PACKED)
def test_what_a_server_packs_comes_out_whole(case: str) -> None:
    coding, pack = PACKED[case]
    assert unpack(pack(PAGE), coding, MOST) == PAGE


@pytest.mark.parametrize("case", PACKED)
def test_no_more_is_unfolded_than_wanted(case: str) -> None:
    coding, pack = PACKED[case]
    assert unpack(pack(b"0" * 50_000_000), coding, 70_000) == b"0" * 70_001


@pytest.mark.parametrize("case", ["gzip", "deflate", "deflate without its frame", "brotli"])
def test_half_a_body_is_no_body_unless_the_beginning_is_enough(case: str) -> None:
    coding, pack = PACKED[case]
    half = pack(PAGE)[: len(pack(PAGE)) // 2]
    with pytest.raises(Truncated):
        unpack(half, coding, MOST)
    beginning = unpack(half, coding, MOST, beginning=True)
    assert PAGE.startswith(beginning)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_a_body_that_is_not_packed_as_it_says_is_damaged(coding: str) -> None:
    with pytest.raises(Damaged):
        unpack(b"<html>khong nen gi ca</html>", coding, MOST)


def test_endless_members_end() -> None:
    assert len(unpack(gzip.compress(b"a") * 10_000, "gzip", MOST)) <= 64


@pytest.mark.parametrize(
    ("header", "coding"),
    [("gzip", "gzip"), (" X-GZIP ", "gzip"), ("BR", "br"), ("", ""), ("utf-8", ""), ("identity", ""), ("zstd", "")],
)
def test_only_codings_we_know_are_believed(header: str, coding: str) -> None:
    assert coding_of(header) == coding


def kept(folder: Path, coding: str, body: bytes) -> ArchivePlace:
    writer = ArchiveWriter(folder)
    at = datetime(2026, 11, 20, tzinfo=UTC)
    headers = [("Content-Type", "text/html"), ("Content-Encoding", "gzip"), ("Content-Length", "5")]
    place = writer.write_response("https://baothu.vn/1", 200, headers, body, at, coding=coding)
    writer.close()
    return place


@pytest.mark.parametrize("case", [*PACKED, "not packed"])
def test_the_archive_keeps_what_came_and_gives_back_the_page(case: str, tmp_path: Path) -> None:
    coding, pack = PACKED.get(case, ("", bytes))
    packed = pack(PAGE)
    place = kept(tmp_path, coding, packed)
    record = read_record(tmp_path, place)
    assert record.body == PAGE
    assert "content-encoding" not in record.headers and record.headers["content-type"] == "text/html"
    if coding:
        assert packed in (tmp_path / place.file).read_bytes()


def test_a_damaged_body_in_the_archive_is_told_as_such(tmp_path: Path) -> None:
    place = kept(tmp_path, "br", b"khong phai brotli")
    with pytest.raises(ArchiveError, match="cannot be read: not br"):
        read_record(tmp_path, place)
