"""Accounts of the people at the desk: who there is, what they may do, their passwords.

Every change is recorded in the audit log in the same transaction. Whatever narrows or widens what a person may do
ends that person's sessions, so that no session outlives the rights it was made with.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from diembao.errors import Refused
from diembao.newsroom import passwords
from diembao.newsroom.passwords import Passwords
from diembao.newsroom.permissions import Action, Actor, Role, require
from diembao.store import audit, people, saved_searches
from diembao.store.database import Store
from diembao.store.models import UserRow

COMMAND_LINE = Actor("command line", frozenset(Role))
DENSITIES = ("comfortable", "compact")
THEMES = ("auto", "light", "dark")
_NAME = re.compile(r"[a-z][a-z0-9._-]{1,39}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")
_LONGEST_FULL_NAME = 80


def login_name(text: str) -> str:
    """A name as it is kept: small letters, NFC, no blanks around it."""
    return unicodedata.normalize("NFC", text).strip().lower()


def roles_of(row: UserRow) -> frozenset[Role]:
    """Roles this program knows; one taken away by an upgrade gives nothing."""
    return frozenset(Role(name) for name in row.roles if name in Role.__members__.values())


def actor_of(row: UserRow) -> Actor:
    return Actor(row.name, roles_of(row), row.id)


def add(
    store: Store,
    keeper: Passwords,
    actor: Actor,
    *,
    name: str,
    password: str,
    roles: Iterable[Role],
    now: datetime,
    full_name: str = "",
    email: str = "",
    temporary: bool = False,
) -> int:
    """Make an account; returns its id. temporary: the password must be changed at the first sign-in.

    Raises:
        Refused: bad_name, name_taken, no_role, bad_email, name_too_long, too_short, too_long, guessable.
        Forbidden
    """
    require(actor, Action.MANAGE_PEOPLE)
    name, full_name, email, given = login_name(name), _full_name(full_name), email.strip(), _roles(roles)
    if not _NAME.fullmatch(name):
        raise Refused("bad_name")
    _check_email(email)
    _check_password(password, [name, full_name, email])
    row = UserRow(
        name=name,
        full_name=full_name,
        email=email,
        roles=given,
        password_hash=keeper.hashed(password),
        must_change_password=temporary,
        created_at=now,
    )
    with store.write() as session:
        if people.by_name(session, name) is not None:
            raise Refused("name_taken", name=name)
        people.add(session, row)
        _record(session, actor, "user_add", row, now, {"roles": given})
        return row.id


def set_roles(session: Session, actor: Actor, user_id: int, roles: Iterable[Role], now: datetime) -> None:
    """Raises: Refused: no_person, no_role, last_admin. Forbidden"""
    row = _managed(session, actor, user_id)
    before, given = list(row.roles), _roles(roles)
    if before == given:
        return
    row.roles = given
    _keep_an_admin(session)
    people.end_sessions(session, row.id)
    _record(session, actor, "user_roles", row, now, {"before": before, "after": given})


def set_details(session: Session, actor: Actor, user_id: int, full_name: str, email: str, now: datetime) -> None:
    """Raises: Refused: no_person, bad_email, name_too_long. Forbidden"""
    row = _managed(session, actor, user_id)
    full_name, email = _full_name(full_name), email.strip()
    _check_email(email)
    if (row.full_name, row.email) != (full_name, email):
        row.full_name, row.email = full_name, email
        _record(session, actor, "user_details", row, now)


def disable(session: Session, actor: Actor, user_id: int, now: datetime) -> None:
    """No sign-in any more, every session ended and the keys of feeds taken back at once.

    Raises: Refused: no_person, last_admin. Forbidden
    """
    row = _managed(session, actor, user_id)
    if row.disabled_at is None:
        row.disabled_at = now
        _keep_an_admin(session)
        _record(session, actor, "user_disable", row, now)
    people.end_sessions(session, row.id)
    saved_searches.revoke_feeds(session, row.id)


def enable(session: Session, actor: Actor, user_id: int, now: datetime) -> None:
    """Raises: Refused: no_person. Forbidden"""
    row = _managed(session, actor, user_id)
    if row.disabled_at is not None:
        row.disabled_at = None
        _record(session, actor, "user_enable", row, now)


def reset_password(store: Store, keeper: Passwords, actor: Actor, user_id: int, password: str, now: datetime) -> None:
    """A new password from somebody else; its owner must change it at once. The second factor is taken away too:
    who has lost the one has often lost the other.

    Raises: Refused: no_person, too_short, too_long, guessable. Forbidden
    """
    require(actor, Action.MANAGE_PEOPLE)
    _check_password(password, ())
    kept = keeper.hashed(password)
    with store.write() as session:
        row = _managed(session, actor, user_id)
        row.password_hash, row.must_change_password = kept, True
        row.totp_secret, row.recovery_codes = "", []
        people.end_sessions(session, row.id)
        people.forget_failures(session, [f"name:{row.name}"])
        _record(session, actor, "password_reset", row, now)


def set_password(store: Store, keeper: Passwords, name: str, password: str, now: datetime) -> None:
    """From the command line of the machine itself: for whom nobody else can let in.

    Raises: Refused: no_person, too_short, too_long, guessable.
    """
    with store.read() as session:
        found = people.by_name(session, login_name(name))
    if found is None:
        raise Refused("no_person")
    _check_password(password, [found.name, found.full_name, found.email])
    kept = keeper.hashed(password)
    with store.write() as session:
        row = _existing(session, found.id)
        row.password_hash, row.must_change_password = kept, False
        people.end_sessions(session, row.id)
        people.forget_failures(session, [f"name:{row.name}"])
        _record(session, COMMAND_LINE, "password_reset", row, now)


def change_own_password(
    store: Store, keeper: Passwords, actor: Actor, *, current: str, new: str, now: datetime
) -> None:
    """All sessions end; the caller makes a new one for whoever is asking.

    Raises: Refused: wrong_password, same_password, signs_in_elsewhere, too_short, too_long, guessable.
    """
    with store.read() as session:
        found = _existing(session, actor.user_id)
    if not found.password_hash:
        raise Refused("signs_in_elsewhere")
    if not keeper.fits(current, found.password_hash):
        raise Refused("wrong_password")
    if current == new:
        raise Refused("same_password")
    _check_password(new, [found.name, found.full_name, found.email])
    kept = keeper.hashed(new)
    with store.write() as session:
        row = _existing(session, found.id)
        row.password_hash, row.must_change_password = kept, False
        people.end_sessions(session, row.id)
        _record(session, actor, "password_change", row, now)


def set_appearance(session: Session, actor: Actor, density: str, theme: str) -> None:
    """How the desk looks to this person; nothing that belongs in the audit log. Raises: Refused: bad_choice."""
    if density not in DENSITIES or theme not in THEMES:
        raise Refused("bad_choice")
    row = _existing(session, actor.user_id)
    row.density, row.theme = density, theme


def _check_password(password: str, own_words: Sequence[str]) -> None:
    words = [part for word in own_words for part in re.split(r"[\s@.]+", word.lower())]
    fault = passwords.fault(password, words)
    if fault is not None:
        raise Refused(fault, shortest=passwords.SHORTEST)


def _check_email(email: str) -> None:
    if email and not _EMAIL.fullmatch(email):
        raise Refused("bad_email")


def _full_name(text: str) -> str:
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if len(name) > _LONGEST_FULL_NAME:
        raise Refused("name_too_long")
    return name


def _roles(roles: Iterable[Role]) -> list[str]:
    given = set(roles)
    if not given:
        raise Refused("no_role")
    return [role.value for role in Role if role in given]


def _existing(session: Session, user_id: int | None) -> UserRow:
    row = people.by_id(session, user_id) if user_id is not None else None
    if row is None:
        raise Refused("no_person")
    return row


def _managed(session: Session, actor: Actor, user_id: int) -> UserRow:
    require(actor, Action.MANAGE_PEOPLE)
    return _existing(session, user_id)


def _keep_an_admin(session: Session) -> None:
    """After the change there must still be somebody who can look after the accounts."""
    session.flush()
    if not any(row.disabled_at is None and Role.ADMIN.value in row.roles for row in people.everybody(session)):
        raise Refused("last_admin")


def _record(
    session: Session, actor: Actor, action: str, row: UserRow, now: datetime, detail: dict[str, Any] | None = None
) -> None:
    audit.record(
        session,
        actor=actor.name,
        action=action,
        object_kind="user",
        object_id=row.id,
        at=now,
        detail={"name": row.name, **(detail or {})},
    )
