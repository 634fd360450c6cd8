"""Who may do what: one table for the desk, the analysts' pages, the API and the command line.

Roles are what an office gives out; actions are what the product asks about. A person may hold several roles.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from diembao.errors import Forbidden


class Role(StrEnum):
    EDITOR = "editor"
    CHIEF = "chief"  # chief editor: approves, publishes, recalls
    ANALYST = "analyst"
    OPERATOR = "operator"  # sources, processes, archive; no say over content
    ADMIN = "admin"  # people and keys; no say over content


class Action(StrEnum):
    READ_DESK = "read_desk"  # full text, stance, unpublished items
    JUDGE = "judge"  # take, write, reject, correct, note, merge and split, submit
    APPROVE = "approve"  # approve, send back
    PUBLISH = "publish"  # put on the section, schedule
    VOUCH_TIME = "vouch_time"  # give one's word for an unknown source time
    WITHDRAW = "withdraw"  # recall what is published, take down
    ADD_ARTICLE = "add_article"
    BUILD_DIGEST = "build_digest"
    APPROVE_DIGEST = "approve_digest"
    SEND_DIGEST = "send_digest"
    MANAGE_RECIPIENTS = "manage_recipients"
    ANALYSE = "analyse"  # analysts' search, trends, exports, saved searches, alerts
    FOLLOW_MATTERS = "follow_matters"  # note who answers what the press raised, by when, and what came of it
    SEE_SOURCES = "see_sources"  # pulse of the sources
    MANAGE_SOURCES = "manage_sources"
    READ_AUDIT = "read_audit"
    MANAGE_PEOPLE = "manage_people"
    MANAGE_KEYS = "manage_keys"  # keys of others; everybody may make one's own within one's own rights
    OWN_ACCOUNT = "own_account"
    SEE_LIBRARY = "see_library"  # the page of components


_NEWSROOM = frozenset({Role.EDITOR, Role.CHIEF})
_ALL = frozenset(Role)

PERMISSIONS: Mapping[Action, frozenset[Role]] = {
    Action.READ_DESK: _NEWSROOM | {Role.ANALYST},
    Action.JUDGE: _NEWSROOM,
    Action.APPROVE: frozenset({Role.CHIEF}),
    Action.PUBLISH: frozenset({Role.CHIEF}),
    Action.VOUCH_TIME: _NEWSROOM,
    Action.WITHDRAW: frozenset({Role.CHIEF}),
    Action.ADD_ARTICLE: _NEWSROOM,
    Action.BUILD_DIGEST: _NEWSROOM,
    Action.APPROVE_DIGEST: frozenset({Role.CHIEF}),
    Action.SEND_DIGEST: frozenset({Role.CHIEF}),
    Action.MANAGE_RECIPIENTS: frozenset({Role.CHIEF, Role.ADMIN}),
    Action.ANALYSE: _NEWSROOM | {Role.ANALYST},
    Action.FOLLOW_MATTERS: _NEWSROOM | {Role.ANALYST},
    Action.SEE_SOURCES: _NEWSROOM | {Role.OPERATOR, Role.ADMIN},
    Action.MANAGE_SOURCES: frozenset({Role.OPERATOR}),
    Action.READ_AUDIT: frozenset({Role.CHIEF, Role.ADMIN, Role.OPERATOR}),
    Action.MANAGE_PEOPLE: frozenset({Role.ADMIN}),
    Action.MANAGE_KEYS: frozenset({Role.ADMIN}),
    Action.OWN_ACCOUNT: _ALL,
    Action.SEE_LIBRARY: frozenset({Role.OPERATOR, Role.ADMIN}),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `name` goes into the audit log; machines and the command line have no user_id."""

    name: str
    roles: frozenset[Role]
    user_id: int | None = None


def allowed(roles: Iterable[Role], action: Action) -> bool:
    return not PERMISSIONS[action].isdisjoint(roles)


def require(actor: Actor, action: Action) -> None:
    """Raises: Forbidden: none of the actor's roles may do this."""
    if not allowed(actor.roles, action):
        raise Forbidden(f"{actor.name} may not {action.value}", action.value)
