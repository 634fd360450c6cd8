"""How fast articles go past a thousand waiting alerts.

    DIEMBAO_EVAL_DIR=… python bench/alerts.py --alerts 1000 --articles 10000
    DIEMBAO_EVAL_DIR=… python bench/alerts.py --watch      # the whole watch, over a store and an index

Articles are real news of the corpora; alerts are pieces of real titles, half of them with the name of the province,
some with a topic, an exclusion or an alternative. “With cutting”: an article's words cut for nothing else but this.

With --watch the alerts are rows of twenty people, of every kind but silence; the articles are in the store and indexed,
and what is measured is what the worker does then: `Watch.round` until nothing waits (reading the articles, matching,
counting what is usual, keeping what was found) and `queue_due`. At least 500 articles a second are wanted.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import select

from diembao.errors import BadQuery
from diembao.index.analysis import Analysed, analyse
from diembao.index.language import index_words, parse
from diembao.index.opening import open_index
from diembao.index.protocol import Filter, IndexDocument, Keyword, Query
from diembao.index.standing import StandingQueries
from diembao.newsroom.analysis.alerts.alert import Condition
from diembao.newsroom.analysis.alerts.telling import queue_due
from diembao.records import Annotations, Article, Relevance, Stance, Topic
from diembao.settings import Settings
from diembao.store import articles as articles_of
from diembao.store import people, stories
from diembao.store.database import Store, open_store
from diembao.store.models import AlertArrivalRow, AlertRow, PageRow, SourceRow, UserRow
from nlp.text import normalise
from pipelines.alerting import watch_over
from pipelines.indexing import drain

_NOW = datetime(2026, 11, 22, 2, 5, tzinfo=UTC)
_PEOPLE, _LOT = 20, 500
_FEWEST_WORDS = 3  # in the quotes of an alert of the whole watch


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--alerts", type=int, default=1000)
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--watch", action="store_true", help="the whole watch, over a store and an index")
    options = parser.parse_args()
    folder = os.environ.get("DIEMBAO_EVAL_DIR", "")
    if not folder:
        sys.exit("DIEMBAO_EVAL_DIR is not set")
    documents = _documents(Path(folder), options.articles)
    if options.watch:
        _watch(documents, options.alerts)
        return 0
    begun = time.process_time()
    articles = [analyse(document) for document in documents]
    cutting = time.process_time() - begun
    print(f"{'alerts':>8} {'articles/s':>12} {'with cutting':>14} {'answers':>9}")
    for number in (options.alerts // 10, options.alerts, options.alerts * 10):
        _measure(_queries(documents, number), articles, cutting)
    return 0


def _measure(queries: list[Query], articles: list[Analysed], cutting: float) -> None:
    waiting = StandingQueries()
    for number, query in enumerate(queries):
        waiting.put(str(number), query)
    begun = time.process_time()
    answers = sum(len(waiting.answered_by(article)) for article in articles)
    seconds = time.process_time() - begun
    total = len(articles)
    print(f"{len(queries):8} {total / seconds:12.0f} {total / (seconds + cutting):14.0f} {answers:9}")


def _watch(documents: list[IndexDocument], wanted: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder) / "data")
        store, index = open_store(settings), open_index(settings)
        _put_alerts(store, documents, wanted)
        watch = watch_over(store, index, settings)
        watch.round(_NOW)
        _put_articles(store, documents)
        drain(store, index)
        begun, worked = time.perf_counter(), time.process_time()
        found = 0
        while _waiting(store):
            found += watch.round(_NOW)
        watched = time.perf_counter() - begun
        queued = queue_due(store, _NOW)
        seconds, worked = time.perf_counter() - begun, time.process_time() - worked
        number = len(documents)
        print(f"{'alerts':>8} {'articles':>9} {'articles/s':>11} {'of the processor':>17} {'found':>7} {'told':>6}")
        print(f"{wanted:8} {number:9} {number / seconds:11.0f} {number / worked:17.0f} {found:7} {queued:6}")
        print(f"watching took {watched:.1f} s, queueing {seconds - watched:.1f} s")
        index.close()
        store.close()


def _put_alerts(store: Store, documents: list[IndexDocument], wanted: int) -> None:
    # Names and phrases: what every tenth article answers is a mistake that its owner corrects on the first day.
    texts = (text for text in _texts(documents) if text.startswith('"') and _words_quoted(text) >= _FEWEST_WORDS)
    kinds = cycle(kind for kind in Condition if kind is not Condition.SILENCE)  # which asks about mornings only
    with store.write() as session:
        owners = [
            people.add(
                session, UserRow(name=f"nguoi{number}", roles=["analyst"], email=f"n{number}@x.vn", created_at=_NOW)
            )
            for number in range(_PEOPLE)
        ]
        for number, (text, kind) in enumerate(islice(zip(texts, kinds, strict=False), wanted)):
            asked = [("q", text)] + ([("topic", f"topic-{number % 20}")] if number % 5 == 0 else [])
            session.add(
                AlertRow(
                    user_id=owners[number % _PEOPLE].id, name=f"Cảnh báo {number}", query=urlencode(asked),
                    condition=kind.value, days=30, hour=7, level=2, by_mail=True, created_at=_NOW, updated_at=_NOW,
                    watching_since=_NOW - timedelta(days=1),
                )
            )  # fmt: skip


def _words_quoted(text: str) -> int:
    return len(text.split('"')[1].split())


def _put_articles(store: Store, documents: list[IndexDocument]) -> None:
    """As they come in: each a page, a story of its own and a row of the index's outbox."""
    for begin in range(0, len(documents), _LOT):
        with store.write() as session:
            for document in documents[begin : begin + _LOT]:
                source = document.source[:40]
                if session.get(SourceRow, source) is None:
                    session.add(SourceRow(name=source, title=source, outlet_type="newspaper", scope="local",
                                          agreement="none", definition={}, updated_at=_NOW))  # fmt: skip
                url = f"https://{source}.example/{document.id}.html"
                page = PageRow(url=url, source=source, found_at=_NOW, state="done", next_try_at=_NOW)
                session.add(page)
                session.flush()
                story = stories.create(session, at=_NOW, relevance="relevant", now=_NOW)
                stance = Stance.UNFAVOURABLE if int(document.id) % 8 == 0 else Stance.NEUTRAL
                topics = tuple(Topic(slug, 0.9) for slug in document.topics)
                articles_of.add(
                    session, page.id,
                    Article(url, url, source, document.title, "", document.body, published_at=_NOW),
                    Annotations(Relevance.RELEVANT, 0.9, topics=topics, stance=stance),
                    story_id=story.id, reprint_of=None, signature=b"", bands=(), fetched_at=_NOW, now=_NOW,
                )  # fmt: skip


def _waiting(store: Store) -> bool:
    with store.read() as session:
        return session.scalar(select(AlertArrivalRow).limit(1)) is not None


def _documents(folder: Path, wanted: int) -> list[IndexDocument]:
    with gzip.open(folder / "corpora" / "pool.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [
        IndexDocument(
            id=str(number),
            version=1,
            title=row["title"],
            body=row["text"],
            url="",
            source=row["source"],
            topics=(f"topic-{number % 20}",),
            relevance="relevant" if number % 10 == 0 else "marginal",
        )
        for number, row in enumerate(islice(cycle(rows), wanted))
    ]


def _texts(documents: list[IndexDocument]) -> Iterator[str]:
    """Queries that can be read, without end."""
    chance = random.Random(4)
    while True:
        title = index_words(normalise(chance.choice(documents).title))
        length = chance.choice((1, 2, 2, 3, 4))
        start = chance.randint(0, max(0, len(title) - length))
        piece = " ".join(title[start : start + length])
        text = chance.choice(
            (f"{piece} thái nguyên", f'"{piece}" "thái nguyên"', piece, f'"{piece}" OR title:"{piece}"', f"{piece} -hà")
        )
        try:
            parse(text)
        except BadQuery:
            continue
        yield text


def _queries(documents: list[IndexDocument], wanted: int) -> list[Query]:
    chance = random.Random(5)
    return [
        Query(
            tree=parse(text),
            filters=(Filter(Keyword.TOPIC, (f"topic-{chance.randint(0, 19)}",)),) if chance.random() < 0.2 else (),
        )
        for text in islice(_texts(documents), wanted)
    ]


if __name__ == "__main__":
    sys.exit(main())
