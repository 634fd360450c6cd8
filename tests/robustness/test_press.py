"""A real worker against the demo press: news is searchable soon after the poll that saw it, tricks harm nobody."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from diembao.demo import DemoPress
from diembao.index.language import parse
from diembao.index.opening import open_index
from diembao.index.protocol import Query
from diembao.settings import Settings
from diembao.store.database import open_store

# The promise to the newsroom, from the poll that sees an article until it can be found.
SEARCHABLE_WITHIN = 10.0


@pytest.mark.timeout(300)
def test_a_change_in_a_feed_is_searchable_within_ten_seconds_of_the_poll_that_sees_it(tmp_path: Path) -> None:
    with DemoPress(["songcau"]) as press:
        press.write_sources(tmp_path / "sources")
        settings = Settings(
            data_dir=tmp_path / "data",
            sources_dir=tmp_path / "sources",
            allow_private_networks=True,
            poll_seconds=3.0,
            log_level="ERROR",
        )
        open_store(settings, migrate=True).close()
        index = open_index(settings)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DIEMBAO_")}
        worker = subprocess.Popen([sys.executable, "-m", "diembao", "worker"], env=kept | settings.as_environment())
        try:
            _wait(lambda: index.search(Query(None, size=1)).total >= 5, 120)
            for number in range(3):
                word = f"chokhang{number}x"
                text = f"Tỉnh Thái Nguyên mở chợ phiên lần thứ {number} tại phường Phan Đình Phùng, bán nông sản sạch."
                news = press.publish("songcau", f"Thái Nguyên mở chợ phiên {word}", text, [text])
                published = time.monotonic()
                _wait(lambda: index.search(Query(parse(word), size=1)).total == 1, 60)  # noqa: B023
                searchable = time.monotonic()
                polls = [each.at for each in press.requests("songcau", "feed") if each.at >= published]
                assert searchable - polls[0] <= SEARCHABLE_WITHIN, news.url
        finally:
            worker.send_signal(signal.SIGTERM)
            worker.wait(60)
            index.close()


@pytest.mark.timeout(400)
def test_every_trick_at_once_loses_nothing_and_is_named(tmp_path: Path) -> None:
    bench = Path(__file__).parents[2] / "bench" / "misbehaving_press.py"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DIEMBAO_")}
    done = subprocess.run(
        [sys.executable, str(bench), "--minutes", "1.2", "--poll", "4"],
        env=kept,
        capture_output=True,
        text=True,
        timeout=390,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["lost"], told["silent"], told["stuck"]) == (0, [], [])


def _wait(until: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.2)
