"""What our own code adds to a search engine: the same questions sent to the engine directly, asked of our
`SearchIndex`, and asked of the running web process over HTTP (store, labels, JSON and all), each in turn, so that
other load on the machine meets all three alike.

    DIEMBAO_EVAL_DIR=… python bench/beside_engine.py --articles 200000 --dir /var/tmp/bench
    DIEMBAO_EVAL_DIR=… python bench/beside_engine.py --articles 200000 --dir /var/tmp/bench --elasticsearch http://127.0.0.1:9200

Elasticsearch is told not to keep answers to questions without hits (its request cache) while this runs, or the second
to ask, whoever it is, would be measured against a memory.

Directly means: for Elasticsearch the very bodies that we send, over one raw connection; for tantivy one query with its
own ranking, its documents read and its aggregations asked for, without our order of classes. The store and the index
are kept in --dir and used again.
"""

from __future__ import annotations

import argparse
import gc
import http.client
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from installation import fill_store
from search import Material, queries

from diembao.index.analysis import analyse
from diembao.index.counting import Counting
from diembao.index.elastic import ElasticIndex
from diembao.index.elastic_schema import document_body
from diembao.index.embedded import EmbeddedIndex
from diembao.index.embedded_schema import SHOWN, build_document, build_schema, open_index, order, translate
from diembao.index.language import And, Node, Phrase, Word
from diembao.index.opening import open_index as open_installed
from diembao.index.plan import make_plan
from diembao.index.protocol import FacetRequest, Highlighting, Keyword, Query, SearchIndex, Sort
from diembao.settings import Settings
from diembao.store.database import Store, open_store
from pipelines.indexing import documents_of, rebuild

PORT = 8731
PAGE = 20
WARMING = 20  # questions of each kind before those that count
FLOOR = 500  # requests that find what HTTP alone costs
SAMPLE = 5000  # articles written directly, for the rate
FACETS = tuple(FacetRequest(field, 50) for field in (Keyword.TOPIC, Keyword.SOURCE, Keyword.PLACE, Keyword.OUTLET_TYPE))


def questions(material: Material, number: int) -> dict[str, list[Query]]:
    """As the API asks them for a visitor: published articles only, and no texts that it does not show."""
    made = queries(material, number)
    public = {kind: [replace(query, public_only=True, bare=True) for query in asked] for kind, asked in made.items()}
    page = [
        replace(query, facets=FACETS, highlight=Highlighting(fields=("title", "lead"))) for query in public["two terms"]
    ]
    return {
        "term": public["term"],
        "two terms": public["two terms"],
        "phrase": public["phrase of 4"],
        "filter + newest": public["filter + newest"],
        "facets": [replace(query, size=0, facets=FACETS) for query in public["two terms"]],
        "facets + histogram": [replace(query, size=0, facets=FACETS, histogram=True) for query in public["two terms"]],
        "full page": page,
    }


def address(query: Query) -> str:
    """The same question to the web process; "" where it cannot be asked there."""
    if query.histogram:
        return ""
    asked: list[tuple[str, str]] = [("q", _text(query.tree)), ("size", str(query.size)), ("sort", query.sort.value)]
    asked += [("topic", value) for chosen in query.filters for value in chosen.values]
    if query.published_from:
        asked.append(("from", query.published_from.isoformat()))
    if query.facets:
        asked.append(("facets", ",".join(facet.field.value for facet in query.facets)))
    if query.highlight:
        asked.append(("highlight", "true"))
    return f"/api/v1/articles?{urlencode(asked)}"


def _text(tree: Node | None) -> str:
    match tree:
        case Word(text):
            return text
        case Phrase(words):
            return f'"{" ".join(words)}"'
        case And(nodes):
            return " ".join(map(_text, nodes))
        case _:
            raise ValueError(f"not asked here: {tree}")


class Http:
    """One connection, kept open."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)

    def get(self, path: str) -> Any:
        return self._ask("GET", path, None, {})

    def post(self, path: str, body: bytes, kind: str = "application/json") -> Any:
        return self._ask("POST", path, body, {"Content-Type": kind})

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Any:
        try:
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
        except (http.client.HTTPException, ConnectionError):  # it lay idle for too long: once more
            self._connection.close()
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{answer.status}: {content[:500]!r}")
        return json.loads(content)


class DirectElastic:
    def __init__(self, url: str, index: ElasticIndex) -> None:
        self._http = Http(url)
        self._index = index

    def prepare(self, query: Query) -> Callable[[], Any]:
        """What our client sends for this question, to be sent again without it."""
        sent: list[tuple[str, bytes]] = []
        transport = self._index._client.transport
        perform = transport.perform_request

        def listen(method: str, target: str, **more: Any) -> Any:
            sent.append((target, json.dumps(more["body"], ensure_ascii=False).encode()))
            return perform(method, target, **more)

        transport.perform_request = listen  # type: ignore[method-assign]
        try:
            self._index.search(query)
        finally:
            transport.perform_request = perform  # type: ignore[method-assign]
        return lambda: [self._http.post(target, body) for target, body in sent]

    def write(self, documents: Sequence[Any], name: str) -> float:
        """Seconds to write documents that are ready made, in bulks like ours."""
        from elasticsearch import Elasticsearch

        from diembao.index.elastic_schema import index_settings, mappings

        bodies = [json.dumps(document_body(analyse(one)), ensure_ascii=False).encode() for one in documents]
        with Elasticsearch(self._index._url, request_timeout=60) as client:
            client.indices.create(index=name, settings=index_settings(1, 0), mappings=mappings())
            start = time.perf_counter()
            for first in range(0, len(bodies), 500):
                lines = []
                for number, body in enumerate(bodies[first : first + 500], first):
                    lines += [json.dumps({"index": {"_id": str(number)}}).encode(), body]
                self._http.post(f"/{name}/_bulk", b"\n".join(lines) + b"\n", "application/x-ndjson")
            client.indices.refresh(index=name)
            taken = time.perf_counter() - start
            client.indices.delete(index=name)
        return taken


class DirectTantivy:
    def __init__(self, index: EmbeddedIndex) -> None:
        self._schema = build_schema()
        self._searcher = open_index(self._schema, str(index._generations.current())).searcher()

    def prepare(self, query: Query) -> Callable[[], Any]:
        wanted = translate(self._schema, make_plan(query).wanted)
        counting = Counting(query, 65_000, "segment_size").wanted()
        by_time = query.sort is not Sort.RELEVANCE

        def ask() -> Any:
            more = {"order_by_field": "sort_key", "order": order(query.sort is Sort.NEWEST)} if by_time else {}
            answer = self._searcher.search(wanted, limit=max(1, query.size), count=True, **more)
            found = answer.hits if query.size else []
            shown = [json.loads(self._searcher.doc(place).get_first(SHOWN)) for _, place in found]
            return shown, self._searcher.aggregate(wanted, counting) if counting else {}

        return ask

    def write(self, documents: Sequence[Any], name: str) -> float:
        import tempfile

        made = [build_document(analyse(one)) for one in documents]
        with tempfile.TemporaryDirectory(prefix=name) as folder:
            writer = open_index(self._schema, folder).writer(64_000_000, 1)
            start = time.perf_counter()
            for document in made:
                writer.add_document(document)
            writer.commit()
            taken = time.perf_counter() - start
            writer.wait_merging_threads()
        return taken


def indexing_rates(store: Store, index: SearchIndex, direct: Any) -> None:
    """Of one sample: reading it from the store, cutting it into words, and what the engine itself takes."""
    with store.read() as session:
        documents, _unmade = documents_of(session, range(1, SAMPLE + 1))
    made = time.perf_counter()
    for document in documents:
        analyse(document)
    analysing = time.perf_counter() - made
    engine = direct.write(documents, f"benchdirect{random.randrange(10**6)}")
    print(
        f"of {len(documents)} articles: engine alone {len(documents) / engine:.0f}/s, "
        f"cutting into words {len(documents) / analysing:.0f}/s"
    )


@contextmanager
def web(settings: Settings) -> Iterator[Http]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DIEMBAO_")}
    environment |= settings.as_environment() | {"DIEMBAO_LOG_LEVEL": "WARNING"}
    process = subprocess.Popen([sys.executable, "-m", "diembao", "serve", "--port", str(PORT)], env=environment)
    try:
        for _ in range(120):
            try:
                Http(f"http://127.0.0.1:{PORT}").get("/readyz")
                break
            except (OSError, SystemExit):
                time.sleep(0.5)
        yield Http(f"http://127.0.0.1:{PORT}")
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def forgetful(index: SearchIndex) -> Iterator[None]:
    """While it lasts, an Elasticsearch index keeps no answers."""
    if not isinstance(index, ElasticIndex):
        yield
        return
    setting, name = "index.requests.cache.enable", index._names.read
    index._client.indices.put_settings(index=name, settings={setting: False})
    try:
        yield
    finally:
        index._client.indices.put_settings(index=name, settings={setting: None})


def measure(index: SearchIndex, direct: Any, http: Http, kinds: dict[str, list[Query]]) -> None:
    floor: list[float] = []
    for _ in range(FLOOR):
        start = time.perf_counter()
        http.get("/healthz")
        floor.append((time.perf_counter() - start) * 1000)
    print(f"an endpoint that asks nothing, over HTTP: p50 {_at(floor, 0.5):.2f}, p99 {_at(floor, 0.99):.2f} ms")
    print("times in ms; × index and × API: beside the engine asked directly")
    columns = "".join(f"{name:>8}" for name in ("direct", "index", "API")) + f"{'× index':>8}{'× API':>7}"
    print(f"{'p50, then p99':<20}{'hits':>7} |{columns} |{columns}")
    for kind, asked in kinds.items():
        taken: dict[str, list[float]] = {"direct": [], "index": [], "API": []}
        hits: list[float] = []
        for number, query in enumerate(dict.fromkeys(asked)):
            found: list[float] = []
            ways: dict[str, Callable[[], Any]] = {"direct": direct.prepare(query)}
            ways["index"] = lambda query=query, found=found: found.append(index.search(query).total)
            if path := address(query):
                ways["API"] = lambda path=path: http.get(path)
            names = list(ways)
            for name in names[number % len(names) :] + names[: number % len(names)]:
                start = time.perf_counter()
                ways[name]()
                # The first questions warm what is warm in a running installation. None is asked twice: our answers
                # are kept until the next commit, and an engine that works would be measured against a memory.
                if number >= WARMING:
                    taken[name].append((time.perf_counter() - start) * 1000)
            hits += found
        print(f"{kind:<20}{_at(hits, 0.5):>7.0f} |{_row(taken, 0.5)} |{_row(taken, 0.99)}", flush=True)


def _row(taken: dict[str, list[float]], share: float) -> str:
    direct, index, api = (_at(taken[name], share) for name in ("direct", "index", "API"))
    ratios = f"{index / direct:>8.2f}" + (f"{api / direct:>7.2f}" if api else f"{'':>7}")
    return f"{direct:>8.2f}{index:>8.2f}" + (f"{api:>8.2f}" if api else f"{'':>8}") + ratios


def _at(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0.0


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--articles", type=int, default=50_000)
    options.add_argument("--queries", type=int, default=200, help="of each kind")
    options.add_argument("--dir", type=Path, required=True, help="where store and index are kept")
    options.add_argument("--elasticsearch", metavar="URL", default="", help="indexes benchside-… are kept there")
    given = options.parse_args()
    if not os.environ.get("DIEMBAO_EVAL_DIR"):
        sys.exit("DIEMBAO_EVAL_DIR is not set: there are no texts to measure with")
    material = Material.load(Path(os.environ["DIEMBAO_EVAL_DIR"]))
    settings = Settings(
        data_dir=given.dir / str(given.articles), search_url=given.elasticsearch, search_name="benchside",
        search_timeout=60,
    )  # fmt: skip
    store = open_store(settings, migrate=True)
    start = time.perf_counter()
    number = fill_store(store, material, given.articles)
    print(f"store: {number} articles, {time.perf_counter() - start:.0f} s", flush=True)
    gc.collect()
    gc.freeze()
    index = open_installed(settings)
    if index.status().documents < number:
        start, start_cpu = time.perf_counter(), time.process_time()
        rebuild(store, index, settings.data_dir)
        taken, cpu = time.perf_counter() - start, time.process_time() - start_cpu
        print(
            f"index rebuild: {number / taken:.0f} articles/s, {taken:.0f} s ({cpu:.0f} s CPU of this process), "
            f"{index.status().size_bytes / 1e6:.0f} MB",
            flush=True,
        )
    direct = DirectElastic(given.elasticsearch, index) if isinstance(index, ElasticIndex) else DirectTantivy(index)
    indexing_rates(store, index, direct)
    with web(settings) as http, forgetful(index):
        measure(index, direct, http, questions(material, given.queries))
    index.close()
    store.close()


if __name__ == "__main__":
    main()
