"""The step `group`: which story an article belongs to, whether it is a copy of another, and whose.

All that decides stands in the store: what has been grouped is there to be found by keys, however long ago and by
whichever process, so a restart changes nothing. A story is all articles that links lead to (`nlp.stories.linking`): one
that links to several stories makes them one, and where one changes or goes the rest may fall apart. The order in which
articles came plays no part. What a person has put together or taken apart is left as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from typing import Final

from sqlalchemy.orm import Session

from diembao.records import Article
from diembao.store import articles, stories
from diembao.store.articles import Candidate, Printed, Signed
from diembao.store.models import ArticleRow
from nlp.stories import lineage
from nlp.stories.copies import Copy, compare
from nlp.stories.credits import bare_name, read_credit
from nlp.stories.lineage import Member
from nlp.stories.linking import LEAST_TERMS, LINK_FROM, WEIGHTIEST, WINDOW_SECONDS, nearness, parts
from nlp.stories.printing import LEAST_KEYS, VERSION, Printing, PrintingReader

__all__ = ["VERSION", "Filed", "file_copies", "keys_of", "part", "place", "signature_of"]

_MOST_COPIES: Final = 40
_MOST_NEIGHBOURS: Final = 200
# A story of more articles than this is not taken apart: people see to it, and the work stays bounded.
_MOST_PARTED: Final = 400
_WINDOW: Final = timedelta(seconds=WINDOW_SECONDS)


@dataclass(frozen=True, slots=True)
class Filed:
    """Where an article goes: its story, the stories that it shows to be the same one, what it is a copy of.

    linked: whether other reports of the event are known.
    """

    story_id: int
    merged: tuple[int, ...]
    copies: tuple[int, ...]
    linked: bool

    @property
    def outcome(self) -> str:
        if self.copies:
            return "reprint"
        return "joined" if self.linked else "alone"


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

    at: source time, else when it was fetched. A stored article stays in its story, unless that is merged; whether
    it still belongs there is for `part` to see, when its new text is kept.
    """
    printing = Printing.from_bytes(signature)
    if printing is None:
        raise ValueError("the article's signature is of another version")
    besides = row.id if row is not None else None
    found = _copies(session, article, printing, at, besides)
    copies = tuple(other.id for other, _ in found)
    if row is not None and row.story_pinned:
        return Filed(row.story_id, (), copies, linked=False)
    near = _neighbours(session, article, printing, at, besides)
    linked = [other.story_id for other, _ in found] + [other.story_id for other in near]
    together = list(dict.fromkeys([row.story_id, *linked] if row is not None else linked))
    if not together:
        return Filed(stories.create(session, at=at, relevance=relevance, now=now).id, (), copies, linked=False)
    kept, merged = _unite(session, together[0], together[1:], now)
    return Filed(kept, merged, copies, linked=bool(near))


def part(session: Session, story_id: int, now: datetime) -> list[int]:
    """Take a story apart into what its links still hold together, as far as no person has said otherwise.

    Returns the new stories.
    """
    story = stories.by_ids(session, [story_id]).get(story_id)
    members = articles.signatures_of(session, story_id) if story is not None else []
    printings = {one.id: printing for one in members if (printing := Printing.from_bytes(one.signature))}
    # One whose signature an earlier version kept links to nothing yet; until it is done again, nothing moves.
    if story is None or not 1 < len(members) <= _MOST_PARTED or len(printings) < len(members):
        return []
    # What people put together holds together; it is what stays, else the part with the article that began the story.
    by_hand = [one.id for one in members if one.pinned]
    numbers = [one.id for one in members]
    began = story.first_article_id if story.first_article_id in numbers else numbers[0]
    stays = by_hand[0] if by_hand else began
    groups = parts(numbers, [*((stays, other) for other in by_hand), *_links(members, printings)])
    return [_new_story(session, group, now) for group in groups if stays not in group]


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
    """Stored articles that this one is a copy of, most alike first."""
    keys = printing.keys()
    least = LEAST_KEYS if len(keys) > LEAST_KEYS else 1
    found = []
    for other in articles.candidates(session, keys, besides=besides, least=least, most=_MOST_COPIES):
        theirs = Printing.from_bytes(other.signature)
        if theirs is None:
            continue
        first, second = (printing, theirs) if at < other.effective_at else (theirs, printing)
        apart = _apart(article.published_at, other.published_at)
        copy = _copy(first, second, apart, same_outlet=article.source == other.source)
        if copy:
            found.append((other, copy))
    return sorted(found, key=lambda pair: (-pair[1].likeness, pair[0].id))


def _neighbours(
    session: Session, article: Article, printing: Printing, at: datetime, besides: int | None
) -> list[Candidate]:
    """Stored articles that tell of the same event, nearest first."""
    if printing.serial:
        return []
    keys, within = printing.terms.keys(WEIGHTIEST), (at - _WINDOW, at + _WINDOW)
    near = []
    for other in articles.candidates(
        session, keys, besides=besides, within=within, least=LEAST_TERMS, most=_MOST_NEIGHBOURS
    ):
        theirs = Printing.from_bytes(other.signature)
        value = nearness(theirs, printing, _apart(article.published_at, other.published_at)) if theirs else 0.0
        if value >= LINK_FROM:
            near.append((value, other))
    return [other for _, other in sorted(near, key=lambda pair: (-pair[0], pair[1].id))]


def _links(members: Sequence[Signed], printings: Mapping[int, Printing]) -> Iterator[tuple[int, int]]:
    """The links among the articles of a story, of those that share keys; most shared first, as they hold mostly."""
    by_id = {one.id: one for one in members}
    by_key: dict[int, list[int]] = {}
    for one in members:
        for key in keys_of(one.signature):
            by_key.setdefault(key, []).append(one.id)
    shared = Counter(pair for numbers in by_key.values() for pair in combinations(numbers, 2))
    for (first, second), count in shared.most_common():
        if count < min(LEAST_KEYS, LEAST_TERMS):
            break
        if _linked(by_id[first], printings[first], by_id[second], printings[second]):
            yield first, second


def _linked(one: Signed, printing: Printing, other: Signed, theirs: Printing) -> bool:
    apart = _apart(one.published_at, other.published_at)
    if nearness(printing, theirs, apart) >= LINK_FROM:
        return True
    earlier = one.effective_at <= other.effective_at
    first, second = (printing, theirs) if earlier else (theirs, printing)
    return _copy(first, second, apart, same_outlet=one.source == other.source) is not None


def _copy(first: Printing, second: Printing, apart: float | None, *, same_outlet: bool) -> Copy | None:
    """Whether the second is a copy of the first; or either of the other, where nobody knows which is the earlier."""
    tries = ((first, second),) if apart is not None else ((first, second), (second, first))
    found = (compare(one, other, apart=apart, same_outlet=same_outlet) for one, other in tries)
    return next((copy for copy in found if copy and copy.is_copy), None)


def _apart(one: datetime | None, other: datetime | None) -> float | None:
    """Seconds between what two articles say of when they came out; when they were fetched is an accident."""
    return abs((one - other).total_seconds()) if one is not None and other is not None else None


def _new_story(session: Session, article_ids: Sequence[int], now: datetime) -> int:
    rows = articles.by_ids(session, article_ids)
    first = min(rows.values(), key=lambda row: (row.effective_at, row.id))
    story = stories.create(session, at=first.effective_at, relevance=first.relevance, now=now)
    for row in rows.values():
        row.story_id = story.id
    session.flush()
    stories.refresh(session, story.id, now)
    articles.touch(session, sorted(rows), now)
    return story.id


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
