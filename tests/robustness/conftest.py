"""A newspaper whose articles keep coming, and servers of a test's own, which it may kill."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from diembao.index.protocol import SearchIndex
from diembao.records import Annotations, Article, Relevance, Topic
from diembao.store import articles, outbox, stories
from diembao.store.database import Store
from diembao.store.models import ArticleRow, PageRow, SourceRow, StoryRow

TOOLS = Path(__file__).parents[2] / "tools"
BEGIN = datetime(2026, 3, 1, 1, tzinfo=UTC)
WORDS = ("lũ", "lụt", "sông", "cầu", "đường", "chè", "hồ", "núi", "cốc", "xã")
TOPICS = ("kinh-te", "thien-tai-thoi-tiet", "giao-duc")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """More kills of the search engine get more time: on a busy machine one takes up to five minutes."""
    seconds = 600 + 600 * config.getoption("--engine-kills")
    for item in items:
        if "own_elasticsearch" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(seconds), append=False)


class Newspaper:
    """Every article of it is a published story of its own."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._printed = 0

    def prints(self, number: int) -> list[int]:
        """So many articles more in one transaction, their changes in the outbox; their ids."""
        first = self._printed
        self._printed += number
        with self.store.write() as session:
            if session.get(SourceRow, "songcau") is None:
                session.add(
                    SourceRow(
                        name="songcau", title="Báo Sông Cầu", outlet_type="newspaper", scope="local",
                        agreement="none", definition={}, updated_at=BEGIN,
                    )
                )  # fmt: skip
                session.flush()
            return [self._one(session, serial) for serial in range(first, first + number)]

    def _one(self, session: Session, serial: int) -> int:
        at = BEGIN + timedelta(minutes=serial)
        url = f"https://songcau.example/{serial}.html"
        page = PageRow(url=url, source="songcau", found_at=at, state="done", next_try_at=at)
        session.add(page)
        session.flush()
        story = stories.create(session, at=at, relevance="relevant", now=at)
        words = " ".join(WORDS[(serial * step) % len(WORDS)] for step in (1, 3, 7))
        row = articles.add(
            session, page.id,
            Article(url, url, "songcau", f"Tin số {serial}: {words}", "", WORDS[serial % 7], published_at=at),
            Annotations(Relevance.RELEVANT, 0.9, topics=(Topic(TOPICS[serial % len(TOPICS)], 0.9),)),
            story_id=story.id, reprint_of=None, signature=b"", bands=(), fetched_at=at, now=at,
        )  # fmt: skip
        story.state, story.published_at, story.first_article_id, story.articles = "published", at, row.id, 1
        return row.id

    def corrects(self, article_id: int, title: str) -> None:
        with self.store.write() as session:
            session.get_one(ArticleRow, article_id).title = title
            articles.touch(session, [article_id], BEGIN)

    def takes_back(self, article_id: int) -> None:
        with self.store.write() as session:
            row = session.get_one(ArticleRow, article_id)
            session.get_one(StoryRow, row.story_id).state = "withdrawn"
            articles.remove(session, row, BEGIN)

    def kept(self) -> dict[int, int]:
        """The version of every article of the store."""
        with self.store.read() as session:
            return {row.id: row.version for row in session.execute(select(ArticleRow.id, ArticleRow.version))}

    def waiting(self) -> int:
        with self.store.read() as session:
            return outbox.depth(session)


@pytest.fixture
def newspaper(store: Store) -> Newspaper:
    return Newspaper(store)


@pytest.fixture
def newspaper_of() -> type[Newspaper]:
    return Newspaper


@pytest.fixture
def held() -> Callable[[SearchIndex], dict[int, int]]:
    """The version of every article of an index; an article that is there twice fails the test."""

    def versions(index: SearchIndex) -> dict[int, int]:
        found = [(int(identity), version) for identity, version in index.versions()]
        assert len(found) == len(dict(found)), "an article is in the index twice"
        return dict(found)

    return versions


@pytest.fixture
def eventually() -> Callable[..., None]:
    """Waits until something holds."""

    def wait(holds: Callable[[], bool], seconds: float = 60.0) -> None:
        limit = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < limit, "waited in vain"
            time.sleep(0.05)

    return wait


class OwnServer:
    """A server in a directory of its own, started and stopped by one of `tools/`."""

    def __init__(self, tool: str, directory: Path, *more: str) -> None:
        self._command = [str(TOOLS / tool)]
        self._directory = directory
        self._more = more
        self.url = ""

    def start(self) -> None:
        done = subprocess.run(
            [*self._command, "start", str(self._directory), *self._more], capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.fail(f"the server did not start: {done.stderr}")
        self.url = done.stdout.strip().splitlines()[-1]

    def stop(self) -> None:
        subprocess.run([*self._command, "stop", str(self._directory)], check=True, capture_output=True)

    def kill(self, pid_file: str) -> None:
        os.kill(int((self._directory / pid_file).read_text("ascii").split()[0]), signal.SIGKILL)


def _free_port() -> int:
    """One whose neighbour a hundred further, which Elasticsearch takes as well, is within bounds."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return min(port, 65_000)


@pytest.fixture
def own_elasticsearch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServer]:
    """A node beside the one that all tests share, of the same unpacked server."""
    if not os.environ.get("DIEMBAO_TEST_ELASTICSEARCH_URL"):
        pytest.skip("DIEMBAO_TEST_ELASTICSEARCH_URL is not set: not tried on Elasticsearch")
    default = Path("/var/tmp/diembao-es") if os.getuid() == 0 else Path.home() / ".cache" / "diembao-es"
    unpacked = next(default.glob("sonarqube-*"), None)
    if unpacked is None:
        pytest.skip("the server was not unpacked by tools/elasticsearch here")
    # The server runs as another user, who must reach its directory.
    directory = Path(os.environ.get("TMPDIR", "/var/tmp")) / f"diembao-es-{os.getpid()}"
    directory.mkdir()
    (directory / unpacked.name).symlink_to(unpacked)
    server = OwnServer("elasticsearch", directory, "512m", str(_free_port()))
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def own_postgresql() -> Iterator[OwnServer]:
    """A cluster beside the one that all tests share."""
    if not os.environ.get("DIEMBAO_TEST_POSTGRESQL_URL"):
        pytest.skip("DIEMBAO_TEST_POSTGRESQL_URL is not set: not tried on PostgreSQL")
    directory = Path(os.environ.get("TMPDIR", "/var/tmp")) / f"diembao-pg-{os.getpid()}"
    server = OwnServer("postgresql", directory, str(_free_port()))
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)
