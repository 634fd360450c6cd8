"""Text without markup, fit to be stored."""

from __future__ import annotations

import html

from selectolax.lexbor import LexborHTMLParser

from nlp.text import normalise

# More markup than this is no title or summary.
_LONGEST = 50_000


def plain_text(markup: str) -> str:
    """The words of a piece of HTML on one line: no tags, no scripts, references resolved, NFC."""
    text = markup[:_LONGEST]
    if "<" in text or "&" in text:
        if "&lt;" in text:  # markup that was escaped once too often
            text = html.unescape(text)
        tree = LexborHTMLParser(f"<body>{text}")
        tree.strip_tags(["script", "style"], recursive=True)
        text = tree.body.text(separator=" ") if tree.body is not None else ""
    return " ".join(normalise(text).split())
