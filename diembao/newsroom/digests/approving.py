"""The way of a digest: draft → waiting → approved → issued. With the approval its words are kept and it is numbered."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from diembao.errors import Refused
from diembao.newsroom.digests.composing import compose
from diembao.newsroom.digests.editing import opened
from diembao.newsroom.digests.picture import picture_of
from diembao.newsroom.digests.removals import kept_content
from diembao.newsroom.permissions import Action, Actor
from diembao.settings import Settings
from diembao.store import digests
from diembao.store.models import DigestItemRow, DigestRow


def submit(session: Session, digest_id: int, revision: int, actor: Actor, now: datetime) -> DigestRow:
    """Hand a draft to who approves.

    Raises:
        Forbidden
        Refused: `digest_changed`, `digest_frozen`, `digest_empty`.
    """
    draft = opened(session, digest_id, revision, actor, now, states=("draft",))
    if not digests.items(session, digest_id):
        raise Refused("digest_empty")
    draft.row.state, draft.row.note = "waiting", ""
    draft.record("digest_submit")
    return draft.row


def send_back(session: Session, digest_id: int, revision: int, note: str, actor: Actor, now: datetime) -> DigestRow:
    """Give a waiting digest back to its editors with a word of why; an editor may take it back without one.

    Raises:
        Forbidden
        Refused: `digest_changed`, `digest_frozen`.
    """
    draft = opened(session, digest_id, revision, actor, now, states=("waiting",))
    draft.row.state, draft.row.note = "draft", note.strip()[:2000]
    draft.record("digest_send_back", note=draft.row.note)
    return draft.row


def approve(
    session: Session, digest_id: int, revision: int, actor: Actor, settings: Settings, now: datetime
) -> DigestRow:
    """Number the digest and keep what it says, for ever.

    Raises:
        Forbidden
        Refused: `digest_changed`, `digest_frozen`, `digest_empty`.
    """
    draft = opened(session, digest_id, revision, actor, now, action=Action.APPROVE_DIGEST)
    row = draft.row
    row.year, row.number = row.day.year, digests.next_number(session, row.kind, row.day.year)
    content = compose(session, row, settings, now, number=row.number)
    if not content.items:
        raise Refused("digest_empty")
    # Only what stands in the digest counts as told.
    told = {item.story_id for item in content.items}
    for item in digests.items(session, digest_id):
        story = digests.standing(session, [item.story_id]).get(item.story_id)
        if story is None or story.id not in told:
            session.execute(delete(DigestItemRow).where(DigestItemRow.id == item.id))
    row.content, row.state, row.note = content.to_json(), "approved", ""
    row.approved_at, row.approved_by = now, actor.name
    draft.record("digest_approve", number=row.number, year=row.year, content=_checksum(row.content))
    return row


def publish(session: Session, digest_id: int, revision: int, actor: Actor, now: datetime) -> DigestRow:
    """Show an approved public digest to everybody.

    Raises:
        Forbidden
        Refused: `digest_changed`, `digest_not_approved`, `digest_internal`, `digest_published`.
    """
    draft = opened(
        session,
        digest_id,
        revision,
        actor,
        now,
        action=Action.SEND_DIGEST,
        states=("draft", "waiting", *digests.FROZEN),
    )
    row = draft.row
    if row.state not in digests.FROZEN:
        raise Refused("digest_not_approved")
    if row.audience != "public":
        raise Refused("digest_internal")
    if row.published_at is not None:
        raise Refused("digest_published")
    settle(session, row)
    row.published_at, row.state = now, "issued"
    row.picture = picture_of(kept_content(session, row))
    draft.record("digest_publish", number=row.number, year=row.year)
    return row


def settle(session: Session, row: DigestRow) -> None:
    """Before a digest first goes out: what was taken down since its approval leaves it for good.

    What goes out is what is kept, so that a tombstone later stands only where readers have seen something.
    """
    if row.state != "approved":
        return
    row.content = kept_content(session, row).to_json()


def discard(session: Session, digest_id: int, revision: int, actor: Actor, now: datetime) -> None:
    """Throw a draft away.

    Raises:
        Forbidden
        Refused: `digest_changed`, `digest_frozen`.
    """
    draft = opened(session, digest_id, revision, actor, now)
    draft.record("digest_discard", kind=draft.row.kind, day=draft.row.day.isoformat())
    session.execute(delete(DigestItemRow).where(DigestItemRow.digest_id == digest_id))
    session.delete(draft.row)


def _checksum(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()
