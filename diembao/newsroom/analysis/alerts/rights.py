"""Whose alerts are kept watch for: an alert is worth what its owner may see at that moment."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qsl

from diembao.newsroom.analysis.alerts.alert import Condition
from diembao.newsroom.people import roles_of
from diembao.newsroom.permissions import Action, Role, allowed
from diembao.store.models import AlertRow, UserRow

_STANCE = "stance"


def may_have(alert: AlertRow, owner: UserRow) -> bool:
    """Whether anything may be found for, and sent to, this owner."""
    if owner.disabled_at is not None or not allowed(roles_of(owner), Action.ANALYSE):
        return False
    return may_see_stance(roles_of(owner)) or not asks_for_stance(alert.condition, alert.query)


def may_see_stance(roles: Iterable[Role]) -> bool:
    return allowed(roles, Action.READ_DESK)


def asks_for_stance(condition: str, query: str) -> bool:
    """query: as it stands in an address."""
    return condition == Condition.FIRST_UNFAVOURABLE or any(name == _STANCE for name, _ in parse_qsl(query))
