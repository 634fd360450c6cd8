"""When feeds are polled, and how long servers are left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crawlers.download import Fetched
from crawlers.retry_after import seconds_to_wait
from crawlers.robots import LONGEST_DELAY, rules_from
from crawlers.schedule import LONGEST, SHORTEST, Seen, ask_without_validators, next_interval, wait_after_failure
from diembao.errors import FetchFailed, FetchRefused

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_little_overlap_shortens_much_overlap_lengthens() -> None:
    assert next_interval(600, Seen(50, 10), HOUR) == 300
    assert next_interval(600, Seen(50, 25), HOUR) == 600
    assert 300 < next_interval(300, Seen(50, 45), HOUR) < next_interval(300, Seen(50, 50), HOUR)


def test_the_interval_stays_within_its_bounds() -> None:
    assert next_interval(SHORTEST, Seen(50, 0), HOUR) == SHORTEST
    assert next_interval(LONGEST, Seen(50, 50), timedelta(days=30)) == LONGEST
    assert next_interval(LONGEST, Seen(50, 49), timedelta(days=30)) == 600, "news ends the sleep at once"


def test_a_feed_with_news_today_is_never_left_alone_for_long() -> None:
    interval = 600.0
    for _ in range(50):
        interval = next_interval(interval, Seen(50, 48), HOUR)
    assert interval == 600


def test_a_silent_feed_sleeps_deeper_the_longer_it_is_silent() -> None:
    def settled(silence: timedelta) -> float:
        interval = 600.0
        for _ in range(50):
            interval = next_interval(interval, Seen(1, 1), silence)
        return interval

    assert settled(HOUR) == 600
    assert settled(timedelta(hours=12)) == 1.5 * 3600
    assert settled(timedelta(days=9)) == LONGEST


def test_failures_wait_linearly_and_are_never_given_up() -> None:
    assert [wait_after_failure(600, failures) for failures in (1, 2, 3)] == [600, 1200, 1800]
    assert wait_after_failure(600, 10_000) == LONGEST


def test_a_sixth_of_the_polls_doubts_the_server_in_no_fixed_rhythm() -> None:
    for feed in (1, 7, 90):
        for minutes in (2, 10, 60):
            asked = [ask_without_validators(feed, NOW + step * timedelta(minutes=minutes)) for step in range(1200)]
            assert 140 < sum(asked) < 260
            assert "FFFFFFFFFF" * 5 not in "".join("T" if one else "F" for one in asked)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120), ("0", 0), ("99999999999", 86400), ("", 60), ("soon", 60), ("-5", 60),
        ("Sun, 22 Nov 2026 03:10:00 GMT", 600), ("Sun, 22 Nov 2026 02:00:00 GMT", 0),
    ],
)  # fmt: skip
def test_retry_after(header: str, seconds: float) -> None:
    assert seconds_to_wait(header, NOW) == seconds


def robots(text: str, status: int = 200):
    return rules_from(Fetched("https://baothu.vn/robots.txt", status, (), text.encode()))


def test_rules_of_robots() -> None:
    rules = robots("User-agent: *\nDisallow: /noi-bo/\nCrawl-delay: 3\nRequest-rate: 1/10\n")
    assert rules.allow("https://baothu.vn/tin-1.html")
    assert not rules.allow("https://baothu.vn/noi-bo/tin-1.html")
    assert rules.delay == 10


def test_rules_for_us_by_name_outweigh_those_for_all() -> None:
    rules = robots("User-agent: *\nDisallow: /\n\nUser-agent: DiembaoThaiNguyen\nAllow: /\nDisallow: /kin/\n")
    assert rules.allow("https://baothu.vn/tin-1.html")
    assert not rules.allow("https://baothu.vn/kin/tin-1.html")


def test_absurd_delays_are_bounded() -> None:
    assert robots("User-agent: *\nCrawl-delay: 86400\n").delay == LONGEST_DELAY
    assert robots("User-agent: *\nCrawl-delay: nonsense\n").delay == 0


def test_missing_robots_allow_and_unreachable_robots_forbid() -> None:
    assert robots("Disallow: /", 404).allow("https://baothu.vn/")
    assert robots("", 503).unreachable == "HTTP 503"
    assert rules_from(FetchFailed("timeout: …")).unreachable
    assert rules_from(FetchRefused("leads elsewhere", "foreign_redirect")).allow("https://baothu.vn/")
    assert robots("<html>\0\x01 not robots").allow("https://baothu.vn/")


def test_a_feed_that_rotates_faster_than_it_is_read_is_caught_up_with() -> None:
    """Ten items are shown, sixty appear in an hour: the interval must come down to where none is missed."""
    interval, missed = 600.0, []
    for _ in range(10):
        appeared = int(interval / 60)
        missed.append(max(0, appeared - 10))
        interval = next_interval(interval, Seen(10, max(0, 10 - appeared)), timedelta(minutes=1))
    assert sum(missed) == 0
    assert interval <= 300
