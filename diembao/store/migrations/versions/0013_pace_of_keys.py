"""how fast a key was used, counted for all web processes together"""

import sqlalchemy as sa
from alembic import op

from diembao.store.models import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("paced_until", UtcDateTime(), nullable=True))
