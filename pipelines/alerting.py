"""The worker's part in alerts: one thread keeps the watch and queues what is due, another calls webhooks.

Neither runs in the loop that reads and indexes, so that however many alerts there are, and however slow a receiver is,
an article is searchable as soon as before. Of several workers one does each at a time.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Final

from diembao.errors import IndexUnavailable, StoreUnavailable
from diembao.index.protocol import SearchIndex
from diembao.newsroom.analysis.alerts.calling import Caller
from diembao.newsroom.analysis.alerts.telling import queue_due
from diembao.newsroom.analysis.alerts.watching import Watch
from diembao.newsroom.seal import Seal
from diembao.newsroom.sessions import Sessions
from diembao.settings import Settings
from diembao.store import letters, outgoing
from diembao.store.database import Store
from diembao.store.models import AlertDeliveryRow
from pipelines.indexing import documents_of

logger = logging.getLogger(__name__)

_IDLE_SECONDS: Final = 1.0
_FAULT_SECONDS: Final = 10.0
_TIDY_SECONDS: Final = 86_400.0
# What was called is kept so long, to be looked up when somebody asks what they were told.
_KEPT: Final = timedelta(days=90)


def watch_over(store: Store, index: SearchIndex, settings: Settings) -> Watch:
    """A watch over what is indexed.

    Raises:
        WrongUse: the office's list of sessions cannot be read.
    """
    return Watch(store, index, settings.data_dir, documents_of, Sessions.load(settings.sessions_file))


def keep_watching(
    store: Store,
    watch: Watch,
    stop: Event,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Look at what came in and queue what is due, until `stop` is set. What cannot be looked at waits."""
    tidy_from = time.monotonic() + _TIDY_SECONDS / 24
    while not stop.is_set():
        pause = _IDLE_SECONDS
        try:
            found = watch.round(now())
            queued = queue_due(store, now())
            if found or queued:
                logger.info("alerts found %d things, %d have something to tell", found, queued)
            if time.monotonic() >= tidy_from:
                tidy_from = time.monotonic() + _TIDY_SECONDS
                _forget_old(store, now())
        except (StoreUnavailable, IndexUnavailable) as error:
            logger.warning("alerts wait: %s", error)
            pause = _FAULT_SECONDS
        stop.wait(pause)


def keep_calling(store: Store, settings: Settings, seal: Seal, stop: Event) -> None:
    """Call the webhooks whose time has come, until `stop` is set."""
    caller = Caller(store, settings, seal)
    while not stop.is_set():
        pause = _IDLE_SECONDS
        try:
            caller.deliver(stop.is_set)
        except StoreUnavailable as error:
            logger.warning("webhooks wait: %s", error)
            pause = _FAULT_SECONDS
        stop.wait(pause)


def _forget_old(store: Store, now: datetime) -> None:
    with store.write() as session:
        outgoing.forget_old(session, AlertDeliveryRow, now - _KEPT)
        letters.forget_old(session, now)
