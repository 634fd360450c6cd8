"""What editors do to stories: one act at a time or many at once, told in the audit log, undone as long as nobody
else has touched the story since.

Every act checks the permission, the revision that the editor had before their eyes, and the state (`states.STEPS`);
then it writes story, audit row, trail and index outbox in the transaction of the session that it was given. Nothing
is ever overwritten: who comes second is refused with `Conflict`, which says who was first and what stands there now.

A story's `revision` counts what people (and the policies that stand in for them) decided. The machine's own changes,
a further printing for instance, leave it alone, so that they take nobody's work away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from diembao.errors import Conflict, Forbidden, Refused
from diembao.newsroom import notes, publishing, regrouping, takedowns, texts
from diembao.newsroom.agreements import agreements
from diembao.newsroom.permissions import Action, Actor, allowed, require
from diembao.newsroom.revisions import refuse_stale
from diembao.newsroom.states import STEPS, Act, State
from diembao.settings import Settings
from diembao.store import articles, audit, stories, trail
from diembao.store.models import DeskActRow, StoryRow

# Enough for a whole morning's queue; more at once is a slip of the hand.
MOST_AT_ONCE: Final = 200
REASON_LIMIT: Final = 500
# So many of a person's acts can be undone one after the other.
_UNDONE_IN_TURN: Final = 50
# What readers see; a story enters or leaves the index's filters with its state.
_KEPT: Final = (
    "state", "headline", "summary", "assignee_id", "assignee", "reason", "approved_by", "scheduled_at", "published_at",
    "state_at", "state_by", "time_vouched_by", "correction", "corrected_at",
)  # fmt: skip
_TIMES: Final = frozenset({"scheduled_at", "published_at", "state_at", "corrected_at"})
_TOLD_IN_TRAIL: Final = frozenset({Act.APPROVE, Act.PUBLISH, Act.REJECT, Act.WITHDRAW, Act.REOPEN, Act.RECTIFY})

Item = tuple[int, int]  # a story's id, and the revision that the editor saw


@dataclass(frozen=True, slots=True)
class Wish:
    """What an act needs to be told. words: the reason, the note, or the correction that readers are told."""

    headline: str = ""
    summary: str = ""
    words: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an act: the stories it was done to, those it was refused for (id, message key, its values), and
    the number to undo it by; None when nothing was done."""

    done: tuple[int, ...]
    refused: tuple[tuple[int, str, dict[str, object]], ...] = ()
    act_id: int | None = None


@dataclass(frozen=True, slots=True)
class _Doing:
    """One call: who does what, when, and what goes with it."""

    session: Session
    act: Act
    actor: Actor
    now: datetime
    settings: Settings
    wish: Wish


def act_on(
    session: Session,
    act: Act,
    item: Item,
    actor: Actor,
    now: datetime,
    settings: Settings,
    wish: Wish = Wish(),
) -> int:
    """Do it to one story; returns the number to undo it by.

    Raises:
        Forbidden: none of the actor's roles may do this to a story in this state.
        Conflict: somebody else changed the story first.
        Refused: its state, its text or the publish gate do not allow it.
    """
    doing = _Doing(session, act, actor, now, settings, wish)
    story = _checked(doing, item)
    _check_wish(doing, story)
    if act is Act.PUBLISH and (front := publishing.front_refusal(session, [story.id], settings, now)) is not None:
        raise Refused(front.key, **front.values)
    return _written_down(doing, [(story, _do(doing, story))])


def perform(
    session: Session,
    act: Act,
    items: Sequence[Item],
    actor: Actor,
    now: datetime,
    settings: Settings,
    wish: Wish = Wish(),
) -> Outcome:
    """Do it to many; each story is done or refused for itself.

    Raises:
        Refused: `desk.refused.too_many`.
    """
    if len(items) > MOST_AT_ONCE:
        raise Refused("desk.refused.too_many", most=MOST_AT_ONCE)
    doing = _Doing(session, act, actor, now, settings, wish)
    refused: list[tuple[int, str, dict[str, object]]] = []
    ready: list[StoryRow] = []
    for item in sorted(dict(items).items()):  # by number, so that two editors never wait for each other in a circle
        try:
            story = _checked(doing, item)
            _check_wish(doing, story)
            ready.append(story)
        except (Refused, Forbidden) as error:
            refused.append((item[0], *_as_message(error)))
    if act is Act.PUBLISH and ready:
        front = publishing.front_refusal(session, [story.id for story in ready], settings, now)
        if front is not None:
            refused += [(story.id, front.key, front.values) for story in ready]
            ready = []
    done = [(story, _do(doing, story)) for story in ready]
    act_id = _written_down(doing, done) if done else None
    return Outcome(tuple(story.id for story, _ in done), tuple(sorted(refused, key=lambda one: one[0])), act_id)


def undo(session: Session, act_id: int, actor: Actor, now: datetime, settings: Settings) -> Outcome:
    """Put back what the actor's own act changed, story by story, wherever nobody has touched it since.

    Raises:
        Refused: `desk.undo.unknown` (not an act of theirs), `desk.undo.already`; of a merging or splitting, which is
            undone as a whole, whatever stands in the way.
    """
    row = session.get(DeskActRow, act_id, with_for_update=True, populate_existing=True)
    if row is None or row.actor != actor.name:
        raise Refused("desk.undo.unknown")
    if row.undone_at is not None:
        raise Refused("desk.undo.already")
    if row.act in (regrouping.MERGE, regrouping.SPLIT):
        return _undo_regrouping(session, row, actor, now, settings)
    refused: list[tuple[int, str, dict[str, object]]] = []
    done: dict[int, int] = {}
    for item in sorted(row.items, key=lambda one: one["story"]):
        try:
            _undo_one(session, Act(row.act), item, actor, now, settings)
            done[item["story"]] = item.get("was", item["revision"] - 1)
        except (Refused, Forbidden) as error:
            refused.append((item["story"], *_as_message(error)))
    if done:
        row.undone_at = now
        for story_id in done:
            _audit(session, actor, "undo", story_id, now, {"act": act_id, "of": row.act})
        _follow_revisions(session, row, done)
    return Outcome(tuple(done), tuple(refused), None)


def _undo_regrouping(session: Session, row: DeskActRow, actor: Actor, now: datetime, settings: Settings) -> Outcome:
    put_back = regrouping.undo(session, row, actor, now)
    for story in stories.by_ids(session, list(put_back)).values():
        if story.id != row.items[0]["story"] and story.state in stories.PUBLIC_STATES:
            _check_gate(session, story, now, settings, by_person=False)
    row.undone_at = now
    for number in put_back:
        _audit(session, actor, "undo", number, now, {"act": row.id, "of": row.act})
    _follow_revisions(session, row, put_back)
    return Outcome(tuple(put_back))


def _follow_revisions(session: Session, undone: DeskActRow, was: Mapping[int, int]) -> None:
    """A story is again as it was at an earlier revision: the act that had made it so, if it was the same person's, can
    be undone in its turn."""
    earlier = select(DeskActRow).where(
        DeskActRow.actor == undone.actor, DeskActRow.id < undone.id, DeskActRow.undone_at.is_(None)
    )
    now = {story.id: story.revision for story in stories.by_ids(session, list(was)).values()}
    for row in session.scalars(earlier.order_by(DeskActRow.id.desc()).limit(_UNDONE_IN_TURN)):
        row.items = [
            item | {"revision": now[item["story"]]} if was.get(item["story"]) == item["revision"] else item
            for item in row.items
        ]


def last_act(session: Session, actor: Actor) -> DeskActRow | None:
    """What the actor did last and has not undone: what the key for undoing would undo."""
    query = select(DeskActRow).where(DeskActRow.actor == actor.name, DeskActRow.undone_at.is_(None))
    return session.scalar(query.order_by(DeskActRow.id.desc()).limit(1))


def may(actor: Actor, story: StoryRow, act: Act) -> bool:
    """Whether the table lets this person do this to a story in this state; the gate may still refuse."""
    step = STEPS[act].get(State(story.state))
    return step is not None and allowed(actor.roles, step.needs)


def possible(actor: Actor, story: StoryRow) -> tuple[Act, ...]:
    """All acts that the table lets this person do now."""
    return tuple(act for act in Act if may(actor, story, act))


def _checked(doing: _Doing, item: Item) -> StoryRow:
    """The story, held for us: seen as it is, in a state from which the act leads on, by somebody who may."""
    story_id, revision = item
    story = stories.locked(doing.session, story_id)
    if story is None:
        raise Refused("desk.refused.no_story")
    if story.merged_into is not None:
        raise Conflict("desk.conflict.merged", into=story.merged_into, state=story.state, revision=story.revision)
    # Whoever could never do this hears of their rights; whoever comes second hears who was first, not that what they
    # wanted is no longer for them to do.
    if not any(allowed(doing.actor.roles, step.needs) for step in STEPS[doing.act].values()):
        require(doing.actor, next(iter(STEPS[doing.act].values())).needs)
    refuse_stale(doing.session, story, revision)
    step = STEPS[doing.act].get(State(story.state))
    if step is None:
        raise Refused("desk.refused.state", act=doing.act.value, state=story.state)
    require(doing.actor, step.needs)
    return story


def _check_wish(doing: _Doing, story: StoryRow) -> None:
    check = _CHECKS.get(doing.act)
    if check is not None:
        check(doing, story)


def _do(doing: _Doing, story: StoryRow) -> dict[str, Any]:
    """Change the story; returns what stood there before. Everything that could forbid it has been asked."""
    before = {name: _plain(getattr(story, name)) for name in _KEPT}
    step = STEPS[doing.act][State(story.state)]
    if step.to.value != story.state:
        story.state, story.state_at, story.state_by = step.to.value, doing.now, doing.actor.name
    change = _CHANGES.get(doing.act)
    if change is not None:
        change(doing, story)
    story.revision += 1
    story.updated_at = doing.now
    return before


def _written_down(doing: _Doing, done: Sequence[tuple[StoryRow, dict[str, Any]]]) -> int:
    """Keep what is needed to undo it, tell trail, index and, last, the audit log, which others wait for."""
    session, act = doing.session, doing.act
    items = [
        {"story": story.id, "was": story.revision - 1, "revision": story.revision, "before": before}
        for story, before in done
    ]
    row = DeskActRow(at=doing.now, actor=doing.actor.name, act=act.value, items=items)
    session.add(row)
    session.flush()
    for story, before in done:
        if before["state"] != story.state or act is Act.RECTIFY:
            _tell_trail_and_index(session, story, act, doing.actor, doing.now)
    for story, before in done:
        detail = {"from": before["state"], "to": story.state, "act": row.id}
        if doing.wish.words:
            detail["words"] = doing.wish.words
        if act is Act.SCHEDULE and story.scheduled_at is not None:
            detail["scheduled_at"] = story.scheduled_at.isoformat()
        _audit(session, doing.actor, act.value, story.id, doing.now, detail)
    return row.id


def _tell_trail_and_index(session: Session, story: StoryRow, act: Act, actor: Actor, now: datetime) -> None:
    session.flush()
    printings = articles.of_story(session, story.id)
    articles.touch(session, [row.id for row in printings], now)
    if act in _TOLD_IN_TRAIL:
        step = "publish" if act is Act.PUBLISH else "desk"
        outcome = "published" if act is Act.PUBLISH else act.value
        for row in printings:
            trail.add(session, row.page_id, now, step, outcome, detail={"story": story.id, "by": actor.name})


def _undo_one(
    session: Session, act: Act, item: Mapping[str, Any], actor: Actor, now: datetime, settings: Settings
) -> None:
    story = stories.locked(session, item["story"])
    if story is None:
        raise Refused("desk.refused.no_story")
    refuse_stale(session, story, item["revision"])
    before = item["before"]
    require(actor, STEPS[act][State(before["state"])].needs)
    if before["state"] in stories.PUBLIC_STATES and story.state not in stories.PUBLIC_STATES:
        _check_gate(session, story, now, settings, by_person=False)
    was_state = story.state
    for name in _KEPT:
        value = before[name]
        setattr(story, name, datetime.fromisoformat(value) if name in _TIMES and value else value)
    story.revision += 1
    story.updated_at = now
    if was_state != story.state or act is Act.RECTIFY:
        _tell_trail_and_index(session, story, Act.REOPEN, actor, now)


def _check_reason(doing: _Doing, _story: StoryRow) -> None:
    words = doing.wish.words.strip()
    if not words:
        raise Refused(f"desk.refused.{doing.act.value}_needs_words")
    if len(words) > REASON_LIMIT:
        raise Refused("desk.refused.too_long", field="reason", most=REASON_LIMIT, length=len(words))


def _check_own(doing: _Doing, story: StoryRow) -> None:
    if story.assignee not in ("", doing.actor.name) and not allowed(doing.actor.roles, Action.APPROVE):
        raise Refused("desk.refused.not_yours", assignee=story.assignee)


def _check_text(doing: _Doing, _story: StoryRow) -> None:
    texts.check(doing.wish.headline, doing.wish.summary)


def _check_rectified(doing: _Doing, story: StoryRow) -> None:
    _check_reason(doing, story)
    _check_text(doing, story)


def _check_schedule(doing: _Doing, story: StoryRow) -> None:
    at = doing.wish.at
    if at is None or at <= doing.now:
        raise Refused("desk.refused.schedule_in_past")
    why = _gate(doing.session, story, at, doing.settings, by_person=True)
    if why is not None:
        raise Refused(why.key, **why.values)


def _check_publish(doing: _Doing, story: StoryRow) -> None:
    _check_gate(doing.session, story, doing.now, doing.settings, by_person=True)


def _check_gate(session: Session, story: StoryRow, now: datetime, settings: Settings, *, by_person: bool) -> None:
    why = _gate(session, story, now, settings, by_person=by_person)
    if why is not None:
        raise Refused(why.key, **why.values)


def _gate(
    session: Session, story: StoryRow, now: datetime, settings: Settings, *, by_person: bool
) -> publishing.Refusal | None:
    printings = articles.of_story(session, story.id)
    terms = agreements(session, {row.source for row in printings}, now)
    return publishing.refusal(story, printings, settings, now, terms=terms, by_person=by_person)


def gate(session: Session, story: StoryRow, now: datetime, settings: Settings) -> publishing.Refusal | None:
    """What would refuse a person who published this story now, the front list included; None when nothing would."""
    why = _gate(session, story, now, settings, by_person=True)
    return why or publishing.front_refusal(session, [story.id], settings, now)


def _take(doing: _Doing, story: StoryRow) -> None:
    story.assignee_id, story.assignee = doing.actor.user_id, doing.actor.name


def _release(_doing: _Doing, story: StoryRow) -> None:
    story.assignee_id, story.assignee = None, ""


def _hold_if_free(doing: _Doing, story: StoryRow) -> None:
    if not story.assignee:
        _take(doing, story)


def _write(doing: _Doing, story: StoryRow) -> None:
    _hold_if_free(doing, story)
    story.headline, story.summary = texts.clean(doing.wish.headline), texts.clean(doing.wish.summary)
    if story.state == State.DRAFTED and not story.headline and not story.summary:
        story.state = State.TAKEN.value
    texts.keep(doing.session, story, doing.actor, doing.now)


def _approve(doing: _Doing, story: StoryRow) -> None:
    story.approved_by, story.reason = doing.actor.name, ""


def _publish(doing: _Doing, story: StoryRow) -> None:
    story.approved_by = story.approved_by or doing.actor.name
    story.published_at, story.scheduled_at, story.reason = doing.now, None, ""


def _schedule(doing: _Doing, story: StoryRow) -> None:
    story.approved_by = story.approved_by or doing.actor.name
    story.scheduled_at, story.reason = doing.wish.at, ""


def _unschedule(_doing: _Doing, story: StoryRow) -> None:
    story.scheduled_at, story.reason = None, ""


def _send_back(doing: _Doing, story: StoryRow) -> None:
    story.reason, story.approved_by, story.scheduled_at = doing.wish.words.strip(), "", None
    notes.keep(doing.session, story.id, doing.wish.words, doing.actor, doing.now, kind="returned")


def _give_reason(doing: _Doing, story: StoryRow) -> None:
    story.reason, story.scheduled_at = doing.wish.words.strip(), None


def _withdraw(doing: _Doing, story: StoryRow) -> None:
    _give_reason(doing, story)
    takedowns.note_by_hand(doing.session, story, "by_hand", story.reason, doing.actor, doing.now)


def _reopen(doing: _Doing, story: StoryRow) -> None:
    story.reason, story.approved_by = "", ""
    _take(doing, story)


def _rectify(doing: _Doing, story: StoryRow) -> None:
    story.headline, story.summary = texts.clean(doing.wish.headline), texts.clean(doing.wish.summary)
    story.correction, story.corrected_at = doing.wish.words.strip(), doing.now
    takedowns.note_by_hand(doing.session, story, "correction", story.correction, doing.actor, doing.now)
    texts.keep(doing.session, story, doing.actor, doing.now)


def _vouch(doing: _Doing, story: StoryRow) -> None:
    story.time_vouched_by = doing.actor.name


_CHECKS: Final[Mapping[Act, Callable[[_Doing, StoryRow], None]]] = {
    Act.RELEASE: _check_own,
    Act.SAVE_TEXT: _check_text,
    Act.SEND_BACK: _check_reason,
    Act.PUBLISH: _check_publish,
    Act.SCHEDULE: _check_schedule,
    Act.REJECT: _check_reason,
    Act.WITHDRAW: _check_reason,
    Act.RECTIFY: _check_rectified,
}
_CHANGES: Final[Mapping[Act, Callable[[_Doing, StoryRow], None]]] = {
    Act.TAKE: _take,
    Act.RELEASE: _release,
    Act.SAVE_TEXT: _write,
    Act.SUBMIT: _hold_if_free,
    Act.APPROVE: _approve,
    Act.SEND_BACK: _send_back,
    Act.PUBLISH: _publish,
    Act.SCHEDULE: _schedule,
    Act.UNSCHEDULE: _unschedule,
    Act.VOUCH_TIME: _vouch,
    Act.REJECT: _give_reason,
    Act.WITHDRAW: _withdraw,
    Act.REOPEN: _reopen,
    Act.RECTIFY: _rectify,
}


def _as_message(error: Refused | Forbidden) -> tuple[str, dict[str, object]]:
    if isinstance(error, Refused):
        return error.key, error.values
    return "desk.refused.forbidden", {"action": error.action}


def _audit(session: Session, actor: Actor, action: str, story_id: int, now: datetime, detail: dict[str, Any]) -> None:
    audit.record(
        session, actor=actor.name, action=action, object_kind="story", object_id=story_id, at=now, detail=detail
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
