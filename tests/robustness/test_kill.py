"""kill -9 at random moments: after starting again, the counts are those of an undisturbed run, nothing twice."""

from __future__ import annotations

import io
import json
import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from diembao.index.opening import open_index
from diembao.settings import Settings
from diembao.store import outbox, pages
from diembao.store.database import open_store
from diembao.store.models import ArticleRow, StoryRow

PLACES = ["phường Linh Sơn", "xã Đại Từ", "xã Võ Nhai", "phường Sông Công", "xã Định Hóa", "phường Bắc Kạn"]
DEEDS = ["khởi công cầu mới", "mở hội chợ nông sản", "sửa kênh thủy lợi", "trồng thêm rừng", "khánh thành trạm y tế"]
ENDINGS = ["Người dân phấn khởi.", "Công trình dự kiến xong trong năm sau.", "Kinh phí lấy từ ngân sách xã."]


def rows(count: int) -> list[dict[str, str]]:
    """Rows of our own: about the province, elsewhere, and copies of earlier ones."""
    chance = random.Random(7)
    made: list[dict[str, str]] = []
    for number in range(count):
        kind = number % 4
        if kind == 3:
            made.append({**made[number - 3], "id": str(number), "url": f"https://copy.example/{number}.html"})
            continue
        where = "tỉnh Thái Nguyên" if kind < 2 else "tỉnh Khánh Hòa"
        place, deed, ending = (chance.choice(words) for words in (PLACES, DEEDS, ENDINGS))
        sentence = f"Ngày {number % 28 + 1}/10, {place if kind < 2 else 'xã Bình An'}, {where} {deed} lần thứ {number}."
        words = " ".join(chance.choice(DEEDS + ENDINGS + PLACES) for _ in range(30))
        made.append(
            {
                "id": str(number),
                "url": f"https://paper{number % 5}.example/{number}.html",
                "title": f"{place if kind < 2 else 'Bình An'} {deed} số {number}",
                "text": f"{sentence} {words} {ending}",
            }
        )
    return made


def run_until_killed(arguments: list[str], environment: dict[str, str], after: float) -> bool:
    """Run a command and kill -9 it after so many seconds; True when it ended before."""
    process = subprocess.Popen(
        [sys.executable, "-m", "diembao", *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        process.wait(after)
        return True
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return False


def shape(settings: Settings) -> dict[str, object]:
    """What an installation holds, in a form that two runs can be compared by: stories and copies by address."""
    store = open_store(settings)
    with store.read() as session:
        counted = {f"{state}/{outcome}": number for (state, outcome), number in pages.counts(session).items()}
        articles = sorted((row.url, row.relevance, row.title) for row in session.scalars(select(ArticleRow)))
        alive = session.scalar(select(func.count()).select_from(StoryRow).where(StoryRow.articles > 0))
        told: dict[int, list[str]] = {}
        copies: dict[int, list[str]] = {}
        for row in session.scalars(select(ArticleRow)):
            told.setdefault(row.story_id, []).append(row.url)
            copies.setdefault(row.reprint_of or row.id, []).append(row.url)
        waiting = outbox.depth(session)
    index = open_index(settings)
    indexed = sorted(key for key, _version in index.versions())
    index.close()
    store.close()
    return {
        "pages": counted,
        "articles": articles,
        "stories alive": alive,
        "stories": sorted(sorted(urls) for urls in told.values()),
        "copies": sorted(sorted(urls) for urls in copies.values()),
        "indexed": len(indexed),
        "indexed once": len(indexed) == len(set(indexed)),
        "waiting": waiting,
    }


def environment_for(data_dir: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DIEMBAO_")}
    return kept | {"DIEMBAO_DATA_DIR": str(data_dir)} | more


def write_warc(path: Path, count: int) -> None:
    """A WARC of pages of our own, about the province and not."""
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        for row in rows(count):
            text = "".join(f"<p>{part}</p>" for part in row["text"].split(". "))
            page = (
                f"<!doctype html><title>{row['title']}</title><article><h1>{row['title']}</h1>{text}</article>".encode()
            )
            headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1")
            address = row["url"].replace("copy.example", "paper9.example")
            writer.write_record(
                writer.create_warc_record(
                    address, "response", payload=io.BytesIO(page), length=len(page), http_headers=headers
                )
            )


@pytest.mark.timeout(1200)
def test_import_of_an_archive_killed_again_and_again(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    path = tmp_path / "pages.warc.gz"
    write_warc(path, 120)
    command = ["import", str(path)]
    calm, rough = tmp_path / "calm", tmp_path / "rough"
    begun = time.monotonic()
    assert run_until_killed(command, environment_for(calm), 600)
    whole = time.monotonic() - begun
    chance = random.Random(7)
    killed = 0
    for _ in range(max(2, request.config.getoption("--kills") // 2)):
        killed += not run_until_killed(command, environment_for(rough), chance.uniform(0.3, 0.7 * whole))
    assert killed, "no run was long enough to be killed"
    assert run_until_killed(command, environment_for(rough), 600)
    assert run_until_killed(command, environment_for(rough), 600), "once more changes nothing"
    there = shape(Settings(data_dir=calm))
    assert shape(Settings(data_dir=rough)) == there
    assert sum(there["pages"].values()) == 120  # type: ignore[attr-defined]


@pytest.mark.timeout(1200)
def test_import_killed_again_and_again(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows(240)), "utf-8")
    command = ["import", str(path)]
    calm, rough = tmp_path / "calm", tmp_path / "rough"
    begun = time.monotonic()
    assert run_until_killed(command, environment_for(calm), 600)
    whole = time.monotonic() - begun
    chance = random.Random(20261122)
    killed = 0
    for _ in range(request.config.getoption("--kills")):
        killed += not run_until_killed(command, environment_for(rough), chance.uniform(0.3, 0.7 * whole))
    assert killed, "no run was long enough to be killed"
    assert run_until_killed(command, environment_for(rough), 600)
    assert shape(Settings(data_dir=rough)) == shape(Settings(data_dir=calm))


@pytest.mark.timeout(1200)
def test_crawl_killed_again_and_again(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    from diembao.demo import DemoPress

    # A press on which the sun stands still: both runs meet the same pages.
    noon = datetime.now(UTC)
    with DemoPress(now=lambda: noon, opened_at=noon - timedelta(hours=1)) as press:
        sources = tmp_path / "sources"
        sources.mkdir()
        press.write_sources(sources)
        more = {"DIEMBAO_SOURCES_DIR": str(sources), "DIEMBAO_ALLOW_PRIVATE_NETWORKS": "true"}
        command = ["crawl", "--once"]
        calm, rough = tmp_path / "calm", tmp_path / "rough"
        begun = time.monotonic()
        assert run_until_killed(command, environment_for(calm, **more), 900)
        whole = time.monotonic() - begun
        chance = random.Random(11)
        killed = 0
        for _ in range(request.config.getoption("--kills")):
            killed += not run_until_killed(command, environment_for(rough, **more), chance.uniform(0.5, 0.7 * whole))
        assert killed, "no run was long enough to be killed"
        assert run_until_killed(command, environment_for(rough, **more), 900)
        assert shape(Settings(data_dir=rough)) == shape(Settings(data_dir=calm))


@pytest.mark.timeout(1800)
def test_worker_killed_again_and_again(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    from diembao.demo import DemoPress

    noon = datetime.now(UTC)
    with DemoPress(now=lambda: noon, opened_at=noon - timedelta(hours=1)) as press:
        sources = tmp_path / "sources"
        sources.mkdir()
        press.write_sources(sources)
        more = {"DIEMBAO_SOURCES_DIR": str(sources), "DIEMBAO_ALLOW_PRIVATE_NETWORKS": "true"}
        calm, rough = tmp_path / "calm", tmp_path / "rough"
        assert run_until_killed(["crawl", "--once"], environment_for(calm, **more), 900)
        # A feed whose poll was cut short is due again after a while; here that while is short.
        environment = environment_for(rough, DIEMBAO_POLL_SECONDS="5", DIEMBAO_FETCH_TIMEOUT="5", **more)
        chance = random.Random(5)
        for _ in range(request.config.getoption("--kills")):
            assert not run_until_killed(["worker"], environment, chance.uniform(2.0, 25.0)), (
                "the worker ended by itself"
            )
        process = subprocess.Popen([sys.executable, "-m", "diembao", "worker"], env=environment)
        try:
            wanted = shape(Settings(data_dir=calm))
            limit = time.monotonic() + 300
            while (found := shape(Settings(data_dir=rough))) != wanted and time.monotonic() < limit:
                time.sleep(2)
        finally:
            process.terminate()
            process.wait(30)
        assert found == wanted
