"""Addresses: the queue between finding, fetching and understanding, and each one's last outcome.

States: found → fetched → done, or refused, failed, quarantined. Every change of state is one transaction, so
that a process killed at any moment leaves each address in exactly one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, Row, Update, and_, bindparam, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from diembao.records import ArchivePlace, FeedHints
from diembao.store import leases, trail
from diembao.store.database import beneath
from diembao.store.models import PageRow

# A page that failed is tried again after 1, 4, 16 and 64 minutes; then it stays failed, with its reason.
MAX_ATTEMPTS = 5
# Steps that begin with the archived page; the later ones begin with the stored article.
FROM_ARCHIVE = ("extract", "normalise", "gate")
_IN_CHUNK = 500  # SQLite refuses statements with too many parameters


def _change(*columns: str) -> Update:
    """Sets columns of many pages, each named by `page`."""
    values: dict[str, Any] = {name: bindparam(name) for name in columns}
    return update(PageRow).where(PageRow.id == bindparam("page")).values(values)


_BRING = _change(
    "state", "fetched_at", "http_status", "content_type", "archive_file", "archive_offset", "archive_length"
)
_FINISH = _change("state", "outcome", "reason", "processed_at", "redo", "leased_until")


@dataclass(frozen=True, slots=True)
class FoundLink:
    url: str  # canonical
    hints: FeedHints


@dataclass(frozen=True, slots=True)
class DuePage:
    id: int
    url: str
    source: str
    attempts: int


@dataclass(frozen=True, slots=True)
class PendingPage:
    """A fetched page that waits to be understood. `redo` names the step to begin with ('' = all)."""

    id: int
    url: str
    source: str
    hints: FeedHints
    fetched_at: datetime
    place: ArchivePlace
    redo: str


def register_found(
    session: Session, source: str, feed_id: int | None, links: Sequence[FoundLink], now: datetime
) -> int:
    """Queue the addresses not yet known; returns how many were new."""
    return len(
        _insert_new(
            session,
            [
                {
                    "url": link.url,
                    "source": source,
                    "feed_id": feed_id,
                    "found_at": now,
                    "hints": hints_to_json(link.hints),
                    "state": "found",
                    "next_try_at": now,
                }
                for link in links
            ],
        )
    )


def register_archived(session: Session, rows: Iterable[tuple[str, str, ArchivePlace, str, datetime]]) -> int:
    """Queue what is already archived (imports): (url, source, place, content type, time); returns how many were new."""
    return len(
        _insert_new(
            session,
            [
                {
                    "url": url,
                    "source": source,
                    "found_at": at,
                    "hints": {},
                    "state": "fetched",
                    "next_try_at": at,
                    "fetched_at": at,
                    "http_status": 200,
                    "content_type": content_type,
                    "archive_file": place.file,
                    "archive_offset": place.offset,
                    "archive_length": place.length,
                }
                for url, source, place, content_type, at in rows
            ],
        )
    )


def known_urls(session: Session, urls: Sequence[str]) -> set[str]:
    """Those of the addresses that are already registered."""
    known: set[str] = set()
    for start in range(0, len(urls), _IN_CHUNK):
        known.update(session.scalars(select(PageRow.url).where(PageRow.url.in_(urls[start : start + _IN_CHUNK]))))
    return known


def due_pages(session: Session, now: datetime, limit: int, *, sources: Sequence[str] = ()) -> list[DuePage]:
    """Found pages whose time to be fetched has come, oldest first."""
    query = select(PageRow.id, PageRow.url, PageRow.source, PageRow.attempts).where(
        PageRow.state == "found", PageRow.next_try_at <= now
    )
    if sources:
        query = query.where(PageRow.source.in_(sources))
    return [DuePage(*row) for row in session.execute(query.order_by(PageRow.next_try_at, PageRow.id).limit(limit))]


def due_pages_by_source(session: Session, now: datetime, each: int, *, sources: Sequence[str] = ()) -> list[DuePage]:
    """As `due_pages`, but at most `each` of every source, so that one with a long queue holds up no other."""
    place = func.row_number().over(partition_by=PageRow.source, order_by=(PageRow.next_try_at, PageRow.id))
    found = select(PageRow.id, PageRow.url, PageRow.source, PageRow.attempts, place.label("place")).where(
        PageRow.state == "found", PageRow.next_try_at <= now
    )
    if sources:
        found = found.where(PageRow.source.in_(sources))
    ranked = found.subquery()
    query = select(ranked.c.id, ranked.c.url, ranked.c.source, ranked.c.attempts).where(ranked.c.place <= each)
    return [DuePage(*row) for row in beneath(session).execute(query.order_by(ranked.c.place, ranked.c.id))]


def sources_with_due(session: Session, now: datetime, *, sources: Sequence[str] = ()) -> set[str]:
    """The sources that have a found page whose time to be fetched has come."""
    query = select(PageRow.source).where(PageRow.state == "found", PageRow.next_try_at <= now).distinct()
    if sources:
        query = query.where(PageRow.source.in_(sources))
    return set(session.scalars(query))


@dataclass(frozen=True, slots=True)
class Archived:
    """A page that was fetched, and where it lies in the archive."""

    page_id: int
    status: int
    content_type: str
    place: ArchivePlace
    at: datetime


def mark_fetched(
    session: Session, page_id: int, *, status: int, content_type: str, place: ArchivePlace, now: datetime
) -> None:
    """As `mark_all_fetched`, for one page."""
    mark_all_fetched(session, [Archived(page_id, status, content_type, place, now)])


def mark_all_fetched(session: Session, brought: Sequence[Archived]) -> None:
    """These pages are archived and wait to be understood.

    A page that another worker has brought in meanwhile keeps what that one brought.
    """
    if not brought:
        return
    ids = [page.page_id for page in brought]
    expected = set(beneath(session).scalars(_IN_STATE, {"ids": ids, "state": "found"}))
    fresh = [page for page in brought if page.page_id in expected]
    if not fresh:
        return
    rows = [
        {
            "page": page.page_id,
            "state": "fetched",
            "fetched_at": page.at,
            "http_status": page.status,
            "content_type": page.content_type,
            "archive_file": page.place.file,
            "archive_offset": page.place.offset,
            "archive_length": page.place.length,
        }
        for page in fresh
    ]
    beneath(session).execute(_BRING, rows)
    steps = [
        (page.page_id, "fetch", "archived", "", {"status": page.status, "bytes": page.place.length}) for page in fresh
    ]
    trail.add_many(session, max(page.at for page in fresh), steps)


def mark_refused(session: Session, page_id: int, reason: str, now: datetime) -> None:
    """The page must not be fetched (robots, private address, foreign host): final."""
    _close(session, page_id, "refused", "refused", reason, now)
    trail.add(session, page_id, now, "fetch", "refused", detail={"reason": reason})


def mark_failed(
    session: Session,
    page_id: int,
    reason: str,
    now: datetime,
    *,
    final: bool = False,
    status: int | None = None,
    not_before: datetime | None = None,
) -> bool:
    """A try to fetch failed; returns whether it was the last one.

    final: no further try makes sense; not_before: the server asked to be left alone until then.
    """
    page = session.get_one(PageRow, page_id)
    page.attempts += 1
    page.reason = reason
    page.http_status = status
    last = final or page.attempts >= MAX_ATTEMPTS
    if last:
        page.state, page.outcome, page.processed_at = "failed", "failed", now
    else:
        next_try = now + timedelta(minutes=4 ** (page.attempts - 1))
        page.next_try_at = max(next_try, not_before) if not_before is not None else next_try
    trail.add(session, page_id, now, "fetch", "failed" if last else "retry", detail={"reason": reason})
    return last


def take_pending(session: Session, limit: int, lease_seconds: float) -> list[PendingPage]:
    """Fetched pages that wait to be understood, in the order they were found; nobody else is given them for so long.

    What a dead worker had taken waits again when its lease has run out.
    """
    now = leases.clock(session)
    taken = [_pending(row) for row in beneath(session).execute(_TO_TAKE, {"now": now, "most": limit})]
    _lease(session, [page.id for page in taken], now + timedelta(seconds=lease_seconds))
    return taken


def any_pending(session: Session) -> bool:
    """Whether there is something that `take_pending` would take."""
    return beneath(session).scalar(_ANY, {"now": leases.clock(session)}) is not None


_PENDING = (
    PageRow.id,
    PageRow.url,
    PageRow.source,
    PageRow.hints,
    PageRow.fetched_at,
    PageRow.found_at,
    PageRow.archive_file,
    PageRow.archive_offset,
    PageRow.archive_length,
    PageRow.redo,
)
# Asked for every few pages; made once, for that costs as much as asking.
_FREE = and_(
    PageRow.state == "fetched",
    or_(PageRow.leased_until.is_(None), PageRow.leased_until <= bindparam("now", type_=PageRow.leased_until.type)),
)
_ANY = select(PageRow.id).where(_FREE).limit(1)
_TO_TAKE = (
    select(*_PENDING)
    .where(_FREE)
    .order_by(PageRow.id)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
)
_IN_STATE = (
    select(PageRow.id)
    .where(PageRow.id.in_(bindparam("ids", expanding=True)), PageRow.state == bindparam("state"))
    .order_by(PageRow.id)
    .with_for_update()
)
_LEASE = (
    update(PageRow)
    .where(PageRow.id.in_(bindparam("ids", expanding=True)))
    .values(leased_until=bindparam("until", type_=PageRow.leased_until.type))
)


def _pending(row: PageRow | Row[Any]) -> PendingPage:
    return PendingPage(
        row.id,
        row.url,
        row.source,
        hints_from_json(row.hints),
        row.fetched_at or row.found_at,
        ArchivePlace(row.archive_file, row.archive_offset, row.archive_length),
        row.redo,
    )


def give_back(session: Session, page_ids: Sequence[int] | None = None) -> None:
    """Taken pages wait again at once; None: all of them, when nobody else can be at work."""
    if page_ids is not None:
        _lease(session, page_ids, None)
    else:
        taken = update(PageRow).where(PageRow.state == "fetched", PageRow.leased_until.is_not(None))
        session.execute(taken.values(leased_until=None))


def _lease(session: Session, page_ids: Sequence[int], until: datetime | None) -> None:
    if page_ids:
        beneath(session).execute(_LEASE, {"ids": page_ids, "until": until})


def is_pending(session: Session, page_id: int) -> bool:
    """Whether the page still waits to be understood: asked inside the transaction that keeps its outcome, which nobody
    else can then keep."""
    return still_pending(session, [page_id]) == {page_id}


def still_pending(session: Session, page_ids: Sequence[int]) -> set[int]:
    """As `is_pending`, for many pages; a page that another transaction is keeping is waited for."""
    return set(beneath(session).scalars(_IN_STATE, {"ids": page_ids, "state": "fetched"}))


def finish_many(session: Session, outcomes: Sequence[tuple[int, str, str]], now: datetime) -> None:
    """As `finish`, for many pages: (page, outcome, reason)."""
    done = {"state": "done", "processed_at": now, "redo": "", "leased_until": None}
    rows = [
        {"page": number, "outcome": outcome, "reason": reason[:2000], **done} for number, outcome, reason in outcomes
    ]
    if rows:
        beneath(session).execute(_FINISH, rows)


def finish(session: Session, page_id: int, outcome: str, reason: str, now: datetime) -> None:
    """The page was understood; `outcome` is relevant | marginal | irrelevant | duplicate | unreadable."""
    _close(session, page_id, "done", outcome, reason, now)


def quarantine(session: Session, page_id: int, step: str, error: str, now: datetime) -> None:
    """A step failed on this page; it waits, with its error, for `diembao process --redo`."""
    _close(session, page_id, "quarantined", "quarantined", f"{step}: {error}", now)
    trail.add(session, page_id, now, step, "quarantined", detail={"error": error})


def redo(session: Session, step: str, *, since: datetime | None = None, source: str | None = None) -> int:
    """Queue understood and quarantined pages again, beginning with `step`; returns how many."""
    query = update(PageRow).where(PageRow.state.in_(["done", "quarantined"]), PageRow.archive_file != "")
    if step not in FROM_ARCHIVE:
        # Later steps work on stored articles; quarantined pages may have none and begin anew.
        query = query.where(or_(PageRow.outcome.in_(["relevant", "marginal"]), PageRow.state == "quarantined"))
    if since is not None:
        query = query.where(PageRow.found_at >= since)
    if source is not None:
        query = query.where(PageRow.source == source)
    return int(session.execute(query.values(state="fetched", redo=step)).rowcount)  # type: ignore[attr-defined]


def again(session: Session, page_id: int, step: str, now: datetime) -> None:
    """Queue one archived page again, beginning with `step`; one that waits already begins as early as it has to."""
    page = session.get_one(PageRow, page_id)
    if not page.archive_file:
        return
    if page.state == "fetched" and (page.redo == "" or page.redo in FROM_ARCHIVE):
        return
    page.state, page.redo, page.next_try_at = "fetched", step, now


def counts(session: Session) -> dict[tuple[str, str], int]:
    """How many addresses stand in each (state, outcome)."""
    query = select(PageRow.state, PageRow.outcome, func.count()).group_by(PageRow.state, PageRow.outcome)
    return {(state, outcome): number for state, outcome, number in session.execute(query)}


def waiting_since(session: Session) -> dict[str, datetime]:
    """By state (`found`: to be fetched, `fetched`: to be understood), since when the oldest page in it waits."""
    times = {"found": PageRow.found_at, "fetched": PageRow.fetched_at}
    oldest = {state: session.scalar(select(func.min(at)).where(PageRow.state == state)) for state, at in times.items()}
    return {state: at for state, at in oldest.items() if at is not None}


def newest_at(session: Session) -> datetime | None:
    """When the newest address was found."""
    at: datetime | None = session.scalar(select(PageRow.found_at).order_by(PageRow.id.desc()).limit(1))
    return at


def newest_archived(session: Session, limit: int) -> list[ArchivePlace]:
    """Where the pages found last, of those fetched, lie in the archive."""
    columns = (PageRow.archive_file, PageRow.archive_offset, PageRow.archive_length)
    query = select(*columns).where(PageRow.archive_file != "").order_by(PageRow.id.desc()).limit(limit)
    return [ArchivePlace(*row) for row in session.execute(query)]


def archived(session: Session, page_id: int) -> PendingPage | None:
    """One page as it stands in the archive, to be read again; None when it is not there."""
    row = session.get(PageRow, page_id)
    return _pending(row) if row is not None and row.archive_file else None


def by_url(session: Session, url: str) -> PageRow | None:
    return session.scalar(select(PageRow).where(PageRow.url == url))


def waiting(session: Session, now: datetime) -> int:
    """How many pages still wait to be fetched now or to be understood."""
    due = and_(PageRow.state == "found", PageRow.next_try_at <= now)
    return session.scalar(select(func.count()).where(or_(due, PageRow.state == "fetched"))) or 0


def hints_to_json(hints: FeedHints) -> dict[str, Any]:
    kept = {name: value for name, value in asdict(hints).items() if value}
    if hints.published_at is not None:
        kept["published_at"] = hints.published_at.isoformat()
    return kept


def hints_from_json(kept: dict[str, Any]) -> FeedHints:
    values = dict(kept)
    if "published_at" in values:
        values["published_at"] = datetime.fromisoformat(values["published_at"])
    return FeedHints(**values)


def _insert_new(session: Session, rows: list[dict[str, Any]]) -> list[int]:
    if not rows:
        return []
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    new: list[int] = []
    for start in range(0, len(rows), _IN_CHUNK // 10):
        statement = dialect.insert(PageRow).values(rows[start : start + _IN_CHUNK // 10])
        new.extend(session.scalars(statement.on_conflict_do_nothing(index_elements=["url"]).returning(PageRow.id)))
    return new


def _close(session: Session, page_id: int, state: str, outcome: str, reason: str, now: datetime) -> None:
    session.execute(
        update(PageRow)
        .where(PageRow.id == page_id)
        .values(state=state, outcome=outcome, reason=reason[:2000], processed_at=now, redo="", leased_until=None)
    )
