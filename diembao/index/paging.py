"""Where a page ends and the next begins, and one article a story: the same for every engine.

A position is the class, time and hash of the last article shown, so a cursor stays good for ever: it needs
no snapshot, and articles that come in meanwhile neither repeat nor hide others.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from diembao.errors import BadQuery
from diembao.index.highlight import highlight
from diembao.index.plan import InStories
from diembao.index.protocol import MAX_SIZE, Hit, Query

_CURSOR_VERSION = 1
Handle = TypeVar("Handle")


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the order of one query: score falls, then sort_key falls or rises, then id_key rises."""

    score: int
    sort_key: int
    id_key: int


@dataclass(frozen=True, slots=True)
class Row(Generic[Handle]):
    """One article of an answer. handle: what its engine needs to show it."""

    position: Position
    story_key: int
    handle: Handle
    same_story: int = 0


def row_order(newest_first: bool) -> Callable[[Row[Handle]], tuple[int, int, int]]:
    """Sort key of rows: the order of every answer."""
    sign = -1 if newest_first else 1
    return lambda row: (-row.position.score, sign * row.position.sort_key, row.position.id_key)


# The rows after a position, in order, at most so many; only of these stories where given.
Reader = Callable[[Position | None, int, InStories | None], Sequence[Row[Handle]]]
# How many matching articles each of these stories has.
StoryCounter = Callable[[InStories], Mapping[int, int]]


def encode_cursor(query: Query, last: Position) -> str:
    """The cursor of the page that follows `last`."""
    fields = [_CURSOR_VERSION, _fingerprint(query), last.score, last.sort_key, last.id_key]
    return base64.urlsafe_b64encode(json.dumps(fields, separators=(",", ":")).encode()).decode().rstrip("=")


def decode_cursor(query: Query) -> Position | None:
    """The position that `query.after` stands for; None for the first page.

    Raises:
        BadQuery: `bad_cursor` when it is damaged or belongs to another query.
    """
    if query.after is None:
        return None
    try:
        padded = query.after.encode("ascii") + b"=" * (-len(query.after) % 4)
        fields = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, UnicodeError, ValueError, RecursionError) as error:
        raise _bad_cursor() from error
    match fields:
        case [int(version), str(fingerprint), int(score), int(sort_key), int(id_key)]:
            if version == _CURSOR_VERSION and fingerprint == _fingerprint(query) and _are_keys(score, sort_key, id_key):
                return Position(score, sort_key, id_key)
    raise _bad_cursor()


def _are_keys(*numbers: int) -> bool:
    return all(-(2**63) <= number < 2**63 for number in numbers)


def _bad_cursor() -> BadQuery:
    return BadQuery("the cursor is damaged or belongs to another query", 0, "bad_cursor")


def _fingerprint(query: Query) -> str:
    asked = replace(query, size=0, after=None, facets=(), histogram=False, count_stories=False, highlight=None)
    return hashlib.sha256(repr(asked).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def one_page(read: Reader[Handle], after: Position | None, size: int) -> tuple[list[Row[Handle]], bool]:
    """The next rows, at most `size`, and whether more follow."""
    rows = list(read(after, size + 1, None))
    return rows[:size], len(rows) > size


def one_page_of_stories(
    read: Reader[Handle], count: StoryCounter, after: Position | None, size: int
) -> tuple[list[Row[Handle]], bool]:
    """The next rows that are the first of their story in the whole answer, with the size of each story there."""
    found: list[Row[Handle]] = []
    from_the_top = after is None
    seen: set[int] = set()
    batch = min(3 * size + 1, MAX_SIZE)
    while len(found) <= size:
        rows = read(after, batch, None)
        fresh = []
        for row in rows:
            if row.story_key not in seen:
                seen.add(row.story_key)
                fresh.append(row)
        found += fresh if from_the_top else _not_shown_before(read, fresh)
        if len(rows) < batch:
            break
        after = rows[-1].position
    page = found[:size]
    sizes = count(_stories_of(page)) if page else {}
    return [replace(row, same_story=sizes[row.story_key]) for row in page], len(found) > size


def _not_shown_before(read: Reader[Handle], rows: Sequence[Row[Handle]]) -> list[Row[Handle]]:
    """Those whose story has no better article than them: it would have been on a page before."""
    firsts: dict[int, Position] = {}
    after: Position | None = None
    while rows and len(firsts) < len(rows):
        members = read(after, MAX_SIZE, _stories_of(rows))
        for member in members:
            firsts.setdefault(member.story_key, member.position)
        if len(members) < MAX_SIZE:
            break
        after = members[-1].position
    return [row for row in rows if firsts.get(row.story_key) == row.position]


def _stories_of(rows: Sequence[Row[Handle]]) -> InStories:
    return InStories(tuple(dict.fromkeys(row.story_key for row in rows)))


def bare_hit(row: Row[Handle], identity: str) -> Hit:
    """The hit of a row whose article was not read."""
    return Hit(identity, row.position.score, "", "", "", "", None, row.same_story)


def make_hit(query: Query, row: Row[Handle], shown: Mapping[str, Any]) -> Hit:
    """The hit of a row. shown: `Analysed.shown` as the engine gave it back, without texts that are not needed."""
    published_at = shown["published_at"]
    return Hit(
        id=shown["id"],
        score=row.position.score,
        title=shown["title"],
        url=shown["url"],
        source=shown["source"],
        story=shown["story"],
        published_at=None if published_at is None else datetime.fromtimestamp(published_at, UTC),
        same_story=row.same_story,
        highlights=highlight(query.tree, shown, query.highlight) if query.highlight else {},
    )
