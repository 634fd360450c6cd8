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
from diembao.store.models import ApiKeyRow, UserRow

_PREFIX = "dbtn_"
_SHOWN = len(_PREFIX) + 6
_MOST_KEYS = 20  # of one person, in use
_LONGEST_NAME = 80
MOST_PER_DAY, MOST_PER_MINUTE = 1_000_000, 6_000
_LONGEST_KEY = 200
_MINUTE = 60.0  # seconds
_ROUNDING = 1e-4  # of times kept in microseconds
DAYS = (30, 90, 365, 0)  # choices of how long a key is good; 0: until it is taken back


class Scope(StrEnum):
    READ = "read"  # also what is not published: text, stance, state
    PUSH = "push"  # send articles in


NEEDED: Mapping[Scope, Action] = {Scope.READ: Action.READ_DESK, Scope.PUSH: Action.ADD_ARTICLE}


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a key was used: so many requests are left before it must wait, all of them again in `full_in` seconds.
    wait: seconds until the next one may pass; 0: this one does."""

    left: int
    full_in: float
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class KeyUse:
    """A request made with a key, counted where it may pass. left: requests the key still has today (UTC), after this
    one; below 0: this one is beyond the quota."""

    key_id: int
    actor: Actor
    scopes: frozenset[Scope]
    per_day: int
    per_minute: int
    left: int
    pace: Pace

    @property
    def passes(self) -> bool:
        return self.left >= 0 and not self.pace.wait


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
    """Count a request with this key if it may pass; None when it is not, or no longer, a key.

    Counted in the store, so that all web processes count together. What is refused costs nothing, and no writing:
    the day only fills and waiting only ends later, so that a refusal is right however old the reading.
    The scopes are those the key's owner still has the right to.
    """
    if not key.startswith(_PREFIX) or len(key) > _LONGEST_KEY or not key.isascii():
        return None
    digest = _digest(key)
    with store.read() as session:
        found = api_keys.usable(session, digest, now)
        tried = _use(session, *found, now) if found else None
    if tried is None or not tried.passes:
        return tried
    with store.write() as session:
        found = api_keys.usable(session, digest, now)
        if found is None:
            return None
        row, user = found
        api_keys.hold(session, row)
        made = _use(session, row, user, now)
        if made.passes:
            row.last_used_at, row.paced_until = now, now + timedelta(seconds=made.pace.full_in)
            api_keys.count(session, row, now)
        return made


def spend(store: Store, made: KeyUse, requests: int, now: datetime) -> int:
    """Count a costly request, already counted as one, as `requests` more of the day's quota, all of them or none.

    Returns: what is left of the day's quota afterwards; below 0: so many it would be too many, and nothing was counted.
    """
    with store.write() as session:
        row = session.get_one(ApiKeyRow, made.key_id)
        api_keys.hold(session, row)
        left = row.per_day - api_keys.made_on(session, row.id, now.date()) - requests
        if left >= 0 and requests:
            api_keys.count(session, row, now, requests)
        return left


def _use(session: Session, row: ApiKeyRow, user: UserRow, now: datetime) -> KeyUse:
    actor = actor_of(user)
    scopes = frozenset(scope for scope in grantable(actor) if scope.value in row.scopes)
    left = row.per_day - api_keys.made_on(session, row.id, now.date()) - 1
    return KeyUse(row.id, actor, scopes, row.per_day, row.per_minute, left, pace(row.paced_until, row.per_minute, now))


def pace(paced_until: datetime | None, per_minute: int, now: datetime) -> Pace:
    """Whether one more request keeps to a speed (GCRA): each adds its share of a minute to what has been used, which
    wears off with time and may never be more than a minute.

    paced_until: when nothing of it will be left.
    """
    share = _MINUTE / per_minute
    used = max(0.0, (paced_until - now).total_seconds() if paced_until else 0.0)
    after = used + share
    if after > _MINUTE + _ROUNDING:
        return Pace(0, used, after - _MINUTE)
    return Pace(int((_MINUTE - after) / share + _ROUNDING), after)


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
