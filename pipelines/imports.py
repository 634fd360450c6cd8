"""Import of JSON Lines, CSV, WARC, WACZ and lists of addresses through the same steps as crawled pages.

Rows are archived first, then registered in one transaction per batch; a row that is already known is counted
and left alone, so running an import twice, or again after a kill, adds nothing.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any

from sqlalchemy.orm import Session

from diembao.errors import WrongUse
from diembao.store import pages, sources
from diembao.store.archive import ArchiveWriter
from diembao.store.database import Store
from nlp.text import WORD, fold, match_form, normalise
from pipelines import backfill
from pipelines.addresses import belongs_to, canonical_url, host_of

_BATCH = 500
# csv's own limit is 128 kB a field; long articles pass it.
_CSV_FIELD = 8_000_000
_LINE_LIMIT = 32_000_000
_BAD_SHOWN = 5
UNKNOWN_SOURCE = "khong-ro-nguon"


@dataclass
class ImportTally:
    """Every row ends in exactly one of new, known, bad."""

    new: int = 0
    known: int = 0
    bad: int = 0
    other: int = 0  # records of an archive that hold no page
    queued: int = 0  # of the new ones, those that the crawler must fetch first
    faults: list[str] = field(default_factory=list)  # the first few, as "file:line: why"

    @property
    def rows(self) -> int:
        return self.new + self.known + self.bad

    def __str__(self) -> str:
        more = f", {self.other} other records" if self.other else ""
        more += f"; the crawler fetches {self.queued}" if self.queued else ""
        return f"{self.rows} rows: {self.new} new, {self.known} known, {self.bad} bad{more}"

    def fault(self, where: str, why: str) -> None:
        """Count a bad row; the first few are named."""
        self.bad += 1
        if len(self.faults) < _BAD_SHOWN:
            self.faults.append(f"{where}: {why}")


@dataclass(frozen=True, slots=True)
class _Row:
    where: str
    values: Mapping[str, Any]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """kind: new | known | bad. url: what the row is known by; empty for a bad one."""

    kind: str
    url: str
    fault: str = ""


@dataclass(frozen=True, slots=True)
class _KnownSource:
    name: str
    title: str
    slug: str
    domains: tuple[str, ...]


def import_files(
    store: Store,
    archive: ArchiveWriter,
    paths: list[Path],
    *,
    source: str = "",
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    progress: Callable[[int], None] = lambda _rows: None,
) -> ImportTally:
    """Archive and queue the rows of all files; they are understood by `runner.process_pending` afterwards.

    source: name of the source for rows that name none.

    Raises:
        WrongUse: a file of a kind we cannot read, or that is not there.
    """
    for path in paths:
        _kind(path)
        if not path.is_file():
            raise WrongUse(f"{path}: no such file")
    tally = ImportTally()
    known_sources = _known_sources(store)
    for path in paths:
        if _kind(path) in ("warc", "addresses"):
            importer = _import_warc if _kind(path) == "warc" else _import_addresses
            importer(_Import(store, archive, tally, known_sources, source, now, progress), path)
            continue
        rows = _rows(path)
        while batch := list(islice(rows, _BATCH)):
            _import_batch(store, archive, batch, tally, known_sources, source, now())
            progress(tally.rows)
    return tally


def import_row(store: Store, archive: ArchiveWriter, values: Mapping[str, Any], now: datetime) -> RowOutcome:
    """Archive and queue one row."""
    if fault := _fault(values):
        return RowOutcome("bad", "", fault)
    tally = ImportTally()
    _import_batch(store, archive, [_Row("", values)], tally, _known_sources(store), "", now)
    return RowOutcome("new" if tally.new else "known", _address(values))


def _import_batch(
    store: Store,
    archive: ArchiveWriter,
    batch: list[_Row],
    tally: ImportTally,
    known_sources: list[_KnownSource],
    default: str,
    now: datetime,
) -> None:
    keyed: dict[str, tuple[_Row, str, str]] = {}
    for row in batch:
        fault = row.fault or _fault(row.values)
        if fault:
            tally.fault(row.where, fault)
            continue
        url = _address(row.values)
        if url in keyed:
            tally.known += 1
        else:
            keyed[url] = (row, *_source_of(row.values, known_sources, default))
    with store.read() as session:
        known = pages.known_urls(session, list(keyed))
    fresh = [(url, *rest) for url, rest in keyed.items() if url not in known]
    places = [
        (url, name, archive.write_row(url, json.dumps(dict(row.values), ensure_ascii=False).encode(), now))
        for url, row, name, _title in fresh
    ]
    if places:
        archive.sync()
        with store.write() as session:
            for name, title in {name: title for _url, _row, name, title in fresh}.items():
                sources.ensure_imported_source(session, name, title, now)
            queued = pages.register_archived(
                session, [(url, name, place, "application/json", now) for url, name, place in places]
            )
        tally.new += queued
        tally.known += len(places) - queued
    tally.known += len(keyed) - len(fresh)


@dataclass(frozen=True, slots=True)
class _Import:
    """What an import works with."""

    store: Store
    archive: ArchiveWriter
    tally: ImportTally
    known_sources: list[_KnownSource]
    default: str
    now: Callable[[], datetime]
    progress: Callable[[int], None]


def _import_warc(work: _Import, path: Path) -> None:
    """Pages of a WARC or WACZ; a paper we do not know is named by its host."""
    names: dict[str, tuple[str, str]] = {}

    def source_of(url: str) -> str:
        host = host_of(url)
        if host not in names:
            default = work.default or _slug(host) or UNKNOWN_SOURCE
            found = _source_of({"url": url}, work.known_sources, default)
            names[host] = found if work.default or found[0] != default else (default, host[:200])
        return names[host][0]

    def prepare(session: Session, met: set[str]) -> None:
        titles = dict(names.values())
        for name in sorted(met):
            sources.ensure_imported_source(session, name, titles[name], work.now())

    for batch in backfill.batches(backfill.read_warc(path)):
        usable = []
        for each in batch:
            if each.fault:
                work.tally.fault(each.where, each.fault)
            elif each.other:
                work.tally.other += 1
            else:
                usable.append(each)
        outcome = backfill.keep(work.store, work.archive, usable, source_of, prepare, work.now())
        work.tally.new += outcome.new
        work.tally.known += outcome.known
        work.progress(work.tally.rows)


def _import_addresses(work: _Import, path: Path) -> None:
    """Addresses of newspapers we know, to be fetched by the crawler as politely as any other."""
    for batch in backfill.read_addresses(path):
        wanted: dict[str, str] = {}
        for where, url in batch:
            owner = next((each.name for each in work.known_sources if url and belongs_to(url, each.domains)), "")
            if not url:
                work.tally.fault(where, "is no address of a web page")
            elif not owner:
                work.tally.fault(where, f"{host_of(url)} is on no newspaper we read")
            elif url in wanted:
                work.tally.known += 1
            else:
                wanted[url] = owner
        new = backfill.queue_addresses(work.store, wanted, work.now())
        work.tally.new += new
        work.tally.queued += new
        work.tally.known += len(wanted) - new
        work.progress(work.tally.rows)


def _rows(path: Path) -> Iterator[_Row]:
    kind = _kind(path)
    with _opened(path) as file:
        yield from _json_lines(path, file) if kind == "jsonl" else _csv_rows(path, file)


def _json_lines(path: Path, file: IO[str]) -> Iterator[_Row]:
    number = 0
    while line := file.readline(_LINE_LIMIT):
        number += 1
        where = f"{path.name}:{number}"
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except ValueError as error:
            yield _Row(where, {}, f"not JSON: {error}")
            continue
        yield _Row(where, values) if isinstance(values, dict) else _Row(where, {}, "not a JSON object")


def _csv_rows(path: Path, file: IO[str]) -> Iterator[_Row]:
    csv.field_size_limit(_CSV_FIELD)
    sample = file.read(8192)
    file.seek(0)
    try:
        dialect: Any = csv.Sniffer().sniff(sample, delimiters=",;\t")
    except csv.Error:
        dialect = csv.excel
    reader = csv.DictReader(file, dialect=dialect)
    if not {"title", "text"} & set(reader.fieldnames or ()):
        raise WrongUse(f"{path}: the first line must name the columns, title or text among them")
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _Row(f"{path.name}:{reader.line_num}", {}, f"not CSV: {error}")
            continue
        yield _Row(f"{path.name}:{reader.line_num}", {name: value for name, value in values.items() if name and value})


@contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    """Text of a file, gzipped or not; undecodable bytes are shown as such, never fatal."""
    encoding, errors = "utf-8-sig", "replace"
    try:
        if path.suffix == ".gz":
            with gzip.open(path, "rt", encoding=encoding, errors=errors, newline="") as file:
                yield file
        else:
            with path.open(encoding=encoding, errors=errors, newline="") as file:
                yield file
    except (OSError, EOFError) as error:
        raise WrongUse(f"{path}: {error}") from error


def _kind(path: Path) -> str:
    suffixes = [suffix for suffix in path.suffixes if suffix != ".gz"]
    last = suffixes[-1].lower() if suffixes else ""
    if last in (".jsonl", ".ndjson"):
        return "jsonl"
    if last == ".csv":
        return "csv"
    if last in (".warc", ".wacz", ".zip"):
        return "warc"
    if last == ".txt":
        return "addresses"
    raise WrongUse(f"{path}: can import .jsonl, .ndjson, .csv, .warc and .txt, gzipped or not, and .wacz")


def _fault(values: Mapping[str, Any]) -> str:
    for name in ("title", "text", "lead", "url", "source", "date", "section"):
        if values.get(name) is not None and not isinstance(values[name], str | int):
            return f"{name} is not text"
    if not str(values.get("title") or "").strip() and not str(values.get("text") or "").strip():
        return "neither title nor text"
    return ""


def _address(values: Mapping[str, Any]) -> str:
    """The row's own address, or one made of its content, the same for the same row."""
    url = canonical_url(str(values.get("url") or ""))
    if url:
        return url
    content = "\x1f".join(str(values.get(name) or "") for name in ("id", "title", "text", "lead"))
    return f"import:{hashlib.sha256(content.encode('utf-8', 'replace')).hexdigest()[:32]}"


def _known_sources(store: Store) -> list[_KnownSource]:
    with store.read() as session:
        return [
            _KnownSource(row.name, row.title, _slug(row.title), tuple(row.definition.get("domains", ())))
            for row in sources.all_sources(session)
        ]


def _source_of(values: Mapping[str, Any], known_sources: list[_KnownSource], default: str) -> tuple[str, str]:
    """Name and title of the row's source: by its address, else by what it says, else the default."""
    url = str(values.get("url") or "")
    said = normalise(str(values.get("source") or "")).strip()
    slug = _slug(said)
    for known in known_sources:
        if known.domains and url and belongs_to(url, known.domains):
            return known.name, known.title
    for known in known_sources:
        if slug and (slug in (known.name, known.slug) or said in known.domains):
            return known.name, known.title
    if slug:
        return slug, said[:200]
    return (default, default) if default else (UNKNOWN_SOURCE, "Không rõ nguồn")


def _slug(title: str) -> str:
    return "-".join(WORD.findall(fold(match_form(title))))[:64].strip("-")
