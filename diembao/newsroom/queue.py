"""The desk's queue as people see it: tabs, filters, cards, and why each story stands where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy.orm import Session

from diembao.newsroom import notes
from diembao.newsroom.stories import Pace, Portrait, Printed, portrait, printings_of
from diembao.store import digests, openings, queue, stories
from diembao.store.models import StoryRow
from diembao.store.queue import Kinds, Sort, Wanted
from diembao.store.ranking import Standing, Weight, weights

PAGE_SIZE: Final = 40
# An editor who has not said that a story is open for so long has left it.
OPEN_FOR: Final = timedelta(seconds=75)
# How far back the queue begins where no digest has been sent yet.
FIRST_SPAN: Final = timedelta(days=3)


class Tab(StrEnum):
    NEW = "new"  # nobody has decided yet; some have them in hand
    MINE = "mine"
    WAITING = "waiting"  # for the chief's word, or approved and waiting for its hour
    PUBLISHED = "published"
    REJECTED = "rejected"
    NEAR = "near"  # merely mentioned: near misses


OPEN_STATES: Final = ("new", "taken", "drafted")
STATES: Final[Mapping[Tab, tuple[str, ...]]] = {
    Tab.NEW: OPEN_STATES,
    Tab.MINE: ("taken", "drafted", "waiting", "approved"),
    Tab.WAITING: ("waiting", "approved"),
    Tab.PUBLISHED: ("published", "corrected"),
    Tab.REJECTED: ("rejected", "withdrawn"),
    Tab.NEAR: OPEN_STATES,
}
_ANY: Final = ("relevant", "marginal")
_RELEVANCE: Final[Mapping[Tab, tuple[str, ...]]] = {Tab.NEW: ("relevant",), Tab.NEAR: ("marginal",)}
_ORDER: Final[Mapping[Tab, Sort]] = {Tab.NEW: "rank", Tab.MINE: "rank", Tab.WAITING: "rank"}


class Span(StrEnum):
    """How far back the queue reaches."""

    DIGEST = "digest"  # since the last digest
    DAYS_3 = "3"
    DAYS_7 = "7"
    DAYS_30 = "30"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody asked the queue for. ids: found by a search; None when nothing was searched for.

    span: "" is the custom of the tab; since, until go before it.
    """

    tab: Tab = Tab.NEW
    topic: str = ""
    stance: str = ""
    source: str = ""
    place: str = ""
    needs_response: bool | None = None
    span: Span | None = None
    since: datetime | None = None
    until: datetime | None = None
    sort: Sort | None = None
    page: int = 1
    ids: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """Where a person said otherwise than the machine. field, values: as in the labels."""

    field: str
    machine: Any
    human: Any
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Card:
    """A story at a glance.

    headline, lead: our own where there are, else of the printing that stands for the story. stance_sentence: of the
    printing that says so. weights: why it stands here. more: outlets beside the first. notes: how many there are.
    open_by: ids of others who have it open. scheduled_at: when it will be published by itself.
    """

    id: int
    revision: int
    state: str
    relevance: str
    headline: str
    lead: str
    has_own_headline: bool
    has_own_summary: bool
    portrait: Portrait
    topic: str
    stance: str
    stance_sentence: str
    needs_response: bool
    weights: tuple[Weight, ...]
    outlets: int
    surge: int
    certainty: float
    pace: Pace
    assignee: str
    notes: int
    corrections: tuple[Correction, ...]
    open_by: tuple[int, ...]
    reason: str
    scheduled_at: datetime | None

    @property
    def more(self) -> int:
        return len(self.portrait.outlets) - 1


@dataclass(frozen=True, slots=True)
class Queue:
    """One page of the queue. since: how far back it reaches; None reaches all the way. older: stories left out so."""

    choice: Choice
    cards: tuple[Card, ...]
    kinds: Kinds
    tabs: Mapping[Tab, int]
    since: datetime | None
    older: int

    @property
    def total(self) -> int:
        return self.kinds.total

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE_SIZE))


def load(session: Session, choice: Choice, *, user_id: int | None, now: datetime) -> Queue:
    """The page of the queue that was asked for."""
    last_digest = last_digest_at(session)
    since = since_of(choice, last_digest, now)
    wanted = wanted_of(choice, since, user_id)
    first = queue.ids(session, wanted)
    kinds = queue.kinds(session, wanted, first)
    choice = replace(choice, page=min(max(1, choice.page), max(1, -(-kinds.total // PAGE_SIZE))))
    start = (choice.page - 1) * PAGE_SIZE
    shown = first[start : start + PAGE_SIZE]
    if start + PAGE_SIZE > len(first) and kinds.total > len(first):
        shown = queue.ids(session, wanted, limit=PAGE_SIZE, offset=start)
    return Queue(
        choice=choice,
        cards=tuple(cards(session, shown, user_id=user_id, now=now)),
        kinds=kinds,
        tabs=tab_counts(session, user_id, since_of(Choice(), last_digest, now)),
        since=since,
        older=queue.count(session, replace(wanted, since=None)) - kinds.total if since is not None else 0,
    )


def cards(session: Session, story_ids: Sequence[int], *, user_id: int | None, now: datetime) -> list[Card]:
    """Cards of these stories, in the given order; a story without articles has none."""
    rows = stories.by_ids(session, story_ids)
    printings = printings_of(session, story_ids)
    sentences = _stance_sentences(session, printings, rows)
    corrected = _corrections(session, printings)
    left = notes.counts(session, story_ids)
    present = openings.others(session, story_ids, user_id, now - OPEN_FOR)
    return [
        _card(
            rows[number],
            portrait(printings[number], now),
            sentences.get(number, ""),
            corrected.get(number, ()),
            left.get(number, 0),
            tuple(present.get(number, ())),
        )
        for number in story_ids
        if number in rows and number in printings
    ]


def tab_counts(session: Session, user_id: int | None, since: datetime | None) -> dict[Tab, int]:
    """How many stories stand behind each tab; behind the first, those since then."""
    by_state = queue.count_by_state(session)

    def standing(states: Sequence[str], relevance: Sequence[str]) -> int:
        return sum(by_state.get((state, one), 0) for state in states for one in relevance)

    mine = queue.count(session, wanted_of(Choice(Tab.MINE), None, user_id)) if user_id is not None else 0
    return {
        Tab.NEW: queue.count(session, wanted_of(Choice(), since, user_id)),
        Tab.MINE: mine,
        Tab.WAITING: standing(STATES[Tab.WAITING], _ANY),
        Tab.PUBLISHED: standing(STATES[Tab.PUBLISHED], _ANY),
        Tab.REJECTED: standing(STATES[Tab.REJECTED], _ANY),
        Tab.NEAR: standing(OPEN_STATES, ("marginal",)),
    }


def since_of(choice: Choice, last_digest: datetime | None, now: datetime) -> datetime | None:
    """How far back a choice reaches; None: all the way."""
    if choice.since is not None or choice.until is not None:
        return choice.since
    span = choice.span or (Span.DIGEST if choice.tab is Tab.NEW and choice.ids is None else Span.ALL)
    if span is Span.ALL:
        return None
    if span is Span.DIGEST:
        return last_digest or now - FIRST_SPAN
    return now - timedelta(days=int(span))


def last_digest_at(session: Session) -> datetime | None:
    """When the last daily digest for the office ended: what has moved since is news to it."""
    last = digests.last_frozen(session, kind="daily", audience="internal")
    return last.until if last is not None else None


def wanted_of(choice: Choice, since: datetime | None, user_id: int | None) -> Wanted:
    """The choice as a query."""
    tab = choice.tab
    return Wanted(
        states=STATES[tab],
        relevance=_RELEVANCE.get(tab, _ANY),
        topic=choice.topic,
        stance=choice.stance,
        needs_response=choice.needs_response,
        source=choice.source,
        place=choice.place,
        assignee=user_id if tab is Tab.MINE else None,
        since=since,
        until=choice.until,
        ids=choice.ids,
        sort=choice.sort or _ORDER.get(tab, "newest"),
    )


def standing(row: StoryRow) -> Standing:
    return Standing(row.first_at, row.relevance, row.certainty, row.stance, row.needs_response, row.outlets, row.surge)


def _card(
    row: StoryRow,
    face: Portrait,
    sentence: str,
    corrected: tuple[Correction, ...],
    notes_left: int,
    open_by: tuple[int, ...],
) -> Card:
    return Card(
        id=row.id,
        revision=row.revision,
        state=row.state,
        relevance=row.relevance,
        headline=row.headline or face.headline,
        lead=row.summary or face.lead,
        has_own_headline=bool(row.headline),
        has_own_summary=bool(row.summary),
        portrait=face,
        topic=row.topic,
        stance=row.stance,
        stance_sentence=sentence,
        needs_response=row.needs_response,
        weights=tuple(weights(standing(row))),
        outlets=row.outlets,
        surge=row.surge,
        certainty=row.certainty,
        pace=face.pace,
        assignee=row.assignee,
        notes=notes_left,
        corrections=corrected,
        open_by=open_by,
        reason=row.reason,
        scheduled_at=row.scheduled_at,
    )


def _corrections(session: Session, printings: Mapping[int, Sequence[Printed]]) -> dict[int, tuple[Correction, ...]]:
    """What people corrected of each story, each field once: copies carry the corrections of their original."""
    story_of = {one.id: number for number, ones in printings.items() for one in ones}
    found: dict[int, dict[str, Correction]] = {}
    for row in queue.labels_of(session, list(story_of)):
        of_story = found.setdefault(story_of[row.article_id], {})
        of_story.setdefault(row.field, Correction(row.field, row.machine_value, row.value, row.by, row.at))
    return {number: tuple(of_story.values()) for number, of_story in found.items()}


def _stance_sentences(
    session: Session, printings: Mapping[int, Sequence[Printed]], rows: Mapping[int, StoryRow]
) -> dict[int, str]:
    """The sentence that the stance of each story rests on, from its first printing of that stance."""
    telling = {
        number: next((one.id for one in ones if one.stance == rows[number].stance), ones[0].id)
        for number, ones in printings.items()
        if rows[number].stance not in ("", "neutral")
    }
    found = queue.evidence_of(session, list(telling.values()))
    sentences = {}
    for number, article_id in telling.items():
        evidence = found[article_id].stance_evidence if article_id in found else None
        if evidence:
            sentences[number] = max(evidence, key=lambda one: abs(one["weight"]))["text"]
    return sentences
