"""Stories put together and taken apart by hand, and put back as if it had not been done."""

from __future__ import annotations

import pytest

from diembao.errors import Conflict, Forbidden, Refused
from diembao.newsroom import desk, regrouping
from diembao.newsroom.permissions import Actor, Role
from diembao.newsroom.states import Act, State
from diembao.store import articles, audit, stories
from diembao.store.models import ArticleRow


def merge(newsroom, *numbers, actor=None):
    items = [newsroom.item(number) for number in numbers]
    with newsroom.store.write() as session:
        return regrouping.merge_stories(session, items, actor or newsroom.editor, newsroom.now)


def split(newsroom, number, *article_ids):
    with newsroom.store.write() as session:
        return regrouping.split_story(session, newsroom.item(number), article_ids, newsroom.editor, newsroom.now)


def ids(newsroom, number):
    return [row.id for row in newsroom.printings(number)]


def pinned(newsroom, *numbers):
    return [row.story_pinned for number in numbers for row in newsroom.printings(number)]


def test_stories_put_together_keep_what_people_did_and_are_taken_apart_again(newsroom):
    fresh, drafted = newsroom.story("songcau"), newsroom.story("nuicoc", state=State.DRAFTED, summary="Tóm tắt.")
    assert merge(newsroom, fresh, drafted)[0] == drafted
    assert newsroom.row(drafted).summary == "Tóm tắt." and newsroom.row(drafted).articles == 2
    assert newsroom.row(fresh).merged_into == drafted
    one, other = ids(newsroom, drafted)
    with pytest.raises(Refused, match="split_some"):
        split(newsroom, drafted, one, other)
    new, _ = split(newsroom, drafted, one)
    assert newsroom.row(new).articles == newsroom.row(drafted).articles == 1
    assert all(pinned(newsroom, new, drafted))


def test_a_merging_is_undone_as_if_it_had_not_been(newsroom):
    kept, gone = (
        newsroom.story("songcau", state=State.TAKEN),
        newsroom.story("nuicoc", "trungdu", summary="Của tin kia."),
    )
    earlier = newsroom.story("nonnuoc")
    merge(newsroom, gone, earlier)  # an address that leads to the story which is merged now
    before = {number: ids(newsroom, number) for number in (kept, gone)}
    held = pinned(newsroom, kept, gone)
    _, act = merge(newsroom, kept, gone)
    assert newsroom.row(earlier).merged_into == kept and newsroom.row(kept).summary == "Của tin kia."
    versions = {row.id: row.version for row in newsroom.printings(kept)}

    assert set(newsroom.undo(act, newsroom.editor).done) == {kept, gone}

    assert {number: ids(newsroom, number) for number in (kept, gone)} == before
    assert pinned(newsroom, kept, gone) == held
    assert (newsroom.row(kept).state, newsroom.row(kept).summary, newsroom.row(kept).articles) == ("taken", "", 1)
    assert (newsroom.row(gone).state, newsroom.row(gone).merged_into, newsroom.row(gone).articles) == ("new", None, 3)
    assert newsroom.row(earlier).merged_into == gone
    # The index hears of every article that is in another story now.
    assert all(row.version > versions[row.id] for row in newsroom.printings(gone))
    with newsroom.store.read() as session:
        assert [row.action for row in audit.of_object(session, "story", kept)] == ["merge", "undo"]
    with pytest.raises(Refused, match="already"):
        newsroom.undo(act, newsroom.editor)


def test_a_splitting_is_undone_as_if_it_had_not_been(newsroom):
    story = newsroom.story("songcau", "nuicoc", "trungdu")
    before = ids(newsroom, story)
    new, act = split(newsroom, story, before[0], before[2])
    assert newsroom.undo(act, newsroom.editor).done == (story,)
    assert ids(newsroom, story) == before and not any(pinned(newsroom, story))
    assert newsroom.row(story).articles == newsroom.row(story).outlets == 3
    assert newsroom.row(new).merged_into == story  # whoever has its address is led on


def test_the_key_for_undoing_undoes_a_merging_too(newsroom):
    _, act = merge(newsroom, newsroom.story("songcau"), newsroom.story("nuicoc"))
    with newsroom.store.read() as session:
        last = desk.last_act(session, newsroom.editor)
        assert last is not None and last.id == act


def test_steps_are_undone_one_after_the_other_back_to_the_first(newsroom):
    first, second = newsroom.story("songcau", "trungdu"), newsroom.story("nuicoc")
    before = {number: ids(newsroom, number) for number in (first, second)}
    acts = [newsroom.do(Act.TAKE, first, newsroom.editor)]
    part, act = split(newsroom, first, before[first][0])
    acts.append(act)
    acts.append(newsroom.do(Act.TAKE, second, newsroom.editor))
    kept, act = merge(newsroom, first, second)
    acts.append(act)
    acts.append(newsroom.do(Act.RELEASE, kept, newsroom.editor))
    for act in reversed(acts):
        with newsroom.store.read() as session:
            last = desk.last_act(session, newsroom.editor)
            assert last is not None and last.id == act
        assert newsroom.undo(act, newsroom.editor).refused == ()
    assert {number: ids(newsroom, number) for number in (first, second)} == before
    assert {newsroom.row(number).state for number in (first, second)} == {"new"}
    assert newsroom.row(part).merged_into == first


def test_what_came_to_the_story_meanwhile_stays_and_is_free(newsroom):
    kept, gone = newsroom.story("songcau"), newsroom.story("nuicoc")
    came_with = ids(newsroom, gone)
    kept, act = merge(newsroom, kept, gone)
    with newsroom.store.write() as session:
        late = newsroom.article(session, kept, "trungdu", newsroom.now)
        stories.refresh(session, kept, newsroom.now)
    newsroom.undo(act, newsroom.editor)
    assert late in ids(newsroom, kept) and ids(newsroom, gone) == came_with
    assert not any(pinned(newsroom, kept, gone))


def test_nothing_is_undone_over_what_a_colleague_did_since(newsroom):
    kept, gone = newsroom.story("songcau"), newsroom.story("nuicoc")
    kept, act = merge(newsroom, kept, gone)
    newsroom.do(Act.TAKE, kept, newsroom.other)
    with pytest.raises(Conflict) as lost:
        newsroom.undo(act, newsroom.editor)
    assert lost.value.values["by"] == "minh"
    assert newsroom.row(gone).merged_into == kept and newsroom.row(kept).articles == 2

    story = newsroom.story("songcau", "nuicoc")
    new, act = split(newsroom, story, ids(newsroom, story)[0])
    newsroom.do(Act.TAKE, new, newsroom.other)
    with pytest.raises(Conflict):
        newsroom.undo(act, newsroom.editor)
    assert newsroom.row(new).merged_into is None


def test_articles_that_have_gone_elsewhere_are_not_fetched_back(newsroom):
    kept, gone = newsroom.story("songcau"), newsroom.story("nuicoc")
    moved = ids(newsroom, gone)
    kept, act = merge(newsroom, kept, gone)
    elsewhere = newsroom.story("trungdu")
    with newsroom.store.write() as session:
        session.get_one(ArticleRow, moved[0]).story_id = elsewhere
        session.flush()
        stories.refresh(session, kept, newsroom.now)
    with pytest.raises(Refused, match="moved"):
        newsroom.undo(act, newsroom.editor)
    assert newsroom.row(gone).merged_into == kept and moved[0] in ids(newsroom, elsewhere)


def test_only_ones_own_merging_and_only_by_who_may_judge(newsroom):
    kept, act = merge(newsroom, newsroom.story("songcau"), newsroom.story("nuicoc"))
    with pytest.raises(Refused, match="unknown"):
        newsroom.undo(act, newsroom.other)
    with pytest.raises(Forbidden):
        newsroom.undo(act, Actor(newsroom.editor.name, frozenset({Role.ANALYST})))
    assert newsroom.row(kept).articles == 2


def test_what_may_stand_on_the_section_no_more_does_not_come_back_by_undoing(newsroom):
    """A published story was swallowed by one further on; its only printing was taken down meanwhile."""
    shown = newsroom.story("songcau", state=State.PUBLISHED, summary="Tóm tắt của ta.")
    other = newsroom.story("nuicoc", state=State.PUBLISHED, summary="Tóm tắt khác.")
    kept, act = merge(newsroom, shown, other)
    gone = other if kept == shown else shown
    with newsroom.store.write() as session:
        rows = articles.of_story(session, kept)
        for row in rows:
            row.withdrawn_at = newsroom.now
    with pytest.raises(Refused):
        newsroom.undo(act, newsroom.editor)
    assert newsroom.row(gone).merged_into == kept
