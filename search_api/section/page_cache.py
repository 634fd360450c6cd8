"""Finished pages, kept for as long as nothing published can have changed.

The key holds the newest row of audit log and trail and the minute, so a change shows with the next request
and whatever only time changes shows within a minute. A page costs one small query when it is in here.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass

# Some 40 kB a page: 20 MB at most.
PAGES = 512
_LARGEST = 512 * 1024


@dataclass(frozen=True, slots=True)
class Page:
    """A finished answer. Only 200 is kept."""

    body: bytes
    media_type: str = "text/html; charset=utf-8"
    status: int = 200
    max_age: int = 60
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def etag(self) -> str:
        """Weak, because the same page may travel compressed."""
        return f'W/"{hashlib.sha256(self.body).hexdigest()[:20]}"'


class PageCache:
    """Least recently used pages go first. Safe to share between threads."""

    def __init__(self, pages: int = PAGES) -> None:
        self._pages = pages
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[object, ...], Page] = OrderedDict()

    def get(self, key: tuple[object, ...]) -> Page | None:
        with self._lock:
            page = self._kept.get(key)
            if page is not None:
                self._kept.move_to_end(key)
            return page

    def put(self, key: tuple[object, ...], page: Page) -> None:
        if page.status != 200 or len(page.body) > _LARGEST:
            return
        with self._lock:
            self._kept[key] = page
            while len(self._kept) > self._pages:
                self._kept.popitem(last=False)
