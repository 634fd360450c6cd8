"""Backups: a directory that holds everything an installation cannot make anew.

    manifest.json       what was saved, with a checksum for each file; written last, so without it a backup is none
    store.sqlite3       or store.pgdump: the database as it was at one moment
    archive/…           what was fetched, at least as far as that database speaks of it
    secret-key          where the installation made its own
    settings.env        the settings in force, secrets included: guard the directory like the installation itself

The search index is left out: it is made anew from the store.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from diembao import __version__
from diembao.errors import BackupDamaged, WrongUse
from diembao.settings import Settings
from diembao.store.dumping import Dump, dump_of

_FORMAT = 1
_MANIFEST = "manifest.json"
_SETTINGS = "settings.env"
_KEY = "secret-key"
_ARCHIVE = "archive"
_BLOCK = 1024 * 1024

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class SavedFile:
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """made_at: when the database was copied; rows: how many each table had then; files: by their path."""

    made_at: str
    program: str
    database: str
    schema: str
    rows: dict[str, int]
    files: dict[str, SavedFile]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files.values())


def back_up(settings: Settings, directory: Path, progress: Progress = lambda _files: None) -> Manifest:
    """Save the installation into an empty or new directory, while it goes on working.

    Raises:
        WrongUse: the directory holds something, or there is nothing to save.
        StoreUnavailable: the database cannot be read, or its tools are missing.
        ArchiveError: a file cannot be copied.
    """
    if _has_content(directory):
        raise WrongUse(f"{directory} is not empty: every backup gets a directory of its own")
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    # The database first: what it speaks of was in the archive before, so the copy of the archive has it.
    with dump_of(settings) as dump:
        schema, rows = dump.save(directory / dump.file)
    files = {dump.file: _digest(directory / dump.file)}
    _write_private(directory / _SETTINGS, _as_environment(settings))
    files[_SETTINGS] = _digest(directory / _SETTINGS)
    for number, (name, source) in enumerate(_kept_files(settings), start=1):
        files[name] = _copy(source, directory / name)
        progress(number)
    manifest = Manifest(made_at, __version__, dump.kind, schema, rows, files)
    _write_private(directory / _MANIFEST, json.dumps({"format": _FORMAT} | asdict(manifest), indent=1))
    return manifest


def restore(settings: Settings, directory: Path, progress: Progress = lambda _files: None) -> Manifest:
    """Bring a backup back into an empty installation; every checksum is looked at before anything is written.

    Raises:
        WrongUse: no backup there, the installation holds something, or it keeps its data in another kind of database.
        BackupDamaged: a file is missing or is not what was saved.
        StoreUnavailable: the database cannot be written, or its tools are missing.
    """
    manifest = read_manifest(directory)
    with dump_of(settings) as dump:
        if manifest.database != dump.kind:
            raise WrongUse(f"the backup is one of {manifest.database}, this installation uses {dump.kind}")
        _refuse_content(settings, dump)
        for name, saved in manifest.files.items():
            if _digest_of_saved(directory, name) != saved:
                raise BackupDamaged(f"backup {directory}: {name} is not what was saved")
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        for number, name in enumerate(_names_to_restore(manifest), start=1):
            _copy(directory / name, settings.data_dir / name)
            progress(number)
        # Last: an installation whose restoring was broken off has no database, and so cannot start on half of it.
        dump.load(directory / dump.file)
    return manifest


def read_manifest(directory: Path) -> Manifest:
    """Raises: WrongUse, BackupDamaged."""
    try:
        told = json.loads((directory / _MANIFEST).read_text("utf-8"))
        if told.pop("format") != _FORMAT:
            raise WrongUse(f"backup {directory} was made by a newer program ({told.get('program')})")
        files = {name: SavedFile(**file) for name, file in told.pop("files").items()}
        return Manifest(files=files, **told)
    except OSError as error:
        raise WrongUse(f"{directory} is no whole backup: no {_MANIFEST} in it") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BackupDamaged(f"backup {directory}: {_MANIFEST} cannot be read") from error


def changed_settings(settings: Settings, directory: Path) -> list[str]:
    """Names of settings that are not what they were when the backup was made."""
    then = set((directory / _SETTINGS).read_text("utf-8").splitlines())
    return sorted({line.partition("=")[0] for line in then ^ set(_as_environment(settings).splitlines())})


def _kept_files(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Name in the backup, and where it is now. Archive files only grow and are never written again."""
    key = settings.data_dir / _KEY
    if key.exists():
        yield _KEY, key
    for path in sorted(settings.archive_dir.rglob("*")):
        if path.is_file():
            yield f"{_ARCHIVE}/{path.relative_to(settings.archive_dir).as_posix()}", path


def _names_to_restore(manifest: Manifest) -> list[str]:
    return [name for name in manifest.files if name == _KEY or name.startswith(f"{_ARCHIVE}/")]


def _refuse_content(settings: Settings, dump: Dump) -> None:
    places = [settings.archive_dir, settings.index_dir]
    held = [str(place) for place in places if _has_content(place)]
    key = settings.data_dir / _KEY
    held += [str(key)] if key.exists() else []
    held += [place] if (place := dump.occupied()) else []
    if held:
        raise WrongUse(f"a backup is restored into an empty place only; there is something in {', '.join(held)}")


def _has_content(directory: Path) -> bool:
    return directory.exists() and (not directory.is_dir() or any(directory.iterdir()))


def _as_environment(settings: Settings) -> str:
    return "".join(f"{name}={value}\n" for name, value in settings.as_environment().items())


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _digest_of_saved(directory: Path, name: str) -> SavedFile:
    path = directory / name
    if not path.resolve().is_relative_to(directory.resolve()):
        raise BackupDamaged(f"backup {directory}: {name} lies outside of it")
    try:
        return _digest(path)
    except OSError as error:
        raise BackupDamaged(f"backup {directory}: {name} cannot be read: {error.strerror}") from error


def _digest(path: Path) -> SavedFile:
    with path.open("rb") as file:
        return _through(file, lambda _block: None)


def _copy(source: Path, target: Path) -> SavedFile:
    """Copy onto the disk; what the checksum tells of is what was written, even when the source grows meanwhile."""
    target.parent.mkdir(parents=True, exist_ok=True)
    private = 0o600 if source.name == _KEY else 0o640
    with source.open("rb") as reading:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, private)
        with os.fdopen(handle, "wb") as writing:
            saved = _through(reading, writing.write)
            writing.flush()
            os.fsync(writing.fileno())
    return saved


def _through(file: BinaryIO, take: Callable[[bytes], object]) -> SavedFile:
    digest, size = hashlib.sha256(), 0
    while block := file.read(_BLOCK):
        take(block)
        digest.update(block)
        size += len(block)
    return SavedFile(size, digest.hexdigest())
