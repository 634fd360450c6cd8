"""Articles that people add, and pages they take in, all the way through the pipeline."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crawlers.requests import answer
from diembao.errors import Conflict, Forbidden, Refused
from diembao.newsroom import adding, corrections, near_misses
from diembao.newsroom.adding import Given
from diembao.newsroom.permissions import Actor, Role
from diembao.records import Page
from diembao.store import articles, labels, pages
from diembao.store import near_misses as just_below
from diembao.store.archive import ArchiveWriter
from diembao.store.models import PageRow, SourceRow
from nlp.analyzer import Analyzer
from pipelines.labelled import labelled_rows
from pipelines.runner import process_pending, redo
from pipelines.steps import Tools

HTML = """<html><head><title>{title}</title>
<meta property="article:published_time" content="2026-11-22T07:00:00+07:00"></head>
<body><article><h1>{title}</h1>{body}</article></body></html>"""
ELSEWHERE = "Đường Thái Nguyên ở Nha Trang được mở rộng thêm hai làn xe, thành phố Nha Trang cho biết. " * 6
NOTHING = "Các đội đã chuẩn bị xong cho trận chung kết diễn ra vào tối mai trên sân nhà. " * 8


@pytest.fixture(scope="module")
def analyzer():
    return Analyzer.load()


@pytest.fixture
def tools(newsroom, analyzer):
    return Tools(newsroom.settings.archive_dir, analyzer, {})


@pytest.fixture
def archive(newsroom):
    writer = ArchiveWriter(newsroom.settings.archive_dir)
    yield writer
    writer.close()


def page_of(newsroom, archive, url, title, body):
    """A page that the crawler has archived."""
    html = HTML.format(title=title, body=f"<p>{body}</p>").encode()
    place = archive.write_response(url, 200, [("Content-Type", "text/html")], html, newsroom.now)
    archive.sync()
    with newsroom.store.write() as session:
        pages.register_archived(session, [(url, "songcau", place, "text/html", newsroom.now)])
        return pages.by_url(session, url).id


def outcome(newsroom, page_id):
    with newsroom.store.read() as session:
        return session.get_one(PageRow, page_id).outcome


def process(newsroom, tools):
    process_pending(newsroom.store, tools, now=lambda: newsroom.now)


def test_by_hand_becomes_an_article_like_any_other(newsroom, tools, archive):
    given = Given("television", "Truyền hình Ví Dụ", "Phóng sự tối 21/11", NOTHING, newsroom.now - timedelta(hours=9))
    with newsroom.store.write() as session:
        page = adding.by_hand(session, archive, given, newsroom.editor, newsroom.now)
    process(newsroom, tools)
    assert outcome(newsroom, page) == "relevant"
    with newsroom.store.read() as session:
        row = articles.by_page(session, page)
        assert (row.title, row.published_at) == ("Phóng sự tối 21/11", given.printed_at)
        source = session.get_one(SourceRow, row.source)
        assert (source.title, source.outlet_type, source.active) == ("Truyền hình Ví Dụ", "broadcaster", False)
        label = labels.of_page(session, page)[0]
        assert (label.value, label.machine_value, label.by) == ("relevant", "irrelevant", "lan")


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"title": " "}, "no_title"),
        ({"outlet": ""}, "no_outlet"),
        ({"text": ""}, "no_text"),
        ({"url": "javascript:alert(1)"}, "bad_address"),
        ({"url": "https://a@b.vn/"}, "bad_address"),
        ({"ahead": True}, "future_time"),
    ],
)
def test_what_cannot_be_added_is_refused(newsroom, archive, given, key):
    changed = dict(given)  # the same for the other database
    at = newsroom.now + timedelta(minutes=1) if changed.pop("ahead", False) else newsroom.now
    values = {"outlet": "Báo Giấy", "title": "Tít", "text": "Nội dung", "url": "", **changed}
    with newsroom.store.write() as session, pytest.raises(Refused, match=key):
        adding.by_hand(session, archive, Given("print", printed_at=at, **values), newsroom.editor, newsroom.now)


def test_by_address_is_fetched_archived_and_read(newsroom, tools, archive):
    with newsroom.store.write() as session:
        with pytest.raises(Forbidden):
            adding.ask(session, "https://xa.vn/1", Actor("an", frozenset({Role.ANALYST})), newsroom.now)
        number = adding.ask(session, "https://la-lam.vn/bai-1.html", newsroom.editor, newsroom.now)
        assert adding.progress(session, number).stage == "waiting"

    def fetched(url, _settings):
        html = HTML.format(title="Bài ở nơi khác", body=f"<p>{NOTHING}</p>").encode()
        return Page(url, "", newsroom.now, 200, "text/html; charset=utf-8", html)

    assert answer(newsroom.store, newsroom.settings, archive, now=lambda: newsroom.now, read=fetched) == 1
    with newsroom.store.read() as session:
        assert adding.progress(session, number).stage == "reading"
    process(newsroom, tools)
    with newsroom.store.read() as session:
        done = adding.progress(session, number)
    assert done.stage == "done" and newsroom.row(done.story_id).relevance == "relevant"
    assert answer(newsroom.store, newsroom.settings, archive, now=lambda: newsroom.now, read=fetched) == 0


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/", "http://169.254.169.254/latest", "http://[::1]/", "http://[::ffff:10.0.0.1]/"]
)
def test_addresses_inside_are_never_fetched(newsroom, archive, url):
    with newsroom.store.write() as session:
        number = adding.ask(session, url, newsroom.editor, newsroom.now)
    answer(newsroom.store, newsroom.settings, archive, now=lambda: newsroom.now)
    with newsroom.store.read() as session:
        failed = adding.progress(session, number)
    assert (failed.stage, failed.key) == ("failed", "desk.adding.failed.private_address")


def test_a_near_miss_is_kept_taken_in_and_no_machine_drops_it_again(newsroom, tools, archive):
    page = page_of(newsroom, archive, "https://songcau.vn/x-1.html", "Mở rộng đường Thái Nguyên", ELSEWHERE)
    far = page_of(newsroom, archive, "https://songcau.vn/x-2.html", "Trận chung kết", NOTHING)
    process(newsroom, tools)
    assert outcome(newsroom, page) == outcome(newsroom, far) == "irrelevant"
    with newsroom.store.read() as session:
        (one,) = just_below.listed(session)
    assert (one.page_id, one.title, one.outlet) == (page, "Mở rộng đường Thái Nguyên", "Báo Sông Cầu")
    assert one.evidence and 0 < one.score < 1
    with newsroom.store.write() as session:
        near_misses.take_in(session, page, newsroom.editor, newsroom.now)
        with pytest.raises(Conflict):
            near_misses.take_in(session, page, newsroom.other, newsroom.now)
    for step in ("", "extract", "gate", "tag", "group"):
        if step:
            redo(newsroom.store, step, since=None, source=None)
        process(newsroom, tools)
        assert outcome(newsroom, page) == "relevant", step
        assert outcome(newsroom, far) == "irrelevant"
    with newsroom.store.read() as session:
        assert just_below.listed(session) == []
        label = labels.in_force(session, [page])[page]["relevance"]
        assert (label.value, label.machine_value) == ("relevant", "irrelevant")


def test_labels_stay_through_every_redo_and_the_machines_new_word_is_kept(newsroom, tools, archive):
    body = "Sở Nông nghiệp tỉnh Thái Nguyên cho biết vụ chè năm nay được mùa, bà con phấn khởi. " * 5
    page = page_of(newsroom, archive, "https://songcau.vn/x-3.html", "Chè Thái Nguyên được mùa", body)
    process(newsroom, tools)
    with newsroom.store.write() as session:
        machine = corrections.correct(session, page, "stance", "mixed", newsroom.editor, newsroom.now)
        corrections.correct(session, page, "topics", ["y-te"], newsroom.editor, newsroom.now)
        label = labels.in_force(session, [page])[page]["stance"]
        said, label.machine_value = label.machine_value, "unfavourable"  # as an older model might have said
    assert machine.label_id
    for step in ("extract", "tag", "group"):
        redo(newsroom.store, step, since=None, source=None)
        process(newsroom, tools)
        with newsroom.store.read() as session:
            row = articles.by_page(session, page)
            assert (row.stance, row.topic) == ("mixed", "y-te"), step
            assert labels.in_force(session, [page])[page]["stance"].machine_value == said, step
    with newsroom.store.write() as session:
        corrections.correct(session, page, "relevance", "irrelevant", newsroom.editor, newsroom.now)
    redo(newsroom.store, "extract", since=None, source=None)
    process(newsroom, tools)
    assert outcome(newsroom, page) == "irrelevant"


def test_what_people_said_becomes_material_for_training(newsroom, tools, archive):
    """With the text of what was taken off, too; what was said of copies counts once, at their original."""
    body = "Sở Nông nghiệp tỉnh Thái Nguyên cho biết vụ chè năm nay được mùa, bà con phấn khởi. " * 5
    kept = page_of(newsroom, archive, "https://songcau.vn/x-4.html", "Chè Thái Nguyên được mùa", body)
    gone = page_of(newsroom, archive, "https://songcau.vn/x-5.html", "Trận chung kết ở Thái Nguyên", body + NOTHING)
    process(newsroom, tools)
    with newsroom.store.write() as session:
        corrections.correct(session, kept, "stance", "mixed", newsroom.editor, newsroom.now)
        corrections.correct(session, kept, "topics", ["y-te", "giao-duc"], newsroom.editor, newsroom.now)
        corrections.correct(session, gone, "relevance", "irrelevant", newsroom.editor, newsroom.now)
        said = labels.in_force(session, [kept])[kept]["stance"]
        said.machine_value = said.value  # the machine has learned
    rows = {row["url"]: row for row in labelled_rows(newsroom.store, tools)}
    first, second = rows["https://songcau.vn/x-4.html"], rows["https://songcau.vn/x-5.html"]
    assert (first["stance"], first["topic"], first["topic2"]) == ("mixed", "y-te", "giao-duc")
    assert "relevance" not in first and "chè năm nay" in first["text"]
    assert second["relevance"] == "irrelevant" and "chung kết" in second["text"]
    with newsroom.store.read() as session:
        counted = labels.agreement(session)
    assert (counted["stance"], counted["topics"], counted["relevance"]) == ((1, 1), (1, 0), (1, 0))


def test_a_dismissed_near_miss_is_shown_no_more(newsroom, tools, archive):
    page = page_of(newsroom, archive, "https://songcau.vn/x-1.html", "Mở rộng đường Thái Nguyên", ELSEWHERE)
    process(newsroom, tools)
    with newsroom.store.write() as session:
        near_misses.dismiss(session, page, newsroom.editor, newsroom.now)
        with pytest.raises(Refused, match="no_near_miss"):
            near_misses.dismiss(session, page, newsroom.editor, newsroom.now)
    redo(newsroom.store, "gate", since=None, source=None)
    process(newsroom, tools)
    with newsroom.store.read() as session:
        assert just_below.listed(session) == [] and just_below.count(session) == 0
