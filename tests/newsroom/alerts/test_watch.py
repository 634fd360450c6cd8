"""What the watch finds, on each database and each engine: the rules, each story once, whatever happens in between."""

from __future__ import annotations

import itertools
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from diembao.newsroom.permissions import PERMISSIONS, Action, Role
from diembao.newsroom.sessions import Session as Sitting
from diembao.newsroom.sessions import Sessions
from diembao.records import Stance
from diembao.store import stories
from diembao.store.alerts import note_arrivals
from diembao.store.models import (
    AlertArrivalRow,
    AlertDeliveryRow,
    AlertMatchRow,
    AlertMuteRow,
    AlertRow,
    LetterRow,
    UserRow,
)
from pipelines.indexing import drain

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def test_each_story_that_matches_is_found_once(market: Any, now: datetime) -> None:
    lan = market.person()
    alert = market.alert(lan)
    first = market.prints("Lũ sông Cầu", found=now)
    market.prints("Chè được giá", found=now)
    market.prints("Lũ sông Cầu, thêm ảnh", found=now + MINUTE, source="trungdu", story=market.story_of(first))
    market.prints("Lụt ở Phổ Yên vì lũ", found=now + MINUTE)
    assert market.round(now + MINUTE) == 1
    assert market.titles(alert) == ["Lũ sông Cầu", "Lụt ở Phổ Yên vì lũ"]
    assert market.count(AlertArrivalRow) == 0
    assert market.round(now + 2 * MINUTE) == 0 and market.count(LetterRow) == 1


def test_what_came_before_the_alert_and_what_is_old_is_no_news(market: Any, now: datetime) -> None:
    market.prints("Lũ hôm qua", found=now - DAY)
    alert = market.alert(market.person(), watching_since=now)
    market.prints("Lũ năm ngoái, nay mới nhập", found=now, printed=now - 300 * DAY)
    market.prints("Lũ hôm nay", found=now)
    market.round(now)
    assert market.titles(alert) == ["Lũ hôm nay"]


def test_nothing_is_noted_while_nobody_has_an_alert(market: Any, now: datetime) -> None:
    market.prints("Lũ", found=now)
    assert market.count(AlertArrivalRow) == 0


@pytest.mark.parametrize("order", list(itertools.permutations(range(3)))[:6])
def test_the_first_unfavourable_is_one_in_whatever_order_and_lots_they_come(
    one_market: Any, now: datetime, order: tuple[int, ...]
) -> None:
    alert = one_market.alert(one_market.person(), condition="first_unfavourable", days=30)
    titles = ("Lũ một", "Lũ hai", "Lũ ba")
    for step, place in enumerate(order):
        one_market.prints(
            titles[place],
            found=now + step * MINUTE,
            printed=now - HOUR + place * MINUTE,
            stance=Stance.UNFAVOURABLE,
            index=False,
        )
        if step % 2:
            drain(one_market.store, one_market.index)
    drain(one_market.store, one_market.index)
    one_market.round(now + HOUR)
    # The one that came in first, though all were in the index when it was looked at.
    assert one_market.titles(alert) == [titles[order[0]]]


def test_the_first_unfavourable_needs_quiet_before(market: Any, now: datetime) -> None:
    alert = market.alert(market.person(), condition="first_unfavourable", days=7)
    market.prints("Lũ: dân kêu", found=now - 20 * DAY, stance=Stance.UNFAVOURABLE)
    market.prints("Lũ: khen", found=now - DAY, stance=Stance.FAVOURABLE)
    market.round(now - DAY)
    market.prints("Lũ: lại kêu", found=now, stance=Stance.UNFAVOURABLE)
    market.round(now)
    market.forget()
    market.prints("Lũ: kêu nữa", found=now + 3 * DAY, stance=Stance.UNFAVOURABLE)
    market.round(now + 3 * DAY)
    assert market.titles(alert) == ["Lũ: dân kêu", "Lũ: lại kêu"]


def test_a_stance_corrected_later_counts_from_then_on_and_is_not_a_second_first(market: Any, now: datetime) -> None:
    alert = market.alert(market.person(), condition="first_unfavourable", days=30)
    early = market.prints("Lũ: máy đọc nhầm", found=now, stance=Stance.NEUTRAL)
    market.round(now)
    market.prints("Lũ: dân kêu", found=now + HOUR, stance=Stance.UNFAVOURABLE)
    market.round(now + HOUR)
    market.changes(early, now + 2 * HOUR, stance="unfavourable")
    market.round(now + 2 * HOUR)
    assert market.titles(alert) == ["Lũ: dân kêu"]


def test_an_outlet_is_new_once(market: Any, now: datetime) -> None:
    market.prints("Lũ cũ", found=now - 200 * DAY)
    alert = market.alert(market.person(), condition="new_outlet")
    for step, (source, title) in enumerate(
        (("songcau", "Lũ một"), ("trungdu", "Lũ hai"), ("trungdu", "Lũ ba"), ("xuche", "Chè"), ("xuche", "Lũ bốn"))
    ):
        market.prints(title, found=now + step * MINUTE, source=source)
    market.round(now + HOUR)
    market.forget()
    market.prints("Lũ năm", found=now + 2 * HOUR, source="xuche")
    market.round(now + 2 * HOUR)
    assert market.titles(alert) == ["Lũ hai", "Lũ bốn"]


def test_stories_that_were_merged_or_split_are_not_told_again(market: Any, now: datetime) -> None:
    alert = market.alert(market.person())
    one = market.prints("Lũ một", found=now)
    two = market.prints("Lũ hai", found=now)
    market.round(now)
    kept, gone = market.story_of(two), market.story_of(one)
    late = market.prints("Chè", found=now + MINUTE)
    with market.store.write() as session:
        from diembao.store import articles

        # The story that was told becomes part of one that was not.
        articles.touch(session, stories.merge_by_hand(session, market.story_of(late), gone, now), now + MINUTE)
    drain(market.store, market.index)
    market.prints("Lũ một, bài sau", found=now + 2 * MINUTE, story=market.story_of(late))
    market.round(now + 2 * MINUTE)
    part = market.prints("Lũ hai, bài sau", found=now + 3 * MINUTE, story=kept, source="trungdu")
    market.round(now + 3 * MINUTE)
    with market.store.write() as session:
        new = stories.split_by_hand(session, kept, [part], now + 4 * MINUTE).id
        articles.touch(session, [part], now + 4 * MINUTE)
    drain(market.store, market.index)
    market.round(now + 4 * MINUTE)
    assert market.story_of(part) == new
    assert market.titles(alert)[:2] == ["Lũ một", "Lũ hai"]
    assert market.count(LetterRow) == 1


def test_a_story_that_is_muted_is_not_told_and_not_counted(market: Any, now: datetime) -> None:
    lan = market.person()
    here, there = market.alert(lan), market.alert(lan, "q=c%E1%BA%A7u")
    story = market.story_of(market.prints("Chè", found=now))
    with market.store.write() as session:
        session.add(AlertMuteRow(user_id=lan, alert_id=here, story_id=story, created_at=now))
    market.prints("Lũ sông Cầu", found=now + MINUTE, story=story)
    market.round(now + MINUTE)
    assert market.titles(here) == [] and market.titles(there) == ["Lũ sông Cầu"]
    with market.store.write() as session:
        session.add(AlertMuteRow(user_id=lan, alert_id=0, story_id=story, created_at=now))
    market.prints("Lũ và cầu", found=now + 2 * MINUTE, story=story)
    market.round(now + 2 * MINUTE)
    assert market.titles(here) == [] and len(market.titles(there)) == 1


def test_muted_while_it_waits_it_is_not_told(market: Any, now: datetime) -> None:
    lan = market.person()
    alert = market.alert(lan, condition="hourly")
    story = market.story_of(market.prints("Lũ", found=now))
    market.round(now)
    with market.store.write() as session:
        session.add(AlertMuteRow(user_id=lan, alert_id=alert, story_id=story, created_at=now))
    assert market.round(now + HOUR) == 0 and market.count(LetterRow) == 0


def test_digests_gather_an_hour_or_a_day(market: Any, now: datetime) -> None:
    lan = market.person()
    hourly, daily = market.alert(lan, condition="hourly"), market.alert(lan, condition="daily", hour=7)
    for minute in (0, 10, 54):
        market.prints(f"Lũ {minute}", found=now + minute * MINUTE)
        market.round(now + minute * MINUTE)
    assert market.count(LetterRow) == 0
    market.round(now + 55 * MINUTE)  # ten o'clock in Viet Nam
    with market.store.read() as session:
        [letter] = session.scalars(select(LetterRow)).all()
        assert letter.object_id == hourly and len(letter.content["matches"]) == 3
    market.round(now + 21 * HOUR)
    assert market.count(LetterRow) == 1
    market.round(datetime(2026, 11, 23, 0, 0, tzinfo=UTC))  # seven o'clock
    with market.store.read() as session:
        letter = session.scalars(select(LetterRow).where(LetterRow.object_id == daily)).one()
        assert len(letter.content["matches"]) == 3


@pytest.mark.parametrize(
    "begun",
    [
        datetime(2026, 11, 22, 15, 30, tzinfo=UTC),  # Sunday, 22:30
        datetime(2027, 2, 5, 16, 59, tzinfo=UTC),  # the last minute before Tết, 23:59
        datetime(2027, 2, 5, 22, 0, tzinfo=UTC),  # five in the morning of Tết
    ],
)
def test_quiet_hours_put_off_past_midnight_and_tet_and_lose_nothing(market: Any, begun: datetime) -> None:
    alert = market.alert(market.person(), quiet_hours="22:00-06:00", watching_since=begun - DAY)
    for step in range(3):
        market.prints(f"Lũ {step}", found=begun + step * MINUTE)
        market.round(begun + step * MINUTE)
    end = begun.replace(hour=23, minute=0)  # six o'clock in Viet Nam of the next morning
    market.round(end - MINUTE)
    assert market.count(LetterRow) == 0 and len(market.found(alert)) == 3
    market.forget()
    assert market.round(end) == 1
    with market.store.read() as session:
        assert len(session.scalars(select(LetterRow)).one().content["matches"]) == 3


def test_quiet_hours_that_do_not_pass_midnight(one_market: Any) -> None:
    alert = one_market.alert(one_market.person(), quiet_hours="11:30-13:00")
    noon = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
    one_market.prints("Lũ trưa", found=noon)
    assert one_market.round(noon) == 0
    assert one_market.round(noon + 59 * MINUTE) == 0
    assert one_market.round(noon + HOUR) == 1
    one_market.prints("Lũ chiều", found=noon + HOUR)
    assert one_market.round(noon + HOUR) == 1 and len(one_market.found(alert)) == 2


def usual(market: Any, now: datetime, days: int = 40, each: int = 2) -> None:
    for day in range(days, 0, -1):
        for number in range(each):
            market.prints(f"Lũ thường {day}/{number}", found=now - day * DAY + number * MINUTE, index=False)
    drain(market.store, market.index)


def test_a_surge_is_told_level_by_level_and_each_level_once(market: Any, now: datetime) -> None:
    usual(market, now)
    lan = market.person()
    low, high = (market.alert(lan, condition="spike", level=level, name=str(level)) for level in (1, 3))
    for number in range(40):
        market.prints(f"Lũ lớn {number}", found=now + number * MINUTE)
        market.round(now + number * MINUTE)
    day = "2026-11-22"
    assert market.found(low) == [f"spike:{day}:1", f"spike:{day}:2", f"spike:{day}:3"]
    assert market.found(high) == [f"spike:{day}:3"]
    market.forget()
    market.round(now + 2 * HOUR)
    assert len(market.found()) == 4
    with market.store.read() as session:
        detail = session.scalars(select(AlertMatchRow).where(AlertMatchRow.alert_id == high)).one().detail
    assert detail["day"] == day and detail["usual"] < 3 < detail["articles"] and len(detail["stories"]) == 5


def test_a_session_of_the_council_is_no_surge_by_itself(one_market: Any, now: datetime) -> None:
    """As much as the last session brought is usual in a session, and a surge on any other day."""
    usual(one_market, now, 60)
    sittings = (now - 31 * DAY).date(), (now - 30 * DAY).date(), now.date()
    for day in (31, 30):
        for number in range(7):
            one_market.prints(f"Lũ bàn {day}/{number}", found=now - day * DAY + number * MINUTE, index=False)
    lan = one_market.person()
    alert = one_market.alert(lan, condition="spike", level=2)
    for number in range(9):
        one_market.prints(f"Lũ họp {number}", found=now + number * MINUTE)
    one_market.sessions = Sessions(tuple(Sitting("HĐND", day, day) for day in sittings))
    one_market.round(now + HOUR)
    assert one_market.found(alert) == []
    one_market.sessions = Sessions()
    one_market.forget()
    one_market.round(now + 2 * HOUR)
    assert one_market.found(alert)


def test_what_another_worker_saw_before_it_died_is_counted(market: Any, now: datetime) -> None:
    usual(market, now)
    alert = market.alert(market.person(), condition="spike", level=1)
    market.round(now)
    for number in range(12):
        market.prints(f"Lũ lớn {number}", found=now + MINUTE)
    dead = market.another_watch()
    dead._take_up()
    dead._look(now + MINUTE)  # struck off, and killed before it counted
    market.round(now + 2 * MINUTE)
    assert market.found(alert) == []
    market.round(now + 61 * MINUTE)
    assert market.found(alert)


def test_many_alerts_that_surge_at_once_all_get_their_turn(one_market: Any, now: datetime) -> None:
    usual(one_market, now)
    lan = one_market.person()
    numbers = [one_market.alert(lan, condition="spike", level=1, name=str(number)) for number in range(130)]
    for step in range(4):
        one_market.prints(f"Lũ lớn {step}", found=now + step * MINUTE)
        one_market.prints(f"Lũ to {step}", found=now + step * MINUTE)
        one_market.prints(f"Lũ dữ {step}", found=now + step * MINUTE)
        one_market.round(now + step * MINUTE)
    assert all(one_market.found(number) for number in numbers)


def test_silence_is_told_in_the_morning_once(market: Any, now: datetime) -> None:
    usual(market, now, each=3)
    alert = market.alert(market.person(), condition="silence", level=2)
    market.prints("Lũ cuối", found=now)
    heard = []
    for day in range(1, 9):
        for hour in (5, 6, 9):
            at = datetime(2026, 11, 22, tzinfo=UTC) + day * DAY + (hour - 7) * HOUR
            market.round(at)
            heard.append((day, hour, len(market.found(alert))))
    first = next(one for one in heard if one[2])
    assert first[1] == 6 and 2 <= first[0] <= 5
    assert heard[-1][2] == 1
    # It goes on for months: still one silence.
    for day in (60, 84, 85, 86, 90, 100, 120):
        market.round(datetime(2026, 11, 22, tzinfo=UTC) + day * DAY)
    assert market.found(alert) == ["silence:2026-11-23"]


def test_tet_is_no_silence(one_market: Any) -> None:
    tet = datetime(2027, 2, 6, 2, tzinfo=UTC)  # the first day
    usual(one_market, tet - 2 * DAY, each=2)
    alert = one_market.alert(one_market.person(), condition="silence", level=2, watching_since=tet - 60 * DAY)
    for day in range(-1, 2):
        one_market.round(tet + day * DAY)
    assert one_market.found(alert) == []


def test_killed_before_the_index_was_noted_it_is_looked_at_and_killed_after_not_twice(
    market: Any, now: datetime
) -> None:
    """The same arrivals again, as after a restore or a kill at the worst moment, change nothing."""
    alert = market.alert(market.person())
    number = market.prints("Lũ", found=now)
    for _ in range(3):
        with market.store.write() as session:
            note_arrivals(session, [(number, now)])
        market.forget()
        market.round(now)
    assert market.titles(alert) == ["Lũ"] and market.count(LetterRow) == 1


def test_several_workers_at_once_tell_each_story_once(market: Any, now: datetime) -> None:
    alerts = [
        market.alert(market.person(f"p{number}", email=f"p{number}@x.vn"), name=str(number)) for number in range(3)
    ]
    for number in range(30):
        market.prints(f"Lũ {number}", found=now, index=False)
    drain(market.store, market.index)
    from diembao.newsroom.analysis.alerts.telling import queue_due

    faults: list[BaseException] = []

    def work() -> None:
        watch = market.another_watch()
        try:
            for _ in range(10):
                watch.round(now)
                queue_due(market.store, now)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults
    for alert in alerts:
        assert sorted(market.titles(alert)) == sorted(f"Lũ {number}" for number in range(30))
    with market.store.read() as session:
        told = [match for row in session.scalars(select(LetterRow)) for match in row.content["matches"]]
    assert len(told) == len(set(told)) == 90


def test_nothing_goes_to_who_may_not_see_it_any_more(
    market: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    lan, minh = market.person(), market.person("minh", ("editor",), "minh@x.vn")
    gone, stays = market.alert(lan, condition="hourly", webhook_url="https://a.example/"), market.alert(minh)
    market.prints("Lũ", found=now)
    market.round(now)
    with market.store.write() as session:
        session.get_one(UserRow, lan).roles = ["operator"]
    market.prints("Lũ nữa", found=now + MINUTE)
    market.round(now + HOUR)
    assert len(market.titles(stays)) == 2 and len(market.titles(gone)) == 1
    with market.store.read() as session:
        assert {row.object_id for row in session.scalars(select(LetterRow))} == {stays}
    assert market.count(AlertDeliveryRow) == 0
    # Let in again, they are not told what they missed.
    with market.store.write() as session:
        session.get_one(UserRow, lan).roles = ["analyst"]
    market.round(now + 2 * HOUR)
    assert market.count(AlertDeliveryRow) == 0
    # Stance is watched for those alone who may see it.
    stance = market.alert(minh, "stance=unfavourable&q=l%C5%A9", name="thái độ")
    monkeypatch.setitem(PERMISSIONS, Action.READ_DESK, frozenset({Role.CHIEF}))  # type: ignore[arg-type]
    market.forget()
    market.prints("Lũ: kêu", found=now + 3 * HOUR, stance=Stance.UNFAVOURABLE)
    market.round(now + 3 * HOUR)
    assert market.titles(stance) == [] and "Lũ: kêu" in market.titles(stays)


def test_an_alert_that_cannot_be_read_holds_up_no_other(market: Any, now: datetime) -> None:
    lan = market.person()
    market.alert(lan, "q=%28%28%28", name="hỏng")
    alert = market.alert(lan)
    market.prints("Lũ", found=now)
    market.round(now)
    assert market.titles(alert) == ["Lũ"]


def test_an_alert_that_is_switched_off_finds_nothing(market: Any, now: datetime) -> None:
    alert = market.alert(market.person())
    with market.store.write() as session:
        row = session.get_one(AlertRow, alert)
        row.active, row.version = False, 2
    market.prints("Lũ", found=now)
    market.round(now)
    assert market.found(alert) == []
