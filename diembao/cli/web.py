"""The web as several processes on one port.

Python answers one question at a time in a process, so a machine with two cores needs two. Each is a whole `serve` of
its own that listens on the same port (SO_REUSEPORT: the system deals connections out); they share nothing but store,
index, and a directory in which the counts for Prometheus are added up. This process only starts them, starts those
again that ended, and ends them.
"""

from __future__ import annotations

import logging
import os
import subprocess
import tempfile
import time
from contextlib import suppress
from threading import Event

from diembao.cli.household import end, refuse_busy_port, start
from diembao.cli.worker import stop_on_signals
from diembao.errors import DiembaoError
from diembao.settings import Settings
from diembao.store.database import open_store

logger = logging.getLogger(__name__)

# The library of the counts looks for it when it is loaded.
_COUNTS = "PROMETHEUS_MULTIPROC_DIR"
# The C library keeps memory apart for every thread, eight parts a core, and hardly gives it back; two are enough, where
# one interpreter lets one thread run at a time.
_MEMORY = {"MALLOC_ARENA_MAX": "2"}
_RESTART_SECONDS = 1.0
# One that ends so soon after its start, or says that it was used wrongly, will not do better the next time.
_TOO_SOON = 10.0
_WRONG_USE = 2


def run(settings: Settings, host: str, port: int) -> int:
    """Serve until a signal comes; the exit code, which is not 0 when the processes cannot be started.

    Raises:
        WrongUse: the port is taken, or there is no key in production.
    """
    refuse_busy_port(host, port)
    settings.signing_key()  # made once, before several look for it
    with suppress(DiembaoError):  # an empty database is set up once; one that is away may come back
        open_store(settings).close()
    stop = stop_on_signals()
    with tempfile.TemporaryDirectory(prefix="diembao-counts-") as counts:
        os.environ |= {_COUNTS: counts, **{name: os.environ.get(name, value) for name, value in _MEMORY.items()}}
        children = _Children(("serve", "--host", host, "--port", str(port), "--shared"))
        try:
            for _ in range(settings.effective_web_processes):
                children.add()
            return children.keep(stop)
        finally:
            end(children.running)


class _Children:
    def __init__(self, command: tuple[str, ...]) -> None:
        self._command = command
        self._since: dict[int, float] = {}
        self.running: list[subprocess.Popen[bytes]] = []

    def add(self) -> None:
        child = start(*self._command)
        self._since[child.pid] = time.monotonic()
        self.running.append(child)

    def keep(self, stop: Event) -> int:
        """Until a signal comes (0), or until one ends as soon as it is started (its exit code)."""
        while not stop.wait(0.2):
            for child in [one for one in self.running if one.poll() is not None]:
                code = child.returncode or 1
                is_new = time.monotonic() - self._since.pop(child.pid) < _TOO_SOON
                if code == _WRONG_USE or (is_new and code > 0):
                    return code
                logger.error("a web process ended by itself and is started again", extra={"exit_code": code})
                self.running.remove(child)
                if stop.wait(_RESTART_SECONDS):
                    return 0
                self.add()
        return 0
