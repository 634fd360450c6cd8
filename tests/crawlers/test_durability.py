"""Nothing that was acknowledged is lost, nothing is done twice, whenever the crawler dies or is told to leave."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text

from crawlers import politeness
from crawlers.download import Fetched
from crawlers.feeds import read_feed
from crawlers.keeping import Keeper
from crawlers.run import crawl_forever, crawl_once
from diembao.errors import ArchiveError, FetchFailed, StoreUnavailable
from diembao.records import ArchivePlace, FeedHints
from diembao.store import pages
from diembao.store.archive import ArchiveWriter, read_record
from diembao.store.models import PageRow, TrailRow

_CHILD = """
import sys, threading
from pathlib import Path
from crawlers.run import crawl_once
from diembao.settings import Settings
from diembao.store.database import open_store
settings = Settings(data_dir=Path(sys.argv[1]), sources_dir=Path(sys.argv[2]), allow_private_networks=True)
print("ready", flush=True)
crawl_once(settings, open_store(settings))
"""


def _crawl_in_a_child(data: Path, sources: Path) -> subprocess.Popen[str]:
    child = subprocess.Popen([sys.executable, "-c", _CHILD, str(data), str(sources)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def test_killed_at_any_moment_it_ends_with_the_counts_of_an_undisturbed_crawl(open_newsroom) -> None:
    newsroom = open_newsroom(["songcau", "trungdu", "xuche"])
    data, sources = newsroom.settings.data_dir, newsroom.settings.sources_dir
    chance = random.Random(7)
    for _ in range(5):
        child = _crawl_in_a_child(data, sources)
        time.sleep(chance.uniform(0.05, 0.9))
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
    # Polls that were under way are due again when their lease ends.
    newsroom.clock.forward(minutes=10)
    newsroom.crawl()
    fetched = set(_urls(newsroom))
    assert newsroom.states() == {"fetched": len(fetched)}
    reachable = {a.url for paper in ("songcau", "trungdu", "xuche") for a in newsroom.press.articles(paper)[:10]}
    assert reachable <= fetched
    with newsroom.store.read() as session:
        archived = Counter(session.scalars(select(TrailRow.page_id).where(TrailRow.outcome == "archived")))
        assert set(archived.values()) == {1}, "no page is acknowledged twice"
        for row in session.scalars(select(PageRow)):
            place = ArchivePlace(row.archive_file, row.archive_offset, row.archive_length)
            record = read_record(newsroom.settings.archive_dir, place)
            assert record.url == row.url
            assert record.body, "what is marked as fetched can be read back"


def _urls(newsroom) -> list[str]:
    with newsroom.store.read() as session:
        return list(session.scalars(select(PageRow.url)))


def test_a_full_disk_ends_the_crawl_in_one_line_and_loses_nothing(open_newsroom, monkeypatch) -> None:
    newsroom = open_newsroom(["songcau"])
    calls = iter(range(1000))

    def write(self, *given, **more):
        if next(calls) >= 3:
            raise ArchiveError("archive: No space left on device")
        return whole(self, *given, **more)

    whole = ArchiveWriter.write_response
    monkeypatch.setattr(ArchiveWriter, "write_response", write)
    with pytest.raises(ArchiveError, match="No space left"):
        newsroom.crawl()
    assert newsroom.states().get("fetched", 0) <= 3
    monkeypatch.undo()
    newsroom.crawl()
    assert set(newsroom.states()) == {"fetched"}
    assert all(newsroom.body(url) for url in _urls(newsroom))


def test_a_store_that_goes_away_ends_the_crawl_in_one_line(open_newsroom, monkeypatch) -> None:
    newsroom = open_newsroom(["songcau"])
    newsroom.crawl()
    newsroom.clock.forward(minutes=30)
    newsroom.press.publish("songcau", "Tin cuối ngày", "Một tin.", ["Nội dung."])

    def broken(*given, **more):
        raise StoreUnavailable("database: disk I/O error")

    monkeypatch.setattr(pages, "mark_all_fetched", broken)
    with pytest.raises(StoreUnavailable, match="disk I/O"):
        newsroom.crawl()
    monkeypatch.undo()
    assert newsroom.crawl()["fetched"] == 1


def test_while_nothing_can_be_kept_no_more_is_asked_for_than_fits_in_hand(open_newsroom, monkeypatch) -> None:
    newsroom = open_newsroom(["songcau", "trungdu"])
    newsroom.crawl()
    newsroom.clock.forward(minutes=30)
    for paper in ("songcau", "trungdu"):
        for number in range(12):
            newsroom.press.publish(paper, f"Tin số {number} của báo", "Một tin.", ["Nội dung của tin."])
    monkeypatch.setattr(politeness, "_MOST_IN_HAND", 1)
    disk, sync = threading.Event(), ArchiveWriter.sync
    monkeypatch.setattr(ArchiveWriter, "sync", lambda writer: (disk.wait(20), sync(writer)))
    crawl = threading.Thread(target=newsroom.crawl)
    asked_before = _pages_asked_for(newsroom)
    crawl.start()
    try:
        _wait_for(lambda: _pages_asked_for(newsroom) > asked_before)
        time.sleep(1.5)
        asked = _pages_asked_for(newsroom) - asked_before
    finally:
        disk.set()
        crawl.join(30)
    assert asked <= 4, "what was on its way when the first page came in, two of a host, and nothing after it"
    assert not crawl.is_alive()
    assert set(newsroom.states()) == {"fetched"}, "it goes on by itself when there is room again"


def _pages_asked_for(newsroom) -> int:
    return len(newsroom.press.requests(kind="article"))


def test_told_to_stop_it_finishes_what_is_under_way_and_leaves(open_newsroom) -> None:
    newsroom = open_newsroom(["songcau"], poll_seconds=0.5)
    path = newsroom.settings.sources_dir / "songcau.yml"
    path.write_text(path.read_text("utf-8").replace("delay: 0.05", "delay: 60"), "utf-8")
    stop = threading.Event()
    crawl = threading.Thread(target=crawl_forever, args=(newsroom.settings, newsroom.store, stop))
    crawl.start()
    _wait_for(lambda: newsroom.press.requests("songcau"))
    stop.set()
    crawl.join(10)
    assert not crawl.is_alive(), "it must not sit out a pause of a minute"


def test_running_on_it_sees_what_is_published_later(open_newsroom) -> None:
    newsroom = open_newsroom(["songcau"], poll_seconds=0.5)
    stop = threading.Event()
    crawl = threading.Thread(target=crawl_forever, args=(newsroom.settings, newsroom.store, stop))
    crawl.start()
    try:
        _wait_for(lambda: newsroom.states().get("fetched"))
        new = newsroom.press.publish("songcau", "Tin vừa đưa", "Một tin.", ["Nội dung."])
        _wait_for(lambda: newsroom.known(new.url) and newsroom.page(new.url).state == "fetched")
    finally:
        stop.set()
        crawl.join(10)
    assert not crawl.is_alive()


def _wait_for(condition, seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.05)


def test_many_results_share_a_transaction_and_one_bad_one_spoils_only_itself(open_newsroom) -> None:
    newsroom = open_newsroom(["songcau"])
    begun = []

    async def keep_some() -> list[object]:
        keeper = Keeper(newsroom.store, ArchiveWriter(newsroom.settings.archive_dir))
        answer = Fetched("http://baothu.vn/1", 200, (), b"x")

        def work(number: int):
            def inside(session, place):
                begun.append(session)
                if number == 5:
                    raise ValueError("cannot be kept")
                session.execute(text("SELECT 1"))
                return number, place is not None

            return inside

        jobs = [keeper.keep(work(number), datetime.now(UTC), answer) for number in range(10)]
        results = await asyncio.gather(*jobs, return_exceptions=True)
        await keeper.close()
        return results

    results = asyncio.run(keep_some())
    assert [one for one in results if not isinstance(one, ValueError)] == [(n, True) for n in range(10) if n != 5]
    assert isinstance(results[5], ValueError)


def test_a_long_queue_of_one_paper_leaves_room_for_the_others(open_newsroom) -> None:
    newsroom = open_newsroom(["songcau", "trungdu"])
    newsroom.press.misbehave("songcau", "late", seconds=0.3)
    base = newsroom.press.addresses["songcau"]
    links = [pages.FoundLink(f"{base}/khong-co-{number}.html", FeedHints()) for number in range(300)]
    newsroom.crawl("trungdu")
    with newsroom.store.write() as session:
        pages.register_found(session, "songcau", None, links, newsroom.clock())
    new = newsroom.press.publish("trungdu", "Tin của báo kia", "Một tin.", ["Nội dung."])
    stop = threading.Event()
    crawl = threading.Thread(
        target=lambda: crawl_once(newsroom.settings, newsroom.store, now=newsroom.clock, stop=stop)
    )
    crawl.start()
    _wait_for(lambda: newsroom.known(new.url) and newsroom.page(new.url).state == "fetched")
    waiting = newsroom.states()["found"]
    stop.set()
    crawl.join(20)
    assert not crawl.is_alive()
    assert waiting > 100, "the other paper's news came long before the queue was empty"


def test_memory_stays_flat_over_many_crawls(open_newsroom) -> None:
    newsroom = open_newsroom(["trungdu"])
    for article in newsroom.press.articles("trungdu")[2:]:
        newsroom.press.remove(article.id)
    for _ in range(3):
        newsroom.crawl()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(10):
        newsroom.clock.forward(minutes=10)
        newsroom.crawl()
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < 20


@pytest.fixture
def without_collector() -> Iterator[None]:
    """What is let go inside is let go because nothing holds it, not because the collector of cycles came by."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("without_collector")
def test_a_broken_feed_is_let_go_when_it_is_read() -> None:
    body = b"<rss><channel><item><title>Tin</title></wrong></channel></rss>" + bytes(1000)
    held = sys.getrefcount(body)
    read_feed(body, "http://baothu.vn/rss", "application/rss+xml", datetime.now(UTC))
    assert sys.getrefcount(body) == held


@pytest.mark.usefixtures("without_collector")
def test_an_error_kept_as_a_result_does_not_hold_the_body_it_is_about() -> None:
    def unpacked(body: bytes) -> bytes:
        try:
            raise ValueError("damaged")
        except ValueError as error:
            raise FetchFailed(f"undecodable: {len(body)} bytes") from error

    def fetched(body: bytes) -> bytes | FetchFailed:
        try:
            result: bytes | FetchFailed = unpacked(body)
        except FetchFailed as error:
            result = error.bare()
        return result

    body = bytes(1000)
    held = sys.getrefcount(body)
    kept = fetched(body)
    assert str(kept) == "undecodable: 1000 bytes"
    assert sys.getrefcount(body) == held
