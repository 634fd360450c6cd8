"""Saved pages: a page as it was fetched and how it was read then, kept as a test of the reader.

`<folder>/<source>/<date>-<slug>.html` holds the page, the `.json` beside it what must be read from it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from crawlers.source import Source
from diembao.errors import WrongUse
from diembao.records import Page
from pipelines.reading import read_page, reading_as_json


@dataclass(frozen=True, slots=True)
class SavedPage:
    """expected: what `diembao extract` prints for the page."""

    page: Page
    expected: dict[str, Any]


def save_page(folder: Path, source: Source, page: Page) -> Path:
    """Write page and reading; the path of the reading.

    Raises:
        Unreadable: no article on the page. WrongUse: the folder cannot be written.
    """
    reading = reading_as_json(read_page(page, source.read))
    kept = {
        "url": page.url,
        "content_type": page.content_type,
        "fetched_at": page.fetched_at.isoformat(),
        "expected": reading,
    }
    stem = f"{page.fetched_at:%Y%m%d}-{_slug(page.url)}"
    target = folder / source.name / f"{stem}.json"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.with_suffix(".html").write_bytes(page.body)
        target.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", "utf-8")
    except OSError as error:
        raise WrongUse(f"{target}: {error.strerror}") from error
    return target


def load_page(path: Path) -> SavedPage:
    """A saved page by the path of its reading."""
    kept = json.loads(path.read_text("utf-8"))
    body = path.with_suffix(".html").read_bytes()
    at = datetime.fromisoformat(kept["fetched_at"])
    page = Page(kept["url"], path.parent.name, at, 200, kept["content_type"], body)
    return SavedPage(page, kept["expected"])


def _slug(url: str) -> str:
    parts = urlsplit(url)
    last = parts.path.rstrip("/").rpartition("/")[2].partition(".")[0]
    words = re.sub(r"[^a-z0-9]+", "-", f"{last} {parts.query}".lower()).strip("-")
    return words[:60].rstrip("-") or "page"
