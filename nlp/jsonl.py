"""Analysis of many rows: JSON Lines in, one answer or one clear error per row out, in the same order.

A lead given apart from the text is read as its first line; offsets in the answers count it.
"""

from __future__ import annotations

import json
import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict
from itertools import chain, islice
from typing import Any

from nlp.analyzer import Analyzer
from nlp.records import Analysis, Document

Answer = dict[str, Any]

# Rows handed to a worker at a time; below twice as many, starting workers costs more than they save.
_BATCH = 64
_IN_FLIGHT = 3  # batches waiting per worker, so that memory stays bounded however long the input is
_FIELDS = ("title", "text", "lead", "date", "url", "source")


class _BadRowError(ValueError):
    """A row that cannot be analysed; its text is one clear line. `row_id` is the row's id where it has one."""

    def __init__(self, message: str, row_id: object = None) -> None:
        super().__init__(message)
        self.row_id = row_id


def analyze_rows(lines: Iterable[str | bytes], workers: int = 1, analyzer: Analyzer | None = None) -> Iterator[Answer]:
    """One dict per row that is not blank, in order; `{"id": …, "error": …}` for a row that cannot be read.

    workers: processes to spread large input over, each with its own warmed-up analyzer; small input and one
    worker stay in this process, with the given analyzer or a fresh one.
    """
    numbered = _numbered(lines)
    head = list(islice(numbered, 2 * _BATCH))
    if workers <= 1 or len(head) < 2 * _BATCH:
        mine = analyzer or Analyzer.load()
        for number, line in chain(head, numbered):
            yield answer(mine, line, number)
        return
    yield from _spread(chain(head, numbered), workers)


def _numbered(lines: Iterable[str | bytes]) -> Iterator[tuple[int, str | bytes]]:
    return ((number, line) for number, line in enumerate(lines, 1) if line.strip())


def answer(analyzer: Analyzer, line: str | bytes, number: int) -> Answer:
    """The answer to one row; `number` names it where it has no id."""
    try:
        row_id, document = read_row(line, number)
    except _BadRowError as error:
        return {"id": error.row_id, "error": str(error)}
    return {"id": row_id, **as_row(analyzer.analyze(document))}


def read_row(line: str | bytes, number: int = 1) -> tuple[object, Document]:
    """The row's id as it stands, and its document. Raises ValueError with one clear line."""
    try:
        row = json.loads(line.decode("utf-8-sig") if isinstance(line, bytes) else line.lstrip("\ufeff"))
    except UnicodeDecodeError as error:
        raise _BadRowError(f"line {number}: not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise _BadRowError(f"line {number}: not JSON: {error.msg} at character {error.pos}") from error
    except RecursionError as error:
        raise _BadRowError(f"line {number}: JSON nested too deeply") from error
    if not isinstance(row, dict):
        raise _BadRowError(f"line {number}: not a JSON object")
    return _document(row, number)


def _document(row: Mapping[str, Any], number: int) -> tuple[object, Document]:
    row_id = row.get("id")
    if not isinstance(row_id, str | int) or isinstance(row_id, bool) or row_id == "":
        raise _BadRowError(f"line {number}: no id")
    fields = {name: _string(row, name, row_id) for name in _FIELDS}
    if not fields["title"].strip() and not fields["text"].strip() and not fields["lead"].strip():
        raise _BadRowError("nothing to read: title and text are empty", row_id)
    if fields["lead"].strip() and fields["lead"].strip() not in fields["text"]:
        fields["text"] = f"{fields['lead']}\n{fields['text']}"
    return row_id, Document(id=str(row_id), **fields)


def _string(row: Mapping[str, Any], name: str, row_id: object) -> str:
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _BadRowError(f"{name} is {type(value).__name__}, not a string", row_id)
    return value


def as_row(analysis: Analysis) -> Answer:
    """The analysis under the names that programs rely on."""
    return {
        "relevance": analysis.relevance,
        "relevance_score": round(analysis.relevance_score, 4),
        "evidence": [asdict(item) for item in analysis.evidence],
        "topics": [{"slug": topic.slug, "score": round(topic.score, 4)} for topic in analysis.topics],
        "stance": analysis.stance,
        "stance_evidence": [asdict(item) for item in analysis.stance_evidence],
        "needs_response": analysis.needs_response,
        "severity": analysis.severity,
        "accused": analysis.accused,
        "places": [
            {"name": place.name, "code": place.code, "kind": place.kind, "surface": place.surface}
            for place in analysis.places
        ],
        "entities": [{"type": entity.type, "text": entity.text} for entity in analysis.entities],
        "language": analysis.language,
        "versions": dict(analysis.versions),
    }


def dumps(row: Answer) -> str:
    """One line of JSON. A lone surrogate, which UTF-8 cannot hold, is written as its escape."""
    line = json.dumps(row, ensure_ascii=False)
    return line if line.isascii() or _encodable(line) else json.dumps(row)


def _encodable(line: str) -> bool:
    try:
        line.encode()
    except UnicodeEncodeError:
        return False
    return True


class _Worker:
    """What a worker process keeps between batches: its analyzer, made when it starts."""

    analyzer: Analyzer

    @classmethod
    def start(cls) -> None:
        cls.analyzer = Analyzer.load()

    @classmethod
    def run(cls, batch: list[tuple[int, str | bytes]]) -> list[Answer]:
        return [answer(cls.analyzer, line, number) for number, line in batch]


def _spread(numbered: Iterator[tuple[int, str | bytes]], workers: int) -> Iterator[Answer]:
    # A fresh interpreter each: the models' libraries are not made to be forked.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=_Worker.start) as pool:
        waiting: deque[Future[list[Answer]]] = deque()
        while batch := list(islice(numbered, _BATCH)):
            waiting.append(pool.submit(_Worker.run, batch))
            if len(waiting) > workers * _IN_FLIGHT:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
