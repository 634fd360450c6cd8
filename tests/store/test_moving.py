"""An installation's database copied into one of the other kind, and back: the same rows, and it goes on from there."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import create_engine, delete, func, select, text
from typer.testing import CliRunner

from diembao.cli import app
from diembao.errors import StoreUnavailable, WrongUse
from diembao.records import Annotations, Article, FeedHints, Relevance
from diembao.settings import Settings
from diembao.store import articles, audit, leases, pages, sources, stories
from diembao.store.database import Store
from diembao.store.locks import exclusive
from diembao.store.models import ArticleRow, BandRow, Base
from diembao.store.moving import move

NOW = datetime(2026, 11, 22, 1, 2, 3, 456789, tzinfo=UTC)
SOURCE = sources.SourceRecord("songcau", "Báo Sông Cầu", "newspaper", "local", "none", {"feeds": ["ế"]}, ())


def write(store: Store, numbers: range) -> list[int]:
    """Articles, each a copy of the one that comes after it where there is one."""
    written = []
    for number in numbers:
        with store.write() as session:
            sources.sync_sources(session, [SOURCE], 600, NOW)
            url = f"https://songcau.example/{number}.html"
            pages.register_found(session, "songcau", None, [pages.FoundLink(url, FeedHints(title="Lũ"))], NOW)
            page = pages.by_url(session, url)
            assert page is not None
            row = articles.add(
                session, page.id,
                Article(url, url, "songcau", f"Lũ sông Cầu {number}", "", "Nước lên.", published_at=NOW),
                Annotations(Relevance.RELEVANT, 0.9),
                story_id=stories.create(session, at=NOW, relevance="relevant", now=NOW).id,
                reprint_of=None, signature=b"\x00\xff", bands=(1, -(2**40)), fetched_at=NOW, now=NOW,
            )  # fmt: skip
            written.append(row.id)
            audit.record(session, actor="a", action="put_back", object_kind="article", object_id=row.id, at=NOW)
    with store.write() as session:
        for earlier, later in pairwise(written):
            session.get_one(ArticleRow, earlier).reprint_of = later
    return written


def everything(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store.read() as session:
        return {
            name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
            for name, table in Base.metadata.tables.items()
        }


@pytest.fixture
def other(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Store]:
    """An empty database of the other kind."""
    if not database_url.startswith("sqlite"):
        store = Store(f"sqlite:///{tmp_path / 'other.sqlite3'}")
        yield store
        store.close()
        return
    server = request.getfixturevalue("postgresql_server")
    name = f"diembao_test_{uuid.uuid4().hex[:12]}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    store = Store(f"{server.rpartition('/')[0]}/{name}")
    yield store
    store.close()
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def postgresql_server() -> str:
    server = os.environ.get("DIEMBAO_TEST_POSTGRESQL_URL", "")
    if not server:
        pytest.skip("DIEMBAO_TEST_POSTGRESQL_URL is not set: not tried on PostgreSQL")
    return server


pytestmark = pytest.mark.postgresql


def test_every_row_arrives_and_the_audit_log_is_unbroken(store: Store, other: Store) -> None:
    write(store, range(7))
    told: list[int] = []
    copied = move(store, other, told.append)
    assert everything(other) == everything(store)
    assert copied["articles"] == 7 and told == sorted(told) and told[-1] == sum(copied.values())
    with other.read() as session:
        assert audit.first_broken(session) is None
        assert session.scalar(select(func.count()).select_from(ArticleRow).where(ArticleRow.reprint_of > 0)) == 6


def test_there_and_back_nothing_has_changed(store: Store, other: Store, tmp_path: Path) -> None:
    write(store, range(3))
    move(store, other)
    third = Store(f"sqlite:///{tmp_path / 'third.sqlite3'}")
    move(other, third)
    assert everything(third) == everything(store)
    third.close()


def test_numbers_go_on_and_that_of_a_deleted_row_does_not_come_back(store: Store, other: Store) -> None:
    *kept, last = write(store, range(3))
    with store.write() as session:
        session.get_one(ArticleRow, kept[-1]).reprint_of = None
        session.flush()
        session.execute(delete(BandRow).where(BandRow.article_id == last))
        session.execute(delete(ArticleRow).where(ArticleRow.id == last))
    move(store, other)
    (newer,) = write(other, range(10, 11))
    assert newer == last + 1


def test_only_into_an_empty_database_and_nothing_of_a_failed_copy_stays(
    store: Store, other: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(store, range(2))
    with monkeypatch.context() as broken, pytest.raises(StoreUnavailable):
        broken.setattr("diembao.store.moving._go_on_counting", _fail)
        move(store, other)
    assert not any(everything(other).values())
    move(store, other)
    with pytest.raises(WrongUse, match="not empty"):
        move(store, other)


def _fail(*_: object) -> None:
    raise StoreUnavailable("the disk is full")


def test_what_is_no_database_of_ours_is_refused(other: Store, tmp_path: Path) -> None:
    for path, told in ((tmp_path / "nowhere", "there is no database"), (tmp_path / "empty", "nothing in database")):
        (tmp_path / "empty").touch()
        with closing(Store(f"sqlite:///{path}")) as source, pytest.raises(WrongUse, match=told):
            move(source, other)
    assert not (tmp_path / "nowhere").exists()


def test_the_command_refuses_while_a_worker_works_and_copies_afterwards(
    store: Store, other: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(store, range(2))
    monkeypatch.setenv("DIEMBAO_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("DIEMBAO_DATABASE_URL", other.engine.url.render_as_string(hide_password=False))
    old = store.engine.url.render_as_string(hide_password=False)

    def run() -> str:
        done = CliRunner().invoke(app, ["copy-database", old])
        return done.output if done.exception is None else str(done.exception)

    with _at_work(store, settings):
        assert "a worker is at work" in run()
    assert "2 articles among them" in run()
    assert everything(other) == everything(store)


def _at_work(store: Store, settings: Settings) -> AbstractContextManager[object]:
    """As a worker says that it is here."""
    return exclusive(store, settings.data_dir, "worker") if store.dialect == "sqlite" else _announced(store)


@contextmanager
def _announced(store: Store) -> Iterator[None]:
    with store.write() as session:
        leases.announce(session, "worker", "here", 60)
    yield
    with store.write() as session:
        leases.withdraw(session, "worker", "here")
