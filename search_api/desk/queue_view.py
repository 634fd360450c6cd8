"""The queue in the shape that its templates show: tabs, filters with counts, cards with their words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from diembao.newsroom.queue import STATES, Card, Queue, Tab
from diembao.newsroom.states import STEPS, Act, State
from diembao.store import people
from diembao.store import queue as store_queue
from search_api.desk.asked import Asked
from search_api.desk.member import Member
from search_api.labels import Labels
from search_api.site import Site

# So many values of a filter are shown before “more”.
SHOWN_VALUES = 8
_STANCES = ("unfavourable", "mixed", "neutral", "favourable")
# What the key for the next step does, the furthest first.
_FORWARD = {
    State.NEW: (Act.APPROVE, Act.SUBMIT),
    State.TAKEN: (Act.APPROVE, Act.SUBMIT),
    State.DRAFTED: (Act.APPROVE, Act.SUBMIT),
    State.WAITING: (Act.APPROVE,),
    State.APPROVED: (Act.PUBLISH,),
    State.REJECTED: (Act.REOPEN,),
    State.WITHDRAWN: (Act.REOPEN,),
}
BULK_ACTS = (Act.TAKE, Act.SUBMIT, Act.APPROVE, Act.PUBLISH, Act.RELEASE, Act.REOPEN)


@dataclass(frozen=True, slots=True)
class Option:
    label: str
    count: int | None
    path: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Filter:
    """name: of its heading in the catalogue. more: values beyond the first few."""

    name: str
    options: tuple[Option, ...]
    more: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class Desk:
    """Who looks, and the names that cards and panes need. people: shown names by user name and by number."""

    member: Member
    labels: Labels
    names: Mapping[str, str]
    names_by_id: Mapping[int, str]

    @classmethod
    def of(cls, session: Session, site: Site, member: Member) -> Desk:
        everybody = people.everybody(session)
        return cls(
            member,
            Labels(site.desk.edition, site.units, store_queue.outlets(session)),
            {row.name: row.full_name or row.name for row in everybody},
            {row.id: row.full_name or row.name for row in everybody},
        )

    def name(self, user: str) -> str:
        """Of the person, as colleagues know them; machines have none."""
        return self.names.get(user, user)

    def initials(self, name: str) -> str:
        """Of a Vietnamese name: the first letters of its last two words, the given name being the last."""
        return "".join(word[0] for word in name.replace(".", " ").split()[-2:]).upper()

    def possible(self, state: str) -> tuple[Act, ...]:
        return possible(self.member, state)

    def forward(self, state: str) -> Act | None:
        return forward(self.member, state)

    def place(self, code: str) -> str:
        unit = self.labels.units.by_code.get(code)
        return unit.label if unit else code


def possible(member: Member, state: str) -> tuple[Act, ...]:
    """What the table of states lets this person do to a story in this state."""
    return tuple(act for act in Act if _may(member, act, state))


def forward(member: Member, state: str) -> Act | None:
    """What the key for the next step does for this person."""
    return next((act for act in _FORWARD.get(State(state), ()) if _may(member, act, state)), None)


def bulk_acts(member: Member, tab: Tab) -> list[Act]:
    """What may be done to stories of this tab at once."""
    states = STATES.get(tab, ())
    found = [act for act in BULK_ACTS if any(_may(member, act, state) for state in states)]
    return [act for act in found if act is not Act.SUBMIT or Act.APPROVE not in found]


def belongs(card: Card, tab: Tab, member: Member) -> bool:
    """Whether a story still stands behind a tab after something was done to it."""
    if card.state not in STATES.get(tab, ()):
        return False
    return tab is not Tab.MINE or card.assignee == member.name


def tabs(site: Site, queue: Queue) -> list[tuple[str, str, int, bool]]:
    text = site.desk.edition.messages.text
    clean = Asked()
    return [
        (text(f"desk.queue.tabs.{tab}"), clean.path(tab=tab), queue.tabs[tab], queue.choice.tab is tab) for tab in Tab
    ]


def filters(site: Site, desk: Desk, asked: Asked, queue: Queue) -> list[Filter]:
    kinds, edition = queue.kinds, site.desk.edition
    stances = {stance: kinds.stances.get(stance, 0) for stance in _STANCES}
    return [
        _filter(
            "needs_response", asked, {"1": kinds.needs_response}, lambda _: edition.messages.text("desk.queue.needs")
        ),
        _filter("stance", asked, stances, lambda value: edition.messages.text(f"desk.frame.stance.{value}")),
        _filter("topic", asked, kinds.topics, edition.topic),
        _filter("place", asked, kinds.places, desk.place),
        _filter("source", asked, kinds.sources, lambda value: desk.labels.outlets.get(value, value)),
    ]


def words_in_force(site: Site, desk: Desk, asked: Asked) -> list[str]:
    """The filters in force, in words."""
    edition, text = site.desk.edition, site.desk.edition.messages.text
    words = {
        "topic": edition.topic(asked.topic),
        "stance": text(f"desk.frame.stance.{asked.stance}") if asked.stance else "",
        "source": desk.labels.outlets.get(asked.source, asked.source),
        "place": desk.place(asked.place),
        "needs_response": text("desk.queue.needs"),
        "span": text(f"desk.queue.spans.{asked.span}") if asked.span else "",
        "from_": f"{text('desk.queue.from').lower()} {asked.from_}",
        "to": f"{text('desk.queue.to').lower()} {asked.to}",
    }
    return [words[name] for name in asked.in_force]


def _may(member: Member, act: Act, state: str) -> bool:
    step = STEPS[act].get(State(state))
    return step is not None and member.may(step.needs)


def _filter(name: str, asked: Asked, counts: Mapping[str, int], label: Callable[[str], str]) -> Filter:
    chosen: str = getattr(asked, name)
    values: Sequence[str] = list(counts)
    if chosen and chosen not in counts:
        values = [chosen, *values]
    options = [_option(name, value, counts.get(value, 0), asked, label) for value in values]
    ordered = [one for one in options if one.is_chosen] + [one for one in options if not one.is_chosen]
    return Filter(name, tuple(ordered[:SHOWN_VALUES]), tuple(ordered[SHOWN_VALUES:]))


def _option(name: str, value: str, count: int, asked: Asked, label: Callable[[str], str]) -> Option:
    is_chosen = getattr(asked, name) == value
    return Option(label(value), count, asked.path(**{name: "" if is_chosen else value}), is_chosen)
