"""`group`: which articles of a file are copies of one another, and which tell the same story."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Annotated, Any

import typer


def register(app: typer.Typer) -> None:
    app.command()(group)


def group(
    file: Annotated[
        Path | None, typer.Argument(help="JSON Lines (id, title, text, date, source); default: stdin.")
    ] = None,
    stream: Annotated[bool, typer.Option("--stream", help="Answer each row at once, as things stand then.")] = False,
) -> None:
    """Group articles: story and original of each, one line of JSON each, in the same order."""
    from nlp.stories.printing import PrintingReader
    from nlp.stories.rows import group_as_they_come

    reader = PrintingReader.load()
    with _opened(file) as lines:
        _write(group_as_they_come(lines, reader) if stream else _grouped(lines, reader), flush=stream)


def _opened(file: Path | None) -> IO[bytes]:
    from diembao.errors import WrongUse

    if file is None or str(file) == "-":
        return sys.stdin.buffer
    if not file.is_file():
        raise WrongUse(f"no such file: {file}")
    return file.open("rb")


def _grouped(lines: Iterable[bytes], reader: Any) -> Iterator[dict[str, Any]]:
    from diembao.cli.console import end_progress, progress
    from nlp.stories.rows import group_rows

    yield from group_rows(lines, reader, progress("rows grouped"))
    end_progress()


def _write(answers: Iterable[dict[str, Any]], *, flush: bool) -> None:
    from nlp.jsonl import dumps

    out = sys.stdout
    if hasattr(out, "reconfigure"):
        out.reconfigure(encoding="utf-8", newline="\n")
    for answer in answers:
        out.write(dumps(answer) + "\n")
        if flush:
            out.flush()
