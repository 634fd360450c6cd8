"""Pictures drawn by a child: the same as here, and whatever becomes of the child."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from diembao.newsroom.analysis.drawing import DrawingApart, DrawingHere, NotDrawn

BARS: dict[str, Any] = {
    "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
    "data": {"values": [{"at": "tháng 1", "value": 1234}, {"at": "tháng 2", "value": 7}]},
    "mark": "bar",
    "encoding": {"x": {"field": "at", "type": "ordinal"}, "y": {"field": "value", "type": "quantitative"}},
}


@pytest.fixture
def apart() -> Iterator[DrawingApart]:
    drawing = DrawingApart()
    yield drawing
    drawing.close()


def child_of(drawing: DrawingApart) -> int:
    assert drawing._child is not None
    return drawing._child.pid


def test_a_child_draws_what_would_be_drawn_here(apart: DrawingApart) -> None:
    here = DrawingHere()
    svg = here.svg(BARS)
    assert "tháng 1" in svg
    assert apart.svg(BARS) == svg
    assert apart.png(svg, 1.0) == here.png(svg, 1.0)


def test_what_cannot_be_drawn_is_told_and_the_next_is_drawn(apart: DrawingApart) -> None:
    for drawing in (DrawingHere(), apart):
        with pytest.raises(NotDrawn):
            drawing.svg({"mark": 7})
        with pytest.raises(NotDrawn):
            drawing.png("<svg", 1.0)
        assert drawing.svg(BARS).startswith("<svg")


def test_a_child_that_was_killed_is_replaced(apart: DrawingApart) -> None:
    apart.svg(BARS)
    first = child_of(apart)
    os.kill(first, signal.SIGKILL)
    assert apart.svg(BARS).startswith("<svg")
    assert child_of(apart) != first


def test_a_child_that_hangs_is_given_up_and_replaced(apart: DrawingApart) -> None:
    apart.svg(BARS)
    first = child_of(apart)
    os.kill(first, signal.SIGSTOP)
    apart._patience = 0.3
    with pytest.raises(NotDrawn):
        apart.svg(BARS)
    apart._patience = 20.0
    assert apart.svg(BARS).startswith("<svg")
    assert child_of(apart) != first


def test_threads_wait_for_each_other_and_get_their_own_picture(apart: DrawingApart) -> None:
    found: dict[int, str] = {}

    def draw(number: int) -> None:
        found[number] = apart.svg({**BARS, "data": {"values": [{"at": f"cột-{number}", "value": number}]}})

    threads = [threading.Thread(target=draw, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(f"cột-{number}" in svg for number, svg in found.items())
    assert len(found) == 8


def test_the_child_ends_with_the_process_that_asked() -> None:
    code = (
        "import os; from diembao.newsroom.analysis.drawing import DrawingApart; d = DrawingApart();"
        "d.svg({'mark': 'point', 'data': {'values': [{}]}, 'encoding': {}});"
        "print(d._child.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    ended = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=False, timeout=60)
    child = int(ended.stdout)
    for _ in range(100):
        if not is_running(child):
            return
        time.sleep(0.1)
    os.kill(child, signal.SIGKILL)
    raise AssertionError("the child went on without its parent")


def is_running(pid: int) -> bool:
    """A zombie that nobody has collected has ended, too."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
