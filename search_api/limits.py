"""How much one address may ask: a bucket of tokens each, refilled steadily.

Only the costly routes are limited (API, search, feeds that search). Requests from the machine itself are not:
health checks, scripts of the office and the demo come from there. Behind a reverse proxy, name it in
`DIEMBAO_TRUSTED_PROXIES`, else all visitors look like the proxy.
"""

from __future__ import annotations

import ipaddress
import math
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
_LIMITED = ("/api/", "/tim-kiem", "/en/tim-kiem", "/rss.xml", "/atom.xml", "/feed.json", "/en/rss.xml")
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

    def take(self, key: str) -> float:
        """Take one token; 0 when there was one, else the seconds until there is."""
        now = self._clock()
        bucket = self._buckets.pop(key, None) or _Bucket(float(self._burst), now)
        bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.at) * self._per_second)
        bucket.at = now
        self._buckets[key] = bucket
        while len(self._buckets) > self._addresses:
            self._buckets.popitem(last=False)
        if bucket.tokens < 1:
            return (1 - bucket.tokens) / self._per_second
        bucket.tokens -= 1
        return 0.0


class RateLimitMiddleware:
    def __init__(self, app: ASGIApp, limiter: RateLimiter, errors: ErrorPages) -> None:
        self._app, self._limiter, self._errors = app, limiter, errors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = _key(scope)
        wait = self._limiter.take(key) if key else 0.0
        if wait:
            response = self._errors.respond(
                Request(scope), 429, code="too_many_requests", headers={"Retry-After": str(math.ceil(wait))}
            )
            await response(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _key(scope: Scope) -> str:
    """Whose bucket pays for the request; empty when nobody's."""
    if scope["type"] != "http" or not scope["path"].startswith(_LIMITED) or not scope.get("client"):
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
