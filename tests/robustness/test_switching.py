"""From one engine to the other and back, and an index made anew, while people search."""

from __future__ import annotations

import os
import random
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from diembao.index.language import parse
from diembao.index.opening import open_index
from diembao.index.protocol import FacetRequest, Highlighting, Hits, Keyword, Query, Sort
from diembao.settings import Settings
from diembao.store.database import open_store
from pipelines.indexing import drain, rebuild

pytestmark = pytest.mark.timeout(600)
WORDS = ("lũ", "lut", "sông", "cầu", '"sông cầu"', "đường", "chè OR hồ", "-núi", "cố*", "title:xã", "tin")


@pytest.fixture
def server() -> Iterator[tuple[str, str]]:
    """Address of a node, and a name for indexes that are removed afterwards."""
    url = os.environ.get("DIEMBAO_TEST_ELASTICSEARCH_URL", "")
    if not url:
        pytest.skip("DIEMBAO_TEST_ELASTICSEARCH_URL is not set: not tried on Elasticsearch")
    from elasticsearch import Elasticsearch

    name = f"test{secrets.token_hex(4)}"
    yield url, name
    with Elasticsearch(url, request_timeout=30) as client:
        if made := list(client.indices.get(index=f"{name}*")):
            client.indices.delete(index=made)


def two_hundred_queries() -> list[Query]:
    chance = random.Random(13)
    facets = (FacetRequest(Keyword.TOPIC), FacetRequest(Keyword.SOURCE))
    made = []
    for _ in range(200):
        text = " ".join(chance.choice(WORDS) for _ in range(chance.randint(1, 3)))
        made.append(
            Query(
                parse(text), sort=chance.choice(list(Sort)), size=chance.choice((5, 20, 100)), facets=facets,
                histogram=True, count_stories=True, public_only=chance.random() < 0.5, highlight=Highlighting(),
                collapse=chance.random() < 0.3,
            )
        )  # fmt: skip
    return made


def diembao(environment: dict[str, str], *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "diembao", *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def answers(settings: Settings, queries: list[Query]) -> list[Hits]:
    index = open_index(settings)
    found = [index.search(query) for query in queries]
    second = [
        index.search(replace(query, after=hits.next)) for query, hits in zip(queries, found, strict=True) if hits.next
    ]
    index.close()
    return found + second


@pytest.mark.elasticsearch
def test_two_settings_and_a_rebuild_change_the_engine_and_nothing_else(
    server: tuple[str, str], tmp_path: Path, newspaper_of: Callable[[Any], Any]
) -> None:
    url, name = server
    embedded = Settings(data_dir=tmp_path / "data")
    store = open_store(embedded)
    newspaper = newspaper_of(store)
    ids = newspaper.prints(300)
    newspaper.takes_back(ids[5])
    newspaper.corrects(ids[6], "Chè hồ Núi Cốc")
    store.close()
    here = {name: value for name, value in os.environ.items() if not name.startswith("DIEMBAO_")}
    here["DIEMBAO_DATA_DIR"] = str(embedded.data_dir)
    there = here | {"DIEMBAO_SEARCH_URL": url, "DIEMBAO_SEARCH_NAME": name}
    elsewhere = Settings(data_dir=tmp_path / "data", search_url=url, search_name=name, search_timeout=30)
    queries = two_hundred_queries()
    diembao(here, "index", "rebuild")
    before = answers(embedded, queries)
    assert max(hits.total for hits in before) > 250 and sum(bool(hits.items) for hits in before) > 100
    diembao(there, "index", "rebuild")
    assert answers(elsewhere, queries) == before
    diembao(here, "index", "rebuild")
    assert answers(embedded, queries) == before


@pytest.mark.parametrize("engine", ["tantivy", pytest.param("elasticsearch", marks=pytest.mark.elasticsearch)])
def test_searches_never_fail_nor_find_nothing_or_everything_twice_during_rebuilds(
    engine: str, tmp_path: Path, newspaper_of: Callable[[Any], Any], request: pytest.FixtureRequest
) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    if engine == "elasticsearch":
        url, name = request.getfixturevalue("server")
        settings = Settings(data_dir=tmp_path / "data", search_url=url, search_name=name, search_timeout=30)
    store = open_store(settings)
    newspaper_of(store).prints(1500)
    index = open_index(settings)
    drain(store, index)
    reader = open_index(settings)  # as the web process has it
    stop = threading.Event()
    seen: set[tuple[int, int, int]] = set()
    faults: list[Exception] = []

    def keep_searching() -> None:
        while not stop.is_set():
            try:
                hits = reader.search(Query(parse("tin"), size=100, count_stories=True, sort=Sort.NEWEST))
                seen.add((hits.total, hits.stories or 0, len({hit.id for hit in hits.items})))
            except Exception as error:  # whatever it is, it fails the test
                faults.append(error)

    people = threading.Thread(target=keep_searching)
    people.start()
    try:
        for _ in range(3):
            rebuild(store, index, settings.data_dir)
    finally:
        stop.set()
        people.join(60)
    assert faults == []
    assert seen == {(1500, 1500, 100)}
    reader.close()
    index.close()
    store.close()
