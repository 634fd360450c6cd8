"""`migrate`, `copy-database`, `backup`, `restore`, `settings`, `doctor`: what an operator asks of an installation."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from diembao.store.backup import Manifest


archive_app = typer.Typer(no_args_is_help=True, help="The archive of fetched pages: verify it, drop what is not ours.")


def register(app: typer.Typer) -> None:
    app.command()(migrate)
    app.command()(copy_database)
    app.command()(backup)
    app.command()(restore)
    app.command()(settings)
    app.command()(doctor)
    app.add_typer(archive_app, name="archive")


def migrate() -> None:
    """Bring the database schema to this program's version."""
    from diembao.cli.tools import load_settings
    from diembao.store.database import open_store

    store = open_store(load_settings(), migrate=True)
    typer.echo(f"schema {store.schema_version()}")


def copy_database(
    source: Annotated[str, typer.Argument(help="Address of the old one; its password may come in PGPASSWORD.")],
) -> None:
    """Copy another database of ours, SQLite or PostgreSQL, into the empty one that the settings name."""
    from diembao.cli.console import end_progress, progress
    from diembao.cli.tools import load_settings
    from diembao.cli.worker import refuse_worker
    from diembao.store.database import Store
    from diembao.store.moving import move

    in_force = load_settings()
    with closing(Store(source)) as old, closing(Store(in_force.effective_database_url)) as new:
        refuse_worker(old, in_force)
        copied = move(old, new, progress("rows"))
    end_progress()
    typer.echo(f"{sum(copied.values())} rows of {len(copied)} tables, {copied['articles']} articles among them")
    typer.echo("now run 'diembao index rebuild'")


def backup(directory: Annotated[Path, typer.Argument(help="A new or empty directory.")]) -> None:
    """Save database, archive, key and settings, while everything goes on running."""
    from diembao.cli.console import end_progress, progress
    from diembao.cli.tools import load_settings
    from diembao.store.backup import back_up

    saved = back_up(load_settings(), directory, progress("files"))
    end_progress()
    typer.echo(_contents(saved))


def restore(directory: Annotated[Path, typer.Argument(help="What `backup` made.")]) -> None:
    """Bring a backup back into an empty place, after looking at every checksum."""
    from diembao.cli.console import end_progress, progress
    from diembao.cli.tools import load_settings
    from diembao.store import backup as backups
    from diembao.store.migrations import HEAD

    in_force = load_settings()
    saved = backups.restore(in_force, directory, progress("files"))
    end_progress()
    typer.echo(_contents(saved))
    if changed := backups.changed_settings(in_force, directory):
        typer.echo(f"other settings than then (see {directory / 'settings.env'}): {', '.join(changed)}")
    migrate_first = "'diembao migrate', then " if saved.schema != HEAD else ""
    typer.echo(f"now run {migrate_first}'diembao index rebuild'")


def _contents(saved: Manifest) -> str:
    counted = ", ".join(f"{saved.rows.get(name, 0)} {name}" for name in ("articles", "stories", "pages"))
    size = f"{len(saved.files)} files, {saved.size / 1_000_000:.1f} MB"
    return f"{saved.made_at}, {saved.database}, schema {saved.schema}: {counted}; {size}"


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


@archive_app.command("check")
def archive_check() -> None:
    """Read every record and its digest; exit 1 when one is missing or damaged."""
    from diembao.cli.console import end_progress, progress
    from diembao.cli.tools import load_settings
    from diembao.store import keeping
    from diembao.store.database import open_store

    in_force = load_settings()
    seen = keeping.check(open_store(in_force), in_force.archive_dir, progress=progress("records"))
    end_progress()
    for fault in seen.faults:
        typer.echo(f"FAIL  {fault}")
    typer.echo(
        f"{seen.records} records in {seen.files} files: {seen.missing} missing, {seen.damaged} damaged; "
        f"{seen.torn} files with a torn end, {seen.orphans} records nothing points to (left by interrupted work)"
    )
    if not seen.sound:
        raise typer.Exit(1)


@archive_app.command("thin")
def archive_thin() -> None:
    """Drop pages that are not about the province and older than DIEMBAO_ARCHIVE_DAYS (the worker does so daily)."""
    from datetime import UTC, datetime

    from diembao.cli.console import end_progress, progress
    from diembao.cli.tools import load_settings
    from diembao.store import keeping
    from diembao.store.database import open_store

    in_force = load_settings()
    done = keeping.thin(
        open_store(in_force),
        in_force.archive_dir,
        datetime.now(UTC),
        in_force.archive_days,
        progress=progress("files"),
    )
    end_progress()
    typer.echo(
        f"{done.dropped} pages dropped from {done.files} files, {done.freed / 1_000_000:.1f} MB; "
        f"{done.deleted} old files deleted"
    )
