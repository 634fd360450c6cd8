"""Grouping of rows: JSON Lines in; one answer or one clear error for each row out, in the same order."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from tempfile import TemporaryFile
from typing import IO, Any, Final

from nlp.jsonl import read_row
from nlp.records import Document
from nlp.stories.credits import bare_name, read_credit
from nlp.stories.lineage import Member
from nlp.stories.printing import PrintingReader
from nlp.stories.wire import Answer, Wire

Row = dict[str, Any]

_VIETNAM: Final = timezone(timedelta(hours=7))
_DAY_FIRST: Final = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:\D+(\d{1,2})[:hg](\d{2}))?")
_NONE: Final = -1


def group_as_they_come(lines: Iterable[str | bytes], reader: PrintingReader) -> Iterator[Row]:
    """Answer each row at once, as things stand when it comes. Rows should come in order of time."""
    ids: dict[int, object] = {}

    def forget(answer: Answer) -> None:
        for number in {answer.number, answer.story}:
            if not wire.lives(number):
                ids.pop(number, None)

    wire = Wire(forget)
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row = _Row.read(line, number)
        if row.document is None:
            yield {"id": row.id, "error": row.error}
            continue
        ids[number] = row.id
        answer = wire.add(row.member(number), reader.read(row.document.title, row.document.text, row.document.lead))
        yield {"id": row.id, "story": ids.get(answer.story), "reprint_of": ids.get(answer.reprint_of or 0)}


def group_rows(
    lines: Iterable[bytes], reader: PrintingReader, progress: Callable[[int], None] = lambda done: None
) -> Iterator[Row]:
    """Group a whole collection, in order of time whatever order it comes in, and then answer row by row.

    The rows are laid aside in a temporary file, so that memory holds a few numbers for each, not the texts. A row
    without a date is taken as it comes, after the dated ones.
    """
    with TemporaryFile() as aside:
        starts, times = _lay_aside(lines, aside)
        stories, originals = array("q", [_NONE]) * len(starts), array("q", [_NONE]) * len(starts)

        def settle(answer: Answer) -> None:
            stories[answer.number] = answer.story
            originals[answer.number] = _NONE if answer.reprint_of is None else answer.reprint_of

        wire = Wire(settle)
        order = sorted(range(len(starts)), key=lambda place: (times[place], place))
        ranks = array("q", [_NONE]) * len(starts)
        for rank, place in enumerate(order):
            ranks[place] = rank
            row = _at(aside, starts, place)
            if row.document is not None:
                wire.add(row.member(rank), reader.read(row.document.title, row.document.text, row.document.lead))
            progress(rank + 1)
        wire.close()
        for place in range(len(starts)):
            row, rank = _at(aside, starts, place), ranks[place]
            if row.document is None:
                yield {"id": row.id, "error": row.error}
                continue
            story, original = wire.story_of(stories[rank]), originals[rank]
            yield {
                "id": row.id,
                "story": _at(aside, starts, order[story]).id,
                "reprint_of": None if original == _NONE else _at(aside, starts, order[original]).id,
            }


class _Row:
    """A row as it was read: its id and document, or why it could not be."""

    __slots__ = ("at", "document", "error", "id")

    def __init__(self, row_id: object, document: Document | None, error: str = "") -> None:
        self.id, self.document, self.error = row_id, document, error
        self.at = unix_time(document.date) if document is not None else None

    @classmethod
    def read(cls, line: str | bytes, number: int) -> _Row:
        try:
            row_id, document = read_row(line, number)
        except ValueError as error:
            return cls(getattr(error, "row_id", None), None, str(error))
        return cls(row_id, document)

    def member(self, number: int) -> Member:
        document = self.document
        if document is None:
            raise ValueError("a row that could not be read has no place in a story")
        credit = read_credit(document.text).source
        return Member(number, self.at, bare_name(document.source), credit)


def unix_time(date: str) -> float | None:
    """A row's date as Unix time: ISO 8601 or dd/mm/yyyy [hh:mm], Vietnamese time where no zone is given; else None."""
    text = date.strip()
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        found = _DAY_FIRST.search(text)
        if not found:
            return None
        day, month, year, hour, minute = (int(part or 0) for part in found.groups())
        try:
            moment = datetime(year, month, day, hour, minute, tzinfo=_VIETNAM)
        except ValueError:
            return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=_VIETNAM)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()


def _lay_aside(lines: Iterable[bytes], aside: IO[bytes]) -> tuple[array[int], array[float]]:
    """Copy the rows that are not blank; where each starts, and its time (undated: infinity, so that they come last)."""
    starts, times = array("q"), array("d")
    for line in lines:
        if not line.strip():
            continue
        row = _Row.read(line, len(starts) + 1)
        starts.append(aside.tell())
        times.append(row.at if row.at is not None else float("inf"))
        aside.write(line.rstrip(b"\r\n") + b"\n")
    return starts, times


def _at(aside: IO[bytes], starts: array[int], place: int) -> _Row:
    aside.seek(starts[place])
    return _Row.read(aside.readline(), place + 1)
