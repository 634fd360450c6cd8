"""What happened to the articles between two commits, found without reading them.

Of each block of fifty neighbouring numbers (`embedded_numbers`) the engine adds up the powers of two and the versions.
The first sum says which articles there are; a version only ever grows, so where both sums are the same, nothing has
changed. The engine does this at a twentieth of what reading all articles takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from diembao.index.analysis import LIVE, MARK, VERSION
from diembao.index.embedded_numbers import BY_BLOCK, SUM, Numbers, parts_of, places_in_blocks
from diembao.index.embedded_schema import BLOCK, NUMBER, translate
from diembao.index.plan import Has
from diembao.index.tantivy_errors import engine_errors

_BLOCKS, _VERSIONS, _HIGHEST, _ALL = "blocks", "versions", "highest", "all"
_WANTED = {_BLOCKS: {**BY_BLOCK, "aggs": {**BY_BLOCK["aggs"], _VERSIONS: {"sum": {"field": VERSION}}}}}
_EXACT = 2**52  # sums beyond are rounded by the engine


@dataclass(frozen=True, slots=True)
class Stamps:
    """Of every block of one snapshot that has articles, by the block's number: both sums."""

    blocks: Numbers
    bits: Numbers
    versions: Numbers

    @staticmethod
    def read(searcher: Any, schema: Any) -> Stamps | None:
        """None where they would not be exact: articles without a number, or versions beyond all measure."""
        live = translate(schema, Has(MARK, LIVE))
        with engine_errors():
            answer = searcher.aggregate(
                live, {_HIGHEST: {"max": {"field": NUMBER}}, _ALL: {"value_count": {"field": VERSION}}}
            )
            highest, number = int(answer[_HIGHEST]["value"] or 0), int(answer[_ALL]["value"])
            buckets = [
                bucket
                for part in parts_of(schema, live, highest)
                for bucket in searcher.aggregate(part, _WANTED)[_BLOCKS]["buckets"]
            ]
        keys, bits, versions = (
            np.array(values, np.float64)
            for values in (
                [bucket["key"] for bucket in buckets],
                [bucket[SUM]["value"] for bucket in buckets],
                [bucket[_VERSIONS]["value"] for bucket in buckets],
            )
        )
        if sum(bucket["doc_count"] for bucket in buckets) != number or (versions >= _EXACT).any():
            return None
        return Stamps(keys.astype(np.int64) // BLOCK, bits.astype(np.int64), versions.astype(np.int64))

    def changed(self, before: Stamps) -> Numbers:
        """The blocks in which anything is different, in rising order."""
        size = 1 + max((int(stamps.blocks[-1]) for stamps in (self, before) if len(stamps.blocks)), default=-1)
        return np.flatnonzero((self._dense(size) != before._dense(size)).any(axis=0))

    def numbers_in(self, blocks: Numbers) -> Numbers:
        """The numbers of the articles that these blocks hold, in rising order."""
        here = np.isin(self.blocks, blocks)
        return places_in_blocks(self.blocks[here] * BLOCK, self.bits[here])

    def _dense(self, size: int) -> Numbers:
        sums: Numbers = np.zeros((2, size), np.int64)
        sums[:, self.blocks] = self.bits, self.versions
        return sums
