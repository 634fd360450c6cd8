"""One HTTP request, guarded and bounded: the only place that opens connections to newspapers.

Addresses are checked when a socket is opened (`diembao.guard`), bodies are measured while they come in and again
while they are unpacked, the whole request has a time limit. Redirects are not followed here: where they may lead is for
the caller to judge.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from diembao.errors import FetchFailed, FetchRefused
from diembao.guard import AddressGuard, GuardedResolver, GuardedSockets, private_address
from diembao.settings import Settings
from diembao.store.codings import CODINGS, Damaged, Truncated, coding_of, unpack

# Open connections to all papers together; each paper is kept to a few by the downloader's slots.
_CONNECTIONS = 100
_DNS_SECONDS = 300
# Told by us, so that one identity speaks; the rest is what aiohttp must say.
_NOT_BY_ITSELF = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
_STANDING = {
    "Accept": "text/html,application/xhtml+xml,application/rss+xml,application/xml;q=0.9,*/*;q=0.5",
    "Accept-Language": "vi,en;q=0.5",
    "Accept-Encoding": ", ".join(CODINGS),
}
# The body as we hand it on is unpacked and whole, so these would no longer be true.
_OF_THE_TRANSFER = {"content-encoding", "content-length", "transfer-encoding"}


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer, its body unpacked. `cut`: the body was longer than was wanted.

    packed, coding: the body as it came over the line, where it came whole and packed; else empty.
    """

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    cut: bool = False
    packed: bytes = b""
    coding: str = ""

    def header(self, name: str) -> str:
        """The first value of a header, '' when it is missing."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def size(self) -> int:
        """Bytes it takes in memory."""
        return len(self.body) + len(self.packed)


@dataclass(frozen=True, slots=True)
class Bounds:
    """max_bytes: of the decoded body; cut: keep the beginning of a longer one instead of refusing it.

    types: media types accepted of an answer with status 200; empty accepts all.
    """

    max_bytes: int
    seconds: float
    cut: bool = False
    types: Collection[str] = ()


class Connections:
    """Keeps connections open between requests. Make it inside a running event loop; `close` it.

    resolver: asked for names; default is the system's.
    """

    def __init__(self, settings: Settings, resolver: AbstractResolver | None = None) -> None:
        self.guard = AddressGuard(allow_private=settings.allow_private_networks)
        self.bounds = Bounds(settings.fetch_max_bytes, settings.fetch_timeout)
        connector = aiohttp.TCPConnector(
            limit=_CONNECTIONS,
            ttl_dns_cache=_DNS_SECONDS,
            resolver=GuardedResolver(self.guard, resolver or aiohttp.ThreadedResolver()),
            socket_factory=GuardedSockets(self.guard),
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            headers={"User-Agent": settings.user_agent},
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_NOT_BY_ITSELF,
            auto_decompress=False,
        )

    async def close(self) -> None:
        await self._session.close()

    async def get(self, url: str, headers: Mapping[str, str] | None = None, bounds: Bounds | None = None) -> Fetched:
        """Ask for one address.

        Raises:
            FetchRefused: `bad_address`, `private_address`, `too_large`, `not_html` (a type that was not accepted).
            FetchFailed: anything that may be better next time.
        """
        bounds = bounds or self.bounds
        self.guard.check_url(url)
        try:
            async with self._session.get(
                URL(url, encoded=True),
                headers={**_STANDING, **(headers or {})},
                timeout=aiohttp.ClientTimeout(total=bounds.seconds),
                allow_redirects=False,
            ) as response:
                _check_type(response, bounds)
                packed, cut = await _read(response, bounds)
                coding = coding_of(response.headers.get("Content-Encoding", ""))
                body, cut = _unpack(response, packed, coding, bounds, cut=cut)
                kept = tuple(
                    (name, value) for name, value in response.headers.items() if name.lower() not in _OF_THE_TRANSFER
                )
                if cut or not coding:
                    return Fetched(url, response.status, kept, body, cut)
                return Fetched(url, response.status, kept, body, packed=packed, coding=coding)
        except TimeoutError as error:
            raise FetchFailed(f"timeout: no whole answer within {bounds.seconds:g} s") from error
        except ValueError as error:  # InvalidURL is one of aiohttp's errors and a ValueError
            raise FetchRefused(f"{url[:200]} is no address of a web page: {error}", "bad_address") from error
        except aiohttp.ClientError as error:
            raise _in_words(url, error) from error


def _check_type(response: aiohttp.ClientResponse, bounds: Bounds) -> None:
    declared = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if bounds.types and response.status == 200 and declared and declared not in bounds.types:
        raise FetchRefused(f"{response.url} is {declared}, not a page", "not_html")


async def _read(response: aiohttp.ClientResponse, bounds: Bounds) -> tuple[bytes, bool]:
    """The body as it comes over the line, as far as the bounds allow, and whether it is longer."""
    declared = response.content_length
    if declared is not None and declared > bounds.max_bytes and not bounds.cut:
        raise _too_large(response, bounds)
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > bounds.max_bytes:
            if bounds.cut:
                response.close()
                return bytes(body[: bounds.max_bytes]), True
            raise _too_large(response, bounds)
    return bytes(body), False


def _unpack(
    response: aiohttp.ClientResponse, packed: bytes, coding: str, bounds: Bounds, *, cut: bool
) -> tuple[bytes, bool]:
    """The body, and whether it is longer; a bomb is unfolded no further than the bounds."""
    if not coding or not packed:
        return packed, cut
    try:
        body = unpack(packed, coding, bounds.max_bytes, beginning=cut)
    except Truncated as error:
        raise FetchFailed("truncated: body broke off") from error
    except Damaged as error:
        raise FetchFailed("undecodable: compressed body is damaged") from error
    if len(body) <= bounds.max_bytes:
        return body, cut
    if not bounds.cut:
        raise _too_large(response, bounds)
    return body[: bounds.max_bytes], True


def _too_large(response: aiohttp.ClientResponse, bounds: Bounds) -> FetchRefused:
    response.close()
    return FetchRefused(f"{response.url} is larger than {bounds.max_bytes} bytes", "too_large")


def _in_words(url: str, error: aiohttp.ClientError) -> FetchFailed | FetchRefused:
    """The fault in words that name it the same way every time, first word first."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return FetchFailed("unresolvable: no address for the host name")
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return FetchFailed(f"certificate: {str(error)[:200]}")
    if isinstance(error, aiohttp.ClientConnectorError):
        if isinstance(error.os_error, PermissionError):
            return private_address(URL(url).host or url)
        return FetchFailed(f"unreachable: {error.os_error.strerror or error.os_error}")
    if isinstance(error, aiohttp.ClientPayloadError):
        return FetchFailed("truncated: body broke off")
    if isinstance(error, aiohttp.ClientOSError | aiohttp.ServerDisconnectedError):
        return FetchFailed("reset: the server broke the connection")
    return FetchFailed(f"not_http: {type(error).__name__}: {str(error)[:200]}")
