"""Export: every article with its judgement, one JSON object a line, in the order they came; of what was taken down only
that it was."""

from __future__ import annotations

import json
from collections.abc import Callable

from diembao.store import articles, outbox
from diembao.store.database import Store
from diembao.store.models import ArticleRow

_BATCH = 500


def export_articles(store: Store, write: Callable[[str], object]) -> int:
    """Write all articles; memory stays flat. Returns how many."""
    count = last = 0
    while True:
        with store.read() as session:
            ids = outbox.article_ids_after(session, last, _BATCH)
            rows = articles.by_ids(session, ids)
        if not ids:
            return count
        for number in ids:
            write(json.dumps(_as_json(rows[number]), ensure_ascii=False) + "\n")
        last = ids[-1]
        count += len(ids)


def _as_json(row: ArticleRow) -> dict[str, object]:
    down_at = articles.removed_at(row)
    if down_at is not None:
        # What was taken down leaves the house no more; that it was here is said.
        return {"id": row.id, "url": row.url, "source": row.source, "taken_down": down_at.isoformat()}
    return {
        "id": row.id,
        "url": row.url,
        "source": row.source,
        "title": row.title,
        "lead": row.lead,
        "text": row.text,
        "authors": row.authors,
        "date": row.published_at.isoformat() if row.published_at else None,
        "section": row.section,
        "image": row.image,
        "credit": row.credit,
        "story": row.story_id,
        "reprint_of": row.reprint_of,
        "annotations": row.annotations,
    }
