"""Summaries of saved searches by mail: the stories that came in since the last one, each told once.

What has been told is known by the number of the newest article looked at, moved in the transaction that queues the
letter; so a kill at any moment neither tells twice nor forgets. An article that the index does not have yet waits
for the next summary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from diembao.errors import BadQuery
from diembao.index.protocol import Query, SearchIndex, Sort
from diembao.newsroom.analysis.asked import ANALYSIS, BadDay
from diembao.newsroom.analysis.saved_searches import LETTER, MOST_ARRIVALS, may_follow, only, query_of
from diembao.newsroom.analysis.story_letter import Told, page, plain, told_of
from diembao.newsroom.days import LOCAL, day_of
from diembao.newsroom.letters import Writer, Written
from diembao.newsroom.seal import Seal
from diembao.settings import Settings
from diembao.store import articles, audit, letters, saved_searches
from diembao.store.database import Store
from diembao.store.models import LetterRow, SavedSearchFollowRow, SavedSearchRow, UserRow

MOST_TOLD = 40
_MOST_LOOKED_AT = 2000
_USE = "saved search by mail"
LEAVE = f"{ANALYSIS}/thoi-nhan-thu"
WORDS: Mapping[str, str] = {
    "subject": "{name}: {count} tin mới",
    "subject_none": "{name}: không có tin mới",
    "lead": "Từ {since} đến {until} có {count} tin mới khớp với “{name}”.",
    "lead_none": "Từ {since} đến {until} không có tin nào mới khớp với “{name}”.",
    "more": "… và {count} tin khác.",
    "open": "Mở danh sách đầy đủ",
    "why": "Bạn nhận thư này vì đã đặt tóm tắt cho tìm kiếm đã lưu “{name}”.",
    "leave": "Thôi nhận thư tóm tắt này",
}


@dataclass(frozen=True, slots=True)
class Fresh:
    """A story that is new to a search, by the newest of its articles that match."""

    story_id: int
    article_id: int


def queue_summaries(store: Store, index: SearchIndex, now: datetime) -> int:
    """Queue the letters whose hour has come; returns how many. Nothing new is nothing to say, unless asked for.

    Raises: IndexUnavailable: those not yet queued wait for the next time.
    """
    with store.read() as session:
        due = [
            (follow, row)
            for follow, row, person in saved_searches.with_mail(session)
            if may_follow(person) and slot_of(follow, now) > (follow.mailed_at or now)
        ]
    return sum(_queue(store, index, follow, row, now) for follow, row in due)


def slot_of(follow: SavedSearchFollowRow, now: datetime) -> datetime:
    """The last moment at which a summary was to go out."""
    local = now.astimezone(LOCAL)
    slot = local.replace(hour=follow.mail_hour, minute=0, second=0, microsecond=0)
    if follow.mail_every == "week":
        slot -= timedelta(days=(slot.weekday() - follow.mail_weekday) % 7)
    step = timedelta(days=7 if follow.mail_every == "week" else 1)
    return slot if slot <= local else slot - step


def fresh(session: Session, index: SearchIndex, query: Query, after: int, until: int) -> list[Fresh]:
    """Stories whose first matching article came in between the two article numbers, newest printed first.

    A story that matched before is not new, however many more print it.
    """
    arrivals = saved_searches.arrived(session, after, until, MOST_ARRIVALS)
    if not arrivals:
        return []
    newest_first = Query(query.tree, query.filters, query.published_from, query.published_to, sort=Sort.NEWEST)
    hits = islice(index.scan(only(newest_first, arrivals)), _MOST_LOOKED_AT)
    rows = articles.by_ids(session, numbers := [int(hit.id) for hit in hits])
    by_story: dict[int, int] = {}
    for number in numbers:
        if number in rows:
            by_story.setdefault(rows[number].story_id, number)
    known = _known(session, index, query, list(by_story), after)
    return [Fresh(story, number) for story, number in by_story.items() if story not in known]


def writer(settings: Settings, seal: Seal) -> Writer:
    """Who writes these letters, from what is still there when they are sent."""

    def write(session: Session, row: LetterRow) -> Written | None:
        follow = session.get(SavedSearchFollowRow, row.object_id)
        search = session.get(SavedSearchRow, follow.search_id) if follow else None
        person = session.get(UserRow, follow.user_id) if follow else None
        if follow is None or search is None or person is None or not follow.mail_every or not may_follow(person):
            return None
        if person.email != row.email or not (search.shared or search.user_id == person.id):
            return None
        told = told_of(session, [article for _, article in row.content["items"]], settings)
        if row.content["items"] and not told:
            return None  # all of it was taken down meanwhile
        gone = len(row.content["items"]) - len(told)
        return _written(settings, seal, row, search, person, told, row.content["stories"] - gone)

    return write


def leave_address(settings: Settings, seal: Seal, follow_id: int, user_id: int) -> str:
    """The link that ends these letters; good as long as there is somebody to end them for."""
    signature = seal.signature(_USE, f"{follow_id}:{user_id}")
    return f"{settings.public_url.rstrip('/')}{LEAVE}/{follow_id}.{signature}"


def follow_of_token(session: Session, seal: Seal, token: str) -> SavedSearchFollowRow | None:
    """Whose link it is; None for one we did not make."""
    number, _, signature = token.partition(".")
    if not (number.isascii() and number.isdigit() and len(number) < 16):
        return None
    row = session.get(SavedSearchFollowRow, int(number))
    return row if row is not None and seal.fits(signature, _USE, f"{row.id}:{row.user_id}") else None


def leave(session: Session, follow: SavedSearchFollowRow, now: datetime) -> None:
    """End the letters at their reader's wish; saying so twice does nothing more."""
    if not follow.mail_every:
        return
    follow.mail_every = ""
    letters.cancel(session, LETTER, follow.id)
    audit.record(
        session,
        actor="reader",
        action="search_mail",
        object_kind="saved_search",
        object_id=follow.search_id,
        at=now,
        detail={"follow": follow.id, "every": ""},
    )


def _known(session: Session, index: SearchIndex, query: Query, story_ids: Sequence[int], after: int) -> set[int]:
    """Which of the stories had a matching article before."""
    earlier = saved_searches.articles_until(session, story_ids, after)
    if not earlier:
        return set()
    return {earlier[int(hit.id)] for hit in index.scan(only(query, list(earlier)))}


def _queue(
    store: Store, index: SearchIndex, follow: SavedSearchFollowRow, search: SavedSearchRow, now: datetime
) -> bool:
    slot = slot_of(follow, now)
    with store.read() as session:
        until = max(follow.mailed_article, saved_searches.newest_indexed(session, follow.mailed_article))
        try:
            found = fresh(session, index, query_of(search, day_of(now)), follow.mailed_article, until)
        except (BadQuery, BadDay):
            found = []  # saved when the language was another; the page of saved searches says so
    with store.write() as session:
        mine = (
            SavedSearchFollowRow.id == follow.id,
            SavedSearchFollowRow.mailed_at == follow.mailed_at,
            SavedSearchFollowRow.mail_every == follow.mail_every,
        )
        moved = update(SavedSearchFollowRow).where(*mine).values(mailed_at=slot, mailed_article=until)
        if not session.execute(moved.execution_options(synchronize_session=False)).rowcount:  # type: ignore[attr-defined]
            return False  # another worker was quicker, or it is not wanted any more
        person = session.get_one(UserRow, follow.user_id)
        if not found and not follow.mail_when_empty:
            return False
        content: dict[str, Any] = {
            "items": [[one.story_id, one.article_id] for one in found[:MOST_TOLD]],
            "stories": len(found),
            "since": follow.mailed_at.isoformat() if follow.mailed_at else "",
            "until": slot.isoformat(),
        }
        occasion = f"{follow.id}/{slot:%Y-%m-%dT%H}"
        letter = letters.queue(
            session,
            LETTER,
            occasion,
            object_id=follow.id,
            user_id=person.id,
            email=person.email,
            content=content,
            now=now,
        )
        return letter is not None


def _written(
    settings: Settings,
    seal: Seal,
    row: LetterRow,
    search: SavedSearchRow,
    person: UserRow,
    told: Sequence[Told],
    count: int,
) -> Written:
    named: dict[str, Any] = {
        "name": search.name,
        "count": count,
        "since": _moment(row.content["since"]),
        "until": _moment(row.content["until"]),
    }
    words = {key: text.format(**named) for key, text in WORDS.items() if key != "more"}
    more = WORDS["more"].format(count=count - len(told)) if count > len(told) else ""
    leave_link = leave_address(settings, seal, row.object_id, person.id)
    values: dict[str, Any] = {
        "lead": words["lead"] if told else words["lead_none"],
        "told": told,
        "more": more,
        "words": words,
        "open": f"{settings.public_url.rstrip('/')}{ANALYSIS}/da-luu/{search.id}",
        "leave": leave_link,
    }
    subject = words["subject"] if told else words["subject_none"]
    return Written(
        subject, plain(values), page(values), leave_link, f"tim-kiem-{search.id}", person.full_name or person.name
    )


def _moment(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(LOCAL):%H:%M %d/%m/%Y}" if text else ""
