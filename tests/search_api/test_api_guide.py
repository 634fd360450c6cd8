"""docs/api.md: its examples are run against a server as they stand there, and what it names is there."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from diembao.records import PlaceMention, Stance
from diembao.settings import Settings
from search_api.app import create_app

FOLDER = Path(__file__).parents[2] / "docs"
GUIDE = (FOLDER / "api.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
# Each example with the answer that stands below it, if there is one.
EXAMPLES = [
    (kind, code, BLOCKS[at + 1][1] if at + 1 < len(BLOCKS) and BLOCKS[at + 1][0] == "text" else None)
    for at, (kind, code) in enumerate(BLOCKS)
    if kind in ("sh", "python")
]


@pytest.fixture
def address(newsroom: Any, site_settings: Any, printing: Any, clock: Any, live_site: Any) -> Iterator[str]:
    """A server with the stories the guide speaks of."""
    now = clock[0]
    newsroom.story(printing("Nước sông Cầu lên nhanh, lũ vượt báo động hai", at=now - timedelta(hours=3)))
    newsroom.story(
        printing(
            "Cầu mới qua sông Cầu",
            "xuche",
            at=now - timedelta(hours=5),
            stance=Stance.FAVOURABLE,
            places=(PlaceMention("Quyết Thắng", "05455", "unit", "phường Quyết Thắng"),),
        )
    )
    newsroom.story(printing("Chè Tân Cương", "xuche", at=now - timedelta(days=1), stance=Stance.FAVOURABLE))
    newsroom.story(printing("Lũ làm sạt lở bờ sông Cầu", "trungdu", at=now - timedelta(hours=13)), published=False)
    yield from live_site(create_app(site_settings, newsroom.store, newsroom.index, now=lambda: clock[0]))


@pytest.fixture
def folder(address: str, key: Any, tmp_path: Path) -> Any:
    """Runs an example in an empty folder; gives what it printed."""
    environment = {**os.environ, "DIEMBAO": address, "DIEMBAO_KEY": key("read", "push"), "PYTHONWARNINGS": "error"}

    def run(kind: str, code: str) -> str:
        command = [sys.executable, "-c", code] if kind == "python" else ["bash", "-euo", "pipefail", "-c", code]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.mark.parametrize(
    ("kind", "code", "answer"), EXAMPLES, ids=[f"{kind}-{at}" for at, (kind, _, _) in enumerate(EXAMPLES, 1)]
)
def test_an_example_runs_and_answers_as_it_says(
    folder: Any, tmp_path: Path, kind: str, code: str, answer: str | None
) -> None:
    if kind == "sh" and shutil.which("curl") is None:
        pytest.skip("curl is not there: the guide's examples for it were not run")
    printed = folder(kind, code)
    if answer is not None:
        assert printed == answer
    elif "-D -" in code:
        assert "HTTP/1.1 202" in printed and re.search(r"(?im)^location: /api/v1/pushed/\d+", printed)
        assert json.loads((tmp_path / "pushed.json").read_text())["state"] == "waiting"
    elif "articles.jsonl" in code:
        lines = (tmp_path / "articles.jsonl").read_text(encoding="utf-8").splitlines()
        assert [json.loads(line)["id"] for line in lines] == [1, 2, 3, 4]
    elif kind == "python" and _only_defines(code):
        assert printed == ""
    else:
        assert json.loads(printed)


def _only_defines(code: str) -> bool:
    """A piece for the reader's own program, which asks nothing of us: what it does is tested where we are the asker."""
    return all(isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef) for node in ast.parse(code).body)


def test_there_are_examples_for_curl_and_for_python() -> None:
    assert {"sh", "python"} <= {kind for kind, _, _ in EXAMPLES} and len(EXAMPLES) >= 8


def test_the_copy_goes_on_where_it_broke_off(
    folder: Any, tmp_path: Path, newsroom: Any, printing: Any, clock: Any
) -> None:
    [code] = [code for kind, code, _ in EXAMPLES if kind == "python" and "export" in code]
    folder("python", code)
    copy = tmp_path / "articles.jsonl"
    whole = copy.read_bytes()
    copy.write_bytes(whole[: -len(whole.splitlines()[-1]) // 2])  # in the middle of the last line
    newsroom.story(printing("Tin hôm sau", at=clock[0]), published=False)
    folder("python", code)
    assert [json.loads(line)["id"] for line in copy.read_bytes().splitlines()] == [1, 2, 3, 4, 5]
    assert copy.read_bytes().startswith(whole)


class BreakingLine(threading.Thread):
    """Passes on what is said between an asker and a server, and breaks off each of the first answers after so many
    bytes."""

    def __init__(self, address: str, breaks: list[int]) -> None:
        super().__init__(daemon=True)
        self._port = urlsplit(address).port
        self._breaks = breaks
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def run(self) -> None:
        with suppress(OSError):
            while True:
                asker, _ = self._listening.accept()
                with asker, socket.create_connection(("127.0.0.1", self._port)) as server:
                    server.sendall(asker.recv(65536))
                    left = self._breaks.pop(0) if self._breaks else 1_000_000_000
                    while left > 0 and (piece := server.recv(min(left, 4096))):
                        asker.sendall(piece)
                        left -= len(piece)

    def close(self) -> None:
        self._listening.close()


def test_the_copy_is_whole_however_often_the_line_breaks(
    folder: Any, address: str, tmp_path: Path, newsroom: Any, printing: Any
) -> None:
    newsroom.story(*(printing(f"Tin {number}", text="Dài. " * 200) for number in range(60)), published=False)
    [code] = [code for kind, code, _ in EXAMPLES if kind == "python" and "export" in code]
    line = BreakingLine(address, breaks=[900, 20_000, 30_003, 1_200])
    line.start()
    folder("python", code.replace("os.environ['DIEMBAO']", repr(line.address)))
    line.close()
    found = [json.loads(row)["id"] for row in (tmp_path / "articles.jsonl").read_bytes().splitlines()]
    assert found == list(range(1, 65))


def test_it_names_every_route_and_none_that_is_not_there(site: Any) -> None:
    paths = site.get("/api/v1/openapi.json").json()["paths"]
    there = {f"{method.upper()} {re.sub(r'{number}', '{id}', path)}" for path, item in paths.items() for method in item}
    there = {path.replace("{file_format}", "{format}") for path in there}
    named = set(re.findall(r"`((?:GET|POST) /api/v1/[^`?]+)`", GUIDE))
    assert named == there


def test_it_names_every_parameter(site: Any) -> None:
    described = site.get("/api/v1/openapi.json").json()
    for path, item in described["paths"].items():
        for parameter in item.get("get", {}).get("parameters", ()):
            name = parameter["name"]
            if parameter["in"] == "query":
                assert re.search(rf"`{name}[`=]|[`, ]{name}[`,=]", GUIDE), (path, name)


def test_it_names_every_column_and_code_of_errors(site: Any) -> None:
    from search_api.api.description import CASES
    from search_api.open_data import FORMS

    for table, form in FORMS.items():
        assert f"| `{table.value}` | `{', '.join(form.columns)}` |" in GUIDE
    for cases in CASES.values():
        for case in cases:
            assert not case.code or case.code == "unclosed_quote" or f"`{case.code}`" in GUIDE, case.code


def test_settings_that_documents_name_are_settings() -> None:
    known = {f"DIEMBAO_{name.upper()}" for name in Settings.model_fields}
    # Not of the programme: of tests, of the guide's examples, of the containers.
    others = ("DIEMBAO_EVAL_DIR", "DIEMBAO_TEST_", "DIEMBAO_KEY", "DIEMBAO_SECRETS_DIR")
    for path in FOLDER.glob("*.md"):
        for name in re.findall(r"\bDIEMBAO_[A-Z0-9_]+\b", path.read_text(encoding="utf-8")):
            assert name in known or name.startswith(others), (path.name, name)
