"""How a newspaper's server may misbehave. Each trick turns a healthy answer into a bad one.

`TRICKS` is the whole list. A trick without a path plays on all pages of the kind it is made for. Every trick
is bounded: an endless body ends after `megabytes`, a bomb unfolds to `megabytes`.
"""

from __future__ import annotations

import math
import struct
import unicodedata
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from html import escape
from typing import Any

from diembao.demo.http import Request, Response, html, redirect
from diembao.demo.site import FeedStyle, Kind, Site, not_modified

_TONES = {"\u0300", "\u0301", "\u0303", "\u0309", "\u0323"}
_MEGABYTE = 1_000_000
# Never routed (RFC 5737), so that a crawler that wrongly follows reaches nobody; still "private" to `ipaddress`.
PRIVATE_ADDRESS = "http://192.0.2.7/latest/meta-data/"
FOREIGN_ADDRESS = "http://quang-cao.example/trang-dich"


@dataclass(frozen=True, slots=True)
class Occasion:
    """One request that meets a trick.

    answer: what a healthy paper would say to it, had it no conditions.
    hits: how many requests this trick has met before.
    """

    site: Site
    kind: Kind
    request: Request
    answer: Response
    now: datetime
    hits: int
    options: Mapping[str, Any]

    def option(self, name: str, default: Any) -> Any:
        return self.options.get(name, default)


@dataclass(frozen=True, slots=True)
class Trick:
    """plays_on: the kind of page it is made for; None is every kind but pictures, style sheet and robots.txt."""

    play: Callable[[Occasion], Response]
    plays_on: Kind | None = None

    def suits(self, kind: Kind) -> bool:
        if self.plays_on is None:
            return kind not in (Kind.ASSET, Kind.ROBOTS)
        return kind is self.plays_on


def _status(status: int) -> Callable[[Occasion], Response]:
    return lambda occasion: html(f"<h1>{status}</h1>", int(occasion.option("status", status)))


def _busy(status: int) -> Callable[[Occasion], Response]:
    """429 or 503. `retry_after`: seconds (default 30); `as_date`: say it as an HTTP date."""

    def play(occasion: Occasion) -> Response:
        seconds = int(occasion.option("retry_after", 30))
        answer = html("<h1>Hệ thống đang bận, vui lòng thử lại sau</h1>", status)
        when = format_datetime(occasion.now + timedelta(seconds=seconds), usegmt=True)
        answer.headers["Retry-After"] = when if occasion.option("as_date", False) else str(seconds)
        return answer

    return play


def _drip(occasion: Occasion) -> Response:
    """The right answer in small pieces: `piece` bytes (64), `pause` seconds (0.1) after each."""
    size = int(occasion.option("piece", 64))
    body = occasion.answer.content
    occasion.answer.body = (body[start : start + size] for start in range(0, len(body), size))
    occasion.answer.pause = float(occasion.option("pause", 0.1))
    return occasion.answer


def _late(occasion: Occasion) -> Response:
    """The right answer, `seconds` (5) late."""
    occasion.answer.wait = float(occasion.option("seconds", 5.0))
    return occasion.answer


def _truncated(occasion: Occasion) -> Response:
    """The first part (`share`, 0.5) of the body under the length of the whole."""
    body = occasion.answer.content
    occasion.answer.claimed_length = len(body)
    occasion.answer.body = body[: int(len(body) * float(occasion.option("share", 0.5)))]
    return occasion.answer


def _endless_redirect(occasion: Occasion) -> Response:
    """Each step leads to a new address of the same paper."""
    path = occasion.request.target.partition("?")[0]
    return redirect(f"{occasion.site.address}{path}?utm_vong={occasion.hits + 1}")


def _redirect_to(default: str) -> Callable[[Occasion], Response]:
    return lambda occasion: redirect(str(occasion.option("to", default)), int(occasion.option("status", 302)))


def _cookie_loop(occasion: Occasion) -> Response:
    """Back to the same address until the cookie is sent along; with `forever`, even then."""
    if "phien=" in occasion.request.headers.get("cookie", "") and not occasion.option("forever", False):
        return occasion.answer
    answer = redirect(occasion.site.address + occasion.request.target)
    answer.headers["Set-Cookie"] = f"phien={occasion.hits}; Path=/"
    return answer


def _wrong_charset(occasion: Occasion) -> Response:
    """UTF-8, declared in the header as `charset` (windows-1252)."""
    mime = occasion.answer.headers.get("Content-Type", "text/html").partition(";")[0]
    occasion.answer.headers["Content-Type"] = f"{mime}; charset={occasion.option('charset', 'windows-1252')}"
    return occasion.answer


def _undeclared_charset(occasion: Occasion) -> Response:
    """windows-1258, declared as UTF-8 in header and page alike."""
    occasion.answer.body = windows_1258(occasion.answer.content.decode())
    return occasion.answer


def _gzip_bomb(occasion: Occasion) -> Response:
    """A small gzip stream that unfolds to `megabytes` (256)."""
    headers = {**occasion.answer.headers, "Content-Encoding": "gzip"}
    return Response(200, headers, _unfolding(int(occasion.option("megabytes", 256))))


def _corrupt_gzip(occasion: Occasion) -> Response:
    headers = {**occasion.answer.headers, "Content-Encoding": "gzip"}
    return Response(200, headers, b"\x1f\x8b\x08\x00" + bytes(range(200)))


def _endless_body(occasion: Occasion) -> Response:
    """Text that goes on for `megabytes` (256), a little at a time."""
    paragraph = "<p>Bản tin đang được cập nhật, mời bạn đọc theo dõi tiếp.</p>\n".encode() * 800
    count = int(occasion.option("megabytes", 256)) * _MEGABYTE // len(paragraph)
    return Response(200, dict(occasion.answer.headers), (paragraph for _ in range(count)), pause=0.005)


def _never(occasion: Occasion) -> Response:
    occasion.answer.wait = math.inf
    return occasion.answer


def _reset(occasion: Occasion) -> Response:
    """Half the body, then a broken connection."""
    body = occasion.answer.content
    occasion.answer.claimed_length = len(body)
    occasion.answer.body = body[: len(body) // 2]
    occasion.answer.reset = True
    return occasion.answer


def _empty_body(occasion: Occasion) -> Response:
    occasion.answer.body = b""
    return occasion.answer


def _script_challenge(occasion: Occasion) -> Response:
    """A page for browsers only, answered with 200 whatever was asked for."""
    return html("<!doctype html><title>…</title><script>document.cookie='k=1';location.reload()</script>")


def _always_304(occasion: Occasion) -> Response:
    """304 to every conditional request, though the content changes; with `always`, to every request."""
    asked = occasion.request.headers
    if occasion.option("always", False) or "if-none-match" in asked or "if-modified-since" in asked:
        return not_modified(occasion.answer)
    return occasion.answer


def _frozen_etag(occasion: Occasion) -> Response:
    """New content under the same ETag and without Last-Modified; the ETag is honoured with 304."""
    etag = '"khong-doi"'
    if etag in occasion.request.headers.get("if-none-match", ""):
        return Response(304, {"ETag": etag})
    answer = occasion.site.feed(_section(occasion), occasion.now)
    answer.headers["ETag"] = etag
    return answer


def _feed_as(**style: Any) -> Callable[[Occasion], Response]:
    return lambda occasion: occasion.site.feed(_section(occasion), occasion.now, FeedStyle(**style))


def _huge_feed(occasion: Occasion) -> Response:
    """`items` (20,000) entries in front of the true ones; their addresses do not exist."""
    items = int(occasion.option("items", 20_000))
    head, opening, rest = _feed_text(occasion).partition("<item>")

    def pieces() -> Iterator[bytes]:
        yield head.encode()
        for number in range(items):
            link = f"{occasion.site.address}/tin-cu-{number}.htm"
            yield f"<item><title>Tin cũ số {number}</title><link>{link}</link></item>\n".encode()
        yield (opening + rest).encode()

    return Response(200, dict(occasion.answer.headers), pieces())


def _broken_xml(occasion: Occasion) -> Response:
    """Bare ampersands, HTML entities, a control character, and an end in the middle of a tag."""
    text = _feed_text(occasion).replace("<title>", "<title>Đời sống & xã hội&nbsp;\x0b: ")
    return _rewritten(occasion, text[: len(text) * 3 // 4] + "<item><titl")


def _dirty_xml(occasion: Occasion) -> Response:
    """Blank lines before the declaration, bare ampersands and HTML entities; nothing is missing."""
    return _rewritten(occasion, "\n\n" + _feed_text(occasion).replace("<title>", "<title>Tin &amp & nóng&nbsp;: "))


def _declares_latin1(occasion: Occasion) -> Response:
    return _rewritten(occasion, _feed_text(occasion).replace('encoding="UTF-8"', 'encoding="ISO-8859-1"'))


def _in_windows_1258(occasion: Occasion) -> Response:
    """Honestly declared, but rare."""
    text = _feed_text(occasion).replace('encoding="UTF-8"', 'encoding="windows-1258"')
    return Response(200, {"Content-Type": "application/rss+xml; charset=windows-1258"}, windows_1258(text))


def _endless_pages(occasion: Occasion) -> Response:
    """Every list page has a next one, whatever its number."""
    page = occasion.hits + 2
    link = f'<a class="next" rel="next" href="/{occasion.site.paper.name}/danh-sach/trang-{page}.htm">Trang sau</a>'
    return _with_links(occasion, link)


def _calendar(occasion: Occasion) -> Response:
    """A month of links to days, each of which leads to another month."""
    first = (occasion.now + timedelta(days=31 * occasion.hits)).date()
    days = (first + timedelta(days=day) for day in range(31))
    return _with_links(occasion, "".join(f'<a href="/lich/{day:%Y/%m/%d}/">{day.day}</a> ' for day in days))


def _huge_robots(occasion: Occasion) -> Response:
    """`megabytes` (20) of rules that forbid nothing we read."""
    block = "".join(f"Disallow: /kho-luu-tru/{number}/\n" for number in range(10_000)).encode()
    count = int(occasion.option("megabytes", 20)) * _MEGABYTE // len(block)
    rules = (block for _ in range(count))
    return Response(200, dict(occasion.answer.headers), _after(b"User-agent: *\n", rules))


def _removed(how: str) -> Callable[[Occasion], Response]:
    return lambda occasion: occasion.site.removed(how, occasion.now)


TRICKS: dict[str, Trick] = {
    "status_500": Trick(_status(500)),
    "status_403": Trick(_status(403)),
    "status_429": Trick(_busy(429)),
    "status_503": Trick(_busy(503)),
    "drip": Trick(_drip),
    "late": Trick(_late),
    "never": Trick(_never),
    "truncated": Trick(_truncated),
    "reset": Trick(_reset),
    "empty_body": Trick(_empty_body),
    "endless_body": Trick(_endless_body),
    "gzip_bomb": Trick(_gzip_bomb),
    "corrupt_gzip": Trick(_corrupt_gzip),
    "endless_redirect": Trick(_endless_redirect),
    "redirect_foreign": Trick(_redirect_to(FOREIGN_ADDRESS)),
    "redirect_private": Trick(_redirect_to(PRIVATE_ADDRESS)),
    "cookie_loop": Trick(_cookie_loop),
    "wrong_charset": Trick(_wrong_charset),
    "undeclared_charset": Trick(_undeclared_charset),
    "script_challenge": Trick(_script_challenge),
    "always_304": Trick(_always_304, Kind.FEED),
    "frozen_etag": Trick(_frozen_etag, Kind.FEED),
    "feed_undated": Trick(_feed_as(dates="none"), Kind.FEED),
    "feed_future": Trick(_feed_as(year_shift=1), Kind.FEED),
    "feed_relative": Trick(_feed_as(relative=True), Kind.FEED),
    "feed_empty": Trick(_feed_as(empty=True), Kind.FEED),
    "feed_huge": Trick(_huge_feed, Kind.FEED),
    "feed_broken": Trick(_broken_xml, Kind.FEED),
    "feed_dirty": Trick(_dirty_xml, Kind.FEED),
    "feed_declares_latin1": Trick(_declares_latin1, Kind.FEED),
    "feed_windows_1258": Trick(_in_windows_1258, Kind.FEED),
    "endless_pages": Trick(_endless_pages, Kind.LIST),
    "calendar": Trick(_calendar, Kind.LIST),
    "robots_500": Trick(_status(500), Kind.ROBOTS),
    "robots_never": Trick(_never, Kind.ROBOTS),
    "robots_huge": Trick(_huge_robots, Kind.ROBOTS),
    "removed_404": Trick(_removed("404"), Kind.ARTICLE),
    "removed_410": Trick(_removed("410"), Kind.ARTICLE),
    "removed_home": Trick(_removed("redirect_home"), Kind.ARTICLE),
    "removed_page": Trick(_removed("gone_page"), Kind.ARTICLE),
}


def windows_1258(text: str) -> bytes:
    """Vietnamese in the code page that writes tones as separate characters; what it lacks becomes a reference."""
    split = []
    for letter in unicodedata.normalize("NFC", text):
        parts = unicodedata.normalize("NFD", letter)
        tone = "".join(part for part in parts if part in _TONES)
        base = unicodedata.normalize("NFC", "".join(part for part in parts if part not in _TONES))
        split.append(base + tone if tone else letter)
    return "".join(split).encode("cp1258", "xmlcharrefreplace")


def _section(occasion: Occasion) -> str:
    return occasion.site.feeds().get(occasion.request.path, "")


def _feed_text(occasion: Occasion) -> str:
    return occasion.site.feed(_section(occasion), occasion.now).content.decode()


def _rewritten(occasion: Occasion, text: str) -> Response:
    return Response(200, {"Content-Type": "application/rss+xml"}, text.encode())


def _with_links(occasion: Occasion, links: str) -> Response:
    """The list page asked for (or, at an address that does not exist, a made one) with more links."""
    if occasion.kind is Kind.LIST:
        text = occasion.answer.content.decode()
    else:
        text = f"<!doctype html><title>{escape(occasion.site.paper.title)}</title><body></body>"
    return html(text.replace("</body>", f'<div class="lich">{links}</div></body>'))


def _after(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _unfolding(megabytes: int) -> Iterator[bytes]:
    """A valid gzip stream of one repeated block: deflate blocks closed by a full flush can be repeated."""
    plain = "<p>Bản tin dài vô tận.</p>".encode()
    plain *= _MEGABYTE // len(plain)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = deflate.compress(plain) + deflate.flush(zlib.Z_FULL_FLUSH)
    checksum = 0
    yield b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    for _ in range(megabytes):
        checksum = zlib.crc32(plain, checksum)
        yield block
    yield deflate.flush(zlib.Z_FINISH) + struct.pack("<II", checksum, len(plain) * megabytes % 2**32)
