"""What the commands of `users` do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime

from diembao.cli.tools import load_settings
from diembao.errors import Refused, WrongUse
from diembao.newsroom import people
from diembao.newsroom.passwords import Passwords
from diembao.newsroom.permissions import Role
from diembao.store import people as accounts
from diembao.store.database import Store, open_store
from diembao.store.models import UserRow


@contextmanager
def told_in_english(reasons: Mapping[str, str]) -> Iterator[None]:
    try:
        yield
    except Refused as error:
        raise WrongUse(reasons.get(error.key, error.key)) from error


def add(name: str, roles: Sequence[Role], full_name: str, email: str, password: str) -> None:
    with closing(_store()) as store:
        people.add(
            store,
            Passwords(),
            people.COMMAND_LINE,
            name=name,
            password=password,
            roles=roles,
            full_name=full_name,
            email=email,
            now=datetime.now(UTC),
        )


def lines(*, as_json: bool) -> Iterator[str]:
    with closing(_store()) as store, store.read() as session:
        for row in accounts.everybody(session):
            yield _as_json(row) if as_json else _as_line(row)


def disable(name: str, now: datetime) -> None:
    with closing(_store()) as store, store.write() as session:
        row = accounts.by_name(session, people.login_name(name))
        if row is None:
            raise Refused("no_person")
        people.disable(session, people.COMMAND_LINE, row.id, now)


def set_password(name: str, password: str, now: datetime) -> None:
    with closing(_store()) as store:
        people.set_password(store, Passwords(), name, password, now)


def _store() -> Store:
    return open_store(load_settings())


def _as_json(row: UserRow) -> str:
    shown = {
        "name": row.name,
        "full_name": row.full_name,
        "email": row.email,
        "roles": row.roles,
        "second_factor": bool(row.totp_secret),
        "disabled": row.disabled_at is not None,
        "last_sign_in_at": row.last_sign_in_at.isoformat() if row.last_sign_in_at else None,
    }
    return json.dumps(shown, ensure_ascii=False)


def _as_line(row: UserRow) -> str:
    seen = f"last signed in {row.last_sign_in_at:%Y-%m-%d %H:%M} UTC" if row.last_sign_in_at else "never signed in"
    return f"{row.name}\t{','.join(row.roles)}\t{'disabled' if row.disabled_at else seen}\t{row.full_name}".rstrip()
