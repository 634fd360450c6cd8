"""Counts for Prometheus: requests as they pass, the state of store and index when asked."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from diembao.errors import DiembaoError
from diembao.store import changes, outbox, pages, profiles, pulse, sources, stories
from search_api.resources import Resources

logger = logging.getLogger(__name__)

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
# Set by `diembao.cli.web` for its children; the library then keeps all counts in files there.
_COUNTS_OF_ALL = "PROMETHEUS_MULTIPROC_DIR"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """One registry a web process; where several share a port, `text` adds up what all have counted."""

    def __init__(self, resources: Resources, now: Callable[[], datetime]) -> None:
        self._state = _StateCollector(resources, now)
        self._registry = CollectorRegistry()
        labels = ("method", "route")
        self._requests = Counter(
            "diembao_http_requests", "Requests answered", (*labels, "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "diembao_http_request_seconds", "Time to answer", labels, registry=self._registry, buckets=_SECONDS
        )
        self._questions = Histogram(
            "diembao_search_seconds",
            "Time the search index took to answer a question",
            ("question", "outcome"),
            registry=self._registry,
            buckets=_SECONDS,
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        # A made-up method must not make a new series.
        method = method if method in _METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def question(self, name: str, outcome: str, seconds: float) -> None:
        self._questions.labels(name, outcome).observe(seconds)

    def text(self) -> bytes:
        """The exposition format; asks store and index."""
        shown = CollectorRegistry()
        if _COUNTS_OF_ALL in os.environ:
            MultiProcessCollector(shown)  # type: ignore[no-untyped-call]
        else:
            shown.register(_Held(self._registry))
        shown.register(self._state)
        return generate_latest(shown)


class _Held(Collector):
    """What another registry holds."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterable[Metric]:
        return self._registry.collect()


class _StateCollector(Collector):
    def __init__(self, resources: Resources, now: Callable[[], datetime]) -> None:
        self._resources = resources
        self._now = now

    def describe(self) -> list[Metric]:
        """Nothing is asked of store and index when this is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        yield from self._of_store()
        yield from self._of_work()
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
        drifting = GaugeMetricFamily("diembao_profiles_drifting", "Sources whose pages have left their learned profile")
        try:
            with self._resources.store.read() as session:
                drifting.add_metric([], profiles.count_drifting(session))
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
        yield from (heard, source_bad, events, drifting)
        yield from (up, by_state, waiting, refused)

    def _of_work(self) -> Iterator[Metric]:
        """What became of the addresses, what waits for which step, and for how long already."""
        pages_by = GaugeMetricFamily(
            "diembao_pages", "Addresses by state and outcome; their sum is the queue", labels=["state", "outcome"]
        )
        lag = GaugeMetricFamily(
            "diembao_lag_seconds",
            "How long the oldest piece of work waits for this step; 0: none does",
            labels=["step"],
        )
        feeds = GaugeMetricFamily("diembao_feeds", "Feeds by how their last poll went", labels=["status"])
        try:
            with self._resources.store.read() as session:
                for (state, outcome), number in pages.counts(session).items():
                    pages_by.add_metric([state, outcome], number)
                since = pages.waiting_since(session)
                for step, at in (
                    ("fetch", since.get("found")),
                    ("understand", since.get("fetched")),
                    ("index", outbox.oldest(session)),
                ):
                    lag.add_metric([step], max(0.0, (self._now() - at).total_seconds()) if at else 0.0)
                for status, number in sources.feeds_by_status(session).items():
                    feeds.add_metric([status], number)
        except DiembaoError as error:
            logger.warning("what waits cannot be told: %s", error)
        yield from (pages_by, lag, feeds)

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
