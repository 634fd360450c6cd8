"""What `doctor` looks at."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from diembao.errors import DiembaoError
from diembao.settings import Settings

# Below this a day's archive and index may not fit.
_FREE_BYTES = 1_000_000_000
_CLOCK_SECONDS = 60
_READ_BACK = 3  # pages


@dataclass(frozen=True, slots=True)
class Finding:
    subject: str
    ok: bool
    told: str


def examine(settings: Settings) -> Iterator[Finding]:
    """One finding per part; a part that is missing does not hide the others."""
    checks: dict[str, Callable[[Settings], str]] = {
        "data directory": _disk,
        "store": _store,
        "clock": _clock,
        "archive": _archive,
        "audit log": _audit,
        "search index": _index,
        "sources": _sources,
        "language models": _models,
        "owner line": _owner,
    }
    for subject, check in checks.items():
        try:
            yield Finding(subject, True, check(settings))
        except DiembaoError as error:
            yield Finding(subject, False, str(error))


def _disk(settings: Settings) -> str:
    from diembao.errors import StoreUnavailable

    if not settings.data_dir.exists():
        return f"{settings.data_dir} does not exist yet"
    free = shutil.disk_usage(settings.data_dir).free
    if free < _FREE_BYTES:
        raise StoreUnavailable(f"only {free // 1_000_000} MB free in {settings.data_dir}")
    return f"{free // 1_000_000_000} GB free in {settings.data_dir}"


def _store(settings: Settings) -> str:
    from diembao.store import pages
    from diembao.store.database import open_store

    store = open_store(settings)
    with store.read() as session:
        counted = pages.counts(session)
    told = ", ".join(f"{number} {outcome or state}" for (state, outcome), number in sorted(counted.items()))
    return f"{store.shown_url}, schema {store.schema_version()}: {told or 'empty'}"


def _clock(settings: Settings) -> str:
    """Times rule what is polled and published: a clock that went back, or differs from the database's, does harm."""
    from datetime import UTC, datetime

    from diembao.errors import StoreUnavailable
    from diembao.store import leases, pages
    from diembao.store.database import open_store

    with open_store(settings).read() as session:
        kept, newest = leases.clock(session), pages.newest_at(session)
    now = datetime.now(UTC)
    apart = abs((now - kept).total_seconds())
    if apart > _CLOCK_SECONDS:
        raise StoreUnavailable(f"this machine and the database differ by {apart:.0f} s: set both by NTP")
    if newest is not None and (newest - now).total_seconds() > _CLOCK_SECONDS:
        raise StoreUnavailable(f"an address was found at {newest:%Y-%m-%d %H:%M} UTC, which is yet to come")
    return f"{now:%Y-%m-%d %H:%M:%S} UTC, the database's within {max(apart, 1):.0f} s"


def _archive(settings: Settings) -> str:
    """All files are there; the newest pages are read back, should the disk swallow what it is given."""
    import os

    from diembao.errors import ArchiveError
    from diembao.store import keeping, pages
    from diembao.store.archive import read_record
    from diembao.store.database import open_store

    folder = settings.archive_dir
    if not folder.exists():
        return "empty"
    if not os.access(folder, os.W_OK):
        raise ArchiveError(f"{folder} cannot be written to")
    store = open_store(settings)
    with store.read() as session:
        places = pages.newest_archived(session, _READ_BACK)
    seen = keeping.check_quickly(store, folder)
    if not seen.sound:
        raise ArchiveError(f"{seen.missing} records are missing: {'; '.join(seen.faults)}")
    for place in places:
        read_record(folder, place)
    return f"{seen.files} files are whole, the newest {len(places)} pages can be read"


def _audit(settings: Settings) -> str:
    from diembao.errors import StoreUnavailable
    from diembao.store import audit
    from diembao.store.database import open_store

    with open_store(settings).read() as session:
        broken = audit.first_broken(session)
    if broken is not None:
        raise StoreUnavailable(f"row {broken} was changed after it was written")
    return "chain unbroken"


def _index(settings: Settings) -> str:
    from diembao.errors import IndexUnavailable
    from diembao.index.opening import open_index
    from diembao.store import articles, outbox
    from diembao.store.database import open_store

    # The store first: what comes in meanwhile makes the index seem ahead by what waited, never behind.
    with open_store(settings).read() as session:
        kept, waiting, refused = articles.count(session), outbox.depth(session), outbox.count_refused(session)
    index = open_index(settings)
    status = index.status()
    index.close()
    if refused:
        raise IndexUnavailable(f"{refused} articles were refused: see 'diembao index status'")
    if kept - waiting > status.documents:
        told = f"{status.engine} has {status.documents} articles, the store {kept}, and {waiting} changes wait"
        raise IndexUnavailable(f"{told}: run 'diembao index {'reconcile' if status.documents else 'rebuild'}'")
    return f"{status.engine}: {status.documents} articles, {waiting} changes waiting"


def _sources(settings: Settings) -> str:
    from crawlers.source import load_sources

    return f"{len(load_sources(settings.sources_dir))} source files, all sound"


def _models(_settings: Settings) -> str:
    from nlp.analyzer import Analyzer

    Analyzer.load()
    return "loaded"


def _owner(settings: Settings) -> str:
    from diembao.errors import WrongUse

    asked = ("owner_name", "owner_address", "owner_email", "owner_phone", "owner_responsible", "owner_licence")
    missing = [f"DIEMBAO_{name.upper()}" for name in asked if not getattr(settings, name)]
    if missing and settings.production:
        raise WrongUse(f"the law asks for these on every page: {', '.join(missing)}")
    return "complete" if not missing else f"not set yet: {', '.join(missing)} (required in production)"
