"""Exports of everything that is seen: time, size and memory of the web process, and whether every row is there.

    DIEMBAO_EVAL_DIR=… python bench/exports.py --articles 200000 --keep /var/tmp/bench

On the installation of `bench/analysis.py`. Each kind of file is taken with some 10,000 and some 100,000 rows, over HTTP
from a real web process whose private memory is looked at twenty times a second; then the file is opened (csv, openpyxl,
json) and each row compared with its article in the store.
"""

from __future__ import annotations

import argparse
import csv
import http.client
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from analysis import installation, web
from openpyxl import load_workbook
from search import Material
from sqlalchemy import select

from diembao.newsroom.days import start_of
from diembao.settings import Settings
from diembao.store.database import open_store
from diembao.store.models import ArticleRow, StoryRow
from search_api.analysis.spreadsheets import safe_cell
from search_api.moments import day_of

PORT = 18320
KINDS = ("csv", "csv_excel", "xlsx", "jsonl")
COLUMNS = {
    "Mã bài": "id",
    "Mã sự việc": "story",
    "Tên nguồn": "source",
    "Tiêu đề": "title",
    "Sapo": "lead",
    "Địa chỉ": "url",
    "Số bài của sự việc": "printings",
}
Row = Mapping[str, Any]


@dataclass
class Memory:
    """Megabytes of a process that are its own, while a block runs."""

    pid: int
    before: float = 0
    most: float = 0

    def __enter__(self) -> Memory:
        self.before = self.most = self.now()
        self._done = threading.Event()
        self._watch = threading.Thread(target=self._look)
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._watch.join()

    def now(self) -> float:
        for line in Path(f"/proc/{self.pid}/status").read_text("utf-8").splitlines():
            if line.startswith("RssAnon"):
                return int(line.split()[1]) / 1000
        raise SystemExit("the web process is gone")

    def _look(self) -> None:
        while not self._done.wait(0.05):
            self.most = max(self.most, self.now())


def first_day(settings: Settings, rows: int) -> tuple[datetime, int]:
    """The beginning of a day from which on there are at least so many articles, and how many there are."""
    store = open_store(settings)
    with store.read() as session:
        newest = select(ArticleRow.effective_at).order_by(ArticleRow.effective_at.desc()).offset(rows).limit(1)
        begin = start_of(day_of(session.scalars(newest).one()))
        number = len(session.scalars(select(ArticleRow.id).where(ArticleRow.effective_at >= begin)).all())
    store.close()
    return begin, number


def take(port: int, token: str, path: str, target: Path) -> tuple[float, float]:
    """Seconds until the first and until the last byte."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    start = time.perf_counter()
    connection.request("GET", path, headers={"Cookie": f"diembao-session={token}"})
    answer = connection.getresponse()
    if answer.status != 200:
        raise SystemExit(f"{answer.status}: {path}")
    first = 0.0
    with target.open("wb") as file:
        while piece := answer.read(64 * 1024):
            first = first or time.perf_counter() - start
            file.write(piece)
    return first, time.perf_counter() - start


def rows_of(kind: str, file: Path) -> Iterator[Row]:
    if kind == "jsonl":
        with file.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)
        return
    if kind == "xlsx":
        book = load_workbook(file, read_only=True)
        for sheet in book.worksheets:
            rows = sheet.iter_rows(values_only=True)
            head = next(rows)
            yield from (dict(zip(head, row, strict=True)) for row in rows)
        return
    with file.open(encoding="utf-8-sig" if kind == "csv_excel" else "utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def compare(kind: str, file: Path, settings: Settings, begin: datetime) -> int:
    """How many rows there are; leaves when one is missing, twice there or different."""
    store = open_store(settings)
    seen: dict[int, Row] = {}
    for row in rows_of(kind, file):
        known = row if kind == "jsonl" else {ours: row[shown] for shown, ours in COLUMNS.items()}
        number = int(known["id"])
        if number in seen:
            raise SystemExit(f"{kind}: article {number} is there twice")
        seen[number] = {name: str("" if known[name] is None else known[name]) for name in COLUMNS.values()}
    with store.read() as session:
        query = (
            select(
                ArticleRow.id, ArticleRow.story_id, ArticleRow.source, ArticleRow.title, ArticleRow.lead,
                ArticleRow.url, StoryRow.articles,
            )
            .join(StoryRow, StoryRow.id == ArticleRow.story_id)
            .where(ArticleRow.effective_at >= begin)
        )  # fmt: skip
        number = 0
        for held in session.execute(query):
            expected = dict(zip(COLUMNS.values(), map(str, held), strict=True))
            if kind.startswith("csv"):
                expected = {name: safe_cell(value) for name, value in expected.items()}
            if seen.get(held.id) != expected:
                raise SystemExit(f"{kind}: {seen.get(held.id)} is not {expected}")
            number += 1
    store.close()
    if number != len(seen):
        raise SystemExit(f"{kind}: {len(seen)} rows for {number} articles")
    return number


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--keep", type=Path, help="folder of store and index, filled once and used again")
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--port", type=int, default=PORT)
    given = parser.parse_args()
    if not os.environ.get("DIEMBAO_EVAL_DIR"):
        sys.exit("DIEMBAO_EVAL_DIR is not set: there are no texts to measure with")
    material = Material.load(Path(os.environ["DIEMBAO_EVAL_DIR"]))
    with tempfile.TemporaryDirectory() as scratch:
        made = installation(given.keep or Path(scratch), given.articles, material, None, 1)
        with web(made.settings, given.port) as pid:
            print(f"{'':10}{'rows':>8}{'MB':>7}{'first s':>9}{'s':>7}  memory in MB: before, most, after")
            for kind in KINDS:
                for rows in (min(rows, given.articles - 1) for rows in given.rows):
                    begin, number = first_day(made.settings, rows)
                    path = f"/phan-tich/xuat/{kind}?from={day_of(begin):%d/%m/%Y}"
                    target = Path(scratch) / f"{rows}.{kind}"
                    with Memory(pid) as memory:
                        first, taken = take(given.port, made.tokens[0], path, target)
                    compared = compare(kind, target, made.settings, begin)
                    if compared != number:
                        raise SystemExit(f"{kind}: {compared} of {number} articles")
                    print(
                        f"{kind:10}{compared:>8}{target.stat().st_size / 1e6:>7.1f}{first:>9.2f}{taken:>7.1f}"
                        f"  {memory.before:.0f}, {memory.most:.0f}, {memory.now():.0f}",
                        flush=True,
                    )
                    target.unlink()


if __name__ == "__main__":
    main()
