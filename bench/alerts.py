"""How fast articles go past a thousand waiting alerts.

    DIEMBAO_EVAL_DIR=… python bench/alerts.py --alerts 1000 --articles 10000

Articles are real news of the corpora; alerts are pieces of real titles, half of them with the name of the province,
some with a topic, an exclusion or an alternative. “With cutting”: an article's words cut for nothing else but this.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import sys
import time
from itertools import cycle, islice
from pathlib import Path

from diembao.errors import BadQuery
from diembao.index.analysis import Analysed, analyse
from diembao.index.language import index_words, parse
from diembao.index.protocol import Filter, IndexDocument, Keyword, Query
from diembao.index.standing import StandingQueries
from nlp.text import normalise


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--alerts", type=int, default=1000)
    parser.add_argument("--articles", type=int, default=10_000)
    options = parser.parse_args()
    folder = os.environ.get("DIEMBAO_EVAL_DIR", "")
    if not folder:
        sys.exit("DIEMBAO_EVAL_DIR is not set")
    documents = _documents(Path(folder), options.articles)
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


def _queries(documents: list[IndexDocument], wanted: int) -> list[Query]:
    chance = random.Random(4)
    found: list[Query] = []
    while len(found) < wanted:
        title = index_words(normalise(chance.choice(documents).title))
        length = chance.choice((1, 2, 2, 3, 4))
        start = chance.randint(0, max(0, len(title) - length))
        piece = " ".join(title[start : start + length])
        text = chance.choice(
            (f"{piece} thái nguyên", f'"{piece}" "thái nguyên"', piece, f'"{piece}" OR title:"{piece}"', f"{piece} -hà")
        )
        filters = (Filter(Keyword.TOPIC, (f"topic-{chance.randint(0, 19)}",)),) if chance.random() < 0.2 else ()
        try:
            found.append(Query(tree=parse(text), filters=filters))
        except BadQuery:
            continue
    return found


if __name__ == "__main__":
    sys.exit(main())
