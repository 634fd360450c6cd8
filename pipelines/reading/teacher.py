"""trafilatura, asked only which lines of a page are the article's text.

It is shown the page without scripts and, on the usual way, only what may be the article's own (`own_markup`): that
is several times faster and keeps teasers out of its choice. It runs with its own fallbacks and without its metadata,
which is read better elsewhere; what it is known to lose (the lead, headings) the callers put back.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import trafilatura
from trafilatura.settings import Document

from pipelines.reading.outline import Block, Frame

VERSION = "1"
_LINES = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "blockquote", "td", "pre"})


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


def own_markup(blocks: Sequence[Block]) -> str:
    """The given blocks of a page, in order, within the elements they stand in; nothing else of the page."""
    written: list[str] = ["<html><body>"]
    opened: list[Frame] = []
    for block in blocks:
        while opened and not block.frame.within(opened[-1]):
            written.append(f"</{opened.pop().tag}>")
        for frame in _between(block.frame, opened[-1] if opened else None):
            written.append(f'<{frame.tag} class="{escape(frame.cues)}">')
            opened.append(frame)
        written.append(escape(block.text, quote=False))
        if block.frame.tag not in _LINES:
            written.append("<br>")
    written.extend(f"</{frame.tag}>" for frame in reversed(opened))
    written.append("</body></html>")
    return "".join(written)


def _between(inner: Frame, outer: Frame | None) -> list[Frame]:
    """The elements from below `outer` (or the top) down to `inner`; the body itself is written already."""
    path: list[Frame] = []
    frame: Frame | None = inner
    while frame is not None and frame is not outer:
        if frame.tag not in {"body", "html"}:
            path.append(frame)
        frame = frame.parent
    return path[::-1]
