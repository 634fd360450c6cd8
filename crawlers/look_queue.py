"""Looks that are due, a few of every newspaper at a time: new articles go first, and no host is asked more for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from crawlers.looks import Cadence
from crawlers.schedule import FIRST_LOOK, PUBLISHED_LOOK
from crawlers.source import Source
from diembao.store import watches
from diembao.store.database import Store
from diembao.store.watches import DueLook
from pipelines.addresses import host_of

# Of one newspaper at a time: a look is never urgent to the second, and new articles wait behind it.
_EACH: Final = 2
# Looking for due looks costs a write; where there were none, it is not repeated at once.
_REST_SECONDS: Final = 5.0
_ENROL_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Look:
    """Look again at an article, for changes and removal."""

    look: DueLook
    source: Source

    @property
    def url(self) -> str:
        return self.look.url


class LookQueue:
    """Claims looks for one process; nobody else is given them while they are under way. Call it from one thread."""

    def __init__(
        self,
        store: Store,
        known: Mapping[str, Source],
        cadence: Cadence,
        *,
        lease: timedelta,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._known = known
        self._cadence = cadence
        self._lease = lease
        self._now = now
        self._claim_from = 0.0
        self._enrol_from = 0.0

    def take(self, sources: Sequence[str], busy: Sequence[str], resting: Collection[str]) -> list[Look]:
        """Looks to begin now.

        sources: those this process may ask; busy: hosts that want to be left alone, or have enough to do; resting:
        sources in their quiet hours, of which only articles on the section are looked at.

        Raises:
            StoreUnavailable
        """
        moment = time.monotonic()
        if moment < self._claim_from:
            return []
        now = self._now()
        with self._store.write() as session:
            if moment >= self._enrol_from:
                self._enrol_from = moment + _ENROL_SECONDS
                watches.enrol(session, now - self._cadence.window, FIRST_LOOK)
                watches.hasten_published(session, now + PUBLISHED_LOOK, now - self._cadence.fresh)
            claimed = watches.claim(session, now, now + self._lease, _EACH, sources=sources, resting=resting)
        if not claimed:
            self._claim_from = moment + _REST_SECONDS
        # What cannot be asked now is due again when its lease has run out.
        return [Look(look, self._known[look.source]) for look in claimed if host_of(look.url) not in busy]
