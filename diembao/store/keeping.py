"""The archive looked after: is all there that the store points to, can it be read, and what may be dropped?

Pages that turned out not to be ours are kept for a while, so that a better judgement may take them up, then dropped:
what stays of an old file is written anew, the store is pointed there, and the old file goes a day later, so that
whoever is reading from it can finish.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from diembao.records import ArchivePlace
from diembao.store.archive import ArchiveWriter, read_packed
from diembao.store.database import Store
from diembao.store.models import ArticleVersionRow, PageRow

# Outcomes whose pages are kept for good: an article rests on them, or people must look at them.
_KEPT_OUTCOMES = ("relevant", "marginal", "duplicate", "quarantined")
_DELETED_AFTER = timedelta(days=1)
_SHOWN = 5
Key = tuple[int, int]


@dataclass(slots=True)
class Checked:
    """faults: the first few, in words; missing: records the store points to and the archive lacks; damaged: records
    that cannot be read or whose digest is wrong; torn: files that end within a record; orphans: whole records that
    nothing points to.
    """

    files: int = 0
    records: int = 0
    missing: int = 0
    damaged: int = 0
    torn: int = 0
    orphans: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Torn ends and orphans are what a crash leaves behind: nothing is lost with them."""
        return not self.missing and not self.damaged

    def fault(self, words: str) -> None:
        if len(self.faults) < _SHOWN:
            self.faults.append(words)


@dataclass(frozen=True, slots=True)
class Thinned:
    """files: written anew or dropped whole; dropped: records; freed: bytes, of which the old files still hold until
    they are deleted a day later; deleted: old files deleted now."""

    files: int = 0
    dropped: int = 0
    freed: int = 0
    deleted: int = 0


def check(store: Store, directory: Path, *, progress: Callable[[int], None] = lambda _records: None) -> Checked:
    """Read the whole archive: every record with its digest, against everything the store points to."""
    seen = Checked()
    wanted = _wanted(store)
    for path in sorted(directory.rglob("*.warc.gz")):
        name = path.relative_to(directory).as_posix()
        seen.files += 1
        there = _check_file(path, name, seen)
        pointed = wanted.pop(name, set())
        for offset, length in pointed - there:
            seen.missing += 1
            seen.fault(f"{name}@{offset}: no whole record of {length} bytes stands there")
        seen.orphans += len(there - pointed)
        progress(seen.records)
    for name, pointed in wanted.items():
        seen.missing += len(pointed)
        seen.fault(f"{name}: the file is missing, with {len(pointed)} records")
    return seen


def check_quickly(store: Store, directory: Path) -> Checked:
    """Whether every file the store points to is there and long enough; nothing is read."""
    seen = Checked()
    with store.read() as session:
        ends: dict[str, tuple[int, int]] = {}
        for table in (PageRow, ArticleVersionRow):
            end = func.max(table.archive_offset + table.archive_length)
            query = select(table.archive_file, func.count(), end).where(table.archive_file != "")
            for name, number, last in session.execute(query.group_by(table.archive_file)):
                before = ends.get(name, (0, 0))
                ends[name] = before[0] + number, max(before[1], last)
    for name, (number, last) in ends.items():
        seen.files += 1
        seen.records += number
        path = directory / name
        size = path.stat().st_size if path.is_file() else -1
        if last > size:
            # How many of a cut file's records are gone only reading it tells.
            seen.missing += number if size < 0 else 1
            seen.fault(f"{name}: {'the file is missing' if size < 0 else 'cut short'}")
    return seen


def thin(
    store: Store, directory: Path, now: datetime, keep_days: int, *, progress: Callable[[int], None] = lambda _: None
) -> Thinned:
    """Drop the pages that are not ours out of files older than `keep_days`; 0 keeps everything.

    Raises:
        StoreUnavailable, ArchiveError: what was done until then holds.
    """
    if keep_days <= 0:
        return Thinned()
    files = dropped = freed = 0
    before = now - timedelta(days=keep_days)
    deleted = _delete_left_behind(store, directory, now)
    for path in sorted(directory.rglob("*.warc.gz")):
        if _began(path) >= before:
            continue
        name = path.relative_to(directory).as_posix()
        number, size = _thin_file(store, directory, name)
        if number:
            files, dropped, freed = files + 1, dropped + number, freed + size
            progress(files)
    return Thinned(files, dropped, freed, deleted)


def _wanted(store: Store) -> dict[str, set[Key]]:
    """What the store points to, by file."""
    wanted: dict[str, set[Key]] = {}
    with store.read() as session:
        for table in (PageRow, ArticleVersionRow):
            query = select(table.archive_file, table.archive_offset, table.archive_length)
            for name, offset, length in session.execute(query.where(table.archive_file != "")):
                wanted.setdefault(name, set()).add((offset, length))
    return wanted


def _check_file(path: Path, name: str, seen: Checked) -> set[Key]:
    """(offset, length) of the whole records of a file; what is wrong is noted."""
    there: set[Key] = set()
    end = 0
    try:
        with path.open("rb") as file:
            records = ArchiveIterator(file, check_digests=True)
            for record in records:
                record.content_stream().read()
                records.read_to_end(record)
                place = records.member_info
                if place is None:
                    break
                end = place[0] + place[1]
                seen.records += 1
                if record.digest_checker.passed is False:
                    seen.damaged += 1
                    seen.fault(f"{name}@{place[0]}: its digest is wrong")
                else:
                    there.add(place)
    except (ArchiveLoadFailed, EOFError, OSError, zlib.error, gzip.BadGzipFile) as error:
        seen.damaged += 1
        seen.fault(f"{name}@{end}: {str(error)[:120]}")
        return there
    if end < path.stat().st_size:
        seen.torn += 1
    return there


def _began(path: Path) -> datetime:
    """When a file was begun: its name says so."""
    try:
        return datetime.strptime(path.name[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _thin_file(store: Store, directory: Path, name: str) -> tuple[int, int]:
    """Write what stays of one file anew and point the store there; (records dropped, bytes freed)."""
    with store.read() as session:
        staying, going = _staying(session, name), _going(session, name)
    if not going:
        return 0, 0
    moved: dict[Key, ArchivePlace] = {}
    writer = ArchiveWriter(directory)
    for offset, length in sorted(staying):
        moved[offset, length] = writer.write_packed(read_packed(directory, ArchivePlace(name, offset, length)))
    writer.sync()
    writer.close()
    with store.write() as session:
        dropped = {"archive_file": "", "archive_offset": 0, "archive_length": 0}
        session.execute(update(PageRow), [{"id": page_id, **dropped} for page_id in going.values()])
        for (offset, _length), place in moved.items():
            for table in (PageRow, ArticleVersionRow):
                session.execute(
                    update(table)
                    .where(table.archive_file == name, table.archive_offset == offset)
                    .values(archive_file=place.file, archive_offset=place.offset)
                )
    return len(going), sum(length for _, length in going)


def _staying(session: Session, name: str) -> set[Key]:
    pages = select(PageRow.archive_offset, PageRow.archive_length).where(
        PageRow.archive_file == name, or_(PageRow.state != "done", PageRow.outcome.in_(_KEPT_OUTCOMES))
    )
    versions = select(ArticleVersionRow.archive_offset, ArticleVersionRow.archive_length).where(
        ArticleVersionRow.archive_file == name
    )
    return {(row[0], row[1]) for query in (pages, versions) for row in session.execute(query)}


def _going(session: Session, name: str) -> dict[Key, int]:
    query = select(PageRow.archive_offset, PageRow.archive_length, PageRow.id).where(
        PageRow.archive_file == name, PageRow.state == "done", PageRow.outcome.not_in(_KEPT_OUTCOMES)
    )
    return {(row[0], row[1]): row[2] for row in session.execute(query)}


def _delete_left_behind(store: Store, directory: Path, now: datetime) -> int:
    """Delete files nothing points to any more, a day after they were last written."""
    with store.read() as session:
        pointed = {
            *session.scalars(select(PageRow.archive_file).distinct()),
            *session.scalars(select(ArticleVersionRow.archive_file).distinct()),
        }
    deleted = 0
    for path in _old_files(directory, now - _DELETED_AFTER):
        if path.relative_to(directory).as_posix() not in pointed:
            path.unlink(missing_ok=True)
            deleted += 1
    return deleted


def _old_files(directory: Path, before: datetime) -> Iterator[Path]:
    for path in directory.rglob("*.warc.gz"):
        if datetime.fromtimestamp(path.stat().st_mtime, UTC) < before:
            yield path
