"""Publishing stories on the section: the gate that the law asks for, the policy that may stand in for a person
where an office has said so, and what was scheduled.

Rules (Nghị định 147/2024/NĐ-CP, articles 24 and 28): only what the outlet has not taken back; never earlier than one
hour after the source, or than the agreement with the outlet says; never an item whose source time is unknown without
an editor's word; a front list that draws on at least three press agencies. Our own: a person publishes with a summary
of our own, unless an agreement lets an excerpt stand for it.

The front list is judged as a whole, as it will be after everything that is published together, so that the first
three stories of an empty section can open it; one story that would stand there with fewer agencies waits for the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy.orm import Session

from diembao.newsroom.agreements import NONE, Agreement, agreements
from diembao.settings import Settings
from diembao.store import articles, audit, public, stories, trail
from diembao.store.database import Store
from diembao.store.models import ArticleRow, StoryRow

POLICY = "policy:auto-publish"
SCHEDULE = "policy:schedule"
# So many of the newest stories stand on the front list.
FRONT_LIST: Final = 30
_LOOK_AT_ONCE = 200

Rule = Literal[
    "already", "not_relevant", "source_removed", "unknown_time", "too_early", "no_summary", "few_agencies", "state"
]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a story may not be published; `until` when the rule passes by itself.

    have, need: press agencies on the front list, of the rule `few_agencies`.
    """

    rule: Rule
    until: datetime | None = None
    have: int = 0
    need: int = 0

    @property
    def key(self) -> str:
        """Of its message in the catalogue."""
        return f"desk.gate.{self.rule}"

    @property
    def values(self) -> dict[str, object]:
        values: dict[str, object] = {"until": self.until} if self.until is not None else {}
        return values | ({"have": self.have, "need": self.need} if self.need else {})


def refusal(
    story: StoryRow,
    printings: Sequence[ArticleRow],
    settings: Settings,
    now: datetime,
    *,
    terms: Mapping[str, Agreement] | None = None,
    time_vouched: bool = False,
    by_person: bool = False,
) -> Refusal | None:
    """The rule that forbids publishing this story now; None when none does. The front list is asked apart.

    terms: agreements in force by source (`agreements`); time_vouched: an editor gives their word for an unknown source
    time, as `story.time_vouched_by` also says; by_person: not by the policy, so that our own words are asked for.
    """
    terms = terms or {}
    if story.state in stories.PUBLIC_STATES:
        return Refusal("already")
    if story.relevance != "relevant" or not printings:
        return Refusal("not_relevant")
    standing = [row for row in printings if is_standing(row)]
    if not standing:
        return Refusal("source_removed")
    too_early = _too_early(standing, terms, settings, vouched=time_vouched or bool(story.time_vouched_by))
    if too_early is not None and (too_early.until is None or now < too_early.until):
        return too_early
    if by_person and not story.summary and not any(terms.get(row.source, NONE).allows_excerpt for row in standing):
        return Refusal("no_summary")
    return None


def _too_early(
    standing: Sequence[ArticleRow], terms: Mapping[str, Agreement], settings: Settings, *, vouched: bool
) -> Refusal | None:
    """When the first of the printings may be shown; or that none of them says its time."""
    known = [row for row in standing if row.published_at is not None]
    if not known:
        return None if vouched else Refusal("unknown_time")
    return Refusal("too_early", min(row.effective_at + wait(terms.get(row.source, NONE), settings) for row in known))


def is_standing(row: ArticleRow) -> bool:
    """Whether the printing is neither taken back by its newspaper nor taken down here."""
    return row.source_removed_at is None and row.withdrawn_at is None


def wait(agreement: Agreement, settings: Settings) -> timedelta:
    """How long after the source nothing of it may be shown."""
    return max(timedelta(minutes=settings.publish_delay_minutes), timedelta(hours=agreement.hours))


def front_refusal(
    session: Session, story_ids: Iterable[int], settings: Settings, now: datetime, *, but: Iterable[int] = ()
) -> Refusal | None:
    """Whether the front list, with these stories published too, draws on too few press agencies.

    but: stories that are on the list now and will not be.
    """
    need = settings.front_press_agencies
    if need == 0:
        return None
    visible_until = now - timedelta(minutes=settings.publish_delay_minutes)
    have = public.front_agencies(session, visible_until, FRONT_LIST, also=tuple(story_ids), but=tuple(but))
    return Refusal("few_agencies", have=len(have), need=need) if len(have) < need else None


def publish(session: Session, story: StoryRow, printings: Sequence[ArticleRow], *, actor: str, now: datetime) -> None:
    """Put the story on the section and write it down; the caller has asked the gate in the same transaction."""
    story.state, story.published_at, story.scheduled_at, story.reason = "published", now, None, ""
    story.state_at, story.state_by, story.updated_at = now, actor, now
    story.revision += 1
    session.flush()
    articles.touch(session, [row.id for row in printings], now)
    for row in printings:
        trail.add(session, row.page_id, now, "publish", "published", detail={"story": story.id, "by": actor})
    audit.record(
        session,
        actor=actor,
        action="publish",
        object_kind="story",
        object_id=story.id,
        at=now,
        detail={"articles": [row.id for row in printings], "approved_by": story.approved_by},
    )


def publish_by_policy(store: Store, settings: Settings, now: datetime) -> int:
    """Publish what the policy covers and the gate lets through; returns how many stories.

    The policy covers a story that nobody has touched when one of its relevant articles comes from a source it names.
    """
    if not settings.auto_publish_sources:
        return 0
    with store.read() as session:
        waiting = stories.unpublished(session, limit=_LOOK_AT_ONCE)
        members = articles.of_stories(session, [story.id for story in waiting])
        ready = [
            story.id
            for story in waiting
            if _covered(members[story.id], settings) and _passes(session, story, members[story.id], settings, now)
        ]
        if not ready or front_refusal(session, ready, settings, now) is not None:
            return 0
    return sum(_publish_if(store, story_id, POLICY, "new", settings, now) for story_id in ready)


def publish_scheduled(store: Store, settings: Settings, now: datetime) -> int:
    """Publish the approved stories whose time has come, if the gate lets them through now; returns how many.

    One that came too early waits until the gate opens; one that needs a person goes back to the approved ones and
    says why.
    """
    with store.read() as session:
        due = stories.scheduled(session, now, limit=_LOOK_AT_ONCE)
        members = articles.of_stories(session, [story.id for story in due])
        refused = {
            story.id: _refused(session, story, members[story.id], settings, now, by_person=True) for story in due
        }
        ready = [story.id for story in due if refused[story.id] is None]
        front = front_refusal(session, ready, settings, now) if ready else None
    for story_id, why in refused.items():
        if why is not None:
            _put_off(store, story_id, why, now)
    if front is not None:
        for story_id in ready:
            _say_why(store, story_id, front)
        return 0
    return sum(_publish_if(store, story_id, SCHEDULE, "approved", settings, now) for story_id in ready)


def _publish_if(store: Store, story_id: int, actor: str, state: str, settings: Settings, now: datetime) -> bool:
    """Publish, unless a person has changed it since it was looked at or the gate has closed."""
    with store.write() as session:
        story = stories.locked(session, story_id)
        if story is None or story.state != state or (state == "approved" and story.scheduled_at is None):
            return False
        printings = articles.of_story(session, story.id)
        if _refused(session, story, printings, settings, now, by_person=actor == SCHEDULE) is not None:
            return False
        publish(session, story, printings, actor=actor, now=now)
        return True


def _put_off(store: Store, story_id: int, why: Refusal, now: datetime) -> None:
    with store.write() as session:
        story = stories.locked(session, story_id)
        if story is None or story.state != "approved" or story.scheduled_at is None:
            return
        story.scheduled_at, story.reason = why.until, why.key
        story.revision += 1
        audit.record(
            session,
            actor=SCHEDULE,
            action="put_off",
            object_kind="story",
            object_id=story_id,
            at=now,
            detail={"rule": why.rule, "until": why.until.isoformat() if why.until else None},
        )


def _say_why(store: Store, story_id: int, why: Refusal) -> None:
    """The card says what it waits for; its time stays as it was set."""
    with store.read() as session:
        story = session.get(StoryRow, story_id)
        if story is None or story.reason == why.key:
            return
    with store.write() as session:
        story = stories.locked(session, story_id)
        if story is not None and story.state == "approved":
            story.reason = why.key


def _passes(
    session: Session, story: StoryRow, printings: Sequence[ArticleRow], settings: Settings, now: datetime
) -> bool:
    return _refused(session, story, printings, settings, now, by_person=False) is None


def _refused(
    session: Session,
    story: StoryRow,
    printings: Sequence[ArticleRow],
    settings: Settings,
    now: datetime,
    *,
    by_person: bool,
) -> Refusal | None:
    terms = agreements(session, {row.source for row in printings}, now)
    return refusal(story, printings, settings, now, terms=terms, by_person=by_person)


def _covered(printings: Sequence[ArticleRow], settings: Settings) -> bool:
    named = set(settings.auto_publish_sources)
    return any(row.relevance == "relevant" and ("*" in named or row.source in named) for row in printings)
