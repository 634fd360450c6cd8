"""What is to be done next, taken from the store: due polls, and pages in fair shares for every newspaper.

The store is the queue; here is only kept what is under way in this process, so that nothing is taken twice. When
the process dies, what was under way is simply due again.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from crawlers.source import Source
from diembao.store import pages, sources
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
    """

    def __init__(
        self,
        store: Store,
        known: Mapping[str, Source],
        names: Sequence[str],
        *,
        everything: bool,
        request_seconds: float,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._known = known
        self._names = tuple(names) or tuple(known)
        self._everything = everything
        self._polled_all = False
        self._lease = timedelta(seconds=_LEASE_TIMEOUTS * request_seconds)
        self._now = now
        self._polling: set[int] = set()
        self._visiting: dict[int, str] = {}
        self._spoiled: set[tuple[type[Task], int]] = set()
        self._ended: set[tuple[type[Task], int]] = set()
        self._held: dict[str, float] = {}
        self._changed = asyncio.Event()

    @property
    def under_way(self) -> int:
        return len(self._polling) + len(self._visiting)

    async def take(self) -> list[Task]:
        """Tasks to begin now; they are under way until `release`.

        Raises:
            StoreUnavailable
        """
        self._changed.clear()
        # What ends while the store is read may still look due in what was read.
        self._ended.clear()
        feeds, due = await asyncio.to_thread(self._read)
        polls = [
            Poll(feed, self._known[feed.source])
            for feed in feeds
            if feed.source in self._known and self._free(Poll, feed.id) and not self._is_held(feed.url)
        ]
        self._polling.update(poll.feed.id for poll in polls)
        if polls:
            await asyncio.to_thread(self._put_off, [poll.feed.id for poll in polls])
        return [*polls, *self._visits(due)]

    def release(self, task: Task, *, spoiled: bool = False) -> None:
        """The task has ended. `spoiled`: its outcome could not be kept, so this process will not try it again."""
        number = task.feed.id if isinstance(task, Poll) else task.page.id
        if isinstance(task, Poll):
            self._polling.discard(number)
        else:
            self._visiting.pop(number, None)
        self._ended.add((type(task), number))
        if spoiled:
            self._spoiled.add((type(task), number))
        self._changed.set()

    def hold(self, url: str, seconds: float) -> None:
        """Leave the host of this address alone for so long (it said so)."""
        host = host_of(url)
        self._held[host] = max(self._held.get(host, 0.0), time.monotonic() + seconds)

    async def changed(self, seconds: float) -> None:
        """Return when a task has ended, or after so many seconds."""
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except TimeoutError:
            return

    def _read(self) -> tuple[Sequence[DueFeed], Sequence[DuePage]]:
        now = self._now()
        with self._store.read() as session:
            feeds: Sequence[DueFeed] = ()
            if not (self._everything and self._polled_all):
                feeds = sources.due_feeds(session, now, sources=self._names, everything=self._everything)
            self._polled_all = True
            return feeds, pages.due_pages_by_source(session, now, 2 * _MOST_OF_ONE_PAPER, sources=self._names)

    def _put_off(self, feed_ids: Sequence[int]) -> None:
        until = self._now() + self._lease
        with self._store.write() as session:
            for feed_id in feed_ids:
                sources.defer_feed(session, feed_id, until)

    def _visits(self, due: Sequence[DuePage]) -> list[Task]:
        busy = Counter(self._visiting.values())
        visits: list[Task] = []
        for page in due:
            source = self._known.get(page.source)
            if source is None or busy[page.source] >= _share(source.delay):
                continue
            if self._free(Visit, page.id) and not self._is_held(page.url):
                busy[page.source] += 1
                self._visiting[page.id] = page.source
                visits.append(Visit(page, source))
        return visits

    def _free(self, kind: type[Task], number: int) -> bool:
        under_way = number in (self._polling if kind is Poll else self._visiting)
        return not under_way and (kind, number) not in self._ended and (kind, number) not in self._spoiled

    def _is_held(self, url: str) -> bool:
        return self._held.get(host_of(url), 0.0) > time.monotonic()


def _share(delay: float) -> int:
    """How many pages of one paper may be under way."""
    return _MOST_OF_ONE_PAPER if delay <= 0 else min(_MOST_OF_ONE_PAPER, 2 + math.ceil(_AHEAD_SECONDS / delay))
