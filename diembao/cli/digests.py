"""`digest`: build, list, export and send điểm báo, and take in what came back from the mail."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from diembao.newsroom.permissions import Actor

digest_app = typer.Typer(no_args_is_help=True, help="Điểm báo: build, list, export, send.")

Number = Annotated[int, typer.Argument(help="The digest, as `digest list` names it.")]


def register(app: typer.Typer) -> None:
    app.add_typer(digest_app, name="digest")


@digest_app.command("build")
def build_digest(
    kind: Annotated[str, typer.Option(help="daily, weekly or special.")] = "daily",
    date: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day; today when not given.")] = None,
    public: Annotated[bool, typer.Option("--public", help="For everybody: published stories, no judgement.")] = False,
    form: Annotated[str, typer.Option(help="text or table.")] = "text",
    free: Annotated[bool, typer.Option("--free", help="One section to be divided by hand, not one a topic.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Also what earlier digests of this kind told.")] = False,
    subject: Annotated[str, typer.Option(help="What stands below the title; a usual one when not given.")] = "",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Make a draft of the approved stories; it is worked on and approved at the desk."""
    import json
    from typing import cast

    from diembao.cli.tools import load_settings
    from diembao.errors import WrongUse
    from diembao.newsroom.digests.building import Order, build
    from diembao.newsroom.digests.content import Form, Kind
    from diembao.newsroom.digests.wording import LOCAL
    from diembao.store import digests
    from diembao.store.database import open_store

    if kind not in ("daily", "weekly", "special") or form not in ("text", "table"):
        raise WrongUse("--kind is daily, weekly or special; --form is text or table")
    now = datetime.now(UTC)
    order = Order(
        kind=cast(Kind, kind),
        day=(date or now.astimezone(LOCAL)).date(),
        audience="public" if public else "internal",
        form=cast(Form, form),
        sections="free" if free else "topic",
        only_new=not everything,
        never_told=not everything,
        subject=subject,
    )
    with open_store(load_settings()).write() as session:
        row = build(session, order, _topics(), _operator(), now)
        stories = len(digests.items(session, row.id))
    if as_json:
        typer.echo(json.dumps({"id": row.id, "stories": stories}))
    else:
        typer.echo(f"digest {row.id}: a draft with {stories} stories")


@digest_app.command("list")
def list_digests(
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 30, as_json: Annotated[bool, typer.Option("--json")] = False
) -> None:
    """Digests, newest first, with the mails of each by state."""
    import json

    from diembao.cli.tools import load_settings
    from diembao.store import digests, mailing
    from diembao.store.database import open_store

    with open_store(load_settings()).read() as session:
        rows = digests.listed(session, limit=limit)
        counted = digests.item_counts(session, [row.id for row in rows])
        mails = mailing.counts(session, [row.id for row in rows])
    for row in rows:
        shown = {
            "id": row.id,
            "day": row.day.isoformat(),
            "kind": row.kind,
            "audience": row.audience,
            "state": row.state,
            "number": row.number,
            "stories": counted.get(row.id, 0),
            "mails": mails.get(row.id, {}),
        }
        if as_json:
            typer.echo(json.dumps(shown))
            continue
        told = ", ".join(f"{number} {state}" for state, number in sorted(mails.get(row.id, {}).items()))
        numbered = f"number {row.number}" if row.number else ""
        about = f"{row.kind:8} {row.audience:9} {row.state:9} {numbered:11}"
        typer.echo(f"{row.id:5} {row.day:%d/%m/%Y} {about} {shown['stories']} stories {told}".rstrip())


@digest_app.command("export")
def export_digest(
    number: Number,
    format_name: Annotated[str, typer.Option("--format", help="docx, pdf, html, md or xlsx.")],
    out: Annotated[Path, typer.Option("--out", help="File to write; - for standard output.")],
) -> None:
    """Write a digest in one of the formats; a draft as it stands."""
    from diembao.cli.tools import load_settings, write_out
    from diembao.errors import WrongUse
    from diembao.newsroom.digests.composing import content_of
    from diembao.newsroom.digests.formats import FORMATS
    from diembao.store import digests
    from diembao.store.database import open_store

    if format_name not in FORMATS:
        raise WrongUse(f"no format {format_name}: {', '.join(FORMATS)}")
    settings = load_settings()
    with open_store(settings).read() as session:
        row = digests.get(session, number)
        if row is None:
            raise WrongUse(f"there is no digest {number}")
        content = content_of(session, row, settings, datetime.now(UTC))
    written = FORMATS[format_name].export(content)
    if write_out(out, written):
        typer.echo(f"{out}: {len(written)} bytes, {len(content.items)} stories")


@digest_app.command("send")
def send_digest(
    number: Annotated[int | None, typer.Argument(help="An approved digest; without it, what waits is sent.")] = None,
    names: Annotated[list[str] | None, typer.Option("--list", help="A mailing list by its name; repeatable.")] = None,
) -> None:
    """Mail an approved digest to lists, now; exit 1 when the server refused some of it."""
    from diembao.cli.tools import load_settings
    from diembao.errors import WrongUse
    from diembao.newsroom.digests.lists import queue
    from diembao.newsroom.digests.postman import Postman
    from diembao.newsroom.seal import Seal
    from diembao.store import digests, mailing
    from diembao.store.database import open_store

    settings = load_settings()
    store = open_store(settings)
    postman = Postman(store, settings, Seal(settings.signing_key))
    postman.check()
    if number is not None:
        with store.write() as session:
            row = digests.get(session, number)
            if row is None or not names:
                raise WrongUse("name an existing digest and at least one --list")
            chosen = [mailing.list_named(session, name) for name in names]
            if None in chosen:
                known = ", ".join(one.name for one in mailing.lists(session)) or "none"
                raise WrongUse(f"there is no list of that name; known: {known}")
            ids = [one.id for one in chosen if one is not None]
            typer.echo(f"{queue(session, number, row.revision, ids, _operator(), datetime.now(UTC))} mails queued")
    done = postman.deliver()
    typer.echo("another process is sending; it takes these too" if done is None else str(done))
    if done is not None and (done.refused or done.uncertain):
        raise typer.Exit(1)


@digest_app.command("bounces")
def take_bounces(
    files: Annotated[list[Path], typer.Argument(help="Messages that came back, one a file; - for standard input.")],
) -> None:
    """Take in delivery reports from the mailbox of bounces."""
    import sys

    from diembao.cli.tools import load_settings
    from diembao.errors import WrongUse
    from diembao.newsroom.digests.bounces import note, read_report
    from diembao.store.database import open_store

    store, noted = open_store(load_settings()), 0
    for file in files:
        try:
            data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        except OSError as error:
            raise WrongUse(f"{file}: {error.strerror}") from error
        report = read_report(data)
        if report is not None:
            with store.write() as session:
                noted += note(session, report, datetime.now(UTC))
    typer.echo(f"{noted} of {len(files)} messages told of mail that came back")


def _operator() -> Actor:
    """Whoever has the machine has the office's say; the log names them."""
    import getpass

    from diembao.newsroom.permissions import Actor, Role

    return Actor(f"cli:{getpass.getuser()}", frozenset({Role.EDITOR, Role.CHIEF}))


def _topics() -> dict[str, str]:
    from search_api.editions import Editions

    editions = Editions.load()
    return {slug: editions.vietnamese.topic(slug) for slug in editions.topics}
