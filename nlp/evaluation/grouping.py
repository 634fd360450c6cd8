"""How well copies and stories are found: on labelled groups, on texts changed by rule, on stories told by readers."""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from typing import Any, Final

from nlp.records import Document
from nlp.stories.credits import bare_name, read_credit
from nlp.stories.lineage import Member
from nlp.stories.printing import PrintingReader
from nlp.stories.rows import unix_time
from nlp.stories.wire import Answer, group
from nlp.training.material import document_of

# The labelled fortnights, first and last day.
FORTNIGHTS: Final = {"2025-10": ("2025-10-05", "2025-10-18"), "2026-02": ("2026-02-02", "2026-02-15")}
_CORPORA: Final = ("rss_items_60k", "articles")
_CHANGED: Final = 400
_SEED: Final = 20261122

Change = Callable[[str, str, Sequence[str], random.Random], tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs that are copies: found of those labelled, and how many of the found ones are."""

    labelled: int
    found: int
    right: int

    @property
    def recall(self) -> float:
        return self.right / self.labelled if self.labelled else 1.0

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0


@dataclass(frozen=True, slots=True)
class BCubed:
    """Of each article, averaged: how much of its group belongs to it, how much of its story is in its group."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(frozen=True, slots=True)
class StoryScore:
    """big: stories with at least three articles; split, glued: how many of them lost one, how many hold a stranger."""

    articles: int
    bcubed: BCubed
    big: int
    split: int
    glued: int


def grouped(documents: Sequence[Document], reader: PrintingReader) -> dict[int, Answer]:
    """Answers by place in the sequence, which should be in order of time."""
    return group(
        (
            Member(place, unix_time(one.date), bare_name(one.source), read_credit(one.text).source),
            reader.read(one.title, one.text, one.lead),
        )
        for place, one in enumerate(documents)
    )


def families(answers: Mapping[int, Answer]) -> dict[int, list[int]]:
    """The copies of one text, by the first of them; articles without copies are left out."""
    parents = {number: answer.reprint_of for number, answer in answers.items()}

    def root(number: int) -> int:
        seen = set()
        while (parent := parents.get(number)) is not None and number not in seen:
            seen.add(number)
            number = parent
        return number

    found: defaultdict[int, list[int]] = defaultdict(list)
    for number in answers:
        found[root(number)].append(number)
    return {first: members for first, members in found.items() if len(members) > 1}


def reprint_groups(eval_dir: Path, reader: PrintingReader) -> tuple[Pairs, list[tuple[Document, Document]]]:
    """Copies among the labelled groups with the pool mixed in, title and summary only.

    The pool has copies of its own and of the groups that nobody labelled: pairs with a pool item are returned, to be
    judged by reading, and counted as found but not right.
    """
    documents, labels = _groups_in_the_pool(eval_dir)
    return _pairs(documents, labels, families(grouped(documents, reader)).values())


def undated_stories(eval_dir: Path, reader: PrintingReader) -> tuple[Pairs, list[tuple[Document, Document]]]:
    """Stories of the same rows, which bear no dates: pairs that are no labelled copies count as not right.

    Some of these are other reports of one event, which nobody labelled; they are returned, to be judged by reading.
    """
    documents, labels = _groups_in_the_pool(eval_dir)
    told: defaultdict[int, list[int]] = defaultdict(list)
    for number, answer in grouped(documents, reader).items():
        told[answer.story].append(number)
    return _pairs(documents, labels, told.values())


def _groups_in_the_pool(eval_dir: Path) -> tuple[list[Document], list[int]]:
    """Title and summary of the labelled groups and of the pool, with a label for each group; an item of the pool has
    one of its own."""
    documents: list[Document] = []
    labels: list[int] = []
    with (eval_dir / "eval/reprint_groups.jsonl").open(encoding="utf-8") as lines:
        for label, line in enumerate(lines):
            for item in json.loads(line)["items"]:
                documents.append(document_of({"id": f"g{len(documents)}", **item}))
                labels.append(label)
    for row in _rows(eval_dir, "pool"):
        summary = (row.get("text") or "").split("\n")[0]
        documents.append(document_of({**row, "text": summary, "lead": "", "date": None}))
        labels.append(-1 - len(labels))
    return documents, labels


def _pairs(
    documents: Sequence[Document], labels: Sequence[int], made: Iterable[Sequence[int]]
) -> tuple[Pairs, list[tuple[Document, Document]]]:
    right, doubtful = 0, []
    for members in made:
        for one, other in combinations(members, 2):
            if labels[one] == labels[other]:
                right += 1
            else:
                doubtful.append((documents[one], documents[other]))
    labelled = sum(count * (count - 1) // 2 for count in Counter(labels).values())
    return Pairs(labelled, right + len(doubtful), right), doubtful


def changed_texts(eval_dir: Path, reader: PrintingReader, change: Change) -> Pairs:
    """Full articles and what a change makes of each, mixed with as many articles again."""
    texts = [row for row in _rows(eval_dir, "articles_2017_8k") if len(row["text"].split()) >= 150]
    chance = random.Random(_SEED)  # noqa: S311
    chance.shuffle(texts)
    chosen, others = texts[:_CHANGED], texts[_CHANGED : 3 * _CHANGED]
    words = " ".join(row["text"] for row in others[:50]).split()
    documents = [document_of(row) for row in chosen + others]
    for row in chosen:
        title, text = change(row["title"], row["text"], words, chance)
        documents.append(document_of({"id": f"{row['id']}*", "title": title, "text": text}))
    found = right = 0
    for members in families(grouped(documents, reader)).values():
        for one, other in combinations(sorted(members), 2):
            ours = other >= len(documents) - _CHANGED and other - (len(documents) - _CHANGED) == one
            # The corpus holds true copies of its own; only pairs with a changed text are counted.
            if other >= len(documents) - _CHANGED:
                found += 1
                right += ours
    return Pairs(_CHANGED, found, right)


def fortnight(eval_dir: Path, period: str) -> list[Document]:
    """All items and articles of a labelled fortnight, in order of time."""
    first, last = FORTNIGHTS[period]
    documents = [
        document
        for corpus in _CORPORA
        for document in map(document_of, _rows(eval_dir, corpus))
        if first <= document.date[:10] <= last
    ]
    return sorted(documents, key=lambda one: (unix_time(one.date) or 0.0, one.id))


def stories(eval_dir: Path, reader: PrintingReader, period: str) -> StoryScore:
    """The whole fortnight grouped, scored on the articles that a reader labelled."""
    documents = fortnight(eval_dir, period)
    answers = grouped(documents, reader)
    lines = (files("nlp") / "labels/stories.jsonl").read_text(encoding="utf-8").splitlines()
    gold = {row["id"]: row["story"] for row in map(json.loads, lines) if row["period"] == period}
    said = {one.id: answers[place].story for place, one in enumerate(documents) if one.id in gold}
    if len(said) != len(gold):
        raise ValueError(f"{len(gold) - len(said)} labelled articles are not in the corpora")
    told, made = _sets(gold), _sets(said)
    big = [members for members in told.values() if len(members) >= 3]
    glued = sum(any(made[said[one]] - members for one in members) for members in big)
    return StoryScore(
        len(gold), bcubed(gold, said), len(big), sum(len({said[one] for one in m}) > 1 for m in big), glued
    )


def bcubed(gold: Mapping[str, Hashable], said: Mapping[str, Hashable]) -> BCubed:
    """B³ of a grouping against what readers say, over the labelled articles."""
    told, made = _sets(gold), _sets(said)
    precision = recall = 0.0
    for one in gold:
        common = len(told[gold[one]] & made[said[one]])
        precision += common / len(made[said[one]])
        recall += common / len(told[gold[one]])
    return BCubed(precision / len(gold), recall / len(gold))


def _sets(labels: Mapping[str, Hashable]) -> dict[Hashable, set[str]]:
    found: defaultdict[Hashable, set[str]] = defaultdict(set)
    for one, label in labels.items():
        found[label].add(one)
    return found


def _rows(eval_dir: Path, corpus: str) -> Iterable[dict[str, Any]]:
    with gzip.open(eval_dir / f"corpora/{corpus}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
