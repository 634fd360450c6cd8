"""Articles sent in by the API, from the table to the archive and the queue."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from diembao.store import pages, pushed
from diembao.store.archive import ArchiveWriter
from pipelines.pushed import take_in

NOW = datetime(2026, 11, 22, 2, 5, tzinfo=UTC)
ROW = {
    "title": "Lũ trên sông Cầu",
    "text": "Nước lên nhanh.",
    "url": "https://songcau.vn/bai-1.html",
    "source": "Báo Sông Cầu",
}


@pytest.fixture
def archive(tmp_path):
    writer = ArchiveWriter(tmp_path / "archive")
    yield writer
    writer.close()


def push(store, values):
    with store.write() as session:
        return pushed.add(session, values, "lan", 1, NOW)


def fate(store, number):
    with store.read() as session:
        return pushed.whereabouts(session, number, 1)


def test_what_was_sent_in_is_archived_and_waits_to_be_understood(store, archive, tmp_path):
    number = push(store, ROW)
    assert take_in(store, archive, NOW) == 1 and take_in(store, archive, NOW) == 0
    archive.sync()
    assert fate(store, number).state == "taken"
    with store.read() as session:
        page = pages.by_url(session, ROW["url"])
    assert page.state == "fetched" and page.source == "bao-song-cau"
    assert (tmp_path / "archive" / page.archive_file).stat().st_size > 0


def test_the_same_address_is_taken_in_once_and_nonsense_is_told(store, archive):
    numbers = [push(store, ROW), push(store, ROW | {"title": "Lại bài ấy"}), push(store, {"title": ["x"]})]
    take_in(store, archive, NOW)
    assert [fate(store, number).state for number in numbers] == ["taken", "known", "bad"]
    assert fate(store, numbers[2]).reason == "title is not text"
    with store.read() as session:
        assert pushed.whereabouts(session, numbers[0], 2) is None


def test_killed_between_archive_and_note_nothing_is_doubled(store, archive, monkeypatch):
    number = push(store, ROW)
    with monkeypatch.context() as patched:
        patched.setattr(pushed, "settle", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            take_in(store, archive, NOW)
    assert fate(store, number).state == "waiting"
    take_in(store, archive, NOW)
    assert fate(store, number).state == "known"
