"""printings that may be seen are counted out of one index, without a look at the articles"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_articles_printings",
        "articles",
        ["story_id", "source", "effective_at", "withdrawn_at", "source_removed_at"],
    )
    op.drop_index("ix_articles_story_id_source", "articles")
