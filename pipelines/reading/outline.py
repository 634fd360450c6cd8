"""The page as a flat list of text blocks, each knowing the elements it stands in.

One pass in document order, no recursion (pages nest ten thousand deep), linear in the number of nodes.
A block is a run of text between two block-level boundaries or line breaks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from nlp.text import match_form, normalise, tokens

# Never text of an article; taken out in one go before anything is walked.
UNSEEN = (
    "script", "style", "noscript", "template", "svg", "iframe", "select", "button", "textarea",
    "object", "embed", "video", "audio", "canvas", "math", "head",
)  # fmt: skip
_UNSEEN = frozenset(UNSEEN)
_ANY_UNSEEN = f":is({', '.join(UNSEEN)})"
_INLINE = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em",
    "font", "i", "ins", "kbd", "label", "mark", "nobr", "o:p", "q", "s", "samp", "small", "span",
    "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "st1:place", "ruby", "rb", "rt",
})  # fmt: skip
_NO_ELEMENT = frozenset("-!")  # first letters of what comments, doctypes and the like are called
_LINK, _BOLD, _ITALIC = 1, 2, 4
_MARK_OF = {"a": _LINK, "b": _BOLD, "strong": _BOLD, "em": _ITALIC, "i": _ITALIC}
# Pages beyond this many nodes are not articles; what was seen until then is used.
_MOST_NODES = 50_000
_AUTHOR_PAGE = re.compile(r"/(?:tac-gia|author|nha-bao|phong-vien)[/.\-?]")
_HIDDEN = re.compile(r"(?<![\w-])(?:hidden|hide|d-none)(?![\w-])")
_ALIGN = re.compile(r"text-align:\s*(center|right|left|justify)")


@dataclass(slots=True, eq=False)
class Frame:
    """A block-level element and what stands in it at any depth.

    total: characters of text; prose: of these, in long unlinked lines; headlines: lines that are wholly a link.
    """

    node: LexborNode
    tag: str
    cues: str  # class, id, itemprop and the like, lower case
    parent: Frame | None
    index: int
    align: str = ""
    depth: int = 0
    total: int = 0
    prose: int = 0
    headlines: int = 0
    end: int = 0  # index after the last frame inside this one: frames are numbered in document order

    def within(self, other: Frame) -> bool:
        """Whether this is the other frame or stands in it."""
        return other.index <= self.index < other.end


@dataclass(slots=True, eq=False)
class Block:
    """A run of text. `links`, `bold`, `italic` count the characters so marked."""

    text: str
    frame: Frame
    index: int
    links: int = 0
    bold: int = 0
    italic: int = 0
    after_image: bool = False
    cues: str = ""  # of inline elements that hold all of its text
    _key: str | None = field(default=None, init=False)

    @property
    def key(self) -> str:
        """The text as it is compared."""
        if self._key is None:
            self._key = text_key(self.text)
        return self._key

    @property
    def linked(self) -> float:
        return self.links / max(1, len(self.text))

    @property
    def is_bold(self) -> bool:
        return self.bold >= 0.9 * len(self.text)

    @property
    def is_italic(self) -> bool:
        return self.italic >= 0.9 * len(self.text)


@dataclass(slots=True, eq=False)
class Span:
    """The text of an inline element that has a name of its own (`span.date`, `a.author`, `time`)."""

    text: str
    cues: str
    node: LexborNode
    block: int  # index of the block it stands in


@dataclass(slots=True)
class Outline:
    frames: list[Frame]
    blocks: list[Block]
    spans: list[Span]
    nodes: int  # how many were walked
    depth: int  # of the deepest block-level element


def text_key(text: str) -> str:
    """What two printings of one line have in common: letters and digits, tone placement united."""
    return "".join(tokens(match_form(text)))


def take_out_unseen(tree: LexborHTMLParser) -> None:
    """Remove scripts and other elements without article text; the page's own data must have been read before."""
    tree.strip_tags(list(UNSEEN), recursive=True)


def is_seen(element: LexborNode) -> bool:
    """Whether `take_out_unseen` would leave the element in its tree."""
    above: LexborNode | None = element
    while above is not None:
        if above.tag in _UNSEEN:
            return False
        above = above.parent
    return True


def take_out_unseen_in(element: LexborNode) -> None:
    """As `take_out_unseen`, for what stands in an element that is seen: much less than in the whole page."""
    for node in reversed(element.css(_ANY_UNSEEN)):  # the innermost first, for with it goes what it holds
        node.decompose()


def outline_of(root: LexborNode) -> Outline:
    """The blocks below (and in) an element, in document order."""
    walk = _Walk(root.mem_id)
    walk.over(root)
    walk.end_block()
    for frame in reversed(walk.frames):
        frame.end = max(frame.end, frame.index + 1)
        above = frame.parent
        if above is not None:
            above.total += frame.total
            above.prose += frame.prose
            above.headlines += frame.headlines
            above.end = max(above.end, frame.end)
    depth = max((frame.depth for frame in walk.frames), default=0)
    return Outline(walk.frames, walk.blocks, walk.spans, walk.nodes, depth)


# What the text directly in an element belongs to: its frame, marks, and the named inline element around it.
_Place = tuple[Frame | None, int, tuple[str, LexborNode] | None]
_NOWHERE: _Place = (None, 0, None)


class _Walk:
    """Sees every node once. A page has thousands of them, so each look at one more of their properties is felt."""

    __slots__ = (
        "_bold", "_current", "_image", "_italic", "_links", "_pieces", "_places", "_spans", "_top",
        "blocks", "frames", "nodes", "spans",
    )  # fmt: skip

    def __init__(self, top: int) -> None:
        self.frames: list[Frame] = []
        self.blocks: list[Block] = []
        self.spans: list[Span] = []
        self.nodes = 0
        self._top = top
        self._places: dict[int, _Place] = {}
        self._image = False
        self._current: Frame | None = None
        self._pieces: list[str] = []
        self._spans: list[Span] = []
        self._links = self._bold = self._italic = 0

    def over(self, root: LexborNode) -> None:
        """Take in an element and everything in it, as far as the page is not beyond bounds."""
        for self.nodes, node in enumerate(root.traverse(include_text=True), start=1):
            tag = node.tag or ""
            if tag == "-text":
                self._text(node)
            elif tag in _INLINE:
                here = node.mem_id
                if here == self._top:
                    self._open(node, tag)
                else:
                    self._inline(node, tag, here)
            elif tag == "br":
                self.end_block()
            elif tag == "img":
                self.end_block()
                self._image = True
            elif tag[:1] not in _NO_ELEMENT:
                self._open(node, tag)
            if self.nodes >= _MOST_NODES:
                return

    def _inline(self, node: LexborNode, tag: str, here: int) -> None:
        parent = node.parent
        frame, marks, named = self._places.get(parent.mem_id, _NOWHERE) if parent is not None else _NOWHERE
        cues = _inline_cues(node, tag)
        self._places[here] = (frame, marks | _MARK_OF.get(tag, 0), (cues, node) if cues else named)

    def _open(self, node: LexborNode, tag: str) -> None:
        if self._pieces:
            self.end_block()
        here = node.mem_id
        parent = node.parent if here != self._top else None
        outer, marks, _ = self._places.get(parent.mem_id, _NOWHERE) if parent is not None else _NOWHERE
        cues, align = _cues(node, tag)
        if outer is not None:
            frame = Frame(node, tag, cues, outer, len(self.frames), align or outer.align, outer.depth + 1)
        else:
            frame = Frame(node, tag, cues, None, len(self.frames), align)
        self.frames.append(frame)
        self._places[here] = (frame, marks, None)

    def _text(self, node: LexborNode) -> None:
        text = node.text_content
        parent = node.parent
        if not text or parent is None:
            return
        frame, marks, named = self._places.get(parent.mem_id, _NOWHERE)
        if frame is None:
            return
        if frame is not self._current:
            if self._pieces:
                self.end_block()
            self._current = frame
        if named is not None and _HIDDEN.search(named[0]):
            return
        self._pieces.append(text)
        if not marks and named is None:
            return
        size = len(text.strip())
        if not size:
            return
        if marks & _LINK:
            self._links += size
        if marks & _BOLD:
            self._bold += size
        if marks & _ITALIC:
            self._italic += size
        if named is not None:
            self._name(text, *named)

    def _name(self, text: str, cues: str, node: LexborNode) -> None:
        last = self._spans[-1] if self._spans else None
        if last is not None and last.node is node:
            last.text += text
        else:
            self._spans.append(Span(text, cues, node, len(self.blocks)))
        if "location-stamp" in cues:  # the dash behind it is drawn by the style sheet
            self._pieces.append(" - ")

    def end_block(self) -> None:
        """Close the block that is being gathered; a line break does so within one element."""
        pieces = self._pieces
        if not pieces:
            return
        frame = self._current
        text = " ".join(normalise("".join(pieces)).split())
        if frame is not None and text:
            links, size = self._links, len(text)
            block = Block(text, frame, len(self.blocks), links, self._bold, self._italic, self._image)
            if self._spans:
                self._keep_spans(block)
            self.blocks.append(block)
            frame.total += size
            if size > 25:
                if size >= 80 and links / size < 0.3:
                    frame.prose += size
                frame.headlines += links / size > 0.8
            self._image = False
        pieces.clear()
        self._spans.clear()
        self._links = self._bold = self._italic = 0

    def _keep_spans(self, block: Block) -> None:
        for span in self._spans:
            span.text = " ".join(normalise(span.text).split())
            if span.text:
                self.spans.append(span)
                if len(span.text) >= 0.9 * len(block.text):
                    block.cues = span.cues


# What of an element is looked at, and what makes its cues, in this order.
_CUES = ("class", "id", "itemprop", "type", "role", "data-role")
_LOOKED_AT = frozenset({*_CUES, "align", "style"})
_INLINE_CUES = ("class", "id", "itemprop", "rel")
_LOOKED_AT_INLINE = frozenset(_INLINE_CUES)


def _cues(node: LexborNode, tag: str) -> tuple[str, str]:
    attributes = node.attributes
    centred = "center" if tag == "center" else ""
    if _LOOKED_AT.isdisjoint(attributes):
        return "", centred
    if len(attributes) == 1 and (word := attributes.get("class")):  # as most are
        return word.lower()[:300], centred
    words = [word for name in _CUES if (word := attributes.get(name))]
    align = (attributes.get("align") or "").lower()
    style = attributes.get("style")
    if style:
        found = _ALIGN.search(style.lower())
        align = found[1] if found else align
        if "display:none" in style.replace(" ", "").lower():
            words.append("not-displayed")
    return " ".join(words).lower()[:300], centred or align


def _inline_cues(node: LexborNode, tag: str) -> str:
    """Tag and names of an inline element; empty where it has no name. A `time` always counts."""
    attributes = node.attributes
    words = []
    if not _LOOKED_AT_INLINE.isdisjoint(attributes):
        words = [word for name in _INLINE_CUES if (word := attributes.get(name))]
    if tag == "a" and (address := attributes.get("href")) and _AUTHOR_PAGE.search(address):
        words.append("author-page")
    return " ".join([tag, *words]).lower()[:200] if words or tag == "time" else ""
