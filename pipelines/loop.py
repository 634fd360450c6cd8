"""The half of the worker that needs no network: understand and publish by policy, again and again; beside it, for an
engine that is away or slow must not hold up the articles, the index."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Event

from diembao import memory
from diembao.errors import ArchiveError, IndexBusy, IndexUnavailable, StoreUnavailable
from diembao.index.protocol import SearchIndex
from diembao.newsroom.analysis.summaries import queue_summaries
from diembao.newsroom.operator_mail import tell_operator
from diembao.newsroom.publishing import publish_by_policy, publish_scheduled
from diembao.newsroom.pulse import take_pulse
from diembao.newsroom.takedowns import follow_source
from diembao.settings import Settings
from diembao.store import keeping
from diembao.store.archive import ArchiveWriter
from diembao.store.database import Store
from diembao.store.locks import exclusive
from pipelines.indexing import LOCK, drain, make_anew_if_empty
from pipelines.pushed import take_in
from pipelines.runner import process_pending
from pipelines.steps import Tools
from pipelines.understanding import Hands

logger = logging.getLogger(__name__)

# Short enough that an article is searchable within seconds of being fetched, long enough to cost nothing.
_IDLE_SECONDS = 1.0
_FAULT_SECONDS = 10.0
# A batch of pages may take longer than a sign of life, should monstrous ones be among them.
_PAGE_LEASES = 4
_THIN_SECONDS = 86_400.0
_SUMMARIES_SECONDS = 30.0
# What was understood is published so often, however much there is still to read.
_ROUND_SECONDS = 3.0
# While pages keep coming in they are read at once; the index is told when none has come for so long.
LINGER_SECONDS = 0.3


def run(
    store: Store,
    index: SearchIndex,
    tools: Tools,
    settings: Settings,
    stop: Event,
    *,
    hands: Hands | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Work until `stop` is set. A store or engine that is away is waited for; nothing is lost meanwhile.

    hands: who takes pages through the steps; this process itself when not given.
    """
    with ThreadPoolExecutor(1, "indexing") as beside:
        indexing = beside.submit(_keep_indexing, store, index, settings, stop, now)
        # Should one of the two fall, so does the other: a worker that does half of its work is not seen to be ill.
        indexing.add_done_callback(lambda _: stop.set())
        try:
            _keep_understanding(store, tools, settings, stop, hands, now)
        finally:
            stop.set()
        indexing.result()


def _keep_understanding(
    store: Store,
    tools: Tools,
    settings: Settings,
    stop: Event,
    hands: Hands | None,
    now: Callable[[], datetime],
) -> None:
    pulse_from = 0.0
    thin_from = time.monotonic() + _THIN_SECONDS / 24
    archive = ArchiveWriter(settings.archive_dir)
    while not stop.is_set():
        try:
            take_in(store, archive, now())
            if time.monotonic() >= pulse_from:
                pulse_from = time.monotonic() + settings.pulse_minutes * 60
                _pulse(store, settings, now())
                memory.give_back_what_is_free()
            if time.monotonic() >= thin_from:
                thin_from = time.monotonic() + _THIN_SECONDS
                _thin_archive(store, settings, now())
            until = time.monotonic() + _ROUND_SECONDS
            tally = process_pending(
                store,
                tools,
                hands=hands,
                stop=stop.is_set,
                enough=_reached(until),
                now=now,
                lease_seconds=_PAGE_LEASES * settings.lease_seconds,
                linger=LINGER_SECONDS,
            )
            published = _newsroom(store, settings, now())
            if tally.outcomes:
                logger.info("articles %s", tally, extra={"published": published})
            pause = 0.0 if time.monotonic() >= until else _IDLE_SECONDS  # there may be more to read
        except StoreUnavailable as error:
            logger.error("the store is away: %s", error)
            pause = _FAULT_SECONDS
        stop.wait(pause)
    archive.close()


def _keep_indexing(
    store: Store, index: SearchIndex, settings: Settings, stop: Event, now: Callable[[], datetime]
) -> None:
    """Hand changes to the index, and write what is made by asking it, until `stop` is set."""
    summaries_from = 0.0
    is_whole = False
    while not stop.is_set():
        pause = _IDLE_SECONDS
        try:
            if not is_whole:  # before the first change would make an empty index look like one that is not
                _make_whole(store, index, settings, stop)
                is_whole = True
            with exclusive(store, settings.data_dir, LOCK) as alone:
                # Else a new index is just taking over; the changes wait for it.
                if alone:
                    drain(store, index, stop=stop.is_set)
            if time.monotonic() >= summaries_from:
                summaries_from = time.monotonic() + _SUMMARIES_SECONDS
                if queued := queue_summaries(store, index, now()):
                    logger.info("%d summaries of saved searches queued", queued)
        except StoreUnavailable as error:
            logger.error("the store is away, changes wait: %s", error)
            pause = _FAULT_SECONDS
        except IndexUnavailable as error:
            logger.warning("the index is away, changes wait: %s", error)
            pause = _FAULT_SECONDS
        stop.wait(pause)


def _make_whole(store: Store, index: SearchIndex, settings: Settings, stop: Event) -> None:
    try:
        held = make_anew_if_empty(store, index, settings.data_dir, stop=stop.is_set)
    except IndexBusy as error:  # an operator's rebuild, or another worker's, does it
        logger.info("%s", error)
        return
    if held is not None:
        logger.warning("the search index was made anew", extra={"articles": held})


def _pulse(store: Store, settings: Settings, now: datetime) -> None:
    """One of several workers looks whether all sources do well."""
    with exclusive(store, settings.data_dir, "pulse") as alone:
        if alone:
            take_pulse(store, now, lambda news: tell_operator(settings, news))


def _newsroom(store: Store, settings: Settings, now: datetime) -> int:
    """What the newsroom does without people: take down what newspapers took back, then publish what was scheduled and
    what the policy covers; returns how many were published."""
    with exclusive(store, settings.data_dir, "publishing") as alone:
        if not alone:
            return 0
        followed = follow_source(store, settings, now)
        if followed.taken_down or followed.told:
            logger.warning("newspapers changed articles", extra={"down": followed.taken_down, "told": followed.told})
        return publish_scheduled(store, settings, now) + publish_by_policy(store, settings, now)


def _thin_archive(store: Store, settings: Settings, now: datetime) -> None:
    """One of several workers drops from the archive what has been kept long enough."""
    with exclusive(store, settings.data_dir, "archive") as alone:
        if not alone:
            return
        try:
            done = keeping.thin(store, settings.archive_dir, now, settings.archive_days)
        except ArchiveError as error:
            logger.error("the archive could not be thinned: %s", error)
            return
        if done.files:
            logger.info("archive: %d pages dropped, %d bytes", done.dropped, done.freed)


def _reached(until: float) -> Callable[[], bool]:
    return lambda: time.monotonic() >= until
