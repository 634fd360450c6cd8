"""What all tests share: a clean environment, a fresh store on each database that is at hand."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from diembao.settings import Settings
from diembao.store.database import Store, open_store

_KEPT = {"DIEMBAO_EVAL_DIR", "DIEMBAO_TEST_ELASTICSEARCH_URL", "DIEMBAO_TEST_POSTGRESQL_URL"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, default=4, help="how often the robustness tests kill -9 (default 4)")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("DIEMBAO_") and name not in _KEPT:
            monkeypatch.delenv(name)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture(scope="session")
def eval_dir() -> Path:
    """Material outside the repository, laid out as docs/architecture.md says."""
    folder = os.environ.get("DIEMBAO_EVAL_DIR", "")
    if not folder:
        pytest.skip("DIEMBAO_EVAL_DIR is not set: nothing outside the repository to measure with")
    return Path(folder)


def _fresh_postgresql() -> Iterator[str]:
    from sqlalchemy import create_engine, text

    server = os.environ.get("DIEMBAO_TEST_POSTGRESQL_URL", "")
    if not server:
        pytest.skip("DIEMBAO_TEST_POSTGRESQL_URL is not set: not tried on PostgreSQL")
    name = f"diembao_test_{uuid.uuid4().hex[:12]}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield server.rpartition("/")[0] + f"/{name}"
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database; tests that ask for it run on both kinds."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'test.sqlite3'}"
    else:
        yield from _fresh_postgresql()


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Iterator[Store]:
    from pydantic import SecretStr

    opened = open_store(Settings(data_dir=tmp_path / "data", database_url=SecretStr(database_url)))
    yield opened
    opened.close()
