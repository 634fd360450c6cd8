"""Turning descriptions of charts into pictures, here or in a process of its own.

The library holds the interpreter lock while it draws, some 30 to 100 ms: in a web process nobody else would be
answered meanwhile, not even the health check. So a web process draws through a child, one picture at a time.
"""

from __future__ import annotations

import json
import logging
import os
import selectors
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Protocol

from diembao.errors import DiembaoError

logger = logging.getLogger(__name__)

LOCALE = {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["", " ₫"]}
_LENGTH = struct.Struct(">?Q")  # whether it went well, and how many bytes follow
_CHILD = Path(__file__).with_name("drawing_child.py")
# A thousand marks take a second; what takes longer than this hangs.
_PATIENCE = 20.0
_PIECE = 64 * 1024
_REFUSED = (ValueError, RuntimeError)  # what the library raises, whatever it is that it cannot draw


class NotDrawn(DiembaoError):
    """A picture could not be made; the message says why."""


class Drawing(Protocol):
    """Both raise NotDrawn. Safe to share between threads."""

    def svg(self, specification: dict[str, Any]) -> str:
        """specification: in Vega-Lite."""

    def png(self, svg: str, scale: float) -> bytes: ...

    def close(self) -> None: ...


class DrawingHere:
    """For commands, and where nobody else waits."""

    def svg(self, specification: dict[str, Any]) -> str:
        # Half a second and a hundred megabytes at the first drawing: whoever draws nothing need not pay.
        import vl_convert

        try:
            return str(vl_convert.vegalite_to_svg(specification, format_locale=LOCALE))
        except _REFUSED as error:
            raise NotDrawn(_first_line(error)) from error

    def png(self, svg: str, scale: float) -> bytes:
        import vl_convert

        try:
            return bytes(vl_convert.svg_to_png(svg, scale=scale))
        except _REFUSED as error:
            raise NotDrawn(_first_line(error)) from error

    def close(self) -> None:
        """Nothing is held."""


class DrawingApart:
    """By a child that is started with the first picture and again when it is gone. It ends with its standard input,
    so with this process, whatever ends that."""

    def __init__(self, patience: float = _PATIENCE) -> None:
        """patience: seconds for one picture; a child that takes longer is replaced."""
        self._patience = patience
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def svg(self, specification: dict[str, Any]) -> str:
        return self._ask({"svg": specification, "locale": LOCALE}).decode()

    def png(self, svg: str, scale: float) -> bytes:
        return self._ask({"png": svg, "scale": scale})

    def close(self) -> None:
        with self._lock:
            self._stop()

    def _ask(self, wanted: dict[str, Any]) -> bytes:
        asked = json.dumps(wanted, ensure_ascii=False).encode()
        with self._lock:
            for is_last in (False, True):
                child = self._running()
                try:
                    return self._answer(child, asked)
                except (OSError, EOFError, TimeoutError) as error:
                    self._stop()
                    logger.warning("the drawing child was replaced", extra={"reason": repr(error)})
                    if is_last or isinstance(error, TimeoutError):
                        raise NotDrawn(f"the drawing process does not answer: {error!r}") from error
        raise AssertionError("one of the two tries has returned or raised")

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self._stop()
            # Isolated: neither the working directory nor the environment decides what it imports; and Ctrl-C is for us.
            command = [sys.executable, "-I", str(_CHILD)]
            self._child = subprocess.Popen(  # noqa: S603 - our own file
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
            )
        return self._child

    def _answer(self, child: subprocess.Popen[bytes], asked: bytes) -> bytes:
        if child.stdin is None or child.stdout is None:
            raise EOFError("it has no pipes")
        child.stdin.write(_LENGTH.pack(True, len(asked)) + asked)
        child.stdin.flush()
        until = time.monotonic() + self._patience
        went_well, length = _LENGTH.unpack(_read(child.stdout.fileno(), _LENGTH.size, until))
        answer = _read(child.stdout.fileno(), length, until)
        if not went_well:
            raise NotDrawn(answer.decode())
        return answer

    def _stop(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:  # what it was never given
                    logger.debug("the drawing child left something unread")


def _first_line(error: Exception) -> str:
    """The rest is the library's own stack."""
    return str(error).partition("\n")[0]


def _read(source: int, length: int, until: float) -> bytes:
    """Raises: EOFError, TimeoutError."""
    pieces: list[bytes] = []
    with selectors.DefaultSelector() as selector:
        selector.register(source, selectors.EVENT_READ)
        while length:
            if not selector.select(max(0.0, until - time.monotonic())):
                raise TimeoutError("it takes too long")
            piece = os.read(source, min(length, _PIECE))
            if not piece:
                raise EOFError("it has ended")
            pieces.append(piece)
            length -= len(piece)
    return b"".join(pieces)
