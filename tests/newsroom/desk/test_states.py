"""Each state × each act × each role, against a table written out by hand; conflicts, undo, what is written down."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from diembao.errors import Conflict, Forbidden, Refused
from diembao.newsroom import desk, texts
from diembao.newsroom.desk import Wish
from diembao.newsroom.permissions import Actor, Role
from diembao.newsroom.states import STEPS, Act, State
from diembao.store import audit, stories, trail
from diembao.store.models import AuditRow, OutboxRow

# state: what an editor may do, what a chief may do besides; where it leads. Everything else is refused.
TABLE = {
    "new": ("take>taken save_text>drafted submit>waiting reject>rejected vouch_time>new", "approve>approved"),
    "taken": (
        "take>taken release>new save_text>drafted submit>waiting reject>rejected vouch_time>taken",
        "approve>approved",
    ),
    "drafted": (
        "take>drafted release>drafted save_text>drafted submit>waiting reject>rejected vouch_time>drafted",
        "approve>approved",
    ),
    "waiting": (
        "save_text>waiting vouch_time>waiting",
        "approve>approved send_back>drafted publish>published schedule>approved reject>rejected",
    ),
    "approved": (
        "vouch_time>approved",
        "save_text>approved send_back>drafted publish>published schedule>approved unschedule>approved reject>rejected",
    ),
    "published": ("", "withdraw>withdrawn rectify>corrected"),
    "corrected": ("", "withdraw>withdrawn rectify>corrected"),
    "rejected": ("reopen>taken", ""),
    "withdrawn": ("", "reopen>drafted"),
}


def _expected(state: str, role: Role) -> dict[str, str]:
    by_editor, by_chief = TABLE[state]
    words = {Role.EDITOR: by_editor, Role.CHIEF: f"{by_editor} {by_chief}"}.get(role, "")
    return dict(word.split(">") for word in words.split())


def _wish(now):
    return Wish("Tít", "Tóm tắt mới.", "vì lý do này", now + timedelta(hours=2))


@pytest.mark.parametrize("state", list(TABLE))
def test_only_what_the_table_allows_is_done(newsroom, state):
    newsroom.front("nuicoc", "trungdu", "nonnuoc")
    for role in Role:
        expected = _expected(state, role)
        actor = Actor(f"nguoi-{role}", frozenset({role}), 7)
        for act in Act:
            story = newsroom.story("songcau", state=State(state), summary="Tóm tắt.")
            before = newsroom.row(story)
            try:
                newsroom.do(act, story, actor, _wish(newsroom.now))
            except (Forbidden, Refused) as error:
                assert act.value not in expected, f"{role} {act} from {state}: {error}"
                after = newsroom.row(story)
                assert (after.state, after.revision, after.summary) == (state, before.revision, before.summary)
            else:
                assert expected.get(act.value) == newsroom.row(story).state, f"{role} {act} from {state}"
                assert newsroom.row(story).revision == before.revision + 1


def test_somebody_without_the_right_hears_of_the_right(newsroom):
    story = newsroom.story(state=State.WAITING, summary="Tóm tắt.")
    with pytest.raises(Forbidden) as refused:
        newsroom.do(Act.APPROVE, story, newsroom.editor)
    assert refused.value.action == "approve"
    analyst = Actor("an", frozenset({Role.ANALYST}))
    with pytest.raises(Forbidden):
        newsroom.do(Act.REOPEN, story, analyst)  # wrong state and no right: no word about the state


def test_what_may_be_done_is_what_is_offered(newsroom):
    for state in TABLE:
        row = newsroom.row(newsroom.story(state=State(state)))
        for role in Role:
            offered = {act.value for act in desk.possible(Actor("x", frozenset({role})), row)}
            assert offered == set(_expected(state, role)), (state, role)


def test_a_lost_race_overwrites_nothing_and_says_who_won(newsroom):
    story = newsroom.story()
    seen = newsroom.row(story).revision
    newsroom.do(Act.SAVE_TEXT, story, newsroom.editor, Wish("Tít của Lan", "Một."))
    with pytest.raises(Conflict) as lost:
        newsroom.do(Act.SAVE_TEXT, story, newsroom.other, Wish("Tít của Minh", "Hai."), revision=seen)
    assert lost.value.key == "desk.conflict.changed"
    assert lost.value.values["by"] == "lan" and lost.value.values["act"] == "save_text"
    assert lost.value.values["state"] == "drafted" and lost.value.values["revision"] == newsroom.row(story).revision
    assert newsroom.row(story).headline == "Tít của Lan"


def test_two_at_the_same_moment_one_wins(newsroom):
    story = newsroom.story()
    item, outcomes, gate = newsroom.item(story), [], threading.Barrier(2)

    def one(actor, words):
        gate.wait()
        try:
            with newsroom.store.write() as session:
                desk.act_on(session, Act.SAVE_TEXT, item, actor, newsroom.now, newsroom.settings, Wish(words, words))
            outcomes.append(words)
        except Conflict:
            outcomes.append("lost")

    threads = [
        threading.Thread(target=one, args=(newsroom.editor, "lan")),
        threading.Thread(target=one, args=(newsroom.other, "minh")),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes, key=lambda one: one == "lost")[1] == "lost"
    assert newsroom.row(story).headline in set(outcomes) - {"lost"}


def test_a_further_printing_takes_nobodys_work_away(newsroom):
    story = newsroom.story()
    seen = newsroom.row(story).revision
    with newsroom.store.write() as session:
        newsroom.article(session, story, "nuicoc", newsroom.now - timedelta(hours=1))
        stories.refresh(session, story, newsroom.now)
    newsroom.do(Act.SAVE_TEXT, story, newsroom.editor, Wish("Tít", "Tóm tắt."), revision=seen)
    assert newsroom.row(story).articles == 2


def test_one_acts_on_where_the_articles_are_now(newsroom):
    first, second = newsroom.story(), newsroom.story("nuicoc")
    with newsroom.store.write() as session:
        stories.merge_by_hand(session, first, second, newsroom.now)
    with pytest.raises(Conflict) as merged:
        newsroom.do(Act.TAKE, second, newsroom.editor)
    assert merged.value.key == "desk.conflict.merged" and merged.value.values["into"] == first


def test_everything_is_written_down_once_in_the_same_transaction(newsroom):
    story = newsroom.story("songcau", "nuicoc")
    with newsroom.store.write() as session:
        session.query(OutboxRow).delete()
    newsroom.do(Act.REJECT, story, newsroom.editor, Wish(words="không phải tin của tỉnh"))
    with newsroom.store.read() as session:
        (row,) = audit.of_object(session, "story", story)
        assert (row.actor, row.action, row.detail["from"], row.detail["to"]) == ("lan", "reject", "new", "rejected")
        assert row.detail["words"] == "không phải tin của tỉnh"
        assert audit.first_broken(session) is None
        touched = set(session.scalars(select(OutboxRow.article_id)))
        assert touched == {one.id for one in newsroom.printings(story)}
        for one in newsroom.printings(story):
            assert trail.of_page(session, one.page_id)[-1].outcome == "reject"
    assert newsroom.row(story).reason == "không phải tin của tỉnh"


@pytest.mark.parametrize("act", [Act.REJECT, Act.SEND_BACK, Act.WITHDRAW, Act.RECTIFY])
def test_some_acts_need_words(newsroom, act):
    state = next(iter(STEPS[act]))
    story = newsroom.story(state=state, summary="Tóm tắt.")
    with pytest.raises(Refused) as refused:
        newsroom.do(act, story, newsroom.chief, Wish("Tít", "Tóm tắt.", "  "))
    assert refused.value.key == f"desk.refused.{act.value}_needs_words"


def test_a_text_that_is_too_long_is_refused_by_the_character(newsroom):
    story = newsroom.story()
    newsroom.do(Act.SAVE_TEXT, story, newsroom.editor, Wish("ế" * texts.HEADLINE_LIMIT, "x" * texts.SUMMARY_LIMIT))
    with pytest.raises(Refused) as refused:
        newsroom.do(Act.SAVE_TEXT, story, newsroom.editor, Wish("Tít", "x" * (texts.SUMMARY_LIMIT + 1)))
    assert refused.value.values == {
        "field": "summary",
        "most": texts.SUMMARY_LIMIT,
        "length": texts.SUMMARY_LIMIT + 1,
    }


def test_many_at_once_each_for_itself_and_undone_together(newsroom):
    good = [newsroom.story() for _ in range(3)]
    done_already = newsroom.story(state=State.PUBLISHED)
    outcome = newsroom.do_all(Act.REJECT, [*good, done_already], newsroom.editor, Wish(words="trùng"))
    assert outcome.done == tuple(good)
    assert [(number, key) for number, key, _ in outcome.refused] == [(done_already, "desk.refused.state")]
    assert {newsroom.row(number).state for number in good} == {"rejected"}
    newsroom.do(Act.REOPEN, good[1], newsroom.other)
    back = newsroom.undo(outcome.act_id, newsroom.editor)
    assert back.done == (good[0], good[2])
    assert [(number, key) for number, key, _ in back.refused] == [(good[1], "desk.conflict.changed")]
    assert newsroom.row(good[1]).state == "taken" and newsroom.row(good[1]).assignee == "minh"
    assert {newsroom.row(good[0]).state, newsroom.row(good[2]).state} == {"new"}
    assert newsroom.row(good[0]).reason == ""
    with pytest.raises(Refused, match="already"):
        newsroom.undo(outcome.act_id, newsroom.editor)
    with newsroom.store.read() as session:
        assert [row.action for row in audit.of_object(session, "story", good[0])] == ["reject", "undo"]


def test_nobody_undoes_what_another_did(newsroom):
    act = newsroom.do(Act.TAKE, newsroom.story(), newsroom.editor)
    with pytest.raises(Refused, match="unknown"):
        newsroom.undo(act, newsroom.other)


def test_undo_needs_the_right_that_the_act_needed(newsroom):
    story = newsroom.story(state=State.WAITING, summary="Tóm tắt.")
    act = newsroom.do(Act.APPROVE, story, newsroom.chief)
    demoted = Actor(newsroom.chief.name, frozenset({Role.EDITOR}), newsroom.chief.user_id)
    outcome = newsroom.undo(act, demoted)
    assert outcome.done == () and outcome.refused[0][1] == "desk.refused.forbidden"
    assert newsroom.row(story).state == "approved"


def test_the_last_act_not_undone_is_what_the_key_undoes(newsroom):
    first = newsroom.do(Act.TAKE, newsroom.story(), newsroom.editor)
    second = newsroom.do(Act.TAKE, newsroom.story(), newsroom.editor)
    with newsroom.store.read() as session:
        assert desk.last_act(session, newsroom.editor).id == second
    newsroom.undo(second, newsroom.editor)
    with newsroom.store.read() as session:
        assert desk.last_act(session, newsroom.editor).id == first


def test_releasing_what_a_colleague_has_is_the_chiefs(newsroom):
    story = newsroom.story()
    newsroom.do(Act.TAKE, story, newsroom.editor)
    with pytest.raises(Refused) as refused:
        newsroom.do(Act.RELEASE, story, newsroom.other)
    assert refused.value.values == {"assignee": "lan"}
    newsroom.do(Act.RELEASE, story, newsroom.chief)
    assert (newsroom.row(story).state, newsroom.row(story).assignee) == ("new", "")


def test_drafts_save_themselves_and_texts_have_a_history(newsroom):
    story = newsroom.story()
    with newsroom.store.write() as session:
        texts.autosave(session, story, "Đang viết", "", newsroom.editor, newsroom.now)
        texts.autosave(session, story, "Đang viết tiếp", "dở", newsroom.editor, newsroom.now)
    assert newsroom.row(story).headline == "" and newsroom.row(story).state == "new"
    with newsroom.store.read() as session:
        assert texts.draft_of(session, story, newsroom.editor).headline == "Đang viết tiếp"
        assert texts.draft_of(session, story, newsroom.other) is None
    newsroom.do(Act.SAVE_TEXT, story, newsroom.editor, Wish("Bản một", "Một."))
    newsroom.do(Act.SAVE_TEXT, story, newsroom.other, Wish("Bản hai", "Hai."))
    with newsroom.store.read() as session:
        assert texts.draft_of(session, story, newsroom.editor) is None
        assert [(one.headline, one.by) for one in texts.history(session, story)] == [
            ("Bản hai", "minh"),
            ("Bản một", "lan"),
        ]


def test_the_chain_of_the_audit_log_has_no_forks(newsroom):
    """Two writers at once, on both databases: every row follows another one."""
    mine_and_theirs = [newsroom.story() for _ in range(12)]
    gate = threading.Barrier(2)

    def work(actor, mine):
        gate.wait()
        for story in mine:
            newsroom.do(Act.TAKE, story, actor)

    threads = [
        threading.Thread(target=work, args=(newsroom.editor, mine_and_theirs[::2])),
        threading.Thread(target=work, args=(newsroom.other, mine_and_theirs[1::2])),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with newsroom.store.read() as session:
        assert len(session.scalars(select(AuditRow)).all()) == 12
        assert len(set(session.scalars(select(AuditRow.previous)))) == 12
        assert audit.first_broken(session) is None
