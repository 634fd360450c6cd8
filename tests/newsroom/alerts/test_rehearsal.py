"""A rehearsal says what the watch would have said: on random months, article by article, for every condition."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from diembao.newsroom.analysis.alerts.alert import Alert, QuietHours, watched
from diembao.newsroom.analysis.alerts.rehearsal import LENGTH, MOST_LOOKED_AT, Rehearsal, rehearse
from diembao.newsroom.days import day_of, start_of
from diembao.newsroom.sessions import Session as Sitting
from diembao.newsroom.sessions import Sessions
from diembao.records import Stance
from diembao.store.models import AlertMatchRow, AlertMuteRow, AlertRow
from pipelines.indexing import drain

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
STANCES = (Stance.UNFAVOURABLE, Stance.NEUTRAL, Stance.NEUTRAL, Stance.FAVOURABLE)
ALERTS: tuple[dict[str, Any], ...] = (
    {"condition": "every", "quiet_hours": "22:00-06:00"},
    {"condition": "hourly"},
    {"condition": "daily", "hour": 7, "quiet_hours": "06:30-08:15"},
    {"condition": "spike", "level": 1},
    {"condition": "spike", "level": 2, "query": ""},
    {"condition": "silence", "level": 1},
    {"condition": "first_unfavourable", "days": 3},
    {"condition": "new_outlet"},
    {"condition": "every", "query": "q=l%C5%A9+-ch%C3%A8&stance=-favourable"},
)


def rehearsed(market: Any, alert: int, now: datetime) -> Rehearsal:
    with market.store.read() as session:
        return rehearse(session, market.index, Alert.of_row(session.get_one(AlertRow, alert)), market.sessions, now)


def told(market: Any, alert: int, since: datetime) -> list[tuple[str, datetime]]:
    """What the watch found, and when it was due."""
    query = select(AlertMatchRow.key, AlertMatchRow.due_at).where(
        AlertMatchRow.alert_id == alert, AlertMatchRow.found_at >= since
    )
    with market.store.read() as session:
        return sorted((row[0], row[1]) for row in session.execute(query))


def would_tell(rehearsal: Rehearsal) -> list[tuple[str, datetime]]:
    return sorted((row["key"], row["due_at"]) for message in rehearsal.messages for row in message.rows)


def live(market: Any, chance: random.Random, end: datetime, moments: list[datetime]) -> None:
    """A market's month: the watch goes round at every moment that something comes in, and every morning."""
    mornings = [start_of(day_of(end) - number * DAY) + 6 * HOUR for number in range(LENGTH.days + 1)]
    known: list[int] = []
    number = 0
    for at in sorted({*moments, *(one for one in mornings if one <= end)}):
        for _ in range(moments.count(at)):
            late = chance.choice((0, 0, 0, 1, 5, 20, 30, 50, 90))
            story = chance.choice(known) if known and chance.random() < 0.3 else None
            words = chance.choice(("Lũ", "Lũ", "Lũ và chè", "Chè"))
            article = market.prints(
                f"{words} số {number}",
                found=at,
                printed=at - late * HOUR - chance.randrange(3600) * timedelta(seconds=1),
                source=chance.choice(("songcau", "songcau", "trungdu", "xuche", f"bao{number % 9}")),
                stance=chance.choice(STANCES),
                story=story,
                index=False,
            )
            known.append(market.story_of(article))
            number += 1
        drain(market.store, market.index)
        if at >= start_of(day_of(end) - LENGTH):
            market.watch.round(at)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(2))
def test_it_says_what_the_watch_said_on_the_same_stream(one_market: Any, now: datetime, seed: int) -> None:
    chance = random.Random(seed)
    since = start_of(day_of(now) - LENGTH)
    one_market.sessions = Sessions((Sitting("HĐND", day_of(now - 9 * DAY), day_of(now - 7 * DAY)),))
    lan = one_market.person()
    numbers = [
        one_market.alert(lan, **{"query": "q=l%C5%A9", "name": str(place), "watching_since": since, **one})
        for place, one in enumerate(ALERTS)
    ]
    moments = [since - 60 * DAY + chance.randrange(60 * 1440) * MINUTE for _ in range(120)]
    quiet = chance.randrange(18, 22)  # days before the end, for five days
    while len(moments) < 220:
        at = since + chance.randrange(30 * 1440) * MINUTE
        if at <= now and not quiet - 5 <= (now - at) / DAY <= quiet:
            moments.append(at)
    burst = now - chance.randrange(1, 10) * DAY
    moments += [min(now, burst + number * 7 * MINUTE) for number in range(30)]
    live(one_market, chance, now, moments)
    found = 0
    for number, alert in zip(numbers, ALERTS, strict=True):
        expected = told(one_market, number, since)
        assert would_tell(rehearsed(one_market, number, now)) == expected, alert
        found += bool(expected)
    assert found >= len(ALERTS) - 1, "a stream that nothing is told of shows nothing"


def test_each_engine_and_database_rehearses_alike(market: Any, now: datetime) -> None:
    chance = random.Random(5)
    since = start_of(day_of(now) - LENGTH)
    lan = market.person()
    numbers = [
        market.alert(lan, **{"query": "q=l%C5%A9", "name": str(place), "watching_since": since, **one})
        for place, one in enumerate(ALERTS)
    ]
    moments = [since - 30 * DAY + number * 13 * HOUR for number in range(50)]
    moments += [now - 2 * DAY + number * MINUTE for number in range(9)]
    live(market, chance, now, moments)
    for number in numbers:
        assert would_tell(rehearsed(market, number, now)) == told(market, number, since)


def test_messages_are_gathered_as_they_would_go_out(one_market: Any, now: datetime) -> None:
    lan = one_market.person()
    alert = one_market.alert(lan, condition="daily", hour=7)
    for day in (3, 2):
        for number in range(4):
            one_market.prints(f"Lũ {day}/{number}", found=now - day * DAY + number * HOUR)
    found = rehearsed(one_market, alert, now)
    assert [len(message.rows) for message in found.messages] == [4, 4]
    assert [(message.at + 7 * HOUR).hour for message in found.messages] == [7, 7]


def test_what_is_muted_and_what_was_taken_down_is_not_in_it(one_market: Any, now: datetime) -> None:
    lan = one_market.person()
    alert = one_market.alert(lan)
    kept, muted, gone = (one_market.prints(f"Lũ {word}", found=now - HOUR) for word in ("giữ", "tắt", "gỡ"))
    with one_market.store.write() as session:
        session.add(AlertMuteRow(user_id=lan, alert_id=0, story_id=one_market.story_of(muted), created_at=now))
    one_market.changes(gone, now, withdrawn_at=now)
    assert [key for key, _ in would_tell(rehearsed(one_market, alert, now))] == [f"story:{one_market.story_of(kept)}"]


def test_it_is_bounded_and_says_so(one_market: Any, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_LOOKED_AT >= 30 * 100
    monkeypatch.setattr("diembao.newsroom.analysis.alerts.rehearsal.MOST_LOOKED_AT", 20)
    alert = one_market.alert(one_market.person())
    for day in range(29, -1, -1):
        for number in range(2):
            one_market.prints(f"Lũ {day}/{number}", found=now - day * DAY - number * MINUTE, index=False)
    drain(one_market.store, one_market.index)
    found = rehearsed(one_market, alert, now)
    assert found.is_cut and found.first == day_of(now - 9 * DAY)
    assert len(found.messages) == 20
    assert {day_of(message.at) for message in found.messages} == {day_of(now - day * DAY) for day in range(10)}


def test_an_empty_archive_rehearses_to_nothing(market: Any, now: datetime, market_of: Callable[..., Any]) -> None:
    for one in ALERTS:
        condition = one["condition"]
        query = watched(one.get("query", "q=l%C5%A9"), condition)
        alert = Alert(0, 1, condition, query, 30, 7, 1, QuietHours.parse(""), now)
        with market.store.read() as session:
            assert rehearse(session, market.index, alert, Sessions(), now).messages == ()
