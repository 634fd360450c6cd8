"""What a visit to a page came to, and how it is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from crawlers.download import Fetched
from crawlers.retry_after import BUSY, seconds_to_wait
from diembao.errors import DiembaoError, FetchRefused
from diembao.records import ArchivePlace
from diembao.store import pages
from pipelines.addresses import is_front_page

HTML_TYPES: Final = frozenset({"text/html", "application/xhtml+xml"})
_GONE: Final = frozenset({404, 410})
# What the server may think better of; every other 4xx is its last word.
_PASSING: Final = frozenset({403, 408, 421, 425, 429})


@dataclass(frozen=True, slots=True)
class Verdict:
    """kind: fetched | failed | refused. `hold`: seconds the host wants to be left alone."""

    kind: str
    reason: str = ""
    final: bool = False
    status: int | None = None
    hold: float = 0.0


def judge(asked: str, result: Fetched | DiembaoError, now: datetime) -> Verdict:
    """What to make of the answer to a visit of the address `asked`, or of the error instead of one."""
    if isinstance(result, FetchRefused):
        return Verdict("refused", result.reason)
    if isinstance(result, DiembaoError):
        return Verdict("failed", str(result))
    status = result.status
    if status in BUSY:
        return Verdict(
            "failed", f"HTTP {status}", status=status, hold=seconds_to_wait(result.header("retry-after"), now)
        )
    if status != 200:
        final = status in _GONE or (400 <= status < 500 and status not in _PASSING)
        return Verdict("failed", f"HTTP {status}", final=final, status=status)
    if is_front_page(result.url) and not is_front_page(asked):
        return Verdict("failed", "gone: leads to the front page", final=True, status=status)
    if not result.body.strip():
        return Verdict("failed", "empty: a page without content", status=status)
    return Verdict("fetched", status=status)


def keeping(page_id: int, verdict: Verdict, now: datetime) -> Callable[[Session, ArchivePlace | None], str]:
    """The work that keeps a verdict on a page that was not fetched; its result is refused | retry | failed."""

    def work(session: Session, _place: ArchivePlace | None) -> str:
        if verdict.kind == "refused":
            pages.mark_refused(session, page_id, verdict.reason, now)
            return "refused"
        not_before = now + timedelta(seconds=verdict.hold) if verdict.hold else None
        last = pages.mark_failed(
            session,
            page_id,
            verdict.reason,
            now,
            final=verdict.final,
            status=verdict.status,
            not_before=not_before,
        )
        return "failed" if last else "retry"

    return work
