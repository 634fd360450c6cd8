"""One story as the reading pane shows it: a printing in full with its evidence, the others, how it came here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import Row
from sqlalchemy.orm import Session

from diembao.newsroom import desk, notes, queue, texts
from diembao.newsroom.evidence import Piece, marked, paragraphs
from diembao.newsroom.publishing import Refusal
from diembao.newsroom.queue import Card
from diembao.newsroom.stories import Portrait, portraits, related
from diembao.settings import Settings
from diembao.store import articles, audit, changes, stories, trail
from diembao.store import queue as store_queue
from diembao.store.changes import SourceEvent, Version
from diembao.store.models import ArticleRow, AuditRow, StoryNoteRow, StoryRow, StoryTextRow, TrailRow
from nlp.differences import Hunk, differences
from nlp.wording import say_rule

# What is shown of a story without asking for more.
_MOST_AUDIT: Final = 50
_MOST_RELATED: Final = 4


@dataclass(frozen=True, slots=True)
class Why:
    """A reason of the machine: rule in words, what it quotes, how much it weighed (negative: against)."""

    said: str
    quoted: str
    weight: float


@dataclass(frozen=True, slots=True)
class Change:
    """What became of an article's text from one version to the next."""

    older: Version
    newer: Version
    title: tuple[Hunk, ...]
    text: tuple[Hunk, ...]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A story about the same. nearness: 0..1."""

    story: StoryRow
    headline: str
    nearness: float


@dataclass(frozen=True, slots=True)
class Reading:
    """article: the printing in full. printings: all of them, first printed first. original: of a copy.

    verdict: the rule that forbids publishing now, if any. texts: what was saved, newest first. labels: where people
    said otherwise than the machine about the article, by field.
    """

    story: StoryRow
    card: Card
    article: ArticleRow
    title: tuple[Piece, ...]
    paragraphs: tuple[tuple[Piece, ...], ...]
    relevance_why: tuple[Why, ...]
    stance_why: tuple[Why, ...]
    printings: tuple[ArticleRow, ...]
    outlets: Mapping[str, str]
    changes: tuple[Change, ...]
    events: tuple[SourceEvent, ...]
    trail: tuple[TrailRow, ...]
    audit: tuple[AuditRow, ...]
    related: tuple[Neighbour, ...]
    verdict: Refusal | None
    notes: tuple[StoryNoteRow, ...]
    texts: tuple[StoryTextRow, ...]
    labels: Mapping[str, Row[Any]]

    @property
    def portrait(self) -> Portrait:
        return self.card.portrait

    @property
    def original(self) -> ArticleRow | None:
        return next((row for row in self.printings if row.id == self.article.reprint_of), None)

    @property
    def places(self) -> list[dict[str, Any]]:
        """Places of the article in full, each once."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for place in self.article.annotations.get("places") or ():
            found.setdefault((place["name"], place["code"]), place)
        return list(found.values())

    @property
    def topics(self) -> list[str]:
        """Slugs, the main one first."""
        named = [topic["slug"] for topic in self.article.annotations.get("topics") or ()]
        return list(dict.fromkeys([self.article.topic, *named])) if self.article.topic else named


def load(
    session: Session,
    story_id: int,
    settings: Settings,
    *,
    user_id: int | None,
    now: datetime,
    article_id: int | None = None,
) -> Reading | None:
    """The story, or the one it was merged into; None when there is none or it has no articles left.

    article_id: the printing to be read; without it, or where the story has no such printing, the one whose headline
    stands for the story.
    """
    story = stories.get(session, story_id)
    shown = queue.cards(session, [story.id], user_id=user_id, now=now) if story is not None else []
    if story is None or not shown:
        return None
    printings = tuple(articles.of_story(session, story.id))
    by_id = {row.id: row for row in printings}
    article = by_id.get(article_id or 0) or by_id[shown[0].portrait.headline_of]
    kept = article.annotations
    return Reading(
        story=story,
        card=shown[0],
        article=article,
        title=tuple(marked(article.title, "title", kept)),
        paragraphs=tuple(map(tuple, paragraphs(marked(article.text, "text", kept)))),
        relevance_why=_why(kept.get("evidence")),
        stance_why=_why(kept.get("stance_evidence")),
        printings=printings,
        outlets=store_queue.outlets(session),
        changes=tuple(_changes(changes.versions(session, article.id))),
        events=tuple(changes.events_of(session, [article.id])),
        trail=tuple(trail.of_page(session, article.page_id)),
        audit=tuple(audit.of_object(session, "story", story.id)[-_MOST_AUDIT:]),
        related=tuple(_related(session, story.id, now)),
        verdict=desk.gate(session, story, now, settings),
        notes=tuple(notes.of_story(session, story.id)),
        texts=tuple(texts.history(session, story.id)),
        labels={row.field: row for row in store_queue.labels_of(session, [article.id])[::-1]},
    )


def _why(evidence: Sequence[Mapping[str, Any]] | None) -> tuple[Why, ...]:
    """The heaviest first; what says the same twice is said once."""
    ordered = sorted(evidence or (), key=lambda item: -abs(item.get("weight", 0.0)))
    found = {
        (say_rule(item["rule"]), item.get("text", "")): Why(
            say_rule(item["rule"]), item.get("text", ""), item.get("weight", 0.0)
        )
        for item in reversed(ordered)
    }
    return tuple(sorted(found.values(), key=lambda why: -abs(why.weight)))


def _changes(versions: Sequence[Version]) -> list[Change]:
    """Newest first."""
    found = [
        Change(older, newer, tuple(differences(older.title, newer.title)), tuple(differences(older.text, newer.text)))
        for older, newer in pairwise(versions)
    ]
    return found[::-1]


def _related(session: Session, story_id: int, now: datetime) -> list[Neighbour]:
    near = related(session, story_id, most=_MOST_RELATED)
    rows = stories.by_ids(session, [one.story_id for one in near])
    faces = portraits(session, [one.story_id for one in near], now)
    return [
        Neighbour(rows[one.story_id], rows[one.story_id].headline or faces[one.story_id].headline, one.nearness)
        for one in near
        if one.story_id in faces
    ]
