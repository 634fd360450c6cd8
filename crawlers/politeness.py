"""Scrapy's part of good manners: whose addresses are asked for, robots.txt, pauses, and one guarded way out.

`PoliteDownloader` keeps a pause per host, `OwnDomains` keeps requests and redirects inside a newspaper, `ObeyRobots`
asks robots.txt first, `GuardedHandler` connects.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Self

from scrapy import Request
from scrapy.core.downloader import Downloader, Slot
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Headers, Response
from scrapy.http.request import NO_CALLBACK

from crawlers.download import Bounds, Connections, Fetched
from crawlers.robots import FRESH_SECONDS, MAX_BYTES, RETRY_SECONDS, Rules, rules_from
from crawlers.source import Source
from diembao.errors import DiembaoError, FetchFailed, FetchRefused
from pipelines.addresses import host_of

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from twisted.internet.defer import Deferred

# Bytes of pages that came in and are not kept yet: two hundred ordinary ones, far more than a disk that keeps up needs.
_MOST_IN_HAND: Final = 64_000_000


class Stopping(IgnoreRequest):
    """The crawler is leaving; the request was never sent."""


class PoliteDownloader(Downloader):
    """One slot per host and port, with the pause of its source or of its robots.txt, whichever is longer.

    Nothing more is sent to anybody while too much of what came in waits to be kept.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._in_hand = 0

    @contextmanager
    def in_hand(self, size: int) -> Iterator[None]:
        """So many bytes of an answer are held in memory inside. Inside nothing may be asked for: it could wait for
        itself."""
        self._in_hand += size
        try:
            yield
        finally:
            was_full = self._is_full
            self._in_hand -= size
            if was_full and not self._is_full:
                for slot in list(self.slots.values()):
                    self._process_queue(slot)

    @property
    def _is_full(self) -> bool:
        return self._in_hand >= _MOST_IN_HAND

    def _process_queue(self, slot: Slot) -> None:
        """Send what has its turn; called by Scrapy whenever something may have."""
        if not self._is_full:
            super()._process_queue(slot)

    def _wait_for_download(
        self, slot: Slot, request: Request, queue_dfd: Deferred[Response]
    ) -> Coroutine[Any, Any, None]:
        # Without Twisted's reactor Scrapy counts a request only when its task begins: too late for the loop that
        # sends what waits, which would send all of it at once.
        slot.transferring.add(request)
        return super()._wait_for_download(slot, request, queue_dfd)

    def ask_pause(self, host: str, seconds: float) -> None:
        """At least so many seconds between two requests to this host, from now on."""
        pause = max(seconds, self.per_slot_settings.get(host, {}).get("delay", 0.0))
        self.per_slot_settings[host] = {"delay": pause}
        if host in self.slots:
            self.slots[host].delay = pause

    def pause_of(self, source: Source) -> float:
        """The longest pause asked for by a host of the source."""
        pauses: list[float] = [
            slot.get("delay", 0.0) for host, slot in self.per_slot_settings.items() if source.may_poll(f"//{host}/")
        ]
        return max([source.delay, *pauses])

    def drop_waiting(self) -> None:
        """Give back every request that waits for its turn; those on their way are finished."""
        for slot in self.slots.values():
            while slot.queue:
                _, answer = slot.queue.popleft()
                answer.errback(Stopping("the crawler is leaving"))


def request_for(url: str, source: Source, *, polling: bool, bounds: Bounds | None = None, **more: Any) -> Request:
    """A request as the rest of this module expects it. `polling`: for a feed, list page or robots.txt."""
    meta: dict[str, Any] = {"source": source, "polling": polling, "bounds": bounds, **more.pop("meta", {})}
    if source.cookies:
        meta["cookiejar"] = source.name
    else:
        meta["dont_merge_cookies"] = True
    return Request(url, meta=meta, dont_filter=True, **more)


class OwnDomains:
    """Every request, redirected ones too, stays inside the newspaper it was made for."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Raises FetchRefused: `foreign_redirect` or `foreign_host`."""
        source: Source = request.meta["source"]
        inside = source.may_poll(request.url) if request.meta["polling"] else source.owns(request.url)
        if not inside:
            redirected = "redirect_times" in request.meta
            raise FetchRefused(
                f"{'leads to' if redirected else 'is at'} {request.url[:200]}, outside {', '.join(source.domains)}",
                "foreign_redirect" if redirected else "foreign_host",
            )
        host = host_of(request.url)
        request.meta["download_slot"] = host
        downloader = self._crawler.engine.downloader
        if isinstance(downloader, PoliteDownloader):
            downloader.ask_pause(host, source.delay)


class ObeyRobots:
    """Asks a host for its robots.txt before anything else, again after half a day."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._rules: dict[str, tuple[asyncio.Task[Rules], float]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Raises FetchRefused (`robots`), FetchFailed (robots.txt cannot be read)."""
        source: Source = request.meta["source"]
        if source.robots is not None or request.meta.get("is_robots"):
            return
        rules = await self._rules_of(request, source)
        if rules.unreachable:
            raise FetchFailed(f"robots_unreachable: {rules.unreachable}")
        if not rules.allow(request.url):
            raise FetchRefused(f"robots.txt of {host_of(request.url)} forbids it", "robots")

    async def _rules_of(self, request: Request, source: Source) -> Rules:
        scheme, _, rest = request.url.partition("://")
        home = f"{scheme}://{rest.partition('/')[0].partition('?')[0]}"
        asked, until = self._rules.get(home, (None, 0.0))
        if asked is None or time.monotonic() >= until:
            before = asked.result() if asked is not None and asked.done() else None
            asked = asyncio.create_task(self._ask(home, source, before))
            # Until it has answered nobody asks again; then `_ask` says for how long the answer is good.
            self._rules[home] = (asked, float("inf"))
        return await asyncio.shield(asked)

    async def _ask(self, home: str, source: Source, before: Rules | None) -> Rules:
        bounds = Bounds(MAX_BYTES, self._crawler.spider.seconds, cut=True)  # type: ignore[union-attr]
        request = request_for(
            f"{home}/robots.txt",
            source,
            polling=True,
            bounds=bounds,
            meta={"is_robots": True},
            callback=NO_CALLBACK,
        )
        result: Fetched | DiembaoError
        try:
            result = fetched_of(await self._crawler.engine.download_async(request))
        except DiembaoError as error:
            result = error.bare()
        except Stopping:
            result = FetchFailed("the crawler is leaving")
        except IgnoreRequest:
            result = FetchFailed("endless redirects")
        rules = rules_from(result)
        if rules.unreachable and before is not None and not before.unreachable:
            rules = before
        good_for = RETRY_SECONDS if rules.unreachable or rules is before else FRESH_SECONDS
        self._rules[home] = (self._rules[home][0], time.monotonic() + good_for)
        downloader = self._crawler.engine.downloader
        if isinstance(downloader, PoliteDownloader):
            downloader.ask_pause(host_of(home), rules.delay)
        return rules


class GuardedHandler(BaseDownloadHandler):
    """The way out: `crawlers.download`, behind Scrapy's slots and middlewares."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._connections: Connections = crawler.spider.connect()  # type: ignore[union-attr]

    async def download_request(self, request: Request) -> Response:
        """Raises FetchRefused, FetchFailed."""
        headers = {
            name.decode("latin-1"): b", ".join(values).decode("latin-1") for name, values in request.headers.items()
        }
        got = await self._connections.get(request.url, headers, request.meta.get("bounds"))
        answer = Answer(got.url, got.status, Headers(list(got.headers)), got.body)
        answer.fetched = got
        return answer

    async def close(self) -> None:
        await self._connections.close()


class Answer(Response):
    """Scrapy's response, and what was fetched as we got it."""

    fetched: Fetched


def fetched_of(response: Response) -> Fetched:
    """What the way out (`GuardedHandler`) fetched for this response."""
    if not isinstance(response, Answer):
        raise TypeError(f"{response!r} came another way")
    return response.fetched
