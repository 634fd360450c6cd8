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
_INLINE = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em",
    "font", "i", "ins", "kbd", "label", "mark", "nobr", "o:p", "q", "s", "samp", "small", "span",
    "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "st1:place", "ruby", "rb", "rt",
})  # fmt: skip
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


def outline_of(root: LexborNode) -> Outline:
    """The blocks below (and in) an element, in document order."""
    walk = _Walk(root)
    for node in root.traverse(include_text=True):
        if not walk.see(node):
            break
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


class _Walk:
    def __init__(self, root: LexborNode) -> None:
        self.frames: list[Frame] = []
        self.blocks: list[Block] = []
        self._top = root.mem_id
        self._frame_of: dict[int, Frame] = {}
        self._marks_of: dict[int, int] = {}
        self._named_of: dict[int, tuple[str, LexborNode]] = {}
        self.spans: list[Span] = []
        self.nodes = 0
        self._image = False
        self._start(None)

    def _start(self, frame: Frame | None) -> None:
        self._current = frame
        self._pieces: list[str] = []
        self._links = self._bold = self._italic = 0
        self._spans: list[Span] = []

    def see(self, node: LexborNode) -> bool:
        """Take in one node; False when the page is beyond bounds."""
        self.nodes += 1
        tag = node.tag or ""
        if tag == "-text":
            self._text(node)
        elif tag == "br":
            self.end_block()
        elif tag == "img":
            self.end_block()
            self._image = True
        elif tag in _INLINE and node.mem_id != self._top:
            self._inline(node, tag)
        elif not tag.startswith(("-", "!")):
            self._open(node, tag)
        return self.nodes < _MOST_NODES

    def _inline(self, node: LexborNode, tag: str) -> None:
        parent = node.parent
        above = parent.mem_id if parent is not None else 0
        here = node.mem_id
        frame = self._frame_of.get(above)
        if frame is not None:
            self._frame_of[here] = frame
        self._marks_of[here] = self._marks_of.get(above, 0) | _MARK_OF.get(tag, 0)
        cues = _inline_cues(node, tag)
        if cues:
            self._named_of[here] = (cues, node)
        elif above in self._named_of:
            self._named_of[here] = self._named_of[above]

    def _open(self, node: LexborNode, tag: str) -> None:
        self.end_block()
        parent = node.parent if node.mem_id != self._top else None
        above = parent.mem_id if parent is not None else 0
        outer = self._frame_of.get(above)
        cues, align = _cues(node, tag)
        frame = Frame(
            node,
            tag,
            cues,
            outer,
            len(self.frames),
            align or (outer.align if outer else ""),
            outer.depth + 1 if outer else 0,
        )
        self.frames.append(frame)
        self._frame_of[node.mem_id] = frame
        self._marks_of[node.mem_id] = self._marks_of.get(above, 0)

    def _text(self, node: LexborNode) -> None:
        text = node.text_content
        parent = node.parent
        if not text or parent is None:
            return
        above = parent.mem_id
        frame = self._frame_of.get(above)
        if frame is None:
            return
        if frame is not self._current:
            self.end_block()
            self._current = frame
        named = self._named_of.get(above)
        if named is not None and _HIDDEN.search(named[0]):
            return
        self._pieces.append(text)
        size = len(text.strip())
        if not size:
            return
        marks = self._marks_of.get(above, 0)
        if marks:
            self._links += size * bool(marks & _LINK)
            self._bold += size * bool(marks & _BOLD)
            self._italic += size * bool(marks & _ITALIC)
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
        if not self._pieces:
            return
        frame = self._current
        text = " ".join(normalise("".join(self._pieces)).split())
        if frame is not None and text:
            block = Block(text, frame, len(self.blocks), self._links, self._bold, self._italic, self._image)
            self._keep_spans(block)
            self.blocks.append(block)
            frame.total += len(text)
            frame.prose += len(text) if len(text) >= 80 and block.linked < 0.3 else 0
            frame.headlines += block.linked > 0.8 and len(text) > 25
            self._image = False
        self._start(frame)

    def _keep_spans(self, block: Block) -> None:
        for span in self._spans:
            span.text = " ".join(normalise(span.text).split())
            if span.text:
                self.spans.append(span)
                if len(span.text) >= 0.9 * len(block.text):
                    block.cues = span.cues


def _cues(node: LexborNode, tag: str) -> tuple[str, str]:
    attributes = node.attributes
    if not attributes:
        return "", "center" if tag == "center" else ""
    words = [attributes.get(name) or "" for name in ("class", "id", "itemprop", "type", "role", "data-role")]
    align = (attributes.get("align") or "").lower()
    style = attributes.get("style")
    if style:
        found = _ALIGN.search(style.lower())
        align = found[1] if found else align
        if "display:none" in style.replace(" ", "").lower():
            words.append("not-displayed")
    return " ".join(word for word in words if word).lower()[:300], "center" if tag == "center" else align


def _inline_cues(node: LexborNode, tag: str) -> str:
    """Tag and names of an inline element; empty where it has no name. A `time` always counts."""
    attributes = node.attributes
    words = [attributes.get(name) or "" for name in ("class", "id", "itemprop", "rel")] if attributes else []
    if tag == "a" and _AUTHOR_PAGE.search(attributes.get("href") or ""):
        words.append("author-page")
    named = tag == "time" or any(words)
    return " ".join([tag, *(word for word in words if word)]).lower()[:200] if named else ""
