"""Articles that programmes sent in by the API: archived and queued like imported rows, one at a time."""

from __future__ import annotations

from datetime import datetime

from diembao.store import pages, pushed
from diembao.store.archive import ArchiveWriter
from diembao.store.database import Store
from pipelines.imports import import_row

_AT_ONCE = 50


def take_in(store: Store, archive: ArchiveWriter, now: datetime) -> int:
    """Archive and queue what waits; returns how many rows were looked at.

    Killed in between, a row is taken again and found to be known: nothing is lost or doubled.
    """
    with store.read() as session:
        rows = pushed.waiting(session, _AT_ONCE)
    for row in rows:
        outcome = import_row(store, archive, row.values, now)
        with store.write() as session:
            page = pages.by_url(session, outcome.url) if outcome.url else None
            state = {"new": pushed.TAKEN, "known": pushed.KNOWN}.get(outcome.kind, pushed.BAD)
            pushed.settle(session, row.id, state, outcome.fault, page.id if page is not None else None)
    return len(rows)
