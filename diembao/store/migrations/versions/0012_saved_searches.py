"""saved searches, who follows them, letters to one person"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from diembao.store.models import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def _identity() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "saved_searches",
        sa.Column("id", _identity(), autoincrement=True, nullable=False),
        sa.Column("user_id", _identity(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("page", sa.String(length=16), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_saved_searches_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_searches")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_saved_searches_user_id"), "saved_searches", ["user_id"])
    op.create_index(op.f("ix_saved_searches_shared"), "saved_searches", ["shared"])

    op.create_table(
        "saved_search_follows",
        sa.Column("id", _identity(), autoincrement=True, nullable=False),
        sa.Column("search_id", _identity(), nullable=False),
        sa.Column("user_id", _identity(), nullable=False),
        sa.Column("visited_at", UtcDateTime(), nullable=True),
        sa.Column("visited_article", sa.BigInteger(), nullable=False),
        sa.Column("feed_digest", sa.String(length=64), nullable=True),
        sa.Column("feed_made_at", UtcDateTime(), nullable=True),
        sa.Column("mail_every", sa.String(length=8), nullable=False),
        sa.Column("mail_hour", sa.Integer(), nullable=False),
        sa.Column("mail_weekday", sa.Integer(), nullable=False),
        sa.Column("mail_when_empty", sa.Boolean(), nullable=False),
        sa.Column("mailed_at", UtcDateTime(), nullable=True),
        sa.Column("mailed_article", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["search_id"], ["saved_searches.id"], name=op.f("fk_saved_search_follows_search_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_saved_search_follows_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_search_follows")),
        sa.UniqueConstraint("search_id", "user_id", name=op.f("uq_saved_search_follows_search_id_user_id")),
        sa.UniqueConstraint("feed_digest", name=op.f("uq_saved_search_follows_feed_digest")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_saved_search_follows_user_id"), "saved_search_follows", ["user_id"])
    op.create_index(op.f("ix_saved_search_follows_mail_every"), "saved_search_follows", ["mail_every"])

    op.create_table(
        "letters",
        sa.Column("id", _identity(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("occasion", sa.String(length=120), nullable=False),
        sa.Column("object_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", _identity(), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column(
            "content", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("claim", sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", UtcDateTime(), nullable=False),
        sa.Column("queued_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_letters_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letters")),
        sa.UniqueConstraint("kind", "occasion", name=op.f("uq_letters_kind_occasion")),
    )
    op.create_index(op.f("ix_letters_user_id"), "letters", ["user_id"])
    op.create_index(op.f("ix_letters_queued_at"), "letters", ["queued_at"])
    op.create_index("ix_letters_state_next_try_at", "letters", ["state", "next_try_at"])
