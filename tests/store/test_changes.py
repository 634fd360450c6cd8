"""What newspapers do to articles is kept whole, told once, and seen by index and audit log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from diembao.records import Annotations, ArchivePlace, Article, FeedHints, Relevance
from diembao.store import articles, audit, changes, outbox, pages, sources, stories, trail
from diembao.store.database import Store
from diembao.store.models import ArticleRow

NOW = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)
LATER = NOW + timedelta(hours=2)
FIRST, SECOND = ArchivePlace("a.warc.gz", 0, 100), ArchivePlace("b.warc.gz", 5, 90)
URL = "https://songcau.vn/a.html"


def an_article(store: Store) -> int:
    record = sources.SourceRecord("songcau", "Báo Sông Cầu", "newspaper", "local", "none", {}, ())
    with store.write() as session:
        sources.sync_sources(session, [record], 600, NOW)
        pages.register_found(session, "songcau", None, [pages.FoundLink(URL, FeedHints())], NOW)
        page = pages.by_url(session, URL)
        assert page is not None
        pages.mark_fetched(session, page.id, status=200, content_type="text/html", place=FIRST, now=NOW)
        story = stories.create(session, at=NOW, relevance="relevant", now=NOW)
        row = articles.add(
            session,
            page.id,
            Article(URL, URL, "songcau", "Lũ lên nhanh", "", "Ba người bị thương."),
            Annotations(Relevance.RELEVANT, 0.9),
            story_id=story.id,
            reprint_of=None,
            signature=b"",
            bands=[1],
            fetched_at=NOW,
            now=NOW,
        )
        return row.id


def test_every_text_of_an_article_is_kept_and_the_change_told_once(store: Store) -> None:
    article_id = an_article(store)
    with store.write() as session:
        row = session.get_one(ArticleRow, article_id)
        changes.keep_first_version(session, row)
        changes.keep_first_version(session, row)
        row.text = "Năm người bị thương."
        changes.record_change(session, row, SECOND, {"title": False, "text": True}, LATER, LATER)
    with store.read() as session:
        kept = changes.versions(session, article_id)
        assert [(v.number, v.text, v.place, v.seen_at) for v in kept] == [
            (1, "Ba người bị thương.", FIRST, NOW),
            (2, "Năm người bị thương.", SECOND, LATER),
        ]
        assert session.get_one(ArticleRow, article_id).source_changed_at == LATER
        (event,) = changes.unhandled(session)
        assert (event.kind, event.article_id, event.detail["to"]) == ("changed", article_id, 2)
        assert changes.unhandled(session, kinds=["removed"]) == []
    with store.write() as session:
        assert changes.mark_handled(session, [event.id], "lan", LATER) == 1
        assert changes.mark_handled(session, [event.id], "minh", LATER) == 0
    with store.read() as session:
        assert changes.unhandled(session) == []
        assert [known.handled_by for known in changes.events_of(session, [article_id])] == ["lan"]


def test_a_removal_reaches_article_index_trail_and_audit_log_and_can_be_taken_back(store: Store) -> None:
    article_id = an_article(store)
    with store.write() as session:
        outbox.done(session, [change.id for change in outbox.waiting(session, 10)])
        changes.record_removal(session, session.get_one(ArticleRow, article_id), "HTTP 410", NOW, LATER)
    with store.read() as session:
        row = session.get_one(ArticleRow, article_id)
        assert (row.source_removed_at, row.source_removed_reason) == (LATER, "HTTP 410")
        assert [(c.article_id, c.version) for c in outbox.waiting(session, 10)] == [(article_id, row.version)]
        assert trail.of_page(session, row.page_id)[-1].outcome == "removed"
        assert [line.action for line in audit.of_object(session, "article", article_id)] == ["source_removed"]
        assert changes.counts_waiting(session) == {"removed": 1}
    with store.write() as session:
        changes.record_restoration(session, session.get_one(ArticleRow, article_id), LATER)
    with store.read() as session:
        assert session.get_one(ArticleRow, article_id).source_removed_at is None
        assert [event.kind for event in changes.unhandled(session)] == ["removed", "restored"]
        assert audit.first_broken(session) is None


def test_an_article_that_is_dropped_takes_its_versions_and_events_along(store: Store) -> None:
    article_id = an_article(store)
    with store.write() as session:
        row = session.get_one(ArticleRow, article_id)
        changes.keep_first_version(session, row)
        changes.record_removal(session, row, "HTTP 404", NOW, NOW)
        articles.remove(session, row, NOW)
    with store.read() as session:
        assert changes.unhandled(session) == []
        assert changes.versions(session, article_id) == []
