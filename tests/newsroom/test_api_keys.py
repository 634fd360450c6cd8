"""Keys are counted for all processes together, however many ask at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from diembao.newsroom import api_keys
from diembao.newsroom.api_keys import Scope, pace
from diembao.newsroom.people import actor_of
from diembao.store import people
from diembao.store.database import Store
from diembao.store.models import UserRow

NOW = datetime(2026, 11, 22, 2, 5, tzinfo=UTC)


@pytest.fixture
def key(store: Store):
    def make(per_day: int = 100, per_minute: int = 100) -> str:
        with store.write() as session:
            user = people.by_name(session, "lan") or people.add(
                session, UserRow(name="lan", roles=["editor"], full_name="Lan", created_at=NOW)
            )
            return api_keys.make(
                session,
                actor_of(user),
                name="Cổng",
                scopes=[Scope.READ],
                per_day=per_day,
                per_minute=per_minute,
                days=90,
                now=NOW,
            )

    return make


@pytest.mark.parametrize(("per_day", "per_minute"), [(5, 100), (100, 5)])
def test_not_one_too_many_passes_when_sixteen_ask_at_once(store: Store, key, per_day: int, per_minute: int) -> None:
    """Each on a connection of its own, as processes are."""
    given = key(per_day=per_day, per_minute=per_minute)
    stores = [Store(store.engine.url.render_as_string(hide_password=False)) for _ in range(4)]
    with ThreadPoolExecutor(16) as threads:
        uses = list(threads.map(lambda number: api_keys.use(stores[number % 4], given, NOW), range(32)))
    for one in stores:
        one.close()
    assert sum(use is not None and use.passes for use in uses) == 5


def test_speed_allows_a_minute_at_once_and_then_one_share_at_a_time() -> None:
    until, now, passed = None, NOW, []
    for step in range(240):  # every second
        verdict = pace(until, 30, now)
        if not verdict.wait:
            until = now + timedelta(seconds=verdict.full_in)
            passed.append(step)
        now += timedelta(seconds=1)
    # In the first minute the whole minute's requests and what it gives back meanwhile, then one each two seconds.
    assert passed[:59] == list(range(59))
    assert len([step for step in passed if 120 <= step < 240]) == 60


def test_a_key_that_never_was_is_none_and_one_with_other_letters_too(store: Store, key) -> None:
    given = key()
    for wrong in (
        "",
        "dbtn_",
        given[:-1],
        given + "=",
        given.upper(),
        f" {given}",
        given + "\0",
        "dbtn_\udcff",
        "dbtn_ế",
    ):
        assert api_keys.use(store, wrong, NOW) is None, wrong
    assert api_keys.use(store, given, NOW) is not None
