"""A second factor that people may choose: codes of an authenticator (RFC 6238), and recovery codes on paper."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime

import pyotp
from sqlalchemy.orm import Session

from diembao.errors import Refused
from diembao.newsroom.permissions import Actor
from diembao.newsroom.seal import Seal
from diembao.store import audit, people
from diembao.store.models import UserRow, UserSessionRow

STEP_SECONDS = 30
# Clocks differ: the codes just before and just after count too.
_STEPS_EITHER_WAY = 1
_RECOVERY_CODES = 10
_BLANKS = re.compile(r"[\s-]+")


def offer(session: Session, session_id: int, seal: Seal) -> str:
    """A new secret, kept with the session until a code of it comes back; returns it (base32)."""
    secret = pyotp.random_base32()
    session.get_one(UserSessionRow, session_id).new_totp_secret = seal.encrypt(secret)
    return secret


def offered(session: Session, session_id: int, seal: Seal) -> str:
    """Raises: Refused: nothing_offered."""
    row = session.get(UserSessionRow, session_id)
    if row is None or not row.new_totp_secret:
        raise Refused("nothing_offered")
    return seal.decrypt(row.new_totp_secret)


def address(secret: str, name: str, issuer: str) -> str:
    """What the picture says to the authenticator (`otpauth://…`)."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer)


def begin(session: Session, actor: Actor, session_id: int, code: str, seal: Seal, now: datetime) -> Sequence[str]:
    """The offered secret becomes the person's, now that a code shows that it arrived.

    Returns the recovery codes, kept nowhere in clear. All other sessions end.

    Raises: Refused: nothing_offered, wrong_code.
    """
    secret = offered(session, session_id, seal)
    step = _fitting_step(secret, code, now)
    row = people.by_id(session, actor.user_id) if actor.user_id is not None else None
    if step is None or row is None:
        raise Refused("wrong_code")
    codes = [f"{secrets.token_hex(3)}-{secrets.token_hex(3)}" for _ in range(_RECOVERY_CODES)]
    row.totp_secret, row.totp_step = seal.encrypt(secret), step
    row.recovery_codes = [_digest(code) for code in codes]
    session.get_one(UserSessionRow, session_id).new_totp_secret = ""
    people.end_sessions(session, row.id, but=session_id)
    _record(session, actor, "second_factor_begin", row, now)
    return codes


def end(session: Session, actor: Actor, code: str, seal: Seal, now: datetime) -> None:
    """The person gives up the second factor, showing that it is still theirs. Raises: Refused: wrong_code."""
    row = people.by_id(session, actor.user_id) if actor.user_id is not None else None
    if row is None or not accept(session, row, code, seal, now):
        raise Refused("wrong_code")
    row.totp_secret, row.recovery_codes = "", []
    _record(session, actor, "second_factor_end", row, now)


def accept(session: Session, row: UserRow, code: str, seal: Seal, now: datetime) -> bool:
    """Whether the code is the person's; it is used up then. Recovery codes are taken in its place."""
    people.hold(session, row)  # else the same code could count twice at the same moment
    typed = _BLANKS.sub("", code)
    if not row.totp_secret or not typed:
        return False
    step = _fitting_step(seal.decrypt(row.totp_secret), typed, now)
    if step is not None and step > row.totp_step:
        row.totp_step = step
        session.flush()
        return True
    digest = _digest(code)
    left = [kept for kept in row.recovery_codes if not hmac.compare_digest(kept, digest)]
    if len(left) == len(row.recovery_codes):
        return False
    row.recovery_codes = left
    audit.record(
        session,
        actor=row.name,
        action="recovery_code",
        object_kind="user",
        object_id=row.id,
        at=now,
        detail={"name": row.name, "left": len(left)},
    )
    return True


def _fitting_step(secret: str, code: str, now: datetime) -> int | None:
    """The thirty seconds the code belongs to; None when it is none of those around now."""
    typed = _BLANKS.sub("", code)
    if not (typed.isascii() and typed.isdigit()):
        return None
    totp, step = pyotp.TOTP(secret), int(now.timestamp()) // STEP_SECONDS
    for candidate in range(step - _STEPS_EITHER_WAY, step + _STEPS_EITHER_WAY + 1):
        if hmac.compare_digest(totp.at(candidate * STEP_SECONDS), typed):
            return candidate
    return None


def _digest(code: str) -> str:
    """Recovery codes are random (48 bits) and tried under the lock of signing in, so that a plain hash does."""
    return hashlib.sha256(_BLANKS.sub("", code).lower().encode()).hexdigest()


def _record(session: Session, actor: Actor, action: str, row: UserRow, now: datetime) -> None:
    audit.record(
        session,
        actor=actor.name,
        action=action,
        object_kind="user",
        object_id=row.id,
        at=now,
        detail={"name": row.name},
    )
