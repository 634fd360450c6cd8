"""One page, fetched for a command: the crawler's guard and bounds, redirects followed a few times."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urljoin

from crawlers.download import Bounds, Connections, Fetched
from diembao.errors import FetchFailed, FetchRefused
from diembao.records import Page
from diembao.settings import Settings

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS: Final = 5


def fetch(url: str, settings: Settings) -> Page:
    """The page at an address; `url` of the result is where redirects led.

    Raises:
        FetchRefused: private address, no web address, too large. FetchFailed: no page came; one line.
    """

    async def one() -> Fetched:
        connections = Connections(settings)
        try:
            return await follow(connections, url)
        finally:
            await connections.close()

    got = asyncio.run(one())
    if got.status != 200:
        raise FetchFailed(f"{got.url}: HTTP {got.status}")
    return Page(got.url, "", datetime.now(UTC), got.status, got.header("content-type"), got.body)


async def follow(
    connections: Connections,
    url: str,
    bounds: Bounds | None = None,
    *,
    inside: Callable[[str], bool] = lambda _: True,
) -> Fetched:
    """The answer at the end of a few redirects, each checked as the first address was.

    inside: which addresses a redirect may lead to.

    Raises:
        FetchRefused, FetchFailed
    """
    for _ in range(_MOST_REDIRECTS + 1):
        got = await connections.get(url, bounds=bounds)
        target = got.header("location")
        if got.status not in _REDIRECTS or not target:
            return got
        try:
            url = urljoin(url, target.strip())
        except ValueError as error:
            raise FetchRefused(f"{url} leads to no address", "bad_address") from error
        if not inside(url):
            raise FetchRefused(f"leads to {url[:200]}, outside the newspaper", "foreign_redirect")
    raise FetchFailed(f"too_many_redirects: {url[:200]} leads on and on")
