"""Which engine an installation gets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from diembao.errors import WrongUse
from diembao.index.elastic import ElasticIndex
from diembao.index.embedded import EmbeddedIndex
from diembao.index.opening import open_index
from diembao.index.protocol import FacetRequest, Keyword, Query
from diembao.settings import Settings


def test_embedded_by_default_and_nothing_touched(tmp_path: Path) -> None:
    index = open_index(Settings(data_dir=tmp_path / "data"))
    assert isinstance(index, EmbeddedIndex)
    assert not (tmp_path / "data").exists()


def test_elasticsearch_by_address_and_nothing_asked(tmp_path: Path) -> None:
    index = open_index(Settings(data_dir=tmp_path, search_url="http://user:secret@search.invalid:9200"))
    assert isinstance(index, ElasticIndex)
    index.close()


@pytest.mark.parametrize("url", ["nonsense", "http://", "localhost:9200", "ftp://host:9200"])
def test_an_address_that_is_none_is_wrong_use(tmp_path: Path, url: str) -> None:
    with pytest.raises(WrongUse, match="DIEMBAO_SEARCH_URL"):
        open_index(Settings(data_dir=tmp_path, search_url=url))


@pytest.mark.parametrize("size", [-1, 1001])
def test_sizes_out_of_range_are_programming_errors(size: int) -> None:
    with pytest.raises(ValueError, match="size"):
        Query(size=size)
    with pytest.raises(ValueError, match="facet"):
        replace(Query(), facets=(FacetRequest(Keyword.TOPIC, size or 0),))
