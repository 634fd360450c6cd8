"""The way of one address, told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from diembao.errors import WrongUse
from diembao.store import trail
from diembao.store.database import Store
from diembao.store.models import ArticleRow, PageRow
from pipelines.addresses import canonical_url
from pipelines.dates import VIETNAM


@dataclass(frozen=True, slots=True)
class TrailLine:
    at: datetime
    step: str
    outcome: str
    version: str
    detail: dict[str, Any]

    def __str__(self) -> str:
        shown = " ".join(f"{name}={value}" for name, value in self.detail.items())
        made_by = f" [{self.version}]" if self.version else ""
        return f"{self.at.astimezone(VIETNAM):%d/%m/%Y %H:%M:%S}  {self.step:8} {self.outcome:12}{made_by} {shown}"

    def as_json(self) -> dict[str, Any]:
        return {
            "at": self.at.isoformat(),
            "step": self.step,
            "outcome": self.outcome,
            "version": self.version,
            "detail": self.detail,
        }


def trail_of(store: Store, url: str) -> list[TrailLine]:
    """Every step of an address, from being found to where it stands now.

    Raises:
        WrongUse: the address was never met.
    """
    wanted = {url, canonical_url(url)} - {""}
    with store.read() as session:
        named_so = select(ArticleRow.page_id).where(ArticleRow.canonical_url.in_(wanted))
        page = session.scalar(select(PageRow).where(or_(PageRow.url.in_(wanted), PageRow.id.in_(named_so))).limit(1))
        if page is None:
            raise WrongUse(f"{url}: never met; no feed or list page has named this address")
        steps = trail.of_page(session, page.id)
    found = TrailLine(page.found_at, "found", page.source, "", {"hint": page.hints.get("title", "")[:120]})
    lines = [found, *(TrailLine(row.at, row.step, row.outcome, row.version, row.detail) for row in steps)]
    detail = {"outcome": page.outcome, "reason": page.reason} if page.outcome else {}
    lines.append(TrailLine(page.processed_at or lines[-1].at, "now", page.state, "", detail))
    return lines
