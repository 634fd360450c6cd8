"""Two workers on one PostgreSQL, one of them killed: nothing is missed, nothing is done twice, no host is hurried."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from diembao.demo import DemoPress
from diembao.demo.source_files import DELAY
from diembao.settings import Settings
from diembao.store import pages
from diembao.store.database import Store, open_store
from diembao.store.models import ArticleRow, LeaseRow, PageRow, TrailRow

pytestmark = [pytest.mark.postgresql, pytest.mark.timeout(900)]

# Seconds between two requests to a paper: far more than a loaded machine needs to accept a connection.
PAUSE = 0.3


@contextmanager
def worker(environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A worker and its children in a session of their own, so that all of them can be killed at one blow."""
    process = subprocess.Popen([sys.executable, "-m", "diembao", "worker"], env=environment, start_new_session=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def holders(store: Store) -> set[str]:
    """The processes that hold newspapers now."""
    with store.read() as session:
        held = select(LeaseRow.holder).where(LeaseRow.name.startswith("hosts/"), LeaseRow.until > func.now())
        return {holder for holder in session.scalars(held) if holder}


def eventually(what: str, check: object, seconds: float) -> None:
    limit = time.monotonic() + seconds
    while not check():  # type: ignore[operator]
        assert time.monotonic() < limit, f"in {seconds:g} s never: {what}"
        time.sleep(0.3)


def fetched_times(store: Store) -> Counter[int]:
    """How often each page was archived, as its trail says."""
    with store.read() as session:
        query = select(TrailRow.page_id).where(TrailRow.step == "fetch", TrailRow.outcome == "archived")
        return Counter(session.scalars(query))


def settled(store: Store, expected: int) -> bool:
    with store.read() as session:
        counted = pages.counts(session)
    ended = sum(number for (state, _), number in counted.items() if state not in ("found", "fetched"))
    return sum(counted.values()) >= expected and ended == sum(counted.values())


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_one_is_killed_and_the_other_takes_over(tmp_path: Path, database_url: str) -> None:
    noon = datetime.now(UTC)
    with DemoPress(now=lambda: noon, opened_at=noon - timedelta(hours=1)) as press:
        for file in press.write_sources(tmp_path / "sources"):
            file.write_text(file.read_text("utf-8").replace(f"delay: {DELAY}", f"delay: {PAUSE}"), "utf-8")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DIEMBAO_")} | {
            "DIEMBAO_DATA_DIR": str(tmp_path / "data"),
            "DIEMBAO_SOURCES_DIR": str(tmp_path / "sources"),
            "DIEMBAO_DATABASE_URL": database_url,
            "DIEMBAO_ALLOW_PRIVATE_NETWORKS": "true",
            "DIEMBAO_POLL_SECONDS": "5",
            "DIEMBAO_FETCH_TIMEOUT": "5",
            "DIEMBAO_LEASE_SECONDS": "5",
            "DIEMBAO_READERS": "1",
            "DIEMBAO_CRAWLERS": "1",
        }
        calm = Settings(data_dir=tmp_path / "calm", sources_dir=tmp_path / "sources", allow_private_networks=True)
        expected = _undisturbed(calm)
        press.forget_requests()
        store = open_store(Settings(data_dir=tmp_path / "data", database_url=SecretStr(database_url)))
        with worker(environment) as first, worker(environment) as second:
            eventually("both hold newspapers", lambda: len(holders(store)) == 2, 120)
            eventually("pages come in", lambda: len(fetched_times(store)) >= 10, 60)
            os.killpg(first.pid, signal.SIGKILL)
            first.wait()
            eventually("every page has its outcome", lambda: settled(store, len(expected)), 300)
            eventually("the dead one's newspapers are polled again", lambda: len(holders(store)) <= 1, 60)
            assert second.poll() is None
        found = _outcomes(store)
        assert {url: outcome for url, outcome in found.items() if url in expected} == expected
        assert set(fetched_times(store).values()) == {1}
        with store.read() as session:
            per_page = session.execute(select(ArticleRow.page_id, func.count()).group_by(ArticleRow.page_id))
            assert {number for _, number in per_page} == {1}
        store.close()
        _nobody_was_hurried(press)


def _undisturbed(settings: Settings) -> dict[str, str]:
    """What one crawl on SQLite makes of the press."""
    from crawlers.run import crawl_once
    from diembao.cli.tools import make_tools
    from pipelines import runner

    store = open_store(settings)
    crawl_once(settings, store)
    runner.process_pending(store, make_tools(settings, store))
    outcomes = _outcomes(store)
    store.close()
    return outcomes


def _outcomes(store: Store) -> dict[str, str]:
    with store.read() as session:
        return {row.url: row.outcome for row in session.execute(select(PageRow.url, PageRow.outcome))}


def _nobody_was_hurried(press: DemoPress) -> None:
    """Between two requests to a paper lay its pause, whichever process asked."""
    for paper in press.papers:
        times = sorted(request.at for request in press.requests(paper))
        gaps = [later - earlier for earlier, later in pairwise(times)]
        # A request that was slow to be accepted makes the gap after it look short; that is rare.
        hurried = [gap for gap in gaps if gap < PAUSE / 2]
        assert len(hurried) <= 1 + 0.02 * len(gaps), (paper, sorted(gaps)[:20])
