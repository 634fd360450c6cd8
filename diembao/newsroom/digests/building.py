"""Making a digest with one key: which stories it takes, in which sections, in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from sqlalchemy.orm import Session

from diembao.newsroom.digests.content import Audience, Form, Kind
from diembao.newsroom.digests.wording import LOCAL
from diembao.newsroom.permissions import Action, Actor, require
from diembao.store import audit, digests
from diembao.store.models import DigestItemRow, DigestRow, StoryRow

FREE_SECTION = "tin"
OTHER_SECTION = "khac"
_FREE_TITLE = "Tin đáng chú ý"
_OTHER_TITLE = "Lĩnh vực khác"
# A digest after a long silence does not take up half a year.
_LONGEST_GAP = timedelta(days=7)
_SPECIAL_DAYS = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Order:
    """What kind of digest is wanted.

    day: in Viet Nam. sections: by topic, or one that the editor divides. only_new: nothing decided before the last
    digest of this kind. never_told: no story that a digest of this kind has told already.
    """

    kind: Kind
    day: date
    audience: Audience = "internal"
    form: Form = "text"
    sections: Literal["topic", "free"] = "topic"
    only_new: bool = True
    never_told: bool = True
    hide_empty: bool = True
    subject: str = ""


def build(session: Session, order: Order, topics: Mapping[str, str], actor: Actor, now: datetime) -> DigestRow:
    """A draft of the approved stories of its period.

    topics: titles by slug, in the order of their sections.

    Raises:
        Forbidden
    """
    require(actor, Action.BUILD_DIGEST)
    since, until = period(session, order, now)
    row = DigestRow(
        kind=order.kind,
        audience=order.audience,
        form=order.form,
        day=order.day,
        since=since,
        until=until,
        subject=order.subject,
        hide_empty=order.hide_empty,
        sections=_sections(order, topics),
        created_at=now,
        created_by=actor.name,
        updated_at=now,
    )
    session.add(row)
    session.flush()
    chosen = choose(session, order, since, until)
    add_stories(session, row, chosen, topics)
    audit.record(
        session,
        actor=actor.name,
        action="digest_build",
        object_kind="digest",
        object_id=row.id,
        at=now,
        detail={"kind": order.kind, "audience": order.audience, "stories": [story.id for story in chosen]},
    )
    return row


def period(session: Session, order: Order, now: datetime) -> tuple[datetime, datetime]:
    """From when to when the desk's decisions count; the end is exclusive."""
    morning = datetime.combine(order.day, time(), LOCAL)
    until = min(now, morning + timedelta(days=1))
    if order.kind == "weekly":
        since = morning - timedelta(days=6)
    elif order.kind == "special":
        since = morning - _SPECIAL_DAYS
    else:
        since = min(morning, until - timedelta(days=1))
    last = digests.last_frozen(session, kind=order.kind, audience=order.audience) if order.only_new else None
    if last is not None and last.until < until:
        since = max(last.until, until - max(_LONGEST_GAP, until - since))
    return since, until


def choose(session: Session, order: Order, since: datetime, until: datetime) -> Sequence[StoryRow]:
    """The stories for a digest, the weightiest first."""
    states = ("published",) if order.audience == "public" else ("approved", "published", "corrected")
    found = digests.candidates(session, states, since, until)
    if not order.never_told:
        return found
    told = digests.told_stories(session, [story.id for story in found], kind=order.kind, audience=order.audience)
    return [story for story in found if story.id not in told]


def add_stories(
    session: Session, row: DigestRow, stories: Sequence[StoryRow], topics: Mapping[str, str]
) -> list[DigestItemRow]:
    """Put stories at the end of their sections; a section that is missing is made."""
    known = {section["key"] for section in row.sections}
    position = max((item.position for item in digests.items(session, row.id)), default=0)
    by_topic = FREE_SECTION not in known
    added = []
    for position, story in enumerate(stories, start=position + 1):  # noqa: B020 - goes on from the last one
        section = _section_of(story, topics) if by_topic else FREE_SECTION
        if section not in known:
            row.sections = [*row.sections, {"key": section, "title": topics.get(section, _OTHER_TITLE)}]
            known.add(section)
        added.append(DigestItemRow(digest_id=row.id, story_id=story.id, section=section, position=position))
    session.add_all(added)
    session.flush()
    return added


def _section_of(story: StoryRow, topics: Mapping[str, str]) -> str:
    return story.topic if story.topic in topics else OTHER_SECTION


def _sections(order: Order, topics: Mapping[str, str]) -> list[dict[str, str]]:
    if order.sections == "free":
        return [{"key": FREE_SECTION, "title": _FREE_TITLE}]
    listed = [{"key": slug, "title": title} for slug, title in topics.items()]
    return [*listed, {"key": OTHER_SECTION, "title": _OTHER_TITLE}]
