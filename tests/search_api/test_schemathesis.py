"""Schemathesis over the whole API, against a real server: everything the description says, and what it does not allow.

The answers keep to the schema, types and statuses are those described, what the schema does not allow is refused, no
question of any kind is a 500. Examples are the same in every run.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from diembao.store.models import StoryRow
from search_api.app import create_app

# Whoever asks: the scopes of the key, and how. The edges of every parameter are tried once, without a key: with one,
# the schema is the same.
PHASES = "examples,fuzzing,stateful"
ASKERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "anonymous": ((), ("--max-examples", "8", "--phases", f"coverage,{PHASES}")),
    "reading": (("read",), ("--max-examples", "12", "--phases", PHASES)),
    "pushing": (
        ("push", "read"),
        ("--max-examples", "12", "--phases", f"coverage,{PHASES}", "--include-name-regex", "^POST |pushed"),
    ),
}
CONFIG = """\
hooks = "{hooks}"

[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 414, 415, 429]

[checks.positive_data_acceptance]
enabled = false  # the check of the hooks is stricter
"""


@pytest.fixture
def address(newsroom: Any, site_settings: Any, printing: Any, clock: Any, live_site: Any) -> Iterator[str]:
    now = clock[0]
    newsroom.story(
        printing("Lũ sông Cầu lên nhanh", at=now - timedelta(hours=3), authors=("Lan Anh",), credit="TTXVN"),
        printing("Lũ lên", "trungdu", at=now - timedelta(hours=2), reprint_of=0),
        summary="Nước lên.",
    )
    newsroom.story(printing("Chè Tân Cương được giá", "xuche", at=now - timedelta(days=40)))
    newsroom.story(printing("Chưa đăng", at=now - timedelta(hours=5)), published=False)
    newsroom.story(printing("Không ngày", at=None), published=False)
    merged = newsroom.story(printing("Gộp"), published=False)
    with newsroom.store.write() as session:
        session.get_one(StoryRow, merged).merged_into = 1
    yield from live_site(create_app(site_settings, newsroom.store, newsroom.index, now=lambda: clock[0]))


@pytest.mark.parametrize("asker", list(ASKERS))
def test_the_api_is_as_it_is_described(address: str, key: Any, tmp_path: Path, asker: str) -> None:
    scopes, how = ASKERS[asker]
    hooks = Path(__file__).with_name("schemathesis_hooks.py")
    (tmp_path / "schemathesis.toml").write_text(CONFIG.format(hooks=hooks))
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{address}/api/v1/openapi.json", "--url", address]
    command += ["--mode", "all", "--generation-deterministic", "--continue-on-failure", "--warnings", "off", *how]
    if scopes:
        command += ["-H", f"Authorization: Bearer {key(*scopes)}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
    assert "No issues found" in done.stdout
