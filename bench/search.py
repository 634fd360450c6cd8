"""Indexing rate and query latencies of a search engine, through our own `SearchIndex`.

    DIEMBAO_EVAL_DIR=… python bench/search.py --articles 200000
    DIEMBAO_EVAL_DIR=… python bench/search.py --articles 200000 --elasticsearch http://127.0.0.1:9200

Articles are put together from real titles, summaries and paragraphs of the corpora in DIEMBAO_EVAL_DIR; queries
are pieces of real titles. Same seed, same articles and queries for every engine.
"""

from __future__ import annotations

import argparse
import gc
import gzip
import json
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from diembao.index.elastic import ElasticIndex
from diembao.index.embedded import EmbeddedIndex
from diembao.index.language import index_words, parse
from diembao.index.protocol import (
    FacetRequest,
    Filter,
    Highlighting,
    IndexDocument,
    Keyword,
    Query,
    SearchIndex,
    Sort,
)

END = datetime(2026, 7, 1, tzinfo=UTC)
DAYS = 3 * 365
TOPICS = [f"topic-{number}" for number in range(20)]
PLACES = [f"Xã {number}" for number in range(92)]
PEOPLE = [f"Người {number}" for number in range(5000)]
STANCES = ("neutral", "neutral", "neutral", "favourable", "unfavourable", "mixed")
BATCH = 500
FACETS = tuple(
    FacetRequest(name) for name in (Keyword.SOURCE, Keyword.TOPIC, Keyword.STANCE, Keyword.PLACE, Keyword.ENTITY)
)


@dataclass(frozen=True)
class Material:
    """titles: of real news with their summaries. paragraphs: of real articles."""

    titles: list[tuple[str, str, str]]
    paragraphs: list[str]

    @classmethod
    def load(cls, folder: Path) -> Material:
        corpora = folder / "corpora"
        titles = [
            (row["title"], row.get("summary") or "", row["source"])
            for row in _rows(corpora / "rss_items_60k.jsonl.gz")
            if row.get("title")
        ]
        paragraphs: list[str] = []
        for name in ("articles", "articles_2017_8k", "pool"):
            for row in _rows(corpora / f"{name}.jsonl.gz"):
                paragraphs += [part for part in (row.get("text") or "").split("\n") if len(part) > 80]
        return cls(titles, paragraphs)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def articles(material: Material, number: int, seed: int = 7) -> Iterator[IndexDocument]:
    """So many articles; about one in six is a reprint of another of the same story."""
    chance = random.Random(seed)
    for serial in range(number):
        title, lead, source = material.titles[serial % len(material.titles)]
        body = "\n".join(chance.choice(material.paragraphs) for _ in range(chance.randint(2, 7)))
        yield IndexDocument(
            id=str(serial),
            version=1,
            title=title,
            lead=lead,
            body=f"{lead}\n{body}",
            url=f"https://bao.vidu.vn/{serial}",
            source=source,
            story=f"story-{serial - chance.choice((0, 0, 0, 0, 0, 1))}",
            outlet_type=chance.choice(("newspaper", "magazine", "portal")),
            topics=tuple(chance.sample(TOPICS, chance.randint(1, 2))),
            stance=chance.choice(STANCES),
            relevance=chance.choice(("relevant", "marginal")),
            places=tuple(chance.sample(PLACES, chance.randint(0, 3))),
            people=tuple(PEOPLE[int(chance.paretovariate(0.6)) % len(PEOPLE)] for _ in range(3)),
            state=chance.choice(("new", "approved", "rejected")),
            published=chance.random() < 0.6,
            published_at=END - timedelta(seconds=chance.random() * DAYS * 86400),
            language="vi",
        )


def queries(material: Material, number: int, seed: int = 11) -> dict[str, list[Query]]:
    """By kind, so many of each."""
    chance = random.Random(seed)

    def piece(length: int) -> str:
        while True:
            words = index_words(chance.choice(material.titles)[0])
            if len(words) >= length:
                start = chance.randint(0, len(words) - length)
                return " ".join(words[start : start + length])

    def many(make: Callable[[], Query]) -> list[Query]:
        return [make() for _ in range(number)]

    def page(text: str, **more: object) -> Query:
        return Query(parse(text), facets=FACETS, histogram=True, highlight=Highlighting(), **more)  # type: ignore[arg-type]

    recent = END - timedelta(days=90)
    return {
        "term": many(lambda: Query(parse(piece(1)))),
        "two terms": many(lambda: Query(parse(piece(2)))),
        "six terms": many(lambda: Query(parse(piece(6)))),
        "phrase of 2": many(lambda: Query(parse(f'"{piece(2)}"'))),
        "phrase of 4": many(lambda: Query(parse(f'"{piece(4)}"'))),
        "prefix": many(lambda: Query(parse(f"{chance.choice(('thai', 'ngu', 'tru', 'phu', 'da'))}* {piece(1)}"))),
        "filter + newest": many(
            lambda: Query(
                parse(piece(2)),
                (Filter(Keyword.TOPIC, tuple(chance.sample(TOPICS, 2))),),
                published_from=recent,
                sort=Sort.NEWEST,
            )
        ),
        "facets + histogram": many(lambda: Query(parse(piece(2)), size=0, facets=FACETS, histogram=True)),
        # Each a little different, or all but the first would be answers that were kept.
        "all: facets + histogram": [
            Query(size=0, facets=tuple(FacetRequest(facet.field, 10 + more) for facet in FACETS), histogram=True)
            for more in range(21)
        ],
        "stories counted": many(lambda: Query(parse(piece(2)), size=0, count_stories=True)),
        "collapsed by story": many(lambda: Query(parse(piece(2)), collapse=True)),
        "full page": many(lambda: page(piece(2))),
        "full page, one word": many(lambda: page(piece(1))),
        "full page, public": many(lambda: page(piece(2), public_only=True)),
    }


def fill(index: SearchIndex, documents: Iterator[IndexDocument]) -> tuple[int, float]:
    """Documents written and seconds taken, making the documents not counted."""
    written, taken = 0, 0.0
    with index.rebuild() as fresh:
        while batch := list(islice(documents, BATCH)):
            start = time.perf_counter()
            fresh.add(batch)
            taken += time.perf_counter() - start
            written += len(batch)
        start = time.perf_counter()
    return written, taken + time.perf_counter() - start


def small_commits(index: SearchIndex, material: Material, first: int, times: int = 30) -> list[float]:
    """Seconds of each: ten new articles written and made visible."""
    documents = (document for document in articles(material, first + times * 10, seed=99) if int(document.id) >= first)
    taken = []
    version = int(time.time())  # newer than what an earlier run has left in a kept index
    for _ in range(times):
        batch = [replace(document, version=version) for document in islice(documents, 10)]
        start = time.perf_counter()
        index.add(batch)
        index.commit()
        taken.append(time.perf_counter() - start)
    return taken


def measure(index: SearchIndex, kinds: dict[str, list[Query]]) -> None:
    print(f"{'query':<26}{'n':>5}{'hits p50':>10}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'CPU p50':>9}{'CPU p95':>9}")
    for kind, asked in kinds.items():
        index.search(asked[0])
        wall, cpu, totals = [], [], []
        for query in asked:
            start, start_cpu = time.perf_counter(), time.thread_time()
            hits = index.search(query)
            wall.append(time.perf_counter() - start)
            cpu.append(time.thread_time() - start_cpu)
            totals.append(hits.total)
        print(
            f"{kind:<26}{len(asked):>5}{_at(totals, 0.5):>10.0f}{_at(wall, 0.5) * 1000:>9.1f}"
            f"{_at(wall, 0.95) * 1000:>9.1f}{_at(wall, 0.99) * 1000:>9.1f}{_at(cpu, 0.5) * 1000:>9.1f}"
            f"{_at(cpu, 0.95) * 1000:>9.1f}"
        )


def _at(values: list[float] | list[int], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--articles", type=int, default=50_000)
    options.add_argument("--queries", type=int, default=100, help="of each kind")
    options.add_argument(
        "--elasticsearch", metavar="URL", help="instead of the embedded engine; indexes bench-… are kept there"
    )
    options.add_argument("--dir", type=Path, help="keep the embedded index here, and use it again when it is filled")
    given = options.parse_args()
    if not os.environ.get("DIEMBAO_EVAL_DIR"):
        sys.exit("DIEMBAO_EVAL_DIR is not set: there are no texts to measure with")
    material = Material.load(Path(os.environ["DIEMBAO_EVAL_DIR"]))
    gc.freeze()  # or the collector would walk through all these texts while queries are timed
    with tempfile.TemporaryDirectory() as scratch:
        index: SearchIndex
        if given.elasticsearch:
            index = ElasticIndex(given.elasticsearch, name="bench", shards=1, replicas=0, timeout=60)
        else:
            index = EmbeddedIndex(given.dir or Path(scratch))
        if index.status().documents < given.articles:
            written, taken = fill(index, articles(material, given.articles))
            status = index.status()
            print(
                f"{status.engine}: {written} articles in {taken:.1f} s, {written / taken:.0f} articles/s, "
                f"{status.size_bytes / 1e6:.0f} MB, {status.size_bytes / written / 1000:.2f} kB each"
            )
        commits = small_commits(index, material, given.articles)
        print(f"commit of 10 articles: p50 {_at(commits, 0.5) * 1000:.0f} ms, p99 {_at(commits, 0.99) * 1000:.0f} ms")
        measure(index, queries(material, given.queries))
        index.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"peak memory of this process: {peak / 1000:.0f} MB")


if __name__ == "__main__":
    main()
