"""One newspaper on the web: which address shows what, and with which headers."""

from __future__ import annotations

import hashlib
import math
import unicodedata
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from struct import pack
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from diembao.demo.edition import Edition, PrintedArticle, sections_of
from diembao.demo.families import FAMILIES, number, slug
from diembao.demo.http import Request, Response, html, redirect
from diembao.demo.manuscripts import VIETNAM, Paper

PAGE_LENGTH = 6  # articles on one list page
FEED_LENGTH = 30
_KEPT = {"Cache-Control": "max-age=86400"}
GONE = "Bài viết không tồn tại hoặc đã bị xoá"
_COMMENTS = (
    ("Bạn đọc Hà Châu", "Bài viết rất kịp thời, cảm ơn tòa soạn."),
    ("minhquan88", "Mong báo tiếp tục theo dõi và thông tin thêm."),
    ("Lê Thu", "Hôm nào tôi phải đưa cả nhà đi xem mới được."),
    ("Người đi chợ", "Ở chỗ tôi cũng gặp chuyện tương tự."),
    ("Trần V.", "Cần nói rõ hơn về con số, đọc thấy chưa thuyết phục."),
)


class Kind(StrEnum):
    """What an address shows."""

    HOME = "home"
    FEED = "feed"
    LIST = "list"
    ARTICLE = "article"
    SITEMAP = "sitemap"
    ROBOTS = "robots"
    ASSET = "asset"  # pictures and the style sheet
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class FeedStyle:
    """How a feed is written; the fields other than `dates` are faults."""

    dates: str = "rfc822"
    relative: bool = False
    empty: bool = False
    year_shift: int = 0


@cache
def make_templates() -> Environment:
    """The templates of all families; shared, so that they are compiled once in a process."""
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    templates.filters["references"] = _character_references
    templates.filters["feed_date"] = feed_date
    templates.filters["iso"] = _iso
    templates.filters["plain_iso"] = lambda when: f"{when.astimezone(VIETNAM):%Y-%m-%dT%H:%M:%S}"
    templates.filters["spaced_iso"] = lambda when: f"{when.astimezone(VIETNAM):%Y-%m-%d %H:%M}"
    return templates


class Site:
    """Answers for one paper. `address` is its `http://host:port`."""

    def __init__(self, paper: Paper, address: str, edition: Edition, templates: Environment) -> None:
        self.paper = paper
        self.address = address
        self.family = FAMILIES[paper.family]
        self._edition = edition
        self._templates = templates

    def answer(self, request: Request, now: datetime) -> tuple[Kind, Response]:
        """What a healthy paper answers, and what kind of page that is."""
        path = request.path
        fixed = {
            "/": Kind.HOME,
            "/robots.txt": Kind.ROBOTS,
            "/kieu.css": Kind.ASSET,
            "/sitemap-news.xml": Kind.SITEMAP if self.paper.sitemap else Kind.MISSING,
        }
        if path in fixed:
            kind = fixed[path]
            return kind, self._fixed(kind, now)
        if path.startswith("/anh/"):
            return Kind.ASSET, _image(path)
        if (section := self.feeds().get(path)) is not None:
            return Kind.FEED, self._conditional(request, self.feed(section, now), now)
        for section in self.paper.sections:
            for page in range(1, self.pages_of(section, now) + 1):
                if path == self.family.list_path(section, page):
                    return Kind.LIST, self._list(section, page, now)
        for article in self.articles(now, with_removed=True):
            if path == article.path:
                return Kind.ARTICLE, self.article(article, now)
        return Kind.MISSING, self.not_found(now)

    def articles(self, now: datetime, *, with_removed: bool = False) -> list[PrintedArticle]:
        return self._edition.newest_first(self.paper.name, now, with_removed=with_removed)

    def feeds(self) -> dict[str, str]:
        """Address (path) of each feed -> section; "" is the feed of everything."""
        if self.paper.feed == "none":
            return {}
        main = self.family.feed_path
        home = {main: ""}
        if main.endswith(".rss"):
            folder = main.rpartition("/")[0]
            home.update({f"{folder}/{section}.rss": section for section in self.paper.sections})
        return home

    def feed(self, section: str, now: datetime, style: FeedStyle | None = None) -> Response:
        """The feed of a section, or of the whole paper."""
        articles = [each for each in self.articles(now) if section in ("", each.section)][:FEED_LENGTH]
        style = style or FeedStyle(self.paper.feed_dates)
        template = "feed.atom" if self.paper.feed == "atom" else "feed.rss"
        text = self._render(
            template,
            now,
            articles=[] if style.empty else articles,
            style=style,
            base="" if style.relative else self.address,
            tracking="?utm_source=rss&utm_medium=feed" if "tracked_links" in self.paper.quirks else "",
        )
        mime = "application/atom+xml" if self.paper.feed == "atom" else "application/rss+xml"
        return Response(200, {"Content-Type": f"{mime}; charset=utf-8"}, text.encode())

    def article(self, article: PrintedArticle, now: datetime) -> Response:
        """The page of an article, or what stands in its place once it was removed."""
        if article.removed:
            return self.removed(article.removed, now)
        others = [each for each in self.articles(now) if each.id != article.id]
        turn = number(article.id, 3) % (len(others) or 1)
        others = others[turn:] + others[:turn]
        text = self._render(
            self._page_template(),
            now,
            kind="article",
            heading=article.title,
            article=article,
            printed_time=self.family.printed_time(article.published_at),
            views=number(article.id, 4),
            related=others[:3],
            inline_related=others[3:5],
            latest=self.articles(now)[:5],
            comments=[_COMMENTS[(turn + step) % len(_COMMENTS)] for step in range(3)],
        )
        return html(self._dirtied(text))

    def removed(self, how: str, now: datetime) -> Response:
        """What a paper shows where an article was: `how` is one of REMOVALS."""
        if how == "redirect_home":
            return redirect(f"{self.address}/")
        status = {"404": 404, "410": 410}.get(how, 200)
        return html(self._render(self._page_template(), now, kind="gone", heading=GONE, **self._front(now)), status)

    def not_found(self, now: datetime) -> Response:
        heading = "Không tìm thấy trang" if self.paper.language == "vi" else "Page not found"
        return html(self._render(self._page_template(), now, kind="gone", heading=heading, **self._front(now)), 404)

    def pages_of(self, section: str, now: datetime) -> int:
        """How many list pages a section has; an empty section has one."""
        count = len(sections_of(self.paper, self.articles(now))[section])
        return max(1, math.ceil(count / PAGE_LENGTH))

    def _fixed(self, kind: Kind, now: datetime) -> Response:
        if kind is Kind.HOME:
            text = self._render(self._page_template(), now, kind="home", heading=self.paper.title, **self._front(now))
            return html(self._dirtied(text))
        if kind is Kind.ROBOTS:
            return Response(200, {"Content-Type": "text/plain; charset=utf-8"}, self._robots().encode())
        if kind is Kind.ASSET:
            text = self._render("press.css", now, accent=_colour(self.paper.name))
            return Response(200, {"Content-Type": "text/css; charset=utf-8", **_KEPT}, text.encode())
        if kind is Kind.SITEMAP:
            text = self._render("sitemap-news.xml", now, articles=self.articles(now))
            return Response(200, {"Content-Type": "application/xml; charset=utf-8"}, text.encode())
        return self.not_found(now)

    def _list(self, section: str, page: int, now: datetime) -> Response:
        articles = sections_of(self.paper, self.articles(now))[section]
        more = page < self.pages_of(section, now)
        text = self._render(
            self._page_template(),
            now,
            kind="list",
            heading=self.paper.sections[section],
            listed=articles[(page - 1) * PAGE_LENGTH : page * PAGE_LENGTH],
            page=page,
            next_page=self.family.list_path(section, page + 1) if more else "",
            latest=self.articles(now)[:5],
        )
        return html(self._dirtied(text))

    def _front(self, now: datetime) -> dict[str, Any]:
        newest = self.articles(now)
        return {"listed": newest[:12], "latest": newest[:5], "page": 1, "next_page": ""}

    def _robots(self) -> str:
        lines = ["User-agent: *", *(f"Disallow: {path}" for path in self.paper.disallow)]
        if self.paper.crawl_delay:
            lines.append(f"Crawl-delay: {self.paper.crawl_delay}")
        if not self.paper.disallow:
            lines.append("Allow: /")
        if self.paper.sitemap:
            lines += ["", f"Sitemap: {self.address}/sitemap-news.xml"]
        return "\n".join([*lines, ""])

    def _conditional(self, request: Request, response: Response, now: datetime) -> Response:
        """Validators for a feed, and 304 for a client that has this very version."""
        changed = max([each.modified_at for each in self.articles(now)], default=self._edition.opened_at)
        changed = changed.astimezone(UTC).replace(microsecond=0)
        etag = f'"{hashlib.blake2b(response.content, digest_size=8).hexdigest()}"'
        response.headers.update({"ETag": etag, "Last-Modified": format_datetime(changed, usegmt=True)})
        return not_modified(response) if _is_current(request.headers, etag, changed) else response

    def _page_template(self) -> str:
        return f"{self.family.template or self.paper.family}.html"

    def _render(self, template: str, now: datetime, **context: Any) -> str:
        return self._templates.get_template(template).render(
            paper=self.paper,
            site=self.address,
            now=now,
            sections=[(key, title, self.family.list_path(key, 1)) for key, title in self.paper.sections.items()],
            feeds=list(self.feeds()),
            printed=self.family.printed_time,
            slug=slug,
            **context,
        )

    def _dirtied(self, text: str) -> str:
        """What some papers' systems do to Vietnamese letters."""
        if "eth" in self.paper.quirks:
            text = text.replace("Đ", "Ð")
        return unicodedata.normalize("NFD", text) if "nfd" in self.paper.quirks else text


def not_modified(response: Response) -> Response:
    kept = {name: value for name, value in response.headers.items() if name in ("ETag", "Last-Modified")}
    return Response(304, kept)


def feed_date(when: datetime, style: FeedStyle) -> str:
    """A feed's date the way this paper writes it."""
    if style.year_shift:
        when = replace_year(when, style.year_shift)
    local = when.astimezone(VIETNAM)
    if style.dates == "gmt7":
        return format_datetime(local).replace("+0700", "GMT+7")
    if style.dates == "dmy":
        return f"{local:%d/%m/%Y %H:%M:%S}"
    if style.dates == "iso":
        return _iso(when)
    return format_datetime(local)


def replace_year(when: datetime, shift: int) -> datetime:
    return when.replace(year=when.year + shift, day=min(when.day, 28))


def _is_current(headers: Mapping[str, str], etag: str, changed: datetime) -> bool:
    """RFC 9110: If-None-Match decides where it is given, else If-Modified-Since."""
    if "if-none-match" in headers:
        return etag in headers["if-none-match"]
    try:
        since = parsedate_to_datetime(headers.get("if-modified-since", ""))
    except ValueError:
        return False
    return changed <= since.replace(tzinfo=since.tzinfo or UTC)


def _iso(when: datetime) -> str:
    return when.astimezone(VIETNAM).isoformat(timespec="seconds")


def _character_references(text: str) -> str:
    """Letters beyond Latin-1 as numeric references, the way several Vietnamese systems store them."""
    return "".join(letter if ord(letter) < 256 else f"&#{ord(letter)};" for letter in text)


def _colour(name: str) -> str:
    """A quiet colour that always belongs to the same name, dark enough to carry white letters."""
    shade = zlib.crc32(name.encode())
    return f"#{30 + shade % 90:02x}{30 + (shade >> 8) % 90:02x}{30 + (shade >> 16) % 90:02x}"


def _image(path: str) -> Response:
    """A small plain PNG whose colour depends on its address; photographs we have none."""
    colour = bytes.fromhex(_colour(path)[1:])
    width, height = 320, 180
    rows = zlib.compress((b"\0" + colour * width) * height, 9)
    chunks = ((b"IHDR", pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b""))
    png = b"\x89PNG\r\n\x1a\n"
    for name, data in chunks:
        png += pack(">I", len(data)) + name + data + pack(">I", zlib.crc32(name + data))
    return Response(200, {"Content-Type": "image/png", **_KEPT}, png)
