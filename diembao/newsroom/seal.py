"""What the installation's key is for: encrypting what must be read again, signing what goes out and comes back.

Each use has a key of its own, derived from the one key, so that nothing made for one use is good for another.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from functools import cached_property

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_LENGTH = 32


class Seal:
    """key: gives the installation's key (`Settings.signing_key`); asked at the first use."""

    def __init__(self, key: Callable[[], str]) -> None:
        self._key = key

    @cached_property
    def _master(self) -> bytes:
        return self._key().encode()

    def _derived(self, use: str) -> bytes:
        return HKDF(SHA256(), _LENGTH, salt=None, info=f"diembao:{use}".encode()).derive(self._master)

    @cached_property
    def _fernet(self) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(self._derived("secrets at rest")))

    def encrypt(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def decrypt(self, sealed: str) -> str:
        """Raises: ValueError: not sealed with this key."""
        try:
            return self._fernet.decrypt(sealed.encode("ascii")).decode()
        except InvalidToken as error:
            raise ValueError("not sealed with the key of this installation") from error

    def signature(self, use: str, message: str) -> str:
        """Of a message for one use; letters, digits, - and _."""
        digest = hmac.digest(self._derived(use), message.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")

    def fits(self, signature: str, use: str, message: str) -> bool:
        return hmac.compare_digest(signature.encode(), self.signature(use, message).encode())
