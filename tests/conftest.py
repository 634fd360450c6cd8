"""What all tests share: a clean environment, a fresh store on each database, an empty index of each engine."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import socket
import struct
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from diembao.index.embedded import EmbeddedIndex
from diembao.index.protocol import SearchIndex
from diembao.settings import Settings
from diembao.store.database import Store, open_store

_KEPT = {"DIEMBAO_EVAL_DIR", "DIEMBAO_TEST_ELASTICSEARCH_URL", "DIEMBAO_TEST_POSTGRESQL_URL"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, default=4, help="how often the robustness tests kill -9 (default 4)")
    parser.addoption(
        "--engine-kills", type=int, default=2, help="how often the search engine is killed while it writes (default 2)"
    )


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("DIEMBAO_") and name not in _KEPT:
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _no_logs_into_closed_streams() -> Iterator[None]:
    """A command run in this process leaves its log handler behind, whose stream ends with the test."""
    before = list(logging.root.handlers)
    yield
    for handler in [one for one in logging.root.handlers if one not in before]:
        logging.root.removeHandler(handler)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture(scope="session")
def eval_dir() -> Path:
    """Material outside the repository, laid out as docs/architecture.md says."""
    folder = os.environ.get("DIEMBAO_EVAL_DIR", "")
    if not folder:
        pytest.skip("DIEMBAO_EVAL_DIR is not set: nothing outside the repository to measure with")
    return Path(folder)


def _fresh_postgresql() -> Iterator[str]:
    from sqlalchemy import create_engine, text

    server = os.environ.get("DIEMBAO_TEST_POSTGRESQL_URL", "")
    if not server:
        pytest.skip("DIEMBAO_TEST_POSTGRESQL_URL is not set: not tried on PostgreSQL")
    name = f"diembao_test_{uuid.uuid4().hex[:12]}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield server.rpartition("/")[0] + f"/{name}"
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database; tests that ask for it run on both kinds."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'test.sqlite3'}"
    else:
        yield from _fresh_postgresql()


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Iterator[Store]:
    from pydantic import SecretStr

    opened = open_store(Settings(data_dir=tmp_path / "data", database_url=SecretStr(database_url)))
    yield opened
    opened.close()


def _elasticsearch() -> Iterator[SearchIndex]:
    url = os.environ.get("DIEMBAO_TEST_ELASTICSEARCH_URL", "")
    if not url:
        pytest.skip("DIEMBAO_TEST_ELASTICSEARCH_URL is not set: not tried on Elasticsearch")
    from elasticsearch import Elasticsearch

    from diembao.index.elastic import ElasticIndex

    name = f"test{secrets.token_hex(4)}"
    index = ElasticIndex(url, name=name, shards=1, replicas=0, timeout=30.0)
    try:
        yield index
    finally:
        index.close()
        with Elasticsearch(url) as client:
            made = list(client.indices.get(index=f"{name}-*"))
            if made:
                client.indices.delete(index=made)


@pytest.fixture(params=["tantivy", pytest.param("elasticsearch", marks=pytest.mark.elasticsearch)])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchIndex]:
    """An empty index of each engine."""
    if request.param == "elasticsearch":
        yield from _elasticsearch()
        return
    embedded = EmbeddedIndex(tmp_path / "index")
    yield embedded
    embedded.close()


class Network:
    """A way to a server through which nothing passes, or which breaks, when asked.

    silent: nothing passes, but nothing ends. breaks_after: a request ends after so many bytes of it. refuses: new
    connections are reset at once, and so are those that are used.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.silent = False
        self.refuses = False
        self.breaks_after: int | None = None
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if self.refuses:
                    _reset(near)
                    continue
                try:
                    far = socket.create_connection(self._target)
                except OSError:  # the server itself is down
                    _reset(near)
                    continue
                self._open += [near, far]
                threading.Thread(target=self._pass, args=(near, far, True), daemon=True).start()
                threading.Thread(target=self._pass, args=(far, near, False), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, is_request: bool) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while data := source.recv(16_384):
                while self.silent:
                    time.sleep(0.02)
                if self.refuses:
                    _reset(source)
                    break
                if is_request and self.breaks_after is not None:
                    passed += len(data)
                    if passed > self.breaks_after:
                        break
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.silent = False
        self._listener.close()
        for end in self._open:
            end.close()


def _reset(connection: socket.socket) -> None:
    """End it the hard way: the other side gets an RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.fixture
def network_to() -> Iterator[Callable[[str], Network]]:
    """Makes ways to servers, by their address; they are closed at the end."""
    made: list[Network] = []

    def make(address: str) -> Network:
        parts = urlsplit(address)
        made.append(Network(parts.hostname or "127.0.0.1", parts.port or 9200))
        return made[-1]

    yield make
    for network in made:
        network.close()
