"""What is to be done next, taken from the store: due polls, and pages in fair shares for every newspaper.

The store is the queue; here is only kept what is under way in this process, so that nothing is taken twice. When
the process dies, what was under way is simply due again. Where several processes share a store, `crawlers.leases`
says for which newspapers this one may take anything.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from crawlers.leases import Alone, Leases, Shared
from crawlers.source import Source
from diembao.store import pages, sources, watches
from diembao.store.database import Store
from diembao.store.pages import DuePage
from diembao.store.sources import DueFeed
from pipelines.addresses import host_of

# Enough under way to keep a paper's connections busy between two looks at the queue.
_MOST_OF_ONE_PAPER: Final = 16
# A paper with a delay gets what it can use within this time; waiting longer in memory gains nothing.
_AHEAD_SECONDS: Final = 3.0
# A poll that never ends is due again after this many request timeouts.
_LEASE_TIMEOUTS: Final = 6


@dataclass(frozen=True, slots=True)
class Poll:
    """Look at a feed, list page or sitemap."""

    feed: DueFeed
    source: Source

    @property
    def url(self) -> str:
        return self.feed.url


@dataclass(frozen=True, slots=True)
class Visit:
    """Fetch a page."""

    page: DuePage
    source: Source

    @property
    def url(self) -> str:
        return self.page.url


Task = Poll | Visit


class WorkQueue:
    """Hands out tasks and remembers which are under way. Use it from one event loop.

    names: only these sources (all when empty); everything: poll all feeds now, once, and none after that.
    resting: sources in their quiet hours, of which nothing is polled or fetched.
    pause_of: seconds between two requests that the hosts of a source were found to want.
    """

    def __init__(
        self,
        store: Store,
        known: Mapping[str, Source],
        names: Sequence[str],
        *,
        everything: bool,
        request_seconds: float,
        lease_seconds: float,
        now: Callable[[], datetime],
        pause_of: Callable[[Source], float] = lambda source: source.delay,
        resting: Callable[[], Collection[str]] = tuple,
    ) -> None:
        self._store = store
        self._known = known
        self._names = tuple(names) or tuple(known)
        self._everything = everything
        self._polled: set[int] = set()  # of everything
        self._pause_of = pause_of
        self.resting = resting
        self._leases: Leases = (
            Alone(self._names)
            if store.dialect == "sqlite"
            else Shared(store, known, self._names, self._with_work, self._rest_of, lease_seconds=lease_seconds)
        )
        self._lease = timedelta(seconds=_LEASE_TIMEOUTS * request_seconds)
        self._now = now
        self._polling: dict[int, str] = {}
        self._visiting: dict[int, str] = {}
        self._visits_of: Counter[str] = Counter()
        self._looking: Counter[str] = Counter()
        self._spoiled: set[tuple[type[Task], int]] = set()
        self._ended: set[tuple[type[Task], int]] = set()
        self._held: dict[str, float] = {}
        self._changed = asyncio.Event()

    @property
    def under_way(self) -> int:
        return len(self._polling) + len(self._visiting) + self.looks_under_way

    @property
    def looks_under_way(self) -> int:
        return self._looking.total()

    @property
    def at_rest(self) -> bool:
        """Whether nothing is under way and nothing was due when `take` last looked, not even at another process.

        What ended while `take` looked may have found something that it could not see yet.
        """
        return not self.under_way and not self._changed.is_set() and not self._leases.others_wait

    async def take(self) -> list[Task]:
        """Tasks to begin now; they are under way until `release`.

        Raises:
            StoreUnavailable
        """
        self._changed.clear()
        # What ends while the store is read may still look due in what was read.
        self._ended.clear()
        busy = {*self._polling.values(), *self._visiting.values(), *+self._looking}
        feeds, due = await asyncio.to_thread(self._read, busy)
        polls = [
            Poll(feed, self._known[feed.source])
            for feed in feeds
            if feed.source in self._known and self._free(Poll, feed.id) and not self._is_held(feed.url)
        ]
        self._polling.update({poll.feed.id: poll.feed.source for poll in polls})
        if polls:
            await asyncio.to_thread(self._put_off, [poll.feed.id for poll in polls])
        return [*polls, *self._visits(due)]

    def release(self, task: Task, *, spoiled: bool = False) -> None:
        """The task has ended. `spoiled`: its outcome could not be kept, so this process will not try it again."""
        number = task.feed.id if isinstance(task, Poll) else task.page.id
        if isinstance(task, Poll):
            self._polling.pop(number, None)
            self._polled.add(number)
        elif self._visiting.pop(number, None) is not None:
            self._visits_of[task.source.name] -= 1
        self._ended.add((type(task), number))
        if spoiled:
            self._spoiled.add((type(task), number))
        if not isinstance(task, Visit) or self._runs_low(task.source):
            self._changed.set()

    def hold(self, url: str, seconds: float) -> None:
        """Leave the host of this address alone for so long (it said so)."""
        host = host_of(url)
        self._held[host] = max(self._held.get(host, 0.0), time.monotonic() + seconds)

    def held_hosts(self) -> list[str]:
        """Hosts that want to be left alone."""
        now = time.monotonic()
        return [host for host, until in self._held.items() if until > now]

    def mine(self) -> Sequence[str]:
        """The sources this process may ask now."""
        return self._leases.mine()

    def begin_look(self, source: str) -> None:
        """A look again at an article of this source, taken elsewhere, is under way until `end_look`."""
        self._looking[source] += 1

    def end_look(self, source: str) -> None:
        self._looking[source] -= 1
        self._changed.set()

    async def changed(self, seconds: float) -> None:
        """Return when there may be more to take than before, or after so many seconds."""
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except TimeoutError:
            return

    def close(self) -> None:
        """Let others have what this process held."""
        self._leases.close()

    def _read(self, busy: set[str]) -> tuple[Sequence[DueFeed], Sequence[DuePage]]:
        self._leases.keep_up(busy, force=self._everything and not busy)
        resting = self.resting()
        names = [name for name in self._leases.mine() if name not in resting]
        if not names:
            return (), ()
        now = self._now()
        with self._store.read() as session:
            feeds = sources.due_feeds(session, now, sources=names, everything=self._everything)
            if self._everything:
                feeds = [feed for feed in feeds if feed.id not in self._polled]
            return feeds, pages.due_pages_by_source(session, now, 2 * _MOST_OF_ONE_PAPER, sources=names)

    def _with_work(self, session: Session, names: Sequence[str]) -> set[str]:
        """The sources that have something to do now, as far as their hosts may be asked."""
        now = self._now()
        feeds = sources.due_feeds(session, now, sources=names, everything=self._everything)
        due = {feed.source for feed in feeds if not (self._everything and feed.id in self._polled)}
        due |= pages.sources_with_due(session, now, sources=names)
        resting = self.resting()
        due = (due - set(resting)) | watches.sources_with_due(session, now, sources=names, resting=resting)
        return {name for name in due if not self._rests(self._known[name])}

    def _rest_of(self, source: Source) -> float:
        """For how long other processes must leave the hosts of a source alone when this one leaves them."""
        held = [until - time.monotonic() for host, until in list(self._held.items()) if _is_host_of(source, host)]
        return max([self._pause_of(source), *held])

    def _rests(self, source: Source) -> bool:
        now = time.monotonic()
        return any(until > now and _is_host_of(source, host) for host, until in list(self._held.items()))

    def _put_off(self, feed_ids: Sequence[int]) -> None:
        until = self._now() + self._lease
        with self._store.write() as session:
            for feed_id in feed_ids:
                sources.defer_feed(session, feed_id, until)

    def _visits(self, due: Sequence[DuePage]) -> list[Task]:
        visits: list[Task] = []
        for page in due:
            source = self._known.get(page.source)
            if source is None or self._visits_of[page.source] >= _share(source.delay):
                continue
            if self._free(Visit, page.id) and not self._is_held(page.url):
                self._visits_of[page.source] += 1
                self._visiting[page.id] = page.source
                visits.append(Visit(page, source))
        return visits

    def _runs_low(self, source: Source) -> bool:
        """Whether it is time to look for more pages of a paper: each look goes through the whole queue."""
        return 2 * self._visits_of[source.name] <= _share(source.delay)

    def _free(self, kind: type[Task], number: int) -> bool:
        under_way = number in (self._polling if kind is Poll else self._visiting)
        return not under_way and (kind, number) not in self._ended and (kind, number) not in self._spoiled

    def _is_held(self, url: str) -> bool:
        return self._held.get(host_of(url), 0.0) > time.monotonic()


def _is_host_of(source: Source, host: str) -> bool:
    return any(host == domain or host.endswith("." + domain) for domain in source.domains + source.feed_hosts)


def _share(delay: float) -> int:
    """How many pages of one paper may be under way."""
    return _MOST_OF_ONE_PAPER if delay <= 0 else min(_MOST_OF_ONE_PAPER, 2 + math.ceil(_AHEAD_SECONDS / delay))
