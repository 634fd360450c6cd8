"""What editors write beside stories and articles."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from diembao.store.models.base import Base, Identity, Json, UtcDateTime


class SavedViewRow(Base):
    """A choice of filters of the queue that somebody named. query: as it stands in the address."""

    __tablename__ = "saved_views"

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    user_id: Mapped[int] = mapped_column(BigInteger, index=True)
    name: Mapped[str] = mapped_column(String(80))
    query: Mapped[str] = mapped_column(Text)
    shared: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LabelRow(Base):
    """What a person says of a page where the machine said otherwise. Kept by page, so that it outlives the article."""

    __tablename__ = "labels"
    __table_args__ = (Index("ix_labels_page_id_field", "page_id", "field"),)

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("pages.id", ondelete="CASCADE"))
    field: Mapped[str] = mapped_column(String(24))  # relevance | topics | stance | needs_response | places
    value: Mapped[Any] = mapped_column(Json)
    machine_value: Mapped[Any] = mapped_column(Json)  # the machine's newest word on it
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(80))
    by_id: Mapped[int | None] = mapped_column(BigInteger)
    from_label: Mapped[int | None] = mapped_column(BigInteger)  # of the original, when it was applied to a copy
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_by: Mapped[str] = mapped_column(String(80), default="")


class MatterRow(Base):
    """A matter that the press raised in a story: who is to answer, by when, and what came of it."""

    __tablename__ = "matters"

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    story_id: Mapped[int] = mapped_column(BigInteger, unique=True)  # no key: a story may cease to be
    body: Mapped[str] = mapped_column(String(200), default="", index=True)  # that leads the answer
    partners: Mapped[str] = mapped_column(Text, default="")
    letter: Mapped[str] = mapped_column(String(120), default="")  # number and symbol of the letter that asks for it
    sent_on: Mapped[date | None] = mapped_column(Date)  # days in Viet Nam
    due_on: Mapped[date | None] = mapped_column(Date)
    answered_on: Mapped[date | None] = mapped_column(Date)
    answer_url: Mapped[str] = mapped_column(Text, default="")
    not_ours: Mapped[bool] = mapped_column(Boolean, default=False)  # outside the province's powers: nobody need answer
    note: Mapped[str] = mapped_column(Text, default="")
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[str] = mapped_column(String(80))
    revision: Mapped[int] = mapped_column(Integer, default=1)


class StoryNoteRow(Base):
    """What editors tell each other about a story. Kept by number: a story that is gone leaves its notes."""

    __tablename__ = "story_notes"

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    story_id: Mapped[int] = mapped_column(BigInteger, index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(80))
    by_id: Mapped[int | None] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(16))  # note | returned | source
    text: Mapped[str] = mapped_column(Text)


class StoryTextRow(Base):
    """Headline and summary as they were once written."""

    __tablename__ = "story_texts"

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    story_id: Mapped[int] = mapped_column(BigInteger, index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(80))
    by_id: Mapped[int | None] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(16))  # autosave | saved
    headline: Mapped[str] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(Text)


class DeskActRow(Base):
    """What somebody did to which stories, with what stood there before, so that it can be undone."""

    __tablename__ = "desk_acts"
    __table_args__ = (Index("ix_desk_acts_actor_id", "actor", "id"),)

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(80))
    act: Mapped[str] = mapped_column(String(24))
    items: Mapped[list[dict[str, Any]]] = mapped_column(Json)  # story, revision before and after, values before
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TakedownRow(Base):
    """The way of one item off every surface: found out, told, taken off, by whom and on what evidence.

    Copies what it speaks of, because the log must stand when the article is long gone.
    """

    __tablename__ = "takedowns"

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    event_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)  # what was seen at the source
    story_id: Mapped[int] = mapped_column(BigInteger, index=True)
    article_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    cause: Mapped[str] = mapped_column(String(24))  # source_removed | source_changed | by_hand | correction
    scope: Mapped[str] = mapped_column(String(16))  # printing | story | text
    outlet: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    was_published: Mapped[bool] = mapped_column(Boolean)
    detected_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # by when the law wants it gone
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)  # nothing is left to do
    by: Mapped[str] = mapped_column(String(80), default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    evidence: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)


class ArticleRequestRow(Base):
    """An address that somebody at the desk wants read now."""

    __tablename__ = "article_requests"

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    url: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(80))
    by_id: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(16), index=True)  # waiting | fetching | reading | done | failed
    reason: Mapped[str] = mapped_column(String(40), default="")
    detail: Mapped[str] = mapped_column(Text, default="")
    page_id: Mapped[int | None] = mapped_column(BigInteger)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
