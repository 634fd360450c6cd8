"""`analyze`: what the language room thinks of articles given as JSON Lines."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from nlp.records import Analysis, Document

_MOST_WORKERS = 4


def register(app: typer.Typer) -> None:
    app.command()(analyze)


def analyze(
    file: Annotated[Path | None, typer.Argument(help="JSON Lines (id, title, text …); default: stdin.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show each article with its reasons marked.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write the explained articles to this page.")] = None,
    workers: Annotated[int, typer.Option(min=0, help="Processes for large input; 0: as many as there are cores.")] = 0,
) -> None:
    """Judge articles: relevance, topics, stance, places, entities; one line of JSON each, in the same order."""
    with _opened(file) as lines:
        if explain or html:
            _explain(lines, html, to_terminal=explain)
        else:
            _write_answers(lines, workers or min(_MOST_WORKERS, os.cpu_count() or 1))


def _opened(file: Path | None) -> IO[bytes]:
    from diembao.errors import WrongUse

    if file is None or str(file) == "-":
        return sys.stdin.buffer
    if not file.is_file():
        raise WrongUse(f"no such file: {file}")
    return file.open("rb")


def _write_answers(lines: Iterable[bytes], workers: int) -> None:
    from diembao.cli.console import end_progress, progress
    from nlp.jsonl import analyze_rows, dumps

    out = sys.stdout
    if hasattr(out, "reconfigure"):
        out.reconfigure(encoding="utf-8", newline="\n")
    show = progress("rows") if sys.stderr.isatty() and not out.isatty() else None
    for done, answer in enumerate(analyze_rows(lines, workers), 1):
        out.write(dumps(answer) + "\n")
        if show:
            show(done)
    if show:
        end_progress()


def _explain(lines: Iterable[bytes], page: Path | None, *, to_terminal: bool) -> None:
    from nlp.explain import explain_in_terminal, explain_page

    explained = list(_analysed(lines))
    if to_terminal:
        for document, analysis in explained:
            typer.echo(explain_in_terminal(document, analysis, colour=sys.stdout.isatty()))
            typer.echo()
    if page:
        page.write_text(explain_page(explained), encoding="utf-8")


def _analysed(lines: Iterable[bytes]) -> Iterator[tuple[Document, Analysis]]:
    from nlp.analyzer import Analyzer
    from nlp.jsonl import read_row

    analyzer = Analyzer.load()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            _, document = read_row(line, number)
        except ValueError as error:
            typer.echo(str(error), err=True)
            continue
        yield document, analyzer.analyze(document)
