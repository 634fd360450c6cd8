"""Source files for the demo papers, in the form of the product's own."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

import yaml

from diembao.demo.manuscripts import Paper

# Localhost needs no mercy; enough that a test can see that a delay is kept.
DELAY = 0.05


def source_text(
    paper: Paper, address: str, feeds: Sequence[str], sections: Sequence[str], sitemaps: Sequence[str]
) -> str:
    """The YAML of one source."""
    source = {
        "name": paper.name,
        "title": paper.title,
        "domains": [urlsplit(address).netloc],
        "outlet_type": paper.outlet_type,
        "scope": paper.scope,
        "feeds": list(feeds),
        "sections": list(sections),
        "sitemaps": list(sitemaps),
        "delay": DELAY,
        "agreement": paper.agreement,
        "read": {},
    }
    return yaml.safe_dump(source, allow_unicode=True, sort_keys=False)
