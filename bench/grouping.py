"""Grouping: reprints on labelled groups and on changed texts, stories on the gold fortnights, speed of a long stream.

    DIEMBAO_EVAL_DIR=… python bench/grouping.py [quality|stream|synthetic] [--doubtful]

`stream`: the feed items of a year in order of time. `synthetic`: a million items made of them, five times as dense.
Speeds are items per CPU second of one core, reading the printing included.
"""

from __future__ import annotations

import os
import random
import resource
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from reprint_edits import CHANGES

from nlp.evaluation import grouping
from nlp.records import Document
from nlp.stories.credits import bare_name, read_credit
from nlp.stories.lineage import Member
from nlp.stories.printing import PrintingReader
from nlp.stories.rows import unix_time
from nlp.stories.wire import Wire
from nlp.training.material import corpus_texts

_SYNTHETIC = 1_000_000
_SYNTHETIC_YEARS = 3.5
_STEPS = 10


def quality(eval_dir: Path, reader: PrintingReader) -> None:
    pairs, doubtful = grouping.reprint_groups(eval_dir, reader)
    print(f"reprint groups: recall {pairs.recall:.3f}, raw precision {pairs.precision:.3f}; to judge: {len(doubtful)}")
    if "--doubtful" in sys.argv:
        for one, other in doubtful:
            print(*(f"   {item.source}: {item.title} | {item.text[-100:]}" for item in (one, other)), "", sep="\n")
    undated, _ = grouping.undated_stories(eval_dir, reader)
    print(f"stories of the same rows, undated: recall {undated.recall:.3f}, raw precision {undated.precision:.3f}")
    for name, change in CHANGES.items():
        scored = grouping.changed_texts(eval_dir, reader, change)
        print(f"{name:14} recall {scored.recall:.3f} precision {scored.precision:.3f}")
    for period in grouping.FORTNIGHTS:
        score = grouping.stories(eval_dir, reader, period)
        found = score.bcubed
        print(
            f"stories {period}: {score.articles} articles, B3 P {found.precision:.3f} R {found.recall:.3f}"
            f" F1 {found.f1:.3f}; of {score.big} with 3 or more {score.split} split, {score.glued} glued"
        )


def feed(eval_dir: Path) -> list[Document]:
    items = [text.document for text in corpus_texts(eval_dir, "rss_items_60k")]
    return sorted(items, key=lambda one: (unix_time(one.date) or 0.0, one.id))


def million(items: list[Document]) -> Iterator[tuple[float, Document]]:
    """Words of one item in the frame of another: as varied as the press, at a steady rate over some years."""
    chance = random.Random(5)
    step = _SYNTHETIC_YEARS * 365 * 86_400 / _SYNTHETIC
    for number in range(_SYNTHETIC):
        one, other = chance.choice(items), chance.choice(items)
        words = one.text.split()
        middle = len(words) // 2
        text = " ".join(words[:middle] + other.text.split()[middle:])
        yield number * step, Document(str(number), one.title if number % 4 else other.title, text, source=other.source)


def run(items: Iterable[tuple[float | None, Document]], total: int, reader: PrintingReader) -> None:
    wire = Wire()
    begun = last = time.process_time()
    costs = []
    for number, (at, one) in enumerate(items, 1):
        wire.add(
            Member(number, at, bare_name(one.source), read_credit(one.text).source), reader.read(one.title, one.text)
        )
        if number % (total // _STEPS) == 0:
            now = time.process_time()
            costs.append((now - last) / (total // _STEPS) * 1e6)
            last = now
            memory = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20
            print(f"{number:9} items, {costs[-1]:6.0f} µs an item, resident {memory:5.0f} MB", flush=True)
    print(f"{total / (time.process_time() - begun):.0f} items/s; last tenth / second tenth {costs[-1] / costs[1]:.2f}")


def main() -> int:
    folder = os.environ.get("DIEMBAO_EVAL_DIR")
    if not folder:
        print("set DIEMBAO_EVAL_DIR to the folder with the texts", file=sys.stderr)
        return 2
    reader, eval_dir = PrintingReader.load(), Path(folder)
    wanted = [word for word in sys.argv[1:] if not word.startswith("-")] or ["quality", "stream"]
    if "quality" in wanted:
        quality(eval_dir, reader)
    if "stream" in wanted:
        items = feed(eval_dir)
        run(((unix_time(one.date), one) for one in items), len(items), reader)
    if "synthetic" in wanted:
        run(million(feed(eval_dir)), _SYNTHETIC, reader)
    return 0


if __name__ == "__main__":
    sys.exit(main())
