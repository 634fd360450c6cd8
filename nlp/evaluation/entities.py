"""How well names are found: on the held-out sentences of the package's labels, and on PhoNER_COVID19.

Held-out sentences are tagged as the product tags: the whole article is read, then the sentence is compared.
PhoNER's sentences come without their article. Exact: both ends and the type agree. Overlap: the type agrees
and the spans share a character; each gold name counts for at most one found name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nlp.entities.tagger import EntityTagger
from nlp.entities.variants import Mention
from nlp.training.entity_labels import HELDOUT, articles, read_sentences

Named = tuple[int, int, str]

PHONER = "eval/ner/phoner_dev.conll"


@dataclass(frozen=True)
class Score:
    """Precision, recall and their mean, each 0..1, with the number of gold names behind them."""

    precision: float
    recall: float
    gold: int

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    @classmethod
    def of(cls, hits: int, found: int, gold: int) -> Score:
        return cls(hits / found if found else 0.0, hits / gold if gold else 0.0, gold)


@dataclass(frozen=True)
class Miss:
    """A sentence where reader and tagger differ; offsets into the field, no text."""

    corpus: str
    id: str
    where: str
    missed: tuple[Named, ...]
    wrong: tuple[Named, ...]


def heldout(tagger: EntityTagger, eval_dir: Path) -> tuple[dict[str, Score], list[Miss]]:
    """Exact scores by type on the held-out sentences, and where they differ. Raises FileNotFoundError, ValueError."""
    wanted = read_sentences(HELDOUT)
    known = articles(eval_dir, wanted)
    mentions = {key: tagger.mentions(document.title, document.text) for key, document in known.items()}
    counts: Counter[tuple[str, str]] = Counter()
    misses = []
    for sentence in wanted:
        found = set(_within(mentions[sentence.corpus, sentence.id], sentence.where, sentence.start, sentence.end))
        gold = set(sentence.entities)
        _count(counts, gold, found)
        if gold != found:
            wrong, missed = tuple(sorted(found - gold)), tuple(sorted(gold - found))
            misses.append(Miss(sentence.corpus, sentence.id, sentence.where, missed, wrong))
    return {kind: _score(counts, kind) for kind in ("person", "organisation", "place")}, misses


def _within(mentions: Iterable[Mention], where: str, start: int, end: int) -> Iterator[Named]:
    for mention in mentions:
        if mention.where == where and start <= mention.start < end:
            yield mention.start, mention.end, mention.type


def _count(counts: Counter[tuple[str, str]], gold: set[Named], found: set[Named]) -> None:
    counts.update(("gold", kind) for _, _, kind in gold)
    counts.update(("found", kind) for _, _, kind in found)
    counts.update(("hit", kind) for _, _, kind in gold & found)


def _score(counts: Counter[tuple[str, str]], kind: str) -> Score:
    return Score.of(counts["hit", kind], counts["found", kind], counts["gold", kind])


def phoner_places(tagger: EntityTagger, eval_dir: Path) -> dict[str, Score]:
    """ "exact" and "overlap" scores of places against LOCATION. Raises FileNotFoundError."""
    exact, overlap, found_all, gold_all = 0, 0, 0, 0
    for text, gold in read_phoner(eval_dir / PHONER):
        found = [(m.start, m.end) for m in tagger.mentions("", text) if m.type == "place"]
        exact += len(set(found) & set(gold))
        overlap += _overlapping(gold, found)
        found_all += len(found)
        gold_all += len(gold)
    return {"exact": Score.of(exact, found_all, gold_all), "overlap": Score.of(overlap, found_all, gold_all)}


def _overlapping(gold: Sequence[tuple[int, int]], found: Sequence[tuple[int, int]]) -> int:
    """Pairs of one gold and one found span that share a character; both lists are in order."""
    pairs, at = 0, 0
    for start, end in gold:
        while at < len(found) and found[at][1] <= start:
            at += 1
        if at < len(found) and found[at][0] < end:
            pairs += 1
            at += 1
    return pairs


def read_phoner(path: Path) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """Sentences with the spans of their LOCATIONs, words joined by one space."""
    words: list[str] = []
    labels: list[str] = []
    for line in [*path.read_text(encoding="utf-8").splitlines(), ""]:
        if line.strip():
            word, label = line.split()[0], line.split()[-1]
            words.append(word)
            labels.append(label)
        elif words:
            yield " ".join(words), list(_locations(words, labels))
            words, labels = [], []


def _locations(words: Sequence[str], labels: Sequence[str]) -> Iterator[tuple[int, int]]:
    position, span = 0, None
    for word, label in zip(words, labels, strict=True):
        end = position + len(word)
        if label == "I-LOCATION" and span is not None:
            span = (span[0], end)
        else:
            if span is not None:
                yield span
            span = (position, end) if label.endswith("-LOCATION") else None
        position = end + 1
    if span is not None:
        yield span
