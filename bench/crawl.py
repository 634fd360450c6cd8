"""From feed to store: pages a second, CPU milliseconds a page by part, and the ratio to a bare Scrapy download.

    python bench/crawl.py [--hosts 20] [--pages 100] [--latency 50] [--crawlers 1] [--readers 1] [--postgresql URL]

A server of its own process on loopback answers feeds and pages of about 230 KB after the latency. Its pages are
articles of the demo press in the layouts of the reading tests, one layout a host, made as heavy as real pages; about
one in a hundred is about the province. Each host is a source without a pause between requests. A page counts when it
was fetched, archived, read, judged and its outcome stored. Pages a second are counted from the first page that came in
to the last outcome; what it takes to start a crawler, read its sources and poll their feeds is told beside it.

“Cold, never learned” reads every page as an unknown one; “cold,
learning” starts without profiles and learns on the way; “warm” has the profiles that run learned. “Bare” is Scrapy
with its own downloader and nothing to do, in two processes.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import importlib.util
import json
import multiprocessing
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import SecretStr

from crawlers.run import sync

ROOT = Path(__file__).resolve().parent.parent
WEIGHT = 230_000
# What a paper prints about: most of it far away, as it is in the press of a whole country.
ELSEWHERE = ("Lâm Viên", "tỉnh Lâm Viên", "Cao Nguyên Xanh", "sông Hàm Luông", "Bình An", "Hải Ninh")
VARIANTS = 40


# ------------------------------------------------------------------------------------------------- the press
def load_material() -> ModuleType:
    path = ROOT / "tests" / "pipelines" / "reading" / "material.py"
    spec = importlib.util.spec_from_file_location("reading_material", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def heavier(body: bytes, chance: random.Random) -> bytes:
    """The page with the scripts, styles and menus that make real pages twenty times as heavy as their text.

    Half of the filling is noise, so that the whole packs to about a quarter, as newspapers' pages do.
    """
    missing = max(0, WEIGHT - len(body))
    noise = "".join(
        f"window.kho['{chance.getrandbits(64):x}']={{id:{chance.getrandbits(40)},muc:'tin'}};"
        for _ in range(missing // 3 // 50)
    )
    style = ".khung .muc{margin:0 auto;padding:4px}" * (missing // 3 // 39)
    entry = '<li class="menu-item"><a href="/muc/{0}.htm" title="Chuyên mục số {0}">Chuyên mục số {0}</a></li>'
    links = "".join(entry.format(chance.getrandbits(20)) for _ in range(missing // 3 // 105))
    head = f"<script>{noise}</script><style>{style}</style></head>".encode()
    body = body.replace(b"</head>", head, 1)
    return body.replace(b"</body>", f'<nav class="mega-menu"><ul>{links}</ul></nav></body>'.encode(), 1)


def print_press(hosts: int, pages: int) -> list[list[bytes]]:
    """For each host its pages in its layout, packed as a server would; every hundredth is about the province."""
    from nlp.analyzer import Analyzer

    material, analyzer, chance = load_material(), Analyzer.load(), random.Random(5)
    layouts = material.layout_names()
    each = min(pages, 100)
    ours_at = set(chance.sample(range(hosts * each), max(1, hosts * each // 100)))
    press = []
    for host in range(hosts):
        printed = material.pages_of(layouts[host % len(layouts)], VARIANTS)
        ours = [one.page.body for one in printed if _is_ours(analyzer, one.title, one.text)]
        others = [
            _elsewhere(one.page.body) for one in printed if not _is_ours(analyzer, one.title, one.text, away=True)
        ]
        chosen = [
            ours[number % len(ours)] if host * each + number in ours_at else others[number % len(others)]
            for number in range(each)
        ]
        press.append([gzip.compress(heavier(body, chance), 6) for body in chosen])
    return press


def _is_ours(analyzer: Any, title: str, text: str, *, away: bool = False) -> bool:
    from nlp.records import Document

    if away:
        title, text = (_elsewhere(part.encode()).decode() for part in (title, text))
    return str(analyzer.gate(Document(id="", title=title, text=text)).relevance) != "irrelevant"


def _elsewhere(body: bytes) -> bytes:
    text = body.decode()
    for number, name in enumerate(("Thái Nguyên", "Đại Từ", "sông Cầu", "Tân Cương", "Định Hóa", "Võ Nhai")):
        text = text.replace(name, ELSEWHERE[number % len(ELSEWHERE)])
    return text.encode()


def serve(hosts: int, pages: int, latency: float, ready: Connection) -> None:
    press = print_press(hosts, pages)

    async def converse(number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                host = next(line[6:] for line in head.split("\r\n") if line.lower().startswith("host: "))
                await asyncio.sleep(latency)
                writer.write(answer(head.split(" ")[1], host, press[number], pages))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def run() -> None:
        servers = [
            await asyncio.start_server(partial(converse, number), f"127.0.1.{number + 1}", 0) for number in range(hosts)
        ]
        size = sum(map(len, press[0])) // len(press[0])
        ready.send(([server.sockets[0].getsockname()[:2] for server in servers], size))
        await asyncio.Event().wait()

    asyncio.run(run())


def answer(target: str, host: str, bodies: list[bytes], pages: int) -> bytes:
    kind, body = "text/html; charset=utf-8", b""
    if target == "/rss":
        links = "".join(f"<item><link>http://{host}/bai-so-{n}-tin.htm</link></item>" for n in range(pages))
        kind, body = "application/rss+xml", gzip.compress(f"<rss><channel>{links}</channel></rss>".encode())
    elif target != "/robots.txt":
        body = bodies[int(target.split("-")[2]) % len(bodies)]
    head = f"HTTP/1.1 {200 if body else 404} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + (b"Content-Encoding: gzip\r\n" if body else b"") + b"\r\n" + body


# ------------------------------------------------------------------------------------------------ what is run
@dataclass
class Outcome:
    """pages: with an outcome in the store; seconds: from the first page to the last outcome; start: before that.

    cpu: in seconds by part, from the start on.
    """

    pages: int
    seconds: float
    cpu: dict[str, float]
    read_by: dict[str, int]
    outcomes: str = ""
    start: float = 0.0

    def line(self, name: str) -> str:
        total = sum(self.cpu.values())
        parts = "  ".join(f"{part} {spent / self.pages * 1000:.2f}" for part, spent in self.cpu.items())
        return (
            f"{name:22s} {self.pages / self.seconds:6.0f} pages/s  {total / self.pages * 1000:5.2f} ms CPU a page "
            f"({2 * self.pages / total:4.0f} pages/s on two whole cores)  "
            f"{total / (self.start + self.seconds):.1f} cores had   {parts}   "
            f"{self.start:.1f} s to start"
        )


def settings_for(folder: Path, database: str) -> Any:
    from diembao.settings import Settings

    more = {"database_url": SecretStr(database)} if database else {}
    return Settings(
        data_dir=folder / "data", sources_dir=folder / "sources", allow_private_networks=True, log_level="ERROR", **more
    )


def crawl_part(settings: Any, names: list[str], report: Connection) -> None:
    """One crawler process: polls its papers once, fetches and archives what they show."""
    from crawlers.keeping import Keeper
    from crawlers.run import crawl_once
    from diembao.store.database import open_store

    kept, commit = [0.0], Keeper._commit

    def timed(keeper: Keeper, batch: list[Any]) -> list[object]:
        began = time.thread_time()
        try:
            return commit(keeper, batch)
        finally:
            kept[0] += time.thread_time() - began

    Keeper._commit = timed  # type: ignore[method-assign]
    store = open_store(settings)
    began = time.process_time()
    crawl_once(settings, store, names)
    report.send((time.process_time() - began - kept[0], kept[0]))
    store.close()


def whole_way(settings: Any, papers: list[str], crawlers: int, readers: int) -> Outcome:
    """Crawl and understand side by side, as the worker does, until every page has its outcome."""
    from diembao.cli.tools import tool_maker
    from diembao.store.database import open_store
    from pipelines.understanding import Readers

    store = open_store(settings)
    sync(settings, store, datetime.now(UTC))
    maker = tool_maker(settings, store)
    tools = maker()
    pool = Readers(maker.in_child, readers)
    try:
        return _timed(settings, store, tools, pool, papers, crawlers, readers)
    finally:
        pool.close()
        store.close()


def _timed(settings: Any, store: Any, tools: Any, pool: Any, papers: list[str], crawlers: int, readers: int) -> Outcome:
    from pipelines import runner
    from pipelines.loop import LINGER_SECONDS

    _warm_up(pool, readers)
    before = _children_cpu(pool)
    began, own = time.perf_counter(), time.process_time()
    children = []
    for number in range(crawlers):
        here, there = multiprocessing.Pipe(duplex=False)
        child = multiprocessing.get_context("spawn").Process(
            target=crawl_part, args=(settings, papers[number::crawlers], there)
        )
        child.start()
        there.close()
        children.append((child, here))
    counted: Counter[str] = Counter()
    alive = True
    while alive or counted.total() < _fetched(store):
        alive = any(child.is_alive() for child, _ in children)
        counted += runner.process_pending(store, tools, hands=pool, linger=LINGER_SECONDS).outcomes
        time.sleep(0.05)
    seconds = time.perf_counter() - began
    cpu = {"keeping": time.process_time() - own, "reading": _children_cpu(pool) - before}
    told = [here.recv() for _, here in children]
    cpu |= {"fetching": sum(asking for asking, _ in told), "archiving": sum(archiving for _, archiving in told)}
    for child, _ in children:
        child.join()
    outcomes = ", ".join(f"{number} {outcome}" for outcome, number in sorted(counted.items()))
    span = _span(store)
    return Outcome(counted.total(), span, cpu, _read_by(store), outcomes, seconds - span)


def _span(store: Any) -> float:
    """Seconds from the first page that came in to the last outcome."""
    from sqlalchemy import func, select

    from diembao.store.models import PageRow

    with store.read() as session:
        first, last = session.execute(select(func.min(PageRow.fetched_at), func.max(PageRow.processed_at))).one()
    return float((last - first).total_seconds())


def _warm_up(pool: Any, readers: int) -> None:
    from pipelines.understanding import Lot

    for each in [pool.understand(Lot((), {})) for _ in range(4 * readers)]:
        each.result()


def _children_cpu(pool: Any) -> float:
    tick = os.sysconf("SC_CLK_TCK")
    total = 0.0
    for pid in pool.process_ids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / tick
    return total


def _fetched(store: Any) -> int:
    from diembao.store import pages

    with store.read() as session:
        return sum(number for (state, _), number in pages.counts(session).items() if state in ("fetched", "done"))


def _read_by(store: Any) -> dict[str, int]:
    from sqlalchemy import func, select

    from diembao.store.models import TrailRow

    with store.read() as session:
        query = select(TrailRow.version, func.count()).where(TrailRow.outcome == "read").group_by(TrailRow.version)
        return {row[0]: row[1] for row in session.execute(query)}


BARE = """
import asyncio, json, sys, time
import scrapy
from scrapy.crawler import AsyncCrawlerRunner
class Bare(scrapy.Spider):
    name = "bare"
    got = 0
    async def start(self):
        for address in json.loads(sys.argv[1]):
            yield scrapy.Request(address)
    def parse(self, response):
        Bare.got += len(response.body) > 100_000
async def main():
    runner = AsyncCrawlerRunner({"CONCURRENT_REQUESTS": 80, "CONCURRENT_REQUESTS_PER_DOMAIN": 4,
        "ROBOTSTXT_OBEY": False, "LOG_ENABLED": False, "TELNETCONSOLE_ENABLED": False, "COOKIES_ENABLED": False,
        "RETRY_ENABLED": False,
        "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor", "DOWNLOAD_DELAY": 0,
        "USER_AGENT": "bench", "CONCURRENT_ITEMS": 1})
    await runner.crawl(Bare)
from twisted.internet import asyncioreactor
asyncioreactor.install()
from twisted.internet import reactor
from twisted.internet.defer import Deferred, ensureDeferred
def end(_):
    reactor.stop()
began, cpu = time.perf_counter(), time.process_time()
reactor.callWhenRunning(lambda: ensureDeferred(Deferred.fromFuture(asyncio.ensure_future(main()))).addBoth(end))
reactor.run()
print(json.dumps([Bare.got, time.perf_counter() - began, time.process_time() - cpu]))
"""


def bare(addresses: list[str], processes: int) -> Outcome:
    """Scrapy's own downloader, nothing done with the pages."""
    children = [
        subprocess.Popen(
            [sys.executable, "-c", BARE, json.dumps(addresses[number::processes])], stdout=subprocess.PIPE, text=True
        )
        for number in range(processes)
    ]
    results = [json.loads(child.communicate()[0]) for child in children]
    return Outcome(
        sum(got for got, _, _ in results),
        max(seconds for _, seconds, _ in results),
        {"fetching": sum(cpu for _, _, cpu in results)},
        {},
    )


# -------------------------------------------------------------------------------------------------- the table
@contextmanager
def database(server: str) -> Iterator[str]:
    """An empty database on the server; '' for SQLite."""
    if not server:
        yield ""
        return
    from sqlalchemy import create_engine, text

    name = f"diembao_bench_{uuid.uuid4().hex[:8]}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield server.rpartition("/")[0] + f"/{name}"
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


def write_sources(folder: Path, places: list[tuple[str, int]]) -> list[str]:
    folder.mkdir()
    names = []
    for number, (host, port) in enumerate(places):
        name = f"paper-{number:02d}"
        names.append(name)
        (folder / f"{name}.yml").write_text(
            f"name: {name}\ntitle: Báo {number}\ndomains: ['{host}:{port}']\noutlet_type: newspaper\n"
            f"scope: local\nfeeds: ['http://{host}:{port}/rss']\ndelay: 0\n",
            "utf-8",
        )
    return names


def learned(settings: Any) -> list[tuple[str, int, dict[str, Any], int, float]]:
    from diembao.store import profiles
    from diembao.store.database import open_store

    with closing(open_store(settings)) as store, store.read() as session:
        return [
            (kept.source, kept.version, kept.body, kept.pages, kept.agreement)
            for versions in profiles.by_source(session).values()
            for kept in versions[:1]
        ]


def give_profiles(settings: Any, given: list[tuple[str, int, dict[str, Any], int, float]]) -> None:
    from diembao.store import profiles
    from diembao.store.database import open_store

    now = datetime.now(UTC)
    with closing(open_store(settings)) as store:
        sync(settings, store, now)
        with store.write() as session:
            for source, version, body, pages, agreement in given:
                profiles.add(session, source, body, version=version, pages=pages, agreement=agreement, now=now)


def without_learning() -> Callable[[], None]:
    """Sources are never learned until the result is called."""
    from pipelines import profiles

    kept = profiles._FIRST_TRY
    profiles._FIRST_TRY = 1_000_000  # type: ignore[misc]

    def again() -> None:
        profiles._FIRST_TRY = kept  # type: ignore[misc]

    return again


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=20)
    parser.add_argument("--pages", type=int, default=100, help="of each host")
    parser.add_argument("--latency", type=float, default=50, help="milliseconds before every answer")
    parser.add_argument("--crawlers", type=int, default=0, help="default: 1 on SQLite, 2 on PostgreSQL")
    parser.add_argument("--readers", type=int, default=2)
    parser.add_argument("--postgresql", default="", help="URL of a server on which a database may be made")
    asked = parser.parse_args()
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(
        target=serve, args=(asked.hosts, asked.pages, asked.latency / 1000, there), daemon=True
    )
    server.start()
    places, packed = here.recv()
    crawlers = asked.crawlers or (2 if asked.postgresql else 1)
    print(
        f"{asked.hosts} hosts x {asked.pages} pages of {WEIGHT // 1000} KB ({packed // 1000} KB gzipped), "
        f"{asked.latency:g} ms; {'PostgreSQL' if asked.postgresql else 'SQLite'}, "
        f"{crawlers} crawlers, {asked.readers} readers"
    )
    addresses = [f"http://{host}:{port}/bai-so-{n}-tin.htm" for n in range(asked.pages) for host, port in places]
    plain = bare(addresses, 2)
    print(plain.line("bare Scrapy"))

    def run(name: str, profiles: list[Any]) -> list[Any]:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            settings = settings_for(folder, stack.enter_context(database(asked.postgresql)))
            papers = write_sources(folder / "sources", places)
            give_profiles(settings, profiles)
            outcome = whole_way(settings, papers, crawlers, asked.readers)
            print(outcome.line(name))
            ratio = sum(plain.cpu.values()) / plain.pages / (sum(outcome.cpu.values()) / outcome.pages)
            speed = outcome.pages / outcome.seconds / (plain.pages / plain.seconds)
            readers = ", ".join(f"{number} by {reader}" for reader, number in sorted(outcome.read_by.items()))
            print(f"{'':22s} {speed:.2f} of the bare download's pages a second, {ratio:.2f} for the same CPU")
            print(f"{'':22s} {readers}; {outcome.outcomes}")
            assert outcome.pages == len(addresses), "not every page has its outcome"
            return learned(settings)

    again = without_learning()
    run("cold, never learned", [])
    again()
    profiles = run("cold, learning", [])
    run(f"warm, {len(profiles)} profiles", profiles)
    server.terminate()
    print(f"most memory of one process: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
