"""A matter that several people write at at once: one of them is taken, the others are told, and nothing is lost."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from diembao.errors import Refused
from diembao.newsroom import matters
from diembao.newsroom.matters import Given
from diembao.newsroom.permissions import Actor, Role
from diembao.store import matters as kept
from diembao.store import stories
from diembao.store.database import Store
from diembao.store.models import AuditRow, MatterRow

NOW = datetime(2026, 11, 22, 2, 5, tzinfo=UTC)
PEOPLE = [Actor(f"nguoi{number}", frozenset({Role.EDITOR})) for number in range(6)]


@pytest.fixture
def story(store: Store) -> int:
    with store.write() as session:
        return stories.create(session, at=NOW, relevance="relevant", now=NOW).id


def all_at_once(store: Store, story: int, revision: int) -> tuple[list[str], list[str]]:
    """Everybody saves what they saw at one moment; who was taken, and whose name the others were told."""
    together = threading.Barrier(len(PEOPLE))
    taken: list[str] = []
    told: list[str] = []

    def save(actor: Actor) -> None:
        together.wait()
        try:
            with store.write() as session:
                matters.note(session, story, Given(body=f"Sở của {actor.name}"), revision, actor, NOW)
        except Refused as error:
            assert error.key == "matter_changed"
            told.append(error.values["by"])
        else:
            taken.append(actor.name)

    threads = [threading.Thread(target=save, args=(actor,)) for actor in PEOPLE]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return taken, told


def test_the_first_word_of_a_matter_is_one_persons_and_the_others_are_told_whose(store: Store, story: int) -> None:
    for revision in range(3):  # the first time there is no row to hold on to yet
        taken, told = all_at_once(store, story, revision)
        assert len(taken) == 1
        assert told == taken * (len(PEOPLE) - 1)
        with store.read() as session:
            [row] = session.scalars(select(MatterRow)).all()
            assert (row.revision, row.body) == (revision + 1, f"Sở của {taken[0]}")
    with store.read() as session:
        assert len(session.scalars(select(AuditRow).where(AuditRow.action == "matter")).all()) == 3


def test_who_has_seen_what_another_wrote_may_write_over_it_and_the_log_has_both(store: Store, story: int) -> None:
    with store.write() as session:
        matters.note(session, story, Given(body="Sở Xây dựng", note="đã gọi điện"), 0, PEOPLE[0], NOW)
    with store.write() as session, pytest.raises(Refused, match="matter_changed"):
        matters.note(session, story, Given(body="Sở Y tế"), 0, PEOPLE[1], NOW)
    with store.write() as session:
        matters.note(session, story, Given(body="Sở Y tế"), 1, PEOPLE[1], NOW + timedelta(minutes=1))
    with store.read() as session:
        row = kept.of_story(session, story)
        assert row is not None and (row.body, row.changed_by, row.revision) == ("Sở Y tế", "nguoi1", 2)
        said = [one.detail["body"] for one in session.scalars(select(AuditRow).order_by(AuditRow.id))
                if one.action == "matter"]  # fmt: skip
        assert said == ["Sở Xây dựng", "Sở Y tế"]
