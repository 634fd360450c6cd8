"""What people said of articles, with the texts they said it of: the material that models are trained on again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from diembao.errors import ArchiveError, Unreadable
from diembao.records import Article
from diembao.store import articles, labels, pages
from diembao.store.database import Store
from diembao.store.models import LabelRow
from pipelines.steps import Tools, Work, extract, normalise_article


def labelled_rows(store: Store, tools: Tools) -> Iterator[dict[str, Any]]:
    """One row a page, as `diembao train --corrections` reads them: id, title, text, lead, url, source, date, labels.

    What was said of copies because it was said of their original is left out: it would count one word many times.
    The text of what was taken off is read from the archive; a page that cannot be read any more is left out.
    """
    with store.read() as session:
        page_ids = labels.labelled_pages(session)
    for page_id in page_ids:
        with store.read() as session:
            standing = labels.in_force(session, [page_id]).get(page_id, {})
            row = articles.by_page(session, page_id)
            article = articles.to_record(row) if row is not None else None
            archived = pages.archived(session, page_id)
        if article is None and archived is not None:
            article = _read(Work(archived), tools)
        if article is not None:
            own = {field: label for field, label in standing.items() if label.from_label is None}
            yield _row(article, own)


def _read(work: Work, tools: Tools) -> Article | None:
    try:
        return normalise_article(extract(work, tools), tools).article
    except (Unreadable, ArchiveError):
        return None


def _row(article: Article, own: Mapping[str, LabelRow]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": article.url,
        "title": article.title,
        "text": article.text,
        "lead": article.lead,
        "url": article.url,
        "source": article.source,
        "date": article.published_at.isoformat() if article.published_at else "",
    }
    for field in ("relevance", "needs_response"):
        if field in own:
            row[field] = own[field].value
    if "stance" in own and own["stance"].value:
        row["stance"] = own["stance"].value
    if "topics" in own and own["topics"].value:
        row["topic"], *more = own["topics"].value
        row["topic2"] = more[0] if more else None
    if "places" in own:
        row["places"] = [place["name"] for place in own["places"].value]
    return row
