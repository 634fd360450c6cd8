"""Locks between processes: who may understand articles, who is the worker.

On SQLite all processes share one machine, so a locked file beside the database does; on PostgreSQL an
advisory lock holds across machines. Both vanish with the process that holds them.
"""

from __future__ import annotations

import fcntl
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from diembao.store.database import Store


@contextmanager
def exclusive(store: Store, data_dir: Path, name: str, *, wait: bool = False) -> Iterator[bool]:
    """Hold the lock for the block; yields False at once when another process has it, unless told to `wait`.

    Raises:
        StoreUnavailable: the database that keeps the lock cannot be reached.
    """
    if store.dialect == "sqlite":
        with _file_lock(data_dir / f"{name}.lock", wait) as held:
            yield held
    else:
        with _advisory_lock(store, name, wait) as held:
            yield held


def in_turn(session: Session, name: str) -> None:
    """Wait until no other transaction of this name is open; the next one waits for the end of this. On SQLite there is
    one writing transaction at a time as it is."""
    if session.get_bind().dialect.name != "sqlite":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _key(name)})


def _key(name: str) -> int:
    return zlib.crc32(f"diembao:{name}".encode())


@contextmanager
def _file_lock(path: Path, wait: bool) -> Iterator[bool]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


@contextmanager
def _advisory_lock(store: Store, name: str, wait: bool) -> Iterator[bool]:
    key = _key(name)
    with store.connection() as connection:
        if wait:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": key})
            held = True
        else:
            held = bool(connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}).scalar())
        connection.commit()  # the lock belongs to the connection, not to a transaction left open
        try:
            yield held
        finally:
            if held:
                _let_go(connection, key)


def _let_go(connection: Connection, key: int) -> None:
    try:
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})
        connection.commit()
    except DBAPIError:
        # The connection is gone, and the lock with it; it must not go back to the pool in any case.
        connection.invalidate()
