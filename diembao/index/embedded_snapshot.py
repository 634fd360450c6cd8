"""What an embedded index holds at one moment, and the handle it is read through."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from diembao.index.answers import Answers
from diembao.index.embedded_columns import Columns
from diembao.index.embedded_schema import open_index
from diembao.index.protocol import Keyword
from diembao.index.tantivy_errors import engine_errors

_COMMITTED = "meta.json"  # which segments there are: replaced by every commit
_MOST_KEPT = 400_000  # parts of answers of some 100 bytes


class OpenGeneration:
    """A generation that is open. The engine wants one handle for reading and writing."""

    def __init__(self, directory: Path, schema: Any) -> None:
        self.directory = directory
        self._schema = schema
        self._lock = threading.Lock()
        # Before it is opened: a snapshot is never older than its mark says.
        mark = self._mark()
        with engine_errors():
            self.index = open_index(schema, str(directory))
            self._snapshot = Snapshot(mark, self.index.searcher(), schema)

    def snapshot(self) -> Snapshot:
        """What was committed last, by whomever.

        Raises:
            IndexUnavailable: also when a rebuild elsewhere is just removing this generation.
        """
        mark = self._mark()
        with self._lock:
            if mark not in ("", self._snapshot.mark):
                with engine_errors():
                    self.index.reload()
                    self._snapshot = self._snapshot.successor(mark, self.index.searcher())
            return self._snapshot

    def _mark(self) -> str:
        """Of the last commit; "" when a rebuild has removed it: what is open can still be read."""
        try:
            stat = (self.directory / _COMMITTED).stat()
        except FileNotFoundError:
            return ""
        return f"{self.directory.name}-{stat.st_ino}-{stat.st_mtime_ns}"


class Snapshot:
    """The articles as one commit left them. mark: differs from that of every other commit."""

    def __init__(self, mark: str, searcher: Any, schema: Any, before: Columns | None = None) -> None:
        """before: of an earlier snapshot of the same generation."""
        self.mark, self.searcher = mark, searcher
        self._schema = schema
        self._lock = threading.Lock()
        self._before = before
        self._columns: Columns | None = None
        self.answers = Answers(_MOST_KEPT)
        self._learning: set[Keyword] = set()
        self._is_past = False

    def successor(self, mark: str, searcher: Any) -> Snapshot:
        """What a later commit has left. What is still to be learned of this one is not worth it any more."""
        self._is_past = True
        return Snapshot(mark, searcher, self._schema, self._columns or self._before)

    @property
    def columns(self) -> Columns:
        with self._lock:  # whoever comes meanwhile waits, instead of reading the same
            if self._columns is None:
                self._columns = Columns.read(self.searcher, self._schema, self._before)
                self._before = None
            return self._columns

    def learn(self, fields: Sequence[Keyword], learner: Executor) -> None:
        """Begin to tally fields that are not tallied yet. When it fails nothing is lost but time: the engine is asked
        as before, and says itself what is wrong."""
        columns = self.columns
        with self._lock:
            for field in fields:
                if columns.tally(field) is None and field not in self._learning:
                    self._learning.add(field)
                    learner.submit(self._learn, columns, field)

    def _learn(self, columns: Columns, field: Keyword) -> None:
        if not self._is_past:
            columns.learn(field)
