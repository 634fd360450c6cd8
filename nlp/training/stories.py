"""How rare each term is in the press: counted on a year of feeds, without the weeks that the gold stories are from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from nlp.similarity import Hashes, WordHashes
from nlp.stories.terms import MODEL, table, terms_of
from nlp.text import match_form, normalise, tokens
from nlp.training.material import Text, corpus_texts
from nlp.training.task import Card, TrainingTask

_CORPUS: Final = "rss_items_60k"
# The labelled fortnights of `nlp/labels/stories.jsonl` and a week on either side, local days.
HELD_BACK: Final = (("2025-09-28", "2025-10-25"), ("2026-01-26", "2026-02-22"))
_LEAST: Final = 5
_BATCH: Final = 5_000


def train_terms(task: TrainingTask) -> Card:
    """Count and keep the table. Raises FileNotFoundError without the corpus."""
    batches: list[Hashes] = []
    waiting: list[Hashes] = []
    hashes = WordHashes(match_form)
    articles = 0
    for text in _open_texts(task):
        terms, used = terms_of(tokens(normalise(text.document.title)), tokens(normalise(text.document.text)), hashes)
        waiting.append(terms[used > 0])
        articles += 1
        if len(waiting) == _BATCH:
            batches.append(np.concatenate(waiting))
            waiting = []
            task.tell(f"{articles} items counted")
    terms, counts = np.unique(np.concatenate([*batches, *waiting]), return_counts=True)
    kept = table(terms, counts, articles, least=_LEAST)
    np.savez_compressed(task.out / MODEL, hashes=kept["hashes"], rarity=kept["rarity"], rarest=kept["rarest"])
    return Card(
        name="story_terms",
        version="terms-1",
        purpose="How rare a word or a pair of words is in the press; weighs what two articles have in common.",
        data=(f"{articles} items of feeds, 2025-08 to 2026-08, without the fortnights of the gold stories",),
        scores={"terms kept": f"{len(kept['hashes'])}", "least items": f"{_LEAST}"},
        limits=("Words that entered the news later count as rare.", "Hashed to 32 bits: no word can be read back."),
    )


def _open_texts(task: TrainingTask) -> Iterator[Text]:
    for text in corpus_texts(task.eval_dir, _CORPUS):
        day = text.document.date[:10]
        if not any(first <= day <= last for first, last in HELD_BACK):
            yield text
