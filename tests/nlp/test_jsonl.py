"""JSON Lines in, one answer or one clear error per row out."""

from __future__ import annotations

import json

import pytest

from nlp.analyzer import Analyzer
from nlp.jsonl import analyze_rows, dumps

ROW = {
    "id": "a",
    "title": "Mưa lớn ở Thái Nguyên",
    "text": "Phường Quan Triều ngập sâu, UBND tỉnh Thái Nguyên họp khẩn.",
}
FIELDS = {
    "id", "relevance", "relevance_score", "evidence", "topics", "stance", "stance_evidence", "needs_response",
    "places", "entities", "language",
}  # fmt: skip


def test_an_answer_has_the_agreed_fields(analyzer: Analyzer) -> None:
    (answer,) = analyze_rows([json.dumps(ROW)], analyzer=analyzer)
    assert answer.keys() >= FIELDS
    assert answer["id"] == "a"
    assert answer["places"] == [{"name": "Quan Triều", "code": "05482", "kind": "unit", "surface": "Quan Triều"}]
    assert set(answer["entities"][0]) == {"type", "text"}
    assert set(answer["topics"][0]) == {"slug", "score"}


@pytest.mark.parametrize(
    ("line", "row_id", "part"),
    [
        ("not json", None, "line 1: not JSON"),
        ("[1, 2]", None, "line 1: not a JSON object"),
        ('{"title": "x", "text": "y"}', None, "line 1: no id"),
        ('{"id": "a", "title": 5}', "a", "title is int, not a string"),
        ('{"id": "a", "title": "", "text": " "}', "a", "nothing to read"),
        ('{"id": 7}', 7, "nothing to read"),
        (b'{"id": "a", "text": "\xff\xfe"}', None, "line 1: not UTF-8"),
        ("[" * 100_000, None, "line 1: JSON nested too deeply"),
    ],
)
def test_a_bad_row_gets_one_clear_line(analyzer: Analyzer, line: str | bytes, row_id: object, part: str) -> None:
    (answer,) = analyze_rows([line], analyzer=analyzer)
    assert set(answer) == {"id", "error"}
    assert answer["id"] == row_id
    assert answer["error"].startswith(part)
    assert "\n" not in answer["error"]


def test_the_batch_goes_on_after_bad_rows_in_order(analyzer: Analyzer) -> None:
    empty = {"id": "b", "title": "x", "text": None}
    lines = [json.dumps(ROW), "oops", "", json.dumps(empty), json.dumps({**ROW, "id": "c"})]
    answers = list(analyze_rows(lines, analyzer=analyzer))
    assert [(answer["id"], "error" in answer) for answer in answers] == [
        ("a", False), (None, True), ("b", False), ("c", False),
    ]  # fmt: skip


def test_a_lead_alone_is_read(analyzer: Analyzer) -> None:
    (answer,) = analyze_rows([json.dumps({"id": "a", "title": "Ngập", "lead": ROW["text"]})], analyzer=analyzer)
    assert answer["relevance"] == "relevant"


def test_a_byte_order_mark_is_no_error(analyzer: Analyzer) -> None:
    (answer,) = analyze_rows([b"\xef\xbb\xbf" + json.dumps(ROW).encode()], analyzer=analyzer)
    assert answer["relevance"] == "relevant"


def test_a_lone_surrogate_in_a_row_can_be_answered_in_utf8(analyzer: Analyzer) -> None:
    (answer,) = analyze_rows(['{"id": "\\ud800", "text": "Thái Nguyên \\udfff"}'], analyzer=analyzer)
    assert json.loads(dumps(answer).encode())["id"] == "\ud800"


def test_workers_answer_as_one_process_would_and_in_order(analyzer: Analyzer) -> None:
    rows = [{**ROW, "id": number, "text": f"{ROW['text']} {'Mưa to. ' * (number % 7)}"} for number in range(200)]
    lines = [json.dumps(row) for row in rows]
    lines[150] = "oops"
    alone = list(analyze_rows(lines, analyzer=analyzer))
    spread = list(analyze_rows(lines, workers=2))
    assert spread == alone
    assert [answer["id"] for answer in spread] == [*range(150), None, *range(151, 200)]
