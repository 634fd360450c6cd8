"""The date layer: what Vietnamese pages, feeds and addresses mean by a time.

`read_moment` reads one printed or machine-written time out of a short text, `moment_in_url` the digits that
content systems put into addresses, `settle` weighs what page, feed and address say against one another.

Rules: the day stands before the month; a missing zone is Asia/Ho_Chi_Minh; a time after the moment of
fetching is not believed; nothing is guessed from the machine's clock, only from the anchor that is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from enum import IntEnum
from zoneinfo import ZoneInfo

from diembao.records import PublishedFrom
from nlp.text import fold, normalise

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")

# Longer texts are article prose, not the line under a headline; also bounds the work of the patterns.
_LONGEST = 600
_EARLIEST_YEAR = 1990
# Clocks of papers and ours differ by minutes; a whole day is allowed only where the hour is unknown.
_CLOCK_SKEW = timedelta(minutes=15)


class Precision(IntEnum):
    MONTH = 1
    DAY = 2
    HOUR = 3
    MINUTE = 4


@dataclass(frozen=True, slots=True)
class Moment:
    """A time that was read: an aware UTC datetime, how exact it is, and the offset the text itself stated.

    Where the hour is unknown `at` is midnight in Viet Nam; `offset` is None when no zone was stated.
    """

    at: datetime
    precision: Precision
    offset: timedelta | None = None

    @property
    def day(self) -> tuple[int, int, int]:
        """Year, month and day in Viet Nam."""
        local = self.at.astimezone(VIETNAM)
        return local.year, local.month, local.day


# ---------------------------------------------------------------------------------------------- patterns
# All patterns run on folded lower-case text (`fold` keeps the length), so "giờ" is "gio", "Thứ" is "thu".

_ZONE = (
    r"(?:\s*[(\[]?\s*(?:"
    r"(?:gmt|utc)\s*(?P<sign>[+\-−–])\s*(?P<zone_hour>\d{1,2})(?::?(?P<zone_minute>\d{2}))?(?!\d)"
    r"|(?P<plain_sign>[+\-])(?P<plain_hour>\d{2}):?(?P<plain_minute>\d{2})(?![\d/])"
    r"|(?<=\d)(?P<short_sign>[+])(?P<short_hour>\d{2})(?!\d)"
    r"|(?P<named>gmt|utc|ict|z)\b"
    r")\s*[)\]]?)?"
)
_TIME = (
    r"(?P<hour>\d{1,2})(?:"
    r"\s*(?::|h|g(?!io)|gio)\s*(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d{1,9})?)?\s*(?:phut|['’])?"
    r"|\s*gio(?!\s*truoc)|h)"
    r"(?:\s*(?P<half>sa|ch|sang|chieu|toi|am|pm|a\.m\.?|p\.m\.?)(?![a-z]))?"
)
_MARKS = r"[\s,;|\-–—•·:/()\[\]]*"
_WEEKDAY = r"(?:(?:thu\s*(?:hai|ba|tu|nam|sau|bay|[2-7])|chu\s*nhat|t[2-7]|cn)\b)?"
_TIME_AFTER = re.compile(rf"{_MARKS}(?:(?:vao\s+)?(?:luc|hoi)\s*:?\s*|t(?=\d)|at\s+)?{_TIME}{_ZONE}")
_TIME_BEFORE = re.compile(rf"(?<!\d){_TIME}{_ZONE}{_MARKS}{_WEEKDAY}{_MARKS}(?:ngay)?\s*$")

_ISO = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d{2})(?P<mark>[\-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})(?!\d|[\-/.]\d)"
)
_COMPACT = re.compile(
    r"(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})(?:t?(?P<hour>\d{2})(?P<minute>\d{2})(?:\d{2})?)?(?P<z>z)?"
)
_DAY_FIRST = re.compile(
    r"(?<!\d)(?<!\d[/.])(?P<day>\d{1,2})\s?(?P<mark>[/\-.])\s?(?P<month>\d{1,2})\s?(?P=mark)\s?"
    r"(?P<year>(?:19|20)\d{2}|\d{2}(?!\d|[/.]\d|:\d))"
)
_VIETNAMESE_MONTHS = {
    "gieng": 1, "mot": 1, "hai": 2, "ba": 3, "tu": 4, "bon": 4, "nam": 5, "sau": 6, "bay": 7, "tam": 8,
    "chin": 9, "muoi mot": 11, "muoi hai": 12, "muoi": 10, "chap": 12,
}  # fmt: skip
_VI_MONTH = r"(?P<month>\d{1,2}|muoi mot|muoi hai|muoi|gieng|mot|hai|ba|tu|bon|nam|sau|bay|tam|chin|chap)"
_YEAR = r"(?P<year>(?:19|20)\d{2})"
_WORDS = (
    re.compile(
        rf"(?<!\d)(?P<day>\d{{1,2}})\s*,?\s*(?:thang|thg\.?|th\.?)\s*{_VI_MONTH}\s*[,/\-]?\s*(?:nam)?\s*[,/]?\s*{_YEAR}"
    ),
    re.compile(rf"(?:thang\s+|thg\.?\s*|th\.?\s*){_VI_MONTH}\s+(?P<day>\d{{1,2}})\s*,?\s*(?:nam)?\s*{_YEAR}"),
)
_ENGLISH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ENGLISH_MONTHS = {name: number for number, name in enumerate(_ENGLISH_NAMES, start=1)}
_EN_MONTH = rf"(?P<month>{'|'.join(_ENGLISH_NAMES)})[a-z]{{0,6}}\.?"
_ENGLISH = (
    re.compile(
        rf"(?<!\d)(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[\s\-]+{_EN_MONTH},?[\s\-]+(?P<year>(?:19|20)\d{{2}}|\d{{2}}(?!\d|:))"
    ),
    re.compile(rf"\b{_EN_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+{_YEAR}"),
)
_EPOCH = re.compile(r"(?:/date\()?(\d{10})(\d{3})?(?:\.\d+)?(?:[+\-]\d{4})?(?:\)/)?")

_UNIT = r"(?P<unit>giay|phut|gio|tieng|ngay|tuan|thang|nam|seconds?|minutes?|hours?|days?|weeks?|months?|years?)"
_AGO = re.compile(
    r"(?<!\d)(?:(?P<hours>\d{1,2})\s*(?:gio|tieng|hours?)\s+)?"
    rf"(?P<count>\d{{1,3}})\s*{_UNIT}\s*(?:truoc|ago)\b"
    r"|\bcach day\s+(?P<since>\d{1,3})\s*(?P<since_unit>giay|phut|gio|ngay|tuan)"
)
_UNITS = {
    "giay": timedelta(seconds=1), "second": timedelta(seconds=1),
    "phut": timedelta(minutes=1), "minute": timedelta(minutes=1),
    "gio": timedelta(hours=1), "tieng": timedelta(hours=1), "hour": timedelta(hours=1),
    "ngay": timedelta(days=1), "day": timedelta(days=1),
    "tuan": timedelta(days=7), "week": timedelta(days=7),
    "thang": timedelta(days=30), "month": timedelta(days=30),
    "nam": timedelta(days=365), "year": timedelta(days=365),
}  # fmt: skip
_JUST_NOW = re.compile(r"\b(?:vua xong|vua moi|moi day|moi cap nhat|just now)\b")
_DAY_WORD = re.compile(r"\b(?P<word>hom nay|hom qua|hom kia|today|yesterday)\b")
_DAYS_BACK = {"hom nay": 0, "today": 0, "hom qua": 1, "yesterday": 1, "hom kia": 2}
# Without a year only where something says that it is a date: "24/7" and "3.5 triệu" are none.
_PARTIAL = re.compile(
    r"(?:\b(?:ngay|sang|trua|chieu|toi|dem|luc|hom|khuya|rang sang)\s+|^|,\s*|\|\s*|\b\d{1,2}[:h]\d{2}[\s,\-]+)"
    r"(?P<day>\d{1,2})(?:\s?[/\-.]\s?|\s*thang\s*)(?P<month>\d{1,2})(?![\d%]|[/\-.]\d)"
)
_UPDATED = re.compile(r"(?:cap nhat|chinh sua|updated|modified|lan cuoi)[^\d]{0,25}$")


# ------------------------------------------------------------------------------------------------ reading
def read_moment(text: str, anchor: datetime | None = None) -> Moment | None:
    """The time a short text speaks of, or None.

    text: a line of a page (`Thứ bảy, 7/3/2026, 00:05 (GMT+7)`), an attribute, a feed's pubDate.
    anchor: aware moment the text was seen; without it “2 giờ trước”, “hôm nay”, “Sáng 25/11” are not read.
    Where a text holds several dates the first that is not marked as an update counts.
    """
    flat = fold(normalise(text)).lower().replace("\n", " ").strip()[:_LONGEST]
    if not flat:
        return None
    whole = _epoch(flat) or _compact(flat)
    if whole is not None:
        return whole
    full = _full_date(flat, anchor)
    if full is not None:
        return full
    return _relative(flat, anchor) if anchor is not None else None


def _epoch(flat: str) -> Moment | None:
    found = _EPOCH.fullmatch(flat)
    if found is None:
        return None
    at = datetime.fromtimestamp(int(found[1]), UTC)
    return Moment(at, Precision.MINUTE, timedelta(0)) if at.year >= _EARLIEST_YEAR else None


def _compact(flat: str) -> Moment | None:
    found = _COMPACT.fullmatch(flat)
    if found is None:
        return None
    clock = (int(found["hour"]), int(found["minute"]), 0) if found["hour"] else None
    offset = timedelta(0) if found["z"] else None
    return _moment(int(found["year"]), int(found["month"]), int(found["day"]), clock, offset)


def _full_date(flat: str, anchor: datetime | None) -> Moment | None:
    """The first full date that is not an update; an update where there is nothing else."""
    updated: Moment | None = None
    for found in sorted(_dates(flat), key=lambda one: one.start()):
        moment = _with_clock(flat, found, anchor)
        if moment is None:
            continue
        if not _UPDATED.search(flat, max(0, found.start() - 45), found.start()):
            return moment
        updated = updated or moment
    return updated


def _dates(flat: str) -> Iterable[re.Match[str]]:
    for pattern in (_ISO, _DAY_FIRST, *_WORDS, *_ENGLISH):
        yield from pattern.finditer(flat)


def _with_clock(flat: str, found: re.Match[str], anchor: datetime | None) -> Moment | None:
    clock, offset, english = _clock_near(flat, found)
    month_word = found["month"]
    month = int(month_word) if month_word.isdigit() else _month(month_word)
    day, year = int(found["day"]), _full_year(found["year"])
    moment = _moment(year, month, day, clock, offset)
    swappable = month_word.isdigit() and found.re is _DAY_FIRST and month != day
    if not swappable:
        return moment
    # The American order is believed only where the Vietnamese one is impossible, or lies in the future
    # beside an English "AM"/"PM" as .NET prints it.
    if moment is None or (english and anchor is not None and moment.at > anchor + _CLOCK_SKEW):
        return _moment(year, day, month, clock, offset) or moment
    return moment


def _month(word: str) -> int:
    return _VIETNAMESE_MONTHS.get(word) or _ENGLISH_MONTHS.get(word[:3], 0)


def _full_year(digits: str) -> int:
    return int(digits) if len(digits) == 4 else 2000 + int(digits)


_Clock = tuple[int, int, int]


def _clock_near(flat: str, found: re.Match[str]) -> tuple[_Clock | None, timedelta | None, bool]:
    """The time of day beside a date; its zone; whether the half of the day is written in English."""
    start = found.start("day") if found.re is _PARTIAL else found.start()
    near = _TIME_AFTER.match(flat, found.end()) or _TIME_BEFORE.search(flat, max(0, start - 60), start)
    if near is None:
        return None, None, False
    clock = _clock(near)
    if clock is None:
        return None, None, False
    return clock, _offset(near), (near["half"] or "") in {"am", "pm"}


def _clock(near: re.Match[str]) -> _Clock | None:
    hour, minute = int(near["hour"]), int(near["minute"] or 0)
    if hour > 24 or minute > 59:
        return None
    half = (near["half"] or "").replace(".", "")
    if half in {"ch", "pm", "chieu", "toi"} and hour < 12:
        hour += 12
    elif half in {"sa", "am", "sang"} and hour == 12:
        hour = 0
    second = min(int(near["second"] or 0), 59)
    # Without minutes ("8h") only the hour is known; the caller sees it as -1.
    return hour % 24, minute if near["minute"] else -1, second


def _offset(near: re.Match[str]) -> timedelta | None:
    if near["named"]:
        return timedelta(hours=7) if near["named"] == "ict" else timedelta(0)
    for kind in ("zone", "plain", "short"):
        hours = near[f"{kind}_hour"]
        if not hours:
            continue
        minutes = near[f"{kind}_minute"] if kind != "short" else None
        size = timedelta(hours=int(hours), minutes=int(minutes or 0))
        if size > timedelta(hours=14):
            return None
        return size if near["sign" if kind == "zone" else f"{kind}_sign"] == "+" else -size
    return None


def _moment(year: int, month: int, day: int, clock: _Clock | None, offset: timedelta | None) -> Moment | None:
    zone: tzinfo = VIETNAM if offset is None else timezone(offset)
    hour, minute, second = clock or (0, 0, 0)
    if not _EARLIEST_YEAR <= year <= 2100:
        return None
    try:
        local = datetime(year, month, day, hour, max(minute, 0), second, tzinfo=zone)
    except ValueError:
        return None
    precision = Precision.DAY if clock is None else Precision.HOUR if minute < 0 else Precision.MINUTE
    return Moment(local.astimezone(UTC), precision, offset if clock else None)


def _relative(flat: str, anchor: datetime) -> Moment | None:
    ago = _AGO.search(flat)
    if ago:
        count, unit = int(ago["count"] or ago["since"]), (ago["unit"] or ago["since_unit"]).removesuffix("s")
        return _ago(count, unit, anchor - timedelta(hours=int(ago["hours"] or 0)))
    if _JUST_NOW.search(flat):
        return Moment(anchor.astimezone(UTC), Precision.MINUTE)
    word = _DAY_WORD.search(flat)
    if word:
        day = anchor.astimezone(VIETNAM) - timedelta(days=_DAYS_BACK[word["word"]])
        clock, offset, _ = _clock_near(flat, word)
        return _moment(day.year, day.month, day.day, clock, offset)
    partial = _PARTIAL.search(flat)
    return _in_the_anchor_year(flat, partial, anchor) if partial else None


def _ago(count: int, unit: str, anchor: datetime) -> Moment:
    step = _UNITS[unit]
    at = anchor.astimezone(UTC) - count * step
    if step < timedelta(hours=1):
        return Moment(at, Precision.MINUTE)
    if step == timedelta(hours=1):
        return Moment(at, Precision.HOUR)
    day = at.astimezone(VIETNAM).replace(hour=0, minute=0, second=0, microsecond=0)
    return Moment(day.astimezone(UTC), Precision.DAY if step <= timedelta(days=7) else Precision.MONTH)


def _in_the_anchor_year(flat: str, partial: re.Match[str], anchor: datetime) -> Moment | None:
    """“Sáng 25/11”: the latest such day that is not after the anchor."""
    clock, offset, _ = _clock_near(flat, partial)
    year = anchor.astimezone(VIETNAM).year
    for candidate in (year, year - 1):
        moment = _moment(candidate, int(partial["month"]), int(partial["day"]), clock, offset)
        if moment is not None and moment.at <= anchor + timedelta(days=1):
            return moment
    return None


# ------------------------------------------------------------------------------------------------ address
_URL_STAMP = re.compile(r"(?<!\d)(20\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})\d{0,3}(?!\d)")
# The same stamp behind a three-digit number of the section, with a two-digit year.
_URL_SHORT_STAMP = re.compile(r"(?<!\d)\d{3}(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})\d{2,3}(?!\d)")
_URL_DAY = re.compile(r"(?<!\d)(20\d{2})([/\-_]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")
_URL_MONTH = re.compile(r"(?<![\d])(20\d{2})[/\-]?(0[1-9]|1[0-2])(?=[/\-.]|$)")


def moment_in_url(url: str) -> Moment | None:
    """The stamp a content system left in an address: mostly when the article was made, not published.

    `…-20260307080054340.htm`, `…-185260703205623736.htm`, `/2026/03/07/…`, `/thoi-su/202511/…`.
    """
    path = url.split("?", 1)[0].split("#", 1)[0][-_LONGEST:]
    for pattern, century in ((_URL_STAMP, 0), (_URL_SHORT_STAMP, 2000)):
        for found in pattern.finditer(path):
            year, month, day, hour, minute, second = (int(part) for part in found.groups())
            if hour < 24 and minute < 60 and second < 60:
                moment = _moment(century + year, month, day, (hour, minute, second), None)
                if moment is not None:
                    return moment
    on_day = _URL_DAY.search(path)
    if on_day:
        moment = _moment(int(on_day[1]), int(on_day[3]), int(on_day[4]), None, None)
        if moment is not None:
            return moment
    in_month = _URL_MONTH.search(path)
    if in_month is None:
        return None
    first = _moment(int(in_month[1]), int(in_month[2]), 1, None, None)
    return Moment(first.at, Precision.MONTH) if first else None


# ---------------------------------------------------------------------------------------------- weighing
def settle(
    *,
    structured: Iterable[Moment] = (),
    printed: Iterable[Moment] = (),
    feed: datetime | None = None,
    url: str = "",
    now: datetime,
) -> tuple[datetime | None, PublishedFrom]:
    """When an article was published and who says so: (aware UTC datetime or None, origin).

    structured: times of the page's own data (JSON-LD, meta), best first; printed: times a reader sees, best first;
    feed: what the feed said; url: the address; now: when the page was fetched — later times are refused.
    """
    from_url = _believable([moment_in_url(url)], now)
    in_print = _believable(printed, now)
    in_feed = _believable([Moment(feed.astimezone(UTC), Precision.MINUTE)] if feed else [], now)
    witnesses = [*in_print, *in_feed, *from_url]
    in_data = _believable((_mended(moment, witnesses, now) for moment in structured), now)

    page = _best(in_data, witnesses)
    text = _best(in_print, [*in_data, *in_feed, *from_url])
    if page and text and page.day == text.day and _has_clock(text) and not _has_clock(page):
        return text.at, PublishedFrom.TEXT
    for choice, origin in ((page, PublishedFrom.PAGE), (text, PublishedFrom.TEXT)):
        if choice is not None:
            return _sharpened(choice, origin, in_feed, from_url)
    if in_feed:
        return in_feed[0].at, PublishedFrom.FEED
    if from_url and from_url[0].precision >= Precision.DAY:
        return from_url[0].at, PublishedFrom.URL
    return None, PublishedFrom.NONE


def _believable(moments: Iterable[Moment | None], now: datetime) -> list[Moment]:
    return [moment for moment in moments if moment is not None and moment.at <= now + _CLOCK_SKEW]


def _mended(moment: Moment, witnesses: list[Moment], now: datetime) -> Moment:
    """A local time that was labelled UTC read as local, where a witness or the future gives it away."""
    if moment.offset != timedelta(0) or moment.precision < Precision.MINUTE:
        return moment
    as_local = Moment(moment.at - timedelta(hours=7), moment.precision)
    if moment.at > now + _CLOCK_SKEW:
        return as_local
    exact = [witness for witness in witnesses if witness.precision is Precision.MINUTE]
    if any(_same_minute(witness, moment) for witness in exact):
        return moment
    return as_local if any(_same_minute(witness, as_local) for witness in exact) else moment


def _same_minute(one: Moment, other: Moment) -> bool:
    return abs(one.at - other.at) <= timedelta(seconds=60)


def _best(candidates: list[Moment], witnesses: list[Moment]) -> Moment | None:
    """The first candidate to the minute; one whose day others confirm before one that stands alone."""
    if not candidates:
        return None
    days = {witness.day for witness in witnesses}
    ranked = sorted(
        candidates,
        key=lambda moment: (-int(_has_clock(moment)), -int(moment.day in days), -moment.precision),
    )
    confirmed = [moment for moment in ranked if moment.day in days]
    swapped = {(year, day, month) for year, month, day in days}
    first = ranked[0]
    if first.day not in days and first.day in swapped and not confirmed:
        return _swapped(first)
    # Two statements of one minute: the one that knows the second.
    sharper = [moment for moment in ranked if moment.at.second and moment.at.replace(second=0) == first.at]
    return sharper[0] if sharper else first


def _has_clock(moment: Moment) -> bool:
    """Midnight sharp is what systems print when they know only the day."""
    local = moment.at.astimezone(VIETNAM)
    return moment.precision is Precision.MINUTE and (local.hour, local.minute) != (0, 0)


def _swapped(moment: Moment) -> Moment:
    local = moment.at.astimezone(VIETNAM)
    return Moment(local.replace(month=local.day, day=local.month).astimezone(UTC), moment.precision, moment.offset)


def _sharpened(
    choice: Moment, origin: PublishedFrom, in_feed: list[Moment], from_url: list[Moment]
) -> tuple[datetime, PublishedFrom]:
    """A day without an hour takes the hour of the feed, then of the address, when they speak of that day."""
    if choice.precision >= Precision.HOUR:
        return choice.at, origin
    for other, its_origin in ((in_feed, PublishedFrom.FEED), (from_url, PublishedFrom.URL)):
        if other and other[0].precision is Precision.MINUTE and other[0].day == choice.day:
            return other[0].at, its_origin
    return choice.at, origin
