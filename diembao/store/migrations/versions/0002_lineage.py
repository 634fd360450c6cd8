"""lineage of copies, stories that people put together or took apart"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("articles", schema=None) as batch_op:
        batch_op.add_column(sa.Column("credit_source", sa.String(length=80), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("reprint_certainty", sa.Float(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("story_pinned", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.create_index(batch_op.f("ix_articles_reprint_of"), ["reprint_of"], unique=False)
