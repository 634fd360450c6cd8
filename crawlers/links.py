"""Which links of a list page lead to articles.

Newspapers' list pages hold as many links to sections, tags, partners and comments as to articles. A link is scored by
its address (words of a headline, a number or date that only articles have) and by its text; threshold and weights
were set on list pages of five papers and the demo press.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawlers.plain import plain_text
from diembao.records import FeedHints
from diembao.store.pages import FoundLink
from pipelines.addresses import canonical_url
from pipelines.reading.decoding import decode

MAX_LINKS = 300
_MAX_ANCHORS = 5_000
_THRESHOLD = 5
_ADDRESS_ALONE = 3
# Sections have addresses in words too, but shorter ones than headlines are.
_WORDS_WITHOUT_NUMBER = 7
_TITLE_LENGTH = 500

_NOT_ARTICLES = re.compile(
    r"/(?:tags?|tu-khoa|tac-gia|author|chu-de|chuyen-de|topics?|events?|su-kien|dong-su-kien|collections?|category|"
    r"chuyen-muc|search|tim-kiem|rss|feed|login|dang-nhap|dang-ky|lien-he|gioi-thieu|quang-cao|wp-admin|wp-json|"
    r"wp-content|danh-sach|lich|sitemap|(?:page|trang|p)-?\d+)(?:[/.?]|$)",
    re.IGNORECASE,
)
_FILE = re.compile(r"\.(?:jpe?g|png|gif|webp|svg|pdf|docx?|xlsx?|zip|rar|mp[34]|xml|rss|css|js|ico)$", re.IGNORECASE)
_EXTENSION = re.compile(r"\.(?:s?html?|chn|aspx?|php|[a-z]{3,4})$", re.IGNORECASE)
_NUMBER = re.compile(r"\d{4,}")
_WITH_LETTERS = re.compile(r"(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{6,}")
_DATE_PATH = re.compile(r"/20\d{2}/?(?:0[1-9]|1[0-2])(?:/|$)")
_ID_FIELD = re.compile(r"(?:^|_)(?:id|newsid|articleid|itemid|postid|nid|aid|p)$", re.IGNORECASE)
_MENUS = {"nav", "header", "footer"}
_HEADINGS = {"h1", "h2", "h3", "h4", "h5"}


@dataclass(slots=True)
class _Candidate:
    """What all anchors of one address say together."""

    address: str
    title: str = ""
    in_heading: bool = False
    outside_menus: bool = False

    def learn(self, anchor: LexborNode) -> None:
        names = _names_above(anchor)
        text = plain_text(anchor.text(separator=" ") or "") or plain_text(anchor.attributes.get("title") or "")
        heading = bool(names & _HEADINGS) or any(child.tag in _HEADINGS for child in anchor.iter())
        self.outside_menus |= not names & _MENUS
        # The headline stands in a heading, or comes first; summaries link to the same address after it.
        better = len(text.split()) > 3 and (not self.title or len(self.title.split()) <= 3)
        if text and (not self.title or better or (heading and not self.in_heading)):
            self.title = text[:_TITLE_LENGTH]
        self.in_heading |= heading

    @property
    def score(self) -> int:
        words = len(self.title.split())
        score = _address_score(self.address) + (2 if words >= 5 else 1 if words == 4 else 0)
        return score + (1 if self.in_heading else 0) - (0 if self.outside_menus else 2)


def article_links(body: bytes, url: str, content_type: str = "") -> list[FoundLink]:
    """Links of a page that probably lead to articles, in the order of the page.

    Links of other papers are among them: which are ours the caller knows.

    Raises:
        Unreadable: an empty or binary body.
    """
    tree = LexborHTMLParser(decode(body, content_type))
    here = canonical_url(url)
    found: dict[str, _Candidate] = {}
    for anchor, address in _anchors(tree, url):
        if address != here:
            found.setdefault(address, _Candidate(address)).learn(anchor)
    chosen = (candidate for candidate in found.values() if candidate.score >= _THRESHOLD)
    links = [FoundLink(candidate.address, FeedHints(title=candidate.title)) for candidate in chosen]
    return links[:MAX_LINKS]


def looks_like_article(address: str) -> bool:
    """Whether an address alone speaks for an article rather than a section, tag or front page."""
    return _address_score(address) >= _ADDRESS_ALONE


def _anchors(tree: LexborHTMLParser, url: str) -> Iterator[tuple[LexborNode, str]]:
    base_node = tree.css_first("base[href]")
    base = _joined(url, base_node.attributes.get("href") or "") if base_node is not None else url
    for anchor in tree.css("a[href]")[:_MAX_ANCHORS]:
        address = canonical_url(_joined(base or url, (anchor.attributes.get("href") or "").strip()))
        if address:
            yield anchor, address


def _joined(base: str, link: str) -> str:
    try:
        return urljoin(base, link)
    except ValueError:
        return ""


def _names_above(anchor: LexborNode) -> set[str]:
    """Tags of the anchor's nearest ancestors; menus are never deeper than this."""
    names: set[str] = set()
    node = anchor.parent
    for _ in range(8):
        if node is None:
            break
        names.add(node.tag or "")
        node = node.parent
    return names


def _address_score(address: str) -> int:
    """How much an address looks like an article's: words of a headline 3, a number or date 2, an extension 1."""
    parts = urlsplit(address)
    path = parts.path
    if _NOT_ARTICLES.search(path) or _FILE.search(path):
        return -9
    segments = [segment for segment in path.split("/") if segment][-2:]
    words = max((_headline_words(segment) for segment in segments), default=0)
    score = 3 if words >= 4 else 1 if words == 3 else 0
    tail = " ".join(segments)
    if _NUMBER.search(tail) or _WITH_LETTERS.search(tail) or _DATE_PATH.search(path):
        score += 2
    elif any(_ID_FIELD.search(name) and value.isdecimal() and len(value) >= 2 for name, value in _fields(parts.query)):
        score += 3
    elif words < _WORDS_WITHOUT_NUMBER:
        return -9
    return score + (1 if _EXTENSION.search(path) and words else 0)


def _headline_words(segment: str) -> int:
    stem = _EXTENSION.sub("", segment)
    return sum(1 for word in re.split(r"[-_]", stem) if word.isalpha())


def _fields(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, max_num_fields=20)
    except ValueError:
        return []
