"""Accounts for the demo, so that the desk can be seen: made once, with passwords of chance that are told once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

from diembao.newsroom import passwords, people
from diembao.newsroom.passwords import Passwords
from diembao.newsroom.permissions import Role
from diembao.settings import Settings
from diembao.store import people as accounts
from diembao.store.database import open_store

_PEOPLE = (
    ("lan", "Nguyễn Thị Lan", (Role.EDITOR,)),
    ("minh", "Trần Quang Minh", (Role.CHIEF,)),
    ("quan.tri", "Lê Văn Quản", (Role.ADMIN, Role.OPERATOR)),
)


def make(settings: Settings) -> Iterator[str]:
    """One line an account that was made: name, password, roles. Nothing where there are accounts already."""
    with closing(open_store(settings)) as store:
        with store.read() as session:
            if accounts.count(session):
                return
        keeper = Passwords()
        for name, full_name, roles in _PEOPLE:
            password = passwords.temporary()
            people.add(
                store,
                keeper,
                people.COMMAND_LINE,
                name=name,
                full_name=full_name,
                password=password,
                roles=roles,
                now=datetime.now(UTC),
            )
            yield f"{name}  {password}  ({', '.join(roles)})"
