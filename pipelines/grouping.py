"""The step `group`: which story an article belongs to, whether it is a copy of another, and whose.

All that decides stands in the store: what has been grouped is there to be found by keys, however long ago and by
whichever process, so a restart changes nothing. What a person has put together or taken apart is left as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from diembao.records import Article
from diembao.store import articles, stories
from diembao.store.articles import Candidate, Printed
from diembao.store.models import ArticleRow
from nlp.stories import lineage
from nlp.stories.copies import Copy, compare
from nlp.stories.credits import bare_name, read_credit
from nlp.stories.lineage import Member
from nlp.stories.linking import DAY, WEIGHTIEST, WINDOW_SECONDS, Link, choose, home, nearness
from nlp.stories.printing import LEAST_KEYS, VERSION, Printing, PrintingReader

__all__ = ["VERSION", "Filed", "file_copies", "keys_of", "place", "signature_of"]

_MOST_COPIES: Final = 40
_MOST_NEIGHBOURS: Final = 120
_WINDOW: Final = timedelta(seconds=WINDOW_SECONDS)


@dataclass(frozen=True, slots=True)
class Filed:
    """Where an article goes: its story, the stories that it shows to be the same one, what it is a copy of or holds."""

    story_id: int
    merged: tuple[int, ...]
    copies: tuple[int, ...]
    neighbours: int

    @property
    def outcome(self) -> str:
        if self.copies:
            return "reprint"
        return "joined" if self.neighbours else "alone"


def signature_of(article: Article, reader: PrintingReader) -> bytes:
    """What is kept to find an article's copies and neighbours by."""
    return reader.read(article.title, article.text, article.lead).to_bytes()


def keys_of(signature: bytes) -> list[int]:
    """The keys under which a signature is found; none for one kept by an earlier version."""
    printing = Printing.from_bytes(signature)
    return [*printing.keys(), *printing.terms.keys(WEIGHTIEST)] if printing else []


def credit_source(article: Article) -> str:
    """The bare name of the outlet that an article's credit line names, or empty."""
    return read_credit(article.text, article.credit).source[:80]


def place(
    session: Session,
    article: Article,
    signature: bytes,
    row: ArticleRow | None,
    *,
    at: datetime,
    relevance: str,
    now: datetime,
) -> Filed:
    """Find the story of an article, or make a new one. row: the article as it is stored, when it is.

    at: source time, else when it was fetched.
    """
    printing = Printing.from_bytes(signature)
    if printing is None:
        raise ValueError("the article's signature is of another version")
    besides = row.id if row is not None else None
    found = _copies(session, article, printing, at, besides)
    copies = tuple(other.id for other, copy in found if copy.is_copy)
    if row is not None and row.story_pinned:
        return Filed(row.story_id, (), copies, 0)
    link, present = _link(session, printing, at, article.published_at is not None, besides, row)
    decided = home([(other.story_id, copy) for other, copy in found], link)
    if decided is None:
        story_id = _own_story(session, row, at, relevance, now)
        return Filed(story_id, (), copies, 0)
    story_id, also = decided
    if present is not None and not found:
        # It still fits where it is; a nearer story elsewhere is no reason to move it back and forth.
        story_id, also = present, ()
    kept, merged = _unite(session, story_id, also, now)
    return Filed(kept, merged, copies, link is not None)


def file_copies(session: Session, row: ArticleRow, copies: Sequence[int], now: datetime) -> None:
    """Tell anew who took the text from whom: among this article's copies and those it was counted with before."""
    before = [one for one in articles.family(session, [row.id]) if one.id != row.id]
    articles.descend(session, row.id, None, 0.0)
    together = articles.family(session, [row.id, *copies]) if copies else articles.family(session, [row.id])
    changed = _trace(session, together)
    left = [one for one in before if one.id not in {other.id for other in together}]
    changed += _trace(session, left)
    session.flush()
    articles.touch(session, changed, now)


def _copies(
    session: Session, article: Article, printing: Printing, at: datetime, besides: int | None
) -> list[tuple[Candidate, Copy]]:
    """Stored articles that this one is a copy of or holds, most alike first."""
    keys = printing.keys()
    least = LEAST_KEYS if len(keys) > LEAST_KEYS else 1
    found = []
    for other in articles.candidates(session, keys, besides=besides, least=least, most=_MOST_COPIES):
        theirs = Printing.from_bytes(other.signature)
        if theirs is None:
            continue
        known = article.published_at is not None and other.published_at is not None
        apart = abs((at - other.effective_at).total_seconds()) if known else None
        first, second = (printing, theirs) if at < other.effective_at else (theirs, printing)
        copy = compare(first, second, apart=apart, same_outlet=article.source == other.source)
        if copy:
            found.append((other, copy))
    return sorted(found, key=lambda pair: (not pair[1].is_copy, -pair[1].likeness, pair[0].id))


def _link(
    session: Session, printing: Printing, at: datetime, dated: bool, besides: int | None, row: ArticleRow | None
) -> tuple[Link | None, int | None]:
    """The story whose articles are near; and the present one of a stored article, when it would do as well."""
    if printing.serial:
        return None, None
    within = (at - _WINDOW, at + _WINDOW)
    near: dict[int, list[float]] = {}
    keys = printing.terms.keys(WEIGHTIEST)
    for other in articles.candidates(session, keys, besides=besides, within=within, most=_MOST_NEIGHBOURS):
        theirs = Printing.from_bytes(other.signature)
        if theirs is not None:
            value = nearness(theirs, printing, _apart(at, other, known=dated and other.published_at is not None))
            near.setdefault(other.story_id, []).append(value)
    sizes = articles.counts_between(session, sorted(near), within)
    if row is not None and row.story_id in sizes:
        sizes[row.story_id] = max(1, sizes[row.story_id] - 1)
        own = choose({row.story_id: near[row.story_id]}, sizes)
        if own is not None:
            return own, row.story_id
    return choose(near, sizes), None


def _apart(at: datetime, other: Candidate, *, known: bool) -> float:
    """Seconds between two articles; whole days where one has only the time of its fetching, which is an accident: a
    run that was killed and begun again must end like one that was not."""
    seconds = abs((at - other.effective_at).total_seconds())
    return seconds if known else seconds // DAY * DAY


def _own_story(session: Session, row: ArticleRow | None, at: datetime, relevance: str, now: datetime) -> int:
    """A new story; or the present one of the article that began it: from that, the others leave."""
    if row is not None:
        present = stories.by_ids(session, [row.story_id]).get(row.story_id)
        if present is not None and (present.articles <= 1 or present.first_article_id == row.id):
            return present.id
    return stories.create(session, at=at, relevance=relevance, now=now).id


def _unite(session: Session, story_id: int, also: Sequence[int], now: datetime) -> tuple[int, tuple[int, ...]]:
    """Make one story of several, as far as people have not said otherwise; which was kept and which went."""
    ids = sorted({story_id, *also})
    by_hand = stories.pinned(session, ids)
    if len(by_hand) > 1:
        # Two that people made are two; the article goes where it was going, the rest stay.
        ids = sorted((set(ids) - by_hand) | ({story_id} if story_id in by_hand else {min(by_hand)}))
    kept = _worth_keeping(session, ids, by_hand)
    merged = tuple(number for number in ids if number != kept)
    moved: list[int] = []
    for number in merged:
        moved += stories.merge(session, kept, number, now)
    articles.touch(session, moved, now)
    return kept, merged


def _worth_keeping(session: Session, ids: Sequence[int], by_hand: set[int]) -> int:
    """Of several stories that are one: the one people have worked on, else the oldest."""
    rows = stories.by_ids(session, ids)
    return min(ids, key=lambda number: (number not in by_hand, rows[number].state == "new", number))


def _trace(session: Session, family: Sequence[Printed]) -> list[int]:
    """Write down the descent of each; returns the articles for which it changed."""
    if not family:
        return []
    changed = []
    members = [_member(one) for one in family]
    for one, descent in zip(family, lineage.trace(members), strict=True):
        certainty = descent.certainty if descent.taken_from is not None else 0.0
        if (one.reprint_of, one.reprint_certainty) != (descent.taken_from, certainty):
            articles.descend(session, one.id, descent.taken_from, certainty)
            changed.append(one.id)
    return changed


def _member(one: Printed) -> Member:
    at = one.published_at.timestamp() if one.published_at is not None else None
    return Member(one.id, at, bare_name(one.outlet or one.source), one.credit_source)
