"""the filters of the queue are counted in one index"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_stories_kinds", "stories", ["state", "relevance", "topic", "stance", "needs_response", "last_at"]
    )
