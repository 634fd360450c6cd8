"""The formats a digest is exported in: one module each, all of them in this dict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from diembao.newsroom.digests.content import Content
from diembao.newsroom.digests.formats import docx, html, markdown, pdf, xlsx


class Format(Protocol):
    """A module with these names. `export` gives equal bytes for equal content."""

    SUFFIX: str
    MEDIA_TYPE: str

    def export(self, content: Content) -> bytes: ...


FORMATS: Mapping[str, Format] = {module.SUFFIX: module for module in (docx, pdf, html, markdown, xlsx)}
