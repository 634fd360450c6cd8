"""How many printings of each newspaper may be seen: counted once for each state of what is published."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from diembao.store import public


class OutletCounts:
    """Kept like the pages of the section: whatever is done shows with the next request, what only time changes within
    a minute. Safe to share between threads; who comes while it is counted waits for the same count."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._key: tuple[int, int, int] | None = None
        self._counts: Mapping[str, int] = {}

    def of(self, session: Session, visible_until: datetime) -> Mapping[str, int]:
        """By source; those without any are not in it."""
        mark = public.mark(session)
        key = (mark.audit, mark.trail, int(visible_until.timestamp()) // 60)
        with self._lock:
            if key != self._key:
                self._counts, self._key = public.outlet_counts(session, visible_until), key
            return self._counts
