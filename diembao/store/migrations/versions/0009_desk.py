"""the desk: what people decide about stories, say of pages, tell each other, and take down"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from diembao.store.models import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    _widen_known_tables()
    _create_labels()
    _create_writing()
    _create_acts()
    op.create_index("ix_audit_object_kind_object_id", "audit", ["object_kind", "object_id"])


def _text(name: str, length: int | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.String(length) if length else sa.Text(), nullable=False, server_default="")


def _widen_known_tables() -> None:
    with op.batch_alter_table("stories", schema=None) as table:
        table.add_column(sa.Column("assignee_id", sa.BigInteger(), nullable=True))
        table.add_column(_text("assignee", 80))
        table.add_column(sa.Column("state_at", UtcDateTime(), nullable=True))
        table.add_column(_text("state_by", 80))
        table.add_column(_text("reason"))
        table.add_column(_text("approved_by", 80))
        table.add_column(sa.Column("scheduled_at", UtcDateTime(), nullable=True))
        table.add_column(_text("time_vouched_by", 80))
        table.add_column(_text("correction"))
        table.add_column(sa.Column("corrected_at", UtcDateTime(), nullable=True))
        table.create_index("ix_stories_scheduled_at", ["scheduled_at"])
    with op.batch_alter_table("articles", schema=None) as table:
        table.add_column(sa.Column("withdrawn_at", UtcDateTime(), nullable=True))
        table.add_column(_text("withdrawn_reason"))
    with op.batch_alter_table("sources", schema=None) as table:
        table.add_column(sa.Column("agreement_hours", sa.Float(), nullable=False, server_default="0"))
        table.add_column(sa.Column("agreement_from", sa.Date(), nullable=True))
        table.add_column(sa.Column("agreement_until", sa.Date(), nullable=True))


def _create_labels() -> None:
    op.create_table(
        "labels",
        sa.Column("id", IDENTITY, autoincrement=True, nullable=False),
        sa.Column("page_id", IDENTITY, nullable=False),
        sa.Column("field", sa.String(24), nullable=False),
        sa.Column("value", JSON, nullable=False),
        sa.Column("machine_value", JSON, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("from_label", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.Column("withdrawn_by", sa.String(80), nullable=False),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name=op.f("fk_labels_page_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_labels")),
    )
    op.create_index("ix_labels_page_id_field", "labels", ["page_id", "field"])
    op.create_table(
        "near_misses",
        sa.Column("page_id", IDENTITY, nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("lead", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("evidence", JSON, nullable=False),
        sa.Column("effective_at", UtcDateTime(), nullable=False),
        sa.Column("dismissed_at", UtcDateTime(), nullable=True),
        sa.Column("dismissed_by", sa.String(80), nullable=False),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name=op.f("fk_near_misses_page_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("page_id", name=op.f("pk_near_misses")),
    )
    op.create_index("ix_near_misses_effective_at", "near_misses", ["effective_at"])


def _create_writing() -> None:
    op.create_table(
        "story_notes",
        sa.Column("id", IDENTITY, autoincrement=True, nullable=False),
        sa.Column("story_id", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_story_notes")),
    )
    op.create_index("ix_story_notes_story_id", "story_notes", ["story_id"])
    op.create_table(
        "story_texts",
        sa.Column("id", IDENTITY, autoincrement=True, nullable=False),
        sa.Column("story_id", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_story_texts")),
    )
    op.create_index("ix_story_texts_story_id", "story_texts", ["story_id"])


def _create_acts() -> None:
    op.create_table(
        "desk_acts",
        sa.Column("id", IDENTITY, autoincrement=True, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("act", sa.String(24), nullable=False),
        sa.Column("items", JSON, nullable=False),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_acts")),
    )
    op.create_index("ix_desk_acts_actor_id", "desk_acts", ["actor", "id"])
    op.create_table(
        "takedowns",
        sa.Column("id", IDENTITY, autoincrement=True, nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=True),
        sa.Column("story_id", sa.BigInteger(), nullable=False),
        sa.Column("article_id", sa.BigInteger(), nullable=True),
        sa.Column("cause", sa.String(24), nullable=False),
        sa.Column("scope", sa.String(16), nullable=False),
        sa.Column("outlet", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("was_published", sa.Boolean(), nullable=False),
        sa.Column("detected_at", UtcDateTime(), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_takedowns")),
        sa.UniqueConstraint("event_id", name=op.f("uq_takedowns_event_id")),
    )
    for column in ("story_id", "article_id", "detected_at", "settled_at"):
        op.create_index(f"ix_takedowns_{column}", "takedowns", [column])
    op.create_table(
        "article_requests",
        sa.Column("id", IDENTITY, autoincrement=True, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("page_id", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_requests")),
    )
    op.create_index("ix_article_requests_state", "article_requests", ["state"])
