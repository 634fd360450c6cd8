"""Learned profiles kept and used: which are known, when a source is learned, how drift is noticed and told.

The store is the memory: every reading of a page is noted with its source (the latest `_KEPT_READINGS` of each), so
whichever process reads the next page knows what the others saw. Learning is work like reading (`steps`); here is
decided when it is worth trying, and what came of it is kept.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from diembao.store import profiles
from diembao.store.models import ReadingRow
from pipelines.reading import Glance, Profile, drift

logger = logging.getLogger("diembao.reading")

# Learning is first tried with so many pages, after a failure when there are four times as many, later every 500: it
# costs as much as reading a hundred pages, and a site that did not teach a profile rarely does a little later.
_FIRST_TRY: Final = 12
_LATEST_TRY: Final = 500
# A source that left its profile is learned again from this many new pages at a time.
_NEXT_TRY: Final = 24
# Enough for some that were read both ways (`steps.COMPARED_EVERY`).
_KEPT_READINGS: Final = 120


class Shelf:
    """The profiles at hand in this process, newest first; `refresh` looks whether there are new ones."""

    def __init__(self) -> None:
        self._latest = -1
        self._profiles: dict[str, tuple[Profile, ...]] = {}

    def refresh(self, session: Session) -> None:
        latest = profiles.latest(session)
        if latest == self._latest:
            return
        self._latest = latest
        self._profiles = {
            source: tuple(Profile.from_json(json.dumps(kept.body)) for kept in versions)
            for source, versions in profiles.by_source(session).items()
        }

    def of(self, sources: Sequence[str]) -> dict[str, tuple[Profile, ...]]:
        """The profiles of these sources, as far as there are any."""
        return {source: self._profiles[source] for source in set(sources) if source in self._profiles}

    def newest(self, source: str) -> Profile | None:
        return next(iter(self._profiles.get(source, ())), None)


def note(session: Session, shelf: Shelf, seen: Mapping[str, Sequence[Glance]], now: datetime) -> list[str]:
    """Keep how pages of some sources were read; the sources that should be learned now, by the caller and nobody else.

    An alarm is told once, when a source begins to drift.
    """
    rows = profiles.readings_of(session, seen, now)
    return [source for source in sorted(seen) if _note(rows[source], source, seen[source], shelf.newest(source), now)]


def _note(row: ReadingRow, source: str, glances: Sequence[Glance], profile: Profile | None, now: datetime) -> bool:
    recent = [*row.recent, *(asdict(glance) for glance in glances)][-_KEPT_READINGS:]
    row.recent = recent
    row.pages += len(glances)
    if profile is None:
        return _may_try(row, _FIRST_TRY, min(3 * row.pages, _LATEST_TRY))
    reasons = drift(profile, [Glance(**each) for each in recent])
    if not reasons:
        if row.state == "drifting":
            _enter(row, "learned", "", now)
            logger.info("profile fits again", extra={"source": source, "profile": profile.name})
        return False
    told = "; ".join(reasons)
    if row.state != "drifting":
        _enter(row, "drifting", told, now)
        logger.warning("pages have left the profile", extra={"source": source, "profile": profile.name, "reason": told})
    row.reason = told
    return _may_try(row, 0, _NEXT_TRY)


def _may_try(row: ReadingRow, fewest: int, wait: int) -> bool:
    """Whether to learn now; then the next try is `wait` pages away, for every other worker too."""
    if row.pages < max(fewest, row.try_at):
        return False
    row.try_at = row.pages + wait
    return True


def keep_learned(session: Session, source: str, learned: Profile | None, now: datetime) -> Profile | None:
    """Keep what learning came to; the profile with its version."""
    row = profiles.reading_of(session, source, now)
    if learned is None:
        logger.info("no profile agrees with the teacher", extra={"source": source, "pages": row.pages})
        return None
    profile = replace(learned, version=profiles.next_version(session, source))
    body = json.loads(profile.to_json())
    profiles.add(
        session,
        source,
        body,
        version=profile.version,
        pages=profile.pages,
        agreement=profile.agreement,
        now=now,
    )
    _enter(row, "learned", "", now)
    row.recent, row.try_at = [], row.pages + _NEXT_TRY
    logger.info(
        "profile learned",
        extra={"source": source, "profile": profile.name, "agreement": profile.agreement, "pages": profile.pages},
    )
    return profile


def _enter(row: ReadingRow, state: str, reason: str, now: datetime) -> None:
    row.state, row.reason, row.since = state, reason, now
