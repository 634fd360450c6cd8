"""Counts that are the same in every engine: which values are most frequent, and what a day is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

from diembao.index.protocol import FacetCount

# Viet Nam keeps one time all year, so a day is an ordinary day that begins at 17:00 UTC. Both engines know
# fixed intervals with an offset; time zones only one of them.
DAY_INTERVAL = "1d"
DAY_OFFSET = "-7h"
_AHEAD = timedelta(hours=7)


def day_of(bucket_start: float) -> date:
    """The day in Viet Nam of a histogram bucket; its start in milliseconds since 1970."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=bucket_start) + _AHEAD).date()


def top_values(fetch: Callable[[int], Sequence[FacetCount]], size: int, limit: int) -> tuple[FacetCount, ...]:
    """The most frequent values, those equally frequent by value.

    fetch: asks the engine for so many, most frequent first. Engines cut among equals as they like, so more
    are fetched until the cut no longer goes through equals, at most `limit`.
    """
    asked = min(limit, 4 * size + 50)
    found = fetch(asked)
    if len(found) >= asked < limit and found[-1].count == found[size - 1].count:
        found = fetch(limit)
    return tuple(sorted(found, key=lambda value: (-value.count, value.value))[:size])
