"""Pages that others fetched: WARC files, WACZ collections, and lists of addresses, into archive and queue.

Each page is archived as if we had fetched it at the time its record states, then registered; known addresses are
counted and left alone, so an import that was killed is simply run again.
"""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from diembao.errors import WrongUse
from diembao.records import FeedHints
from diembao.store import pages
from diembao.store.archive import ArchiveWriter
from diembao.store.database import Store
from pipelines.addresses import canonical_url, is_front_page

_HTML: Final = ("text/html", "application/xhtml+xml")
# As much as the crawler itself accepts of one page.
_LARGEST_PAGE: Final = 8_000_000
# Line ends after the last record.
_TAIL: Final = 8
_PIECE: Final = 1_000_000
_BATCH_PAGES: Final = 100
_BATCH_BYTES: Final = 32_000_000
_BATCH_LINES: Final = 500
_LONGEST_LINE: Final = 4_000


@dataclass(frozen=True, slots=True)
class Found:
    """A page or row in a WARC file; `fault` where it cannot be used, `other` where it is something else (a picture)."""

    where: str
    url: str = ""
    kind: str = "response"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    at: datetime | None = None
    fault: str = ""
    other: bool = False

    @property
    def content_type(self) -> str:
        return next((value for name, value in self.headers if name.lower() == "content-type"), "")


@dataclass(slots=True)
class Outcome:
    """What became of a batch."""

    new: int = 0
    known: int = 0


def read_warc(path: Path) -> Iterator[Found]:
    """Every record of a WARC file, or of all those in a WACZ; a torn file ends with a fault.

    Raises:
        WrongUse: the file cannot be opened, or is no archive.
    """
    for name, size, file in _streams(path):
        number, begin, end = 0, 0, 0
        try:
            records = ArchiveIterator(file)
            for number, record in enumerate(records, 1):
                yield _found(f"{name}:{number}", record)
                records.read_to_end(record)
                begin, length = records.member_info or (begin, 0)
                end = begin + length
            # warcio takes a torn end for the end.
            if size - end > _TAIL or (name.endswith(".gz") and number and _cut_short(file, begin)):
                yield Found(f"{name}:{number + 1}", fault="the archive breaks off")
        except (ArchiveLoadFailed, EOFError, OSError, zlib.error, ValueError) as error:
            yield Found(f"{name}:{number + 1}", fault=f"the archive breaks off: {str(error)[:200]}")


def _cut_short(file: IO[bytes], begin: int) -> bool:
    """Whether the gzip member that begins there has no end."""
    file.seek(begin)
    unpacked = zlib.decompressobj(16 + zlib.MAX_WBITS)
    while piece := file.read(_PIECE):
        while piece and not unpacked.eof:
            unpacked.decompress(piece, _PIECE)
            piece = unpacked.unconsumed_tail
        if unpacked.eof:
            return False
    return True


def _streams(path: Path) -> Iterator[tuple[str, int, IO[bytes]]]:
    """(name, size, content) of the WARC files."""
    try:
        if path.suffix in (".wacz", ".zip"):
            with zipfile.ZipFile(path) as collection:
                names = [name for name in collection.namelist() if name.endswith((".warc", ".warc.gz"))]
                if not names:
                    raise WrongUse(f"{path}: holds no WARC file")
                for name in names:
                    with collection.open(name) as member:
                        yield f"{path.name}/{name}", collection.getinfo(name).file_size, member
        else:
            with path.open("rb") as file:
                yield path.name, path.stat().st_size, file
    except (OSError, zipfile.BadZipFile) as error:
        raise WrongUse(f"{path}: {error}") from error


def _found(where: str, record: Any) -> Found:
    kind = record.rec_type
    url = record.rec_headers.get_header("WARC-Target-URI") or ""
    at = _moment(record.rec_headers.get_header("WARC-Date") or "")
    if kind == "resource" and "json" in (record.rec_headers.get_header("Content-Type") or ""):
        return Found(where, url, kind, body=_body(record), at=at)
    http = record.http_headers
    status = str(http.get_statuscode() or "") if http is not None else ""
    if kind != "response" or status != "200":
        return Found(where, url, other=True)
    headers = tuple((str(name), str(value)) for name, value in http.headers)
    declared = next((value for name, value in headers if name.lower() == "content-type"), "")
    address = canonical_url(url)
    if declared.partition(";")[0].strip().lower() not in _HTML or is_front_page(address):
        return Found(where, url, other=True)
    if not address:
        return Found(where, url, fault=f"{url[:100]!r} is no address of a web page")
    body = _body(record)
    if len(body) > _LARGEST_PAGE:
        return Found(where, url, fault="larger than a page can be")
    if _torn(record):
        return Found(where, url, fault="the archive breaks off within this page")
    return Found(where, address, kind, 200, headers, body, at)


def _body(record: Any) -> bytes:
    """The payload, unpacked, a little more than is accepted at most."""
    return bytes(record.content_stream().read(_LARGEST_PAGE + 1))


def _torn(record: Any) -> bool:
    """Whether the file ended before the record did; warcio takes that for its end."""
    return bool(getattr(record.raw_stream, "limit", 0)) and not record.raw_stream.read(1)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def batches(found: Iterator[Found]) -> Iterator[list[Found]]:
    """Records in portions that fit into memory."""
    batch: list[Found] = []
    size = 0
    for each in found:
        batch.append(each)
        size += len(each.body)
        if len(batch) >= _BATCH_PAGES or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def keep(
    store: Store,
    archive: ArchiveWriter,
    usable: list[Found],
    source_of: Callable[[str], str],
    prepare: Callable[[Any, set[str]], None],
    now: datetime,
) -> Outcome:
    """Archive and queue what is not known yet.

    source_of: the source of an address; prepare: called in the transaction with the names of all sources met.
    """
    first: dict[str, Found] = {}
    for each in usable:
        first.setdefault(each.url, each)
    with store.read() as session:
        known = pages.known_urls(session, list(first))
    fresh = [each for url, each in first.items() if url not in known]
    rows = []
    for each in fresh:
        at = min(each.at or now, now)
        if each.kind == "resource":
            place, content_type = archive.write_row(each.url, each.body, at), "application/json"
        else:
            place = archive.write_response(each.url, each.status, each.headers, each.body, at)
            content_type = each.content_type
        rows.append((each.url, source_of(each.url), place, content_type, at))
    if not rows:
        return Outcome(0, len(usable))
    archive.sync()
    with store.write() as session:
        prepare(session, {row[1] for row in rows})
        new = pages.register_archived(session, rows)
    return Outcome(new, len(usable) - new)


def read_addresses(path: Path) -> Iterator[list[tuple[str, str]]]:
    """Portions of (where, canonical address or '') of a list of addresses, one a line; # begins a comment.

    Raises:
        WrongUse: the file cannot be read.
    """
    try:
        with _text(path) as file:
            batch: list[tuple[str, str]] = []
            number = 0
            while line := file.readline(_LONGEST_LINE):
                number += 1
                text = line.partition(" #")[0].strip()
                if not text or text.startswith("#"):
                    continue
                batch.append((f"{path.name}:{number}", canonical_url(text)))
                if len(batch) >= _BATCH_LINES:
                    yield batch
                    batch = []
            if batch:
                yield batch
    except (OSError, EOFError) as error:
        raise WrongUse(f"{path}: {error}") from error


@contextmanager
def _text(path: Path) -> Iterator[IO[str]]:
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8-sig", errors="replace") as file:
            yield file
    else:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            yield file


def queue_addresses(store: Store, addresses: dict[str, str], now: datetime) -> int:
    """Have the crawler fetch these (address → source) that are not known; returns how many are new."""
    new = 0
    with store.write() as session:
        for source in sorted(set(addresses.values())):
            links = [pages.FoundLink(url, FeedHints()) for url, name in addresses.items() if name == source]
            new += pages.register_found(session, source, None, links, now)
    return new
