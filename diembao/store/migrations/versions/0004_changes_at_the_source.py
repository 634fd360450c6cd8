"""what happens to articles at their newspapers; the pulse of sources"""

import sqlalchemy as sa
from alembic import op

from diembao.store.models import Json, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("articles", schema=None) as batch_op:
        batch_op.add_column(sa.Column("source_changed_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("source_removed_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("source_removed_reason", sa.Text(), nullable=False, server_default=""))
    op.create_index("ix_pages_found_at", "pages", ["found_at"])
    _watches()
    _versions_and_events()
    _pulse()


def _watches() -> None:
    op.create_table(
        "watches",
        sa.Column("page_id", _IDENTITY, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("next_look_at", UtcDateTime(), nullable=False),
        sa.Column("last_look_at", UtcDateTime(), nullable=True),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("last_modified", sa.Text(), nullable=False),
        sa.Column("body_digest", sa.String(length=64), nullable=False),
        sa.Column("missing_since", UtcDateTime(), nullable=True),
        sa.Column("missing_reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name=op.f("fk_watches_page_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("page_id", name=op.f("pk_watches")),
    )
    op.create_index("ix_watches_next_look_at", "watches", ["next_look_at"])


def _versions_and_events() -> None:
    op.create_table(
        "article_versions",
        sa.Column("id", _IDENTITY, autoincrement=True, nullable=False),
        sa.Column("article_id", _IDENTITY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("lead", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("archive_file", sa.Text(), nullable=False),
        sa.Column("archive_offset", sa.BigInteger(), nullable=False),
        sa.Column("archive_length", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_article_versions_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_versions")),
        sa.UniqueConstraint("article_id", "number", name=op.f("uq_article_versions_article_id_number")),
    )
    op.create_table(
        "source_events",
        sa.Column("id", _IDENTITY, autoincrement=True, nullable=False),
        sa.Column("article_id", _IDENTITY, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("detail", Json, nullable=False),
        sa.Column("handled_at", UtcDateTime(), nullable=True),
        sa.Column("handled_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_source_events_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_events")),
    )
    op.create_index("ix_source_events_article_id", "source_events", ["article_id"])
    op.create_index("ix_source_events_handled_at", "source_events", ["handled_at"])


def _pulse() -> None:
    op.create_table(
        "source_days",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("by_fallback", sa.Integer(), nullable=False),
        sa.Column("undated", sa.Integer(), nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", "day", name=op.f("pk_source_days")),
    )
    op.create_table(
        "source_pulse",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", Json, nullable=False),
        sa.Column("figures", Json, nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("bad_runs", sa.Integer(), nullable=False),
        sa.Column("checked_at", UtcDateTime(), nullable=False),
        sa.Column("told_state", sa.String(length=16), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["source"], ["sources.name"], name=op.f("fk_source_pulse_source"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_source_pulse")),
    )
