"""Signing in, staying signed in, signing out.

A failure is written down before the password is looked at, and taken back when it was right: however many tries
come at once, no more are looked at than are allowed. A name that nobody has fails, takes its time and is locked like
any other, so that answers do not tell who has an account.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from diembao.errors import Refused
from diembao.newsroom.passwords import Passwords
from diembao.newsroom.people import login_name
from diembao.settings import Settings
from diembao.store import audit, people
from diembao.store.database import Store
from diembao.store.models import UserRow, UserSessionRow

FULL, SECOND_FACTOR = "full", "second_factor"
# So many wrong tries are a person's; then a wait that doubles. An office shares one address, so it has more.
_FREE_BY_NAME, _FREE_BY_ADDRESS = 5, 25
_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(minutes=30)
_FORGOTTEN_AFTER = timedelta(hours=24)
_CODE_WAIT = timedelta(minutes=5)  # for the second factor to be typed
# Writing at every request when somebody was last seen would make readers wait for writers.
_SEEN_EVERY = timedelta(minutes=1)
_IPV6_NETWORK = 64


@dataclass(frozen=True, slots=True)
class Visit:
    """Where a request comes from."""

    address: str = ""
    browser: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """token: for the cookie; kept nowhere. stage: `second_factor` when a code is still asked for."""

    token: str
    stage: str
    user_id: int


def sign_in(
    store: Store, keeper: Passwords, settings: Settings, name: str, password: str, visit: Visit, now: datetime
) -> SignedIn:
    """Raises: Refused: wrong_name_or_password; locked (until)."""
    name = login_name(name)
    _count_a_try(store, name, visit, now)
    with store.read() as session:
        row = people.by_name(session, name)
    fits = keeper.fits(password, row.password_hash if row else "")
    if row is None or not fits or row.disabled_at is not None:
        raise Refused("wrong_name_or_password")
    outdated = keeper.is_outdated(row.password_hash)
    fresh = keeper.hashed(password) if outdated else ""
    with store.write() as session:
        row = people.by_id(session, row.id)
        if row is None or row.disabled_at is not None:
            raise Refused("wrong_name_or_password")
        if fresh:
            row.password_hash = fresh
        if row.totp_secret:
            # The failures stay until the code is right too, else each right password would give new tries at it.
            return _begin(session, row, SECOND_FACTOR, "password", visit, now, now + _CODE_WAIT)
        _take_back_failures(session, name, visit, now)
        return enter(session, row, "password", settings, visit, now)


def confirm(
    store: Store,
    settings: Settings,
    token: str,
    accept: Callable[[Session, UserRow], bool],
    visit: Visit,
    now: datetime,
) -> SignedIn:
    """The second step: the session that waits for a code becomes another, whole one.

    accept: whether the code is right for the person; runs in the transaction and marks the code as used.

    Raises: Refused: no_session, wrong_code; locked (until).
    """
    with store.read() as session:
        found = people.open_session(session, digest_of(token), now)
    if found is None or found[0].stage != SECOND_FACTOR:
        raise Refused("no_session")
    _count_a_try(store, found[1].name, visit, now)
    with store.write() as session:
        found = people.open_session(session, digest_of(token), now)
        if found is None or found[0].stage != SECOND_FACTOR:
            raise Refused("no_session")
        waiting, row = found
        if not accept(session, row):
            raise Refused("wrong_code")
        made_by = waiting.made_by
        session.delete(waiting)
        _take_back_failures(session, row.name, visit, now)
        return enter(session, row, made_by, settings, visit, now)


@contextmanager
def counted_try(store: Store, name: str, visit: Visit, now: datetime) -> Iterator[None]:
    """Whoever shows again who they are (old password, code) is counted like one who signs in.

    Raises: Refused: locked (until); whatever the block raises, and then the try counts as a failure.
    """
    _count_a_try(store, name, visit, now)
    yield
    with store.write() as session:
        _take_back_failures(session, name, visit, now)


def resume(
    store: Store, settings: Settings, token: str, visit: Visit, now: datetime
) -> tuple[UserSessionRow, UserRow] | None:
    """The session a token stands for, when it has not ended; notes that its person was seen."""
    with store.read() as session:
        found = people.open_session(session, digest_of(token), now)
    if found is None or (found[0].stage == FULL and _is_idle(found[0], settings, now)):
        return None
    if now - found[0].seen_at >= _SEEN_EVERY:
        with store.write() as session:
            seen = session.get(UserSessionRow, found[0].id)
            if seen is None:
                return None
            seen.seen_at, seen.address = now, visit.address[:64]
    return found


def sign_out(store: Store, token: str, now: datetime) -> None:
    with store.write() as session:
        found = people.open_session(session, digest_of(token), now)
        if found is not None:
            session.delete(found[0])


def digest_of(token: str) -> str:
    """How a token is kept. Tokens are random, so that a plain hash does."""
    return hashlib.sha256(token.encode()).hexdigest()


def _is_idle(row: UserSessionRow, settings: Settings, now: datetime) -> bool:
    return now - row.seen_at > timedelta(minutes=settings.session_idle_minutes)


def enter(session: Session, row: UserRow, made_by: str, settings: Settings, visit: Visit, now: datetime) -> SignedIn:
    """A session for somebody whose identity is beyond doubt. made_by: `password` or `oidc`."""
    row.last_sign_in_at = now
    people.forget_ended_sessions(session, now)
    audit.record(
        session,
        actor=row.name,
        action="sign_in",
        object_kind="user",
        object_id=row.id,
        at=now,
        detail={"name": row.name, "by": made_by, "address": visit.address[:64]},
    )
    return _begin(session, row, FULL, made_by, visit, now, now + timedelta(hours=settings.session_hours))


def _begin(
    session: Session, row: UserRow, stage: str, made_by: str, visit: Visit, now: datetime, until: datetime
) -> SignedIn:
    """A new session with a token of its own: what the browser had before is worth nothing."""
    token = secrets.token_urlsafe(32)
    session.add(
        UserSessionRow(
            token_digest=digest_of(token),
            user_id=row.id,
            stage=stage,
            made_by=made_by,
            created_at=now,
            seen_at=now,
            expires_at=until,
            address=visit.address[:64],
            browser=visit.browser[:200],
        )
    )
    session.flush()
    return SignedIn(token, stage, row.id)


def _keys(name: str, visit: Visit) -> dict[str, int]:
    """Whose tries are counted, and how many are free of a wait. Names of any length and kind come from outside."""
    kept = name if len(name) <= 40 else hashlib.sha256(name.encode()).hexdigest()
    keys = {f"name:{kept}": _FREE_BY_NAME}
    if visit.address:
        keys[f"address:{_network(visit.address)}"] = _FREE_BY_ADDRESS
    return keys


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return hashlib.sha256(address.encode()).hexdigest()[:32]
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, _IPV6_NETWORK), strict=False))
    return str(parsed)


def _count_a_try(store: Store, name: str, visit: Visit, now: datetime) -> None:
    """Raises: Refused: locked; then the try is not counted, so that a wait ends."""
    with store.write() as session:
        people.forget_failures_before(session, now - _FORGOTTEN_AFTER)
        keys = _keys(name, visit)
        known = people.failures(session, list(keys), now)
        waits = [row.locked_until for row in known.values() if row.locked_until and row.locked_until > now]
        if waits:
            raise Refused("locked", until=max(waits))
        for key, free in keys.items():
            row = known[key]
            row.failures, row.last_at = row.failures + 1, now
            if row.failures >= free:
                row.locked_until = now + min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(row.failures - free, 10))


def _take_back_failures(session: Session, name: str, visit: Visit, now: datetime) -> None:
    """It was the right person: the name starts anew; the address has one failure less, for others share it."""
    by_name, *by_address = _keys(name, visit)
    people.forget_failures(session, [by_name])
    for row in people.failures(session, by_address, now).values() if by_address else ():
        row.failures = max(0, row.failures - 1)
        if row.failures < _FREE_BY_ADDRESS:
            row.locked_until = None
