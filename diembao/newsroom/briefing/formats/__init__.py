"""The files a report is exported as: one module each, all of them in this dict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from diembao.newsroom.analysis.chart_press import ChartPress
from diembao.newsroom.briefing.content import Pack
from diembao.newsroom.briefing.formats import docx, xlsx


class Format(Protocol):
    """A module with these names. `export` takes a report with whole addresses (`Pack.based_on`)."""

    SUFFIX: str
    MEDIA_TYPE: str

    def export(self, pack: Pack, press: ChartPress) -> bytes: ...


FORMATS: Mapping[str, Format] = {module.SUFFIX: module for module in (docx, xlsx)}
