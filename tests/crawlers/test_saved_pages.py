"""Pages saved by `diembao sources save` are read as they were when somebody looked them through."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawlers.saved_pages import load_page
from crawlers.source import load_sources
from pipelines.reading import read_page, reading_as_json

SAVED = sorted((Path(__file__).parents[1] / "pages").glob("*/*.json"))


@pytest.mark.parametrize("path", SAVED, ids=[f"{path.parent.name}/{path.stem}" for path in SAVED])
def test_saved_pages_are_read_as_expected(path: Path) -> None:
    saved = load_page(path)
    selectors = {source.name: source.read for source in load_sources()}
    assert reading_as_json(read_page(saved.page, selectors.get(saved.page.source))) == saved.expected
