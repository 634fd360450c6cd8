"""The index made anew while people search: does any search fail, come back empty, short, or with an article twice?

    DIEMBAO_EVAL_DIR=… python bench/rebuilding.py --articles 200000 --dir /var/tmp/bench
    DIEMBAO_EVAL_DIR=… python bench/rebuilding.py --articles 200000 --dir /var/tmp/bench --elasticsearch http://127.0.0.1:9200

The installation is that of `bench/beside_engine.py` and is made where it is missing. `diembao index rebuild` runs in a
process of its own, as operators run it; searchers in this one ask on until some seconds after the new index has
taken over. No question is asked twice (each has an end of its own, after all articles), or the answer might be one that
was kept. Exits 1 when one answer was not the one from before.
"""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path

from installation import fill_store
from search import END, Material, queries

from diembao.errors import IndexUnavailable
from diembao.index.opening import open_index
from diembao.index.protocol import Query, SearchIndex
from diembao.settings import Settings
from diembao.store.database import open_store
from pipelines.indexing import rebuild

ASKED = ("term", "two terms", "phrase of 4", "filter + newest", "collapsed by story")
OF_EACH = 12
AFTERWARDS = 10.0  # seconds of asking on, in the new index


@dataclass
class Seen:
    """What searchers met. wrong: by what was wrong; taken: seconds of every search."""

    wrong: Counter[str] = field(default_factory=Counter)
    taken: list[float] = field(default_factory=list)


def ask_until(
    stop: threading.Event, index: SearchIndex, expected: Sequence[tuple[Query, int, list[str]]], ends: Iterator[int]
) -> Seen:
    """expected: the total and the first page of every question; ends: seconds, none of them twice."""
    seen = Seen()
    while not stop.is_set():
        for query, total, ids in expected:
            once = replace(query, published_to=END + timedelta(days=1, seconds=next(ends)))
            start = time.perf_counter()
            try:
                hits = index.search(once)
            except IndexUnavailable as error:
                seen.wrong["failed"] += 1
                print(f"failed: {error}", file=sys.stderr)
                continue
            finally:
                seen.taken.append(time.perf_counter() - start)
            found = [hit.id for hit in hits.items]
            seen.wrong["empty"] += total > 0 and not hits.total
            seen.wrong["an article twice"] += len(found) != len(set(found))
            seen.wrong["another total"] += hits.total != total
            seen.wrong["another page"] += found != ids
    return seen


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--articles", type=int, default=20_000)
    options.add_argument("--searchers", type=int, default=2)
    options.add_argument("--dir", type=Path, required=True, help="where store and index are kept")
    options.add_argument("--elasticsearch", metavar="URL", default="", help="indexes benchside-… are kept there")
    given = options.parse_args()
    if not os.environ.get("DIEMBAO_EVAL_DIR"):
        sys.exit("DIEMBAO_EVAL_DIR is not set: there are no texts to measure with")
    material = Material.load(Path(os.environ["DIEMBAO_EVAL_DIR"]))
    settings = Settings(
        data_dir=given.dir / str(given.articles), search_url=given.elasticsearch, search_name="benchside",
        search_timeout=60,
    )  # fmt: skip
    store = open_store(settings, migrate=True)
    number = fill_store(store, material, given.articles)
    made = queries(material, OF_EACH)
    asked = [replace(query, public_only=True) for kind in ASKED for query in made[kind]]
    del material, made
    gc.collect()
    index = open_index(settings)
    if index.status().documents < number:
        rebuild(store, index, settings.data_dir)
    expected = [
        (query, hits.total, [hit.id for hit in hits.items]) for query in asked for hits in [index.search(query)]
    ]
    stop, seen, ends = threading.Event(), list[Seen](), count()
    searchers = [
        threading.Thread(target=lambda: seen.append(ask_until(stop, index, expected, ends)))
        for _ in range(given.searchers)
    ]
    for searcher in searchers:
        searcher.start()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DIEMBAO_")}
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "diembao", "index", "rebuild"],
        env=environment | settings.as_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    seconds = time.perf_counter() - start
    time.sleep(AFTERWARDS)
    stop.set()
    for searcher in searchers:
        searcher.join()
    status = index.status()
    report(status.engine, number, seconds, seen)
    index.close()
    store.close()
    if done.returncode or status.documents != number or any(sum(one.wrong.values()) for one in seen):
        sys.exit(f"not as it should be: exit {done.returncode}, {status.documents} documents\n{done.stderr}")


def report(engine: str, articles: int, seconds: float, seen: Sequence[Seen]) -> None:
    taken = sorted(second for one in seen for second in one.taken)
    wrong = sum((one.wrong for one in seen), Counter[str]())
    print(f"{engine}: {articles} articles made anew in {seconds:.0f} s, {len(taken)} searches meanwhile")
    for name in ("failed", "empty", "an article twice", "another total", "another page"):
        print(f"  {name}: {wrong[name]}")
    p50, p99 = (taken[int(share * (len(taken) - 1))] * 1000 for share in (0.5, 0.99))
    print(f"  p50 {p50:.0f} ms, p99 {p99:.0f} ms, longest {taken[-1] * 1000:.0f} ms")


if __name__ == "__main__":
    main()
