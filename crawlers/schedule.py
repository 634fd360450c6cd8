"""When to poll again: by how much of a feed was known, by how long it has been silent, by how often it failed.

A feed that rotates faster than it is read loses articles, so little overlap shortens the interval at once;
much overlap lengthens it a little. A feed with news today is never left alone for long, whatever the overlap:
for a newsroom an hour is late. A failing feed waits longer each time by the same step, and is never given up.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

SHORTEST = 120.0
LONGEST = 6 * 3600.0
# Longest wait for a feed that still brings news, and the share of a silence that is waited after it: chosen with
# bench/polling.py so that no item is missed and news is as fresh as with a poll every ten minutes.
_LIVELY = 10 * 60.0
_SHARE_OF_SILENCE = 1 / 8
_MUCH_KNOWN, _LITTLE_KNOWN = 0.67, 0.33
_LATER_WITHOUT_NEWS, _LATER, _SOONER = 1.2, 1.1, 0.5
# One poll in so many asks without validators: some servers answer 304 for ever, or keep one ETag for all content.
_DOUBT_ONE_IN = 6


@dataclass(frozen=True, slots=True)
class Seen:
    """What a poll found. `known` of `total` items had been found before; an unchanged feed has none new."""

    total: int
    known: int

    @property
    def new(self) -> int:
        return self.total - self.known

    @property
    def overlap(self) -> float:
        return self.known / self.total if self.total else 1.0


def next_interval(interval: float, seen: Seen, silence: timedelta | None) -> float:
    """Seconds to the next poll after a good one.

    silence: since the feed last brought something before this poll; None when it never did.
    """
    if seen.new and seen.overlap < _LITTLE_KNOWN:
        interval *= _SOONER
    elif not seen.new:
        interval *= _LATER_WITHOUT_NEWS
    elif seen.overlap > _MUCH_KNOWN:
        interval *= _LATER
    quiet = timedelta(0) if seen.new or silence is None else silence
    ceiling = max(_LIVELY, quiet.total_seconds() * _SHARE_OF_SILENCE)
    return min(max(interval, SHORTEST), ceiling, LONGEST)


def wait_after_failure(first_interval: float, failures: int) -> float:
    """Seconds to the next try after so many failures in a row (this one counted): linear, at most six hours."""
    return min(first_interval * max(failures, 1), LONGEST)


def ask_without_validators(feed_id: int, now: datetime) -> bool:
    """Whether this poll doubts the server; spread evenly over feeds and time, and the same when asked again."""
    digest = hashlib.blake2b(f"{feed_id}:{now:%Y-%m-%dT%H:%M:%S}".encode(), digest_size=4).digest()
    return int.from_bytes(digest) % _DOUBT_ONE_IN == 0


# A removal must be marked within the hour: so long between two looks at what is on the section, and so long until a
# first sign is confirmed.
PUBLISHED_LOOK = timedelta(minutes=25)
CONFIRM_AFTER = timedelta(minutes=5)
FIRST_LOOK = timedelta(minutes=30)
_DAILY = timedelta(days=1)


def next_look(age: timedelta, window: timedelta, *, published: bool, fresh_published: timedelta) -> timedelta | None:
    """How long until an article is looked at again for changes and removal; None: never again.

    age: since its text has stood as it is. Waits double on the first day (30 minutes, 1, 2, 4 … hours), then it is once
    a day until `window` is over. On the section: every 25 minutes until `fresh_published` old, then daily for good.
    """
    if published:
        return PUBLISHED_LOOK if age < fresh_published else _DAILY
    if age >= window:
        return None
    return max(FIRST_LOOK, age) if age < _DAILY / 2 else _DAILY
