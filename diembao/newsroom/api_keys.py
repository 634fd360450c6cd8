"""Keys with which programmes act for a person: never beyond what that person may do, nor beyond the key's scopes."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from diembao.errors import Forbidden, Refused
from diembao.newsroom.people import actor_of
from diembao.newsroom.permissions import Action, Actor, allowed
from diembao.store import api_keys, audit
from diembao.store.database import Store
from diembao.store.models import ApiKeyRow

_PREFIX = "dbtn_"
_SHOWN = len(_PREFIX) + 6
_MOST_KEYS = 20  # of one person, in use
_LONGEST_NAME = 80
MOST_PER_DAY, MOST_PER_MINUTE = 1_000_000, 6_000
DAYS = (30, 90, 365, 0)  # choices of how long a key is good; 0: until it is taken back


class Scope(StrEnum):
    READ = "read"  # also what is not published: text, stance, state
    PUSH = "push"  # send articles in


NEEDED: Mapping[Scope, Action] = {Scope.READ: Action.READ_DESK, Scope.PUSH: Action.ADD_ARTICLE}


@dataclass(frozen=True, slots=True)
class KeyUse:
    """A request made with a key. left: requests the key still has today, after this one; below 0: too many."""

    key_id: int
    actor: Actor
    scopes: frozenset[Scope]
    per_day: int
    per_minute: int
    left: int


def grantable(actor: Actor) -> list[Scope]:
    """What a key of this person may be for."""
    return [scope for scope in Scope if allowed(actor.roles, NEEDED[scope])]


def make(
    session: Session,
    actor: Actor,
    *,
    name: str,
    scopes: Iterable[Scope],
    per_day: int,
    per_minute: int,
    days: int,
    now: datetime,
) -> str:
    """A new key of the actor's own; the text is kept nowhere.

    days: how long it is good, one of DAYS.

    Raises: Refused: key_name, no_scope, bad_quota, bad_choice, too_many_keys. Forbidden: a scope beyond one's rights.
    """
    if actor.user_id is None:
        raise Forbidden("keys belong to people", Action.OWN_ACCOUNT.value)
    name = " ".join(unicodedata.normalize("NFC", name).split())
    wanted = set(scopes)
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise Refused("key_name")
    if not wanted:
        raise Refused("no_scope")
    if not (1 <= per_day <= MOST_PER_DAY and 1 <= per_minute <= MOST_PER_MINUTE):
        raise Refused("bad_quota", per_day=MOST_PER_DAY, per_minute=MOST_PER_MINUTE)
    if days not in DAYS:
        raise Refused("bad_choice")
    for scope in wanted - set(grantable(actor)):
        raise Forbidden(f"{actor.name} may not make a key for {scope}", NEEDED[scope].value)
    if sum(row.revoked_at is None for row in api_keys.of_person(session, actor.user_id)) >= _MOST_KEYS:
        raise Refused("too_many_keys", most=_MOST_KEYS)
    key = _PREFIX + secrets.token_urlsafe(32)
    row = ApiKeyRow(
        user_id=actor.user_id,
        name=name,
        beginning=key[:_SHOWN],
        digest=_digest(key),
        scopes=sorted(wanted),
        per_day=per_day,
        per_minute=per_minute,
        created_at=now,
        expires_at=now + timedelta(days=days) if days else None,
    )
    session.add(row)
    session.flush()
    _record(session, actor, "key_add", row, now)
    return key


def revoke(session: Session, actor: Actor, key_id: int, now: datetime) -> None:
    """Take a key back, one's own or, with the right for it, anybody's.

    Raises: Refused: no_key, also for a key of others that the actor may not see.
    """
    row = session.get(ApiKeyRow, key_id)
    if row is None or (row.user_id != actor.user_id and not allowed(actor.roles, Action.MANAGE_KEYS)):
        raise Refused("no_key")
    if row.revoked_at is None:
        row.revoked_at = now
        _record(session, actor, "key_revoke", row, now)


def use(store: Store, key: str, now: datetime) -> KeyUse | None:
    """Count a request with this key; None when it is not, or no longer, a key.

    The scopes are those the key's owner still has the right to.
    """
    if not key.startswith(_PREFIX) or len(key) > 200:
        return None
    digest = _digest(key)
    with store.read() as session:
        if api_keys.usable(session, digest, now) is None:
            return None
    with store.write() as session:
        found = api_keys.usable(session, digest, now)
        if found is None:
            return None
        row, user = found
        actor = actor_of(user)
        scopes = frozenset(scope for scope in grantable(actor) if scope.value in row.scopes)
        made = api_keys.count_one(session, row, now)
        return KeyUse(row.id, actor, scopes, row.per_day, row.per_minute, row.per_day - made)


def _digest(key: str) -> str:
    """Keys are random (256 bits), so that a plain hash does."""
    return hashlib.sha256(key.encode()).hexdigest()


def _record(session: Session, actor: Actor, action: str, row: ApiKeyRow, now: datetime) -> None:
    audit.record(
        session,
        actor=actor.name,
        action=action,
        object_kind="api_key",
        object_id=row.id,
        at=now,
        detail={"name": row.name, "beginning": row.beginning, "scopes": row.scopes},
    )
