"""The reading pane in the shape that its template shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from diembao.newsroom import reading, texts
from diembao.newsroom.reading import Reading
from diembao.newsroom.states import Act
from diembao.store.models import StoryTextRow
from search_api.desk.queue_view import Desk
from search_api.desk.saying import say
from search_api.site import Site

_CURVE_WIDTH, _CURVE_HEIGHT = 320, 56


@dataclass(frozen=True, slots=True)
class Pane:
    """acts: what the person may do. forward: what the key for the next step does. gate: why it may not be published
    now, in words; empty when it may. draft: what the person was writing and has not saved. copies: of the article in
    full, which a correction may be applied to. curve: points of the growth curve, in pixels."""

    reading: Reading
    acts: tuple[Act, ...]
    forward: Act | None
    gate: str
    draft: StoryTextRow | None
    copies: int
    curve: str
    corrections: Mapping[str, str]

    @property
    def headline(self) -> str:
        return self.draft.headline if self.draft else self.reading.story.headline

    @property
    def summary(self) -> str:
        return self.draft.summary if self.draft else self.reading.story.summary


def load(session: Session, site: Site, desk: Desk, story_id: int, printing: int | None) -> Pane | None:
    """None when there is no such story, or nothing is left of it."""
    now = site.now()
    found = reading.load(session, story_id, site.settings, user_id=desk.member.user_id, now=now, article_id=printing)
    if found is None:
        return None
    verdict = found.verdict
    return Pane(
        reading=found,
        acts=desk.possible(found.story.state),
        forward=desk.forward(found.story.state),
        gate=say(site.desk.edition, verdict.key, verdict.values, now) if verdict else "",
        draft=texts.draft_of(session, found.story.id, desk.member.actor),
        copies=copies_of(found),
        curve=_curve(found.portrait.growth),
        corrections={field: machine_words(site, desk, field, row.machine_value) for field, row in found.labels.items()},
    )


def shared(site: Site, desk: Desk) -> dict[str, Any]:
    """What the templates of cards and panes need beside the card or the pane itself."""
    messages = site.desk.edition.messages
    return {
        "desk": desk,
        "topics": site.editions.topics,
        "units": sorted(site.units.by_code.values(), key=lambda unit: unit.name),
        "words": lambda field, value: machine_words(site, desk, field, value),
        "t_or": lambda key, otherwise: messages.text(key) if key in messages else otherwise,
    }


def copies_of(found: Reading) -> int:
    """How many printings are copies of the same text as the one in full, itself left out."""
    root = found.article.reprint_of or found.article.id
    family = [row for row in found.printings if root in (row.id, row.reprint_of)]
    return max(0, len(family) - 1)


def machine_words(site: Site, desk: Desk, field: str, value: Any) -> str:
    """A value of a label as people read it."""
    text, edition = site.desk.edition.messages.text, site.desk.edition
    if field == "relevance":
        return text(f"desk.reading.relevances.{value}")
    if field == "stance":
        return text(f"desk.frame.stance.{value}").lower() if value else text("desk.reading.no_stance")
    if field == "needs_response":
        return text(f"desk.reading.response_{'yes' if value else 'no'}").lower()
    if field == "topics":
        return ", ".join(edition.topic(_slug(one)) for one in value) or text("desk.reading.no_topic")
    if field == "places":
        return ", ".join(_place(desk, one) for one in value) or text("desk.reading.places_none")
    return str(value)


def _slug(topic: Any) -> str:
    return str(topic["slug"]) if isinstance(topic, Mapping) else str(topic)


def _place(desk: Desk, place: Any) -> str:
    return str(place["name"]) if isinstance(place, Mapping) else desk.place(str(place))


def _curve(growth: Iterable[tuple[datetime, int]]) -> str:
    """Points of a stepped line: time to the right, outlets upwards."""
    points = list(growth)
    if len(points) < 2:
        return ""
    start, span = points[0][0], (points[-1][0] - points[0][0]).total_seconds()
    most = points[-1][1]
    path: list[str] = []
    height = 0.0
    for at, number in points:
        x = (at - start).total_seconds() / span * _CURVE_WIDTH
        path.append(f"{x:.1f},{_CURVE_HEIGHT - height:.1f}")
        height = number / most * (_CURVE_HEIGHT - 4)
        path.append(f"{x:.1f},{_CURVE_HEIGHT - height:.1f}")
    return " ".join(path)
