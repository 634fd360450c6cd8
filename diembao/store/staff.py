"""Articles as staff see them: published or not, with all there is to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from diembao.store import articles
from diembao.store.models import ArticleRow, SourceRow, StoryRow


@dataclass(frozen=True, slots=True)
class StaffArticle:
    """outlet: what its source calls itself."""

    article: ArticleRow
    story: StoryRow
    outlet: str

    @property
    def removed_at(self) -> datetime | None:
        """When its newspaper or we took it down."""
        return articles.removed_at(self.article)


def articles_by_id(session: Session, article_ids: Sequence[int]) -> dict[int, StaffArticle]:
    """Those of the articles that exist; at most some hundreds at once."""
    query = _articles().where(ArticleRow.id.in_(article_ids))
    return {row[0].id: StaffArticle(*row) for row in session.execute(query)}


def articles_of(session: Session, story_ids: Sequence[int]) -> dict[int, list[StaffArticle]]:
    """All articles of each of the stories, those taken down included, first printed first; at most some hundreds of
    stories at once. Stories without articles have no entry."""
    query = _articles().where(ArticleRow.story_id.in_(story_ids)).order_by(ArticleRow.effective_at, ArticleRow.id)
    found: dict[int, list[StaffArticle]] = {}
    for row in session.execute(query):
        found.setdefault(row[1].id, []).append(StaffArticle(*row))
    return found


def _articles() -> Select[ArticleRow, StoryRow, str]:
    return (
        select(ArticleRow, StoryRow, SourceRow.title)
        .join(StoryRow, StoryRow.id == ArticleRow.story_id)
        .join(SourceRow, SourceRow.name == ArticleRow.source)
    )
