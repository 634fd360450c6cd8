"""Views that analysts keep under a name: private ones, and ones the whole office sees.

A private search does not exist for anybody else, whatever they ask with. What a person has of a search (when they
last looked, a feed, a summary by mail) is theirs alone, of a shared one, too.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from urllib.parse import parse_qsl, urlencode

from sqlalchemy.orm import Session

from diembao.errors import BadQuery, Refused
from diembao.index.language import parse
from diembao.index.protocol import Filter, Keyword, Query, SearchIndex
from diembao.newsroom.analysis.asked import SEARCH, TRENDS, Asked, BadDay
from diembao.newsroom.days import day_of
from diembao.newsroom.people import actor_of
from diembao.newsroom.permissions import Action, Actor, allowed, require
from diembao.store import audit, letters, people, saved_searches
from diembao.store.models import SavedSearchFollowRow, SavedSearchRow, UserRow
from nlp.text import normalise

PAGES: Mapping[str, str] = {"search": SEARCH, "trends": TRENDS, "compare": f"{TRENDS}/so-sanh"}
LETTER = "saved_search"  # the kind of their letters
MOST = 100  # of one person
_LONGEST_NAME = 80
_LONGEST_QUERY = 8192
# Beyond so many arrivals since a visit only the newest are looked at; an office gets some hundred a day.
MOST_ARRIVALS = 10_000


@dataclass(frozen=True, slots=True)
class Listed:
    """A saved search as one person sees it. arrived: articles that match and came in since their last visit; None
    where they never looked or where it cannot be counted."""

    row: SavedSearchRow
    owner: str
    is_own: bool
    follow: SavedSearchFollowRow | None
    arrived: int | None

    @property
    def address(self) -> str:
        return address_of(self.row)


def address_of(row: SavedSearchRow) -> str:
    """Where the view is shown."""
    path = PAGES[row.page]
    return f"{path}?{row.query}" if row.query else path


def can_be_followed(row: SavedSearchRow) -> bool:
    """Whether there is one list behind it that feeds and mails can tell of; a comparison has several."""
    return row.page != "compare"


def query_of(row: SavedSearchRow, today: date) -> Query:
    """What the search asks the index, on this day.

    Raises:
        BadQuery, BadDay: it was saved when the language was another.
    """
    return Asked.read(parse_qsl(row.query)).query(today)


def save(
    session: Session, actor: Actor, *, name: str, page: str, query: str, shared: bool, now: datetime
) -> SavedSearchRow:
    """Keep a view under a name. query: as it stands in the address of the page.

    Raises:
        Forbidden
        Refused: search_name, search_name_taken, search_unreadable, too_many_searches.
    """
    owner = _owner(actor)
    row = SavedSearchRow(
        user_id=owner,
        name=_name(session, owner, name),
        page=page,
        query=_kept_query(page, query),
        shared=shared,
        created_at=now,
        updated_at=now,
    )
    before = saved_searches.own(session, owner)
    if len(before) >= MOST:
        raise Refused("too_many_searches", most=MOST)
    row.position = 1 + max((one.position for one in before), default=0)
    session.add(row)
    session.flush()
    _visit(session, row, owner, now)
    _record(session, actor, "search_save", row, now, shared=shared)
    return row


def change(session: Session, actor: Actor, search_id: int, *, name: str, shared: bool, now: datetime) -> None:
    """Another name, or another readership; who may not see it any more loses their feed and mail of it.

    Raises: Forbidden; Refused: no_search, search_name, search_name_taken.
    """
    row = _own(session, actor, search_id)
    name = _name(session, row.user_id, name, but=row.id)
    if (row.name, row.shared) == (name, shared):
        return
    if row.shared and not shared:
        for follow in saved_searches.followers(session, row.id):
            if follow.user_id != row.user_id:
                letters.cancel(session, LETTER, follow.id)
                session.delete(follow)
    row.name, row.shared, row.updated_at = name, shared, now
    _record(session, actor, "search_change", row, now, shared=shared)


def overwrite(session: Session, actor: Actor, search_id: int, *, page: str, query: str, now: datetime) -> None:
    """The view of today under the name of before. Raises: Forbidden; Refused: no_search, search_unreadable."""
    row = _own(session, actor, search_id)
    row.query, row.page, row.updated_at = _kept_query(page, query), page, now
    _record(session, actor, "search_change", row, now, shared=row.shared)


def drop(session: Session, actor: Actor, search_id: int, now: datetime) -> None:
    """With every feed and summary of it. Raises: Forbidden; Refused: no_search."""
    row = _own(session, actor, search_id)
    for follow in saved_searches.followers(session, row.id):
        letters.cancel(session, LETTER, follow.id)
        session.delete(follow)
    session.flush()
    session.delete(row)
    _record(session, actor, "search_drop", row, now, shared=row.shared)


def move(session: Session, actor: Actor, search_id: int, steps: int) -> None:
    """Up (below 0) or down among one's own; beyond the end is the end. Raises: Forbidden; Refused: no_search."""
    row = _own(session, actor, search_id)
    order = list(saved_searches.own(session, row.user_id))
    at = order.index(row)
    order.insert(max(0, min(len(order) - 1, at + steps)), order.pop(at))
    for position, one in enumerate(order):
        one.position = position


def seen_by(session: Session, actor: Actor, search_id: int) -> SavedSearchRow:
    """One's own search or a shared one. Raises: Forbidden; Refused: no_search, whether there is one or not."""
    reader = _owner(actor)
    row = saved_searches.by_id(session, search_id)
    if row is None or not (row.shared or row.user_id == reader):
        raise Refused("no_search")
    return row


def visit(session: Session, actor: Actor, search_id: int, now: datetime) -> SavedSearchRow:
    """Open it: from now on, new is what comes in later. Raises: Forbidden; Refused: no_search."""
    row = seen_by(session, actor, search_id)
    _visit(session, row, _owner(actor), now)
    return row


def listed(session: Session, index: SearchIndex, actor: Actor, now: datetime) -> list[Listed]:
    """The person's own in their order, then the shared ones of others; each with how much is new."""
    reader = _owner(actor)
    rows = saved_searches.visible(session, reader)
    follows = saved_searches.follows(session, reader)
    owners = people.names(session, sorted({row.user_id for row in rows}))
    visited = [follows[row.id].visited_article for row in rows if row.id in follows and follows[row.id].visited_at]
    newest = saved_searches.newest_article(session)
    arrivals = saved_searches.arrived(session, min(visited), newest, MOST_ARRIVALS) if visited else ()
    return [
        Listed(
            row,
            owners.get(row.user_id, ""),
            row.user_id == reader,
            follows.get(row.id),
            _arrived(index, row, follows.get(row.id), arrivals, now),
        )
        for row in rows
    ]


def make_feed(session: Session, actor: Actor, search_id: int, now: datetime) -> str:
    """The secret of the person's own feed of a search, which is kept nowhere; an earlier one is worth nothing then.

    Raises: Forbidden; Refused: no_search, search_has_no_list.
    """
    row, follow = _followed(session, actor, search_id)
    key = secrets.token_urlsafe(32)
    follow.feed_digest, follow.feed_made_at = feed_digest(key), now
    _record(session, actor, "search_feed", row, now, follow=follow.id)
    return key


def drop_feed(session: Session, actor: Actor, search_id: int, now: datetime) -> None:
    """Raises: Forbidden; Refused: no_search."""
    row, follow = _followed(session, actor, search_id)
    if follow.feed_digest is not None:
        follow.feed_digest = follow.feed_made_at = None
        _record(session, actor, "search_feed_drop", row, now, follow=follow.id)


def feed_digest(key: str) -> str:
    """Keys are random (256 bits), so that a plain hash does."""
    return hashlib.sha256(key.encode()).hexdigest()


def feed_of(session: Session, key: str) -> tuple[SavedSearchFollowRow, SavedSearchRow, UserRow] | None:
    """What a feed's key opens, as long as its person may see the search; None otherwise."""
    found = saved_searches.of_feed(session, feed_digest(key))
    return found if found is not None and may_follow(found[2]) else None


def may_follow(person: UserRow) -> bool:
    return person.disabled_at is None and allowed(actor_of(person).roles, Action.ANALYSE)


def set_mail(
    session: Session,
    actor: Actor,
    search_id: int,
    *,
    every: str,
    hour: int,
    weekday: int,
    when_empty: bool,
    now: datetime,
) -> None:
    """A summary of new stories to the person's own mailbox, each day or week at an hour of Viet Nam; `every` empty:
    none. The first one tells what comes in from now on.

    Raises: Forbidden; Refused: no_search, search_has_no_list, bad_schedule, no_mailbox.
    """
    row, follow = _followed(session, actor, search_id)
    if every not in ("", "day", "week") or hour not in range(24) or weekday not in range(7):
        raise Refused("bad_schedule")
    person = people.by_id(session, _owner(actor))
    if every and (person is None or not person.email):
        raise Refused("no_mailbox")
    if every and not follow.mail_every:
        follow.mailed_at, follow.mailed_article = now, saved_searches.newest_article(session)
    if not every:
        letters.cancel(session, LETTER, follow.id)
    follow.mail_every, follow.mail_hour, follow.mail_weekday = every, hour, weekday
    follow.mail_when_empty = when_empty
    _record(session, actor, "search_mail", row, now, follow=follow.id, every=every)


def only(query: Query, article_ids: Sequence[int]) -> Query:
    """The query among these articles alone."""
    chosen = Filter(Keyword.ID, tuple(str(number) for number in article_ids))
    return replace(query, filters=(*query.filters, chosen))


def _arrived(
    index: SearchIndex,
    row: SavedSearchRow,
    follow: SavedSearchFollowRow | None,
    arrivals: Sequence[int],
    now: datetime,
) -> int | None:
    if follow is None or follow.visited_at is None or not can_be_followed(row):
        return None
    since = [number for number in arrivals if number > follow.visited_article]
    if not since:
        return 0
    try:
        return index.count(only(query_of(row, day_of(now)), since))
    except (BadQuery, BadDay):
        return None


def _visit(session: Session, row: SavedSearchRow, reader: int, now: datetime) -> None:
    follow = saved_searches.follow_made(session, row.id, reader)
    follow.visited_at, follow.visited_article = now, saved_searches.newest_article(session)


def _owner(actor: Actor) -> int:
    """Raises: Forbidden"""
    require(actor, Action.ANALYSE)
    if actor.user_id is None:
        raise Refused("no_search")
    return actor.user_id


def _own(session: Session, actor: Actor, search_id: int) -> SavedSearchRow:
    row = seen_by(session, actor, search_id)
    if row.user_id != actor.user_id:
        raise Refused("no_search")
    return row


def _followed(session: Session, actor: Actor, search_id: int) -> tuple[SavedSearchRow, SavedSearchFollowRow]:
    row = seen_by(session, actor, search_id)
    if not can_be_followed(row):
        raise Refused("search_has_no_list")
    return row, saved_searches.follow_made(session, row.id, _owner(actor))


def _name(session: Session, owner: int, name: str, but: int = 0) -> str:
    name = " ".join(normalise(name).split())
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise Refused("search_name", most=_LONGEST_NAME)
    known = saved_searches.named(session, owner, name)
    if known is not None and known.id != but:
        raise Refused("search_name_taken", name=name)
    return name


def _kept_query(page: str, query: str) -> str:
    """The address in its one form: what cannot be meant is left out, and the page one was on.

    Raises: Refused: search_unreadable.
    """
    if page not in PAGES or len(query) > _LONGEST_QUERY:
        raise Refused("search_unreadable")
    given = parse_qsl(query)
    queries = [normalise(text).strip() for name, text in given if name == "q"]
    one_query = given if page != "compare" else [pair for pair in given if pair[0] != "q"]
    asked = replace(Asked.read(one_query), after="")
    try:
        asked.query(date(2000, 1, 1))
        for text in queries:
            parse(text)
    except (BadQuery, BadDay) as error:
        raise Refused("search_unreadable") from error
    compared = [("q", text) for text in dict.fromkeys(queries) if text] if page == "compare" else []
    return urlencode([*compared, *asked.parameters])


def _record(session: Session, actor: Actor, action: str, row: SavedSearchRow, now: datetime, **detail: object) -> None:
    audit.record(
        session,
        actor=actor.name,
        action=action,
        object_kind="saved_search",
        object_id=row.id,
        at=now,
        # What a private search looks for is nobody's business, not the log's either.
        detail={"name": row.name, **detail} if row.shared else detail,
    )
