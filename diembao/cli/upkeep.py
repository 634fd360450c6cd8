"""`migrate`, `settings`, `doctor`: what an operator asks of an installation."""

from __future__ import annotations

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    app.command()(migrate)
    app.command()(settings)
    app.command()(doctor)


def migrate() -> None:
    """Bring the database schema to this program's version."""
    from diembao.cli.tools import load_settings
    from diembao.store.database import open_store

    store = open_store(load_settings(), migrate=True)
    typer.echo(f"schema {store.schema_version()}")


def settings(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Print the settings in force, secrets masked."""
    import json

    from diembao.settings import Settings

    shown = Settings.load().in_force()
    typer.echo(json.dumps(shown) if as_json else "\n".join(f"{name}={value}" for name, value in shown.items()))


def doctor() -> None:
    """Look at everything an installation needs; exit 1 when something is wrong."""
    from diembao.cli.checkup import examine
    from diembao.cli.tools import load_settings

    healthy = True
    for finding in examine(load_settings()):
        healthy = healthy and finding.ok
        typer.echo(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.subject}: {finding.told}")
    if not healthy:
        raise typer.Exit(1)
