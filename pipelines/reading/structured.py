"""What a page says about itself to machines: JSON-LD, Open Graph, meta and microdata.

Everything is unescaped (some systems escape twice), NFC and on one line. Nothing here is believed blindly:
`reader` compares it with what the page prints.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urldefrag

from selectolax.lexbor import LexborHTMLParser, LexborNode

from nlp.text import normalise

_LONGEST_SCRIPT = 2_000_000
_MOST_NODES = 5_000
_MOST_MARKED = 8
_ARTICLE = re.compile(r"(?:Article|BlogPosting|Report|Posting)$")
_COMMENTS = re.compile(r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|//\s*\]\]>|\]\]>)\s*;?\s*$")
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_DOUBLE_COMMA = re.compile(r",(\s*,)+")
# Where the JSON is beyond repair (a bare quote inside a headline) single fields can still be read.
_FIELD = r'"{}"\s*:\s*"((?:[^"\\]|\\.){{1,400}}?)"\s*[,}}\]\n]'
_BROKEN_FIELDS = {
    name: re.compile(_FIELD.format(name)) for name in ("headline", "datePublished", "articleSection", "description")
}
_BROKEN_AUTHOR = re.compile(
    r'"author"\s*:\s*[\[{\s]{0,20}(?:"@type"\s*:\s*"Person"\s*,\s*)?"name"\s*:\s*"([^"]{1,120})"'
)
# One selector, because every pass over a page's thousands of nodes costs a fifth of a millisecond.
_SPEAKING = (
    ':is(script[type*="ld+json"], title, meta, link[rel="canonical"],'
    ' [itemprop~="datePublished"], [itemprop~="author"], [rel~="author"])'
)
_HOME = {"trang chủ", "home", "trang chu", "homepage"}


@dataclass(frozen=True, slots=True)
class Structured:
    """Statements of the page's own data, most trustworthy first in each list."""

    headlines: tuple[str, ...] = ()
    document_title: str = ""
    descriptions: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    site_names: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    body: str = ""
    is_article: bool = False


def clean(value: object) -> str:
    """One line of NFC text out of a value of the page's data; entities undone however often they were escaped."""
    if isinstance(value, dict):
        value = value.get("@value") or value.get("name") or ""
    if not isinstance(value, str):
        return ""
    for _ in range(3):
        undone = html.unescape(value)
        if undone == value:
            break
        value = undone
    if "<" in value:
        value = re.sub(r"<[^<>]{0,500}>", " ", value)
    return " ".join(normalise(value).split())


def read_structured(tree: LexborHTMLParser, url: str) -> Structured:
    """Everything the page's own data states; `url` tells the page's article from others described beside it."""
    marked = _Marked.of(tree)
    things = [thing for text in marked.scripts for thing in _things(_parsed(text))]
    articles = _own_first([thing for thing in things if _is_article(thing)], url)
    article = articles[0] if articles else {}
    pages = [thing for thing in things if "WebPage" in _types(thing)]
    meta = marked.meta
    headlines = _distinct(
        [
            clean(article.get("headline")),
            *_of(meta, "og:title", "headline", "twitter:title", "title"),
            clean(article.get("name")),
        ]
    )
    return Structured(
        headlines=headlines,
        document_title=clean(marked.title),
        descriptions=_distinct(
            [
                *_of(meta, "og:description"),
                clean(article.get("description")),
                *_of(meta, "twitter:description", "description"),
            ]
        ),
        times=_distinct(
            [
                clean(article.get("datePublished")),
                *_of(meta, "article:published_time", "datepublished", "pubdate", "publishdate", "og:published_time"),
                *_of(meta, "dc.date.issued", "dc.date", "dcterms.created", "date", "publish_date", "its_publication"),
                *(clean(page.get("datePublished")) for page in pages),
                clean(article.get("dateCreated")),
                *marked.times(),
            ]
        ),
        authors=_distinct([*_authors(article, meta), *marked.authors()]),
        # Some systems call the headline the name of the WebSite.
        site_names=_distinct(name for name in _site_names(things, article, meta) if name not in headlines),
        sections=_distinct(_sections(things, article, meta)),
        images=_distinct(
            [*_of(meta, "og:image", "og:image:url", "twitter:image", "image"), *_addresses(article.get("image"))]
        ),
        addresses=_distinct(_page_addresses(marked.canonical, article, meta)),
        body=_paragraphs(article.get("articleBody")),
        is_article=bool(articles) or "article" in _of(meta, "og:type"),
    )


# ---------------------------------------------------------------------------------------- what is looked at
@dataclass(slots=True)
class _Marked:
    """The elements of a page that speak to machines, gathered in one pass over the tree."""

    scripts: list[str] = field(default_factory=list)  # of JSON-LD
    title: str = ""
    meta: dict[str, list[str]] = field(default_factory=dict)  # contents by lower-case name, property or itemprop
    canonical: list[str] = field(default_factory=list)
    timed: list[LexborNode] = field(default_factory=list)
    signed: list[LexborNode] = field(default_factory=list)

    @classmethod
    def of(cls, tree: LexborHTMLParser) -> _Marked:
        found = cls()
        for node in tree.css(_SPEAKING):
            found._see(node, node.tag or "", node.attributes)
        return found

    def _see(self, node: LexborNode, tag: str, attributes: dict[str, str | None]) -> None:
        if tag == "script" and "ld+json" in (attributes.get("type") or "").lower():
            text = node.text()
            if text and len(text) <= _LONGEST_SCRIPT:
                self.scripts.append(text)
        elif tag == "title":
            self.title = self.title or node.text()
        elif tag == "meta":
            self._see_meta(attributes)
        elif tag == "link" and (attributes.get("rel") or "").lower() == "canonical":
            self.canonical.append((attributes.get("href") or "").strip())
        named = (attributes.get("itemprop") or "").split()
        if "datePublished" in named:
            self.timed.append(node)
        if "author" in named or "author" in (attributes.get("rel") or "").lower().split():
            self.signed.append(node)

    def _see_meta(self, attributes: dict[str, str | None]) -> None:
        content = attributes.get("content") or attributes.get("value")
        if content:
            names = {(attributes.get(key) or "").strip().lower() for key in ("property", "name", "itemprop")}
            for name in names - {""}:
                self.meta.setdefault(name, []).append(content)

    def times(self) -> list[str]:
        """Microdata: `datePublished` of the first element that carries it."""
        first = [node for node in self.timed[:3] if node.tag != "meta"][:1]
        return [
            clean(node.attributes.get("datetime") or node.attributes.get("content") or node.text()) for node in first
        ]

    def authors(self) -> list[str]:
        """Names marked up as authors in the page's body; pages that mark many list other articles."""
        if len(self.signed) >= _MOST_MARKED:
            return []
        return [" ".join(normalise(node.text(separator=" ")).split()) for node in self.signed]


# ------------------------------------------------------------------------------------------------ JSON-LD
def _parsed(text: str) -> object:
    text = _COMMENTS.sub("", text).strip().rstrip(";")
    for attempt in (text, _DOUBLE_COMMA.sub(",", _TRAILING_COMMA.sub(r"\1", text))):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    return _salvaged(text)


def _salvaged(text: str) -> dict[str, Any]:
    """Single fields of a broken article object; nothing where it is not one."""
    if "Article" not in text:
        return {}
    fields: dict[str, Any] = {"@type": "NewsArticle"}
    for name, pattern in _BROKEN_FIELDS.items():
        found = pattern.search(text)
        if found:
            fields[name] = found[1].replace('\\"', '"').replace("\\/", "/")
    author = _BROKEN_AUTHOR.search(text)
    if author:
        fields["author"] = author[1]
    return fields


def _things(data: object) -> Iterator[dict[str, Any]]:
    """Objects at the top, in lists and in @graph; not what they point to, which may be other articles."""
    waiting, seen = [data], 0
    while waiting and seen < _MOST_NODES:
        seen += 1
        thing = waiting.pop(0)
        if isinstance(thing, list):
            waiting.extend(thing)
        elif isinstance(thing, dict):
            yield thing
            waiting.extend(thing[key] for key in ("@graph", "mainEntity") if key in thing)


def _types(thing: dict[str, Any]) -> list[str]:
    kind = thing.get("@type")
    return [one for one in (kind if isinstance(kind, list) else [kind]) if isinstance(one, str)]


def _is_article(thing: dict[str, Any]) -> bool:
    return any(_ARTICLE.search(kind) for kind in _types(thing))


def _own_first(articles: list[dict[str, Any]], url: str) -> list[dict[str, Any]]:
    path = urldefrag(url).url.split("?")[0].rstrip("/")
    if not path:
        return articles

    def about_this_page(article: dict[str, Any]) -> bool:
        named = [
            *_addresses(article.get("mainEntityOfPage")),
            *_addresses(article.get("url")),
            *_addresses(article.get("@id")),
        ]
        return any(urldefrag(address).url.split("?")[0].rstrip("/") == path for address in named)

    return sorted(articles, key=lambda article: not about_this_page(article))


def _addresses(value: object) -> list[str]:
    if isinstance(value, str):
        return [value.strip()]
    if isinstance(value, dict):
        return [one.strip() for key in ("url", "@id", "contentUrl") if isinstance(one := value.get(key), str)][:1]
    if isinstance(value, list):
        return [address for one in value[:10] if not isinstance(one, list) for address in _addresses(one)]
    return []


# --------------------------------------------------------------------------------------------------- meta
def _of(meta: dict[str, list[str]], *names: str) -> list[str]:
    return [clean(content) for name in names for content in meta.get(name, ())]


def _authors(article: dict[str, Any], meta: dict[str, list[str]]) -> Iterator[str]:
    yield from _names(article.get("author"))
    for listed in _of(meta, "dable:author"):
        yield from (name.strip() for name in listed.split(";"))
    yield from _of(meta, "article:author", "author", "dc.creator", "twitter:creator")


def _names(author: object) -> Iterator[str]:
    if isinstance(author, str):
        yield clean(author)
    elif isinstance(author, dict):
        # An organisation that signs is the paper itself.
        if "Organization" not in "".join(_types(author)):
            name = author.get("name")
            yield from _names(name if isinstance(name, list) else clean(name))
    elif isinstance(author, list):
        for one in author[:20]:
            if not isinstance(one, list):
                yield from _names(one)


def _site_names(things: list[dict[str, Any]], article: dict[str, Any], meta: dict[str, list[str]]) -> Iterator[str]:
    yield from _of(meta, "og:site_name", "application-name", "apple-mobile-web-app-title", "copyright", "generator")
    publisher = article.get("publisher")
    if isinstance(publisher, dict):
        yield clean(publisher.get("name"))
    for thing in things:
        if any("Organization" in kind or kind == "WebSite" for kind in _types(thing)):
            yield clean(thing.get("name"))


def _sections(things: list[dict[str, Any]], article: dict[str, Any], meta: dict[str, list[str]]) -> Iterator[str]:
    for thing in things:
        if "BreadcrumbList" in _types(thing):
            crumbs = [crumb for crumb in _crumbs(thing.get("itemListElement")) if crumb.lower() not in _HOME]
            yield from reversed(crumbs)
    section = article.get("articleSection")
    yield from (clean(one) for one in (section if isinstance(section, list) else [section]))
    yield from _of(meta, "article:section", "articlesection", "section")


def _crumbs(elements: object) -> list[str]:
    crumbs: list[str] = []
    waiting = list(elements) if isinstance(elements, list) else [elements]
    while waiting and len(crumbs) < 20:
        element = waiting.pop(0)
        if isinstance(element, list):
            waiting = [*element, *waiting]
        elif isinstance(element, dict):
            item = element.get("item")
            name = clean(element.get("name")) or clean(item.get("name") if isinstance(item, dict) else "")
            if name:
                crumbs.append(name)
    return crumbs


def _page_addresses(canonical: Iterable[str], article: dict[str, Any], meta: dict[str, list[str]]) -> Iterator[str]:
    yield from canonical
    yield from _of(meta, "og:url")
    yield from _addresses(article.get("mainEntityOfPage"))
    yield from _addresses(article.get("url"))


def _paragraphs(value: object) -> str:
    """`articleBody` with its paragraphs; some systems put HTML into it."""
    if not isinstance(value, str):
        return ""
    text = html.unescape(value)
    text = re.sub(r"<(?:/p|br\s?/?|/div|/h\d)>", "\n", text, flags=re.IGNORECASE)
    lines = (clean(line) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
