"""`diembao users`, as an operator meets it on the machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from diembao.cli import demo_accounts
from diembao.settings import Settings

GOOD = "hai con trâu gặm cỏ"


@pytest.fixture
def diembao(tmp_path: Path):
    def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DIEMBAO_")}
        return subprocess.run(
            [sys.executable, "-m", "diembao", "users", *arguments],
            env=kept | {"DIEMBAO_DATA_DIR": str(tmp_path / "data")},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_the_first_admin_and_what_follows(diembao):
    made = diembao(
        "add", "Chu.Bien", "--role", "admin", "--role", "chief", "--full-name", "Lê Chủ", "--password-stdin", stdin=GOOD
    )
    assert made.returncode == 0 and GOOD not in made.stdout + made.stderr
    again = diembao("add", "chu.bien", "--role", "editor", "--password-stdin", stdin=GOOD)
    assert (again.returncode, again.stderr) == (2, "diembao: there is an account of this name already\n")
    person = json.loads(diembao("list", "--json").stdout)
    assert person["name"] == "chu.bien" and person["roles"] == ["chief", "admin"] and not person["disabled"]
    assert "password" not in person and "hash" not in str(person)
    only = diembao("disable", "chu.bien")
    assert only.returncode == 2 and "only admin" in only.stderr
    assert diembao("passwd", "chu.bien", "--password-stdin", stdin="ba cái thuyền giấy xanh\n").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (("add", "lan", "--role", "editor", "--password-stdin"), "ngắn\n", "at least 12 characters"),
        (("add", "lan", "--role", "editor", "--password-stdin"), "thainguyen2026", "easily guessed"),
        (("add", "Lần", "--role", "editor", "--password-stdin"), GOOD, "a name is"),
        (("add", "lan", "--role", "editor"), GOOD, "--password-stdin"),
        (("passwd", "khong-co", "--password-stdin"), GOOD, "no account of this name"),
        (("disable", "khong-co"), "", "no account of this name"),
    ],
)
def test_wrong_use_is_one_clear_line(diembao, arguments, stdin, said):
    answer = diembao(*arguments, stdin=stdin)
    assert answer.returncode == 2 and said in answer.stderr and len(answer.stderr.splitlines()) == 1


def test_an_unknown_role_is_wrong_use(diembao):
    assert diembao("add", "lan", "--role", "king", "--password-stdin", stdin=GOOD).returncode == 2


def test_the_demo_makes_its_accounts_once_each_with_a_password_of_its_own(tmp_path):
    settings = Settings(data_dir=tmp_path / "data")
    first = list(demo_accounts.make(settings))
    passwords = [line.split()[1] for line in first]
    assert len(set(passwords)) == len(first) == 3
    assert list(demo_accounts.make(settings)) == []
    elsewhere = Settings(data_dir=tmp_path / "other")
    assert not set(passwords) & {line.split()[1] for line in demo_accounts.make(elsewhere)}
