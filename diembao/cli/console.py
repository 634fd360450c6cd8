"""What commands share in talking to people: progress on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import typer

# Redrawing more often costs time and shows nothing more.
_REDRAW_SECONDS = 0.2
_PLAIN_SECONDS = 5.0


def progress(label: str, total: int | None = None) -> Callable[[int], None]:
    """A function to call with how much is done: one redrawn line on a terminal, a line now and then elsewhere."""
    terminal = sys.stderr.isatty()
    pause = _REDRAW_SECONDS if terminal else _PLAIN_SECONDS
    state = {"next": time.monotonic() + pause}

    def show(done: int) -> None:
        if time.monotonic() < state["next"]:
            return
        state["next"] = time.monotonic() + pause
        line = f"{label}: {done}" + (f" of {total}" if total else "")
        typer.echo(f"\r{line}  " if terminal else line, err=True, nl=not terminal)

    return show


def end_progress() -> None:
    """Leave the redrawn line behind."""
    if sys.stderr.isatty():
        typer.echo("\r" + " " * 60 + "\r", err=True, nl=False)
