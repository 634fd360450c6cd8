"""`import` and `export`: rows of other systems in, ours out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import click
import typer


def register(app: typer.Typer) -> None:
    app.command("import")(import_)
    app.command("export")(export)


def import_(
    files: Annotated[
        list[Path], typer.Argument(help="JSON Lines, CSV, WARC (gzipped or not), WACZ, or a list of addresses (.txt).")
    ],
    source: Annotated[str, typer.Option(help="Source of rows that name none.")] = "",
) -> None:
    """Take rows (title, text; lead, date, url, source, author…) or archived pages through the steps of crawled pages.

    Addresses of a list are queued for the crawler. Run it again after an interruption: nothing is taken twice.
    """
    from datetime import UTC, datetime

    from crawlers.run import sync
    from diembao.cli.console import end_progress, progress
    from diembao.cli.processing import process_and_index
    from diembao.cli.tools import load_settings
    from diembao.store.archive import ArchiveWriter
    from diembao.store.database import open_store
    from pipelines.imports import import_files

    settings = load_settings()
    store = open_store(settings)
    sync(settings, store, datetime.now(UTC))  # so that rows of a newspaper we know are filed under it
    archive = ArchiveWriter.of(settings)
    tally = import_files(store, archive, files, source=source, progress=progress("rows read"))
    archive.close()
    end_progress()
    for fault in tally.faults:
        typer.echo(f"bad row: {fault}", err=True)
    typer.echo(str(tally))
    process_and_index(settings, store)


def export(
    out: Annotated[Path | None, typer.Option(help="Where to write; standard output when absent.")] = None,
) -> None:
    """Write every article with its judgement as JSON Lines."""
    from diembao.cli.tools import load_settings
    from diembao.store.database import open_store
    from pipelines.exports import export_articles

    store = open_store(load_settings())
    with click.open_file(str(out) if out else "-", "w", encoding="utf-8") as file:
        count = export_articles(store, file.write)
    typer.echo(f"{count} articles", err=True)
