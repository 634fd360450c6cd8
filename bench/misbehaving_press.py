"""Every trick of the demo press at once, against a real worker: is anything leaking, stuck or silent?

    python bench/misbehaving_press.py [--minutes 10] [--poll 10]

Three papers stay healthy and print an article in turn every few seconds; all the others play tricks: every trick that
suits a feed on some feed, every trick that suits a page on some article, robots.txt and list pages too. For a tenth of
the time nobody plays tricks, to compare with. At the end all behave again. Exit 1 when something was not as it should.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import yaml
from sqlalchemy import select

from diembao.demo import DemoPress
from diembao.demo.site import Kind
from diembao.demo.tricks import TRICKS
from diembao.index.language import parse
from diembao.index.opening import open_index
from diembao.index.protocol import Query
from diembao.newsroom.pulse import Board, pulse_board
from diembao.settings import Settings
from diembao.store import pages
from diembao.store.database import Store, open_store
from diembao.store.models import FeedRow

HEALTHY = ("songcau", "trungdu", "xuche")
# Slow or large ones are kept small, so that the press itself is not what is measured.
_OPTIONS: dict[str, dict[str, object]] = {
    "gzip_bomb": {"megabytes": 50},
    "endless_body": {"megabytes": 50},
    "robots_huge": {"megabytes": 5},
    "late": {"seconds": 30},
    "drip": {"pause": 0.3},
    "status_503": {"retry_after": 20},
    "status_429": {"retry_after": 20},
    "always_304": {"always": True},
    "feed_huge": {"items": 2000},
}
# Tricks on feeds that a good reader sees through; all others must be told.
_HARMLESS = {
    "drip",
    "wrong_charset",
    "undeclared_charset",
    "endless_body",
    "frozen_etag",
    "feed_undated",
    "feed_future",
    "feed_relative",
    "feed_huge",
    "feed_broken",
    "feed_dirty",
    "feed_declares_latin1",
    "feed_windows_1258",
}
_PRINT_EVERY = 4.0
_SAMPLE_EVERY = 5.0
_WARM_UP = 120.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--poll", type=float, default=10.0, help="seconds between two polls of a feed")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, DemoPress() as press:
        bench = Bench(press, Path(folder), asked.poll)
        with bench.worker():
            bench.warm_up()
            bench.print_until(time.monotonic() + asked.minutes * 6, "calm")
            bench.misbehave()
            bench.print_until(time.monotonic() + asked.minutes * 54, "tricks")
            named = bench.named()
            press.behave()
            bench.print_until(time.monotonic() + 4 * asked.poll, "after")
            bench.wait_for_stragglers()
            stuck = bench.stuck()
        return bench.report(named, stuck)


class Bench:
    def __init__(self, press: DemoPress, folder: Path, poll: float) -> None:
        self.press = press
        self.poll = poll
        self.sources = folder / "sources"
        press.write_sources(self.sources)
        self._all_feeds()
        self.settings = Settings(data_dir=folder / "data", sources_dir=self.sources, allow_private_networks=True)
        self.store: Store = open_store(self.settings, migrate=True)
        self.index = open_index(self.settings)
        self.feed_tricks: dict[str, str] = {}
        self.page_tricks = 0
        self.waiting: dict[str, tuple[str, float]] = {}
        self.delays: dict[str, list[float]] = {"calm": [], "tricks": [], "after": []}
        self.memory: list[tuple[float, float]] = []
        self.threads: list[int] = []
        self.processes: dict[int, list[tuple[float, float]]] = {}
        self.begun = time.monotonic()
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None

    def _all_feeds(self) -> None:
        """Poll every feed a plagued paper has, so that there is room for every trick."""
        for name in self.press.papers:
            feeds = self.press.feed_urls(name)
            path = self.sources / f"{name}.yml"
            if name not in HEALTHY and len(feeds) > 1:
                fields = yaml.safe_load(path.read_text("utf-8"))
                path.write_text(yaml.safe_dump(fields | {"feeds": feeds}, allow_unicode=True), "utf-8")

    @contextmanager
    def worker(self) -> Iterator[None]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DIEMBAO_")}
        environment = kept | self.settings.as_environment()
        environment |= {
            "DIEMBAO_POLL_SECONDS": str(self.poll),
            "DIEMBAO_FETCH_TIMEOUT": "4",
            "DIEMBAO_FETCH_MAX_BYTES": "2000000",
            "DIEMBAO_PULSE_MINUTES": "0.1",
            "DIEMBAO_LOG_LEVEL": "ERROR",
        }
        self._process = subprocess.Popen([sys.executable, "-m", "diembao", "worker"], env=environment)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGTERM)
            self.ended_in = time.monotonic()
            self._process.wait(60)
            self.ended_in = time.monotonic() - self.ended_in

    def warm_up(self) -> None:
        """The papers' older articles are read first; news is measured after that."""
        end = time.monotonic() + _WARM_UP
        while time.monotonic() < end:
            time.sleep(2.0)
            with self.store.read() as session:
                counted = pages.counts(session)
                if sum(counted.values()) > 100 and not pages.waiting(session, datetime.now(UTC)):
                    return

    def misbehave(self) -> None:
        """Give every trick a place."""
        plagued = [name for name in self.press.papers if name not in HEALTHY]
        feeds = [(name, url) for name in plagued for url in self.press.feed_urls(name)]
        for_feeds = [name for name, trick in TRICKS.items() if trick.suits(Kind.FEED)]
        for trick, (paper, url) in zip(for_feeds, feeds, strict=False):
            self.press.misbehave(paper, trick, url, **_OPTIONS.get(trick, {}))
            self.feed_tricks[url] = trick
        if len(feeds) < len(for_feeds):
            print(f"only {len(feeds)} feeds for {len(for_feeds)} tricks: {', '.join(for_feeds[len(feeds) :])} left out")
        for_pages = [name for name, trick in TRICKS.items() if trick.suits(Kind.ARTICLE)]
        for trick, paper in zip(for_pages, itertools.cycle(plagued), strict=False):
            article = self.press.publish(paper, f"Bài số {next(self._numbers)} gặp trò {trick}", "Tin.", ["Nội dung."])
            self.press.misbehave(paper, trick, article.url, **_OPTIONS.get(trick, {}))
            self.page_tricks += 1
        for trick in ("endless_pages", "calendar"):
            self.press.misbehave(next(name for name in plagued if not self.press.feed_urls(name)), trick)
        # The crawler keeps rules for half a day: these are met by papers whose rules it asks for anew.
        for trick, paper in zip(("robots_500", "robots_never", "robots_huge"), reversed(plagued), strict=False):
            self.press.misbehave(paper, trick, **_OPTIONS.get(trick, {}))

    def print_until(self, end: float, phase: str) -> None:
        papers = itertools.cycle(HEALTHY)
        next_print = next_sample = time.monotonic()
        while time.monotonic() < end:
            now = time.monotonic()
            if now >= next_print:
                next_print = now + _PRINT_EVERY
                self._print(next(papers), phase)
            if now >= next_sample:
                next_sample = now + _SAMPLE_EVERY
                self._sample()
            self._collect()
            time.sleep(0.5)

    def _print(self, paper: str, phase: str) -> None:
        number = next(self._numbers)
        word = f"khaitruong{number}x"
        title = f"Thái Nguyên khai trương điểm số {number} {word}"
        text = f"Tỉnh Thái Nguyên vừa khai trương điểm phục vụ người dân thứ {number}, mở cửa cả ngày thứ bảy."
        self.press.publish(paper, title, text, [text + " Bà con tới đông từ sáng sớm."])
        self.waiting[word] = (phase, time.monotonic())

    def _collect(self) -> None:
        for word, (phase, since) in list(self.waiting.items()):
            if self.index.search(Query(parse(word), size=1)).total:
                self.delays[phase].append(time.monotonic() - since)
                del self.waiting[word]

    def wait_for_stragglers(self) -> None:
        end = time.monotonic() + 6 * self.poll
        while self.waiting and time.monotonic() < end:
            self._collect()
            time.sleep(0.5)

    def _sample(self) -> None:
        """Memory of the worker and its children, in MB; their threads.

        A process's own memory (`RssAnon`) is what could leak; pages of the index and of libraries that it has mapped
        are the system's, which takes them back when it needs them.
        """
        if self._process is None:
            return
        family = _family(self._process.pid)
        for pid in family:
            seen = (_status(pid, "RssAnon") / 1024, _status(pid, "VmRSS") / 1024)
            self.processes.setdefault(pid, []).append(seen)
        total = sum(_status(pid, "RssAnon") for pid in family) / 1024
        self.memory.append(((time.monotonic() - self.begun) / 60, total))
        self.threads.append(sum(_status(pid, "Threads") for pid in family))

    def named(self) -> dict[str, tuple[str, str, str]]:
        """trick -> (state of its source, status of its feed, reason), for tricks on feeds."""
        with self.store.read() as session:
            lines: dict[str, Board] = {line.name: line for line in pulse_board(session, datetime.now(UTC))}
            rows = {row.url: row for row in session.scalars(select(FeedRow))}
        return {
            trick: (lines[rows[url].source].state, rows[url].status, rows[url].reason)
            for url, trick in self.feed_tricks.items()
            if url in rows
        }

    def stuck(self) -> list[str]:
        """Feeds that are not well again though their server is."""
        held = {"robots", "HTTP 429", "HTTP 503"}
        with self.store.read() as session:
            rows = session.scalars(select(FeedRow).where(FeedRow.active, FeedRow.status != "ok")).all()
        return [f"{row.url}: {row.reason}" for row in rows if not any(word in row.reason for word in held)]

    def report(self, named: dict[str, tuple[str, str, str]], stuck: list[str]) -> int:
        print(f"{len(self.feed_tricks)} tricks on feeds, {self.page_tricks} on pages, 3 on robots.txt, 2 on lists")
        for phase, delays in self.delays.items():
            if delays:
                ordered = sorted(delays)
                worst, late = ordered[-1], ordered[int(len(ordered) * 0.95)]
                print(
                    f"{phase:7} {len(delays):4} articles of healthy papers, searchable after "
                    f"{statistics.median(delays):5.1f} s (median), {late:5.1f} s (95 %), {worst:5.1f} s (longest)"
                )
        lost = len(self.waiting)
        print(f"never searchable: {lost}")
        silent = [trick for trick, (state, _, _) in named.items() if trick not in _HARMLESS and state == "ok"]
        for trick, (state, status, reason) in sorted(named.items()):
            print(f"  {trick:22} source {state:9} feed {status:8} {reason[:90]}")
        print(f"faults the pulse does not name: {', '.join(silent) or 'none'}")
        print(f"feeds not well again: {'; '.join(stuck) or 'none'}")
        half = [value for _, value in self.memory[len(self.memory) // 2 :]]
        shown = self.memory[:: max(1, len(self.memory) // 10)]
        print(
            "own memory of all processes (MB): " + ", ".join(f"{minute:.1f} min {value:.0f}" for minute, value in shown)
        )
        print(f"  second half {half[0]:.0f} to {half[-1]:.0f}, highest {max(half):.0f}")
        for number, samples in enumerate(self.processes.values()):
            if len(samples) > 3:
                own = ", ".join(f"{value:.1f}" for value, _ in samples[:: max(1, len(samples) // 10)])
                name = "worker" if number == 0 else f"child {number}"
                print(f"  {name}: own {own}; with what it has mapped {samples[-1][1]:.0f}")
        print(f"threads: {max(self.threads)} at most")
        print(f"worker ended in {self.ended_in:.1f} s")
        print(json.dumps({"lost": lost, "silent": silent, "stuck": stuck, "memory": [half[0], half[-1]]}))
        return 1 if lost or silent or stuck else 0


def _family(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parts = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(parts[1]), []).append(int(path.parent.name))
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return found


def _status(pid: int, field: str) -> int:
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1])
    except OSError:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
