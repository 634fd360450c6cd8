"""What newspapers do to articles after we have read them: texts they change, articles they take back.

Every text an article had is kept (`versions`). What happened waits as an event until the newsroom has acted
on it (`unhandled`, `mark_handled`). The article itself carries the newest text, and the marks `source_changed_at`,
`source_removed_at` and `source_removed_reason`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from diembao.records import ArchivePlace
from diembao.store import articles, audit, trail
from diembao.store.models import ArticleRow, ArticleVersionRow, PageRow, SourceEventRow

# Who the audit log names.
ACTOR = "crawler"
EventKind = Literal["changed", "removed", "restored"]


@dataclass(frozen=True, slots=True)
class Version:
    """One text of an article. number: 1 is the first; seen_at: when it was first fetched in this form."""

    number: int
    seen_at: datetime
    title: str
    lead: str
    text: str
    place: ArchivePlace


@dataclass(frozen=True, slots=True)
class SourceEvent:
    """Something that happened to an article at its newspaper.

    detail: of `changed` {"from": number, "to": number, "title": bool, "text": bool, "added": words, "removed": words,
    "relevance": the new judgement}; of `removed` {"reason": words, "first_seen": ISO time}; of `restored` {}.
    """

    id: int
    article_id: int
    story_id: int
    source: str
    title: str
    kind: EventKind
    at: datetime
    detail: dict[str, Any] = field(default_factory=dict)
    handled_at: datetime | None = None
    handled_by: str = ""


def unhandled(session: Session, *, kinds: Sequence[EventKind] = (), limit: int = 200) -> list[SourceEvent]:
    """Events the newsroom has not acted on, oldest first; only of these kinds, if any are named."""
    query = _events().where(SourceEventRow.handled_at.is_(None))
    if kinds:
        query = query.where(SourceEventRow.kind.in_(kinds))
    return [SourceEvent(*row) for row in session.execute(query.order_by(SourceEventRow.id).limit(limit))]


def mark_handled(session: Session, event_ids: Sequence[int], by: str, now: datetime) -> int:
    """The newsroom has acted on these events; returns how many had waited."""
    waiting = (
        update(SourceEventRow)
        .where(SourceEventRow.id.in_(event_ids), SourceEventRow.handled_at.is_(None))
        .values(handled_at=now, handled_by=by)
    )
    return int(session.execute(waiting).rowcount)  # type: ignore[attr-defined]


def events_of(session: Session, article_ids: Sequence[int]) -> list[SourceEvent]:
    """Everything that happened to these articles, handled or not, oldest first."""
    query = _events().where(SourceEventRow.article_id.in_(article_ids)).order_by(SourceEventRow.id)
    return [SourceEvent(*row) for row in session.execute(query)]


def versions(session: Session, article_id: int) -> list[Version]:
    """All texts of an article, oldest first; fewer than two for one that never changed. See `nlp.differences`."""
    query = select(ArticleVersionRow).where(ArticleVersionRow.article_id == article_id)
    return [_version(row) for row in session.scalars(query.order_by(ArticleVersionRow.number))]


def keep_first_version(session: Session, row: ArticleRow) -> None:
    """Before an article is read in a new form: keep the text it has, unless its versions are kept already."""
    if _newest(session, row.id) is not None:
        return
    page = session.get_one(PageRow, row.page_id)
    place = ArchivePlace(page.archive_file, page.archive_offset, page.archive_length)
    _add_version(session, row, 1, place, page.fetched_at or page.found_at)


def hand_over(session: Session, article_id: int, place: ArchivePlace, status: int, content_type: str) -> None:
    """The page was fetched in a new form, archived at `place`: it waits to be understood again.

    When it was fetched first stays as it was: that dates an article which names no time itself.
    """
    row = session.get_one(ArticleRow, article_id)
    keep_first_version(session, row)
    session.execute(
        update(PageRow)
        .where(PageRow.id == row.page_id)
        .values(
            state="fetched",
            redo="extract",  # all steps, for an article that is known
            http_status=status,
            content_type=content_type,
            archive_file=place.file,
            archive_offset=place.offset,
            archive_length=place.length,
        )
    )


def unread_form(session: Session, row: ArticleRow, place: ArchivePlace) -> Version | None:
    """The version before the one archived at `place`, when that one has not been recorded; else None."""
    newest = _newest(session, row.id)
    if newest is None or _version(newest).place == place:
        return None
    return _version(newest)


def same_after_all(session: Session, row: ArticleRow, place: ArchivePlace) -> None:
    """The page at `place` says what the newest version says: it stands for that version from now on."""
    newest = _newest(session, row.id)
    if newest is not None:
        newest.archive_file, newest.archive_offset, newest.archive_length = place.file, place.offset, place.length
        session.flush()


def record_change(
    session: Session, row: ArticleRow, place: ArchivePlace, difference: dict[str, Any], seen_at: datetime, now: datetime
) -> int:
    """The article has been read in a new form: keep it, mark the article, tell the newsroom; the version's number.

    difference: what the event says beside the numbers. The caller has put the new text into `row`.
    """
    newest = _newest(session, row.id)
    number = (newest.number if newest is not None else 0) + 1
    _add_version(session, row, number, place, seen_at)
    row.source_changed_at = seen_at
    detail = {**difference, "from": number - 1, "to": number}
    _tell(session, row, "changed", detail, now)
    trail.add(session, row.page_id, now, "look", "changed", detail=detail)
    return number


def record_removal(session: Session, row: ArticleRow, reason: str, first_seen: datetime, now: datetime) -> None:
    """The newspaper has taken the article back, and that was confirmed: mark it, tell newsroom, index and audit log."""
    row.source_removed_at, row.source_removed_reason = now, reason
    detail = {"reason": reason, "first_seen": first_seen.isoformat()}
    _tell(session, row, "removed", detail, now)
    trail.add(session, row.page_id, now, "look", "removed", detail=detail)
    articles.touch(session, [row.id], now)
    # Last: the chain of the audit log is locked from here on, and nobody may wait for us meanwhile.
    _audit(session, row, "source_removed", detail, now)


def record_restoration(session: Session, row: ArticleRow, now: datetime) -> None:
    """The article is back at its newspaper."""
    was = {"removed_at": row.source_removed_at.isoformat() if row.source_removed_at else ""}
    row.source_removed_at, row.source_removed_reason = None, ""
    _tell(session, row, "restored", {}, now)
    trail.add(session, row.page_id, now, "look", "restored")
    articles.touch(session, [row.id], now)
    _audit(session, row, "source_restored", was, now)


def counts_waiting(session: Session) -> dict[str, int]:
    """How many events of each kind the newsroom has not acted on."""
    query = (
        select(SourceEventRow.kind, func.count())
        .where(SourceEventRow.handled_at.is_(None))
        .group_by(SourceEventRow.kind)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _events() -> Any:
    return select(
        SourceEventRow.id,
        SourceEventRow.article_id,
        ArticleRow.story_id,
        ArticleRow.source,
        ArticleRow.title,
        SourceEventRow.kind,
        SourceEventRow.at,
        SourceEventRow.detail,
        SourceEventRow.handled_at,
        SourceEventRow.handled_by,
    ).join(ArticleRow, ArticleRow.id == SourceEventRow.article_id)


def _tell(session: Session, row: ArticleRow, kind: EventKind, detail: dict[str, Any], now: datetime) -> None:
    session.add(SourceEventRow(article_id=row.id, kind=kind, at=now, detail=detail))
    session.flush()


def _audit(session: Session, row: ArticleRow, action: str, detail: dict[str, Any], now: datetime) -> None:
    audit.record(session, actor=ACTOR, action=action, object_kind="article", object_id=row.id, at=now, detail=detail)


def _newest(session: Session, article_id: int) -> ArticleVersionRow | None:
    query = select(ArticleVersionRow).where(ArticleVersionRow.article_id == article_id)
    return session.scalar(query.order_by(ArticleVersionRow.number.desc()).limit(1))


def _version(row: ArticleVersionRow) -> Version:
    place = ArchivePlace(row.archive_file, row.archive_offset, row.archive_length)
    return Version(row.number, row.seen_at, row.title, row.lead, row.text, place)


def _add_version(session: Session, row: ArticleRow, number: int, place: ArchivePlace, seen_at: datetime) -> None:
    session.add(
        ArticleVersionRow(
            article_id=row.id,
            number=number,
            seen_at=seen_at,
            title=row.title,
            lead=row.lead,
            text=row.text,
            archive_file=place.file,
            archive_offset=place.offset,
            archive_length=place.length,
        )
    )
    session.flush()
