"""Pages of our own making, and a short way to make a page out of a few lines of markup."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from diembao.records import Page


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"reading_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def material() -> ModuleType:
    return _load(Path(__file__).parent / "material.py")


@pytest.fixture
def page_of() -> Callable[..., Page]:
    """A page out of markup or bytes, fetched on Sunday 22 November 2026 at 15:00 in Viet Nam."""

    def page(
        markup: str | bytes, url: str = "https://doiche.example/bai-1.html", content_type: str = "text/html"
    ) -> Page:
        body = markup.encode() if isinstance(markup, str) else markup
        return Page(url, "doiche", datetime(2026, 11, 22, 8, 0, tzinfo=UTC), 200, content_type, body)

    return page
