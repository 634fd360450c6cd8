"""Looking at a newspaper as the crawler would: which ways lead in, what each shows, how a sample article reads.

`explore` starts from a home page and drafts a source; `examine` tells whether a known source still reads well.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urljoin, urlsplit

import yaml
from selectolax.lexbor import LexborHTMLParser

from crawlers import polls
from crawlers.download import Bounds, Connections, Fetched
from crawlers.fetch import follow
from crawlers.plain import plain_text
from crawlers.robots import MAX_BYTES as LARGEST_ROBOTS
from crawlers.robots import Rules, rules_from
from crawlers.source import Source
from crawlers.visits import HTML_TYPES, judge
from diembao.errors import DiembaoError, FetchRefused, Unreadable
from diembao.records import Article, Page
from diembao.settings import Settings
from diembao.store.pages import FoundLink
from diembao.store.sources import DueFeed
from pipelines.addresses import canonical_url, host_of
from pipelines.reading import read_page
from pipelines.reading.decoding import decode

_MOST_CANDIDATES: Final = 8
# Tried only where the home page names no feed.
_USUAL_FEEDS: Final = ("/rss/home.rss", "/rss/tin-moi-nhat.rss", "/home.rss", "/rss.xml", "/feed", "/rss")
_USUAL_SITEMAPS: Final = ("/sitemap-news.xml", "/news-sitemap.xml", "/google-news-sitemap.xml")
_FEED_TYPES: Final = {"application/rss+xml", "application/atom+xml"}
_LOOKS_LIKE_FEED: Final = re.compile(r"(?:\.rss|/feed|/rss/[^/]+|\.xml|/atom)/?$", re.IGNORECASE)
_LOOKS_LIKE_FEED_LIST: Final = re.compile(r"/rss(?:\.\w+)?/?$", re.IGNORECASE)
_WHOLE_PAPER: Final = re.compile(r"home|trang-chu|tin-moi|moi-nhat|/feed/?$|/rss/?$|rss\.xml$", re.IGNORECASE)
# Between two requests to one paper; a person is waiting, and there are few.
_PAUSE: Final = 0.5
_PAPERS_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True)
class Way:
    """A feed, list page or sitemap, and what it showed. status: ok | empty | failing."""

    kind: str
    url: str
    status: str
    reason: str
    links: tuple[FoundLink, ...]

    @property
    def newest(self) -> datetime | None:
        return max((link.hints.published_at for link in self.links if link.hints.published_at), default=None)


@dataclass(frozen=True, slots=True)
class Sample:
    """An article that was tried. article: how it was read; fault: why it was not."""

    url: str
    article: Article | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was seen of one newspaper."""

    source: Source
    ways: tuple[Way, ...]
    sample: Sample | None
    delay_asked: float

    @property
    def healthy(self) -> bool:
        """Whether something leads in, and the sample read."""
        read = self.sample is None or self.sample.article is not None
        return any(way.status == "ok" for way in self.ways) and read


class Visitor:
    """Asks for the pages of one newspaper: robots.txt first, one request at a time, with a pause between them."""

    def __init__(self, connections: Connections, now: datetime) -> None:
        self._connections = connections
        self._now = now
        self._rules: dict[str, Rules] = {}

    async def get(self, url: str, source: Source | None, bounds: Bounds | None = None) -> Fetched | DiembaoError:
        """The answer, or why there is none; for robots and redirects the crawler's rules hold."""
        try:
            if source is None or source.robots is None:
                rules = await self.rules(url)
                if rules.unreachable:
                    return FetchRefused(f"robots.txt of {host_of(url)}: {rules.unreachable}", "robots")
                if not rules.allow(url):
                    return FetchRefused(f"robots.txt of {host_of(url)} forbids it", "robots")
            await asyncio.sleep(_PAUSE)
            return await follow(self._connections, url, bounds, inside=source.may_poll if source else _anywhere)
        except DiembaoError as error:
            return error

    async def rules(self, url: str) -> Rules:
        """What the host of this address asks in robots.txt."""
        home = _home_of(url)
        if home not in self._rules:
            bounds = Bounds(LARGEST_ROBOTS, self._connections.bounds.seconds, cut=True)
            answer: Fetched | DiembaoError
            try:
                answer = await follow(self._connections, f"{home}/robots.txt", bounds)
            except DiembaoError as error:
                answer = error
            self._rules[home] = rules_from(answer)
        return self._rules[home]

    async def look(self, kind: str, url: str, source: Source) -> Way:
        """Poll one way as the crawler would."""
        answer = await self.get(url, source)
        feed = DueFeed(0, source.name, url, kind, "", "", "", 0.0, 0, "new", None)
        reading = await asyncio.to_thread(polls.read, feed, source, answer, conditional=False, now=self._now)
        if reading.parts:
            return await self.look(kind, reading.parts[0], source)
        return Way(kind, url, reading.status, reading.reason, reading.links)

    async def try_article(self, links: Sequence[FoundLink], source: Source) -> Sample | None:
        """Read the first article of the links."""
        if not links:
            return None
        link = links[0]
        bounds = Bounds(self._connections.bounds.max_bytes, self._connections.bounds.seconds, types=HTML_TYPES)
        answer = await self.get(link.url, source, bounds)
        verdict = judge(link.url, answer, self._now)
        if verdict.kind != "fetched" or not isinstance(answer, Fetched):
            shown = str(answer) if isinstance(answer, DiembaoError) else verdict.reason
            return Sample(link.url, fault=shown)
        page = Page(answer.url, source.name, self._now, 200, answer.header("content-type"), answer.body, link.hints)
        try:
            return Sample(link.url, await asyncio.to_thread(read_page, page, source.read))
        except Unreadable as error:
            return Sample(link.url, fault=f"unreadable: {error}")


def examine(settings: Settings, sources: Sequence[Source]) -> list[Findings]:
    """Look at every way into these sources and read an article of each; in the order given."""

    async def all_of_them() -> list[Findings]:
        connections = Connections(settings)
        places = asyncio.Semaphore(_PAPERS_AT_ONCE)

        async def one(source: Source) -> Findings:
            async with places:
                return await _examine(Visitor(connections, datetime.now(UTC)), source)

        try:
            return list(await asyncio.gather(*(one(source) for source in sources)))
        finally:
            await connections.close()

    return asyncio.run(all_of_them())


async def _examine(visitor: Visitor, source: Source) -> Findings:
    ways = [await visitor.look(kind, url, source) for kind, url in source.ways]
    links = next((way.links for way in ways if way.status == "ok" and way.links), ())
    sample = await visitor.try_article(links, source)
    asked = (await visitor.rules(source.ways[0][1])).delay if source.ways else 0.0
    return Findings(source, tuple(ways), sample, asked)


def explore(settings: Settings, url: str) -> Findings:
    """Draft a source from a home page: the feeds, list page and sitemap found there, best first, and a sample.

    The draft names what leads in; outlet type and scope are guesses that a person must check.

    Raises:
        FetchRefused, FetchFailed: the home page cannot be had.
    """

    async def one() -> Findings:
        connections = Connections(settings)
        try:
            return await _explore(Visitor(connections, datetime.now(UTC)), url)
        finally:
            await connections.close()

    return asyncio.run(one())


async def _explore(visitor: Visitor, url: str) -> Findings:
    home = await visitor.get(url, None)
    if isinstance(home, DiembaoError):
        raise home
    tree = LexborHTMLParser(decode(home.body, home.header("content-type")))
    draft = _blank(home.url, tree)
    feeds = await _looked_at(visitor, "feed", await _feed_candidates(visitor, home.url, tree, draft), draft)
    rules = await visitor.rules(home.url)
    sitemaps = await _looked_at(visitor, "sitemap", _sitemap_candidates(home.url, rules, draft), draft)
    section = await visitor.look("section", home.url, draft)
    ways = [*sorted(feeds, key=_rank), *sitemaps, section]
    good = [way for way in ways if way.status == "ok"]
    chosen = _choose(good)
    source = draft.model_copy(update={**chosen, "delay": max(draft.delay, rules.delay)})
    sample = await visitor.try_article(good[0].links if good else (), source)
    return Findings(source, tuple(ways), sample, rules.delay)


def draft_yaml(findings: Findings) -> str:
    """The text of the source file for what `explore` found."""
    source = findings.source
    fields: dict[str, object] = {
        "name": source.name,
        "title": source.title,
        "domains": list(source.domains),
        "outlet_type": source.outlet_type,
        "scope": source.scope,
        "feeds": list(source.feeds),
        "sections": list(source.sections),
        "sitemaps": list(source.sitemaps),
        "delay": source.delay,
        "agreement": source.agreement,
        "read": {},
    }
    return yaml.safe_dump(fields, allow_unicode=True, sort_keys=False, default_flow_style=None, width=1000)


def _blank(url: str, tree: LexborHTMLParser) -> Source:
    """A source that owns the host of its home page, and no way in yet."""
    host = host_of(url)
    labels = host.partition(":")[0].split(".")
    own = labels[0] if not labels[0].isdecimal() else f"paper-{host.rpartition(':')[2]}"
    name = re.sub(r"[^a-z0-9]+", "-", own.lower()).strip("-") or "paper"
    return Source(name=name, title=_title(tree) or host, domains=(host,), outlet_type="newspaper", scope="sector")


def _title(tree: LexborHTMLParser) -> str:
    for selector, attribute in (("meta[property='og:site_name']", "content"), ("title", "")):
        node = tree.css_first(selector)
        if node is not None:
            text = plain_text((node.attributes.get(attribute) or "") if attribute else node.text())
            # Front pages call themselves "Báo X - Tin tức, thời sự mới nhất"; the name comes first.
            short = re.split(r"\s[-|–—:]\s|\s?\|\s?", text)[0].strip()
            if len(short) >= 2:
                return short[:200]
    return ""


async def _feed_candidates(visitor: Visitor, home: str, tree: LexborHTMLParser, draft: Source) -> list[str]:
    named = _own(_feeds_named(tree, home), draft)
    if not named:
        lists = [link for link in _linked(tree, home) if _LOOKS_LIKE_FEED_LIST.search(urlsplit(link).path)]
        for page in _own(lists, draft)[:1]:
            answer = await visitor.get(page, draft)
            if isinstance(answer, Fetched) and answer.status == 200:
                listing = LexborHTMLParser(decode(answer.body, answer.header("content-type")))
                named = _own([page, *_feeds_named(listing, answer.url)], draft)
    return (named or [_home_of(home) + path for path in _USUAL_FEEDS])[:_MOST_CANDIDATES]


def _feeds_named(tree: LexborHTMLParser, base: str) -> list[str]:
    """Feeds a page declares or links to; those of the whole paper first."""
    declared = [
        urljoin(base, node.attributes.get("href") or "")
        for node in tree.css("link[rel~=alternate][href]")
        if (node.attributes.get("type") or "").lower() in _FEED_TYPES
    ]
    linked = [link for link in _linked(tree, base) if _LOOKS_LIKE_FEED.search(urlsplit(link).path)]
    return sorted(dict.fromkeys([*declared, *linked]), key=lambda link: not _WHOLE_PAPER.search(link))


def _linked(tree: LexborHTMLParser, base: str) -> list[str]:
    found = []
    for node in tree.css("a[href]")[:5000]:
        try:
            found.append(urljoin(base, (node.attributes.get("href") or "").strip()))
        except ValueError:
            continue
    return found


def _sitemap_candidates(home: str, rules: Rules, draft: Source) -> list[str]:
    declared = list(rules.parsed.sitemaps) if rules.parsed is not None else []
    news = [link for link in declared if "news" in link.lower()]
    return _own(news or [_home_of(home) + path for path in _USUAL_SITEMAPS], draft)[:3]


def _own(links: Iterable[str], draft: Source) -> list[str]:
    return [link for link in dict.fromkeys(links) if canonical_url(link) and draft.may_poll(link)]


async def _looked_at(visitor: Visitor, kind: str, urls: Sequence[str], draft: Source) -> list[Way]:
    """What each shows; those that are not what was hoped for are left out."""
    ways = [await visitor.look(kind, url, draft) for url in urls]
    return [way for way in ways if way.status != "failing"]


def _rank(way: Way) -> tuple[bool, bool, int]:
    return way.status != "ok", not _WHOLE_PAPER.search(way.url), -len(way.links)


def _choose(good: Sequence[Way]) -> dict[str, tuple[str, ...]]:
    """The best feed; else the sitemap; the front page where there is neither."""
    feeds = [way.url for way in good if way.kind == "feed"][:1]
    sitemaps = [way.url for way in good if way.kind == "sitemap"][:1]
    sections = [] if feeds or sitemaps else [way.url for way in good if way.kind == "section"]
    return {"feeds": tuple(feeds), "sitemaps": tuple(sitemaps), "sections": tuple(sections)}


def _home_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _anywhere(_url: str) -> bool:
    return True
