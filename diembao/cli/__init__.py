"""The door: `diembao`. Commands live in one module per subject and import what they need when they run,
so that `diembao --help` is instant."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from diembao import __version__
from diembao.cli import (
    briefings,
    crawling,
    digests,
    grouping,
    imports,
    nlp,
    processing,
    running,
    searching,
    training,
    upkeep,
    users,
)
from diembao.errors import DiembaoError, WrongUse

app = typer.Typer(
    name="diembao",
    help="Press monitoring for one province: collect, understand, judge, publish.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for subject in (
    running,
    crawling,
    imports,
    processing,
    searching,
    nlp,
    grouping,
    training,
    digests,
    briefings,
    upkeep,
    users,
):
    subject.register(app)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"diembao {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks and debugging logs.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_say_version, is_eager=True)] = False,
) -> None:
    if debug:
        os.environ["DIEMBAO_LOG_LEVEL"] = "DEBUG"


def main() -> None:
    """Run a command: exit 0 on success, 2 on wrong use, 1 on failure with one clear line on stderr."""
    try:
        app()
    except DiembaoError as error:
        _fail(error, str(error), 2 if isinstance(error, WrongUse) else 1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output has gone (`| head`); the interpreter must not complain on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:  # the one place of the command line that catches broadly
        _fail(error, f"{type(error).__name__}: {error}".splitlines()[0], 1)


def _fail(error: BaseException, line: str, code: int) -> None:
    if os.environ.get("DIEMBAO_LOG_LEVEL") == "DEBUG":
        raise error
    print(f"diembao: {line}", file=sys.stderr)  # noqa: T201
    sys.exit(code)
