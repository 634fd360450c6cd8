"""Directories of the embedded index: which generation answers, and how another takes over.

    <root>/<schema>/current           names the generation that answers
    <root>/<schema>/<generation>/     one index of the engine
    <root>/<schema>/rebuild.lock      held while a new generation is filled

`current` is replaced by renaming, so readers in other processes see the old generation or the new one,
never half of one. An index of another schema is left alone until a rebuild has replaced it.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from diembao.errors import IndexBusy, IndexUnavailable

_SEGMENT_FILE = re.compile(r"([0-9a-f]{32})\.")
_SCHEMA = re.compile(r"[0-9a-f]{12}")


class Generations:
    """The generations of one schema below one directory."""

    def __init__(self, root: Path, schema: str) -> None:
        self._root = root
        self._home = root / schema
        self._pointer = self._home / "current"
        self._read: tuple[int, int, str] | None = None  # inode and time of the pointer, and what it said

    @property
    def home(self) -> Path:
        return self._home

    def current(self) -> Path:
        """The generation that answers; an empty one is made when there is none.

        Raises:
            IndexUnavailable: the directory cannot be read or made.
        """
        try:
            return self._home / self._current_name()
        except OSError as error:
            raise IndexUnavailable(f"the index directory {self._home} cannot be used: {error}") from error

    def _current_name(self) -> str:
        try:
            stat = self._pointer.stat()
        except FileNotFoundError:
            return self._found()
        if self._read is None or self._read[:2] != (stat.st_ino, stat.st_mtime_ns):
            self._read = (stat.st_ino, stat.st_mtime_ns, self._pointer.read_text("ascii").strip())
        return self._read[2]

    def _found(self) -> str:
        """Make the first generation; of several processes at once, one does."""
        self._home.mkdir(parents=True, exist_ok=True)
        with (self._home / "found.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self._pointer.exists():
                self._point_to(self._make())
        return self._pointer.read_text("ascii").strip()

    def _make(self) -> Path:
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        generation = self._home / name
        generation.mkdir(parents=True)
        return generation

    def _point_to(self, generation: Path) -> None:
        draft = self._pointer.with_suffix(f".{secrets.token_hex(4)}")
        with draft.open("w", encoding="ascii") as file:
            file.write(generation.name)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._pointer)
        _sync_directory(self._home)

    @contextmanager
    def successor(self) -> Iterator[Path]:
        """A new empty generation; when the block ends well it takes over and the others are removed.

        Raises:
            IndexBusy: another process is filling one.
            IndexUnavailable: the directory cannot be used.
        """
        current = self.current()
        with self._rebuild_lock():
            self._remove_all_but(current)
            fresh = self._make()
            try:
                yield fresh
                self._point_to(fresh)
            except BaseException:
                shutil.rmtree(fresh, ignore_errors=True)
                raise
            self._remove_all_but(fresh)
            self._remove_other_schemas()

    @contextmanager
    def _rebuild_lock(self) -> Iterator[None]:
        with (self._home / "rebuild.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise IndexBusy("the search index is being rebuilt by another process") from error
            yield

    def _remove_all_but(self, kept: Path) -> None:
        """Readers that still have removed files open keep reading them; the system frees them afterwards."""
        for directory in self._home.iterdir():
            if directory.is_dir() and directory != kept:
                shutil.rmtree(directory, ignore_errors=True)

    def _remove_other_schemas(self) -> None:
        for directory in self._root.iterdir():
            if directory.is_dir() and directory != self._home and _SCHEMA.fullmatch(directory.name):
                shutil.rmtree(directory, ignore_errors=True)


def sweep_orphans(generation: Path) -> int:
    """Remove files of segments the index does not know; how many there were.

    A writer that was killed leaves them, and the engine's own clean-up misses some for good. To be called
    by the holder of the writer lock, before it writes.
    """
    meta = json.loads((generation / "meta.json").read_text("utf-8"))
    known = {segment["segment_id"].replace("-", "") for segment in meta["segments"]}
    orphans = [
        file
        for file in generation.iterdir()
        if (found := _SEGMENT_FILE.match(file.name)) is not None and found[1] not in known
    ]
    for orphan in orphans:
        orphan.unlink(missing_ok=True)
    return len(orphans)


def size_of(generation: Path) -> int:
    """Bytes on disk; files that vanish while counting are left out."""
    total = 0
    for file in generation.iterdir():
        with suppress(FileNotFoundError):
            total += file.stat().st_size
    return total


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
