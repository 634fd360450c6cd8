"""learned profiles and how sources are read; leases, so that several workers share one database"""

import sqlalchemy as sa
from alembic import op

from diembao.store.models import Json, UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_FETCHED = sa.text("state = 'fetched'")


def upgrade() -> None:
    op.add_column("pages", sa.Column("leased_until", UtcDateTime(), nullable=True))
    op.create_index("ix_pages_pending", "pages", ["id"], sqlite_where=_FETCHED, postgresql_where=_FETCHED)
    op.create_index("ix_pages_source_id", "pages", ["source", "id"])
    op.drop_index("ix_pages_source", "pages")
    op.create_table(
        "profiles",
        sa.Column("id", _IDENTITY, autoincrement=True, nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("learned_at", UtcDateTime(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("agreement", sa.Float(), nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.ForeignKeyConstraint(["source"], ["sources.name"], name="fk_profiles_source"),
        sa.PrimaryKeyConstraint("id", name="pk_profiles"),
    )
    op.create_index("ix_profiles_source_version", "profiles", ["source", "version"], unique=True)
    op.create_table(
        "readings",
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("try_at", sa.Integer(), nullable=False),
        sa.Column("recent", Json, nullable=False),
        sa.ForeignKeyConstraint(["source"], ["sources.name"], name="fk_readings_source"),
        sa.PrimaryKeyConstraint("source", name="pk_readings"),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("holder", sa.String(120), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
