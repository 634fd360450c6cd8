"""Which engine an installation searches with."""

from __future__ import annotations

from diembao.errors import WrongUse
from diembao.index.embedded import EmbeddedIndex
from diembao.index.protocol import SearchIndex
from diembao.settings import Settings


def open_index(settings: Settings) -> SearchIndex:
    """The index of this installation: Elasticsearch where `search_url` names one, else the embedded engine.

    Nothing is connected to or opened before the first use.

    Raises:
        WrongUse: Elasticsearch is asked for and its client is not installed, or the address is none.
    """
    if not settings.search_url:
        return EmbeddedIndex(settings.index_dir)
    try:
        # Only installations with a search server have its client.
        from diembao.index.elastic import ElasticIndex
    except ImportError as error:
        raise WrongUse("DIEMBAO_SEARCH_URL is set, but diembao[elasticsearch] is not installed") from error
    try:
        if not settings.search_url.startswith(("http://", "https://")):
            raise ValueError("it does not begin with http:// or https://")
        return ElasticIndex(
            settings.search_url,
            name=settings.search_name,
            shards=settings.search_shards,
            replicas=settings.search_replicas,
            timeout=settings.search_timeout,
        )
    except ValueError as error:
        raise WrongUse(f"DIEMBAO_SEARCH_URL is no address of a server: {error}") from error
