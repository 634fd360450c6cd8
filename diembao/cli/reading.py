"""Pages for `extract`: from a file or from an address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from diembao.errors import WrongUse
from diembao.records import Page
from diembao.settings import Settings


def page_from(file_or_url: str, url: str, source: str, settings: Settings) -> Page:
    """The page in a file, or behind an address (fetched with the crawler's guard).

    Raises:
        WrongUse: no such file. FetchRefused: the address must not be fetched.
    """
    if file_or_url.startswith(("http://", "https://")):
        from crawlers.fetch import fetch

        return fetch(file_or_url, settings)
    path = Path(file_or_url)
    try:
        body = path.read_bytes()
    except OSError as error:
        raise WrongUse(f"{path}: {error.strerror}") from error
    return Page(url, source, datetime.now(UTC), 200, "text/html", body)


def selectors_of(source: str, settings: Settings) -> Mapping[str, str] | None:
    """The selectors of a source file; None when no source was named."""
    if not source:
        return None
    from crawlers.source import load_sources

    for known in load_sources(settings.sources_dir):
        if known.name == source:
            return known.read
    raise WrongUse(f"no source named {source}; see 'diembao sources list'")
