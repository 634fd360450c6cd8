"""`search`: the index from the command line."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer


class Order(StrEnum):
    RELEVANCE = "relevance"
    NEWEST = "newest"


def register(app: typer.Typer) -> None:
    app.command()(search)


def search(
    query: Annotated[str, typer.Argument(help='Words, "phrases", OR, -word, field:value, prefix*.')],
    from_: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")] = None,
    to: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day.")] = None,
    topic: Annotated[str, typer.Option(help="Slug of a topic.")] = "",
    source: Annotated[str, typer.Option(help="Name of a source.")] = "",
    stance: Annotated[str, typer.Option(help="favourable, unfavourable, neutral or mixed.")] = "",
    place: Annotated[str, typer.Option(help="Name of a place.")] = "",
    sort: Annotated[Order, typer.Option(help="Best match or newest first.")] = Order.RELEVANCE,
    size: Annotated[int, typer.Option(min=1, max=100)] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Search what is indexed; accents are optional, exact accents come first."""
    from diembao.cli.search_output import find, show

    chosen = {"topic": topic, "source": source, "stance": stance, "place": place}
    hits = find(query, chosen, from_, to, sort.value, size)
    typer.echo(show(query, hits, as_json=as_json))
