"""`crawl` and `sources`: reading newspapers, and the registry of those that are read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

sources_app = typer.Typer(no_args_is_help=True, help="The newspapers that are read: list, check, add, save a page.")

AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


def register(app: typer.Typer) -> None:
    app.command()(crawl)
    app.add_typer(sources_app, name="sources")


def crawl(
    sources: Annotated[list[str] | None, typer.Argument(help="Names of sources; all when none is given.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Poll them all now, end when nothing is left.")] = False,
) -> None:
    """Poll due sources, archive, understand and index what is new; until stopped, or --once."""
    from diembao.cli import pressroom
    from diembao.cli.tools import load_settings

    settings = load_settings()
    if once:
        typer.echo(pressroom.crawl_once(settings, sources or ()))
    else:
        pressroom.crawl_until_stopped(settings, sources or ())


@sources_app.command("list")
def list_(as_json: AsJson = False) -> None:
    """The source files, and how each source was last found."""
    from diembao.cli import pressroom
    from diembao.cli.tools import load_settings

    for line in pressroom.registry(load_settings(), as_json=as_json):
        typer.echo(line)


@sources_app.command()
def check(
    name: Annotated[str, typer.Argument(help="One source; all when absent.")] = "",
    offline: Annotated[bool, typer.Option("--offline", help="Only the files themselves.")] = False,
    as_json: AsJson = False,
) -> None:
    """Are the source files sound, and does each source still read well?"""
    from diembao.cli import pressroom
    from diembao.cli.tools import load_settings

    sound = True
    for line, well in pressroom.checked(load_settings(), name, offline=offline, as_json=as_json):
        typer.echo(line)
        sound = sound and well
    if not sound:
        raise typer.Exit(1)


@sources_app.command()
def add(
    url: Annotated[str, typer.Argument(help="Home page of the newspaper.")],
    save: Annotated[bool, typer.Option("--save", help="Write the draft beside the other source files.")] = False,
) -> None:
    """Draft a source file from a home page, showing what would be read."""
    from diembao.cli import pressroom
    from diembao.cli.tools import load_settings

    for line in pressroom.draft(load_settings(), url, save=save):
        typer.echo(line)


@sources_app.command()
def save(
    name: Annotated[str, typer.Argument(help="The source the page belongs to.")],
    url: Annotated[str, typer.Argument(help="An article of it.")],
    into: Annotated[Path, typer.Option(help="Folder of saved pages.")] = Path("tests/pages"),
) -> None:
    """Keep a page and its reading as a test."""
    from diembao.cli import pressroom
    from diembao.cli.tools import load_settings

    typer.echo(pressroom.save(load_settings(), name, url, into))
