"""Entities: scores on the held-out sentences and on PhoNER, and speed on one core.

DIEMBAO_EVAL_DIR=… python bench/entities.py
"""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path

from nlp.entities.tagger import EntityTagger
from nlp.evaluation.entities import Score, heldout, phoner_places
from nlp.training.material import corpus_texts

_ARTICLES = 200
_WORDS = range(360, 441)


def _line(what: str, score: Score) -> str:
    return f"{what:24} {score.precision:.3f} {score.recall:.3f} {score.f1:.3f}  {score.gold:5}"


def _speed(tagger: EntityTagger, eval_dir: Path) -> float:
    """Articles of about 400 words a second of one core."""
    chosen = []
    for text in corpus_texts(eval_dir, "articles_2017_8k"):
        if len(text.document.text.split()) in _WORDS:
            chosen.append(text.document)
        if len(chosen) == _ARTICLES:
            break
    for document in chosen[:20]:
        tagger.tag(document.title, document.text)
    begin = time.process_time()
    for document in chosen:
        tagger.tag(document.title, document.text)
    return len(chosen) / (time.process_time() - begin)


def main() -> int:
    folder = os.environ.get("DIEMBAO_EVAL_DIR")
    if not folder:
        print("set DIEMBAO_EVAL_DIR to the folder with the texts", file=sys.stderr)
        return 2
    eval_dir = Path(folder)
    tagger = EntityTagger.load()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    scores, misses = heldout(tagger, eval_dir)
    print(f"{'':24} prec. rec.  F1      gold")
    for kind, score in scores.items():
        print(_line(f"held out, {kind}", score))
    for kind, score in phoner_places(tagger, eval_dir).items():
        print(_line(f"PhoNER place, {kind}", score))
    print(f"{len(misses)} held-out sentences differ from the reader; `--misses` lists them")
    if "--misses" in sys.argv:
        for miss in misses:
            print(miss)
    print(f"speed: {_speed(tagger, eval_dir):.0f} articles/s of one core; memory after loading: {memory:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
