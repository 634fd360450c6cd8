"""Why a request at the desk is turned away before its route is reached."""

from __future__ import annotations

from diembao.errors import DiembaoError


class NotSignedIn(DiembaoError):
    """The page is for people who have signed in."""


class PasswordMustChange(DiembaoError):
    """The password came from somebody else and must be changed before anything is done."""


class StaleForm(DiembaoError):
    """The form does not carry the token of the session it is sent in."""
