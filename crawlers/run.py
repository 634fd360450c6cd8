"""Running a crawl: once over everything, or until told to stop."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp.abc import AbstractResolver
from scrapy.crawler import AsyncCrawlerRunner
from scrapy.settings import Settings as ScrapySettings

from crawlers.source import Source, load_readable, pick
from crawlers.spiders.press import Assignment, PressSpider
from diembao.settings import Settings
from diembao.store import sources
from diembao.store.database import Store, open_store
from diembao.store.locks import in_turn

logger = logging.getLogger("diembao.crawl")

# Name look-ups and reading of feeds; a few slow name servers must not hold up the rest.
_THREADS = 16


@dataclass
class CrawlTally:
    """How many ended in each outcome.

    `polls ok`, `polls unchanged`, `polls empty`, `polls failing`; `found` (new addresses); of visits `fetched`,
    `refused`, `retry` (to be tried again later), `failed` (given up).
    """

    outcomes: Counter[str] = field(default_factory=Counter)

    def __getitem__(self, outcome: str) -> int:
        return self.outcomes[outcome]

    def __str__(self) -> str:
        polled = sum(number for outcome, number in self.outcomes.items() if outcome.startswith("polls "))
        bad = self.outcomes["polls failing"]
        parts = [f"{polled} polled" + (f" ({bad} failing)" if bad else ""), f"{self.outcomes['found']} found"]
        parts += [f"{self.outcomes[name]} {name}" for name in ("fetched", "refused", "retry", "failed")]
        return ", ".join(parts)


def crawl_once(
    settings: Settings,
    store: Store,
    names: Sequence[str] = (),
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    resolver: AbstractResolver | None = None,
    stop: threading.Event | None = None,
) -> CrawlTally:
    """Poll all feeds, list pages and sitemaps of these sources (all when none is named) and fetch what is due.

    Returns when nothing is left to fetch now; pages that are to be tried again later stay in the queue.

    Raises:
        BadSource: no source of that name. StoreUnavailable, ArchiveError: what was kept until then is kept.
    """
    known = sync(settings, store, now())
    chosen = tuple(source.name for source in pick(known.values(), names)) if names else ()
    assignment = Assignment(
        settings, store, known, chosen, once=True, stop=stop or threading.Event(), now=now, resolver=resolver
    )
    return _run(assignment)


def crawl_forever(
    settings: Settings,
    store: Store,
    stop: threading.Event,
    names: Sequence[str] = (),
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Poll what is due and fetch what was found until `stop` is set; what is under way then is finished.

    names: only these sources; all when empty.

    Raises:
        BadSource: no source of that name. StoreUnavailable, ArchiveError: what was kept until then is kept.
    """
    known = sync(settings, store, now())
    chosen = tuple(source.name for source in pick(known.values(), names)) if names else ()
    tally = _run(Assignment(settings, store, known, chosen, stop=stop, now=now))
    logger.info("crawl ended: %s", tally)


def sync(settings: Settings, store: Store, now: datetime) -> dict[str, Source]:
    """Make the store know the source files; those that are broken are told and left out."""
    loaded = load_readable(settings.sources_dir)
    for fault in loaded.faults:
        logger.error("source file left out: %s", fault)
    first = settings.poll_seconds or settings.poll_minutes * 60.0
    with store.write() as session:
        in_turn(session, "sources")  # several crawlers start at once
        sources.sync_sources(session, [source.to_record() for source in loaded.sources], first, now)
    return {source.name: source for source in loaded.sources}


def assignment_from_environment() -> Assignment:
    """A whole crawl as the environment says, for `scrapy crawl press`."""
    settings = Settings.load()
    store = open_store(settings)
    return Assignment(settings, store, sync(settings, store, datetime.now(UTC)), once=True)


def _run(assignment: Assignment) -> CrawlTally:
    asyncio.run(_crawl(assignment))
    if assignment.fault is not None:
        raise assignment.fault
    return CrawlTally(assignment.outcomes)


async def _crawl(assignment: Assignment) -> None:
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="crawl") as threads:
        asyncio.get_running_loop().set_default_executor(threads)
        runner = AsyncCrawlerRunner(scrapy_settings())
        await runner.crawl(PressSpider, assignment=assignment)


def scrapy_settings() -> ScrapySettings:
    """Scrapy's settings of this project."""
    made = ScrapySettings()
    made.setmodule("crawlers.settings", priority="project")
    return made
