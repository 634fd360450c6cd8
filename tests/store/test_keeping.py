"""The archive is verified against the store, and thinned without losing what is ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from diembao.records import ArchivePlace, FeedHints
from diembao.store import keeping, pages, sources
from diembao.store.archive import ArchiveWriter, read_record
from diembao.store.database import Store

NOW = datetime.now(UTC)
OUTCOMES = ("relevant", "irrelevant", "marginal", "unreadable", "irrelevant")


def filled(store: Store, folder: Path) -> list[str]:
    """Five pages with their outcomes, each in the archive; their addresses."""
    writer = ArchiveWriter(folder)
    with store.write() as session:
        sources.sync_sources(session, [sources.SourceRecord("a", "A", "newspaper", "local", "none", {}, ())], 600, NOW)
    urls = []
    for number, outcome in enumerate(OUTCOMES):
        url = f"https://a.vn/{number}.html"
        place = writer.write_response(url, 200, [("Content-Type", "text/html")], f"trang {number}".encode() * 99, NOW)
        with store.write() as session:
            pages.register_found(session, "a", None, [pages.FoundLink(url, FeedHints())], NOW)
            row = pages.by_url(session, url)
            assert row is not None
            pages.mark_fetched(session, row.id, status=200, content_type="text/html", place=place, now=NOW)
            pages.finish(session, row.id, outcome, "", NOW)
        urls.append(url)
    writer.sync()
    writer.close()
    return urls


def place_of(store: Store, url: str) -> ArchivePlace | None:
    with store.read() as session:
        row = pages.by_url(session, url)
    assert row is not None
    return ArchivePlace(row.archive_file, row.archive_offset, row.archive_length) if row.archive_file else None


def only_file(folder: Path) -> Path:
    (path,) = folder.rglob("*.warc.gz")
    return path


def test_a_whole_archive_is_sound(store: Store, tmp_path: Path) -> None:
    filled(store, tmp_path / "w")
    seen = keeping.check(store, tmp_path / "w")
    assert seen.sound and (seen.files, seen.records, seen.orphans, seen.torn) == (1, 5, 0, 0)
    assert keeping.check_quickly(store, tmp_path / "w").sound


def test_damage_cuts_and_loss_are_found(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "w"
    urls = filled(store, folder)
    path = only_file(folder)
    whole = path.read_bytes()
    middle = place_of(store, urls[2])
    assert middle is not None
    spoiled = bytearray(whole)
    spoiled[middle.offset + middle.length // 2] ^= 0xFF
    path.write_bytes(spoiled)
    seen = keeping.check(store, folder)
    assert not seen.sound and seen.faults
    last = place_of(store, urls[-1])
    assert last is not None
    path.write_bytes(whole[: last.offset + 20])
    assert not keeping.check_quickly(store, folder).sound
    seen = keeping.check(store, folder)
    assert (seen.missing, seen.torn) == (1, 1)
    path.unlink()
    assert keeping.check(store, folder).missing == 5


def test_what_a_crash_leaves_behind_is_told_and_is_no_fault(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "w"
    filled(store, folder)
    writer = ArchiveWriter(folder)
    writer.write_response("https://a.vn/mo-coi.html", 200, [], b"x", NOW)
    writer.close()
    seen = keeping.check(store, folder)
    assert seen.sound and seen.orphans == 1


def test_old_pages_that_are_not_ours_go_and_the_others_can_still_be_read(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "w"
    urls = filled(store, folder)
    old = only_file(folder)
    later = NOW + timedelta(days=91)
    assert keeping.thin(store, folder, NOW + timedelta(days=89), 90).files == 0
    assert keeping.thin(store, folder, later, 0).files == 0, "0 keeps everything"
    done = keeping.thin(store, folder, later, 90)
    assert (done.files, done.dropped) == (1, 3)
    assert [place_of(store, url) is not None for url in urls] == [True, False, True, False, False]
    for number in (0, 2):
        place = place_of(store, urls[number])
        assert place is not None
        assert read_record(folder, place).body == f"trang {number}".encode() * 99
    assert old.exists(), "somebody may still be reading from it"
    assert keeping.thin(store, folder, later, 90).deleted == 1
    assert not old.exists()
    assert keeping.check(store, folder).sound
    with store.write() as session:
        assert pages.redo(session, "extract") == 2, "what was dropped is not asked for again"


@pytest.mark.parametrize("level", [1, 9])
def test_files_rotate_by_size_and_pack_as_asked(tmp_path: Path, level: int) -> None:
    writer = ArchiveWriter(tmp_path, file_bytes=1_000, level=level)
    places = [writer.write_response(f"https://a.vn/{n}", 200, [], str(n).encode() * 3000, NOW) for n in range(20)]
    writer.close()
    assert len({place.file for place in places}) > 1
    assert [read_record(tmp_path, place).body for place in places] == [str(n).encode() * 3000 for n in range(20)]
