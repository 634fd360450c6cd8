"""Answers of one snapshot of an index, kept to be given again: the same question has the same answer until the next
commit. Analysts open the same figures all morning, page through one search, and go back."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Answers:
    """Those asked for least recently go first. Safe to share between threads; what two ask for at once is found twice.

    most: so much weight is kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._used = 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()

    def of(self, question: Hashable, find: Callable[[], T], weight: Callable[[T], int]) -> T:
        """The answer that is kept, or what `find` finds now."""
        with self._lock:
            kept = self._kept.get(question)
            if kept is not None:
                self._kept.move_to_end(question)
                found: T = kept[0]
                return found
        found = find()
        heavy = weight(found)
        with self._lock:
            if question not in self._kept and heavy <= self._most:
                self._kept[question] = (found, heavy)
                self._used += heavy
                while self._used > self._most:
                    _, (_, freed) = self._kept.popitem(last=False)
                    self._used -= freed
        return found
