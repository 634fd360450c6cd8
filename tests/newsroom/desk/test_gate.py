"""The publish gate by the clock: a table of cases, the front list, the schedule, the policy."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from diembao.errors import Refused
from diembao.newsroom import desk
from diembao.newsroom.desk import Wish
from diembao.newsroom.publishing import publish_by_policy, publish_scheduled
from diembao.newsroom.states import Act, State
from diembao.store import public

HOUR = timedelta(hours=1)
# printed hours ago, agreement (scope, hours), dated, own summary → rule that refuses, and hours until it passes.
CASES = [
    (5.0, ("none", 0), True, "Tóm tắt.", None, None),
    (1.0, ("none", 0), True, "Tóm tắt.", None, None),
    (0.99, ("none", 0), True, "Tóm tắt.", "too_early", 0.01),
    (2.0, ("excerpt", 3), True, "Tóm tắt.", "too_early", 1.0),
    (3.0, ("excerpt", 3), True, "Tóm tắt.", None, None),
    (0.5, ("full", 0.25), True, "Tóm tắt.", "too_early", 0.5),
    (5.0, ("none", 0), True, "", "no_summary", None),
    (5.0, ("excerpt", 0), True, "", None, None),
    (5.0, ("none", 0), False, "Tóm tắt.", "unknown_time", None),
]


@pytest.fixture
def full_front(newsroom):
    newsroom.front("nuicoc", "trungdu", "nonnuoc")
    return newsroom


@pytest.mark.parametrize(("hours", "agreement", "dated", "summary", "rule", "passes_in"), CASES)
def test_a_table_of_cases(full_front, hours, agreement, dated, summary, rule, passes_in):
    newsroom = full_front
    newsroom.agree("songcau", *agreement)
    story = newsroom.story(hours=hours, state=State.APPROVED, summary=summary, dated=dated)
    if rule is None:
        newsroom.do(Act.PUBLISH, story, newsroom.chief)
        assert newsroom.row(story).state == "published" and newsroom.row(story).published_at == newsroom.now
        return
    with pytest.raises(Refused) as refused:
        newsroom.do(Act.PUBLISH, story, newsroom.chief)
    assert refused.value.key == f"desk.gate.{rule}"
    assert newsroom.row(story).state == "approved"
    if passes_in is None:
        assert "until" not in refused.value.values
        return
    until = refused.value.values["until"]
    assert abs(until - newsroom.now - passes_in * HOUR) < timedelta(seconds=1)
    with pytest.raises(Refused):
        newsroom.do(Act.PUBLISH, story, newsroom.chief, at=until - timedelta(seconds=1))
    newsroom.do(Act.PUBLISH, story, newsroom.chief, at=until)


def test_an_editors_word_stands_for_an_unknown_time_and_is_kept(full_front):
    story = full_front.story(state=State.APPROVED, summary="Tóm tắt.", dated=False)
    full_front.do(Act.VOUCH_TIME, story, full_front.editor)
    full_front.do(Act.PUBLISH, story, full_front.chief)
    assert full_front.row(story).time_vouched_by == "lan"


def test_an_agreement_that_is_over_allows_nothing(full_front):
    newsroom = full_front
    newsroom.agree("songcau", "excerpt", until=date(2026, 11, 22))  # its last day, in Viet Nam
    story = newsroom.story(state=State.APPROVED)
    last_minute = datetime(2026, 11, 22, 16, 59, tzinfo=UTC)
    with newsroom.store.read() as session:
        row = session.get_one(type(newsroom.row(story)), story)
        assert desk.gate(session, row, last_minute, newsroom.settings) is None
        assert desk.gate(session, row, last_minute + timedelta(minutes=1), newsroom.settings).rule == "no_summary"
    newsroom.do(Act.PUBLISH, story, newsroom.chief, at=last_minute)
    with newsroom.store.read() as session:
        lead = [
            public.printings_of(session, [story], at - HOUR)[story][0].lead
            for at in (last_minute, last_minute + timedelta(minutes=1))
        ]
    assert lead == ["Đoạn mở đầu.", ""]


def test_a_printing_waits_for_its_own_agreement_even_in_a_published_story(full_front):
    newsroom = full_front
    newsroom.agree("nonnuoc", "full", hours=3)
    story = newsroom.story("songcau", "nonnuoc", hours=2, state=State.APPROVED, summary="Tóm tắt.")
    newsroom.do(Act.PUBLISH, story, newsroom.chief)
    with newsroom.store.read() as session:
        seen = {
            hours: {one.source for one in public.printings_of(session, [story], newsroom.now + hours * HOUR)[story]}
            for hours in (-1.0, -0.01, 0.0)
        }
    assert seen == {-1.0: {"songcau"}, -0.01: {"songcau"}, 0.0: {"songcau", "nonnuoc"}}


def test_the_front_list_needs_three_press_agencies_and_opens_with_three_at_once(newsroom):
    """A portal is no press agency; a story in three papers is enough by itself."""
    first = newsroom.story("songcau", "cong", state=State.APPROVED, summary="Một.")
    second = newsroom.story("nuicoc", state=State.APPROVED, summary="Hai.")
    third = newsroom.story("trungdu", state=State.APPROVED, summary="Ba.")
    with pytest.raises(Refused) as refused:
        newsroom.do(Act.PUBLISH, first, newsroom.chief)
    assert refused.value.key == "desk.gate.few_agencies"
    assert refused.value.values == {"have": 1, "need": 3}
    outcome = newsroom.do_all(Act.PUBLISH, [first, second], newsroom.chief)
    assert outcome.done == () and {key for _, key, _ in outcome.refused} == {"desk.gate.few_agencies"}
    assert newsroom.do_all(Act.PUBLISH, [first, second, third], newsroom.chief).done == (first, second, third)
    alone = newsroom.story("cong", state=State.APPROVED, summary="Bốn.")
    newsroom.do(Act.PUBLISH, alone, newsroom.chief)


def test_a_schedule_is_kept_by_the_worker_and_asked_again_at_its_time(full_front):
    newsroom, now = full_front, full_front.now
    fit = newsroom.story(hours=0.5, state=State.APPROVED, summary="Tóm tắt.")
    with pytest.raises(Refused) as too_early:
        newsroom.do(Act.SCHEDULE, fit, newsroom.chief, Wish(at=now + timedelta(minutes=10)))
    assert too_early.value.key == "desk.gate.too_early"
    newsroom.do(Act.SCHEDULE, fit, newsroom.chief, Wish(at=now + HOUR))
    doubtful = newsroom.story(state=State.APPROVED, summary="Tóm tắt.")
    newsroom.do(Act.SCHEDULE, doubtful, newsroom.chief, Wish(at=now + HOUR))
    with newsroom.store.write() as session:
        session.get_one(type(newsroom.row(doubtful)), doubtful).relevance = "marginal"
    assert publish_scheduled(newsroom.store, newsroom.settings, now + HOUR - timedelta(seconds=1)) == 0
    assert publish_scheduled(newsroom.store, newsroom.settings, now + HOUR) == 1
    assert (newsroom.row(fit).state, newsroom.row(fit).published_at) == ("published", now + HOUR)
    row = newsroom.row(doubtful)
    assert (row.state, row.scheduled_at, row.reason) == ("approved", None, "desk.gate.not_relevant")


def test_the_policy_leaves_alone_what_people_have_touched_and_what_would_stand_alone(newsroom):
    willing = newsroom.settings.model_copy(update={"auto_publish_sources": ("*",)})
    lonely = newsroom.story("songcau")
    assert publish_by_policy(newsroom.store, willing, newsroom.now) == 0
    taken = newsroom.story("nuicoc")
    newsroom.do(Act.TAKE, taken, newsroom.editor)
    newsroom.story("trungdu")
    assert publish_by_policy(newsroom.store, willing, newsroom.now) == 0
    newsroom.story("nonnuoc")
    assert publish_by_policy(newsroom.store, willing, newsroom.now) == 3
    assert newsroom.row(lonely).state == "published" and newsroom.row(taken).state == "taken"
