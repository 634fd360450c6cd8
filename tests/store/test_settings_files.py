"""Settings out of files, as container engines hand secrets over."""

from __future__ import annotations

from pathlib import Path

import pytest

from diembao.errors import WrongUse
from diembao.settings import Settings

URL = "postgresql+psycopg://diembao:geheim@postgres/diembao"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "secrets"
    folder.mkdir()
    monkeypatch.setenv("DIEMBAO_SECRETS_DIR", str(folder))
    return folder


def test_a_file_is_a_setting_and_is_masked_like_one(folder: Path) -> None:
    (folder / "diembao_database_url").write_text(URL + "\n")
    settings = Settings.load()
    assert settings.effective_database_url == URL
    assert "geheim" not in str(settings.in_force())


def test_the_environment_goes_before_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "diembao_contact").write_text("file@example.vn")
    assert Settings.load().contact == "file@example.vn"
    monkeypatch.setenv("DIEMBAO_CONTACT", "environment@example.vn")
    assert Settings.load().contact == "environment@example.vn"


def test_a_mistyped_file_is_refused_and_a_stranger_is_not(folder: Path) -> None:
    (folder / "postgres_password").write_text("x")
    Settings.load()
    (folder / "diembao_databse_url").write_text(URL)
    with pytest.raises(WrongUse, match="DIEMBAO_DATABSE_URL") as error:
        Settings.load()
    assert "geheim" not in str(error.value)


def test_a_missing_directory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIEMBAO_SECRETS_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(WrongUse, match="nowhere"):
        Settings.load()


def test_settings_written_as_environment_are_the_same_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIEMBAO_DATABASE_URL", URL)
    monkeypatch.setenv("DIEMBAO_PRODUCTION", "true")
    monkeypatch.setenv("DIEMBAO_TRUSTED_PROXIES", "10.0.0.1, 10.0.0.2")
    before = Settings.load(data_dir=tmp_path)
    for name, value in before.as_environment().items():
        monkeypatch.setenv(name, value)
    assert Settings.load() == before
