"""Finished pages, kept for as long as nothing published can have changed.

The key holds the newest row of audit log and trail and the minute, so a change shows with the next request
and whatever only time changes shows within a minute. A page costs one small query when it is in here.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from search_api.conditional import tag_of

# Some 800 pages of the usual 40 kB. One page may take an eighth of it: the sitemap of some 100,000 stories.
BYTES = 32 * 1024 * 1024
_LARGEST_SHARE = 8


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
        return tag_of(self.body)


class PageCache:
    """Least recently used pages go first. Safe to share between threads."""

    def __init__(self, size: int = BYTES) -> None:
        self._size = size
        self._used = 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[object, ...], Page] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: tuple[object, ...]) -> Page | None:
        with self._lock:
            page = self._kept.get(key)
            if page is not None:
                self._kept.move_to_end(key)
            return page

    def put(self, key: tuple[object, ...], page: Page) -> None:
        if page.status != 200 or len(page.body) > self._size // _LARGEST_SHARE:
            return
        with self._lock:
            if (old := self._kept.pop(key, None)) is not None:
                self._used -= len(old.body)
            self._kept[key] = page
            self._used += len(page.body)
            while self._used > self._size:
                _, gone = self._kept.popitem(last=False)
                self._used -= len(gone.body)
