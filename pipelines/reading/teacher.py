"""trafilatura, asked only which lines of a page are the article's text.

It is run on the page without scripts and menus, with its own fallbacks, without its metadata (read better
elsewhere). What it is known to lose (the lead, headings) is put back by the callers.
"""

from __future__ import annotations

import trafilatura
from trafilatura.settings import Document

VERSION = "1"


def article_lines(markup: str) -> list[str]:
    """The lines trafilatura takes for the article, in order; empty where it finds none."""
    document = trafilatura.bare_extraction(
        markup,
        include_comments=False,
        include_tables=True,
        include_images=False,
        include_links=False,
        with_metadata=False,
    )
    if not isinstance(document, Document):
        return []
    return [line.strip() for line in (document.text or "").splitlines() if line.strip()]
