"""`diembao group`, run as people and scripts run it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

STORY = {
    "title": "Lũ sông Cầu lên nhanh trong đêm",
    "text": "Nước sông Cầu dâng nhanh, nhiều tổ dân phố ngập sâu hơn một mét.",
}
ROWS = [STORY | {"id": 1}, STORY | {"id": 2}, {"id": 3}]


def diembao(*words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "diembao", *words], input=given, capture_output=True, check=False)


def test_a_file_and_a_pipe_are_answered_alike(tmp_path: Path) -> None:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()
    path = tmp_path / "rows.jsonl"
    path.write_bytes(text)
    runs = [diembao("group", str(path)), diembao("group", given=text), diembao("group", "--stream", given=text)]
    for run in runs:
        assert run.returncode == 0, run.stderr
        answers = [json.loads(line) for line in run.stdout.splitlines()]
        assert answers[:2] == [
            {"id": 1, "story": 1, "reprint_of": None},
            {"id": 2, "story": 1, "reprint_of": 1},
        ]
        assert set(answers[2]) == {"id", "error"}


def test_a_missing_file_is_wrong_use(tmp_path: Path) -> None:
    run = diembao("group", str(tmp_path / "none.jsonl"))
    assert run.returncode == 2
    assert run.stderr.decode().count("\n") == 1
