"""`diembao analyze` as a program and a person use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROW = {"id": "a", "title": "Mưa lớn ở Thái Nguyên", "text": "Phường Quan Triều ngập sâu, UBND tỉnh Thái Nguyên họp."}


def analyze(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DIEMBAO_")}
    # A plain C locale: the answers must be UTF-8 wherever it runs.
    return subprocess.run(
        [sys.executable, "-m", "diembao", "analyze", *arguments],
        env=kept | {"LC_ALL": "C", "PYTHONUTF8": "0"},
        input=stdin,
        capture_output=True,
        check=False,
    )


def lines(rows: list[object]) -> bytes:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()


def test_rows_on_standard_input_are_answered_in_order_and_bad_ones_do_not_stop_it() -> None:
    done = analyze(stdin=lines([ROW, {"id": "b"}, {**ROW, "id": "c"}]) + b"\n\xff\n")
    answers = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert done.returncode == 0
    assert done.stderr == b""
    assert [answer["id"] for answer in answers] == ["a", "b", "c", None]
    assert ["error" in answer for answer in answers] == [False, True, False, True]
    assert answers[0]["relevance"] == "relevant"


def test_a_file_is_read_like_standard_input(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(lines([ROW]))
    assert analyze(str(file)).stdout == analyze(stdin=lines([ROW])).stdout


def test_a_missing_file_is_wrong_use_in_one_line(tmp_path: Path) -> None:
    done = analyze(str(tmp_path / "none.jsonl"))
    assert done.returncode == 2
    assert done.stdout == b""
    assert len(done.stderr.decode().splitlines()) == 1


def test_explain_shows_the_article_with_its_reasons(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = analyze("--explain", "--html", str(page), stdin=lines([ROW, {"id": "b"}]))
    assert done.returncode == 0
    assert "Mức liên quan: về Thái Nguyên" in done.stdout.decode()
    assert "nothing to read" in done.stderr.decode()
    assert '<mark class="for' in page.read_text(encoding="utf-8")
