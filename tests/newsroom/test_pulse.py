"""Each newspaper is compared with itself; the operator is told what is wrong, once."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr

from diembao.newsroom.operator_mail import tell_operator
from diembao.newsroom.pulse import ALARM_AFTER, Seen, expected_between, judge, pulse_board, take_pulse, usual_for
from diembao.newsroom.tet import is_tet, new_year
from diembao.records import FeedHints
from diembao.settings import Settings
from diembao.store import pages, pulse, sources
from diembao.store.database import Store
from diembao.store.models import FeedRow
from diembao.store.profiles import ReadingState
from diembao.store.pulse import Day, Pulse

# A Monday, ten in the morning in Viet Nam.
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)


def past(per_weekday: Sequence[int], weeks: int = 8, until: date = TODAY) -> list[Day]:
    days = [until - timedelta(days=back) for back in range(7 * weeks, 0, -1)]
    return [Day(day, per_weekday[day.weekday()]) for day in days if per_weekday[day.weekday()]]


def feed(**fields: Any) -> Any:
    values = {
        "kind": "feed",
        "url": "https://a.vn/rss",
        "status": "ok",
        "reason": "",
        "failures": 0,
        "last_polled_at": NOW,
        "last_ok_at": NOW,
        "last_new_at": NOW,
    }
    return SimpleNamespace(**(values | fields))


def seen(**fields: Any) -> Seen:
    values = {"days": past([40] * 7), "feeds": [feed()], "reading": None, "last_new_at": NOW, "expected_per_day": None}
    return Seen(**(values | fields))


def test_the_usual_day_knows_weekends_and_tet() -> None:
    days = past([40, 40, 40, 40, 40, 8, 4])
    assert usual_for(days, TODAY) == 40
    assert usual_for(days, TODAY - timedelta(days=1)) == 4
    assert usual_for(past([40] * 7, until=date(2027, 2, 6)), date(2027, 2, 6)) == 10, "the first day of Tết"
    around = [*past([40] * 7, until=date(2027, 2, 4)), *(Day(date(2027, 2, day), 3) for day in range(4, 11))]
    assert usual_for(around, date(2027, 2, 20)) == 40, "Tết does not lower the usual day"
    assert usual_for([], TODAY) is None
    assert usual_for([], TODAY, 12.0) == 12.0
    assert usual_for([Day(TODAY - timedelta(days=1), 99)], TODAY, 12.0) == 12.0, "a day is no habit"


@pytest.mark.parametrize(
    ("year", "first"),
    [(2007, date(2007, 2, 17)), (2026, date(2026, 2, 17)), (2027, date(2027, 2, 6)), (2030, date(2030, 2, 2))],
)
def test_tet_falls_as_the_vietnamese_calendar_says(year: int, first: date) -> None:
    assert new_year(year) == first
    assert is_tet(first - timedelta(days=1)) and is_tet(first + timedelta(days=4))
    assert not is_tet(first - timedelta(days=3)) and not is_tet(first + timedelta(days=5))


def test_a_morning_brings_more_than_a_night() -> None:
    def night_and_morning(begin: int, end: int) -> float:
        day = datetime(2026, 11, 22, 17, tzinfo=UTC)  # midnight in Viet Nam
        return expected_between(lambda _: 100.0, day + timedelta(hours=begin), day + timedelta(hours=end))

    assert night_and_morning(0, 24) == pytest.approx(100.0)
    assert night_and_morning(0, 5) < 6
    assert night_and_morning(7, 12) > 30


@pytest.mark.parametrize(
    ("about", "state", "words"),
    [
        ({}, "ok", ""),
        ({"last_new_at": NOW - timedelta(hours=24)}, "quiet", "24 giờ không có bài mới"),
        ({"last_new_at": NOW - timedelta(hours=1)}, "ok", ""),
        ({"days": past([1] * 7), "last_new_at": NOW - timedelta(days=2)}, "ok", ""),
        ({"days": past([1] * 7), "last_new_at": NOW - timedelta(days=9)}, "quiet", "bài"),
        ({"days": past([40, 40, 40, 40, 40, 0, 0]), "last_new_at": NOW - timedelta(hours=62)}, "quiet", "giờ"),
        ({"feeds": [feed(status="failing", failures=2, reason="HTTP 500")]}, "failing", "HTTP 500"),
        ({"feeds": [feed(status="failing", failures=1, reason="HTTP 500")]}, "ok", ""),
        (
            {"feeds": [feed(status="failing", failures=4, reason="timeout"), feed(kind="section")]},
            "failing",
            "vẫn lấy được tin",
        ),
        ({"feeds": [feed(status="empty", reason="a feed without items")]}, "empty", "không có bài nào"),
        ({"days": [*past([40] * 7)[:-1], Day(TODAY - timedelta(days=1), 40, errors=30)]}, "failing", "38 %"),
        (
            {"days": [*past([40] * 7)[:-1], Day(TODAY - timedelta(days=1), 40, read=40, by_fallback=30)]},
            "drifting",
            "75 %",
        ),
        (
            {"days": [*past([40] * 7)[:-1], Day(TODAY - timedelta(days=1), 40, read=40, undated=40)]},
            "drifting",
            "giờ đăng",
        ),
        (
            {"reading": ReadingState("a", "drifting", "shorter texts", NOW, 100, 1, NOW, 0.98, 0.1)},
            "drifting",
            "shorter texts",
        ),
    ],
)
def test_every_fault_has_its_name_and_reason(about: dict[str, Any], state: str, words: str) -> None:
    verdict = judge(seen(**about), NOW)
    assert (verdict.state, words in verdict.vi) == (state, True), verdict
    assert bool(verdict.vi) == bool(verdict.en) == (state != "ok")


def a_source(store: Store, failures: int = 0) -> None:
    record = sources.SourceRecord("a", "Báo A", "newspaper", "local", "none", {}, (("feed", "https://a.vn/rss"),))
    with store.write() as session:
        sources.sync_sources(session, [record], 600, NOW)
        session.query(FeedRow).update({"failures": failures, "status": "failing", "reason": "HTTP 500"})


def test_the_operator_is_told_after_three_bad_runs_once_and_when_all_is_well_again(store: Store) -> None:
    told: list[list[tuple[str, str]]] = []

    def tell(news: Sequence[Pulse]) -> bool:
        told.append([(each.source, each.state) for each in news])
        return len(told) > 1  # the first letter does not go out

    a_source(store, failures=3)
    for run in range(7):
        take_pulse(store, NOW + timedelta(minutes=5 * run), tell)
    assert told == [[("a", "failing")], [("a", "failing")]], "after three runs; again because the letter did not go out"
    with store.read() as session:
        (line,) = pulse_board(session, NOW)
        assert (line.state, line.since) == ("failing", NOW)
        assert pulse.pulses(session)["a"].bad_runs == 7 > ALARM_AFTER
    a_source(store, failures=0)
    for run in range(7, 10):
        take_pulse(store, NOW + timedelta(minutes=5 * run), tell)
    assert told[2:] == [[("a", "ok")]]


def test_days_are_counted_in_viet_nam_and_added_up_from_pages(store: Store) -> None:
    a_source(store)
    before_midnight = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)
    for number, moment in enumerate((before_midnight, before_midnight + timedelta(hours=1), NOW)):
        with store.write() as session:
            link = pages.FoundLink(f"https://a.vn/{number}.html", FeedHints())
            pages.register_found(session, "a", None, [link], moment)
    with store.write() as session:
        page = pages.by_url(session, "https://a.vn/2.html")
        assert page is not None
        pages.mark_failed(session, page.id, "HTTP 404", NOW, final=True)
    for _ in range(2):
        with store.write() as session:
            pulse.refresh_days(session, NOW)
    with store.read() as session:
        days = pulse.days_by_source(session, TODAY - timedelta(days=9))["a"]
    assert [(day.day, day.found, day.errors) for day in days] == [(TODAY - timedelta(days=1), 1, 0), (TODAY, 2, 1)]


class _PostOffice(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        data = False
        for line in self.rfile:
            if data:
                self.server.received.append(line.decode())  # type: ignore[attr-defined]
                if line == b".\r\n":
                    data = False
                    self.wfile.write(b"250 kept\r\n")
            elif line.upper().startswith(b"DATA"):
                data = True
                self.wfile.write(b"354 go on\r\n")
            elif line.upper().startswith(b"QUIT"):
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 well\r\n")


@pytest.fixture
def post_office() -> Iterator[Any]:
    with socketserver.TCPServer(("127.0.0.1", 0), _PostOffice) as server:
        server.received = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_the_letter_names_source_state_and_reason(post_office: Any) -> None:
    url = f"smtp://127.0.0.1:{post_office.server_address[1]}"
    settings = Settings(smtp_url=SecretStr(url), operator_email="truc@vi.du.vn", owner_email="toasoan@vi.du.vn")
    reason = {"vi": "Nguồn tin không đọc được", "en": "x"}
    news = [Pulse("songcau", "failing", reason, {}, NOW, 3, NOW)]
    assert tell_operator(settings, news)
    from email import message_from_string
    from email.policy import default

    letter = message_from_string("".join(post_office.received), policy=default)
    assert letter["To"] == "truc@vi.du.vn"
    assert letter["Subject"] == "[Điểm Báo] songcau: không đọc được"
    assert "10:00 23/11/2026. Nguồn tin không đọc được." in letter.get_content()


def test_mail_that_cannot_go_out_is_said_and_nobody_asked_is_no_fault() -> None:
    news = [Pulse("a", "quiet", {"vi": "x", "en": "x"}, {}, NOW, 3, NOW)]
    assert not tell_operator(Settings(smtp_url=SecretStr("smtp://127.0.0.1:1"), operator_email="a@b.vn"), news)
    assert tell_operator(Settings(), news)
