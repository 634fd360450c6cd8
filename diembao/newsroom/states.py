"""The states of a story and the one table of who may take it from which to which.

new → taken → drafted → waiting → approved → published; aside: rejected, withdrawn, corrected (published with a
correction). `merged` is no state of work: the address leads to the story that has the articles now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from diembao.newsroom.permissions import Action


class State(StrEnum):
    NEW = "new"
    TAKEN = "taken"
    DRAFTED = "drafted"
    WAITING = "waiting"
    APPROVED = "approved"
    PUBLISHED = "published"
    CORRECTED = "corrected"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"


class Act(StrEnum):
    TAKE = "take"  # also: over from a colleague
    RELEASE = "release"
    SAVE_TEXT = "save_text"
    SUBMIT = "submit"
    APPROVE = "approve"
    SEND_BACK = "send_back"
    PUBLISH = "publish"
    SCHEDULE = "schedule"
    UNSCHEDULE = "unschedule"
    VOUCH_TIME = "vouch_time"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    REOPEN = "reopen"
    RECTIFY = "rectify"  # change what is published, and say so


@dataclass(frozen=True, slots=True)
class Step:
    """Where an act leads from one state, and what one must be allowed to do."""

    to: State
    needs: Action


def _same(action: Action, *states: State) -> dict[State, Step]:
    return {state: Step(state, action) for state in states}


def _to(target: State, action: Action, *states: State) -> dict[State, Step]:
    return {state: Step(target, action) for state in states}


_BEFORE_SUBMITTING = (State.NEW, State.TAKEN, State.DRAFTED)
_ON_THE_SECTION = (State.PUBLISHED, State.CORRECTED)

STEPS: Final[Mapping[Act, Mapping[State, Step]]] = {
    Act.TAKE: _to(State.TAKEN, Action.JUDGE, State.NEW, State.TAKEN) | _same(Action.JUDGE, State.DRAFTED),
    Act.RELEASE: _to(State.NEW, Action.JUDGE, State.TAKEN) | _same(Action.JUDGE, State.DRAFTED),
    Act.SAVE_TEXT: _to(State.DRAFTED, Action.JUDGE, *_BEFORE_SUBMITTING)
    | _same(Action.JUDGE, State.WAITING)
    | _same(Action.APPROVE, State.APPROVED),
    Act.SUBMIT: _to(State.WAITING, Action.JUDGE, *_BEFORE_SUBMITTING),
    Act.APPROVE: _to(State.APPROVED, Action.APPROVE, *_BEFORE_SUBMITTING, State.WAITING),
    Act.SEND_BACK: _to(State.DRAFTED, Action.APPROVE, State.WAITING, State.APPROVED),
    Act.PUBLISH: _to(State.PUBLISHED, Action.PUBLISH, State.WAITING, State.APPROVED),
    Act.SCHEDULE: _to(State.APPROVED, Action.PUBLISH, State.WAITING, State.APPROVED),
    Act.UNSCHEDULE: _same(Action.PUBLISH, State.APPROVED),
    Act.VOUCH_TIME: _same(Action.VOUCH_TIME, *_BEFORE_SUBMITTING, State.WAITING, State.APPROVED),
    Act.REJECT: _to(State.REJECTED, Action.JUDGE, *_BEFORE_SUBMITTING)
    | _to(State.REJECTED, Action.APPROVE, State.WAITING, State.APPROVED),
    Act.WITHDRAW: _to(State.WITHDRAWN, Action.WITHDRAW, *_ON_THE_SECTION),
    Act.REOPEN: _to(State.TAKEN, Action.JUDGE, State.REJECTED) | _to(State.DRAFTED, Action.WITHDRAW, State.WITHDRAWN),
    Act.RECTIFY: _to(State.CORRECTED, Action.PUBLISH, *_ON_THE_SECTION),
}


def next_step(state: State) -> Act | None:
    """What the key for the next step does to a story in this state, for somebody who may do everything."""
    return _NEXT.get(state)


_NEXT: Final[Mapping[State, Act]] = {
    State.NEW: Act.TAKE,
    State.TAKEN: Act.SUBMIT,
    State.DRAFTED: Act.SUBMIT,
    State.WAITING: Act.APPROVE,
    State.APPROVED: Act.PUBLISH,
}
