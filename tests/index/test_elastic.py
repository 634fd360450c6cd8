"""Elasticsearch when things go wrong: no server, a broken network, indexes and locks left by others."""

from __future__ import annotations

import os
import random
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from diembao.errors import IndexBusy, IndexUnavailable
from diembao.index import elastic_writing
from diembao.index.elastic import ElasticIndex
from diembao.index.language import parse
from diembao.index.protocol import IndexDocument, Query, WriteReport

elasticsearch = pytest.importorskip("elasticsearch", reason="diembao[elasticsearch] is not installed")

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def article(identity: str, version: int = 1) -> IndexDocument:
    return IndexDocument(
        id=identity,
        version=version,
        title=f"Tin {identity}",
        body="nội dung " * 300,
        url="",
        source="s",
        published_at=NOW,
    )


def test_no_server_is_one_clear_error_without_the_password() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    index = ElasticIndex(f"http://user:secret@127.0.0.1:{port}", "test", shards=1, replicas=0, timeout=2.0)
    for use in (lambda: index.search(Query()), lambda: index.add([article("1")]), index.commit, index.status):
        with pytest.raises(IndexUnavailable) as caught:
            use()
        assert "secret" not in str(caught.value)
        assert "\n" not in str(caught.value)
    index.close()


@pytest.fixture
def server() -> str:
    url = os.environ.get("DIEMBAO_TEST_ELASTICSEARCH_URL", "")
    if not url:
        pytest.skip("DIEMBAO_TEST_ELASTICSEARCH_URL is not set: not tried on Elasticsearch")
    return url.rstrip("/")


@pytest.fixture
def client(server: str) -> Iterator[elasticsearch.Elasticsearch]:
    with elasticsearch.Elasticsearch(server, request_timeout=30) as opened:
        yield opened


@pytest.fixture
def name(client: elasticsearch.Elasticsearch) -> Iterator[str]:
    """What the indexes of this test begin with; they are removed afterwards."""
    chosen = f"test{secrets.token_hex(4)}"
    yield chosen
    made = list(client.indices.get(index=f"{chosen}*"))
    if made:
        client.indices.delete(index=made)


@pytest.fixture
def index(server: str, name: str) -> Iterator[ElasticIndex]:
    opened = ElasticIndex(server, name, shards=1, replicas=0, timeout=30.0)
    yield opened
    opened.close()


@pytest.fixture
def network(server: str, network_to: Callable[[str], Any]) -> Any:
    return network_to(server)


on_server = pytest.mark.elasticsearch


@on_server
def test_a_connection_cut_while_writing_loses_nothing_and_doubles_nothing(
    network: Any, name: str, index: ElasticIndex
) -> None:
    index.commit()  # the index is there
    shaky = ElasticIndex(f"http://127.0.0.1:{network.port}", name, shards=1, replicas=0, timeout=10.0)
    chance = random.Random(4)
    for start in range(0, 1000, 100):
        batch = [article(str(number)) for number in range(start, start + 100)]
        network.breaks_after = chance.choice([None, 1000, 50_000, 100_000, 150_000])
        timer = threading.Timer(1.0, setattr, (network, "breaks_after", None))
        timer.start()
        report = shaky.add(batch)
        timer.join()
        assert report.accepted + report.stale == 100
        assert report.rejected == ()
    index.commit()
    assert sorted(index.versions()) == sorted((str(number), 1) for number in range(1000))
    assert index.count(Query(tree=parse("tin"))) == 1000
    shaky.close()


@on_server
def test_what_takes_a_server_too_long_is_sent_in_smaller_pieces(
    index: ElasticIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow server here answers in time only to so many documents at once."""
    monkeypatch.setattr(elastic_writing, "_FIRST_PAUSE", 0.001)
    send, most, sizes = index._client.bulk, 30, list[int]()

    def slow(*, operations: list[bytes], **more: Any) -> Any:
        sizes.append(len(operations) // 2)
        if sizes[-1] > most:
            raise elasticsearch.ConnectionTimeout("too slow")
        return send(operations=operations, **more)

    monkeypatch.setattr(index._client, "bulk", slow)
    report = index.add([article(str(number)) for number in range(200)])
    index.commit()
    assert report == WriteReport(accepted=200)
    assert index.status().documents == 200
    assert max(sizes) == 200 and len(sizes) < 30


def test_a_network_that_stays_broken_is_reported_and_recovers(network: Any, name: str, index: ElasticIndex) -> None:
    index.add([article("1")])
    index.commit()
    shaky = ElasticIndex(f"http://127.0.0.1:{network.port}", name, shards=1, replicas=0, timeout=0.5)
    assert shaky.count(Query()) == 1
    network.silent = True
    with pytest.raises(IndexUnavailable):
        shaky.search(Query())
    with pytest.raises(IndexUnavailable):
        shaky.add([article("2")])
    network.silent = False
    shaky = ElasticIndex(f"http://127.0.0.1:{network.port}", name, shards=1, replicas=0, timeout=10.0)
    assert shaky.add([article("2")]).rejected == ()
    shaky.commit()
    assert shaky.count(Query()) == 2
    shaky.close()


@on_server
def test_an_index_deleted_from_outside_is_made_again_with_our_fields(
    index: ElasticIndex, name: str, client: elasticsearch.Elasticsearch
) -> None:
    index.add([article("1")])
    client.indices.delete(index=list(client.indices.get(index=f"{name}-*")))
    assert index.search(Query()).total == 0
    client.indices.delete(index=list(client.indices.get(index=f"{name}-*")))
    assert index.add([article("1")]).accepted == 1
    index.commit()
    assert index.count(Query(tree=parse("noi dung"))) == 1
    (mapping,) = client.indices.get_mapping(index=f"{name}-*").body.values()
    assert mapping["mappings"]["dynamic"] == "strict"


@on_server
def test_a_rebuild_that_died_is_taken_over_and_one_that_lives_is_not(
    index: ElasticIndex, name: str, client: elasticsearch.Elasticsearch
) -> None:
    index.add([article("1")])
    index.commit()
    home = index.status().schema
    client.indices.create(index=f"{name}-{home}-halffilled")
    client.index(index=f"{name}-locks", id=f"{name}-{home}", document={"heard": time.time()})
    with pytest.raises(IndexBusy), index.rebuild():
        pass
    client.index(index=f"{name}-locks", id=f"{name}-{home}", document={"heard": time.time() - 3600})
    with index.rebuild() as fresh:
        fresh.add([article("2")])
    assert [identity for identity, _ in index.versions()] == ["2"]
    assert len(client.indices.get(index=f"{name}-{home}-*").body) == 1


@on_server
def test_an_index_of_another_schema_stays_until_a_rebuild(
    index: ElasticIndex, name: str, client: elasticsearch.Elasticsearch
) -> None:
    client.indices.create(index=f"{name}-0123456789ab-first", aliases={f"{name}-0123456789ab-read": {}})
    client.indices.create(index=f"{name}-notours")
    index.add([article("1")])
    assert client.indices.exists(index=f"{name}-0123456789ab-first")
    with index.rebuild() as fresh:
        fresh.add([article("1")])
    assert not client.indices.exists(index=f"{name}-0123456789ab-first")
    assert client.indices.exists(index=f"{name}-notours")


@on_server
def test_several_shards_give_the_same_answers(server: str, name: str) -> None:
    """Scores come from conditions alone, so it does not matter where an article lies."""
    answers = []
    for shards in (1, 3):
        index = ElasticIndex(server, f"{name}x{shards}", shards, replicas=0, timeout=30.0)
        documents = [
            IndexDocument(
                id=str(number),
                version=1,
                title=("Thái Nguyên", "thai nguyen", "tin")[number % 3],
                body=("nguyên thái", "Thái Nguyên " * (number % 5), "x")[number % 3],
                url="",
                source=f"s{number % 11}",
                published_at=NOW,
            )
            for number in range(200)
        ]
        index.add(documents)
        index.commit()
        answers.append([hit.id for hit in index.search(Query(tree=parse("Thái Nguyên"), size=200)).items])
        index.close()
    assert answers[0] == answers[1]
    assert len(answers[0]) > 100
