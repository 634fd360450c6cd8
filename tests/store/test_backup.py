"""A backup taken while others write, brought back into an empty place, is the installation as it was."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, func, select, text

from diembao.errors import BackupDamaged, StoreUnavailable, WrongUse
from diembao.index.language import parse
from diembao.index.opening import open_index
from diembao.index.protocol import Query
from diembao.records import Annotations, ArchivePlace, Article, FeedHints, Relevance
from diembao.settings import Settings
from diembao.store import articles, pages, sources, stories
from diembao.store.archive import ArchiveWriter, read_record
from diembao.store.backup import back_up, changed_settings, restore
from diembao.store.database import Store, open_store
from diembao.store.models import ArticleRow, Base, PageRow
from pipelines.indexing import rebuild

NOW = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)
SOURCE = sources.SourceRecord("songcau", "Báo Sông Cầu", "newspaper", "local", "none", {}, ())
KEY = "a key that nobody may read in a log"


@pytest.fixture
def here(database_url: str, tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_url=SecretStr(database_url), secret_key=SecretStr(KEY))


@pytest.fixture
def there(here: Settings, tmp_path: Path) -> Iterator[Settings]:
    """Another, empty installation on the same kind of database."""
    url = here.effective_database_url
    elsewhere = here.model_copy(update={"data_dir": tmp_path / "new place"})
    if url.startswith("sqlite"):
        yield elsewhere.model_copy(update={"database_url": SecretStr(f"sqlite:///{tmp_path / 'new.sqlite3'}")})
        return
    name = f"{url.rpartition('/')[2]}_new"
    admin = create_engine(os.environ["DIEMBAO_TEST_POSTGRESQL_URL"], isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield elsewhere.model_copy(update={"database_url": SecretStr(f"{url.rpartition('/')[0]}/{name}")})
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


class Desk:
    """Writes articles as the product does: into the archive first, then into the store."""

    def __init__(self, settings: Settings) -> None:
        self.store = open_store(settings)
        self._archive = ArchiveWriter(settings.archive_dir)
        self._number = 0
        with self.store.write() as session:
            sources.sync_sources(session, [SOURCE], 600, NOW)

    def write(self, count: int) -> None:
        for _ in range(count):
            self._number += 1
            url = f"https://songcau.example/{self._number}.html"
            place = self._archive.write_response(url, 200, [], b"<p>" + os.urandom(3000).hex().encode(), NOW)
            self._archive.sync()
            with self.store.write() as session:
                pages.register_found(session, "songcau", None, [pages.FoundLink(url, FeedHints())], NOW)
                page = pages.by_url(session, url)
                assert page is not None
                page.archive_file, page.archive_offset, page.archive_length = place.file, place.offset, place.length
                articles.add(
                    session, page.id,
                    Article(url, url, "songcau", f"Lũ sông Cầu {self._number}", "", "Nước lên.", published_at=NOW),
                    Annotations(Relevance.RELEVANT, 0.9),
                    story_id=stories.create(session, at=NOW, relevance="relevant", now=NOW).id,
                    reprint_of=None, signature=b"", bands=(), fetched_at=NOW, now=NOW,
                )  # fmt: skip

    def close(self) -> None:
        self._archive.close()
        self.store.close()


@pytest.fixture
def desk(here: Settings) -> Iterator[Desk]:
    opened = Desk(here)
    yield opened
    opened.close()


def everything(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store.read() as session:
        tables = {**Base.metadata.tables}
        return {
            name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
            for name, table in tables.items()
        }


def found(settings: Settings, store: Store) -> list[str]:
    index = open_index(settings)
    rebuild(store, index, settings.data_dir)
    hits = index.search(Query(tree=parse("lu song cau"), size=1000)).items
    index.close()
    return [hit.url for hit in hits]


def test_restored_elsewhere_it_is_the_same_installation(
    desk: Desk, here: Settings, there: Settings, tmp_path: Path
) -> None:
    desk.write(20)
    saved = back_up(here, tmp_path / "backup")
    assert saved.rows["articles"] == 20
    restore(there, tmp_path / "backup")
    restored = open_store(there)
    assert everything(restored) == everything(desk.store)
    assert found(there, restored) == found(here, desk.store)
    desk_files = {path.relative_to(here.archive_dir): path.read_bytes() for path in here.archive_dir.rglob("*.gz")}
    assert desk_files
    assert {p.relative_to(there.archive_dir): p.read_bytes() for p in there.archive_dir.rglob("*.gz")} == desk_files
    restored.close()


def test_new_articles_can_be_written_after_restoring(
    desk: Desk, here: Settings, there: Settings, tmp_path: Path
) -> None:
    desk.write(2)
    back_up(here, tmp_path / "backup")
    restore(there, tmp_path / "backup")
    newer = Desk(there)
    newer._number = 2
    newer.write(1)
    with newer.store.read() as session:
        assert session.scalar(select(func.count()).select_from(ArticleRow)) == 3
    newer.close()


def test_a_backup_taken_while_others_write_is_of_one_moment(
    desk: Desk, here: Settings, there: Settings, tmp_path: Path
) -> None:
    desk.write(5)
    stop = threading.Event()
    written = threading.Event()

    def go_on_writing() -> None:
        while not stop.is_set():
            desk.write(1)
            written.set()

    writer = threading.Thread(target=go_on_writing)
    writer.start()
    try:
        assert written.wait(60)
        saved = back_up(here, tmp_path / "backup")
    finally:
        stop.set()
        writer.join()
    restore(there, tmp_path / "backup")
    restored = open_store(there)
    with restored.read() as session:
        number = session.scalar(select(func.count()).select_from(ArticleRow))
        assert number == saved.rows["articles"] == saved.rows["pages"] == saved.rows["stories"]
        assert number is not None and number >= 6
        for page in session.scalars(select(PageRow)):
            record = read_record(
                there.archive_dir, ArchivePlace(page.archive_file, page.archive_offset, page.archive_length)
            )
            assert record.url == page.url, "every page that the database speaks of is in the archive"
    assert len(found(there, restored)) == number
    restored.close()


def test_only_an_empty_place_is_restored_into(desk: Desk, here: Settings, there: Settings, tmp_path: Path) -> None:
    desk.write(1)
    back_up(here, tmp_path / "backup")
    with pytest.raises(WrongUse, match="empty place"):
        restore(here, tmp_path / "backup")
    there.archive_dir.mkdir(parents=True)
    (there.archive_dir / "kept").write_text("something")
    with pytest.raises(WrongUse, match="archive"):
        restore(there, tmp_path / "backup")
    with pytest.raises(WrongUse, match="not empty"):
        back_up(here, tmp_path / "backup")


@pytest.mark.parametrize("damage", ["changed", "cut", "gone", "no manifest", "manifest", "outside"])
def test_a_damaged_backup_is_refused_before_anything_is_written(
    desk: Desk, here: Settings, there: Settings, tmp_path: Path, damage: str
) -> None:
    desk.write(3)
    backup = tmp_path / "backup"
    back_up(here, backup)
    [file] = backup.rglob("*.warc.gz")
    content = file.read_bytes()
    manifest = backup / "manifest.json"
    if damage == "changed":
        file.write_bytes(content[:100] + bytes([content[100] ^ 1]) + content[101:])
    elif damage == "cut":
        file.write_bytes(content[:-1])
    elif damage == "gone":
        file.unlink()
    elif damage == "no manifest":
        manifest.unlink()
    elif damage == "manifest":
        manifest.write_text("{")
    else:
        told = json.loads(manifest.read_text())
        told["files"]["archive/../../outside"] = told["files"].pop(file.relative_to(backup).as_posix())
        shutil.copy(file, tmp_path / "outside")
        manifest.write_text(json.dumps(told))
    with pytest.raises((BackupDamaged, WrongUse)):
        restore(there, backup)
    assert not there.data_dir.exists()


def test_a_backup_of_the_other_kind_of_database_is_refused(desk: Desk, here: Settings, tmp_path: Path) -> None:
    desk.write(1)
    back_up(here, tmp_path / "backup")
    manifest = tmp_path / "backup" / "manifest.json"
    told = json.loads(manifest.read_text())
    told["database"] = "postgresql" if told["database"] == "sqlite" else "sqlite"
    manifest.write_text(json.dumps(told))
    with pytest.raises(WrongUse, match="uses"):
        restore(here, tmp_path / "backup")


def test_settings_come_along_and_only_the_owner_may_read_them(desk: Desk, here: Settings, tmp_path: Path) -> None:
    desk.write(1)
    backup = tmp_path / "backup"
    back_up(here, backup)
    assert f"DIEMBAO_SECRET_KEY={KEY}\n" in (backup / "settings.env").read_text()
    assert (backup / "settings.env").stat().st_mode & 0o077 == 0
    assert backup.stat().st_mode & 0o077 == 0
    assert changed_settings(here, backup) == []
    other = here.model_copy(update={"contact": "toasoan@example.vn"})
    assert changed_settings(other, backup) == ["DIEMBAO_CONTACT"]


def test_nothing_to_back_up_is_one_clear_line(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="no database"):
        back_up(settings, tmp_path / "backup")


def test_missing_tools_are_named_where_they_are_needed(
    desk: Desk, here: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write(1)
    monkeypatch.setenv("PATH", str(tmp_path))
    if desk.store.dialect == "sqlite":
        assert back_up(here, tmp_path / "backup").rows["articles"] == 1
        return
    with pytest.raises(StoreUnavailable, match="pg_dump is not installed"):
        back_up(here, tmp_path / "backup")


def test_by_hand_no_secret_is_said_and_the_next_step_is(desk: Desk, here: Settings, tmp_path: Path) -> None:
    desk.write(2)

    def diembao(data_dir: Path, url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        named = {"DIEMBAO_DATA_DIR": str(data_dir), "DIEMBAO_DATABASE_URL": url, "DIEMBAO_SECRET_KEY": KEY}
        return subprocess.run(
            [sys.executable, "-m", "diembao", *arguments],
            env={"PATH": os.environ["PATH"]} | named, capture_output=True, text=True, check=False,
        )  # fmt: skip

    backup = tmp_path / "backup"
    made = diembao(here.data_dir, here.effective_database_url, "backup", str(backup))
    assert made.returncode == 0, made.stderr
    assert "2 articles" in made.stdout and KEY not in made.stdout + made.stderr
    refused = diembao(here.data_dir, here.effective_database_url, "restore", str(backup))
    assert refused.returncode == 2 and "empty place" in refused.stderr and "Traceback" not in refused.stderr
    if desk.store.dialect == "sqlite":
        brought = diembao(tmp_path / "new", f"sqlite:///{tmp_path / 'new.sqlite3'}", "restore", str(backup))
        assert brought.returncode == 0, brought.stderr
        assert "index rebuild" in brought.stdout and KEY not in brought.stdout + brought.stderr
