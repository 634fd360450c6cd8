"""How much one asker may ask: a bucket of tokens for each address, refilled steadily, and what is said about it.

Only the costly routes are limited (API, search, feeds that search). Requests from the machine itself are not:
health checks, scripts of the office and the demo come from there. Behind a reverse proxy, name it in
`DIEMBAO_TRUSTED_PROXIES`, else all visitors look like the proxy.

The buckets of addresses are in the memory of each web process: a shared count would make a write to the database out
of every anonymous read. Keys are counted in the store (`newsroom.api_keys`), because a quota is a promise.
"""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search_api.problems import ErrorPages, TooMany

# A person who clicks through results needs one request a second at most; a programme that pages through the
# archive gets ten. The bucket lets a page with many links be opened at once.
PER_SECOND = 10.0
BURST = 120
# Some 100 bytes each: bounded, however many addresses ask.
ADDRESSES = 20_000
_API = "/api/"
_FEEDS = ("/rss.xml", "/atom.xml", "/feed.json", "/en/rss.xml", "/theo-doi.xml")
_LIMITED = (_API, "/tim-kiem", "/en/tim-kiem", *_FEEDS)
# Trying a password costs the machine more than a search: some twelve at once, then one a second.
_SIGN_IN = "/ban-bien-tap/dang-nhap"
_SIGN_IN_TOKENS = 10
# An export reads as much as a hundred pages of results: two at once, then one in six seconds.
_EXPORT = "/api/v1/articles/export"
_EXPORT_TOKENS = 60
# A table of open data counts everything that is published: twelve at once, then one a second.
_OPEN_DATA = "/api/v1/open-data/"
_OPEN_DATA_TOKENS = 10
_IPV6_NETWORK = 64  # what one household or office usually has


@dataclass(frozen=True, slots=True)
class Allowance:
    """How one rule stands after a request: `quota` requests in `window` seconds, of which `left` are left, all of
    them again in `reset` seconds. wait: seconds until another may pass; 0: this one passed."""

    name: str
    quota: int
    window: int
    left: int
    reset: float
    wait: float = 0.0


def allowance_fields(allowances: Iterable[Allowance]) -> dict[str, str]:
    """The `RateLimit` fields of HTTP (draft-ietf-httpapi-ratelimit-headers-10), and when to come again if one is
    used up."""
    known = list(allowances)
    fields = {
        "RateLimit-Policy": ", ".join(f'"{one.name}";q={one.quota};w={one.window}' for one in known),
        "RateLimit": ", ".join(f'"{one.name}";r={max(0, one.left)};t={math.ceil(one.reset)}' for one in known),
    }
    if wait := max(one.wait for one in known):
        fields["Retry-After"] = str(math.ceil(wait))
    return fields


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class RateLimiter:
    """Buckets by address. Safe to share between threads."""

    def __init__(
        self,
        per_second: float = PER_SECOND,
        burst: int = BURST,
        addresses: int = ADDRESSES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_second, self._burst, self._addresses, self._clock = per_second, burst, addresses, clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str, tokens: int = 1) -> Allowance:
        """Take tokens where there are as many; else `wait` tells when there are."""
        tokens = min(tokens, self._burst)
        with self._lock:
            now = self._clock()
            bucket = self._buckets.pop(key, None) or _Bucket(float(self._burst), now)
            bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.at) * self._per_second)
            bucket.at = now
            self._buckets[key] = bucket
            while len(self._buckets) > self._addresses:
                self._buckets.popitem(last=False)
            wait = max(0.0, (tokens - bucket.tokens) / self._per_second)
            if not wait:
                bucket.tokens -= tokens
            return Allowance(
                "address",
                self._burst,
                math.ceil(self._burst / self._per_second),
                int(bucket.tokens),
                (self._burst - bucket.tokens) / self._per_second,
                wait,
            )

    def charge(self, request: Request) -> None:
        """Make the address of a request pay for it, where that was left to the route.

        Raises: TooMany.
        """
        if key := address_of(request.scope):
            allowance = self.take(key, _cost(request.scope))
            if allowance.wait:
                raise TooMany("too_many_requests", allowance_fields([allowance]))


class RateLimitMiddleware:
    """Who shows a key pays with the key, or, when it is none, with the address: the route knows."""

    def __init__(self, app: ASGIApp, limiter: RateLimiter, errors: ErrorPages) -> None:
        self._app, self._limiter, self._errors = app, limiter, errors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = "" if _shows_a_key(scope) else address_of(scope)
        if not key:
            await self._app(scope, receive, send)
            return
        allowance = self._limiter.take(key, _cost(scope))
        fields = allowance_fields([allowance])
        if allowance.wait:
            response = self._errors.respond(Request(scope), 429, code="too_many_requests", headers=fields)
            await response(scope, receive, send)
            return

        async def send_with_fields(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in fields.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_fields if scope["path"].startswith(_API) else send)


def address_of(scope: Scope) -> str:
    """Whose bucket pays for a request; empty when nobody's."""
    if scope["type"] != "http" or not scope.get("client") or not _cost(scope):
        return ""
    try:
        address = ipaddress.ip_address(scope["client"][0])
    except ValueError:
        return str(scope["client"][0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if address.is_loopback:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, _IPV6_NETWORK), strict=False))
    return str(address)


def _cost(scope: Scope) -> int:
    """What a request takes out of the bucket."""
    path = scope["path"]
    if scope["method"] == "POST" and path.startswith(_SIGN_IN):
        return _SIGN_IN_TOKENS
    if path == _EXPORT:
        return _EXPORT_TOKENS
    if path.startswith(_OPEN_DATA):
        return _OPEN_DATA_TOKENS
    return 1 if path.startswith(_LIMITED) else 0


def _shows_a_key(scope: Scope) -> bool:
    if scope["type"] != "http" or not scope["path"].startswith(_API):
        return False
    return any(name == b"authorization" for name, _ in scope["headers"])
