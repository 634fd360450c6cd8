"""Making what commands need, from the settings: once per process, passed on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from diembao.settings import Settings

if TYPE_CHECKING:
    from diembao.store.database import Store
    from pipelines.steps import Tools


def load_settings() -> Settings:
    """The settings in force, logging configured by them."""
    from diembao import logs

    settings = Settings.load()
    logs.configure(settings.log_level, as_json=settings.log_json)
    return settings


def make_tools(settings: Settings, store: Store) -> Tools:
    """The steps' tools: models are loaded here, so this takes about a second."""
    from diembao.store import sources
    from nlp.analyzer import Analyzer
    from pipelines.steps import Tools

    with store.read() as session:
        selectors = {row.name: row.definition.get("read", {}) for row in sources.all_sources(session)}
    return Tools(settings.archive_dir, Analyzer.load(), selectors)
