from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crawlers.run import CrawlTally, crawl_once
from diembao.demo import DemoPress
from diembao.records import ArchivePlace, FeedHints
from diembao.settings import Settings
from diembao.store import pages, sources, trail
from diembao.store.archive import read_record
from diembao.store.database import Store, open_store
from diembao.store.models import FeedRow, PageRow
from diembao.store.pages import hints_from_json
from pipelines.addresses import canonical_url


class Clock:
    """A clock that stands still until told otherwise."""

    def __init__(self) -> None:
        self.time = datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        return self.time

    def forward(self, **span: float) -> None:
        self.time += timedelta(**span)


@dataclass
class Newsroom:
    """The demo press, a store, and a crawler between them."""

    press: DemoPress
    store: Store
    settings: Settings
    clock: Clock
    options: dict[str, Any] = field(default_factory=dict)

    def crawl(self, *names: str) -> CrawlTally:
        return crawl_once(self.settings, self.store, names, now=self.clock, **self.options)

    def page(self, url: str) -> PageRow:
        with self.store.read() as session:
            row = pages.by_url(session, canonical_url(url))
        assert row is not None, f"{url} was never found"
        return row

    def known(self, url: str) -> bool:
        with self.store.read() as session:
            return pages.by_url(session, canonical_url(url)) is not None

    def hints(self, url: str) -> FeedHints:
        return hints_from_json(self.page(url).hints)

    def body(self, url: str) -> bytes:
        row = self.page(url)
        place = ArchivePlace(row.archive_file, row.archive_offset, row.archive_length)
        return read_record(self.settings.archive_dir, place).body

    def steps(self, url: str) -> list[tuple[str, str]]:
        row = self.page(url)
        with self.store.read() as session:
            return [(step.step, step.outcome) for step in trail.of_page(session, row.id)]

    def feed(self, paper: str, kind: str = "feed") -> FeedRow:
        with self.store.read() as session:
            return next(feed for feed in sources.feeds_of(session)[paper] if feed.kind == kind)

    def states(self) -> dict[str, int]:
        with self.store.read() as session:
            counted: dict[str, int] = {}
            for (state, _), number in pages.counts(session).items():
                counted[state] = counted.get(state, 0) + number
            return counted


Open = Callable[..., Newsroom]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def open_newsroom(tmp_path: Path, clock: Clock) -> Iterator[Open]:
    """Start the press with some papers and a crawler that knows them; settings by keyword."""
    opened: list[Newsroom] = []

    def start(papers: Sequence[str], **changes: Any) -> Newsroom:
        press = DemoPress(papers, now=clock).start()
        press.write_sources(tmp_path / "sources")
        settings = Settings(
            data_dir=tmp_path / "data",
            sources_dir=tmp_path / "sources",
            **{"allow_private_networks": True, "fetch_timeout": 2.0, **changes},
        )
        # The press prints some articles after it opened; tests want to be the only ones who bring news.
        clock.time = max([each.published_at for each in press.still_to_come()], default=clock.time) + timedelta(hours=1)
        opened.append(Newsroom(press, open_store(settings), settings, clock))
        return opened[-1]

    yield start
    for newsroom in opened:
        newsroom.press.stop()
        newsroom.store.close()
