"""What was read from the page and what its data states, weighed into one article."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from diembao.errors import Unreadable
from diembao.records import Article, Page
from nlp.text import fold, normalise
from pipelines.addresses import canonical_url, host_of
from pipelines.dates import Moment, read_moment, settle
from pipelines.reading.bylines import dateline_of, is_site_name, people_of
from pipelines.reading.outline import text_key
from pipelines.reading.structured import Structured

_SHORTEST_TEXT = 80
_NO_PICTURE = (
    "logo",
    "no-image",
    "noimage",
    "no_image",
    "default",
    "avatar_default",
    "placeholder",
    "favicon",
    "blank.",
    "spacer",
)
_HOME_CRUMBS = {"trang chu", "home", "trang nhat", "tin tuc"}


@dataclass(frozen=True, slots=True)
class Reading:
    """The printed parts of an article, as found on its page."""

    title: str
    lead: str
    paragraphs: tuple[str, ...]
    authors: tuple[str, ...] = ()
    credit: str = ""
    moments: tuple[Moment, ...] = ()  # printed, best first
    sections: tuple[str, ...] = ()  # printed, most particular first
    image: str = ""
    read_by: str = ""

    @property
    def size(self) -> int:
        """Characters of lead and paragraphs."""
        return len(self.lead) + sum(len(line) for line in self.paragraphs)


def assemble(page: Page, structured: Structured, reading: Reading, after: str = "") -> Article:
    """One article; raises Unreadable where title or text are missing.

    after: what `read_by` says besides the reader, such as the profile that failed before.
    """
    title = reading.title or normalise(page.hints.title).strip()
    lead, paragraphs = reading.lead, list(reading.paragraphs)
    text = "\n".join(line for line in (lead, *paragraphs) if line)
    if not title:
        raise Unreadable("no title found")
    if len(text) < _SHORTEST_TEXT:
        raise Unreadable("no article text found")
    published_at, published_from = settle(
        structured=[moment for stated in structured.times if (moment := read_moment(stated, page.fetched_at))],
        printed=reading.moments,
        feed=page.hints.published_at,
        url=page.url,
        now=page.fetched_at,
    )
    return Article(
        url=page.url,
        canonical_url=own_address(page.url, structured.addresses),
        source=page.source,
        title=title,
        lead=lead,
        text=text,
        authors=_authors(page, structured, reading),
        published_at=published_at,
        published_from=published_from,
        section=_section(page, structured, reading, title),
        image=_image(page.url, structured, reading),
        credit=reading.credit or dateline_of(lead),
        read_by=reading.read_by + after,
    )


def _authors(page: Page, structured: Structured, reading: Reading) -> tuple[str, ...]:
    """People in the page's data; the printed byline where it names more, or where the data names none."""
    stated: dict[str, str] = {}
    for listed in structured.authors:
        for name in people_of(listed, structured.site_names, page.url, named=True):
            stated.setdefault(text_key(fold(name)), name)
    printed = {
        text_key(fold(name)): name
        for name in reading.authors
        if not is_site_name(name, structured.site_names, page.url)
    }
    if stated and not (set(stated) <= set(printed)):
        return tuple(stated.values())
    if printed:
        return tuple(printed.values())
    return people_of(normalise(page.hints.author), structured.site_names, page.url, named=True)


def _section(page: Page, structured: Structured, reading: Reading, title: str) -> str:
    sites = {text_key(name) for name in structured.site_names}
    title_key = text_key(title)
    for section in (*structured.sections, *reading.sections, normalise(page.hints.section).strip()):
        key = text_key(section)
        flat = fold(section).lower().strip()
        if key and len(section) <= 60 and key != title_key and key not in sites and flat not in _HOME_CRUMBS:
            return section
    return ""


def _image(url: str, structured: Structured, reading: Reading) -> str:
    for image in (*structured.images, reading.image):
        address = urljoin(url, image.strip())
        name = urlsplit(address).path.lower()
        if address.startswith(("http://", "https://")) and not any(mark in name for mark in _NO_PICTURE):
            return address
    return ""


def own_address(url: str, stated: Iterable[str] = ()) -> str:
    """The address an article goes by: what the page calls itself on its own host, else where it was fetched.

    url: may be empty or a file's, then what the page states is believed; stated: addresses from the page, best first.
    """
    host = _site(url)
    for address in stated:
        absolute = canonical_url(urljoin(url, address) if host else address)
        if not absolute or (host and _site(absolute) != host):
            continue
        # A page that calls the front page its address says nothing about itself.
        if not host or urlsplit(absolute).path.strip("/") or urlsplit(absolute).query:
            return absolute
    return canonical_url(url) or url


def _site(url: str) -> str:
    """The host without the prefixes of mobile editions, empty for what is not on the web."""
    host = host_of(url) if url.startswith(("http://", "https://")) else ""
    for prefix in ("m.", "mobile.", "amp."):
        host = host.removeprefix(prefix)
    return host


def unique_lines(lines: Sequence[str], lead: str, title: str) -> tuple[str, ...]:
    """Paragraphs without the headline, the lead and long lines printed twice."""
    seen = {key for key in (text_key(lead), text_key(title)) if key}
    kept = []
    for line in lines:
        key = text_key(line)
        if not key or (key in seen and (len(key) >= 60 or key == text_key(title))):
            continue
        if len(key) >= 60:
            seen.add(key)
        kept.append(line)
    return tuple(kept)
