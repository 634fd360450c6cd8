"""alerts are mailed to their owner's own mailbox"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("alerts", sa.Column("by_mail", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.drop_column("alerts", "mail_to")
    op.drop_column("alerts", "mail_fault")
