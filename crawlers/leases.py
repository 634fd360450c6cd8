"""Which newspapers this process may ask: all of them where it is alone, else those whose hosts it has leased.

Newspapers that share a host are one group with one lease, so that a host is asked by one process at a time and its
pauses hold. A group is taken while there is something to do for it and given back after it; then it rests for the
pause of its hosts before another process may ask them. Who has more than its share of what there is to do gives some
back, so that a process that joins finds work.
"""

from __future__ import annotations

import math
import os
import socket
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final, Protocol

from sqlalchemy.orm import Session

from crawlers.source import Source
from diembao.store import leases
from diembao.store.database import Store

_UPKEEP_SECONDS: Final = 1.0
_RENEW_SECONDS: Final = 5.0
# A group with nothing to do is kept a little: the next page of it is often found by the poll just done.
_LINGER_SECONDS: Final = 2.0
_PREFIX: Final = "hosts/"
_KIND: Final = "crawler"

# The sources among those named for which there is something to do now.
Due = Callable[[Session, Sequence[str]], set[str]]


class Leases(Protocol):
    """What the queue asks. Not for use by two threads at once."""

    def mine(self) -> Sequence[str]:
        """Names of the sources that may be asked now."""
        ...

    @property
    def others_wait(self) -> bool:
        """Whether there was something to do for a source that is not ours."""
        ...

    def keep_up(self, busy: Collection[str], *, force: bool = False) -> None:
        """Renew, take and give back. busy: sources with a task under way."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...


class Alone:
    """On SQLite one process crawls, held by a lock on the machine: everything is its own."""

    others_wait = False

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def mine(self) -> Sequence[str]:
        return self._names

    def keep_up(self, busy: Collection[str], *, force: bool = False) -> None:
        return

    def close(self) -> None:
        return


class Shared:
    """Leases in the database. due: what there is to do; rest_of: seconds for which a source's hosts want to rest.

    lease_seconds: a process that has not renewed its leases for so long is taken for dead.
    """

    others_wait = False

    def __init__(
        self,
        store: Store,
        known: Mapping[str, Source],
        names: Sequence[str],
        due: Due,
        rest_of: Callable[[Source], float],
        *,
        lease_seconds: float,
    ) -> None:
        self._store = store
        self._known = known
        self._due = due
        self._rest_of = rest_of
        self._seconds = lease_seconds
        self._renew_every = min(_RENEW_SECONDS, lease_seconds / 4)
        self._me = f"{socket.gethostname()[:60]}/{os.getpid()}/{uuid.uuid4().hex[:8]}"
        wanted = set(names)
        self._groups = {
            group: [name for name in members if name in wanted]
            for group, members in groups_of(known.values()).items()
            if wanted & set(members)
        }
        self._group_of = {name: group for group, members in self._groups.items() for name in members}
        self._names = [name for name in names if name in self._group_of]
        self._held: dict[str, float] = {}  # group -> when there was last something to do for it
        self._leaving: set[str] = set()  # held, but given back as soon as nothing is under way
        self._offered = False
        self._next_upkeep = self._next_renewal = self._good_until = 0.0

    def mine(self) -> Sequence[str]:
        # A process that slept through its leases must not ask anybody before it has looked.
        if time.monotonic() >= self._good_until:
            return ()
        return [name for group in self._held if group not in self._leaving for name in self._groups[group]]

    def keep_up(self, busy: Collection[str], *, force: bool = False) -> None:
        now = time.monotonic()
        if now < self._next_upkeep and not force:
            return
        self._next_upkeep = now + _UPKEEP_SECONDS
        working = {self._group_of[name] for name in busy if name in self._group_of}
        with self._store.write() as session:
            if not self._offered:
                leases.offer(session, [_PREFIX + group for group in self._groups])
            if now >= self._next_renewal or now >= self._good_until:
                self._renew(session, now)
            due = {self._group_of[name] for name in self._due(session, self._names)}
            self._give_back(session, due, working, now)
            self._share(session, due | working, now)
        self._offered = True
        self.others_wait = bool(due - set(self._held))

    def close(self) -> None:
        with self._store.write() as session:
            for group in self._held:
                leases.give_back(session, _PREFIX + group, self._me, self._rest(group))
            leases.withdraw(session, _KIND, self._me)
        self._held.clear()

    def _renew(self, session: Session, now: float) -> None:
        leases.announce(session, _KIND, self._me, self._seconds)
        still = leases.renew(session, [_PREFIX + group for group in self._held], self._me, self._seconds)
        self._held = {group: seen for group, seen in self._held.items() if _PREFIX + group in still}
        self._leaving &= set(self._held)
        self._next_renewal = now + self._renew_every
        # Reckoned from before the database was asked, so it ends here before it ends there.
        self._good_until = now + self._seconds

    def _give_back(self, session: Session, due: set[str], working: set[str], now: float) -> None:
        for group, seen in list(self._held.items()):
            if group in working or (group in due and group not in self._leaving):
                self._held[group] = now
            elif group in self._leaving or now - seen >= _LINGER_SECONDS:
                leases.give_back(session, _PREFIX + group, self._me, self._rest(group))
                del self._held[group]
                self._leaving.discard(group)

    def _share(self, session: Session, to_do: set[str], now: float) -> None:
        """Take what is free, as far as it is our share; mark what is beyond it."""
        share = math.ceil(len(to_do | set(self._held)) / max(1, leases.present(session, _KIND)))
        surplus = len(self._held) - len(self._leaving) - share
        if surplus > 0:
            kept = [group for group in self._held if group not in self._leaving]
            self._leaving.update(kept[-surplus:])
        free = [_PREFIX + group for group in sorted(to_do - set(self._held))]
        for name in leases.take(session, free, self._me, self._seconds, share - len(self._held)):
            self._held[name.removeprefix(_PREFIX)] = now

    def _rest(self, group: str) -> float:
        return max((self._rest_of(self._known[name]) for name in self._groups[group]), default=0.0)


def groups_of(sources: Iterable[Source]) -> dict[str, list[str]]:
    """Sources by group: those that may ask a common host are in one, named after the first of them."""
    groups: list[tuple[set[str], list[str]]] = []
    for source in sorted(sources, key=lambda one: one.name):
        hosts, names = {*source.domains, *source.feed_hosts}, [source.name]
        apart = []
        for other_hosts, other_names in groups:
            if _touch(hosts, other_hosts):
                hosts, names = hosts | other_hosts, [*other_names, *names]
            else:
                apart.append((other_hosts, other_names))
        groups = [*apart, (hosts, names)]
    return {min(names): sorted(names) for _, names in groups}


def _touch(some: set[str], others: set[str]) -> bool:
    """Whether a host may belong to both: a domain stands for all below it."""
    return any(
        one == other or one.endswith("." + other) or other.endswith("." + one) for one in some for other in others
    )
