"""The archive of everything that came in, as WARC files: written before anything is parsed.

Fetched pages are `response` records; imported rows are `resource` records holding the row as JSON. Each
process writes files of its own and never appends to an old one, so that a record torn by a crash stands at
the end of a file where nothing follows it.
"""

from __future__ import annotations

import gzip
import io
import os
import threading
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from diembao.errors import ArchiveError
from diembao.records import ArchivePlace
from diembao.settings import Settings
from diembao.store.codings import GZIP, Damaged, coding_of, unpack

# Small enough to copy and check with ease, large enough that a year is some hundred files.
_FILE_BYTES = 256 * 1024 * 1024
_FILE_AGE = timedelta(days=1)
# warcio packs at level 9: three times the work of level 4 for a twentieth less space.
_LEVEL = 4
# Of the transfer, not of the page: the archive says itself how a body is packed and how long it is.
_TRANSFER_HEADERS = {"content-encoding", "transfer-encoding", "content-length"}
_RECORD_END = b"\r\n\r\n"
# What is unfolded of a record; nothing larger is ever archived.
_LARGEST_RECORD = 1 << 28


class ArchiveWriter:
    """Writes records; safe to share between threads. Call `sync` before committing what points to them."""

    def __init__(self, directory: Path, *, file_bytes: int = _FILE_BYTES, level: int = _LEVEL) -> None:
        """file_bytes: a file that has reached it is followed by another; level: of compression, 1 (fast) to 9."""
        self._directory = directory
        self._file_bytes = file_bytes
        self._level = level
        self._begun = datetime.min.replace(tzinfo=UTC)
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None
        self._name = ""

    @classmethod
    def of(cls, settings: Settings) -> ArchiveWriter:
        """A writer as the settings say."""
        return cls(settings.archive_dir, file_bytes=settings.archive_file_mb * 1_000_000, level=settings.archive_level)

    def write_response(
        self,
        url: str,
        status: int,
        headers: Iterable[tuple[str, str]],
        body: bytes,
        fetched_at: datetime,
        *,
        coding: str = "",
    ) -> ArchivePlace:
        """Archive a fetched page.

        coding: how `body` is packed (`codings.CODINGS`); as the server packed it, it is kept and not packed again.
        """
        kept = [(name, value) for name, value in headers if name.lower() not in _TRANSFER_HEADERS]
        kept += [("Content-Encoding", coding)] if coding else []
        kept.append(("Content-Length", str(len(body))))
        http = StatusAndHeaders(str(status), kept, protocol="HTTP/1.1")
        return self._write("response", url, body, fetched_at, http, 0 if coding else self._level)

    def write_row(self, url: str, row: bytes, at: datetime) -> ArchivePlace:
        """Archive an imported row (JSON)."""
        return self._write("resource", url, row, at, None, self._level)

    def write_packed(self, packed: bytes) -> ArchivePlace:
        """Archive a record as it stands in another file."""
        with self._lock:
            return self._append(packed)

    def sync(self) -> None:
        """Everything written so far is on the disk when this returns."""
        with self._lock:
            if self._file is not None:
                _guarded(lambda file: os.fsync(file.fileno()), self._file)

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _write(
        self, kind: str, url: str, body: bytes, at: datetime, http_headers: StatusAndHeaders | None, level: int
    ) -> ArchivePlace:
        plain = io.BytesIO()
        writer = WARCWriter(plain, gzip=False)
        record = writer.create_warc_record(
            url,
            kind,
            payload=io.BytesIO(body),
            length=len(body),
            http_headers=http_headers,
            warc_content_type="application/json" if kind == "resource" else None,
            warc_headers_dict={"WARC-Date": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")},
        )
        writer.write_record(record)
        packed = gzip.compress(plain.getvalue(), level, mtime=0)
        with self._lock:
            return self._append(packed)

    def _append(self, packed: bytes) -> ArchivePlace:
        file = self._current()
        offset = file.tell()
        _guarded(lambda _: (file.write(packed), file.flush()), file)
        return ArchivePlace(self._name, offset, file.tell() - offset)

    def _current(self) -> BinaryIO:
        now = datetime.now(UTC)
        # A file is closed after a day, so that what looks after old files never meets one that is being written.
        if self._file is not None and self._file.tell() < self._file_bytes and now - self._begun < _FILE_AGE:
            return self._file
        if self._file is not None:
            self._file.close()
        self._begun = now
        folder = self._directory / now.strftime("%Y/%m")
        self._name = f"{now:%Y/%m}/{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}.warc.gz"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = (self._directory / self._name).open("xb")
        except OSError as error:
            raise ArchiveError(f"archive {self._directory}: {error.strerror}") from error
        return self._file


class ArchivedRecord:
    """One record read back: `kind` is `response` or `resource`, the body is not packed any more."""

    def __init__(self, kind: str, url: str, status: int, headers: dict[str, str], body: bytes) -> None:
        self.kind = kind
        self.url = url
        self.status = status
        self.headers = headers
        self.body = body


def read_packed(directory: Path, place: ArchivePlace) -> bytes:
    """One record as it stands in its file: only its own bytes, so that no damaged neighbour is read by mistake.

    Raises:
        ArchiveError: the file is missing, or ends within the record.
    """
    try:
        with (directory / place.file).open("rb") as file:
            file.seek(place.offset)
            packed = file.read(place.length)
    except OSError as error:
        raise ArchiveError(f"archive record {place.file}@{place.offset} cannot be read: {error}") from error
    if len(packed) < place.length:
        raise ArchiveError(f"archive record {place.file}@{place.offset} cannot be read: the file ends within it")
    return packed


def read_record(directory: Path, place: ArchivePlace) -> ArchivedRecord:
    """Read one record back.

    Raises:
        ArchiveError: the file is missing, or no whole record stands there.
    """
    packed = read_packed(directory, place)
    try:
        plain = unpack(packed, GZIP, _LARGEST_RECORD)
        record = _response_in(plain) or _record_in(plain)
        coding = coding_of(record.headers.pop("content-encoding", ""))
        record.body = unpack(record.body, coding, _LARGEST_RECORD)
    except (OSError, StopIteration, ArchiveLoadFailed, EOFError, Damaged) as error:
        raise ArchiveError(f"archive record {place.file}@{place.offset} cannot be read: {error}") from error
    return record


def _record_in(plain: bytes) -> ArchivedRecord:
    record = next(iter(ArchiveIterator(io.BytesIO(plain))))
    http = record.http_headers
    headers = {name.lower(): value for name, value in http.headers} if http else {}
    status = int(http.get_statuscode()) if http else 200
    url = record.rec_headers.get_header("WARC-Target-URI")
    return ArchivedRecord(record.rec_type, url, status, headers, record.raw_stream.read())


def _response_in(plain: bytes) -> ArchivedRecord | None:
    """A response in the plain form in which ours are written, in a fifth of the time; None for anything else."""
    head, _, block = plain.partition(b"\r\n\r\n")
    http, _, body = block.partition(b"\r\n\r\n")
    version, fields = _fields_in(head)
    answer, headers = _fields_in(http)
    status = answer.split(" ", 2)[1:2]
    length = len(http) + 4 + len(body) - len(_RECORD_END)
    if not version.startswith("WARC/1.") or not answer.startswith("HTTP/1.") or not status or not status[0].isdigit():
        return None
    if fields.get("warc-type") != "response" or fields.get("content-length") != str(length):
        return None
    if "warc-target-uri" not in fields or not body.endswith(_RECORD_END):
        return None
    return ArchivedRecord("response", fields["warc-target-uri"], int(status[0]), headers, body[: -len(_RECORD_END)])


def _fields_in(head: bytes) -> tuple[str, dict[str, str]]:
    """The first line and the fields below it; nothing where they are not plain ASCII, one a line."""
    if not head.isascii():
        return "", {}
    first, *lines = head.decode("ascii").split("\r\n")
    parted = [line.partition(":") for line in lines]
    if any(not name or not colon or name[0].isspace() for name, colon, _ in parted):
        return "", {}
    return first, {name.lower(): value.strip() for name, _, value in parted}


def _guarded(action: Any, file: BinaryIO) -> None:
    try:
        action(file)
    except OSError as error:
        raise ArchiveError(f"archive: {error.strerror}") from error
