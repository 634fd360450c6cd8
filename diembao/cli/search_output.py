"""Asking the index for the command line, and printing what it found."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from diembao.cli.tools import load_settings
from diembao.index.language import parse
from diembao.index.opening import open_index
from diembao.index.protocol import Filter, Hits, Keyword, Query, Sort

_VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


def find(
    query: str, chosen: dict[str, str], first: datetime | None, last: datetime | None, sort: str, size: int
) -> Hits:
    """Search; days are days in Viet Nam, both included."""
    filters = tuple(Filter(Keyword(name), (value,)) for name, value in chosen.items() if value)
    index = open_index(load_settings())
    try:
        return index.search(
            Query(
                tree=parse(query),
                filters=filters,
                published_from=first.replace(tzinfo=_VIETNAM) if first else None,
                published_to=last.replace(tzinfo=_VIETNAM) + timedelta(days=1) if last else None,
                sort=Sort(sort),
                size=size,
                count_stories=True,
            )
        )
    finally:
        index.close()


def show(query: str, hits: Hits, *, as_json: bool) -> str:
    """The hits as lines for people, or as one JSON object."""
    if as_json:
        items = [
            {
                "id": hit.id,
                "title": hit.title,
                "url": hit.url,
                "source": hit.source,
                "story": hit.story,
                "published_at": hit.published_at.isoformat() if hit.published_at else None,
                "score": hit.score,
            }
            for hit in hits.items
        ]
        shown = {"query": query, "total": hits.total, "stories": hits.stories, "items": items, "next": hits.next}
        return json.dumps(shown, ensure_ascii=False)
    lines = [f"{hits.total} articles, {hits.stories} stories"]
    for hit in hits.items:
        at = f"{hit.published_at.astimezone(_VIETNAM):%d/%m/%Y %H:%M}" if hit.published_at else "-"
        lines.append(f"{at:16}  {hit.source:20.20}  {hit.title}  {hit.url}".rstrip())
    return "\n".join(lines)
