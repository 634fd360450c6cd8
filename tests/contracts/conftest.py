"""Engines that contract suites run on."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from diembao.index.embedded import EmbeddedIndex
from diembao.index.protocol import SearchIndex


def _elasticsearch() -> Iterator[SearchIndex]:
    url = os.environ.get("DIEMBAO_TEST_ELASTICSEARCH_URL", "")
    if not url:
        pytest.skip("DIEMBAO_TEST_ELASTICSEARCH_URL is not set: not tried on Elasticsearch")
    from elasticsearch import Elasticsearch

    from diembao.index.elastic import ElasticIndex

    name = f"test{secrets.token_hex(4)}"
    index = ElasticIndex(url, name=name, shards=1, replicas=0, timeout=30.0)
    try:
        yield index
    finally:
        index.close()
        with Elasticsearch(url) as client:
            made = list(client.indices.get(index=f"{name}-*"))
            if made:
                client.indices.delete(index=made)


@pytest.fixture(params=["tantivy", pytest.param("elasticsearch", marks=pytest.mark.elasticsearch)])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchIndex]:
    """An empty index of each engine."""
    if request.param == "elasticsearch":
        yield from _elasticsearch()
        return
    embedded = EmbeddedIndex(tmp_path / "index")
    yield embedded
    embedded.close()
