"""Counts for Prometheus: requests as they pass, the state of store and index when asked."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from diembao.errors import DiembaoError
from diembao.store import changes, outbox, pulse, stories
from search_api.resources import Resources

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """One registry a web process."""

    def __init__(self, resources: Resources) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_StateCollector(resources))
        labels = ("method", "route")
        self._requests = Counter(
            "diembao_http_requests", "Requests answered", (*labels, "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "diembao_http_request_seconds", "Time to answer", labels, registry=self._registry, buckets=_SECONDS
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        # A made-up method must not make a new series.
        method = method if method in _METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def text(self) -> bytes:
        """The exposition format; asks store and index."""
        return generate_latest(self._registry)


class _StateCollector(Collector):
    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def describe(self) -> list[Metric]:
        """Nothing is asked of store and index when this is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        yield from self._of_store()
        yield from self._of_index()

    def _of_store(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("diembao_store_up", "Whether the database answers")
        by_state = GaugeMetricFamily("diembao_stories", "Stories by state", labels=["state"])
        waiting = GaugeMetricFamily("diembao_outbox_depth", "Changes the index has not taken over")
        refused = GaugeMetricFamily("diembao_outbox_refused", "Changes the index refused for good")
        heard = GaugeMetricFamily("diembao_sources", "Sources by the state of their pulse", labels=["state"])
        source_bad = GaugeMetricFamily(
            "diembao_source_bad_runs", "Runs in a row in which a source was not well", labels=["source", "state"]
        )
        events = GaugeMetricFamily(
            "diembao_source_events_waiting", "Changes and removals at newspapers to be acted on", labels=["kind"]
        )
        try:
            with self._resources.store.read() as session:
                for each in pulse.pulses(session).values():
                    if each.bad_runs:
                        source_bad.add_metric([each.source, each.state], each.bad_runs)
                for state, number in pulse.count_by_state(session).items():
                    heard.add_metric([state], number)
                for kind, number in changes.counts_waiting(session).items():
                    events.add_metric([kind], number)
                for state, number in stories.count_by_state(session).items():
                    by_state.add_metric([state], number)
                waiting.add_metric([], outbox.depth(session))
                refused.add_metric([], outbox.count_refused(session))
            up.add_metric([], 1)
        except DiembaoError:
            up.add_metric([], 0)
        yield from (heard, source_bad, events)
        yield from (up, by_state, waiting, refused)

    def _of_index(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("diembao_index_up", "Whether the search index answers")
        documents = GaugeMetricFamily("diembao_index_documents", "Articles in the search index")
        size = GaugeMetricFamily("diembao_index_bytes", "Size of the search index")
        try:
            status = self._resources.index.status()
            documents.add_metric([], status.documents)
            size.add_metric([], status.size_bytes)
            up.add_metric([], 1)
        except DiembaoError:
            up.add_metric([], 0)
        yield from (up, documents, size)
