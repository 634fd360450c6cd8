"""The cookies of the desk. `__Host-` makes browsers refuse them from other hosts and over plain http."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import Request, Response

from diembao.settings import Settings


@dataclass(frozen=True, slots=True)
class Cookies:
    """secure: the desk is reached over https."""

    secure: bool

    @classmethod
    def of(cls, settings: Settings) -> Cookies:
        return cls(urlsplit(settings.public_url).scheme == "https")

    @property
    def session(self) -> str:
        return self._name("session")

    @property
    def guest(self) -> str:
        """Of somebody who has not signed in yet: what their form is tied to."""
        return self._name("guest")

    @property
    def told(self) -> str:
        """A message for the next page."""
        return self._name("told")

    @property
    def sign_on(self) -> str:
        """What a single sign-on under way must bring back."""
        return self._name("sign-on")

    def read(self, request: Request, name: str) -> str:
        return request.cookies.get(name, "")[:4096]

    def give(self, response: Response, name: str, value: str, *, max_age: int | None = None) -> None:
        """max_age: seconds; without it the cookie goes when the browser is closed."""
        response.set_cookie(name, value, max_age=max_age, path="/", secure=self.secure, httponly=True, samesite="lax")

    def take(self, response: Response, name: str) -> None:
        response.delete_cookie(name, path="/", secure=self.secure, httponly=True, samesite="lax")

    def _name(self, stem: str) -> str:
        return f"__Host-diembao-{stem}" if self.secure else f"diembao-{stem}"
