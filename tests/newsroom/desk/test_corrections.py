"""What people say of an article outranks the machine; the machine's word is kept beside it."""

from __future__ import annotations

import pytest

from diembao.errors import Conflict, Forbidden, Refused
from diembao.newsroom import corrections
from diembao.newsroom.permissions import Actor, Role
from diembao.newsroom.states import State
from diembao.store import articles, audit, labels, pages
from diembao.store.models import ArticleRow, PageRow


def correct(newsroom, page, field, value, actor=None, **more):
    with newsroom.store.write() as session:
        return corrections.correct(session, page, field, value, actor or newsroom.editor, newsroom.now, **more)


def said(newsroom, article_id, field):
    with newsroom.store.read() as session:
        return corrections.said_of(session, session.get_one(ArticleRow, article_id))[field]


def test_both_words_are_shown_with_who_and_when(newsroom):
    (article,) = newsroom.printings(newsroom.story())
    done = correct(newsroom, article.page_id, "stance", "unfavourable")
    one = said(newsroom, article.id, "stance")
    assert (one.value, one.machine_value, one.by, one.at) == ("unfavourable", "neutral", "lan", newsroom.now)
    row = newsroom.printings(article.story_id)[0]
    assert (row.stance, row.version) == ("unfavourable", article.version + 1)
    with newsroom.store.write() as session:
        corrections.take_back(session, done.label_id, newsroom.other, newsroom.now)
    assert newsroom.printings(article.story_id)[0].stance == "neutral"
    assert said(newsroom, article.id, "stance").label_id == 0
    with newsroom.store.read() as session:
        actions = [row.action for row in audit.of_object(session, "page", article.page_id)]
    assert actions == ["label", "label_taken_back"]


def test_who_comes_second_is_told(newsroom):
    (article,) = newsroom.printings(newsroom.story())
    first = correct(newsroom, article.page_id, "topics", ["y-te", "giao-duc"])
    with pytest.raises(Conflict) as lost:
        correct(newsroom, article.page_id, "topics", ["the-thao"], newsroom.other)
    assert lost.value.values["by"] == "lan" and lost.value.values["value"] == ["y-te", "giao-duc"]
    correct(newsroom, article.page_id, "topics", ["the-thao"], newsroom.other, seen=first.label_id)
    one = said(newsroom, article.id, "topics")
    assert (one.value, one.machine_value, one.by) == (["the-thao"], ["kinh-te"], "minh")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("relevance", "maybe"),
        ("topics", "y-te"),
        ("topics", ["a", "b", "c", "d"]),
        ("topics", ["a", "a"]),
        ("stance", "angry"),
        ("needs_response", "yes"),
        ("places", [{"name": "Phổ Yên"}]),
        ("title", "Tít"),
    ],
)
def test_values_that_cannot_be_are_refused(newsroom, field, value):
    (article,) = newsroom.printings(newsroom.story())
    with pytest.raises(Refused, match="label_value"):
        correct(newsroom, article.page_id, field, value)


def test_copies_follow_but_keep_what_was_said_of_them(newsroom):
    story = newsroom.story("songcau", "nuicoc", "trungdu")
    first, second, third = newsroom.printings(story)
    with newsroom.store.write() as session:
        for copy in (second, third):
            articles.descend(session, copy.id, first.id, 1.0)
    correct(newsroom, third.page_id, "stance", "mixed", newsroom.other)
    done = correct(newsroom, first.page_id, "stance", "favourable", copies=True)
    assert [row.stance for row in newsroom.printings(story)] == ["favourable", "favourable", "mixed"]
    assert len(done.copies) == 1 and said(newsroom, second.id, "stance").from_copy
    with newsroom.store.write() as session:
        corrections.take_back(session, done.label_id, newsroom.editor, newsroom.now)
    assert [row.stance for row in newsroom.printings(story)] == ["neutral", "neutral", "mixed"]


def test_irrelevant_by_hand_takes_the_article_off_and_the_label_outlives_it(newsroom):
    story = newsroom.story("songcau", "nuicoc")
    first, second = newsroom.printings(story)
    done = correct(newsroom, first.page_id, "relevance", "irrelevant")
    assert [row.id for row in newsroom.printings(story)] == [second.id]
    with newsroom.store.write() as session:
        assert labels.rulings(session, [first.page_id]) == {first.page_id: "irrelevant"}
        page = session.get_one(PageRow, first.page_id)
        assert page.outcome == "irrelevant"
        page.archive_file = "a.warc.gz"
    with newsroom.store.write() as session:
        corrections.take_back(session, done.label_id, newsroom.editor, newsroom.now)
        assert session.get_one(PageRow, first.page_id).redo == "gate"  # read again from the archive
        assert pages.is_pending(session, first.page_id)


def test_the_last_printing_of_what_is_shown_goes_by_withdrawing(newsroom):
    (article,) = newsroom.printings(newsroom.story(state=State.PUBLISHED))
    with pytest.raises(Forbidden):
        correct(newsroom, article.page_id, "relevance", "irrelevant")
    with pytest.raises(Refused, match="withdraw_first"):
        correct(newsroom, article.page_id, "relevance", "irrelevant", newsroom.chief)
    assert newsroom.row(article.story_id).state == "published"


def test_analysts_correct_nothing(newsroom):
    (article,) = newsroom.printings(newsroom.story())
    with pytest.raises(Forbidden):
        correct(newsroom, article.page_id, "stance", "mixed", Actor("an", frozenset({Role.ANALYST})))
