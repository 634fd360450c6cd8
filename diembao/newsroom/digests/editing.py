"""Changing a draft. Every change names the revision it was made on; what somebody else changed is never overwritten."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from diembao.errors import Refused
from diembao.newsroom.digests.building import add_stories
from diembao.newsroom.permissions import Action, Actor, require
from diembao.store import audit, digests, stories
from diembao.store.models import DigestItemRow, DigestRow
from nlp.text import fold, normalise

_NOT_KEY = re.compile(r"[^a-z0-9]+")
_LONGEST = {"headline": 400, "summary": 4000, "subject": 400, "intro": 4000, "closing": 4000, "title": 160}


@dataclass(frozen=True, slots=True)
class Draft:
    """A digest opened for one change: its row at the next revision, and who changes it when."""

    session: Session
    row: DigestRow
    actor: Actor
    now: datetime

    def record(self, action: str, **detail: Any) -> None:
        audit.record(
            self.session,
            actor=self.actor.name,
            action=action,
            object_kind="digest",
            object_id=self.row.id,
            at=self.now,
            detail=detail,
        )


def opened(
    session: Session,
    digest_id: int,
    revision: int,
    actor: Actor,
    now: datetime,
    *,
    action: Action = Action.BUILD_DIGEST,
    states: Sequence[str] = ("draft", "waiting"),
) -> Draft:
    """The digest, ours to change until the transaction ends.

    Raises:
        Forbidden
        Refused: `digest_missing`, `digest_changed` (another revision); not in one of the states: `digest_frozen`, or
            `digest_not_approved` where it was to be.
    """
    require(actor, action)
    if not digests.claim_revision(session, digest_id, revision, now):
        row = digests.get(session, digest_id)
        if row is None:
            raise Refused("digest_missing")
        raise Refused("digest_changed", revision=row.revision)
    row = session.get_one(DigestRow, digest_id, populate_existing=True)
    if row.state not in states:
        raise Refused("digest_not_approved" if states == digests.FROZEN else "digest_frozen")
    return Draft(session, row, actor, now)


def describe(draft: Draft, changes: Mapping[str, str | bool]) -> None:
    """Change subject, intro, closing, form, hide_empty.

    Raises:
        Refused: `text_too_long`, `unknown_form`.
    """
    for name in ("subject", "intro", "closing"):
        if name in changes:
            setattr(draft.row, name, _text(name, str(changes[name])))
    if "form" in changes:
        if changes["form"] not in ("text", "table"):
            raise Refused("unknown_form")
        draft.row.form = str(changes["form"])
    if "hide_empty" in changes:
        draft.row.hide_empty = bool(changes["hide_empty"])
    draft.record("digest_describe", fields=sorted(changes))


def add(draft: Draft, story_id: int, topics: Mapping[str, str]) -> DigestItemRow:
    """Put a story at the end of its section.

    Raises:
        Refused: `story_missing`, `story_not_approved`, `story_in_digest`.
    """
    story = stories.get(draft.session, story_id)
    if story is None:
        raise Refused("story_missing")
    if not digests.may_be_told(story, draft.row.audience):
        raise Refused("story_not_approved")
    if any(item.story_id == story.id for item in digests.items(draft.session, draft.row.id)):
        raise Refused("story_in_digest")
    (item,) = add_stories(draft.session, draft.row, [story], topics)
    draft.record("digest_add", story=story.id)
    return item


def remove(draft: Draft, item_id: int) -> None:
    """Raises: Refused: `item_missing`."""
    item = _item(draft, item_id)
    draft.session.execute(delete(DigestItemRow).where(DigestItemRow.id == item.id))
    draft.record("digest_remove", story=item.story_id)


def rewrite(draft: Draft, item_id: int, headline: str, summary: str) -> None:
    """Words for this digest only; empty ones give way to the story's own.

    Raises:
        Refused: `item_missing`, `text_too_long`.
    """
    item = _item(draft, item_id)
    item.headline, item.summary = _text("headline", headline), _text("summary", summary)
    draft.record("digest_rewrite", story=item.story_id)


def arrange(draft: Draft, order: Sequence[tuple[str, Sequence[int]]]) -> None:
    """The whole order: sections with the items in each.

    Raises:
        Refused: `order_incomplete`: an item or a section is missing, or stands twice.
    """
    rows = {item.id: item for item in digests.items(draft.session, draft.row.id)}
    known = {section["key"]: section for section in draft.row.sections}
    named = [key for key, _ in order]
    placed = [number for _, numbers in order for number in numbers]
    if sorted(placed) != sorted(rows) or sorted(named) != sorted(known):
        raise Refused("order_incomplete")
    draft.row.sections = [known[key] for key in named]
    position = 0
    for key, numbers in order:
        for number in numbers:
            position += 1
            rows[number].section, rows[number].position = key, position
    draft.record("digest_arrange", items=placed, sections=named)


def step(draft: Draft, item_id: int, by: int) -> None:
    """Move an item one place up (-1) or down (1); over the edge of a section into the next one that is shown.

    Raises:
        Refused: `item_missing`.
    """
    moving = _item(draft, item_id)
    keys = [section["key"] for section in draft.row.sections]
    groups: dict[str, list[int]] = {key: [] for key in keys}
    for item in digests.items(draft.session, draft.row.id):
        groups.setdefault(item.section, []).append(item.id)
    here = groups[moving.section]
    place = here.index(moving.id)
    if 0 <= place + by < len(here):
        here[place], here[place + by] = here[place + by], here[place]
    elif (neighbour := _neighbour(keys, groups, moving.section, by, draft.row.hide_empty)) is not None:
        here.remove(moving.id)
        groups[neighbour].insert(len(groups[neighbour]) if by < 0 else 0, moving.id)
    arrange(draft, [(key, groups[key]) for key in groups])


def move_to(draft: Draft, item_id: int, section: str) -> None:
    """Put an item at the end of another section.

    Raises:
        Refused: `item_missing`, `section_missing`.
    """
    item = _item(draft, item_id)
    if section not in {known["key"] for known in draft.row.sections}:
        raise Refused("section_missing")
    rows = digests.items(draft.session, draft.row.id)
    item.section, item.position = section, max(row.position for row in rows) + 1
    draft.record("digest_move", story=item.story_id, section=section)


def add_section(draft: Draft, title: str) -> str:
    """A section of the editor's own at the end; returns its key.

    Raises:
        Refused: `title_missing`, `text_too_long`.
    """
    title = _title(title)
    known = {section["key"] for section in draft.row.sections}
    stem = _NOT_KEY.sub("-", fold(title).lower()).strip("-")[:48] or "muc"
    key = next(name for number in range(1, len(known) + 2) if (name := f"{stem}-{number}") not in known)
    draft.row.sections = [*draft.row.sections, {"key": key, "title": title}]
    draft.record("digest_section", added=title)
    return key


def name_section(draft: Draft, key: str, title: str) -> None:
    """Raises: Refused: `section_missing`, `title_missing`, `text_too_long`."""
    title = _title(title)
    if key not in {section["key"] for section in draft.row.sections}:
        raise Refused("section_missing")
    draft.row.sections = [
        {**section, "title": title} if section["key"] == key else section for section in draft.row.sections
    ]
    draft.record("digest_section", named=title, key=key)


def remove_section(draft: Draft, key: str) -> None:
    """Raises: Refused: `section_missing`, `section_not_empty`."""
    if key not in {section["key"] for section in draft.row.sections}:
        raise Refused("section_missing")
    if any(item.section == key for item in digests.items(draft.session, draft.row.id)):
        raise Refused("section_not_empty")
    draft.row.sections = [section for section in draft.row.sections if section["key"] != key]
    draft.record("digest_section", removed=key)


def _neighbour(
    keys: Sequence[str], groups: Mapping[str, Sequence[int]], key: str, by: int, hide_empty: bool
) -> str | None:
    """The next section in a direction; where empty ones are hidden, the next that has items."""
    place = keys.index(key) + by
    while 0 <= place < len(keys):
        if groups[keys[place]] or not hide_empty:
            return keys[place]
        place += by
    return None


def _item(draft: Draft, item_id: int) -> DigestItemRow:
    item = draft.session.get(DigestItemRow, item_id)
    if item is None or item.digest_id != draft.row.id:
        raise Refused("item_missing")
    return item


def _title(text: str) -> str:
    title = _text("title", " ".join(text.split()))
    if not title:
        raise Refused("title_missing")
    return title


def _text(name: str, text: str) -> str:
    text = normalise(text).strip()
    if len(text) > _LONGEST[name]:
        raise Refused("text_too_long", count=_LONGEST[name])
    return text
