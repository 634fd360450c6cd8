"""what the queue is ordered, filtered and counted by; saved views; who has a story open"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op

from diembao.store.models import UtcDateTime
from diembao.store.ranking import Judged, rank, standing_of, topic_of

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_AT_ONCE = 1000


def upgrade() -> None:
    with op.batch_alter_table("stories", schema=None) as batch_op:
        batch_op.add_column(sa.Column("certainty", sa.Float(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("topic", sa.String(length=64), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("stance", sa.String(length=16), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("needs_response", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("surge", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("rank", sa.Float(), nullable=False, server_default="0"))
    op.create_table(
        "story_places",
        sa.Column("story_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(["story_id"], ["stories.id"], name=op.f("fk_story_places_story_id")),
        sa.PrimaryKeyConstraint("story_id", "code", name=op.f("pk_story_places")),
    )
    op.create_table(
        "saved_views",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
    )
    op.create_index("ix_saved_views_user_id", "saved_views", ["user_id"])
    op.create_table(
        "story_openings",
        sa.Column("story_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("story_id", "user_id", name=op.f("pk_story_openings")),
    )
    _fill()
    op.create_index("ix_story_places_code_story_id", "story_places", ["code", "story_id"])
    op.create_index(
        "ix_stories_queue",
        "stories",
        ["state", "relevance", "rank", "topic", "stance", "needs_response", "first_at", "last_at", "outlets", "id"],
    )
    op.create_index("ix_articles_source_story_id", "articles", ["source", "story_id"])
    op.create_index("ix_articles_story_id_source", "articles", ["story_id", "source"])
    # Both are now the beginning of another one.
    op.drop_index("ix_articles_source", "articles")
    op.drop_index("ix_articles_story_id", "articles")


def _fill() -> None:
    """Judge every story as `store.stories.refresh` does, in one pass over the articles."""
    connection = op.get_bind()
    stories = sa.table(
        "stories",
        *(sa.column(name) for name in ("id", "certainty", "topic", "stance", "needs_response", "surge", "rank")),
    )
    places = sa.table("story_places", sa.column("story_id"), sa.column("code"))
    update = stories.update().where(stories.c.id == sa.bindparam("story"))
    update = update.values({name: sa.bindparam(name) for name in stories.c.keys() if name != "id"})  # noqa: SIM118
    for batch in _batches(connection):
        judged, named = [], []
        for story_id, rows in groupby(batch, key=lambda row: row.story_id):
            members = list(rows)
            judged.append({"story": story_id, **_judge(members)})
            named += [{"story_id": story_id, "code": code} for code in sorted(_codes(members))]
        connection.execute(update, judged)
        if named:
            connection.execute(places.insert(), named)


def _batches(connection: sa.Connection) -> Iterator[Sequence[Any]]:
    """The articles of some hundreds of stories at a time, by story."""
    json = sa.JSON()
    articles = sa.table(
        "articles",
        sa.column("id"),
        sa.column("story_id", sa.BigInteger()),
        sa.column("source"),
        sa.column("effective_at", UtcDateTime()),
        sa.column("relevance"),
        sa.column("relevance_score"),
        sa.column("topic"),
        sa.column("stance"),
        sa.column("needs_response", sa.Boolean()),
        sa.column("reprint_of"),
        sa.column("annotations", json),
    )
    query = sa.select(*(column for column in articles.c if column.name != "annotations"), articles.c.annotations)
    last, newest = 0, connection.scalar(sa.select(sa.func.max(articles.c.story_id))) or 0
    while last < newest:
        rows = connection.execute(
            query.where(articles.c.story_id > last, articles.c.story_id <= last + _AT_ONCE).order_by(
                articles.c.story_id, articles.c.effective_at, articles.c.id
            )
        ).all()
        last += _AT_ONCE
        if rows:
            yield rows


def _judge(rows: Sequence[Any]) -> dict[str, Any]:
    judged = [
        Judged(
            row.source,
            row.effective_at,
            row.relevance,
            row.relevance_score,
            row.topic,
            row.stance,
            row.needs_response,
            row.reprint_of is not None,
        )
        for row in rows
    ]
    standing = standing_of(judged)
    return {
        "certainty": standing.certainty,
        "topic": topic_of(judged),
        "stance": standing.stance,
        "needs_response": standing.needs_response,
        "surge": standing.surge,
        "rank": rank(standing),
    }


def _codes(rows: list[sa.Row[Any]]) -> set[str]:
    named = (place for row in rows for place in row.annotations.get("places") or ())
    return {place["code"] for place in named if place["kind"] == "unit" and place["code"]}
