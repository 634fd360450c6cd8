"""`up`, `serve`, `worker`: the running system."""

from __future__ import annotations

from typing import Annotated

import typer

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")]
# Children end when the process that started them is gone, however it went.
Attached = Annotated[bool, typer.Option("--attached", hidden=True)]
# One of several web processes on one port.
Shared = Annotated[bool, typer.Option("--shared", hidden=True)]


def register(app: typer.Typer) -> None:
    app.command()(up)
    app.command()(serve)
    app.command()(worker)


def up(
    demo: Annotated[bool, typer.Option("--demo", help="Read a small press of our own making on localhost.")] = False,
    host: Host = "127.0.0.1",
    port: Port = 8000,
) -> None:
    """Migrate, then run worker and web together; Ctrl-C stops both cleanly."""
    from diembao.cli import household

    raise typer.Exit(household.run(demo=demo, host=host, port=port))


def serve(host: Host = "127.0.0.1", port: Port = 8000, attached: Attached = False, shared: Shared = False) -> None:
    """Serve the section and the API, with as many processes as DIEMBAO_WEB_PROCESSES says."""
    from diembao.cli import household
    from diembao.cli.tools import load_settings

    settings = load_settings()
    if attached:
        household.end_with_parent()
    if not shared and settings.effective_web_processes > 1:
        from diembao.cli import web

        raise typer.Exit(web.run(settings, host, port))
    from search_api.serve import serve as serve_forever

    serve_forever(settings, host, port, shared=shared)


def worker(
    check: Annotated[
        bool, typer.Option("--check", help="Only tell whether a worker is at work; exit 1 if not.")
    ] = False,
    attached: Attached = False,
) -> None:
    """Crawl, understand, index and publish, until stopped."""
    from diembao.cli import household
    from diembao.cli import worker as workers
    from diembao.cli.tools import load_settings

    if check:
        at_work = workers.worker_is_at_work(load_settings())
        typer.echo("a worker is at work" if at_work else "no worker is at work")
        raise typer.Exit(0 if at_work else 1)
    if attached:
        household.end_with_parent()
    workers.work(load_settings())
