"""`briefing`: the report on the press of a period as Word or Excel."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

_DAY = ["%Y-%m-%d", "%d/%m/%Y"]


def register(app: typer.Typer) -> None:
    app.command("briefing")(briefing)


def briefing(
    first: Annotated[datetime, typer.Option("--from", formats=_DAY, help="First day of the period.")],
    last: Annotated[datetime, typer.Option("--to", formats=_DAY, help="Last day of the period.")],
    out: Annotated[Path, typer.Option("--out", help="File to write; - for standard output.")],
    format_name: Annotated[str, typer.Option("--format", help="docx or xlsx.")] = "docx",
) -> None:
    """Write the giao ban report of a period: figures with what they were, each linked to its articles."""
    from datetime import UTC

    from diembao.cli.tools import load_settings, write_out
    from diembao.errors import WrongUse
    from diembao.index.protocol import Period
    from diembao.newsroom.briefing.formats import FORMATS
    from search_api.analysis.packing import written

    if format_name not in FORMATS or last < first:
        raise WrongUse(f"--format is {' or '.join(FORMATS)}, and --from is not after --to")
    made = written(load_settings(), Period(first.date(), last.date()), format_name, datetime.now(UTC))
    if write_out(out, made):
        typer.echo(f"{out}: {len(made)} bytes")
