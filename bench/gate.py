"""How fast articles that are not ours are passed over: articles a second of one core.

    DIEMBAO_EVAL_DIR=… python bench/gate.py

Reads the articles listed as negatives in the outside material; needs >= 5,000 a second.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
import time
from pathlib import Path

from nlp.analyzer import Analyzer
from nlp.records import Document

ROUNDS = 3


def documents(folder: Path) -> list[Document]:
    listed = json.loads((folder / "eval/dev_negatives.json").read_text(encoding="utf-8"))
    wanted = {row_id for ids in listed.values() for row_id in ids}
    with gzip.open(folder / "corpora/pool.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if row["id"] in wanted]
    return [Document(row["id"], row["title"] or "", row["text"] or "") for row in rows]


def main() -> None:
    folder = os.environ.get("DIEMBAO_EVAL_DIR")
    if not folder:
        sys.exit("bench/gate.py: DIEMBAO_EVAL_DIR is not set")
    articles = documents(Path(folder))
    analyzer = Analyzer.load()
    words = sum(len(article.text.split()) for article in articles) / len(articles)
    best = 0.0
    for _ in range(ROUNDS):
        start = time.process_time()
        alarms = sum(analyzer.gate(article).relevance != "irrelevant" for article in articles)
        best = max(best, len(articles) / (time.process_time() - start))
    print(f"{'articles':>10} {'words each':>12} {'articles/s':>12} {'false alarms':>13}")
    print(f"{len(articles):>10} {words:>12.0f} {best:>12,.0f} {alarms:>13}")


if __name__ == "__main__":
    main()
