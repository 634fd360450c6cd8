"""News sitemaps: addresses with title and time; an index leads to its newest parts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin

from lxml import etree

from crawlers.plain import plain_text
from diembao.records import FeedHints
from diembao.store.pages import FoundLink
from pipelines.addresses import canonical_url
from pipelines.dates import read_moment

MAX_ITEMS = 500
# Sitemaps also list years of archive; a poll is for news.
_RECENT = timedelta(days=3)
_MAX_PARTS = 2
_NEWS = "{*}news"


@dataclass(frozen=True, slots=True)
class SitemapContent:
    """links: recent addresses, newest first, undated last; parts: sitemaps an index names, newest first.

    is_sitemap: whether it could be read as one; entries: how many addresses it held, old ones included.
    """

    links: tuple[FoundLink, ...]
    parts: tuple[str, ...]
    is_sitemap: bool
    entries: int


def read_sitemap(body: bytes, url: str, now: datetime) -> SitemapContent:
    """Read a sitemap or an index of sitemaps; never raises, whatever the bytes are."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=False)
    try:
        root = etree.fromstring(body.strip(), parser)
    except etree.XMLSyntaxError:
        root = None
    if root is None or not isinstance(root.tag, str):
        return SitemapContent((), (), False, 0)
    kind = etree.QName(root).localname
    if kind == "sitemapindex":
        dated = [(_when(entry, now), _address(entry, url)) for entry in root.iterchildren("{*}sitemap")]
        dated.sort(key=lambda pair: pair[0] or _EARLIEST, reverse=True)
        parts = tuple(address for _, address in dated if address)[:_MAX_PARTS]
        return SitemapContent((), parts, True, len(dated))
    if kind != "urlset":
        return SitemapContent((), (), False, 0)
    entries = list(root.iterchildren("{*}url"))
    return SitemapContent(_links(entries, url, now), (), True, len(entries))


_EARLIEST = datetime.min.replace(tzinfo=UTC)


def _links(entries: list[etree._Element], base: str, now: datetime) -> tuple[FoundLink, ...]:
    found: dict[str, FoundLink] = {}
    for entry in entries:
        address = _address(entry, base)
        when = _when(entry, now)
        if not address or (when is not None and when < now - _RECENT):
            continue
        news = entry.find(_NEWS)
        title = (news.findtext("{*}title") or "") if news is not None else ""
        # Only a news entry dates the article; lastmod moves with every change of the page.
        published = when if news is not None and when is not None and when <= now + timedelta(hours=24) else None
        found.setdefault(address, FoundLink(address, FeedHints(title=plain_text(title)[:500], published_at=published)))
    links = sorted(found.values(), key=lambda link: link.hints.published_at or _EARLIEST, reverse=True)
    return tuple(links[:MAX_ITEMS])


def _address(entry: etree._Element, base: str) -> str:
    try:
        return canonical_url(urljoin(base, (entry.findtext("{*}loc") or "").strip()))
    except ValueError:
        return ""


def _when(entry: etree._Element, now: datetime) -> datetime | None:
    news = entry.find(_NEWS)
    written = (news.findtext("{*}publication_date") if news is not None else None) or entry.findtext("{*}lastmod")
    moment = read_moment(written, now) if written else None
    return moment.at if moment is not None else None
