"""Articles as staff see them: published or not, with all there is to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from diembao.store.models import ArticleRow, SourceRow, StoryRow


@dataclass(frozen=True, slots=True)
class StaffArticle:
    """outlet: what its source calls itself."""

    article: ArticleRow
    story: StoryRow
    outlet: str


def articles_by_id(session: Session, article_ids: Sequence[int]) -> dict[int, StaffArticle]:
    """Those of the articles that exist; at most some hundreds at once."""
    query = (
        select(ArticleRow, StoryRow, SourceRow.title)
        .join(StoryRow, StoryRow.id == ArticleRow.story_id)
        .join(SourceRow, SourceRow.name == ArticleRow.source)
        .where(ArticleRow.id.in_(article_ids))
    )
    return {row[0].id: StaffArticle(row[0], row[1], row[2]) for row in session.execute(query)}
