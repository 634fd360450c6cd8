"""Pages that were just below: a person takes one in, or says that it is rightly out."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from diembao.errors import Refused
from diembao.newsroom import corrections
from diembao.newsroom.permissions import Action, Actor, require
from diembao.store import audit, near_misses


def take_in(session: Session, page_id: int, actor: Actor, now: datetime) -> int:
    """Say that the page is about the province: it is read again from the archive and gets its story. Returns the label.

    Raises:
        Forbidden; Refused: no such page. Conflict: somebody has said something of it meanwhile.
    """
    return corrections.correct(session, page_id, "relevance", "relevant", actor, now).label_id


def dismiss(session: Session, page_id: int, actor: Actor, now: datetime) -> None:
    """Say that the page is rightly out; it is shown no more, and the machine's judgement stays its own.

    Raises:
        Forbidden; Refused: it is not among the near misses any more.
    """
    require(actor, Action.JUDGE)
    if not near_misses.dismiss(session, page_id, actor.name, now):
        raise Refused("desk.refused.no_near_miss")
    audit.record(session, actor=actor.name, action="dismiss", object_kind="page", object_id=page_id, at=now)
