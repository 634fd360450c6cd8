"""`diembao digest` as an operator meets it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def run(*arguments: str, data: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    known = os.environ | {"DIEMBAO_DATA_DIR": str(data)} | environment
    command = [sys.executable, "-m", "diembao", "digest", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=known, timeout=60)


def test_build_list_and_export(tmp_path: Path) -> None:
    built = run("build", "--date", "2026-11-22", "--json", data=tmp_path)
    assert built.returncode == 0, built.stderr
    number = json.loads(built.stdout)["id"]
    listed = run("list", "--json", data=tmp_path)
    assert json.loads(listed.stdout) == {
        "id": number, "day": "2026-11-22", "kind": "daily", "audience": "internal", "state": "draft", "number": None,
        "stories": 0, "mails": {},
    }  # fmt: skip
    out = tmp_path / "diem-bao.pdf"
    exported = run("export", str(number), "--format", "pdf", "--out", str(out), data=tmp_path)
    assert exported.returncode == 0, exported.stderr
    assert out.read_bytes().startswith(b"%PDF")
    written = run("export", str(number), "--format", "md", "--out", "-", data=tmp_path)
    assert "Trong kỳ không có tin." in written.stdout


@pytest.mark.parametrize(
    "arguments, told",
    [
        (("build", "--kind", "hourly"), "--kind is daily"),
        (("export", "7", "--format", "pdf", "--out", "x"), "there is no digest 7"),
        (("export", "7", "--format", "odt", "--out", "x"), "no format odt: docx, pdf, html, md, xlsx"),
        (("send",), "DIEMBAO_SMTP_URL is not set"),
        (("bounces", "missing.eml"), "missing.eml"),
    ],
)
def test_wrong_use_is_one_line_and_exit_2(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    done = run(*arguments, data=tmp_path)
    assert done.returncode == 2 and told in done.stderr and "Traceback" not in done.stderr


def test_sending_nothing_needs_a_sender_but_no_server(tmp_path: Path) -> None:
    done = run("send", data=tmp_path, DIEMBAO_SMTP_URL="smtp://127.0.0.1:9", DIEMBAO_MAIL_FROM="a@x.vn")
    assert (done.returncode, done.stdout) == (0, "0 sent, 0 refused, 0 to be tried again, 0 uncertain\n")
