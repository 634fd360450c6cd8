"""`diembao briefing` as an operator meets it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


def run(*arguments: str, data: Path) -> subprocess.CompletedProcess[str]:
    known = os.environ | {"DIEMBAO_DATA_DIR": str(data), "DIEMBAO_OWNER_NAME": "Trung tâm"}
    command = [sys.executable, "-m", "diembao", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=known, timeout=120)


@pytest.mark.parametrize("kind", ["docx", "xlsx"])
def test_an_empty_month_is_a_file_all_the_same(tmp_path: Path, kind: str) -> None:
    out = tmp_path / f"giao-ban.{kind}"
    made = run(
        "briefing", "--from", "2026-10-01", "--to", "31/10/2026", "--format", kind, "--out", str(out), data=tmp_path
    )
    assert made.returncode == 0, made.stderr
    assert zipfile.is_zipfile(out) and str(out) in made.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--from", "2026-10-31", "--to", "2026-10-01", "--out", "x"), "--from is not after --to"),
        (("--from", "2026-10-01", "--to", "2026-10-31", "--format", "pdf", "--out", "x"), "docx or xlsx"),
        (("--from", "2026-10-01", "--to", "2026-10-31", "--out", "/nowhere/x"), "/nowhere/x"),
    ],
)
def test_wrong_use_is_one_line_and_exit_2(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    done = run("briefing", *arguments, data=tmp_path)
    assert done.returncode == 2 and told in done.stderr and "Traceback" not in done.stderr
