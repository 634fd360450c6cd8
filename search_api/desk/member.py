"""Somebody who has signed in."""

from __future__ import annotations

from dataclasses import dataclass

from diembao.newsroom.permissions import Action, Actor, Role, allowed


@dataclass(frozen=True, slots=True)
class Member:
    """name: to sign in with. csrf: what the forms of this session carry. made_by: password | oidc."""

    user_id: int
    name: str
    full_name: str
    roles: frozenset[Role]
    session_id: int
    session_digest: str
    csrf: str
    made_by: str = "password"
    must_change_password: bool = False
    density: str = "comfortable"
    theme: str = "auto"

    @property
    def shown_name(self) -> str:
        return self.full_name or self.name

    @property
    def actor(self) -> Actor:
        return Actor(self.name, self.roles, self.user_id)

    def may(self, action: Action | str) -> bool:
        """Templates name the action by its word."""
        return allowed(self.roles, Action(action))
