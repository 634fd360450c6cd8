"""PostgreSQL restarted while everybody works: what was acknowledged is there, once; nobody has to help."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from diembao.errors import StoreUnavailable
from diembao.index.opening import open_index
from diembao.settings import Settings
from diembao.store.database import open_store
from pipelines import loop
from search_api.app import create_app
from search_api.limits import RateLimiter

pytestmark = [pytest.mark.postgresql, pytest.mark.timeout(600)]


def test_restarted_under_load(
    own_postgresql: Any,
    tmp_path: Path,
    held: Callable[[Any], dict[int, int]],
    eventually: Callable[..., None],
    newspaper_of: Callable[[Any], Any],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.setattr(loop, "_IDLE_SECONDS", 0.05)
    monkeypatch.setattr(loop, "_FAULT_SECONDS", 0.5)
    settings = Settings(data_dir=tmp_path / "data", database_url=SecretStr(own_postgresql.url), publish_delay_minutes=0)
    store = open_store(settings)
    newspaper = newspaper_of(store)
    index = open_index(settings)
    stop = threading.Event()
    acknowledged: list[int] = []
    statuses: set[int] = set()

    def keep_printing() -> None:
        while not stop.is_set():
            try:
                acknowledged.extend(newspaper.prints(5))
            except StoreUnavailable:
                time.sleep(0.2)

    def keep_reading(client: TestClient) -> None:
        while not stop.is_set():
            for path in ("/", "/api/v1/articles?q=song&size=5", "/readyz"):
                statuses.add(client.get(path).status_code)

    with TestClient(
        create_app(settings, store, index, limiter=RateLimiter(per_second=1e6, burst=10**6)),
        raise_server_exceptions=False,
    ) as client:
        threads = [
            threading.Thread(target=loop.run, args=(store, index, None, settings, stop)),
            threading.Thread(target=keep_printing),
            threading.Thread(target=keep_reading, args=(client,)),
        ]
        for thread in threads:
            thread.start()
        try:
            for _ in range(max(1, request.config.getoption("--kills") // 2)):
                so_far = len(acknowledged)
                eventually(lambda so_far=so_far: len(acknowledged) >= so_far + 20)
                own_postgresql.stop()
                time.sleep(0.5)
                own_postgresql.start()
            so_far = len(acknowledged)
            eventually(lambda: len(acknowledged) >= so_far + 20)
        finally:
            stop.set()
            for thread in threads:
                thread.join(60)
        assert not any(thread.is_alive() for thread in threads)
        assert client.get("/").status_code == 200
    assert statuses <= {200, 503}
    stop.clear()
    worker = threading.Thread(target=loop.run, args=(store, index, None, settings, stop))
    worker.start()
    eventually(lambda: newspaper.waiting() == 0)
    stop.set()
    worker.join(60)
    kept = newspaper.kept()
    assert set(acknowledged) <= set(kept) and len(acknowledged) == len(set(acknowledged))
    assert held(index) == kept
    index.close()
    store.close()
