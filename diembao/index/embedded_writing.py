"""Writing to one generation of the embedded index, with external versions, which the engine does not know."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from diembao.index.analysis import VERSION, Analysed, analyse, check_identity
from diembao.index.embedded_schema import build_document, build_tombstone, translate
from diembao.index.generations import sweep_orphans
from diembao.index.plan import HasAny
from diembao.index.protocol import Deletion, IndexDocument, Keyword, Rejection, WriteReport
from diembao.index.tantivy_errors import engine_errors

_HEAP = 64_000_000  # bytes; more made no measured difference to the rate, only to the memory
_SMALL = 20_000  # uncommitted documents that a rebuild keeps in mind at most


class Writing:
    """The writer of one generation, from the first write to `close`. Callers see to it that one thread is in it.

    keep_small: commit by itself now and then; for a generation that nobody reads yet.
    """

    def __init__(self, index: Any, schema: Any, directory: Path, keep_small: bool = False) -> None:
        """Raises IndexBusy while another process writes."""
        self.directory = directory
        self._index = index
        self._schema = schema
        self._keep_small = keep_small
        self._pending: dict[str, int] = {}
        with engine_errors():
            self._writer = index.writer(_HEAP, 1)
            sweep_orphans(directory)
            index.reload()

    @property
    def has_pending(self) -> bool:
        """Whether something is written and not committed."""
        return bool(self._pending)

    def add(self, documents: Sequence[IndexDocument]) -> WriteReport:
        analysed: list[Analysed] = []
        rejected: list[Rejection] = []
        for document in documents:
            try:
                analysed.append(analyse(document))
            except ValueError as error:
                rejected.append(Rejection(document.id, str(error)))
        return self._write(analysed, rejected)

    def delete(self, deletions: Sequence[Deletion]) -> WriteReport:
        good: list[Deletion] = []
        rejected: list[Rejection] = []
        for deletion in deletions:
            try:
                check_identity(deletion.id, deletion.version)
                good.append(deletion)
            except ValueError as error:
                rejected.append(Rejection(deletion.id, str(error)))
        return self._write(good, rejected)

    def commit(self) -> None:
        if self._pending:
            with engine_errors():
                self._writer.commit()
                self._index.reload()
            self._pending.clear()

    def close(self) -> None:
        """Drop what is not committed and let go of the lock."""
        with engine_errors():
            if self._pending:
                self._writer.rollback()
                self._pending.clear()
            self._writer.wait_merging_threads()

    def _write(self, changes: Sequence[Analysed | Deletion], rejected: Sequence[Rejection]) -> WriteReport:
        known = self._known(changes)
        accepted = sum(self._replace(known, change) for change in changes)
        if self._keep_small and len(self._pending) > _SMALL:
            self.commit()
        return WriteReport(accepted, len(changes) - accepted, tuple(rejected))

    def _known(self, changes: Sequence[Analysed | Deletion]) -> dict[str, int]:
        """The versions held of these documents, deletion marks and uncommitted writes included."""
        identities = tuple({change.id for change in changes})
        if not identities:
            return {}
        with engine_errors():
            searcher = self._index.searcher()
            field = Keyword.ID.value
            query = translate(self._schema, HasAny(field, identities))
            hits = searcher.search(query, limit=len(identities), count=False, order_by_field=field).hits
            versions = searcher.fast_field_values(VERSION, [address for _, address in hits])
        known = {identity: version for (identity, _), version in zip(hits, versions, strict=True)}
        known.update((identity, self._pending[identity]) for identity in identities if identity in self._pending)
        return known

    def _replace(self, known: dict[str, int], change: Analysed | Deletion) -> bool:
        """Write the change if it is newer than what is held."""
        held = known.get(change.id)
        if held is not None and held >= change.version:
            return False
        document = build_document(change) if isinstance(change, Analysed) else build_tombstone(change)
        with engine_errors():
            if held is not None:
                self._writer.delete_documents_by_term(Keyword.ID.value, change.id)
            self._writer.add_document(document)
        known[change.id] = self._pending[change.id] = change.version
        return True
