"""How much one address may ask: a bucket of tokens each, refilled steadily.

Only the costly routes are limited (API, search, feeds that search). Requests from the machine itself are not:
health checks, scripts of the office and the demo come from there. Behind a reverse proxy, name it in
`DIEMBAO_TRUSTED_PROXIES`, else all visitors look like the proxy.
"""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from search_api.problems import ErrorPages

# A person who clicks through results needs one request a second at most; a programme that pages through the
# archive gets ten. The bucket lets a page with many links be opened at once.
PER_SECOND = 10.0
BURST = 120
# Some 100 bytes each: bounded, however many addresses ask.
ADDRESSES = 20_000
KEYS = 1000
_LIMITED = ("/api/", "/tim-kiem", "/en/tim-kiem", "/rss.xml", "/atom.xml", "/feed.json", "/en/rss.xml")
# Trying a password costs the machine more than a search: some twelve at once, then one a second.
_SIGN_IN = "/ban-bien-tap/dang-nhap"
_SIGN_IN_TOKENS = 10
_IPV6_NETWORK = 64  # what one household or office usually has


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class RateLimiter:
    """Used from the event loop only, so it needs no lock."""

    def __init__(
        self,
        per_second: float = PER_SECOND,
        burst: int = BURST,
        addresses: int = ADDRESSES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_second, self._burst, self._addresses, self._clock = per_second, burst, addresses, clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str, tokens: int = 1) -> float:
        """Take tokens; 0 when there were as many, else the seconds until there are."""
        now = self._clock()
        bucket = self._buckets.pop(key, None) or _Bucket(float(self._burst), now)
        bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.at) * self._per_second)
        bucket.at = now
        self._buckets[key] = bucket
        while len(self._buckets) > self._addresses:
            self._buckets.popitem(last=False)
        if bucket.tokens < tokens:
            return (tokens - bucket.tokens) / self._per_second
        bucket.tokens -= tokens
        return 0.0


class KeyLimits:
    """How fast each key of the API may ask, whatever address it asks from. Used from threads, so it has a lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._limiters: OrderedDict[tuple[int, int], RateLimiter] = OrderedDict()

    def take(self, key_id: int, per_minute: int) -> float:
        """0 when the request may pass, else the seconds until one may."""
        with self._lock:
            place = (key_id, per_minute)
            limiter = self._limiters.pop(place, None) or RateLimiter(per_minute / 60, per_minute, addresses=1)
            self._limiters[place] = limiter
            while len(self._limiters) > KEYS:
                self._limiters.popitem(last=False)
            return limiter.take("")


class RateLimitMiddleware:
    def __init__(self, app: ASGIApp, limiter: RateLimiter, errors: ErrorPages) -> None:
        self._app, self._limiter, self._errors = app, limiter, errors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = _key(scope)
        wait = self._limiter.take(key, _cost(scope)) if key else 0.0
        if wait:
            response = self._errors.respond(
                Request(scope), 429, code="too_many_requests", headers={"Retry-After": str(math.ceil(wait))}
            )
            await response(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _cost(scope: Scope) -> int:
    """What a request takes out of the bucket."""
    if scope["method"] == "POST" and scope["path"].startswith(_SIGN_IN):
        return _SIGN_IN_TOKENS
    return 1 if scope["path"].startswith(_LIMITED) else 0


def _key(scope: Scope) -> str:
    """Whose bucket pays for the request; empty when nobody's."""
    if scope["type"] != "http" or not scope.get("client") or not _cost(scope):
        return ""
    try:
        address = ipaddress.ip_address(scope["client"][0])
    except ValueError:
        return str(scope["client"][0])
    if address.is_loopback:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, _IPV6_NETWORK), strict=False))
    return str(address)
