"""The pulse of the sources: does each newspaper come in as it usually does, and if not, what is wrong?

A source is compared with itself: its usual day is the median of the same weekday of the last eight weeks, without Tết.
Silence is judged by how many items would usually have come in meanwhile, by hour of the day. The operator is told of
a bad state after three runs in a row, once, and once more when all is well again.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any, Final, Literal

from sqlalchemy.orm import Session

from diembao.newsroom.tet import is_tet
from diembao.store import profiles, pulse, sources
from diembao.store.database import Store
from diembao.store.models import FeedRow, SourceRow
from diembao.store.profiles import ReadingState
from diembao.store.pulse import VIETNAM, Day, Pulse

logger = logging.getLogger("diembao.pulse")

State = Literal["ok", "quiet", "empty", "failing", "drifting"]
ALARM_AFTER: Final = 3
# Share of a day's items by hour in Viet Nam, roughly as newspapers publish.
_BY_HOUR: Final = (1, 1, 1, 1, 1, 2, 5, 7, 8, 8, 8, 7, 5, 5, 6, 7, 7, 6, 5, 4, 4, 3, 2, 1)
_DAY_SHARES: Final = sum(_BY_HOUR)
# At Tết newspapers print about this share of what they usually do.
_TET_SHARE: Final = 0.25
_FEWEST_WEEKS, _FEWEST_DAYS = 3, 5
# When so many items should have come in and none did, chance is no explanation (e to the minus five: one in 150).
_MISSED_ITEMS: Final = 5.0
_LONGEST_SILENCE: Final = timedelta(days=14)
_FAILING_AFTER: Final = 2
_FAULTS_TOLD: Final = 3
# Shares are judged from so many pages on.
_FEWEST_PAGES: Final = 10
_MANY_BY_FALLBACK, _MANY_UNDATED, _MANY_ERRORS = 0.5, 0.5, 0.3


@dataclass(frozen=True, slots=True)
class Way:
    """A feed, list page or sitemap, and how it was found. status: new | ok | empty | failing; failures: in a row."""

    kind: str
    url: str
    status: str
    reason: str
    failures: int


@dataclass(frozen=True, slots=True)
class Board:
    """One line of the operator's page.

    today, usual: items that came in today and on a usual day like it (None: not known yet); week: the last seven days,
    today last; shares: of the pages of the last two days, None where there were too few.
    """

    name: str
    title: str
    state: str
    reason_vi: str
    reason_en: str
    since: datetime | None
    checked_at: datetime | None
    last_ok_at: datetime | None
    last_new_at: datetime | None
    today: int
    usual: float | None
    week: tuple[int, ...]
    fallback_share: float | None
    undated_share: float | None
    error_share: float | None
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """All that is known of one source when it is judged."""

    days: Sequence[Day]
    feeds: Sequence[FeedRow]
    reading: ReadingState | None
    last_new_at: datetime | None
    expected_per_day: float | None


@dataclass(frozen=True, slots=True)
class Verdict:
    state: State
    vi: str = ""
    en: str = ""


def take_pulse(store: Store, now: datetime, tell: Callable[[Sequence[Pulse]], bool]) -> list[Pulse]:
    """Look at every active source, keep how it does, tell the operator what changed; what was told.

    tell: sends the message; whether it went out (else it is tried again at the next run).

    Raises:
        StoreUnavailable
    """
    with store.write() as session:
        pulse.refresh_days(session, now)
        before = pulse.pulses(session)
        taken = [_next(before.get(name), name, seen, now) for name, seen in _seen(session, now).items()]
        pulse.keep(session, taken)
    news = [each for each in taken if _worth_telling(each)]
    if not news:
        return []
    for each in news:
        about = {"source": each.source, "state": each.state, "reason": each.reason.get("en", "")}
        logger.warning("source %s", "is well again" if each.state == "ok" else f"is {each.state}", extra=about)
    if tell(news):
        told = {each.source: replace(each, told_state=each.state, told_at=now) for each in news}
        with store.write() as session:
            pulse.keep(session, [told.get(each.source, each) for each in taken])
    return news


def pulse_board(session: Session, now: datetime) -> list[Board]:
    """Every active source, those in trouble first, then by title."""
    kept = pulse.pulses(session)
    seen = _seen(session, now)
    titles = {row.name: row.title for row in sources.all_sources(session)}
    lines = [_line(name, titles[name], each, kept.get(name), now) for name, each in seen.items()]
    return sorted(lines, key=lambda line: (line.state == "ok", line.title))


def judge(seen: Seen, now: datetime) -> Verdict:
    """The state of one source, the worst first, with the reason."""
    verdicts = (_failing(seen), _empty(seen), _drifting(seen, now), _quiet(seen, now))
    return next((verdict for verdict in verdicts if verdict is not None), Verdict("ok"))


def usual_for(days: Sequence[Day], day: date, expected: float | None = None) -> float | None:
    """How many items usually come in on a day like this one; None where too little is known.

    expected: what the source file says, for a source without a past.
    """
    past = {each.day: each.found for each in days if each.day < day}
    if not past:
        return expected
    first = min(past)
    known = [first + timedelta(days=step) for step in range((day - first).days)]
    ordinary = [each for each in known if not is_tet(each)]
    same = [past.get(each, 0) for each in ordinary if each.weekday() == day.weekday()][-8:]
    if len(same) >= _FEWEST_WEEKS:
        usual = float(median(same))
    elif len(ordinary) >= _FEWEST_DAYS:
        usual = float(median(past.get(each, 0) for each in ordinary))
    else:
        return expected
    return usual * _TET_SHARE if is_tet(day) else usual


def expected_between(usual: Callable[[date], float | None], begin: datetime, end: datetime) -> float:
    """How many items usually come in between two moments; 0 where nothing is known."""
    total, moment = 0.0, begin.astimezone(VIETNAM)
    end = end.astimezone(VIETNAM)
    by_day: dict[date, float] = {}
    while moment < end:
        following = (moment + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
        share = (min(following, end) - moment) / timedelta(hours=1) * _BY_HOUR[moment.hour] / _DAY_SHARES
        day = moment.date()
        if day not in by_day:
            by_day[day] = usual(day) or 0.0
        total += by_day[day] * share
        moment = following
    return total


def _seen(session: Session, now: datetime) -> dict[str, Seen]:
    days = pulse.days_by_source(session, pulse.day_of(now) - timedelta(days=64))
    feeds = sources.feeds_of(session)
    readings = {each.source: each for each in profiles.states(session)}
    return {
        row.name: Seen(
            days.get(row.name, []),
            feeds[row.name],
            readings.get(row.name),
            max((feed.last_new_at for feed in feeds[row.name] if feed.last_new_at), default=None),
            _expected(row),
        )
        for row in sources.all_sources(session)
        if row.active and row.name in feeds
    }


def _expected(row: SourceRow) -> float | None:
    value = row.definition.get("expected_per_day")
    return float(value) if value else None


def _next(before: Pulse | None, name: str, seen: Seen, now: datetime) -> Pulse:
    verdict = judge(seen, now)
    same = before is not None and before.state == verdict.state
    return Pulse(
        name,
        verdict.state,
        {"vi": verdict.vi, "en": verdict.en} if verdict.state != "ok" else {},
        _figures(seen, now),
        before.since if before is not None and same else now,
        0 if verdict.state == "ok" else (before.bad_runs if before else 0) + 1,
        now,
        before.told_state if before else "ok",
        before.told_at if before else None,
    )


def _worth_telling(each: Pulse) -> bool:
    if each.state == each.told_state:
        return False
    return each.state == "ok" or each.bad_runs >= ALARM_AFTER


def _failing(seen: Seen) -> Verdict | None:
    bad = [feed for feed in seen.feeds if feed.failures >= _FAILING_AFTER]
    if bad:
        worst = sorted(bad, key=lambda feed: -feed.failures)
        others = any(feed.status == "ok" for feed in seen.feeds)
        vi = "; ".join(
            f"{_KIND_VI[feed.kind]} {feed.url} không đọc được {feed.failures} lần liền: {feed.reason}"
            for feed in worst[:_FAULTS_TOLD]
        )
        en = "; ".join(
            f"{feed.kind} {feed.url} could not be read {feed.failures} times in a row: {feed.reason}"
            for feed in worst[:_FAULTS_TOLD]
        )
        if len(worst) > _FAULTS_TOLD:
            vi, en = f"{vi}; và {len(worst) - _FAULTS_TOLD} lối khác", f"{en}; and {len(worst) - _FAULTS_TOLD} more"
        if others:
            return Verdict("failing", vi + "; vẫn lấy được tin qua lối khác", en + "; news still comes in another way")
        return Verdict("failing", vi, en)
    share = _share(seen, "errors", "found")
    if share is not None and share > _MANY_ERRORS:
        percent = round(100 * share)
        return Verdict(
            "failing",
            f"{percent} % số bài hai ngày qua không tải hoặc không đọc được",
            f"{percent} % of the pages of the last two days could not be fetched or read",
        )
    return None


_KIND_VI: Final = {"feed": "Nguồn tin", "section": "Trang mục", "sitemap": "Sơ đồ tin"}


def _empty(seen: Seen) -> Verdict | None:
    polled = [feed for feed in seen.feeds if feed.last_polled_at is not None]
    if polled and all(feed.status == "empty" for feed in polled):
        reason = polled[0].reason
        return Verdict(
            "empty", f"Trả lời bình thường nhưng không có bài nào: {reason}", f"answers, but empty: {reason}"
        )
    return None


def _drifting(seen: Seen, now: datetime) -> Verdict | None:
    if seen.reading is not None and seen.reading.state == "drifting":
        reason = seen.reading.reason
        return Verdict("drifting", f"Giao diện báo có thể đã đổi: {reason}", f"its pages may have changed: {reason}")
    for name, of, most, vi, en in (
        ("by_fallback", "read", _MANY_BY_FALLBACK, "bài phải đọc bằng cách dự phòng", "of pages were read by fallback"),
        ("undated", "read", _MANY_UNDATED, "bài không tìm thấy giờ đăng", "of pages show no time"),
    ):
        share = _share(seen, name, of)
        usual = _share_before(seen, name, of)
        if share is not None and share > max(most, 1.5 * (usual or 0.0)):
            percent = round(100 * share)
            return Verdict("drifting", f"{percent} % {vi} trong hai ngày qua", f"{percent} % {en} in the last two days")
    return None


def _quiet(seen: Seen, now: datetime) -> Verdict | None:
    def usual(day: date) -> float | None:
        return usual_for(seen.days, day, seen.expected_per_day)

    begin = seen.last_new_at or min((feed.last_polled_at for feed in seen.feeds if feed.last_polled_at), default=now)
    begin = max(begin, now - _LONGEST_SILENCE)
    missed = expected_between(usual, begin, now)
    if missed >= _MISSED_ITEMS:
        hours = round((now - begin) / timedelta(hours=1))
        count = math.floor(missed)
        return Verdict(
            "quiet",
            f"{hours} giờ không có bài mới; bình thường đã có khoảng {count} bài",
            f"nothing new for {hours} hours; usually about {count} items would have come in",
        )
    return None


def _recent(days: Sequence[Day]) -> Sequence[Day]:
    return days[-2:]


def _share(seen: Seen, part: str, whole: str) -> float | None:
    return _ratio(_recent(seen.days), part, whole)


def _share_before(seen: Seen, part: str, whole: str) -> float | None:
    return _ratio(seen.days[-16:-2], part, whole)


def _ratio(days: Sequence[Day], part: str, whole: str) -> float | None:
    total = sum(getattr(day, whole) for day in days)
    return sum(getattr(day, part) for day in days) / total if total >= _FEWEST_PAGES else None


def _figures(seen: Seen, now: datetime) -> Mapping[str, Any]:
    today = pulse.day_of(now)
    found = {day.day: day.found for day in seen.days}
    usual = usual_for(seen.days, today, seen.expected_per_day)
    return {
        "today": found.get(today, 0),
        "usual": round(usual, 1) if usual is not None else None,
        "week": [found.get(today - timedelta(days=back), 0) for back in range(6, -1, -1)],
        "fallback_share": _share(seen, "by_fallback", "read"),
        "undated_share": _share(seen, "undated", "read"),
        "error_share": _share(seen, "errors", "found"),
    }


def _line(name: str, title: str, seen: Seen, kept: Pulse | None, now: datetime) -> Board:
    figures = _figures(seen, now)
    return Board(
        name=name,
        title=title,
        state=kept.state if kept else "new",
        reason_vi=kept.reason.get("vi", "") if kept else "",
        reason_en=kept.reason.get("en", "") if kept else "",
        since=kept.since if kept else None,
        checked_at=kept.checked_at if kept else None,
        last_ok_at=max((feed.last_ok_at for feed in seen.feeds if feed.last_ok_at), default=None),
        last_new_at=seen.last_new_at,
        today=figures["today"],
        usual=figures["usual"],
        week=tuple(figures["week"]),
        fallback_share=figures["fallback_share"],
        undated_share=figures["undated_share"],
        error_share=figures["error_share"],
        ways=tuple(Way(feed.kind, feed.url, feed.status, feed.reason, feed.failures) for feed in seen.feeds),
    )
