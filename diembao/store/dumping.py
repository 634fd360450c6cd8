"""Copying a whole database while others write to it, and bringing the copy back into an empty one."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, create_engine, func, inspect, make_url, select, table, text
from sqlalchemy.pool import NullPool

from diembao.errors import StoreUnavailable, WrongUse
from diembao.settings import Settings
from diembao.store.database import Store


class Dump(Protocol):
    """One kind of database. kind: its name; file: what its copy is called."""

    kind: str
    file: str

    def save(self, target: Path) -> tuple[str, dict[str, int]]:
        """Copy the database as it is at one moment; its schema version, and the rows of each table at that moment."""

    def load(self, source: Path) -> None:
        """Bring a copy back."""

    def occupied(self) -> str:
        """Where something is already, or nothing."""


@contextmanager
def dump_of(settings: Settings) -> Iterator[Dump]:
    """How the database of these settings is copied.

    Raises:
        StoreUnavailable: the URL names no database we know.
    """
    url = settings.effective_database_url
    store = Store(url)
    try:
        if store.dialect == "sqlite":
            yield _SqliteDump(Path(make_url(url).database or ""))
        else:
            yield _PostgresqlDump(store, url)
    finally:
        store.close()


class _SqliteDump:
    kind = "sqlite"
    file = "store.sqlite3"

    def __init__(self, path: Path) -> None:
        self._path = path

    def save(self, target: Path) -> tuple[str, dict[str, int]]:
        if not self._path.exists():
            raise WrongUse(f"there is no database {self._path} to back up")
        try:
            with closing(sqlite3.connect(self._path)) as source, closing(sqlite3.connect(target)) as copy:
                # All pages in one step: one read transaction, which in WAL mode hinders no writer.
                source.backup(copy, pages=-1)
                # The copy is to be one file, to be read where nothing can be written.
                copy.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.Error as error:
            raise StoreUnavailable(f"database {self._path}: {error}") from error
        target.chmod(0o600)
        engine = create_engine(f"sqlite:///{target.absolute()}", poolclass=NullPool)
        with engine.connect() as connection:
            return _told(connection)

    def load(self, source: Path) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(self._path.name + ".restoring")
        shutil.copyfile(source, draft)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(self._path)

    def occupied(self) -> str:
        return str(self._path) if self._path.exists() else ""


class _PostgresqlDump:
    """Through the server's own tools, which must be at hand and no older than the server."""

    kind = "postgresql"
    file = "store.pgdump"

    def __init__(self, store: Store, url: str) -> None:
        self._store = store
        parts = make_url(url).set(drivername="postgresql")
        # The password travels in the environment: everybody on the machine can read a command line.
        self._password = parts.password or ""
        self._url = parts._replace(password=None).render_as_string()

    def save(self, target: Path) -> tuple[str, dict[str, int]]:
        with self._store.connection() as connection:
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
            told = _told(connection)
            self._run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}",
                      f"--file={target}", f"--dbname={self._url}")  # fmt: skip
        target.chmod(0o600)
        return told

    def load(self, source: Path) -> None:
        self._run("pg_restore", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error",
                  f"--dbname={self._url}", str(source))  # fmt: skip

    def occupied(self) -> str:
        with self._store.connection() as connection:
            return f"database {self._store.shown_url}" if inspect(connection).get_table_names() else ""

    def _run(self, tool: str, *arguments: str) -> None:
        path = shutil.which(tool)
        if path is None:
            raise StoreUnavailable(f"{tool} is not installed: it comes with PostgreSQL's client programs")
        environment = os.environ | ({"PGPASSWORD": self._password} if self._password else {})
        done = subprocess.run(  # noqa: S603 - the server's own tool, found on the path
            [path, *arguments], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            told = done.stderr.strip().splitlines() or [f"exit {done.returncode}"]
            raise StoreUnavailable(f"{tool}: {told[0]}")


def _told(connection: Connection) -> tuple[str, dict[str, int]]:
    """The schema version, and how many rows each table has."""
    names = inspect(connection).get_table_names()
    if "alembic_version" not in names:
        raise WrongUse("the database is empty: there is nothing to back up")
    version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    rows = {name: connection.execute(select(func.count()).select_from(table(name))).scalar_one() for name in names}
    return version, rows
