"""The JSON object of `diembao extract`."""

from __future__ import annotations

from diembao.records import Article
from pipelines.dates import VIETNAM


def reading_as_json(article: Article) -> dict[str, object]:
    """The contract's fields of an article; `published_at` in ISO 8601 with the offset of Viet Nam, or None."""
    published = article.published_at.astimezone(VIETNAM).isoformat() if article.published_at else None
    return {
        "title": article.title,
        "lead": article.lead,
        "text": article.text,
        "authors": list(article.authors),
        "published_at": published,
        "published_from": article.published_from.value,
        "section": article.section,
        "image": article.image,
        "credit": article.credit,
        "canonical_url": article.canonical_url,
    }
