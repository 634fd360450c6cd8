from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, select, text, update

from diembao.errors import ArchiveError, StaleSchema, StoreUnavailable
from diembao.records import Annotations, ArchivePlace, Article, Evidence, FeedHints, Relevance, Stance, Topic
from diembao.settings import Settings
from diembao.store import articles, audit, outbox, pages, sources, stories, trail
from diembao.store.archive import ArchiveWriter, read_record
from diembao.store.database import Store, open_store
from diembao.store.migrations import HEAD, upgrade
from diembao.store.models import ArticleRow, AuditRow, Base, FeedRow, PageRow, SourceRow

NOW = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)
RECORD = sources.SourceRecord(
    "songcau", "Báo Sông Cầu", "newspaper", "local", "none", {}, (("feed", "https://songcau.vn/rss"),)
)


def known_source(store: Store) -> None:
    with store.write() as session:
        sources.sync_sources(session, [RECORD], 600, NOW)


def one_article(store: Store, url: str = "https://songcau.vn/a.html") -> int:
    known_source(store)
    with store.write() as session:
        pages.register_found(session, "songcau", None, [pages.FoundLink(url, FeedHints(title="A"))], NOW)
        page = pages.by_url(session, url)
        assert page is not None
        story = stories.create(session, at=NOW, relevance="relevant", now=NOW)
        row = articles.add(
            session,
            page.id,
            Article(url, url, "songcau", "Lũ lên nhanh", "Sông Cầu…", "Sông Cầu…\nHết.", published_at=NOW),
            Annotations(
                Relevance.RELEVANT,
                0.97,
                evidence=(Evidence("province_in_title", "Thái Nguyên", "title", 0, 11, 2.5),),
                topics=(Topic("thien-tai-thoi-tiet", 0.9),),
                stance=Stance.NEUTRAL,
                versions={"gate": "1"},
            ),
            story_id=story.id,
            reprint_of=None,
            signature=b"\x01\x02",
            bands=[-5, 7, 7],
            fetched_at=NOW,
            now=NOW,
        )
        stories.refresh(session, story.id, NOW)
        return row.id


def test_migrated_schema_is_the_models_schema(database_url: str, store: Store) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    assert store.schema_version() == HEAD
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_a_database_of_another_version_is_refused(database_url: str, store: Store) -> None:
    with store.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StaleSchema, match="diembao migrate"):
        store.ready()


def test_unreachable_databases_are_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable) as unreachable:
        Store("postgresql+psycopg://u:topsecret@127.0.0.1:1/none").ready()
    assert "topsecret" not in str(unreachable.value) and "\n" not in str(unreachable.value)
    with pytest.raises(StoreUnavailable):
        Store("nonsense")
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(StoreUnavailable):
        open_store(Settings(data_dir=blocked / "below"))


def test_times_come_back_aware_and_in_utc(store: Store) -> None:
    hanoi = datetime.fromisoformat("2026-11-22T08:30:00+07:00")
    with store.write() as session:
        sources.sync_sources(session, [RECORD], 600, hanoi)
    with store.read() as session:
        row = session.get_one(SourceRow, "songcau")
        assert row.updated_at == hanoi and row.updated_at.utcoffset() == timedelta(0)


def test_a_failed_block_leaves_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError), store.write() as session:
        sources.sync_sources(session, [RECORD], 600, NOW)
        session.flush()
        raise RuntimeError
    with store.read() as session:
        assert sources.all_sources(session) == []


def test_source_that_leaves_the_files_becomes_inactive_and_comes_back(store: Store) -> None:
    known_source(store)
    with store.write() as session:
        sources.sync_sources(session, [], 600, NOW)
    with store.read() as session:
        assert not session.get_one(SourceRow, "songcau").active
        assert sources.due_feeds(session, NOW) == []
    known_source(store)
    with store.read() as session:
        assert [feed.url for feed in sources.due_feeds(session, NOW)] == ["https://songcau.vn/rss"]


def test_failing_poll_keeps_validators_and_ok_heals(store: Store) -> None:
    known_source(store)
    with store.write() as session:
        feed_id = sources.due_feeds(session, NOW)[0].id
        sources.record_poll(
            session, feed_id, now=NOW, status="ok", reason="", interval_seconds=600, new_items=3, etag='"a"'
        )
    for _ in range(3):
        with store.write() as session:
            sources.record_poll(
                session, feed_id, now=NOW, status="failing", reason="HTTP 500", interval_seconds=900, wait_seconds=5
            )
    with store.read() as session:
        feed = session.get_one(FeedRow, feed_id)
        assert (feed.failures, feed.etag, feed.status) == (3, '"a"', "failing")
        assert feed.next_due_at == NOW + timedelta(seconds=5)
        assert sources.due_feeds(session, NOW) == []
        assert len(sources.due_feeds(session, NOW, everything=True)) == 1
    with store.write() as session:
        sources.record_poll(session, feed_id, now=NOW, status="ok", reason="", interval_seconds=600)
    with store.read() as session:
        assert session.get_one(FeedRow, feed_id).failures == 0


def test_known_addresses_are_queued_once(store: Store) -> None:
    known_source(store)
    links = [pages.FoundLink(f"https://songcau.vn/{n}.html", FeedHints(published_at=NOW)) for n in range(120)]
    with store.write() as session:
        assert pages.register_found(session, "songcau", None, links, NOW) == 120
        assert pages.register_found(session, "songcau", None, links[:5], NOW) == 0
    with store.read() as session:
        assert len(pages.due_pages(session, NOW, 500)) == 120
        assert pages.known_urls(session, ["https://songcau.vn/3.html", "https://songcau.vn/x"]) == {
            "https://songcau.vn/3.html"
        }


def test_a_page_fails_for_good_after_its_last_try(store: Store) -> None:
    known_source(store)
    with store.write() as session:
        pages.register_found(session, "songcau", None, [pages.FoundLink("https://songcau.vn/1", FeedHints())], NOW)
    tries = 0
    moment = NOW
    while True:
        with store.write() as session:
            due = pages.due_pages(session, moment, 10)
            if not due:
                break
            tries += 1
            pages.mark_failed(session, due[0].id, "HTTP 502", moment)
        moment += timedelta(hours=2)
    assert tries == pages.MAX_ATTEMPTS
    with store.read() as session:
        assert pages.counts(session) == {("failed", "failed"): 1}
        page = pages.by_url(session, "https://songcau.vn/1")
        assert page is not None
        assert [row.outcome for row in trail.of_page(session, page.id)] == ["retry"] * 4 + ["failed"]


def test_fetched_pages_wait_in_order_with_their_hints(store: Store) -> None:
    known_source(store)
    hints = FeedHints(title="Tiêu đề", published_at=NOW)
    with store.write() as session:
        pages.register_found(session, "songcau", None, [pages.FoundLink("https://songcau.vn/1", hints)], NOW)
        page = pages.due_pages(session, NOW, 1)[0]
        pages.mark_fetched(
            session, page.id, status=200, content_type="text/html", place=ArchivePlace("a.warc.gz", 5, 9), now=NOW
        )
    with store.read() as session:
        [waiting] = pages.take_pending(session, 10, 0)
        assert waiting.hints == hints and waiting.place == ArchivePlace("a.warc.gz", 5, 9)
        assert pages.waiting(session, NOW) == 1


def test_article_and_its_judgement_come_back_whole(store: Store) -> None:
    article_id = one_article(store)
    with store.read() as session:
        row = session.get_one(ArticleRow, article_id)
        assert articles.to_record(row).title == "Lũ lên nhanh"
        judged = articles.annotations_from_json(row.annotations)
        assert judged.evidence[0].text == "Thái Nguyên" and judged.topics[0].slug == "thien-tai-thoi-tiet"
        assert judged.stance is Stance.NEUTRAL
        assert [(c.article_id, c.version, c.deleted) for c in outbox.waiting(session, 9)] == [(article_id, 1, False)]
        assert [c.id for c in articles.candidates(session, [7], most=9)] == [article_id]
        assert articles.candidates(session, [7], besides=article_id, most=9) == []


def test_removed_article_leaves_the_index_and_its_story(store: Store) -> None:
    article_id = one_article(store)
    with store.write() as session:
        row = session.get_one(ArticleRow, article_id)
        story_id = row.story_id
        articles.remove(session, row, NOW)
        assert stories.refresh(session, story_id, NOW) is None
    with store.read() as session:
        assert outbox.waiting(session, 9)[-1].deleted
        assert stories.get(session, story_id) is None
    assert one_article(store, "https://songcau.vn/next.html") > article_id, "an id in the index must not name another"


def test_merged_story_leads_to_the_one_that_was_kept(store: Store) -> None:
    first, second = one_article(store), one_article(store, "https://songcau.vn/b.html")
    with store.write() as session:
        kept, gone = (session.get_one(ArticleRow, number).story_id for number in (first, second))
        assert stories.merge(session, kept, gone, NOW) == [second]
        stories.refresh(session, kept, NOW)
    with store.read() as session:
        story = stories.get(session, gone)
        assert story is not None and story.id == kept and story.articles == 2 and story.outlets == 1
        assert [row.id for row in articles.of_story(session, kept)] == [first, second]


def test_redo_from_an_early_step_takes_all_and_from_a_late_one_only_ours(store: Store) -> None:
    known_source(store)
    with store.write() as session:
        rows = [(f"u{n}", "songcau", ArchivePlace("f", n, 1), "application/json", NOW) for n in range(3)]
        assert pages.register_archived(session, rows) == 3
        for page, outcome in zip(
            pages.take_pending(session, 9, 0), ["relevant", "irrelevant", "marginal"], strict=True
        ):
            pages.finish(session, page.id, outcome, "", NOW)
        assert pages.redo(session, "tag") == 2
        for page in pages.take_pending(session, 9, 0):
            assert page.redo == "tag"
            pages.finish(session, page.id, "relevant", "", NOW)
        assert pages.redo(session, "gate") == 3


def test_audit_log_shows_tampering(store: Store) -> None:
    with store.write() as session:
        for number in range(3):
            audit.record(
                session, actor="lan", action="publish", object_kind="story", object_id=number, at=NOW, detail={"n": 1}
            )
        assert audit.first_broken(session) is None
        session.execute(update(AuditRow).where(AuditRow.object_id == "1").values(actor="ai đó"))
    with store.read() as session:
        assert audit.first_broken(session) == session.scalar(select(AuditRow.id).where(AuditRow.object_id == "1"))


def test_archive_gives_back_what_was_written(tmp_path: Path) -> None:
    writer = ArchiveWriter(tmp_path)
    body = "<p>Thái Nguyên</p>".encode() * 1000
    page = writer.write_response(
        "https://songcau.vn/1", 200, [("Content-Type", "text/html"), ("Content-Encoding", "gzip")], body, NOW
    )
    row = writer.write_row("import:1", b'{"id": 1}', NOW)
    writer.sync()
    writer.close()
    back = read_record(tmp_path, page)
    assert (back.kind, back.url, back.status, back.body) == ("response", "https://songcau.vn/1", 200, body)
    assert back.headers["content-type"] == "text/html" and "content-encoding" not in back.headers
    assert read_record(tmp_path, row).body == b'{"id": 1}'


def test_torn_archive_record_is_said_and_does_not_hide_its_neighbours(tmp_path: Path) -> None:
    writer = ArchiveWriter(tmp_path)
    first = writer.write_row("import:1", b"{}", NOW)
    second = writer.write_row("import:2", b'{"a": 1}', NOW)
    writer.close()
    path = tmp_path / first.file
    path.write_bytes(path.read_bytes()[:-5])
    assert read_record(tmp_path, first).body == b"{}"
    with pytest.raises(ArchiveError):
        read_record(tmp_path, second)
    with pytest.raises(ArchiveError):
        read_record(tmp_path, ArchivePlace("missing.warc.gz", 0, 1))


def test_sqlite_is_in_wal_mode(tmp_path: Path) -> None:
    opened = open_store(Settings(data_dir=tmp_path))
    with opened.engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    opened.close()
    assert inspect(create_engine(f"sqlite:///{tmp_path / 'diembao.sqlite3'}")).has_table("articles")


def test_page_row_keeps_long_reasons_short(store: Store) -> None:
    article_id = one_article(store)
    with store.write() as session:
        page_id = session.get_one(ArticleRow, article_id).page_id
        pages.quarantine(session, page_id, "extract", "x" * 100_000, NOW)
    with store.read() as session:
        assert len(session.get_one(PageRow, page_id).reason) <= 2000


@pytest.mark.parametrize(
    ("published", "fetched", "counts"),
    [
        (None, "2026-11-22T09:00:00+07:00", "2026-11-22T09:00:00+07:00"),
        ("2026-11-22T08:30:00+07:00", "2026-11-22T09:00:00+07:00", "2026-11-22T08:30:00+07:00"),
        ("2026-11-22T00:00:00+07:00", "2026-11-22T09:00:00+07:00", "2026-11-22T09:00:00+07:00"),
        ("2026-11-21T17:00:00+00:00", "2026-11-22T16:59:59+00:00", "2026-11-22T16:59:59+00:00"),
        ("2017-04-03T00:00:00+07:00", "2026-11-22T09:00:00+07:00", "2017-04-03T00:00:00+07:00"),
    ],
)
def test_a_day_without_an_hour_counts_from_when_we_met_it(published: str | None, fetched: str, counts: str) -> None:
    found = articles.effective_time(
        datetime.fromisoformat(published) if published else None, datetime.fromisoformat(fetched)
    )
    assert found == datetime.fromisoformat(counts)


def test_a_filled_database_of_every_earlier_version_is_brought_up_to_date(database_url: str) -> None:
    store = Store(database_url)
    upgrade(store.engine.execution_options(diembao_write=True), "0001")
    with store.write() as session:
        session.execute(
            text(
                "INSERT INTO sources (name, title, outlet_type, scope, agreement, definition, active, updated_at) "
                "VALUES ('a', 'A', 'newspaper', 'local', 'none', '{}', true, '2026-11-22')"
            )
        )
        session.execute(
            text(
                "INSERT INTO pages (id, url, source, found_at, hints, state, attempts, next_try_at, content_type, "
                "archive_file, archive_offset, archive_length, outcome, reason, redo) VALUES "
                "(1, 'u', 'a', '2026-11-22', '{}', 'done', 0, '2026-11-22', '', '', 0, 0, 'relevant', '', '')"
            )
        )
        session.execute(
            text(
                "INSERT INTO stories (id, first_at, last_at, articles, outlets, relevance, state, headline, summary, "
                "updated_at, revision) VALUES (1, '2026-11-22', '2026-11-22', 1, 1, 'relevant', 'new', '', '', "
                "'2026-11-22', 1)"
            )
        )
        session.execute(
            text(
                "INSERT INTO articles (id, page_id, source, url, canonical_url, title, lead, text, authors, "
                "published_from, effective_at, section, image, credit, read_by, language, relevance, relevance_score, "
                "topic, stance, needs_response, annotations, signature, story_id, version, created_at, updated_at) "
                "VALUES (1, 1, 'a', 'u', 'u', 'T', '', 'x', '[]', 'none', '2026-11-22', '', '', '', '', 'vi', "
                "'relevant', 1, '', '', false, '{}', '', 1, 1, '2026-11-22', '2026-11-22')"
            )
        )
        session.execute(text("INSERT INTO bands (band, article_id) VALUES (5, 1)"))
    store.migrate()
    assert store.schema_version() == HEAD
    with store.read() as session:
        assert session.get_one(ArticleRow, 1).title == "T"
        assert session.execute(text("SELECT count(*) FROM bands")).scalar() == 1
    if store.dialect == "sqlite":
        with store.write() as session:
            assert session.execute(text("PRAGMA foreign_keys")).scalar() == 1
    store.close()
