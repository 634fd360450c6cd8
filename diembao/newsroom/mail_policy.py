"""How our mails are written over the line."""

from __future__ import annotations

from email.header import Header
from email.policy import SMTP, EmailPolicy
from typing import Any, Final


class _WholeWords(EmailPolicy):
    """As `email.policy.SMTP`, but a long Vietnamese subject keeps its spaces.

    Where EmailPolicy breaks a line between two encoded words, Python 3.11 loses the space that stood there (readers
    drop the one between encoded words). `Header` encodes the space with the words.
    """

    def fold(self, name: str, value: Any) -> str:
        if name.lower() != "subject" or str(value).isascii():
            return str(super().fold(name, value))
        encoded = Header(str(value), "utf-8", header_name=name).encode(linesep=self.linesep)
        return f"{name}: {encoded}{self.linesep}"

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode("ascii", "surrogateescape")


POLICY: Final = _WholeWords(linesep=SMTP.linesep)
