"""The command line as its users meet it: exit codes, one clear line, no traceback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def diembao(*arguments: str, cwd: Path, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DIEMBAO_")}
    return subprocess.run(
        [sys.executable, "-m", "diembao", *arguments],
        cwd=cwd,
        env=kept | {"DIEMBAO_DATA_DIR": str(cwd / "data")} | environment,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def one_line(text: str) -> str:
    [line] = [line for line in text.splitlines() if line.strip()]
    return line


def test_help_names_every_command_of_the_contract(tmp_path: Path) -> None:
    shown = diembao("--help", cwd=tmp_path)
    assert shown.returncode == 0
    for command in [
        "up",
        "serve",
        "worker",
        "crawl",
        "process",
        "index",
        "sources",
        "extract",
        "analyze",
        "search",
        "trail",
        "import",
        "export",
        "train",
        "evaluate",
        "settings",
        "doctor",
        "migrate",
        "digest",
    ]:
        assert f"\n  {command} " in shown.stdout, command


def test_help_loads_no_heavy_library(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['diembao', '--help']\n"
        "from diembao.cli import app\n"
        "try: app()\n"
        "except SystemExit: pass\n"
        "heavy = {'sqlalchemy', 'scrapy', 'fastapi', 'tantivy', 'numpy', 'lxml', 'underthesea', 'pydantic', 'httpx'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_unknown_command_is_wrong_use(tmp_path: Path) -> None:
    shown = diembao("nonsense", cwd=tmp_path)
    assert shown.returncode == 2 and "nonsense" in shown.stderr and "Traceback" not in shown.stderr


def test_mistyped_setting_is_refused(tmp_path: Path) -> None:
    shown = diembao("settings", cwd=tmp_path, DIEMBAO_DATABSE_URL="sqlite:///x")
    assert shown.returncode == 2 and "DIEMBAO_DATABSE_URL" in one_line(shown.stderr)


def test_settings_never_show_a_secret(tmp_path: Path) -> None:
    shown = diembao(
        "settings",
        cwd=tmp_path,
        DIEMBAO_SECRET_KEY="very-secret",
        DIEMBAO_DATABASE_URL="postgresql+psycopg://user:hidden@host/db",
        DIEMBAO_SMTP_URL="smtp://user:hidden@host",
    )
    assert shown.returncode == 0
    assert "very-secret" not in shown.stdout and "hidden" not in shown.stdout and "user:****" in shown.stdout


@pytest.mark.parametrize("query", ['"(((', "(((", "title:", "nosuch:x", '"unclosed', "OR", "-"])
def test_malformed_queries_are_one_clear_line(tmp_path: Path, query: str) -> None:
    shown = diembao("search", "--", query, cwd=tmp_path)
    assert shown.returncode == 1
    one_line(shown.stderr)


def test_unreachable_database_is_one_clear_line(tmp_path: Path) -> None:
    address = "postgresql+psycopg://u:hidden@127.0.0.1:1/none"
    for command in (["process"], ["trail", "https://a.vn/x"], ["index", "status"]):
        shown = diembao(*command, cwd=tmp_path, DIEMBAO_DATABASE_URL=address)
        assert shown.returncode == 1
        assert "hidden" not in one_line(shown.stderr)


def test_import_search_and_trail_of_one_row(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    row = {
        "id": "1",
        "url": "https://songcau.example/a.html",
        "title": "Thái Nguyên khởi công cầu mới qua sông Cầu",
        "text": "Sáng nay tỉnh Thái Nguyên khởi công cây cầu mới nối phường Linh Sơn với phường Phan Đình Phùng.",
        "date": "2026-11-20T08:00:00+07:00",
    }
    rows.write_text(json.dumps(row, ensure_ascii=False), "utf-8")
    taken = diembao("import", str(rows), cwd=tmp_path)
    assert taken.returncode == 0, taken.stderr
    assert "1 rows: 1 new, 0 known, 0 bad" in taken.stdout and "1 relevant" in taken.stdout
    for query in ("khoi cong cau", "Khởi công", "KHỞI CÔNG"):
        found = json.loads(diembao("search", query, "--json", cwd=tmp_path).stdout)
        assert [item["url"] for item in found["items"]] == [row["url"]]
    told = diembao("trail", row["url"], cwd=tmp_path)
    assert told.returncode == 0 and "relevant" in told.stdout
    assert json.loads(diembao("index", "status", "--json", cwd=tmp_path).stdout)["documents"] == 1
    exported = diembao("export", cwd=tmp_path)
    assert json.loads(exported.stdout)["title"] == row["title"]


def test_doctor_sees_an_index_that_lacks_articles_of_the_store(tmp_path: Path) -> None:
    text = "Chiều nay, Thái Nguyên khởi công cầu bắc qua sông Cầu. " * 8
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"id": "1", "title": "Thái Nguyên khởi công cầu", "text": text}, ensure_ascii=False))
    assert diembao("import", "--source", "songcau", str(rows), cwd=tmp_path).returncode == 0
    shutil.rmtree(tmp_path / "data" / "index")
    shown = diembao("doctor", cwd=tmp_path)
    assert shown.returncode == 1
    assert "FAIL  search index: tantivy has 0 articles, the store 1" in shown.stdout
    assert "run 'diembao index rebuild'" in shown.stdout


def test_what_is_taken_in_while_the_search_server_is_away_waits_for_it(tmp_path: Path) -> None:
    text = "Chiều nay, Thái Nguyên khởi công cầu bắc qua sông Cầu. " * 8
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"id": "1", "title": "Thái Nguyên khởi công cầu", "text": text}, ensure_ascii=False))
    away = {"DIEMBAO_SEARCH_URL": "http://127.0.0.1:1"}
    taken = diembao("import", "--source", "songcau", str(rows), cwd=tmp_path, **away)
    assert taken.returncode == 0 and "1 relevant" in taken.stdout
    assert one_line(taken.stderr).startswith("the changes wait for the search index: ")
    assert "1 changes indexed" in diembao("process", cwd=tmp_path).stdout
    assert json.loads(diembao("search", "khoi cong", "--json", cwd=tmp_path).stdout)["total"] == 1


def test_doctor_says_what_is_wrong(tmp_path: Path) -> None:
    sick = tmp_path / "sources"
    sick.mkdir()
    (sick / "bad.yml").write_text("name: bad\nnonsense: true\n")
    shown = diembao("doctor", cwd=tmp_path, DIEMBAO_SOURCES_DIR=str(sick))
    assert shown.returncode == 1
    assert "FAIL  sources: " in shown.stdout and "ok    store" in shown.stdout
