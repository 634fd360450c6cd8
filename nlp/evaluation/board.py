"""All measures in one place: what `diembao evaluate` runs, prints and compares with the floors.

Every part that learns is scored by cross-validation over whole stories, because the shipped models have
seen the development part. Only the examples of our own writing are put to the shipped models.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from nlp.analyzer import Analyzer
from nlp.evaluation import stance as stance_evaluation
from nlp.evaluation import topics as topic_evaluation
from nlp.evaluation.metrics import Bin, Scores, calibration_error
from nlp.records import Document
from nlp.text import normalise
from nlp.topics import choose
from nlp.training.material import DEV, ELSEWHERE, Labelled, gather

_WORST = 10


@dataclass(frozen=True)
class Section:
    """One table: measures by name, as compared with floors; lines, as printed."""

    title: str
    measures: Mapping[str, float]
    lines: tuple[str, ...] = ()


@dataclass
class Material:
    """What a section may need, read once. eval_dir is None where the outside material is not at hand."""

    quality_dir: Path
    eval_dir: Path | None
    tell: Callable[[str], None] = field(default=lambda line: None)

    @cached_property
    def analyzer(self) -> Analyzer:
        return Analyzer.load()

    @cached_property
    def rows(self) -> list[Labelled]:
        """All labelled articles. Raises ValueError without the outside material."""
        if self.eval_dir is None:
            raise ValueError("DIEMBAO_EVAL_DIR is not set")
        return gather(self.eval_dir)

    @cached_property
    def topic_shares(self) -> dict[str, Mapping[str, float]]:
        """Topic probabilities by document id, each from a head that never saw the story."""
        from nlp.evaluation.crossval import topic_answers
        from nlp.training.topics import topic_rows

        rows = topic_rows(self.rows)
        answers = topic_answers(rows, self.analyzer.topics)
        return {row.document.id: shares for row, shares in zip(rows, answers, strict=True)}


def evaluate(material: Material, only: Sequence[str] = ()) -> Iterator[Section]:
    """The sections, one by one; those that need outside material are left out where there is none."""
    for name, run in (*INSIDE.items(), *(OUTSIDE.items() if material.eval_dir else ())):
        if not only or name in only:
            material.tell(name)
            yield run(material)


def _examples(material: Material) -> Section:
    """The shipped models on sentences of our own writing."""
    with (material.quality_dir / "relevance_examples.csv").open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["label"] != "marginal"]
    wrong = [
        row["id"] for row in rows
        if material.analyzer.gate(Document(row["id"], "", row["text"])).relevance != row["label"]
    ]  # fmt: skip
    right, count, misses = stance_and_topic_examples(material.quality_dir, material.analyzer)
    return Section(
        "Examples of our own writing (shipped models; same hand as the lexicons, so flattered)",
        {
            "relevance.examples_right": len(rows) - len(wrong),
            **{f"{name}.examples_right": value for name, value in right.items()},
        },
        (f"relevant or irrelevant: wrong {' '.join(wrong) or 'none'} of {len(rows)}", f"of {count}:", *misses),
    )


def stance_and_topic_examples(quality_dir: Path, analyzer: Analyzer) -> tuple[dict[str, int], int, list[str]]:
    """How many examples are right by judgement, how many there are, and a line for each that is not."""
    right = {"topics": 0, "stance": 0, "response": 0}
    misses, count = [], 0
    for line in (quality_dir / "stance_topics.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        document = Document(row["id"], normalise(row["title"]), normalise(row["text"]))
        shares = analyzer.topics.probabilities(document)
        chosen = choose(shares)
        judged = analyzer.stance.predict(document, shares)
        hits = {
            "topics": bool(chosen) and chosen[0].slug in row["topics"],
            "stance": judged.stance == row["stance"],
            "response": judged.needs_response == row["needs_response"],
        }
        count += 1
        for name, hit in hits.items():
            right[name] += hit
        if not all(hits.values()):
            missed = ", ".join(name for name, hit in hits.items() if not hit)
            misses.append(f"{row['id']}: {missed} (said {chosen[0].slug if chosen else 'none'}, {judged.stance})")
    return right, count, misses


def _relevance(material: Material) -> Section:
    from nlp.evaluation.relevance import cross_validated, false_alarms, negatives, report

    rows = material.rows
    found = report([row for row in rows if row.origin == DEV], cross_validated(rows, material.analyzer.preparer))
    measures = {
        "relevance.relevant_f1": found.three.of("relevant").f1,
        "relevance.relevant_f1_clear": found.clear.of("relevant").f1,
        "relevance.macro_f1": found.three.macro_f1,
    }
    assert material.eval_dir is not None  # noqa: S101 - sections of OUTSIDE run only with it
    for kind, documents in negatives(material.eval_dir).items():
        alarms = false_alarms(material.analyzer, documents)
        measures[f"relevance.false_alarms_{kind}_at_most"] = len(alarms)
    worst = [f"{one.id}: {one.gold}, said {one.said} ({one.score:.2f})" for one in found.worst[:_WORST]]
    return Section(
        "Relevance, development part, cross-validated; false alarms of the shipped model",
        measures,
        (*table(found.three), *confusion(found.three), *calibration(found.calibration), *worst),
    )


def _topics(material: Material) -> Section:
    parts = {
        "development part": [row for row in material.rows if row.origin == DEV],
        "open and other corpora": [row for row in material.rows if row.origin not in (DEV, ELSEWHERE)],
    }
    reports = {name: topic_evaluation.report(rows, material.topic_shares) for name, rows in parts.items()}
    dev = reports["development part"]
    lines = [
        f"{name}: {one.rows} rows, main or second {one.main_or_second:.3f}, main {one.main.accuracy:.3f}, "
        f"macro-F1 {one.main.macro_f1:.3f}"
        for name, one in reports.items()
    ]
    worst = [
        f"{one.id}: {one.gold}{f' or {one.second}' if one.second else ''}, said {one.said} ({one.score:.2f})"
        for one in dev.worst[:_WORST]
    ]
    return Section(
        "Topics, cross-validated",
        {"topics.main_or_second": dev.main_or_second, "topics.macro_f1": dev.main.macro_f1},
        (*lines, *table(dev.main), *confusion(dev.main, 8), *calibration(dev.calibration), *worst),
    )


def _stance(material: Material) -> Section:
    from nlp.evaluation.crossval import REPEATS, stance_answers
    from nlp.training.stance import stance_rows

    rows = stance_rows(material.rows)
    answers = stance_answers(rows, material.analyzer.topics, material.topic_shares)
    reports = {
        "development part": stance_evaluation.report([one for one in answers if one[0].origin == DEV]),
        "all of ours": stance_evaluation.report([one for one in answers if one[0].origin != ELSEWHERE]),
    }
    dev, ours = reports.values()
    lines: list[str] = []
    for name, one in reports.items():
        lines.append(
            f"{name}: {one.rows // REPEATS} rows, macro-F1 {one.stance.macro_f1:.3f}, right {one.stance.accuracy:.3f}; "
            f"needs a response: precision {one.response.precision:.2f} recall {one.response.recall:.2f} "
            f"F1 {one.response.f1:.2f} ({one.response.support})"
        )
        lines += table(one.stance)
    worst = [f"{one.id}: {one.gold}, said {one.said} ({one.score:.2f})" for one in ours.worst[:_WORST]]
    return Section(
        f"Stance towards the province, cross-validated, {REPEATS} cuts into folds pooled (counts are of answers)",
        {
            "stance.macro_f1": dev.stance.macro_f1,
            "stance.unfavourable_recall": dev.stance.of("unfavourable").recall,
            "stance.ours_macro_f1": ours.stance.macro_f1,
            "stance.ours_unfavourable_recall": ours.stance.of("unfavourable").recall,
            "stance.needs_response_f1": dev.response.f1,
            "stance.ours_needs_response_f1": ours.response.f1,
        },
        (*lines, *confusion(ours.stance), *calibration(ours.calibration), *worst),
    )


def _places(material: Material) -> Section:
    from nlp.evaluation.places import place_scores
    from nlp.training.material import read_dev

    assert material.eval_dir is not None  # noqa: S101 - sections of OUTSIDE run only with it
    found = place_scores(read_dev(material.eval_dir), material.analyzer.preparer, material.analyzer.places)
    line = f"precision {found.precision:.3f} recall {found.recall:.3f} of {found.support}"
    return Section("Places, development part (rules, not trained)", {"places.f1": found.f1}, (line,))


def _entities(material: Material) -> Section:
    from nlp.evaluation.entities import heldout, phoner_places

    assert material.eval_dir is not None  # noqa: S101 - sections of OUTSIDE run only with it
    scores, misses = heldout(material.analyzer.entities, material.eval_dir)
    phoner = phoner_places(material.analyzer.entities, material.eval_dir)
    lines = [
        f"{name:12} precision {one.precision:.3f} recall {one.recall:.3f} F1 {one.f1:.3f} ({one.gold})"
        for name, one in {**scores, **{f"phoner {name}": one for name, one in phoner.items()}}.items()
    ]
    measures = {f"entities.{name}_f1": one.f1 for name, one in scores.items()}
    measures.update({f"entities.phoner_{name}_f1": one.f1 for name, one in phoner.items()})
    title = f"Names, held-out sentences (never trained on) and PhoNER; {len(misses)} sentences differ"
    return Section(title, measures, tuple(lines))


def _stories(material: Material) -> Section:
    from nlp.evaluation import grouping
    from nlp.stories.printing import PrintingReader

    assert material.eval_dir is not None  # noqa: S101 - sections of OUTSIDE run only with it
    reader = PrintingReader.load()
    copies, doubtful = grouping.reprint_groups(material.eval_dir, reader)
    undated, _ = grouping.undated_stories(material.eval_dir, reader)
    measures = {
        "stories.reprint_recall": copies.recall,
        "stories.reprint_precision": copies.precision,
        "stories.undated_precision": undated.precision,
    }
    lines = [f"copies, title and summary: {copies.right} of {copies.labelled}, {len(doubtful)} others to be read"]
    for period in grouping.FORTNIGHTS:
        found = grouping.stories(material.eval_dir, reader, period)
        measures[f"stories.b3_{period}"] = found.bcubed.f1
        lines.append(
            f"{period}: {found.articles} articles, B3 precision {found.bcubed.precision:.3f} recall "
            f"{found.bcubed.recall:.3f}; of {found.big} with 3 or more {found.split} split, {found.glued} glued"
        )
    return Section("Copies and stories (2026-02 kept back: thresholds were not chosen on it)", measures, tuple(lines))


INSIDE: dict[str, Callable[[Material], Section]] = {"examples": _examples}
OUTSIDE: dict[str, Callable[[Material], Section]] = {
    "relevance": _relevance,
    "topics": _topics,
    "stance": _stance,
    "places": _places,
    "entities": _entities,
    "stories": _stories,
}


def table(scores: Scores) -> list[str]:
    """Precision, recall and F1 by class."""
    rows = [
        f"  {one.name:34} {one.precision:9.2f} {one.recall:6.2f} {one.f1:6.2f} {one.support:7}"
        for one in scores.classes
    ]
    return [f"  {'class':34} {'precision':>9} {'recall':>6} {'F1':>6} {'support':>7}", *rows]


def confusion(scores: Scores, at_most: int = 12) -> list[str]:
    """Who is taken for whom, most often first."""
    wrong = sorted(
        ((count, gold, said) for (gold, said), count in scores.confusion.items() if gold != said), reverse=True
    )
    return ["  taken for: " + "; ".join(f"{gold} → {said} {count}" for count, gold, said in wrong[:at_most])]


def calibration(bins: Sequence[Bin]) -> list[str]:
    """The expected calibration error and the bins behind it."""
    parts = " ".join(f"{one.mean_score:.2f}→{one.right:.2f}({one.count})" for one in bins)
    return [f"  calibration error {calibration_error(bins):.3f}; score→right(count): {parts}"]
