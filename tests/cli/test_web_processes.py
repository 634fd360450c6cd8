"""Several web processes on one port: all answer, their counts are one, a dead one is replaced, none is left behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="one process elsewhere")


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


def until(holds: Callable[[], bool]) -> None:
    limit = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.1)


class Web:
    def __init__(self, data: Path, **settings: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        environment = {**os.environ, "DIEMBAO_DATA_DIR": str(data), "DIEMBAO_WEB_PROCESSES": "2", **settings}
        command = [sys.executable, "-m", "diembao", "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=30)

    def is_ready(self) -> bool:
        try:
            return len(self.workers()) == 2 and self.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def workers(self) -> list[int]:
        return children(self.process.pid)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    started = Web(tmp_path / "data")
    try:
        until(started.is_ready)
        yield started
    finally:
        started.process.kill()
        started.process.communicate()


def test_what_all_have_answered_is_counted_together(web: Web) -> None:
    for _ in range(40):  # each over a connection of its own, dealt out by the system
        assert web.get("/gioi-thieu").status_code == 200
    for _ in range(4):
        counted = re.search(
            r'requests_total\{method="GET",route="/gioi-thieu",status="200"\} (\S+)', web.get("/metrics").text
        )
        assert counted is not None
        assert float(counted[1]) == 40


def test_one_that_dies_is_replaced_and_all_end_when_asked(web: Web) -> None:
    first, second = web.workers()
    os.kill(first, signal.SIGKILL)
    until(lambda: first not in web.workers() and web.is_ready())
    assert second in web.workers()
    left = web.workers()
    web.process.terminate()
    assert web.process.wait(30) == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in left)


def test_none_outlives_the_one_that_started_it(web: Web) -> None:
    left = web.workers()
    web.process.kill()
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in left))


def test_a_port_that_is_taken_is_refused(web: Web, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "diembao", "serve", "--port", str(web.port)]
    environment = {**os.environ, "DIEMBAO_DATA_DIR": str(tmp_path / "other"), "DIEMBAO_WEB_PROCESSES": "2"}
    refused = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 2
    assert "cannot listen" in refused.stderr


def test_those_that_cannot_start_are_not_started_for_ever(tmp_path: Path) -> None:
    web = Web(tmp_path / "data", DIEMBAO_PRODUCTION="true", DIEMBAO_SECRET_KEY="x" * 40)
    _, said = web.process.communicate(timeout=60)
    assert web.process.returncode == 2
    assert "DIEMBAO_OWNER_ADDRESS" in said
