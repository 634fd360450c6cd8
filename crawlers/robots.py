"""robots.txt: what a paper asks of crawlers, read as RFC 9309 says.

Missing (4xx): nothing is asked. Unreachable (5xx, timeout): everything is forbidden until it can be read, except that
rules read before stay in force. At most half a megabyte is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from protego import Protego

from crawlers.download import Fetched
from diembao.errors import DiembaoError, FetchRefused

# The name papers can address us by; the whole identity is `Settings.user_agent`.
PRODUCT: Final = "DiembaoThaiNguyen"
MAX_BYTES: Final = 512 * 1024
FRESH_SECONDS: Final = 12 * 3600.0
RETRY_SECONDS: Final = 600.0
# A longer pause between two pages would leave a paper unread for days; more than this nobody means.
LONGEST_DELAY: Final = 120.0


@dataclass(frozen=True, slots=True)
class Rules:
    """What one host asks. `unreachable`: why that could not be found out; '' when it could."""

    parsed: Protego | None = None
    unreachable: str = ""

    def allow(self, url: str) -> bool:
        return self.parsed is None or bool(self.parsed.can_fetch(url, PRODUCT))

    @property
    def delay(self) -> float:
        """Seconds between two requests, the longer of Crawl-delay and Request-rate; 0 when none is asked."""
        if self.parsed is None:
            return 0.0
        asked = self.parsed.crawl_delay(PRODUCT) or 0.0
        rate = self.parsed.request_rate(PRODUCT)
        per_request = rate.seconds / rate.requests if rate is not None and rate.requests else 0.0
        return min(max(float(asked), per_request, 0.0), LONGEST_DELAY)


def rules_from(result: Fetched | DiembaoError) -> Rules:
    """The rules in an answer to `/robots.txt`, or the error instead of one."""
    if isinstance(result, FetchRefused):
        return Rules()  # leads elsewhere, or is no text: there are no rules for this host
    if isinstance(result, DiembaoError):
        return Rules(unreachable=str(result))
    if result.status >= 500 or result.status == 429:
        return Rules(unreachable=f"HTTP {result.status}")
    if result.status != 200:
        return Rules()
    return Rules(Protego.parse(result.body[:MAX_BYTES].decode("utf-8", "replace")))
