"""The processes of a running system: who starts whom, and how all of them end together.

`up` starts `serve` and `worker` (`diembao.cli.worker`, which has processes of its own). Each child holds the reading
end of a pipe whose writing end only its parent has: when the parent is gone, even by kill -9, the pipe closes and the
child ends.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import typer

from diembao.cli.worker import stop_on_signals
from diembao.errors import WrongUse

if TYPE_CHECKING:
    from diembao.demo import DemoPress
    from diembao.settings import Settings

DEMO_PRESS_PORT = 8101
# A child that has not ended by then is ended for it.
_STOP_SECONDS = 20.0


def run(*, demo: bool, host: str, port: int) -> int:
    """Run web and worker until a signal comes or one of them ends by itself; returns the exit code."""
    from diembao.cli.tools import load_settings
    from diembao.store.database import open_store

    refuse_busy_port(host, port)
    with _demo_environment(host, port) if demo else nullcontext():
        settings = load_settings()
        open_store(settings, migrate=True).close()
        settings.signing_key()
        if demo:
            _tell_demo_accounts(settings)
        stop = stop_on_signals()
        children = {"web": start("serve", "--host", host, "--port", str(port)), "worker": start("worker")}
        typer.echo(f"Điểm Báo Thái Nguyên: http://{_shown(host)}:{port} (Ctrl-C stops it)", err=True)
        try:
            ended = _wait(children, stop)
        finally:
            end(list(children.values()))
        if ended is not None:
            typer.echo(f"diembao: {ended} ended by itself, so everything was stopped", err=True)
        return 0 if ended is None else 1


def _tell_demo_accounts(settings: Settings) -> None:
    from diembao.cli import demo_accounts

    lines = list(demo_accounts.make(settings))
    if lines:
        typer.echo("Accounts of the demo, for /ban-bien-tap; their passwords are shown this once:", err=True)
        typer.echo("\n".join(f"  {line}" for line in lines), err=True)


def end_with_parent() -> None:
    """End this process when standard input closes, that is when the process that started it is gone."""

    def watch() -> None:
        while os.read(sys.stdin.fileno(), 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def start(*arguments: str) -> subprocess.Popen[bytes]:
    """A command of ours as a child that ends when this process is gone."""
    # A session of its own: Ctrl-C reaches this process only, which then ends its children in order.
    return subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "diembao", *arguments, "--attached"], stdin=subprocess.PIPE, start_new_session=True
    )


def _wait(children: dict[str, subprocess.Popen[bytes]], stop: Event) -> str | None:
    """Until a signal (None) or until a child ended by itself (which one)."""
    while not stop.wait(0.2):
        for name, child in children.items():
            if child.poll() is not None:
                return name
    return None


def end(children: list[subprocess.Popen[bytes]]) -> None:
    """Ask them to end, all at once; kill what has not ended in time."""
    for child in children:
        if child.poll() is None:
            child.terminate()
    limit = time.monotonic() + _STOP_SECONDS
    for child in children:
        try:
            child.wait(max(0.1, limit - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if child.stdin is not None:
            child.stdin.close()


def refuse_busy_port(host: str, port: int) -> None:
    """Raises: WrongUse."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise WrongUse(f"cannot listen on {host}:{port}: {error.strerror}; choose another with --port") from error


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


@contextmanager
def _demo_environment(host: str, port: int) -> Iterator[None]:
    """The demo press running, and the environment in which this product reads it."""
    data_dir = Path(os.environ.get("DIEMBAO_DATA_DIR", "data-demo"))
    sources = data_dir / "sources"
    sources.mkdir(parents=True, exist_ok=True)
    press = _demo_press(data_dir / "press-opened-at")
    press.write_sources(sources)
    chosen = {
        "DIEMBAO_DATA_DIR": str(data_dir),
        "DIEMBAO_SOURCES_DIR": str(sources),
        "DIEMBAO_ALLOW_PRIVATE_NETWORKS": "true",
        "DIEMBAO_POLL_SECONDS": "15",
        # Some by policy, so that the section has something to show; the rest waits at the desk to be judged.
        "DIEMBAO_AUTO_PUBLISH_SOURCES": "songcau,trungdu,nonnuoc,nuicoc,binhminh,ttdb",
        # The law's hour, shortened so that one sees it pass; the page about the section says so.
        "DIEMBAO_PUBLISH_DELAY_MINUTES": "1",
        "DIEMBAO_PUBLIC_URL": f"http://{_shown(host)}:{port}",
    }
    for name, value in chosen.items():
        os.environ.setdefault(name, value)
    typer.echo(f"Demo press: {len(press.addresses)} newspapers at {datetime.now(UTC):%H:%M} UTC", err=True)
    try:
        yield
    finally:
        press.stop()


def _demo_press(memory: Path) -> DemoPress:
    """The press as it was opened the first time: after a restart its articles keep their times and addresses."""
    from diembao.demo import DemoPress

    opened_at = datetime.fromisoformat(memory.read_text("ascii")) if memory.exists() else datetime.now(UTC)
    memory.write_text(opened_at.isoformat(), "ascii")
    press = DemoPress(opened_at=opened_at)
    try:
        press.start(base_port=DEMO_PRESS_PORT)
    except OSError as error:
        raise WrongUse(
            f"the demo press needs the ports from {DEMO_PRESS_PORT} on: {error.strerror}; is another demo running?"
        ) from error
    return press
