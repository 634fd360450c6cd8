"""Elasticsearch 8 through its official client.

    <name>-<schema>-read, <name>-<schema>-write     aliases, switched in one step by a rebuild
    <name>-<schema>-<time>                          one index

An index of another schema is left alone until a rebuild has replaced it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError

from diembao.index.analysis import LIVE, MARK, STORY_KEY, VERSION, schema_fingerprint
from diembao.index.counting import Aggregations, Counting, chosen_values, tabulation
from diembao.index.elastic_counts import Tabulating
from diembao.index.elastic_errors import server_errors
from diembao.index.elastic_names import Names
from diembao.index.elastic_schema import SHOWN, Json, ranked, sort_of, source_of, translate
from diembao.index.elastic_writing import NoIndex, Writing
from diembao.index.paging import (
    Position,
    Row,
    bare_hit,
    decode_cursor,
    encode_cursor,
    make_hit,
    one_page,
    one_page_of_stories,
)
from diembao.index.periods import check_cells
from diembao.index.plan import Has, InStories, make_plan
from diembao.index.protocol import (
    Counts,
    Deletion,
    FacetCount,
    FacetRequest,
    Grouping,
    Hit,
    Hits,
    IndexDocument,
    IndexStatus,
    Keyword,
    Period,
    Query,
    Tabulation,
    Unit,
    WriteReport,
)
from diembao.settings import mask_password

_MOST_BUCKETS = 65_536  # `search.max_buckets` of a server left as it comes
# Articles per pass when stories are counted, well below the most buckets: hashes spread evenly, not perfectly.
_STORIES_PASS = 50_000
_SCAN_PAGE = 1000
_VERSIONS_PAGE = 10_000
_SNAPSHOT_KEPT = "2m"

Send = Callable[..., Mapping[str, Any]]


class ElasticIndex:
    """`SearchIndex` on an Elasticsearch 8 server or cluster. Nothing is connected to before it is used."""

    def __init__(self, url: str, name: str, shards: int, replicas: int, timeout: float) -> None:
        """timeout: seconds for one request; a writing request may be tried several times."""
        self._url = url
        # A request that timed out may still be running: asking again at once makes an overloaded server worse.
        self._client = Elasticsearch(url, request_timeout=timeout, retry_on_timeout=False, max_retries=1)
        self._names = Names(self._client, name, schema_fingerprint(), shards, replicas)

    def add(self, documents: Sequence[IndexDocument]) -> WriteReport:
        return self._write(lambda writing: writing.add(documents))

    def delete(self, deletions: Sequence[Deletion]) -> WriteReport:
        return self._write(lambda writing: writing.delete(deletions))

    def commit(self) -> None:
        self._names.ensure()
        with server_errors():
            self._client.indices.refresh(index=self._names.write)

    def search(self, query: Query) -> Hits:
        return _Search(self._send, query).hits()

    def count(self, query: Query) -> int:
        wanted = translate(make_plan(query).wanted)
        return _total(self._send(size=0, query=wanted, track_total_hits=True))

    def counts(self, query: Query, by: Sequence[Grouping] = (), over: Unit | Sequence[Period] | None = None) -> Counts:
        return self.tables(query, [tabulation(by, over)])[0]

    def tables(self, query: Query, wanted: Sequence[Tabulation]) -> tuple[Counts, ...]:
        for one in wanted:
            check_cells([grouping.most for grouping in one.by], 1)
        with self._snapshot() as send:
            search = _Search(send, query)
            every = [grouping for one in wanted for grouping in one.by]
            chosen = iter(chosen_values(every, search.facets))
            return tuple(
                Tabulating(search.tabulate, one.by, [next(chosen) for _ in one.by], one.over).counts() for one in wanted
            )

    def scan(self, query: Query) -> Iterator[Hit]:
        with self._snapshot() as send:
            yield from _Search(send, query).every_hit()

    def versions(self) -> Iterator[tuple[str, int]]:
        live = translate(Has(MARK, LIVE))
        with self._snapshot() as send:
            after: list[Any] | None = None
            while True:
                answer = send(
                    query=live,
                    size=_VERSIONS_PAGE,
                    sort=[{"_shard_doc": "asc"}],
                    search_after=after,
                    source=False,
                    docvalue_fields=[VERSION],
                    track_total_hits=False,
                )
                found = answer["hits"]["hits"]
                yield from ((hit["_id"], hit["fields"][VERSION][0]) for hit in found)
                if len(found) < _VERSIONS_PAGE:
                    return
                after = found[-1]["sort"]

    def status(self) -> IndexStatus:
        documents = self.count(Query())
        with server_errors():
            stats = self._client.indices.stats(index=self._names.read, metric="store")
        return IndexStatus(
            engine="elasticsearch",
            place=mask_password(self._url),
            schema=schema_fingerprint(),
            documents=documents,
            size_bytes=stats["_all"]["primaries"]["store"]["size_in_bytes"],
        )

    @contextmanager
    def rebuild(self) -> Iterator[Writing]:
        with self._names.successor() as (index, keep_alive):
            yield Writing(self._client, index, is_alias=False, keep_alive=keep_alive)

    def clear(self) -> None:
        with self.rebuild():
            pass

    def close(self) -> None:
        self._client.close()

    def _write(self, change: Callable[[Writing], WriteReport]) -> WriteReport:
        writing = Writing(self._client, self._names.write, is_alias=True)
        self._names.ensure()
        try:
            return change(writing)
        except NoIndex:
            self._names.ensure(again=True)
            return change(writing)

    def _send(self, **body: Any) -> Mapping[str, Any]:
        """One search; the index is made when it is not there yet. A part of an answer is no answer."""
        try:
            return self._search(body)
        except NotFoundError:
            self._names.ensure(again=True)
            return self._search(body)

    def _search(self, body: Json) -> Mapping[str, Any]:
        with server_errors(pass_on=NotFoundError):
            answer: Mapping[str, Any] = self._client.search(
                index=self._names.read, allow_partial_search_results=False, **body
            ).body
        return answer

    @contextmanager
    def _snapshot(self) -> Iterator[Send]:
        """Searches that all see the index as it is now."""
        self._names.ensure()
        with server_errors():
            snapshot = self._client.open_point_in_time(index=self._names.read, keep_alive=_SNAPSHOT_KEPT)["id"]

        def send(**body: Any) -> Mapping[str, Any]:
            pit = {"id": snapshot, "keep_alive": _SNAPSHOT_KEPT}
            with server_errors():
                answer: Mapping[str, Any] = self._client.search(
                    pit=pit, allow_partial_search_results=False, **body
                ).body
            return answer

        try:
            yield send
        finally:
            with server_errors():
                self._client.close_point_in_time(id=snapshot)


class _Search:
    """One query."""

    def __init__(self, send: Send, query: Query) -> None:
        self._send = send
        self._query = query
        self._plan = make_plan(query)
        self._wanted = translate(self._plan.wanted)
        self._ranked = ranked(self._plan, self._wanted)
        self._sort = sort_of(self._plan)
        self._source = source_of(query)

    def hits(self) -> Hits:
        query = self._query
        after = decode_cursor(query)
        counting = Counting(query, _MOST_BUCKETS, "shard_size")
        rows: list[Row[Json]]
        if query.collapse and query.size:
            rows, more = one_page_of_stories(self._skim, self._story_sizes, after, query.size)
            answer = self._send(query=self._wanted, size=0, track_total_hits=True, aggregations=counting.wanted())
        else:
            answer = self._send(
                **self._page(after, query.size + 1 if query.size else 0),
                track_total_hits=True,
                aggregations=counting.wanted(),
            )
            rows, more = one_page(lambda *_: _rows(answer), after, query.size)
        total = _total(answer)
        shown = self._with_articles(rows) if query.collapse else rows
        return Hits(
            total=total,
            items=tuple(map(self._hit, shown)),
            facets=counting.facets(answer.get("aggregations", {}), self.aggregate),
            histogram=counting.histogram(answer.get("aggregations", {})),
            stories=self._stories(total) if query.count_stories else None,
            next=encode_cursor(query, rows[-1].position) if more else None,
        )

    def every_hit(self) -> Iterator[Hit]:
        after: Position | None = None
        while rows := self._read(after, _SCAN_PAGE, None):
            for row in rows:
                yield self._hit(row)
            after = rows[-1].position

    def _hit(self, row: Row[Json]) -> Hit:
        shown = row.handle.get("_source")
        return make_hit(self._query, row, shown[SHOWN]) if shown else bare_hit(row, row.handle["_id"])

    def _read(self, after: Position | None, limit: int, stories: InStories | None) -> list[Row[Json]]:
        return _rows(self._send(**self._page(after, limit, stories), track_total_hits=False))

    def _skim(self, after: Position | None, limit: int, stories: InStories | None) -> list[Row[Json]]:
        """As `_read`, without the articles: of many rows that are looked through, few are shown."""
        return _rows(self._send(**{**self._page(after, limit, stories), "source": False}, track_total_hits=False))

    def _with_articles(self, rows: list[Row[Json]]) -> list[Row[Json]]:
        """Those of the rows whose articles are still there, and the articles."""
        if not rows or not self._source:
            return rows
        ids = [row.handle["_id"] for row in rows]
        answer = self._send(query={"ids": {"values": ids}}, size=len(ids), source=self._source, track_total_hits=False)
        found = {hit["_id"]: hit for hit in answer["hits"]["hits"]}
        return [replace(row, handle=found[row.handle["_id"]]) for row in rows if row.handle["_id"] in found]

    def _page(self, after: Position | None, limit: int, stories: InStories | None = None) -> Json:
        query = self._ranked
        if stories:
            query = {"bool": {"must": [query], "filter": [translate(stories)]}}
        return {
            "query": query,
            "sort": self._sort,
            "size": limit,
            "search_after": [after.score, after.sort_key, after.id_key] if after else None,
            "source": self._source,
            "docvalue_fields": [STORY_KEY],
        }

    def facets(self, asked: tuple[FacetRequest, ...]) -> dict[Keyword, tuple[FacetCount, ...]]:
        counting = Counting(replace(self._query, facets=asked, histogram=False), _MOST_BUCKETS, "shard_size")
        return counting.facets(self.aggregate(counting.wanted()), self.aggregate)

    def aggregate(self, wanted: Aggregations) -> Mapping[str, Any]:
        answer = self._send(query=self._wanted, size=0, track_total_hits=False, aggregations=wanted)
        aggregations: Mapping[str, Any] = answer["aggregations"]
        return aggregations

    def tabulate(self, wanted: Aggregations) -> Mapping[str, Any]:
        """Aggregations, and `total`. The buckets of stories are many and only counted: they stay where they are."""
        answer = self._send(
            query=self._wanted,
            size=0,
            track_total_hits=True,
            aggregations=wanted,
            filter_path="hits.total,aggregations,-aggregations.**.stories",
        )
        return {**answer.get("aggregations", {}), "total": _total(answer)}

    def _story_sizes(self, stories: InStories) -> dict[int, int]:
        answer = self._send(
            query={"bool": {"filter": [self._wanted, translate(stories)]}},
            size=0,
            track_total_hits=False,
            aggregations={"stories": {"terms": {"field": STORY_KEY, "size": len(stories.keys)}}},
        )
        return {bucket["key"]: bucket["doc_count"] for bucket in answer["aggregations"]["stories"]["buckets"]}

    def _stories(self, total: int) -> int:
        """Exactly: the server's own distinct count is an estimate."""
        passes = total // _STORIES_PASS + 1
        return sum(self._stories_of_pass(number, passes) for number in range(passes)) if total else 0

    def _stories_of_pass(self, number: int, passes: int) -> int:
        terms: Json = {"field": STORY_KEY, "size": _MOST_BUCKETS, "shard_size": _MOST_BUCKETS}
        if passes > 1:
            terms["include"] = {"partition": number, "num_partitions": passes}
        # Only the number of buckets travels back, not the buckets.
        answer = self._send(
            query=self._wanted,
            size=0,
            track_total_hits=False,
            aggregations={"stories": {"terms": terms}, "number": {"stats_bucket": {"buckets_path": "stories._count"}}},
            filter_path="aggregations.number.count",
        )
        count: int = answer["aggregations"]["number"]["count"]
        return count


def _total(answer: Mapping[str, Any]) -> int:
    total: int = answer["hits"]["total"]["value"]
    return total


def _rows(answer: Mapping[str, Any]) -> list[Row[Json]]:
    rows = []
    for hit in answer["hits"]["hits"]:
        score, sort_key, id_key = hit["sort"][:3]  # a snapshot adds a place of its own
        rows.append(Row(Position(int(score), sort_key, id_key), hit["fields"][STORY_KEY][0], hit))
    return rows
