"""What models are trained on: readers' labels, and the texts they speak of.

The labels are part of the package (`nlp/labels/*.jsonl`, ids and labels only). The texts belong to their
publishers and stay outside, in a folder laid out as `DIEMBAO_EVAL_DIR` describes: `eval/dev.jsonl` and
`corpora/*.jsonl.gz`. Of the corpus `pool` nothing is read but the rows listed in `eval/open_ids.json`.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from nlp.records import Document
from nlp.text import normalise

POOL = "pool"
DEV = "dev"
CORRECTION = "correction"
# Articles about other provinces, labelled with the stance towards that one.
ELSEWHERE = "stance_elsewhere"
SILVER_CORPORA = ("articles", "articles_2017_8k", "rss_items_60k")


@dataclass(frozen=True)
class Labelled:
    """An article and what a reader said of it; None where the reader was not asked.

    origin: "dev", the stem of a label file, or "correction". locality: names of the other province that
    the stance is towards, empty for ours.
    """

    document: Document
    origin: str
    corpus: str = ""
    relevance: str | None = None
    topic: str | None = None
    topic2: str | None = None
    stance: str | None = None
    needs_response: bool | None = None
    severity: int | None = None
    accused: str = ""
    clear: bool = True
    places: tuple[str, ...] | None = None
    locality: tuple[str, ...] = ()


@dataclass(frozen=True)
class Text:
    """A row of a corpus."""

    document: Document
    corpus: str
    section: str = ""


def document_of(row: Mapping[str, Any]) -> Document:
    """A document with normalised fields from a row of any corpus; the lead is put before the text once."""
    lead = normalise(row.get("lead") or row.get("summary") or "").strip()
    text = normalise(row.get("text") or "").strip()
    if lead and not text.startswith(lead):
        text = f"{lead}\n{text}".strip()
    return Document(
        id=str(row["id"]),
        title=normalise(row.get("title") or "").strip(),
        text=text,
        lead=lead,
        date=row.get("date") or row.get("published") or "",
        url=row.get("url") or row.get("link") or "",
        source=row.get("source") or "",
    )


def corpus_texts(eval_dir: Path, corpus: str) -> Iterator[Text]:
    """The rows of a corpus; of the pool only those open to readers. Raises FileNotFoundError."""
    allowed: set[str] | None = None
    if corpus == POOL:
        allowed = set(json.loads((eval_dir / "eval/open_ids.json").read_text(encoding="utf-8"))["open"])
    with gzip.open(eval_dir / f"corpora/{corpus}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if allowed is None or row["id"] in allowed:
                yield Text(document_of(row), corpus, row.get("section") or row.get("category") or "")


def read_dev(eval_dir: Path) -> list[Labelled]:
    """The development part with its labels. Raises FileNotFoundError."""
    with (eval_dir / "eval/dev.jsonl").open(encoding="utf-8") as lines:
        return [labelled(json.loads(line), DEV, "") for line in lines]


def read_labels(eval_dir: Path, labels: Path | None = None) -> list[Labelled]:
    """The package's own labels with their texts, in a fixed order.

    Raises FileNotFoundError without the corpora, ValueError for a label whose text is not there.
    """
    folder = labels or Path(str(files("nlp").joinpath("labels")))
    rows: dict[tuple[str, str], list[tuple[str, dict[str, Any]]]] = {}
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if "corpus" in row and "stance" in row:
                rows.setdefault((row["corpus"], str(row["id"])), []).append((path.stem, row))
    found: list[Labelled] = []
    for corpus in sorted({corpus for corpus, _ in rows}):
        for text in corpus_texts(eval_dir, corpus):
            for stem, row in rows.pop((corpus, text.document.id), ()):
                found.append(labelled(row, stem, corpus, text.document))
    if rows:
        raise ValueError(f"{len(rows)} labels have no text in the corpora, first {next(iter(rows))}")
    return sorted(found, key=lambda one: (one.origin, one.document.id))


def labelled(row: Mapping[str, Any], origin: str, corpus: str, document: Document | None = None) -> Labelled:
    """One row of labels; the text is in the row itself unless given."""
    elsewhere = (row.get("locality") or "", *(row.get("locality_names") or ()))
    return Labelled(
        document=document or document_of(row),
        origin=origin,
        corpus=corpus,
        relevance=row.get("relevance"),
        topic=row.get("topic"),
        topic2=row.get("topic2"),
        stance=row.get("stance"),
        needs_response=row.get("needs_response"),
        severity=row.get("severity"),
        accused=row.get("accused") or "",
        clear=bool(row.get("clear", True)),
        places=tuple(row["places"]) if row.get("places") is not None else None,
        locality=tuple(name for name in elsewhere if name),
    )


def gather(eval_dir: Path, corrections: Iterable[Labelled] = ()) -> list[Labelled]:
    """All that readers have labelled: development part, the package's labels, editors' corrections.

    An editor's word replaces a label of the same article.
    """
    rows = [*read_dev(eval_dir), *read_labels(eval_dir)]
    corrected = {one.document.id: one for one in corrections}
    return [row for row in rows if row.document.id not in corrected] + list(corrected.values())
