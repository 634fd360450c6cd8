"""People who sign in at the office's own provider: who they are here, and which roles its claims give them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from diembao.errors import Refused
from diembao.newsroom.people import login_name
from diembao.newsroom.permissions import Role
from diembao.newsroom.signing_in import SignedIn, Visit, enter
from diembao.settings import Settings
from diembao.store import audit, people
from diembao.store.database import Store
from diembao.store.models import UserRow

_NOT_NAME = re.compile(r"[^a-z0-9._-]+")
_NAMES_TRIED = 50


def sign_in(store: Store, settings: Settings, claims: Mapping[str, Any], visit: Visit, now: datetime) -> SignedIn:
    """A session for whom the claims (checked by the caller) speak of; an account is made at the first time.

    The provider has the last word on roles: they are what the claims say, at each sign-in.

    Raises: Refused: no_role_given, account_disabled.
    """
    subject = f"{claims['iss']} {claims['sub']}"[:300]
    roles = roles_of_claims(claims, settings)
    if not roles:
        raise Refused("no_role_given")
    with store.write() as session:
        row = people.by_subject(session, subject)
        if row is None:
            row = _made(session, claims, subject, now)
        if row.disabled_at is not None:
            raise Refused("account_disabled")
        _give_roles(session, row, roles, now)
        return enter(session, row, "oidc", settings, visit, now)


def roles_of_claims(claims: Mapping[str, Any], settings: Settings) -> list[Role]:
    """Roles that the claim of the settings gives, in the order of the table."""
    said: Any = claims
    for part in settings.oidc_roles_claim.split("."):
        said = said.get(part) if isinstance(said, Mapping) else None
    values = {said} if isinstance(said, str) else {value for value in said or () if isinstance(value, str)}
    pairs = [pair.partition("=") for pair in settings.oidc_roles] or [(role.value, "=", role.value) for role in Role]
    given = {role for role, _, value in pairs if value in values}
    return [role for role in Role if role.value in given]


def _give_roles(session: Session, row: UserRow, roles: list[Role], now: datetime) -> None:
    names = [role.value for role in roles]
    if row.roles == names:
        return
    before, row.roles = list(row.roles), names
    people.end_sessions(session, row.id)
    _record(session, "user_roles", row, now, {"before": before, "after": names})


def _made(session: Session, claims: Mapping[str, Any], subject: str, now: datetime) -> UserRow:
    row = UserRow(
        name=_free_name(session, str(claims.get("preferred_username") or claims.get("email") or "nguoi-dung")),
        full_name=" ".join(str(claims.get("name") or "").split())[:80],
        email=str(claims.get("email") or "")[:254],
        roles=[],
        subject=subject,
        created_at=now,
    )
    people.add(session, row)
    _record(session, "user_add", row, now, {"by": "oidc"})
    return row


def _free_name(session: Session, said: str) -> str:
    """A name nobody has: an account with a password must not be taken over by whoever is called the same elsewhere."""
    stem = _NOT_NAME.sub("-", login_name(said).partition("@")[0]).strip("-._")[:34]
    stem = stem if len(stem) > 1 and stem[0].isalpha() else f"nd-{stem}".rstrip("-")
    for number in range(1, _NAMES_TRIED):
        name = stem if number == 1 else f"{stem}-{number}"
        if people.by_name(session, name) is None:
            return name
    raise Refused("name_taken", name=stem)


def _record(session: Session, action: str, row: UserRow, now: datetime, detail: dict[str, Any]) -> None:
    audit.record(
        session,
        actor=row.name,
        action=action,
        object_kind="user",
        object_id=row.id,
        at=now,
        detail={"name": row.name, **detail},
    )
