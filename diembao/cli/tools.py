"""Making what commands need, from the settings: once per process, passed on."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from diembao.errors import WrongUse
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


@dataclass(frozen=True)
class ToolMaker:
    """Makes the steps' tools, in this process or in a child: models are loaded, so this takes about a second."""

    settings: Settings
    selectors: Mapping[str, Mapping[str, str]]

    def __call__(self) -> Tools:
        from nlp.analyzer import Analyzer
        from pipelines.steps import Tools

        return Tools(self.settings.archive_dir, Analyzer.load(), self.selectors)

    def in_child(self) -> Tools:
        """The same where nothing has been set up yet."""
        from diembao import logs

        logs.configure(self.settings.log_level, as_json=self.settings.log_json)
        return self()


def tool_maker(settings: Settings, store: Store) -> ToolMaker:
    """With what the source files say now."""
    from diembao.store import sources

    with store.read() as session:
        return ToolMaker(settings, {row.name: row.definition.get("read", {}) for row in sources.all_sources(session)})


def make_tools(settings: Settings, store: Store) -> Tools:
    """The steps' tools for this process."""
    return tool_maker(settings, store)()


def write_out(out: Path, content: bytes) -> bool:
    """Write a file; `-` is standard output. Whether there is anything to be told about it.

    Raises:
        WrongUse: the file cannot be written.
    """
    if str(out) == "-":
        sys.stdout.buffer.write(content)
        return False
    try:
        out.write_bytes(content)
    except OSError as error:
        raise WrongUse(f"{out}: {error.strerror}") from error
    return True
