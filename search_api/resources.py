"""Store and index of one web process: opened at the first request that needs them, tried again when that failed."""

from __future__ import annotations

import threading

from diembao.index.opening import open_index
from diembao.index.protocol import SearchIndex
from diembao.settings import Settings
from diembao.store.database import Store, open_store
from search_api.timing import Observe, TimedIndex


class Resources:
    """Safe to share between threads. What was handed in is left open at the end, what was opened here is closed."""

    def __init__(self, settings: Settings, store: Store | None = None, index: SearchIndex | None = None) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._store = store
        self._index = index
        self._observe: Observe | None = None
        self._own_store = store is None
        self._own_index = index is None

    @property
    def store(self) -> Store:
        """Raises: StoreUnavailable, StaleSchema."""
        with self._lock:
            if self._store is None:
                self._store = open_store(self._settings)
            return self._store

    @property
    def index(self) -> SearchIndex:
        """Raises: IndexUnavailable."""
        with self._lock:
            if self._index is None:
                self._index = open_index(self._settings)
            return TimedIndex(self._index, self._observe) if self._observe else self._index

    def watch(self, observe: Observe) -> None:
        """Tell how long each question to the index takes."""
        self._observe = observe

    def close(self) -> None:
        with self._lock:
            if self._store is not None and self._own_store:
                self._store.close()
                self._store = None
            if self._index is not None and self._own_index:
                self._index.close()
                self._index = None
