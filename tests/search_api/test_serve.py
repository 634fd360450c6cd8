from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest

from diembao.errors import WrongUse
from search_api.serve import serve


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_the_real_server_answers_and_stops_when_asked(tmp_path):
    port = free_port()
    code = "import sys; from search_api.serve import serve; from diembao.settings import Settings; " \
           "serve(Settings.load(), '127.0.0.1', int(sys.argv[1]))"  # fmt: skip
    environment = {**os.environ, "DIEMBAO_DATA_DIR": str(tmp_path / "data")}
    process = subprocess.Popen([sys.executable, "-c", code, str(port)], env=environment)
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(300):
            try:
                answer = httpx.get(f"{address}/readyz", timeout=30)
                break
            except httpx.ConnectError:
                time.sleep(0.1)
        assert answer.json()["status"] == "ok"
        assert httpx.get(f"{address}/", timeout=30).status_code == 200
        # Nobody is believed about who they are unless a proxy is named.
        forwarded = httpx.get(f"{address}/metrics", headers={"X-Forwarded-For": "8.8.8.8"}, timeout=30)
        assert forwarded.status_code == 200
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    finally:
        process.kill()
        process.wait()
    assert process.returncode in (0, -signal.SIGTERM)


def test_production_insists_on_owner_and_https(settings):
    production = settings.model_copy(update={"production": True})
    with pytest.raises(WrongUse, match="DIEMBAO_OWNER_ADDRESS"):
        serve(production, "127.0.0.1", 1)
    owner = dict.fromkeys(("owner_address", "owner_email", "owner_phone", "owner_responsible", "owner_licence"), "x")
    with pytest.raises(WrongUse, match="https"):
        serve(production.model_copy(update=owner), "127.0.0.1", 1)
