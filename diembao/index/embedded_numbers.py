"""Which articles match, as an array of their numbers.

The engine makes two objects of every article that it hands over: half a microsecond each, in which nobody else may
run, and most of what a question about half of the archive cost. Counting is cheap for it, so the numbers come as
counts: of each block of fifty neighbouring numbers, the sum of one power of two for each article that matches. Such
a sum is exact (it has fifty bits, a float holds 53) and says which of the fifty there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diembao.index.embedded_schema import BIT, BLOCK, NUMBER, both, numbers
from diembao.index.tantivy_errors import engine_errors

Numbers = NDArray[np.int64]

_MOST_BLOCKS = 60_000  # the engine returns 65,000 buckets at most
SUM = "bits"
_BLOCKS = "blocks"
# The aggregation that tells numbers, for `numbers_of`.
BY_BLOCK: Mapping[str, Any] = {
    "histogram": {"field": NUMBER, "interval": BLOCK, "min_doc_count": 1},
    "aggs": {SUM: {"sum": {"field": BIT}}},
}


def matching_numbers(searcher: Any, schema: Any, query: Any, highest: int) -> Numbers:
    """In rising order. highest: no article has a higher number; those without a number are not among them."""
    with engine_errors():
        found = [
            numbers_of(searcher.aggregate(part, {_BLOCKS: BY_BLOCK})[_BLOCKS]["buckets"])
            for part in parts_of(schema, query, highest)
        ]
    return found[0] if len(found) == 1 else np.concatenate(found)


def parts_of(schema: Any, query: Any, highest: int) -> Iterator[Any]:
    """The query in as many parts as the engine can count by blocks, in rising order. highest: as above."""
    span = BLOCK * _MOST_BLOCKS
    if highest < span:
        yield query
        return
    for first in range(0, highest + 1, span):
        yield both(query, numbers(schema, NUMBER, first, first + span - 1))


def numbers_of(buckets: Sequence[Mapping[str, Any]]) -> Numbers:
    """The numbers that the buckets of `BY_BLOCK` tell, in rising order."""
    first: Numbers = np.array([bucket["key"] for bucket in buckets], np.float64).astype(np.int64)
    sums: Numbers = np.array([bucket[SUM]["value"] for bucket in buckets], np.float64).astype(np.int64)
    return places_in_blocks(first, sums)


def places_in_blocks(first: Numbers, sums: Numbers) -> Numbers:
    """The numbers that blocks hold. first: of each block the least number it could hold; sums: of powers of two."""
    places = np.arange(BLOCK, dtype=np.int64)
    there = (sums[:, None] >> places) & 1
    within: Numbers = (first[:, None] + places)[there.astype(np.bool_)]
    return within
