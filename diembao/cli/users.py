"""`users`: accounts of the desk."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from diembao.errors import WrongUse
from diembao.newsroom.permissions import Role

Name = Annotated[str, typer.Argument(help="Name to sign in with: small letters, digits, . _ -")]
Roles = Annotated[list[Role], typer.Option("--role", help="May be given several times.")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]

# The desk says these in Vietnamese; the command line speaks English.
_REASONS = {
    "bad_name": "a name is 2 to 40 of a-z, 0-9, . _ -, and begins with a letter",
    "name_taken": "there is an account of this name already",
    "name_too_long": "the full name is longer than 80 characters",
    "bad_email": "this is no e-mail address",
    "no_role": "give at least one --role",
    "no_person": "there is no account of this name",
    "last_admin": "this is the only admin: give the role to somebody else first",
    "too_short": "a password has at least 12 characters; a short sentence does well",
    "too_long": "a password has at most 200 characters",
    "guessable": "this password is easily guessed: add words that have nothing to do with each other or the office",
}

users = typer.Typer(help="Accounts of the desk.", no_args_is_help=True, rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    app.add_typer(users, name="users")


@users.command()
def add(
    name: Name,
    role: Roles,
    full_name: Annotated[str, typer.Option(help="As the others at the desk know the person.")] = "",
    email: Annotated[str, typer.Option(help="For mail from the desk.")] = "",
    password_stdin: FromStdin = False,
) -> None:
    """Make an account; the password is asked for twice, without echo."""
    from diembao.cli import accounts

    with accounts.told_in_english(_REASONS):
        accounts.add(name, role, full_name, email, _password(password_stdin))
    typer.echo(f"{name}: {', '.join(role)}")


@users.command(name="list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Everybody with an account."""
    from diembao.cli import accounts

    for line in accounts.lines(as_json=as_json):
        typer.echo(line)


@users.command()
def disable(name: Name) -> None:
    """No sign-in any more; every session ends at once. The account stays, for the audit log speaks of it."""
    from diembao.cli import accounts

    with accounts.told_in_english(_REASONS):
        accounts.disable(name, datetime.now(UTC))
    typer.echo(f"{name}: disabled")


@users.command()
def passwd(name: Name, password_stdin: FromStdin = False) -> None:
    """A new password; every session of the person ends."""
    from diembao.cli import accounts

    with accounts.told_in_english(_REASONS):
        accounts.set_password(name, _password(password_stdin), datetime.now(UTC))
    typer.echo(f"{name}: password set")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise WrongUse("there is no terminal to ask on: give the password with --password-stdin")
    given: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return given
