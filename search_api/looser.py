"""A query that asks for less: what is tried for somebody who found nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from diembao.index.language import MAX_LENGTH, And, Node, Not, Or, render

# Each costs one count of the index.
_MOST_WORDS_TRIED = 6


def looser(tree: Node | None) -> Iterator[tuple[Literal["without", "any"], Node, str]]:
    """The query without one of its parts (and that part as typed), then with any of its words enough.

    Only what can be written as a query again: `TP.HCM` is longer as the phrase it stands for.
    """
    for way, node, word in _ways(tree):
        if len(render(node)) <= MAX_LENGTH:
            yield way, node, word


def _ways(tree: Node | None) -> Iterator[tuple[Literal["without", "any"], Node, str]]:
    if not isinstance(tree, And):
        return
    for position, node in enumerate(tree.nodes[:_MOST_WORDS_TRIED]):
        rest = (*tree.nodes[:position], *tree.nodes[position + 1 :])
        yield "without", (rest[0] if len(rest) == 1 else And(rest)), render(node)
    wanted = tuple(node for node in tree.nodes if not isinstance(node, Not))
    if len(wanted) > 1:
        yield "any", Or(wanted), ""
