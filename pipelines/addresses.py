"""Addresses in one form, so that one page is one page."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from w3lib.url import canonicalize_url, url_query_cleaner

# What campaigns and share buttons append; it never names another page.
_TRACKING = [
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
    "utm_id",
    "fbclid",
    "gclid",
    "dclid",
    "zarsrc",
    "gidzl",
    "mibextid",
    "igshid",
    "ref_src",
    "vn_source",
    "vn_campaign",
    "vn_medium",
    "vn_term",
    "vn_thumb",
    "_gl",
    "cmpid",
]
_MAX_LENGTH = 2000  # longer ones are traps, not articles


# An address is asked for at every step of its way, by the page that holds it and by the links to it.
@lru_cache(maxsize=4096)
def canonical_url(url: str) -> str:
    """The address without fragment and tracking, its host in lower case, its query in the order it was written in.

    Returns '' for what is no http(s) address or longer than any real one.
    """
    url = url.strip()
    if len(url) > _MAX_LENGTH or not re.match(r"https?://[^/\s]", url, re.IGNORECASE):
        return ""
    try:
        parts = urlsplit(url)
        if not parts.hostname:
            return ""
        parts.port  # noqa: B018 - raises when the port is no number
    except ValueError:
        return ""
    cleaned = url_query_cleaner(url, _TRACKING, remove=True)
    # w3lib sorts the query, which some servers take for another page; what is fetched must be what was printed.
    query = urlencode(parse_qsl(urlsplit(cleaned).query, keep_blank_values=True))
    return urlunsplit(urlsplit(canonicalize_url(cleaned))._replace(query=query))


@lru_cache(maxsize=4096)
def host_of(url: str) -> str:
    """Host with its port where it is not the usual one; what `domains` of a source is compared with."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    host = (parts.hostname or "").removeprefix("www.")
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return f"{host}:{port}" if port and port != usual else host


def belongs_to(url: str, domains: tuple[str, ...]) -> bool:
    """Whether the address lies in one of the domains or below one of them."""
    host = host_of(url)
    return any(host == domain or host.endswith("." + domain) for domain in domains)


def is_front_page(url: str) -> bool:
    """Whether this is the home page of a site."""
    parts = urlsplit(url)
    return parts.path in ("", "/") and not parts.query
