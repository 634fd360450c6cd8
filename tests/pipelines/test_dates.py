"""What Vietnamese pages, feeds and addresses mean by a time, case by case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diembao.records import PublishedFrom
from pipelines.dates import VIETNAM, Moment, Precision, moment_in_url, read_moment, settle

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=VIETNAM)

# text, wall clock in Viet Nam ("2026-03-07 08:01" to the minute, a day, "2026-03-07 08h" to the hour)
PRINTED = [
    # as pages of large papers print it
    ("Thứ bảy, 7/3/2026, 00:05 (GMT+7)", "2026-03-07 00:05"),
    ("Thứ Hai, 17/02/2025 07:21 (GMT+7)", "2025-02-17 07:21"),
    ("07/03/2026 08:01 GMT+7", "2026-03-07 08:01"),
    ("07/03/2026 08:01 (GMT+07:00)", "2026-03-07 08:01"),
    ("07/03/2026 08:01 GMT +7", "2026-03-07 08:01"),
    ("Thứ bảy, 07/03/2026 - 08:07", "2026-03-07 08:07"),
    ("07-03-2026 - 00:01 AM", "2026-03-07 00:01"),
    ("07-03-2026 - 13:05 PM", "2026-03-07 13:05"),
    ("01/03/2026 09:51", "2026-03-01 09:51"),
    ("Chủ nhật, ngày 01/03/2026 | 09:51", "2026-03-01 09:51"),
    ("07.03.2026, 8:01", "2026-03-07 08:01"),
    ("7.3.2026 08:01", "2026-03-07 08:01"),
    ("7-3-2026", "2026-03-07"),
    ("07/03/26 08:01", "2026-03-07 08:01"),
    ("T7, 07/03/2026 08:01", "2026-03-07 08:01"),
    # halves of the day
    ("02/10/2020 08:20 CH", "2020-10-02 20:20"),
    ("02/10/2020 08:20 SA", "2020-10-02 08:20"),
    ("02/10/2020 12:20 SA", "2020-10-02 00:20"),
    ("02/10/2020 12:20 CH", "2020-10-02 12:20"),
    ("02/10/2020 8:20:15 CH", "2020-10-02 20:20"),
    ("07/03/2026 3:15 PM", "2026-03-07 15:15"),
    ("07/03/2026 9h30 tối", "2026-03-07 21:30"),
    # the time before the day
    ("08:01 | 07/03/2026", "2026-03-07 08:01"),
    ("08:01 07/03/2026", "2026-03-07 08:01"),
    ("08:01, ngày 07/03/2026", "2026-03-07 08:01"),
    ("08:01, Thứ Bảy, 07/03/2026", "2026-03-07 08:01"),
    ("08:01 - 07/03/2026", "2026-03-07 08:01"),
    ("08:01-07/03/2026", "2026-03-07 08:01"),
    ("8h01 ngày 7-3-2026", "2026-03-07 08:01"),
    ("20:15 ngày 25.11.2025", "2025-11-25 20:15"),
    ("8 giờ 01 phút, ngày 7 tháng 3 năm 2026", "2026-03-07 08:01"),
    # words
    ("ngày 5 tháng 7 năm 2026", "2026-07-05"),
    ("Thứ Bảy, ngày 07 tháng 3 năm 2026, 08:01", "2026-03-07 08:01"),
    ("7 Tháng Ba, 2026", "2026-03-07"),
    ("Tháng Ba 7, 2026", "2026-03-07"),
    ("15 tháng Mười Một năm 2025", "2025-11-15"),
    ("20 tháng Mười Hai, 2025", "2025-12-20"),
    ("5 Th7, 2026", "2026-07-05"),
    ("05 Thg 7 2026", "2026-07-05"),
    ("ngay 5 thang 7 nam 2026", "2026-07-05"),
    ("07/03/2026 lúc 8h", "2026-03-07 08h"),
    ("Đăng lúc: 07/03/2026 vào lúc 08:01", "2026-03-07 08:01"),
    # glued to other things
    ("Cập nhật ngày: 17/02/2025 07:21 (Lượt xem: 110007)Đồng chí Chủ tịch", "2025-02-17 07:21"),
    ("Cập nhật ngày: 17/02/2025 07:21Lượt xem: 110007", "2025-02-17 07:21"),
    ("Ngày đăng: 17/02/2025 | Lượt xem: 1.234", "2025-02-17"),
    ("17/02/202507:21", "2025-02-17 07:21"),
    ("17/02/2025 07:21110007 lượt xem", "2025-02-17 07:21"),
    ("Lượt xem: 345 - 17/02/2025, 07:21", "2025-02-17 07:21"),
    ("17/02/2025 07:21 - 12 bình luận", "2025-02-17 07:21"),
    ("07/03/2026 08:01 Chia sẻ", "2026-03-07 08:01"),
    ("Cập nhật: 08/03/2026 10:00. Đăng ngày: 07/03/2026 08:01", "2026-03-07 08:01"),
    ("07/03/2026 08:01 (Cập nhật lần cuối 08/03/2026 10:00)", "2026-03-07 08:01"),
    ("Thu\u031b\u0301 ba\u0309y, 7/3/2026, 00:05", "2026-03-07 00:05"),
    ("Thứ\u00a0bảy,\u00a007/03/2026\u00a0-\u00a008:07", "2026-03-07 08:07"),
    # machines
    ("2026-03-07T08:01:53+07:00", "2026-03-07 08:01"),
    ("2026-03-07T08:01:53.340+0700", "2026-03-07 08:01"),
    ("2026-03-07T00:01:00", "2026-03-07 00:01"),
    ("2026-03-07T01:01:53Z", "2026-03-07 08:01"),
    ("2026-03-07 08:07", "2026-03-07 08:07"),
    ("2026-03-07 08:07:11+07", "2026-03-07 08:07"),
    ("2025-07-16 09:19:00.0", "2025-07-16 09:19"),
    ("2026-03-07", "2026-03-07"),
    ("2026/03/07 08:07", "2026-03-07 08:07"),
    ("20260307", "2026-03-07"),
    ("20260307T080153", "2026-03-07 08:01"),
    ("1772816700", "2026-03-07 00:05"),
    ("1772816700000", "2026-03-07 00:05"),
    ("/Date(1772816700000)/", "2026-03-07 00:05"),
    # feeds
    ("Sat, 07 Mar 2026 08:01:53 +0700", "2026-03-07 08:01"),
    ("Sat, 07 Mar 26 08:01:53 +0700", "2026-03-07 08:01"),
    ("Sat, 07 Mar 2026 08:01:53 GMT+7", "2026-03-07 08:01"),
    ("Sat, 07 Mar 2026 01:01:53 GMT", "2026-03-07 08:01"),
    ("Sat, 07 Mar 2026 08:01:53", "2026-03-07 08:01"),
    ("Sat, 7 Mar 2026 08:01:53 ICT", "2026-03-07 08:01"),
    ("05/11/2026 08:00 GMT+7", "2026-11-05 08:00"),
    ("March 7, 2026 8:01 PM", "2026-03-07 20:01"),
    ("07 March 2026", "2026-03-07"),
    ("3/7/2026 8:01:53 AM", "2026-07-03 08:01"),
    ("11/30/2025 8:01:53 AM", "2025-11-30 08:01"),
    ("12/7/2026 8:01:53 AM", "2026-07-12 08:01"),
    ("3/12/2026 8:01:53 AM", "2026-03-12 08:01"),  # 3 December is still to come
    # seen from the moment of fetching, Sunday 22 November 2026, 15:00
    ("2 giờ trước", "2026-11-22 13h"),
    ("15 phút trước", "2026-11-22 14:45"),
    ("2 giờ 15 phút trước", "2026-11-22 12:45"),
    ("cách đây 2 giờ", "2026-11-22 13h"),
    ("3 ngày trước", "2026-11-19"),
    ("1 tuần trước", "2026-11-15"),
    ("Vừa xong", "2026-11-22 15:00"),
    ("2 hours ago", "2026-11-22 13h"),
    ("Hôm nay, 08:01", "2026-11-22 08:01"),
    ("08:01 hôm nay", "2026-11-22 08:01"),
    ("Hôm qua 21:30", "2026-11-21 21:30"),
    ("Hôm qua", "2026-11-21"),
    ("Sáng 25/11", "2025-11-25"),
    ("Chiều 7-3", "2026-03-07"),
    ("ngày 5 tháng 7", "2026-07-05"),
    ("13.1", "2026-01-13"),
    ("08:01 20/11", "2026-11-20 08:01"),
]

NO_TIME = [
    "",
    "   ",
    "quý IV. 2024",
    "hỗ trợ 24/7",
    "tăng 3.5 triệu đồng",
    "10-15 người",
    "0912.345.678",
    "32/01/2026",
    "31/02/2026",
    "00/00/0000",
    "Thứ bảy",
    "2026",
    "Lượt xem: 110007",
    "Nghị định 58/2026/NĐ-CP",
    "QCVN 01/2021",
    "192.168.10.12",
    "1234567890123456789",
    "0001-01-01T00:00:00",
]


def wall_clock(moment: Moment) -> str:
    shape = {Precision.DAY: "%Y-%m-%d", Precision.HOUR: "%Y-%m-%d %Hh", Precision.MINUTE: "%Y-%m-%d %H:%M"}
    return moment.at.astimezone(VIETNAM).strftime(shape[moment.precision])


@pytest.mark.parametrize(("text", "expected"), PRINTED)
def test_reads_the_time_a_text_speaks_of(text: str, expected: str) -> None:
    moment = read_moment(text, NOW)
    assert moment is not None
    assert wall_clock(moment) == expected
    assert moment.at.tzinfo is UTC


@pytest.mark.parametrize("text", NO_TIME)
def test_finds_no_time_where_there_is_none(text: str) -> None:
    assert read_moment(text, NOW) is None


@pytest.mark.parametrize("text", ["2 giờ trước", "hôm nay 08:01", "Sáng 25/11", "13.1"])
def test_guesses_nothing_without_an_anchor(text: str) -> None:
    assert read_moment(text) is None


def test_day_without_year_belongs_to_the_last_such_day_before_the_anchor() -> None:
    january = datetime(2026, 1, 3, tzinfo=VIETNAM)
    moment = read_moment("Sáng 25/11", january)
    assert moment is not None
    assert moment.day == (2025, 11, 25)


@given(
    st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2026, 11, 20)),  # noqa: DTZ001 — wall clocks
    st.sampled_from(
        [
            "{:%d/%m/%Y %H:%M}",
            "{:%H:%M | %d-%m-%Y}",
            "Cập nhật: {:%d.%m.%Y, %H:%M} (GMT+7)",
            "{:%Y-%m-%dT%H:%M:%S}",
            "Ngày đăng {:%d/%m/%Y %I:%M %p}",
        ]
    ),
)
def test_every_minute_survives_every_common_form(wall: datetime, form: str) -> None:
    moment = read_moment(form.format(wall), NOW)
    assert moment is not None
    assert moment.at.astimezone(VIETNAM).replace(tzinfo=None) == wall.replace(second=moment.at.second, microsecond=0)


@given(st.text(max_size=200))
def test_any_text_is_survived(text: str) -> None:
    moment = read_moment(text, NOW)
    assert moment is None or moment.at.tzinfo is UTC


URLS = [
    ("https://b.vn/gia-vang-giam-20260307080054340.htm", "2026-03-07 08:00"),
    ("https://b.vn/a-20260307075519174.htm?utm_source=x", "2026-03-07 07:55"),
    ("https://b.vn/thoi-diem-18826030622484142.chn", "2026-03-06 22:48"),
    ("https://b.vn/chinh-sach-102260228093004191.htm", "2026-02-28 09:30"),
    ("https://b.vn/3-loai-185260703205623736.htm", "2026-07-03 20:56"),
    ("https://b.vn/2026/03/07/bai-viet/", "2026-03-07"),
    ("https://b.vn/2026-03-07-bai-viet.html", "2026-03-07"),
    ("https://b.vn/tin-20260307-123.html", "2026-03-07"),
]


@pytest.mark.parametrize(("url", "expected"), URLS)
def test_reads_the_stamp_in_an_address(url: str, expected: str) -> None:
    moment = moment_in_url(url)
    assert moment is not None
    assert wall_clock(moment) == expected


def test_month_in_an_address_is_only_a_month() -> None:
    moment = moment_in_url("https://b.vn/thoi-su/202511/le-hoi-tra-a1b2c3d/")
    assert moment is not None
    assert moment.precision is Precision.MONTH
    assert moment.day == (2025, 11, 1)


@pytest.mark.parametrize(
    "url", ["", "https://b.vn/bai-5047363.html", "https://b.vn/post123456.html", "https://b.vn/0912345678901234567890"]
)
def test_plain_numbers_in_an_address_are_no_stamp(url: str) -> None:
    assert moment_in_url(url) is None


def at(text: str) -> Moment:
    moment = read_moment(text, NOW)
    assert moment is not None
    return moment


def vn(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM).astimezone(UTC)


def test_data_of_the_page_counts_first() -> None:
    assert settle(structured=[at("2026-03-07T08:01:53+07:00")], printed=[at("08/03/2026 10:00")],
                  feed=vn("2026-03-07T08:05"), now=NOW) == (vn("2026-03-07T08:01:53"), PublishedFrom.PAGE)  # fmt: skip


def test_printed_minute_beats_a_day_or_midnight_in_the_data() -> None:
    for data in ("2026-03-07", "2026-03-07T00:00:00+07:00"):
        assert settle(structured=[at(data)], printed=[at("07/03/2026 08:07")], now=NOW) == (
            vn("2026-03-07T08:07"), PublishedFrom.TEXT)  # fmt: skip


def test_local_time_labelled_utc_is_mended_by_what_is_printed() -> None:
    settled = settle(structured=[at("2026-03-07T08:01:00Z")], printed=[at("07/03/2026 08:01")], now=NOW)
    assert settled == (vn("2026-03-07T08:01"), PublishedFrom.PAGE)


def test_true_utc_stays_utc() -> None:
    settled = settle(structured=[at("2026-03-07T01:01:00Z")], printed=[at("07/03/2026 08:01")], now=NOW)
    assert settled == (vn("2026-03-07T08:01"), PublishedFrom.PAGE)
    assert settle(structured=[at("2026-03-07T01:01:00Z")], now=NOW)[0] == vn("2026-03-07T08:01")


def test_local_time_labelled_utc_is_mended_where_it_would_lie_in_the_future() -> None:
    settled = settle(structured=[at("2026-11-22T14:30:00Z")], now=NOW)
    assert settled == (vn("2026-11-22T14:30"), PublishedFrom.PAGE)


def test_future_is_refused_and_the_next_witness_heard() -> None:
    assert settle(structured=[at("2027-01-01T00:00:00+07:00")], printed=[at("07/03/2026 08:01")], now=NOW) == (
        vn("2026-03-07T08:01"), PublishedFrom.TEXT)  # fmt: skip
    assert settle(structured=[at("2027-01-01T08:00:00+07:00")], now=NOW) == (None, PublishedFrom.NONE)
    assert settle(feed=NOW + timedelta(hours=7), now=NOW) == (None, PublishedFrom.NONE)


def test_swapped_day_and_month_in_the_data_is_mended_by_a_witness() -> None:
    settled = settle(structured=[at("2026-05-11T08:00:00+07:00")], printed=[at("05/11/2026 08:00")], now=NOW)
    assert settled[0] == vn("2026-11-05T08:00")
    assert settle(structured=[at("2026-05-11T08:00:00+07:00")], url="https://b.vn/a-20261105075519174.htm", now=NOW)[
        0
    ] == vn("2026-11-05T08:00")


def test_date_of_today_in_the_frame_of_the_page_loses_against_the_feed() -> None:
    settled = settle(printed=[at("Hôm nay 14:58"), at("20/11/2026 08:01")], feed=vn("2026-11-20T08:02"), now=NOW)
    assert settled == (vn("2026-11-20T08:01"), PublishedFrom.TEXT)


def test_day_takes_the_hour_of_the_feed_then_of_the_address() -> None:
    day = at("07/03/2026")
    url = "https://b.vn/a-20260307075519174.htm"
    assert settle(printed=[day], feed=vn("2026-03-07T08:02"), url=url, now=NOW) == (
        vn("2026-03-07T08:02"),
        PublishedFrom.FEED,
    )
    assert settle(printed=[day], url=url, now=NOW) == (vn("2026-03-07T07:55:19"), PublishedFrom.URL)
    assert settle(printed=[day], feed=vn("2026-03-09T08:02"), now=NOW) == (vn("2026-03-07T00:00"), PublishedFrom.TEXT)


def test_feed_then_address_then_nothing() -> None:
    url = "https://b.vn/a-20260307075519174.htm"
    assert settle(feed=vn("2026-03-07T08:02"), url=url, now=NOW) == (vn("2026-03-07T08:02"), PublishedFrom.FEED)
    assert settle(url=url, now=NOW) == (vn("2026-03-07T07:55:19"), PublishedFrom.URL)
    assert settle(url="https://b.vn/thoi-su/202511/x/", now=NOW) == (None, PublishedFrom.NONE)


def test_any_mixture_of_witnesses_gives_a_past_utc_time_or_none() -> None:
    moments = [at("07/03/2026"), at("2026-03-07T08:01:00Z"), at("31/12/2025 23:59"), at("2027-01-01")]
    for one, other in product(moments, moments):
        when, origin = settle(structured=[one], printed=[other], feed=one.at, url="https://b.vn/2026/03/07/", now=NOW)
        assert (when is None) == (origin is PublishedFrom.NONE)
        assert when is None or when <= NOW.astimezone(UTC) + timedelta(minutes=15)
