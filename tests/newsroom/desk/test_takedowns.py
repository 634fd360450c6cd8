"""What newspapers take back goes off every surface by itself; by an injected clock."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from diembao.errors import Forbidden, Refused
from diembao.newsroom import takedowns
from diembao.newsroom.desk import Wish
from diembao.newsroom.publishing import publish_scheduled
from diembao.newsroom.states import Act, State
from diembao.newsroom.takedowns import follow_source
from diembao.store import audit, changes, public
from diembao.store import takedowns as log
from diembao.store.models import ArticleRow
from pipelines.exports import export_articles
from pipelines.indexing import documents_of

MINUTE = timedelta(minutes=1)


def take_back(newsroom, article_id, at):
    """What the watcher writes when a newspaper's page is gone for the second time."""
    with newsroom.store.write() as session:
        row = session.get_one(ArticleRow, article_id)
        changes.record_removal(session, row, "http_410", at - 10 * MINUTE, at)


def shown(newsroom, story, now):
    until = now - timedelta(hours=1)
    with newsroom.store.read() as session:
        return [one.id for one in public.printings_of(session, [story], until).get(story, [])]


def published(newsroom, *papers):
    return newsroom.story(*papers, state=State.PUBLISHED, summary="Tóm tắt.")


def test_a_removed_article_is_gone_with_the_mark_and_its_story_with_the_next_round(newsroom):
    story, now = published(newsroom, "songcau"), newsroom.now
    (article,) = newsroom.printings(story)
    assert shown(newsroom, story, now) == [article.id]
    take_back(newsroom, article.id, now)
    assert shown(newsroom, story, now) == []
    assert follow_source(newsroom.store, newsroom.settings, now + MINUTE).taken_down == 1
    row = newsroom.row(story)
    assert (row.state, row.state_by) == ("withdrawn", "policy:removal")
    with newsroom.store.read() as session:
        assert public.stories_by_id(session, [story], now) == {}
        assert public.tombstone(session, story).withdrawn_at == now + MINUTE
        documents, _ = documents_of(session, [article.id])
        assert not documents[0].published
        (entry,) = log.listed(session)
        assert (entry.scope, entry.cause, entry.by, entry.outlet) == (
            "story",
            "source_removed",
            "policy:removal",
            "Báo Sông Cầu",
        )
        assert entry.detected_at == now and entry.removed_at == now + MINUTE
        assert entry.due_at == now - 10 * MINUTE + timedelta(hours=3)
        assert entry.evidence["reason"] == "http_410" and entry.was_published
        assert changes.unhandled(session) == []
        assert audit.first_broken(session) is None
    assert follow_source(newsroom.store, newsroom.settings, now + 2 * MINUTE).taken_down == 0


def test_the_other_printings_stay(newsroom):
    story, now = published(newsroom, "songcau", "nuicoc"), newsroom.now
    first, second = newsroom.printings(story)
    take_back(newsroom, first.id, now)
    follow_source(newsroom.store, newsroom.settings, now)
    row = newsroom.row(story)
    assert row.state == "published" and shown(newsroom, story, now) == [second.id]
    # The title of the article that was taken back stands nowhere any more.
    assert row.first_article_id == second.id and (row.articles, row.outlets) == (1, 1)
    with newsroom.store.read() as session:
        assert public.printings_by_id(session, [second.id], now)[second.id].story_title == second.title
        assert public.tombstone(session, story) is None
        assert log.listed(session)[0].scope == "printing"


def test_an_export_says_only_that_it_was_taken_down(newsroom):
    story, now = published(newsroom, "songcau", "nuicoc"), newsroom.now
    first, second = newsroom.printings(story)
    take_back(newsroom, first.id, now)
    lines = []
    export_articles(newsroom.store, lines.append)
    gone, kept = (json.loads(line) for line in lines)
    assert gone == {"id": first.id, "url": first.url, "source": "songcau", "taken_down": now.isoformat()}
    assert kept["id"] == second.id and kept["text"]


def test_a_scheduled_story_does_not_go_out_without_its_source(newsroom):
    newsroom.front("nuicoc", "trungdu", "nonnuoc")
    story, now = newsroom.story(state=State.WAITING, summary="Tóm tắt."), newsroom.now
    newsroom.do(Act.SCHEDULE, story, newsroom.chief, Wish(at=now + timedelta(hours=1)))
    take_back(newsroom, newsroom.printings(story)[0].id, now)
    follow_source(newsroom.store, newsroom.settings, now)
    assert publish_scheduled(newsroom.store, newsroom.settings, now + timedelta(hours=2)) == 0
    assert newsroom.row(story).state == "approved" and newsroom.row(story).scheduled_at is None
    with pytest.raises(Refused, match="source_removed"):
        newsroom.do(Act.PUBLISH, story, newsroom.chief)


def test_what_is_back_at_its_newspaper_is_shown_again_only_by_a_person(newsroom):
    story, now = published(newsroom, "songcau", "nuicoc"), newsroom.now
    first, second = newsroom.printings(story)
    take_back(newsroom, first.id, now)
    follow_source(newsroom.store, newsroom.settings, now)
    with newsroom.store.write() as session, pytest.raises(Refused, match="source_withholds"):
        takedowns.put_back_printing(session, first.id, newsroom.chief, now)
    with newsroom.store.write() as session:
        changes.record_restoration(session, session.get_one(ArticleRow, first.id), now)
    assert follow_source(newsroom.store, newsroom.settings, now).told == 1
    assert shown(newsroom, story, now) == [second.id]
    with newsroom.store.write() as session:
        takedowns.put_back_printing(session, first.id, newsroom.chief, now)
    assert shown(newsroom, story, now) == [first.id, second.id]


def test_a_changed_article_is_put_before_the_desk_until_somebody_has_looked(newsroom):
    shown_story, new_story, now = published(newsroom, "songcau"), newsroom.story("nuicoc"), newsroom.now
    with newsroom.store.write() as session:
        for story in (shown_story, new_story):
            row = session.get_one(ArticleRow, newsroom.printings(story)[0].id)
            detail = {"title": True, "text": False, "added": 1, "removed": 1}
            changes._tell(session, row, "changed", detail, now)
    assert follow_source(newsroom.store, newsroom.settings, now).told == 1
    with newsroom.store.write() as session:
        (entry,) = log.open_ones(session)
        assert (entry.story_id, entry.cause) == (shown_story, "source_changed")
        with pytest.raises(Refused, match="settle_needs_words"):
            takedowns.settle(session, entry.id, " ", newsroom.editor, now)
        takedowns.settle(session, entry.id, "chỉ sửa lỗi chính tả", newsroom.editor, now)
        assert log.count_open(session) == 0


def test_by_hand_is_the_chiefs_and_is_in_the_same_log(newsroom):
    story, other, now = published(newsroom, "songcau", "nuicoc"), published(newsroom, "trungdu"), newsroom.now
    article = newsroom.printings(story)[0].id
    with newsroom.store.write() as session:
        with pytest.raises(Forbidden):
            takedowns.take_down_printing(session, article, "theo yêu cầu", newsroom.editor, now)
        takedowns.take_down_printing(session, article, "theo yêu cầu của báo", newsroom.chief, now)
    newsroom.do(Act.WITHDRAW, other, newsroom.chief, Wish(words="thông tin sai"))
    newsroom.do(Act.RECTIFY, story, newsroom.chief, Wish("Tít mới", "Tóm tắt đúng.", "Sửa số liệu: 30 ha."))
    with newsroom.store.read() as session:
        assert {(row.cause, row.scope, row.by) for row in log.listed(session)} == {
            ("by_hand", "printing", "chi-huong"),
            ("by_hand", "story", "chi-huong"),
            ("correction", "text", "chi-huong"),
        }
        assert {row.story_id for row in takedowns.published_since(session, now - MINUTE, now + MINUTE)} == {
            story,
            other,
        }
    row = newsroom.row(story)
    assert (row.state, row.correction, row.corrected_at) == ("corrected", "Sửa số liệu: 30 ha.", now)
    assert shown(newsroom, story, now) and not shown(newsroom, other, now)
