"""Passwords: what is asked of them, and how they are kept (argon2id)."""

from __future__ import annotations

import secrets
import threading
import unicodedata
from collections.abc import Sequence
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12
LONGEST = 200
# Each check takes 64 MB of memory for some 50 ms: this many at once, the others wait their turn.
_AT_ONCE = 4
# zxcvbn: from 0 (among the first guesses) to 4; 3 is past 10^8 guesses.
_STRONG_ENOUGH = 3
_JUDGED_LENGTH = 72  # what zxcvbn looks at
_OF_ITS_OWN = 6  # letters and digits that are no word everybody can guess
_OFFICE_WORDS = ("diembao", "thainguyen", "bientap", "matkhau", "toasoan", "baochi", "vietnam")
# Without letters and digits that look alike: people read these off a screen.
_EASY_TO_READ = "abcdefghjkmnpqrstuvwxyz23456789"


def fault(password: str, own_words: Sequence[str] = ()) -> str | None:
    """Why it may not be a password: `too_short`, `too_long` or `guessable`; None when it may.

    own_words: what everybody can guess about the person (names, address).
    """
    from zxcvbn import zxcvbn

    password = _normal(password)
    if len(password) < SHORTEST:
        return "too_short"
    if len(password) > LONGEST:
        return "too_long"
    known = [word for word in (*_OFFICE_WORDS, *own_words) if len(word) > 2]
    judged = zxcvbn(password[:_JUDGED_LENGTH], user_inputs=known)
    rest = password.lower()
    for word in sorted(known, key=len, reverse=True):
        rest = rest.replace(word.lower(), "")
    if sum(map(str.isalnum, rest)) < _OF_ITS_OWN:
        return "guessable"
    return None if judged["score"] >= _STRONG_ENOUGH else "guessable"


def temporary() -> str:
    """A password to be given to somebody once: about 79 bits."""
    return "-".join("".join(secrets.choice(_EASY_TO_READ) for _ in range(4)) for _ in range(4))


class Passwords:
    """Safe to share between threads; make one per process."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = threading.BoundedSemaphore(_AT_ONCE)

    @cached_property
    def _nobodys(self) -> str:
        return self.hashed(secrets.token_urlsafe())

    def hashed(self, password: str) -> str:
        with self._turns:
            return self._hasher.hash(_normal(password))

    def fits(self, password: str, kept: str) -> bool:
        """Whether it is the password that was hashed; takes as long when there is none (`kept` empty)."""
        nobodys = self._nobodys  # asked for in any case: the first call makes it
        against = kept or nobodys
        if len(password) > LONGEST:
            password = ""
        with self._turns:
            try:
                matches = self._hasher.verify(against, _normal(password))
            except (VerificationError, InvalidHashError):
                return False
        return matches and bool(kept)

    def is_outdated(self, kept: str) -> bool:
        """Whether it was hashed with other parameters than those in force."""
        return self._hasher.check_needs_rehash(kept)


def _normal(password: str) -> str:
    """The same letters on every keyboard: “ế” may be typed as one sign or as three."""
    return unicodedata.normalize("NFC", password)
