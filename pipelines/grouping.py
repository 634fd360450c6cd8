"""The step `group`: which story an article belongs to, and whether it is a copy of another.

Articles whose texts resemble one another are one story; being alike is symmetric and chains are followed, so
the outcome does not depend on the order in which the articles came.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from diembao.store import articles, stories
from diembao.store.models import ArticleRow
from nlp import similarity


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an article goes: its story, and the stories that it shows to be the same one."""

    story_id: int
    merged: tuple[int, ...]
    copies: tuple[int, ...]


def place(
    session: Session, signature: bytes, *, besides: int | None, at: datetime, relevance: str, now: datetime
) -> Placement:
    """Find the story of an article by its near copies, or make a new one.

    besides: id of the article itself when it is already stored.
    """
    candidates = articles.copy_candidates(session, similarity.bands(signature), besides=besides)
    copies = [
        other for other in candidates if similarity.resemblance(signature, other.signature) >= similarity.COPY_THRESHOLD
    ]
    if not copies:
        return Placement(stories.create(session, at=at, relevance=relevance, now=now).id, (), ())
    ids = sorted({other.story_id for other in copies})
    kept = _worth_keeping(session, ids)
    merged = tuple(story_id for story_id in ids if story_id != kept)
    moved: list[int] = []
    for story_id in merged:
        moved += stories.merge(session, kept, story_id, now)
    articles.touch(session, moved, now)
    return Placement(kept, merged, tuple(other.id for other in copies))


def name_first_printing(session: Session, story_id: int, now: datetime) -> None:
    """The earliest article of a story is the original; its near copies are reprints of it."""
    printings = [row for row in articles.of_story(session, story_id) if row.signature]
    changed: list[int] = []
    for position, row in enumerate(printings):
        original = _original(row, printings[:position])
        if row.reprint_of != original:
            row.reprint_of = original
            changed.append(row.id)
    session.flush()
    articles.touch(session, changed, now)


def _original(row: ArticleRow, earlier: list[ArticleRow]) -> int | None:
    for other in earlier:
        if similarity.resemblance(row.signature, other.signature) >= similarity.COPY_THRESHOLD:
            return other.reprint_of or other.id
    return None


def _worth_keeping(session: Session, ids: list[int]) -> int:
    """Of several stories that are one: the one people have worked on, else the oldest."""
    rows = stories.by_ids(session, ids)
    return min(ids, key=lambda story_id: (rows[story_id].state == "new", story_id))
