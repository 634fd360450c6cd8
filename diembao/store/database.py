"""Opening the database: one engine, read and write sessions, schema check.

SQLite runs in WAL mode: readers never wait, and one writer at a time takes the lock at BEGIN, so that two
processes never meet a deadlock in the middle of a transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.orm import Session

from diembao.errors import StaleSchema, StoreUnavailable
from diembao.settings import Settings, mask_password
from diembao.store.migrations import HEAD, upgrade

# Longer than any transaction of ours; a writer that waits longer is stuck, not slow.
_BUSY_SECONDS = 30


class Store:
    """The database of one installation. Safe to share between threads; make one per process."""

    def __init__(self, url: str) -> None:
        """Open lazily; nothing is connected yet.

        Raises:
            StoreUnavailable: the URL names no database we know.
        """
        try:
            parsed = make_url(url)
            self.dialect = parsed.get_backend_name()
            self.engine = (
                _sqlite_engine(url)
                if self.dialect == "sqlite"
                else create_engine(url, pool_pre_ping=True, json_deserializer=_read_json)
            )
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            raise StoreUnavailable(f"DIEMBAO_DATABASE_URL names no database we know: {error}") from error
        self.shown_url = mask_password(url)
        self._write_engine = self.engine.execution_options(diembao_write=True)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; nothing it does is kept."""
        with self._translated(), Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        with self._translated(), Session(self._write_engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection of its own, for what belongs to a connection and to no transaction (locks, snapshots)."""
        with self._translated(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Database faults (unreachable, full, read-only) as one line; programming faults stay what they are."""
        try:
            yield
        except DBAPIError as error:
            if error.connection_invalidated or _is_environment(error):
                reason = str(error.orig).strip().splitlines()[0] if error.orig else str(error)
                raise StoreUnavailable(f"database {self.shown_url}: {reason}") from error
            raise

    def ready(self) -> None:
        """Make an empty database ours; refuse one of another version.

        Raises:
            StaleSchema: the schema is older or newer than this program.
            StoreUnavailable: the database cannot be reached or written.
        """
        found = self.schema_version()
        if found is None:
            self.migrate()
        elif found != HEAD:
            raise StaleSchema(f"database schema is {found}, this program needs {HEAD}: run 'diembao migrate'")

    def schema_version(self) -> str | None:
        """The schema's version; None when the database is empty."""
        with self._translated(), self.engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            version: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
            return version

    def migrate(self) -> None:
        """Bring the schema to this program's version, in one transaction per step."""
        with self._translated():
            upgrade(self._write_engine)

    def close(self) -> None:
        self.engine.dispose()


def beneath(session: Session) -> Connection:
    """The connection of a session, which first writes what it holds.

    For statements about many rows that nobody wants as objects: through the session each costs about twice as much.
    """
    session.flush()
    return session.connection()


def open_store(settings: Settings, *, migrate: bool = False) -> Store:
    """The store named by the settings, its schema checked (or brought up to date).

    Raises:
        StoreUnavailable, StaleSchema
    """
    url = settings.effective_database_url
    if url.startswith("sqlite:///"):
        folder = Path(url.removeprefix("sqlite:///")).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(f"cannot make the data directory {folder}: {error.strerror}") from error
    store = Store(url)
    if migrate:
        store.migrate()
    store.ready()
    return store


def _is_environment(error: DBAPIError) -> bool:
    """Whether the fault lies with the database's surroundings rather than with our statement."""
    original = error.orig
    if isinstance(original, sqlite3.OperationalError):
        # "no such table" and syntax errors are ours; full, locked, read-only and unopenable are not.
        return not str(original).startswith(("no such", "near ", "table ", "duplicate column"))
    if isinstance(original, sqlite3.DatabaseError):
        return "malformed" in str(original) or "not a database" in str(original)
    return type(original).__name__ == "OperationalError"


def _sqlite_engine(url: str) -> Engine:
    # isolation_level None: the driver leaves BEGIN to us (see _begin).
    arguments = {"timeout": _BUSY_SECONDS, "isolation_level": None}
    engine = create_engine(url, connect_args=arguments, json_deserializer=_read_json)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin)
    return engine


def _read_json(text: str | bytes) -> Any:
    """A page of the section holds a hundred small ones; pydantic's reader takes a third of the library's time for one.
    It refuses what no text can hold (halves of surrogate pairs) and very deep nesting: those few the slow way."""
    try:
        return from_json(text)
    except ValueError:
        return json.loads(text)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    # FULL: a commit is on the disk before we act on it, so power loss cannot undo what was acknowledged.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA cache_size=-65536")  # 64 MB
    cursor.close()


def _begin(connection: Connection) -> None:
    write = connection.get_execution_options().get("diembao_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
