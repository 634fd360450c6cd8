"""What was learned about reading each source, and how its latest pages were read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from diembao.records import ArchivePlace
from diembao.store.database import beneath
from diembao.store.models import PageRow, ProfileRow, ReadingRow
from diembao.store.pages import PendingPage, hints_from_json

# A source that is redesigned every month keeps two years of profiles; older pages are read as unknown ones.
_MOST_VERSIONS = 24


@dataclass(frozen=True, slots=True)
class KeptProfile:
    """`body`: the profile as plain data, its version among it."""

    source: str
    version: int
    learned_at: datetime
    pages: int
    agreement: float
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReadingState:
    """How a source is read. state: unknown | learned | drifting, with a reason in words, since a time.

    version, learned_at, agreement: of the newest profile; fallback: share of the latest pages read without it, None
    before ten pages; pages: read so far.
    """

    source: str
    state: str
    reason: str
    since: datetime
    pages: int
    version: int | None
    learned_at: datetime | None
    agreement: float | None
    fallback: float | None


_LATEST = select(func.max(ProfileRow.id))


def latest(session: Session) -> int:
    """The number of the profile learned last, 0 where there is none: it grows when there is something new."""
    return beneath(session).scalar(_LATEST) or 0


def by_source(session: Session) -> dict[str, list[KeptProfile]]:
    """All profiles worth trying, newest first."""
    found: dict[str, list[KeptProfile]] = {}
    for row in session.scalars(select(ProfileRow).order_by(ProfileRow.source, ProfileRow.version.desc())):
        versions = found.setdefault(row.source, [])
        if len(versions) < _MOST_VERSIONS:
            versions.append(_kept(row))
    return found


def add(
    session: Session, source: str, body: dict[str, Any], *, version: int, pages: int, agreement: float, now: datetime
) -> None:
    """Keep a new profile; its version must be `next_version`, read in the same transaction."""
    session.add(ProfileRow(source=source, version=version, learned_at=now, pages=pages, agreement=agreement, body=body))


def next_version(session: Session, source: str) -> int:
    return (session.scalar(select(func.max(ProfileRow.version)).where(ProfileRow.source == source)) or 0) + 1


def pages_to_learn_from(session: Session, source: str, most: int) -> list[PendingPage]:
    """The latest archived pages of a source that held an article, newest first."""
    query = (
        select(PageRow)
        .where(
            PageRow.source == source,
            PageRow.archive_file != "",
            PageRow.state == "done",
            PageRow.outcome != "unreadable",
        )
        .order_by(PageRow.id.desc())
        .limit(most)
    )
    return [
        PendingPage(
            row.id,
            row.url,
            row.source,
            hints_from_json(row.hints),
            row.fetched_at or row.found_at,
            ArchivePlace(row.archive_file, row.archive_offset, row.archive_length),
            row.redo,
        )
        for row in session.scalars(query)
    ]


def reading_of(session: Session, source: str, now: datetime) -> ReadingRow:
    """As `readings_of`, for one source."""
    return readings_of(session, [source], now)[source]


def readings_of(session: Session, names: Collection[str], now: datetime) -> dict[str, ReadingRow]:
    """The rows of these sources, made where one is new; held until the transaction ends, so that two workers add to
    them in turn."""
    query = select(ReadingRow).where(ReadingRow.source.in_(names)).order_by(ReadingRow.source)
    rows = {row.source: row for row in session.scalars(query.with_for_update())}
    for name in sorted(set(names) - set(rows)):
        rows[name] = ReadingRow(source=name, state="unknown", reason="", since=now, pages=0, try_at=0, recent=[])
        session.add(rows[name])
    session.flush()
    return rows


def states(session: Session) -> list[ReadingState]:
    """How every source that was read is read, by name."""
    newest = {
        row.source: row for row in session.scalars(select(ProfileRow).order_by(ProfileRow.source, ProfileRow.version))
    }
    return [
        _state(row, newest.get(row.source)) for row in session.scalars(select(ReadingRow).order_by(ReadingRow.source))
    ]


def count_drifting(session: Session) -> int:
    """How many sources have left their profile."""
    return session.scalar(select(func.count()).where(ReadingRow.state == "drifting")) or 0


def _kept(row: ProfileRow) -> KeptProfile:
    return KeptProfile(row.source, row.version, row.learned_at, row.pages, row.agreement, row.body)


def _state(row: ReadingRow, profile: ProfileRow | None) -> ReadingState:
    return ReadingState(
        row.source,
        row.state,
        row.reason,
        row.since,
        row.pages,
        profile.version if profile else None,
        profile.learned_at if profile else None,
        profile.agreement if profile else None,
        _fallback(row.recent, profile.version) if profile else None,
    )


def _fallback(recent: Sequence[dict[str, Any]], version: int) -> float | None:
    """The share of the latest pages that the profile did not read. Rows are written by `pipelines.profiles`."""
    if len(recent) < 10:
        return None
    others = [each for each in recent if each["read_by"] != f"profile/{version}"]
    return len(others) / len(recent)
