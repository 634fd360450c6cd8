"""Parts of a page named by CSS selectors: from a source file's `read` block or from a learned profile."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from diembao.errors import BadSource
from nlp.text import normalise
from pipelines.reading.outline import is_seen, outline_of, take_out_unseen, take_out_unseen_in

PARTS = ("title", "lead", "body", "published", "author", "section", "image", "credit", "drop")
_ATTRIBUTES = {"published": ("datetime", "content", "title"), "image": ("data-src", "data-original", "src", "content")}
_SINGLE = frozenset({"title", "image", "credit"})
# Selectors that look at nothing but the element itself.
_PLAIN = re.compile(r"[\w-]*(?:[.#][\w-]+)*")
_MOST_ELEMENTS = 20


@dataclass(frozen=True, slots=True)
class Picked:
    """The text of each selected part, in document order, and the elements selected as body."""

    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    body: tuple[LexborNode, ...] = ()

    def line(self, part: str) -> str:
        """A part on one line: a lead may stand in several elements, everything else in the first."""
        texts = self.texts.get(part, ())
        return " ".join(texts) if part == "lead" else next(iter(texts), "")


def check_selectors(selectors: Mapping[str, str]) -> None:
    """Refuse an unknown part or a malformed selector (BadSource)."""
    pick(LexborHTMLParser("<p>"), selectors)


def pick(tree: LexborHTMLParser, selectors: Mapping[str, str], *, first: bool = False) -> Picked:
    """Take the selected parts out of a page; elements selected by `drop` are removed from the tree first.

    first: of the body and of parts that have one value the first is enough, and the rest of the tree is not searched;
    and the tree may still hold what is not to be seen: it is taken out of what is selected.
    Raises BadSource for an unknown part or a malformed selector.
    """
    unknown = set(selectors) - set(PARTS)
    if unknown:
        raise BadSource(f"read: unknown part {sorted(unknown)[0]!r}; known are {', '.join(PARTS)}")
    for node in _nodes(tree, "drop", selectors):
        node.decompose()
    texts = {}
    for part in selectors:
        if part not in {"drop", "body"}:
            texts[part] = _first_value(tree, part, selectors) if first else ()
            texts[part] = texts[part] or values_of(_nodes(tree, part, selectors, shown=first), part)
    return Picked(texts, tuple(_nodes(tree, "body", selectors, first=first, shown=first)))


def values_of(nodes: Sequence[LexborNode], part: str) -> tuple[str, ...]:
    """What selected elements say of a part: an attribute for times and pictures, else their text.

    A lead may stand in several elements, but only side by side: others of that name belong to teasers.
    """
    if part == "lead" and nodes:
        together = _parent_id(nodes[0])
        nodes = [node for node in nodes if _parent_id(node) == together]
    values = (_value(node, part) for node in nodes[:_MOST_ELEMENTS])
    return tuple(value for value in values if value)


def _parent_id(node: LexborNode) -> int:
    return node.parent.mem_id if node.parent is not None else 0


def _first_value(tree: LexborHTMLParser, part: str, selectors: Mapping[str, str]) -> tuple[str, ...]:
    """What the first element says, where no other could add to it; nothing where all must be looked for."""
    if part in _SINGLE:
        return values_of(_nodes(tree, part, selectors, first=True, shown=True), part)
    if part == "lead" and _PLAIN.fullmatch(selectors[part]):
        beside = [node.parent for node in _nodes(tree, part, selectors, first=True, shown=True)]
        leads = [node for above in beside if above is not None for node in above.css(selectors[part])]
        return values_of(leads, part) if _are_shown(leads) else ()
    return ()


def _nodes(
    tree: LexborHTMLParser, part: str, selectors: Mapping[str, str], *, first: bool = False, shown: bool = False
) -> list[LexborNode]:
    """The elements a part's selector finds, or the `first` of them.

    shown: found and left as if what is never seen (`outline.UNSEEN`) had been taken out of the whole tree.
    """
    if part not in selectors:
        return []
    found = _found(tree, part, selectors, first=first)
    if shown and not _are_shown(found):
        take_out_unseen(tree)
        found = _found(tree, part, selectors, first=first)
    return found


def _are_shown(found: Sequence[LexborNode]) -> bool:
    """Whether all elements are seen; then what is not is taken out of them, which is most of a page less to search."""
    if not all(map(is_seen, found)):
        return False
    for node in found:
        take_out_unseen_in(node)
    return True


def _found(tree: LexborHTMLParser, part: str, selectors: Mapping[str, str], *, first: bool) -> list[LexborNode]:
    try:
        if not first:
            return tree.css(selectors[part])
        found = tree.css_first(selectors[part])
        return [found] if found is not None else []
    except SelectolaxError as error:
        raise BadSource(f"read: {part}: malformed selector {selectors[part]!r}") from error


def _value(node: LexborNode, part: str) -> str:
    for name in _ATTRIBUTES.get(part, ()):
        value = node.attributes.get(name)
        if value and value.strip() and not value.startswith("data:"):
            return value.strip()
    return "" if part == "image" else _text(node)


def _text(node: LexborNode) -> str:
    """The text of an element, on one line."""
    only = node.first_child
    if only is not None and only.next is None and only.tag == "-text":  # as in most of them
        return " ".join(normalise(only.text_content or "").split())
    return " ".join(block.text for block in outline_of(node).blocks)
