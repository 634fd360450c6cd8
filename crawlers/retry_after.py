"""What a server asks for when it is busy."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# Busy, without saying for how long.
_UNSAID = 60.0
# Longer ones are mistakes; the feed's own schedule is slower than this anyway.
_LONGEST = 24 * 3600.0
BUSY = frozenset({429, 503})


def seconds_to_wait(header: str, now: datetime) -> float:
    """The seconds a `Retry-After` header asks for: a number or an HTTP date; a minute when it says nothing."""
    text = header.strip()
    if text.isdecimal():
        return min(float(text[:9]), _LONGEST)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return _UNSAID
    until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return min(max((until - now).total_seconds(), 0.0), _LONGEST)
