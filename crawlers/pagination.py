"""Which link of a list page leads to the older articles."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawlers.plain import plain_text
from diembao.errors import Unreadable
from pipelines.addresses import canonical_url, host_of
from pipelines.reading.decoding import decode

_SAYS_NEXT: Final = re.compile(
    r"(?:trang\s+)?(?:sau|tiếp|tiếp theo|kế tiếp|tiếp tục|cũ hơn)|xem tiếp|(?:tin|bài) cũ hơn|xem thêm|"
    r"next|older|[»›>]{1,2}",
    re.IGNORECASE,
)
_NEXT_CLASS: Final = re.compile(r"(?:^|[\s_-])next(?:$|[\s_-])", re.IGNORECASE)
_NUMBERED: Final = re.compile(r"(?:page|trang|paged?|p)[-_/=]?(\d{1,4})(?:\D|$)|/(\d{1,3})/?$", re.IGNORECASE)
_MOST_ANCHORS: Final = 5_000


def next_page(body: bytes, url: str, content_type: str = "") -> str:
    """The address of the page with the next older articles, '' where the page names none."""
    try:
        tree = LexborHTMLParser(decode(body, content_type))
    except Unreadable:
        return ""
    for node in tree.css("link[rel~=next][href], a[rel~=next][href]"):
        if address := _same_list(node, url):
            return address
    anchors = tree.css("a[href]")[:_MOST_ANCHORS]
    for anchor in anchors:
        said = plain_text(anchor.text() or "") or (anchor.attributes.get("title") or "")
        by_class = _NEXT_CLASS.search(anchor.attributes.get("class") or "")
        if (by_class or _SAYS_NEXT.fullmatch(said.strip())) and (address := _same_list(anchor, url)):
            return address
    return _by_number(anchors, url)


def _by_number(anchors: list[LexborNode], url: str) -> str:
    """Pages that are only numbered: the one after this."""
    wanted = _number(url) + 1
    for anchor in anchors:
        if plain_text(anchor.text() or "") == str(wanted):
            address = _same_list(anchor, url)
            if address and _number(address) == wanted:
                return address
    return ""


def _same_list(node: LexborNode, url: str) -> str:
    """The address a link leads to, if it is another page of the same list: its host, and a number further on."""
    try:
        address = canonical_url(urljoin(url, (node.attributes.get("href") or "").strip()))
    except ValueError:
        return ""
    if not address or address == canonical_url(url) or host_of(address) != host_of(url):
        return ""
    return address if _number(address) > _number(url) else ""


def _number(url: str) -> int:
    """The page's number in its address; the first page often has none."""
    parts = urlsplit(url)
    found = _NUMBERED.search(f"{parts.path}?{parts.query}" if parts.query else parts.path)
    return int(found[1] or found[2]) if found else 1
