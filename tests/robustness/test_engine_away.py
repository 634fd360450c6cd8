"""The search engine killed, cut off or gone for a day: nothing lost, nothing twice, nobody waits beyond the timeout,
and it all comes right without a hand."""

from __future__ import annotations

import os
import random
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from diembao.index.elastic import ElasticIndex
from diembao.index.protocol import Query
from diembao.settings import Settings
from pipelines import loop
from search_api.app import create_app

pytestmark = [pytest.mark.elasticsearch, pytest.mark.timeout(1200)]
TIMEOUT = 1.5
# Beyond the timeout: one try again on another connection, the rest of the request, and a busy machine.
SLACK = 3.0


@pytest.fixture
def server() -> str:
    url = os.environ.get("DIEMBAO_TEST_ELASTICSEARCH_URL", "")
    if not url:
        pytest.skip("DIEMBAO_TEST_ELASTICSEARCH_URL is not set: not tried on Elasticsearch")
    return url.rstrip("/")


@pytest.fixture
def name(server: str) -> Iterator[str]:
    from elasticsearch import Elasticsearch

    chosen = f"test{secrets.token_hex(4)}"
    yield chosen
    with Elasticsearch(server, request_timeout=30) as client:
        if made := list(client.indices.get(index=f"{chosen}*")):
            client.indices.delete(index=made)


class Worker:
    """The half of the worker that hands changes to the index, in a thread."""

    def __init__(self, newspaper: Any, index: ElasticIndex, settings: Settings) -> None:
        self._stop = threading.Event()
        # Nothing is fetched here, so no step is taken and no tool needed.
        self._thread = threading.Thread(target=loop.run, args=(newspaper.store, index, None, settings, self._stop))

    def __enter__(self) -> Worker:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._thread.is_alive(), "the worker's loop ended by itself"
        self._stop.set()
        self._thread.join(120)
        assert not self._thread.is_alive(), "the worker's loop does not end"


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "_IDLE_SECONDS", 0.05)
    monkeypatch.setattr(loop, "_FAULT_SECONDS", 0.5)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_killed_again_and_again_in_the_middle_of_writing(
    own_elasticsearch: Any,
    newspaper: Any,
    held: Callable[[Any], dict[int, int]],
    eventually: Callable[..., None],
    tmp_path: Any,
    request: pytest.FixtureRequest,
) -> None:
    settings = Settings(data_dir=tmp_path / "data", search_url=own_elasticsearch.url, search_timeout=TIMEOUT)
    index = ElasticIndex(own_elasticsearch.url, "diembao", shards=1, replicas=0, timeout=10.0)
    chance = random.Random(11)
    gone: set[int] = set()
    with Worker(newspaper, index, settings):
        for _ in range(request.config.getoption("--engine-kills")):
            ids = newspaper.prints(1500)
            newspaper.corrects(chance.choice(ids), "Tin đã sửa")
            gone.add(ids[7])
            newspaper.takes_back(ids[7])
            before = newspaper.waiting()
            eventually(lambda before=before: newspaper.waiting() < before, 300)
            time.sleep(chance.uniform(0, 0.4))
            own_elasticsearch.kill("run/es.pid")
            newspaper.prints(50)
            own_elasticsearch.start()
        eventually(lambda: newspaper.waiting() == 0, 300)
    index.commit()
    assert held(index) == newspaper.kept()
    assert not gone & set(held(index))
    assert index.count(Query()) == len(newspaper.kept())
    index.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_network_that_stalls_resets_or_drops_keeps_nobody_waiting_and_comes_back_by_itself(
    server: str, name: str, newspaper: Any, eventually: Callable[..., None], network_to: Any, tmp_path: Any,
    held: Callable[[Any], dict[int, int]],
) -> None:  # fmt: skip
    network = network_to(server)
    settings = Settings(
        data_dir=tmp_path / "data", search_url=network.url, search_name=name, search_timeout=TIMEOUT,
        publish_delay_minutes=0,
    )  # fmt: skip
    index = ElasticIndex(network.url, name, shards=1, replicas=0, timeout=TIMEOUT)
    app = create_app(settings, newspaper.store, index)
    newspaper.prints(20)
    with Worker(newspaper, index, settings), TestClient(app, raise_server_exceptions=False) as client:
        eventually(lambda: newspaper.waiting() == 0)

        def asked(path: str) -> tuple[int, float]:
            start = time.monotonic()
            status = client.get(path).status_code
            return status, time.monotonic() - start

        assert asked("/api/v1/articles?q=song")[0] == 200
        for fault in ("silent", "refuses", "breaks"):
            _break(network, fault)
            for path in ("/api/v1/articles?q=song", "/tim-kiem?q=song", "/api/v1/stats/timeline", "/readyz"):
                status, seconds = asked(path)
                assert status == 503, (fault, path)
                assert seconds < 2 * TIMEOUT + SLACK, (fault, path)
            assert asked("/")[0] == 200, "what needs no search goes on"
            newspaper.prints(20)
            _mend(network)
            eventually(lambda: asked("/api/v1/articles?q=song")[0] == 200)
            eventually(lambda: newspaper.waiting() == 0)
    index.commit()
    assert held(index) == newspaper.kept()
    index.close()


def _break(network: Any, fault: str) -> None:
    if fault == "breaks":
        network.breaks_after = 10
    else:
        setattr(network, fault, True)


def _mend(network: Any) -> None:
    network.silent = network.refuses = False
    network.breaks_after = None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_articles_and_the_desk_go_on_while_the_engine_is_away_for_long(
    server: str, name: str, newspaper: Any, eventually: Callable[..., None], network_to: Any, tmp_path: Any,
    held: Callable[[Any], dict[int, int]],
) -> None:  # fmt: skip
    network = network_to(server)
    network.refuses = True
    settings = Settings(
        data_dir=tmp_path / "data", search_url=network.url, search_name=name, search_timeout=TIMEOUT,
        publish_delay_minutes=0,
    )  # fmt: skip
    index = ElasticIndex(network.url, name, shards=1, replicas=0, timeout=TIMEOUT)
    app = create_app(settings, newspaper.store, index)
    with Worker(newspaper, index, settings), TestClient(app, raise_server_exceptions=False) as client:
        for day in range(24):
            ids = newspaper.prints(40)
            newspaper.corrects(ids[0], f"Đã sửa {day}")
            newspaper.takes_back(ids[1])
        assert newspaper.waiting() == 24 * 42
        page = client.get("/tim-kiem?q=song")
        assert page.status_code == 503 and "Xin thử lại sau ít phút" in page.text
        assert page.headers["Retry-After"]
        problem = client.get("/api/v1/articles?q=song").json()
        assert problem["code"] == "index_unavailable" and "Xin thử lại" in problem["detail"]
        ready = client.get("/readyz")
        assert ready.status_code == 503
        assert (ready.json()["store"], ready.json()["index"]) == ("ok", "unavailable")
        assert str(network.port) not in ready.text, "addresses inside are nobody's business"
        assert client.get("/").status_code == 200
        assert client.get("/healthz").status_code == 200
        network.refuses = False
        eventually(lambda: newspaper.waiting() == 0)
        answer = client.get("/api/v1/articles?q=da sua").json()
        assert answer["total"] == 24
        assert client.get("/readyz").status_code == 200
    assert held(index) == newspaper.kept()
    index.close()
