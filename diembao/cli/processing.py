"""`process`, `index`, `trail`, `extract`: what happens to an article, done or looked at by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from diembao.settings import Settings
    from diembao.store.database import Store

_REFUSED_SHOWN = 20

index_app = typer.Typer(no_args_is_help=True, help="The search index: make it anew, mend it, look at it.")


def register(app: typer.Typer) -> None:
    app.command()(process)
    app.command()(trail)
    app.command()(extract)
    app.add_typer(index_app, name="index")


def process(
    redo: Annotated[str, typer.Option(help="Do this step and the later ones again.")] = "",
    since: Annotated[datetime | None, typer.Option(help="Only what was found since then.")] = None,
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
) -> None:
    """Run pending work, or do a step again from the archive (extract, normalise, gate, tag, group, index)."""
    from diembao.cli.tools import load_settings
    from diembao.errors import WrongUse
    from diembao.store.database import open_store
    from pipelines import runner

    settings = load_settings()
    store = open_store(settings)
    if redo:
        begun = since.astimezone(UTC) if since else None
        try:
            queued = runner.redo(store, redo, since=begun, source=source)
        except ValueError as error:
            raise WrongUse(f"{error}; steps: extract, normalise, gate, tag, group, index") from error
        typer.echo(f"{queued} articles queued from step {redo}")
    process_and_index(settings, store)


def process_and_index(settings: Settings, store: Store) -> None:
    """Understand what is pending and bring the index up to date; a running worker is left to do it."""
    from diembao.cli.console import end_progress, progress
    from diembao.cli.tools import make_tools
    from diembao.errors import IndexUnavailable
    from diembao.index.opening import open_index
    from diembao.newsroom.publishing import publish_by_policy
    from diembao.store.locks import exclusive
    from pipelines import indexing, runner

    with exclusive(store, settings.data_dir, "processing") as alone:
        if not alone:
            typer.echo("the running worker takes it from here")
            return
        runner.take_over(store)
        tally = runner.process_pending(store, make_tools(settings, store), progress=progress("articles"))
        end_progress()
        typer.echo(str(tally))
        publish_by_policy(store, settings, datetime.now(UTC))
        index = open_index(settings)
        try:
            with exclusive(store, settings.data_dir, indexing.LOCK, wait=True):
                typer.echo(f"{indexing.drain(store, index)} changes indexed")
        except IndexUnavailable as error:
            # What was taken in is kept; the worker, or the next such command, hands it over.
            typer.echo(f"the changes wait for the search index: {error}", err=True)
        index.close()


@index_app.command("rebuild")
def index_rebuild() -> None:
    """Make the search index anew from the store."""
    from diembao.cli.console import end_progress, progress
    from diembao.cli.tools import load_settings
    from diembao.index.opening import open_index
    from diembao.store.database import open_store
    from pipelines import indexing

    settings = load_settings()
    store = open_store(settings)
    index = open_index(settings)
    count = indexing.rebuild(store, index, settings.data_dir, progress("articles indexed"))
    end_progress()
    index.close()
    typer.echo(f"{count} articles indexed")


@index_app.command("reconcile")
def index_reconcile() -> None:
    """Compare the index with the store article by article and mend what differs; exit 1 if that did not do."""
    from contextlib import closing

    from diembao.cli.tools import load_settings
    from diembao.index.opening import open_index
    from diembao.store.database import open_store
    from diembao.store.locks import exclusive
    from pipelines import indexing
    from pipelines.reconciling import compare, mend

    settings = load_settings()
    store = open_store(settings)
    with closing(open_index(settings)) as index:
        found = compare(store, index)
        retried = mend(store, found)
        typer.echo(
            f"{found.compared} articles compared: {len(found.missing)} missing in the index, "
            f"{len(found.behind)} older, {len(found.ahead)} newer, {len(found.surplus)} too many; "
            f"{retried} refused ones tried again"
        )
        with exclusive(store, settings.data_dir, "processing") as alone:
            if not alone:
                typer.echo("the running worker takes it from here")
                return
            with exclusive(store, settings.data_dir, indexing.LOCK, wait=True):
                typer.echo(f"{indexing.drain(store, index)} changes indexed")
        left = compare(store, index).total
    if left:
        typer.echo(f"{left} articles still differ: run 'diembao index rebuild'")
        raise typer.Exit(1)


@index_app.command("status")
def index_status(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """What the index holds, what waits for it, and what it refused and why."""
    import json
    from dataclasses import asdict

    from diembao.cli.tools import load_settings
    from diembao.index.opening import open_index
    from diembao.store import outbox
    from diembao.store.database import open_store

    settings = load_settings()
    store = open_store(settings)
    index = open_index(settings)
    shown = asdict(index.status())
    index.close()
    with store.read() as session:
        shown["waiting"] = outbox.depth(session)
        shown["refused"] = outbox.count_refused(session)
        examples = [asdict(change) for change in outbox.refused(session, _REFUSED_SHOWN)]
    if as_json:
        typer.echo(json.dumps(shown | {"refusals": examples}, ensure_ascii=False, default=str))
        return
    for name, value in shown.items():
        typer.echo(f"{name}: {value}")
    for refusal in examples:
        typer.echo(f"  article {refusal['article_id']}, {refusal['attempts']} times: {refusal['reason']}")


def trail(
    url: Annotated[str, typer.Argument(help="Address of an article, as found or as printed.")],
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """What happened to an address, step by step."""
    import json

    from diembao.cli.tools import load_settings
    from diembao.store.database import open_store
    from pipelines.trails import trail_of

    lines = trail_of(open_store(load_settings()), url)
    if as_json:
        typer.echo(json.dumps([line.as_json() for line in lines], ensure_ascii=False))
        return
    for line in lines:
        typer.echo(str(line))


def extract(
    file_or_url: Annotated[str, typer.Argument(help="A saved page, or an address to fetch.")],
    url: Annotated[str, typer.Option("--url", help="The address of a saved page.")] = "",
    source: Annotated[str, typer.Option("--source", help="Use the selectors of this source.")] = "",
) -> None:
    """Read one page and print what was read as JSON."""
    import json

    from diembao.cli.reading import page_from, selectors_of
    from diembao.cli.tools import load_settings
    from pipelines.reading import read_page, reading_as_json

    settings = load_settings()
    page = page_from(file_or_url, url, source, settings)
    article = read_page(page, selectors_of(source, settings))
    typer.echo(json.dumps(reading_as_json(article), ensure_ascii=False, indent=1))
