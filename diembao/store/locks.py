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

from sqlalchemy import text

from diembao.store.database import Store


@contextmanager
def exclusive(store: Store, data_dir: Path, name: str) -> Iterator[bool]:
    """Hold the lock for the block; yields False at once when another process has it."""
    if store.dialect == "sqlite":
        with _file_lock(data_dir / f"{name}.lock") as held:
            yield held
    else:
        with _advisory_lock(store, name) as held:
            yield held


@contextmanager
def _file_lock(path: Path) -> Iterator[bool]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


@contextmanager
def _advisory_lock(store: Store, name: str) -> Iterator[bool]:
    key = zlib.crc32(f"diembao:{name}".encode())
    with store.engine.connect() as connection:
        held = bool(connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}).scalar())
        connection.commit()  # the lock belongs to the connection, not to a transaction left open
        try:
            yield held
        finally:
            if held:
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})
