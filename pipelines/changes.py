"""A page that its newspaper changed, read again: what of it becomes a new version of the article."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from diembao.records import Annotations, Article, PublishedFrom
from diembao.store import articles, changes, watches
from diembao.store.changes import Version
from diembao.store.models import ArticleRow
from diembao.store.pages import PendingPage
from nlp.differences import compare


def with_first_time(article: Article, row: ArticleRow) -> Article:
    """The new reading under the time the article was first printed at: newspapers date their edits anew."""
    if row.published_at is None:
        return article
    return replace(article, published_at=row.published_at, published_from=PublishedFrom(row.published_from))


def note(session: Session, row: ArticleRow, page: PendingPage, before: Version, relevance: str, now: datetime) -> bool:
    """`row` holds the new reading: record it as a version, when it says something else; whether it does."""
    seen = compare((before.title, before.text), (row.title, row.text))
    if not seen.changed:
        changes.same_after_all(session, row, page.place)
        return False
    detail: dict[str, Any] = {
        "title": seen.title_changed,
        "text": seen.text_changed,
        "added": seen.words_added,
        "removed": seen.words_removed,
        "relevance": relevance,
    }
    changes.record_change(session, row, page.place, detail, watches.last_look_at(session, page.id) or now, now)
    return True


def keep_no_longer_ours(
    session: Session, row: ArticleRow, page: PendingPage, article: Article, judged: Annotations, now: datetime
) -> None:
    """A text that was ours and, changed, is so no more: the new text is kept under the old judgement.

    People have worked with the article; the event says what the machine thinks now, and they decide.
    """
    before = changes.unread_form(session, row, page.place)
    row.title, row.lead, row.text, row.read_by = article.title, article.lead, article.text, article.read_by
    session.flush()
    if before is not None:
        note(session, row, page, before, judged.relevance.value, now)
    articles.touch(session, [row.id], now)
