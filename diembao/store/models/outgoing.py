"""What a thing that leaves the house carries with it, whatever it is: a digest's mail, a letter, a webhook's call."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from diembao.store.models.base import Identity, UtcDateTime


class Outgoing:
    """Columns of a row that is sent once; its states are told in `diembao.store.outgoing`."""

    id: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=True)
    state: Mapped[str] = mapped_column(String(16), default="queued")
    claim: Mapped[str] = mapped_column(String(32), default="")  # of the sender that has taken it
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime)
    queued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer: Mapped[str] = mapped_column(Text, default="")  # what the other side said last
