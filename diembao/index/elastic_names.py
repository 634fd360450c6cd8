"""Which Elasticsearch index answers, and how another takes over."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from elasticsearch import BadRequestError, ConflictError, Elasticsearch, NotFoundError

from diembao.errors import IndexBusy
from diembao.index.elastic_errors import server_errors
from diembao.index.elastic_schema import index_settings, mappings

# Making, switching and removing indexes is work of the whole cluster, and what hangs on it is a rebuild of hours.
_PATIENCE = 60.0
# A rebuild that has not been heard of for so long (seconds) is taken for dead.
_DEAD_AFTER = 300
_HEARTBEAT = 20


class Names:
    """Aliases and indexes of one installation and schema."""

    def __init__(self, client: Elasticsearch, name: str, schema: str, shards: int, replicas: int) -> None:
        self._client = client
        self._patient = client.options(request_timeout=_PATIENCE)
        self._name = name
        self._home = f"{name}-{schema}"
        self._shards = shards
        self._replicas = replicas
        self._ensured = False
        self.read = f"{self._home}-read"
        self.write = f"{self._home}-write"

    def ensure(self, again: bool = False) -> None:
        """Make the first index where there is none. Of several processes at once one makes it: its name is fixed."""
        if self._ensured and not again:
            return
        with server_errors():
            if not self._client.indices.exists_alias(name=[self.read]):
                with suppress(BadRequestError):  # another process was faster
                    first = {self.read: {}, self.write: {"is_write_index": True}}
                    self._create(self._client, f"{self._home}-first", first)
        self._ensured = True

    def _create(self, client: Elasticsearch, index: str, aliases: dict[str, dict[str, bool]]) -> None:
        client.indices.create(
            index=index,
            settings=index_settings(self._shards, self._replicas),
            mappings=mappings(),
            aliases=aliases,
            wait_for_active_shards="1",
        )

    @contextmanager
    def successor(self) -> Iterator[tuple[str, Callable[[], None]]]:
        """A new empty index, and what to call now and then while it is being filled. When the block ends well
        the index takes over in one step and the others are removed.

        Raises:
            IndexBusy: another process is filling one.
        """
        self.ensure()
        with self._rebuild_lock() as keep_alive:
            self._remove_unused()
            index = f"{self._home}-{datetime.now(UTC):%Y%m%d%H%M%S%f}"
            with server_errors():
                self._create(self._patient, index, {})
            try:
                yield index, keep_alive
                self._switch_to(index)
            except BaseException:
                with server_errors():
                    self._patient.indices.delete(index=index, ignore_unavailable=True)
                raise
            self._remove_unused()
            self._remove_other_schemas()

    def _switch_to(self, index: str) -> None:
        with server_errors():
            self._patient.indices.refresh(index=index)
            self._patient.indices.update_aliases(
                actions=[
                    {"remove": {"index": f"{self._home}-*", "alias": self.read}},
                    {"remove": {"index": f"{self._home}-*", "alias": self.write}},
                    {"add": {"index": index, "alias": self.read}},
                    {"add": {"index": index, "alias": self.write, "is_write_index": True}},
                ]
            )

    def _remove_unused(self) -> None:
        """Indexes of this schema that no alias names: replaced ones, and those of rebuilds that died."""
        with server_errors():
            held = self._patient.indices.get_alias(index=f"{self._home}-*").body
            unused = [index for index, about in held.items() if not about["aliases"]]
            if unused:
                self._patient.indices.delete(index=unused, ignore_unavailable=True)

    def _remove_other_schemas(self) -> None:
        with server_errors():
            held = self._patient.indices.get_alias(index=f"{self._name}-*").body
            others = [
                index
                for index, about in held.items()
                if not index.startswith(self._home)
                and any(alias.startswith(f"{self._name}-") and alias.endswith("-read") for alias in about["aliases"])
            ]
            if others:
                self._patient.indices.delete(index=others, ignore_unavailable=True)

    @contextmanager
    def _rebuild_lock(self) -> Iterator[Callable[[], None]]:
        """A document that says when the rebuild was last heard of: it outlives a process that is killed."""
        index, identity = f"{self._name}-locks", self._home
        self._make_locks(index)
        self._take_lock(index, identity)
        last = time.monotonic()

        def keep_alive() -> None:
            nonlocal last
            if time.monotonic() - last > _HEARTBEAT:
                last = time.monotonic()
                with server_errors():
                    self._patient.index(index=index, id=identity, document={"heard": time.time()})

        try:
            yield keep_alive
        finally:
            with server_errors(), suppress(NotFoundError):
                self._patient.delete(index=index, id=identity)

    def _make_locks(self, index: str) -> None:
        with server_errors(), suppress(BadRequestError):  # there already
            self._patient.indices.create(
                index=index,
                settings={"number_of_shards": 1, "number_of_replicas": self._replicas},
                mappings={"dynamic": "strict", "properties": {"heard": {"type": "double", "index": False}}},
            )

    def _take_lock(self, index: str, identity: str) -> None:
        busy = IndexBusy("the search index is being rebuilt by another process")
        with server_errors(pass_on=ConflictError):
            try:
                self._patient.create(index=index, id=identity, document={"heard": time.time()})
            except ConflictError:
                held = self._patient.get(index=index, id=identity)
                if time.time() - held["_source"]["heard"] < _DEAD_AFTER:
                    raise busy from None
                try:
                    self._patient.index(
                        index=index,
                        id=identity,
                        document={"heard": time.time()},
                        if_seq_no=held["_seq_no"],
                        if_primary_term=held["_primary_term"],
                    )
                except ConflictError:
                    raise busy from None
