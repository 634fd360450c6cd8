"""Compares the search index with the store and mends what differs, both ways.

The index itself is not written to here: what differs becomes a change in the outbox, and reaches the index in
order with all others. So this can run beside a worker.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy.orm import Session

from diembao.index.protocol import SearchIndex
from diembao.store import articles, outbox
from diembao.store.database import Store

_PAGE = 1000
_Item = TypeVar("_Item")


@dataclass(slots=True)
class Differences:
    """Articles by id; `surplus` (in the index, not in the store) with the version that the index has.

    missing: the index does not have them; behind: it has an older version; ahead: it has a newer one (the
    store was brought back from a backup). Articles whose change waits in the outbox are none of these.
    """

    compared: int = 0
    missing: list[int] = field(default_factory=list)
    behind: list[int] = field(default_factory=list)
    ahead: list[tuple[int, int]] = field(default_factory=list)
    surplus: list[tuple[int, int]] = field(default_factory=list)

    @property
    def total(self) -> int:
        return len(self.missing) + len(self.behind) + len(self.ahead) + len(self.surplus)


def compare(store: Store, index: SearchIndex) -> Differences:
    """Where the index differs from the store, beyond what waits or was refused.

    Raises:
        IndexUnavailable, StoreUnavailable
    """
    # The index first: what changes in between is newer in the store, and sent once more at worst.
    indexed = {int(identity): version for identity, version in index.versions()}
    with store.read() as session:
        settled_elsewhere = outbox.waiting_articles(session) | set(outbox.refused_ids(session))
    found = Differences()
    for number, version in _versions(store):
        found.compared += 1
        held = indexed.pop(number, None)
        if number in settled_elsewhere or held == version:
            continue
        if held is None:
            found.missing.append(number)
        elif held < version:
            found.behind.append(number)
        else:
            found.ahead.append((number, held))
    found.surplus.extend((number, held) for number, held in indexed.items() if number not in settled_elsewhere)
    return found


def mend(store: Store, differences: Differences) -> int:
    """Put a change into the outbox for each difference, and let refused ones wait again; how many these were."""
    now = datetime.now(UTC)
    for chunk in _chunks([*differences.missing, *differences.behind]):
        with store.write() as session:
            for number, row in articles.by_ids(session, chunk).items():
                outbox.add(session, number, row.version, now)
    for overtaken in _chunks(differences.ahead):
        with store.write() as session:
            _overtake(session, dict(overtaken), now)
    for surplus in _chunks(differences.surplus):
        with store.write() as session:
            back = articles.by_ids(session, [number for number, _held in surplus])
            for number, held in surplus:
                if number not in back:
                    outbox.add(session, number, held + 1, now, deleted=True)
    with store.write() as session:
        return outbox.retry_refused(session)


def _overtake(session: Session, held: dict[int, int], now: datetime) -> None:
    """The store is right, but the index takes only what is newer than what it has."""
    for number, row in articles.by_ids(session, list(held)).items():
        row.version = max(row.version, held[number] + 1)
        outbox.add(session, number, row.version, now)


def _versions(store: Store) -> Iterator[tuple[int, int]]:
    last = 0
    while True:
        with store.read() as session:
            page = outbox.versions_after(session, last, _PAGE)
        if not page:
            return
        yield from page
        last = page[-1][0]


def _chunks(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    return (items[start : start + _PAGE] for start in range(0, len(items), _PAGE))
