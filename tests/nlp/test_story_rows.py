"""`diembao group`: rows in, answers out in the same order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from nlp.stories.printing import PrintingReader
from nlp.stories.rows import group_as_they_come, group_rows, unix_time

LEAD = "Mưa lớn từ đêm qua khiến nước sông Cầu dâng nhanh, nhiều tổ dân phố ngập sâu hơn một mét, trường học đóng cửa."
COPY = {"title": "Lũ sông Cầu lên nhanh trong đêm", "text": LEAD}
FIRST = COPY | {"id": "đầu", "date": "2026-11-20T08:00:00+07:00", "source": "Báo Sông Cầu"}
SECOND = COPY | {"id": 7, "date": "20/11/2026 09:30", "source": "Tin Trung Du"}
OTHER = {"id": "x", "title": "Giá chè búp tươi tăng", "text": "Thương lái vào tận vườn mua chè.", "date": "2026-11-20"}


@pytest.fixture(scope="module")
def reader() -> PrintingReader:
    return PrintingReader.load()


def lines(*rows: Any) -> Iterator[bytes]:
    return iter(
        [row if isinstance(row, bytes) else json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows]
    )


def test_answers_keep_the_order_of_rows_and_find_the_original_wherever_it_stands(reader: PrintingReader) -> None:
    assert list(group_rows(lines(SECOND, OTHER, FIRST), reader)) == [
        {"id": 7, "story": "đầu", "reprint_of": "đầu"},
        {"id": "x", "story": "x", "reprint_of": None},
        {"id": "đầu", "story": "đầu", "reprint_of": None},
    ]


def test_groups_do_not_depend_on_the_order_of_rows(reader: PrintingReader) -> None:
    rows = [SECOND, OTHER, FIRST, OTHER | {"id": "y", "title": "Khai hội chùa Hang", "text": "Hội mở sáng nay."}]
    answers = {
        tuple(sorted(json.dumps(answer) for answer in group_rows(lines(*order), reader)))
        for order in (rows, rows[::-1], rows[2:] + rows[:2])
    }
    assert len(answers) == 1


def test_bad_rows_get_one_error_each_and_harm_nobody(reader: PrintingReader) -> None:
    bad = [b"{\n", b"[1]\n", b"\xff\n", {"title": "không id"}, {"id": 3, "title": ["a"]}, {"id": 4}, b"\n"]
    for answers in (
        list(group_rows(lines(FIRST, *bad, SECOND), reader)),
        list(group_as_they_come(lines(FIRST, *bad, SECOND), reader)),
    ):
        assert [set(answer) for answer in answers[1:-1]] == [{"id", "error"}] * 6
        assert [answer["id"] for answer in answers[1:-1]] == [None, None, None, None, 3, 4]
        assert answers[-1] == {"id": 7, "story": "đầu", "reprint_of": "đầu"}


def test_a_stream_is_answered_row_by_row(reader: PrintingReader) -> None:
    asked = []

    def slowly() -> Iterator[bytes]:
        for line in lines(FIRST, SECOND):
            asked.append(line)
            yield line

    answers = group_as_they_come(slowly(), reader)
    assert next(answers)["story"] == "đầu" and len(asked) == 1
    assert next(answers)["reprint_of"] == "đầu"


def test_rows_without_dates_are_grouped_as_well(reader: PrintingReader) -> None:
    answers = list(
        group_rows(lines(COPY | {"id": 1}, OTHER | {"date": None}, COPY | {"id": 2, "date": "gì đó"}), reader)
    )
    assert [answer["story"] for answer in answers] == [1, "x", 1]
    assert answers[2]["reprint_of"] == 1


@pytest.mark.parametrize(
    "date, expected",
    [
        ("2026-11-20T01:00:00Z", 1795136400.0),
        ("2026-11-20T08:00:00", 1795136400.0),
        ("20/11/2026 08:00", 1795136400.0),
        ("05/11/2026", 1793811600.0),
        ("31/02/2026", None),
        ("hôm qua", None),
        ("", None),
    ],
)
def test_dates_are_day_first_and_vietnamese_where_no_zone_is_given(date: str, expected: float | None) -> None:
    assert unix_time(date) == expected
