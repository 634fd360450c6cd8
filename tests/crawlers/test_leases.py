"""Sharing newspapers between processes: each has its share, none has what another has, what the dead had goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import pytest
from sqlalchemy.orm import Session

from crawlers.leases import Shared, groups_of
from crawlers.source import Source
from diembao.store.database import Store

LONG, SHORT = 60.0, 1.0


def paper(name: str, *domains: str, delay: float = 0.0, feed_hosts: tuple[str, ...] = ()) -> Source:
    return Source(
        name=name, title=f"Báo {name}", domains=domains or (f"{name}.example",), outlet_type="newspaper",
        scope="local", delay=delay, feed_hosts=feed_hosts,
    )  # fmt: skip


KNOWN = {name: paper(name) for name in "abcdefgh"}


@pytest.fixture
def process_on(store: Store) -> Callable[..., Shared]:
    def start(due: set[str], *, seconds: float = LONG, rest: float = 0.0) -> Shared:
        def with_work(_session: Session, names: Sequence[str]) -> set[str]:
            return due & set(names)

        return Shared(store, KNOWN, tuple(KNOWN), with_work, lambda _source: rest, lease_seconds=seconds)

    return start


def test_papers_that_share_a_host_are_one_group() -> None:
    sources = [
        paper("tinh", "tinh.example"),
        paper("so", "so.tinh.example"),
        paper("xa", "xa.example", feed_hosts=("rss.example",)),
        paper("gan", "gan.example", feed_hosts=("rss.example",)),
        paper("rieng", "rieng.example", "rieng2.example"),
    ]
    assert groups_of(sources) == {"so": ["so", "tinh"], "gan": ["gan", "xa"], "rieng": ["rieng"]}


def test_one_process_takes_all_there_is_to_do_and_only_that(process_on: Callable[..., Shared]) -> None:
    one = process_on({"a", "b", "c"})
    one.keep_up(())
    assert set(one.mine()) == {"a", "b", "c"}
    assert not one.others_wait


def test_a_second_process_gets_its_share_and_nobody_has_what_the_other_has(process_on: Callable[..., Shared]) -> None:
    first, second = process_on(set(KNOWN)), process_on(set(KNOWN))
    first.keep_up((), force=True)
    assert len(first.mine()) == 8
    second.keep_up((), force=True)
    assert second.mine() == []
    assert second.others_wait
    busy = {"a", "b"}
    first.keep_up(busy, force=True)  # sees the other, marks its surplus
    first.keep_up(busy, force=True)  # and gives back what has nothing under way
    second.keep_up((), force=True)
    assert len(first.mine()) == 4
    assert 1 <= len(second.mine()) <= 4
    assert not set(first.mine()) & set(second.mine())


def test_what_a_dead_process_held_is_taken_over_when_its_lease_has_run_out(process_on: Callable[..., Shared]) -> None:
    dead, living = process_on({"a"}, seconds=SHORT), process_on({"a"})
    dead.keep_up(())
    living.keep_up((), force=True)
    assert living.mine() == []
    time.sleep(1.1 * SHORT)
    living.keep_up((), force=True)
    assert living.mine() == ["a"]
    assert dead.mine() == (), "a process that slept through its lease asks nobody"
    dead.keep_up((), force=True)
    assert dead.mine() == []


def test_a_host_rests_before_another_process_may_ask_it(process_on: Callable[..., Shared]) -> None:
    leaving, next_one = process_on({"a"}, rest=30.0), process_on({"a"})
    leaving.keep_up(())
    leaving.close()
    next_one.keep_up((), force=True)
    assert next_one.mine() == []
    at_once = process_on({"b"})
    at_once.keep_up(())
    at_once.close()
    heir = process_on({"b"})
    heir.keep_up((), force=True)
    assert heir.mine() == ["b"]
