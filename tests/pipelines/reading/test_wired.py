"""Profiles in the pipeline: learned from the archive, used, told in the trail, noticed when they no longer fit."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import select

from diembao.cli.tools import ToolMaker
from diembao.settings import Settings
from diembao.store import pages, profiles, trail
from diembao.store.archive import ArchiveWriter
from diembao.store.database import Store
from diembao.store.models import PageRow, SourceRow
from nlp.analyzer import Analyzer
from pipelines import runner
from pipelines.steps import Tools, Work
from pipelines.understanding import Lot, OwnHands, Readers, Understood

SOURCE = "doiche"
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer.load()


@pytest.fixture
def tools(settings: Settings, analyzer: Analyzer) -> Tools:
    return Tools(settings.archive_dir, analyzer, {})


@pytest.fixture
def archive(settings: Settings) -> Iterator[ArchiveWriter]:
    writer = ArchiveWriter(settings.archive_dir)
    yield writer
    writer.close()


def bring_in(store: Store, archive: ArchiveWriter, printed: Sequence[Any], suffix: str = "") -> list[str]:
    """Archive pages as the crawler does; their addresses."""
    rows = []
    for one in printed:
        url = one.page.url.replace(".html", f"{suffix}.html")
        headers = [("Content-Type", one.page.content_type)]
        place = archive.write_response(url, 200, headers, one.page.body, one.page.fetched_at)
        rows.append((url, SOURCE, place, one.page.content_type, one.page.fetched_at))
    archive.sync()
    with store.write() as session:
        if session.get(SourceRow, SOURCE) is None:
            session.add(
                SourceRow(
                    name=SOURCE, title="Báo Đồi Chè", outlet_type="newspaper", scope="local", agreement="none",
                    definition={}, active=True, updated_at=NOW,
                )
            )  # fmt: skip
            session.flush()
        assert pages.register_archived(session, rows) == len(rows)
    return [url for url, *_ in rows]


def readers_of(store: Store, urls: Sequence[str]) -> list[str]:
    """Which reader read each page, as its trail says."""
    with store.read() as session:
        rows = [session.scalar(select(PageRow).where(PageRow.url == url)) for url in urls]
        steps = [trail.of_page(session, row.id) for row in rows]
    return [[step.version for step in way if step.step == "extract"][-1] for way in steps]


def state_of(store: Store) -> profiles.ReadingState:
    with store.read() as session:
        return next(state for state in profiles.states(session) if state.source == SOURCE)


def test_a_source_is_learned_used_seen_drifting_and_learned_anew(
    store: Store, archive: ArchiveWriter, tools: Tools, material: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    first = bring_in(store, archive, material.pages_of("bao_lon", 12))
    runner.process_pending(store, tools)
    assert set(readers_of(store, first)) == {"trafilatura/1"}
    assert (state_of(store).state, state_of(store).version) == ("learned", 1)

    later = bring_in(store, archive, material.pages_of("bao_lon", 24)[12:])
    runner.process_pending(store, tools)
    assert set(readers_of(store, later)) == {"profile/1"}
    assert state_of(store).fallback == 0

    with caplog.at_level(logging.WARNING, "diembao.reading"):
        redesigned = material.pages_of("mang_luoi", 40)
        for start in range(0, 40, 8):
            bring_in(store, archive, redesigned[start : start + 8], "-moi")
            runner.process_pending(store, tools)
    told = [record for record in caplog.records if record.getMessage() == "pages have left the profile"]
    assert len(told) == 1, "one alarm, not one for every page"
    assert "without the profile" in told[0].reason  # type: ignore[attr-defined]
    assert (state_of(store).state, state_of(store).version) == ("learned", 2)

    new = bring_in(store, archive, material.pages_of("mang_luoi", 46)[40:], "-moi")
    runner.process_pending(store, tools)
    assert set(readers_of(store, new)) == {"profile/2"}
    runner.redo(store, "extract", since=None, source=None)
    runner.process_pending(store, tools)
    assert set(readers_of(store, first)) == {"profile/1"}, "old pages are read by the old profile"


class Late(Future[list[Understood]]):
    """Done when it is waited for, not before."""

    def __init__(self, lot: Lot, tools: Tools) -> None:
        super().__init__()
        self._lot, self._tools = lot, tools

    def result(self, timeout: float | None = None) -> list[Understood]:
        if not self.done():
            self.set_result(self._lot(self._tools))
        return super().result(timeout)


class ManyHands(OwnHands):
    """Lots are given out well before the first is back, as with child processes."""

    at_once = 8

    def understand(self, lot: Lot) -> Future[list[Understood]]:
        return Late(lot, self._tools)


def test_pages_given_out_before_a_site_was_learned_are_no_drift(
    store: Store, archive: ArchiveWriter, tools: Tools, material: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    printed = material.pages_of("bao_lon", 60)
    bring_in(store, archive, printed)
    with caplog.at_level(logging.WARNING, "diembao.reading"):
        runner.process_pending(store, tools, hands=ManyHands(tools))
        more = bring_in(store, archive, printed[:20], "-nua")
        runner.process_pending(store, tools, hands=ManyHands(tools))
    assert "pages have left the profile" not in [record.getMessage() for record in caplog.records]
    assert (state_of(store).state, state_of(store).version) == ("learned", 1)
    assert set(readers_of(store, more)) == {"profile/1"}


def test_a_source_without_a_common_layout_is_left_to_the_teacher(
    store: Store, archive: ArchiveWriter, tools: Tools, material: ModuleType
) -> None:
    mixed = [page for layout in material.layout_names() for page in material.pages_of(layout, 2)[1:]]
    for number, page in enumerate(mixed[:14]):
        bring_in(store, archive, [page], f"-{number}")
    runner.process_pending(store, tools)
    assert (state_of(store).state, state_of(store).version) == ("unknown", None)


def test_a_profile_gone_wrong_is_noticed_by_reading_some_pages_both_ways(
    store: Store, archive: ArchiveWriter, tools: Tools, material: ModuleType
) -> None:
    bring_in(store, archive, material.pages_of("bao_lon", 12))
    runner.process_pending(store, tools)
    with store.write() as session:
        # Now the selector finds a part of the text only, of a length that is not odd.
        kept = profiles.by_source(session)[SOURCE][0]
        body = kept.body | {"selectors": kept.body["selectors"] | {"body": "article.fck_detail p:first-child"}}
        body |= {"shortest": 40, "version": 2}
        profiles.add(session, SOURCE, body, version=2, pages=12, agreement=1.0, now=NOW)
    articles = material.pages_of("bao_lon", 60)
    for start in range(0, 120, 20):
        batch = [articles[number % len(articles)] for number in range(start, start + 20)]
        for number, page in enumerate(batch, start):
            bring_in(store, archive, [page], f"-{number}")
        runner.process_pending(store, tools)
        if state_of(store).version == 3:
            break
    assert state_of(store).version == 3
    last = bring_in(store, archive, articles[:1], "-last")
    runner.process_pending(store, tools)
    assert readers_of(store, last) == ["profile/3"]


# --------------------------------------------------------------------------------------------- in children
def works_of(store: Store) -> tuple[Work, ...]:
    with store.write() as session:
        return tuple(Work(page) for page in pages.take_pending(session, 50, 60))


@pytest.fixture
def maker(settings: Settings) -> ToolMaker:
    return ToolMaker(settings, {})


def test_children_come_to_the_same_outcomes_as_this_process(
    store: Store, archive: ArchiveWriter, tools: Tools, maker: ToolMaker, material: ModuleType
) -> None:
    bring_in(store, archive, material.pages_of("bao_lon", 20))
    lot = Lot(works_of(store), {})
    readers = Readers(maker.in_child, 2)
    try:
        assert readers.understand(lot).result() == lot(tools)
        with store.write() as session:
            pages.give_back(session)
        assert runner.process_pending(store, tools, hands=readers).outcomes.total() == 20
    finally:
        readers.close()
    assert state_of(store).version == 1, "learning is done by the children too"


def test_a_child_that_dies_costs_no_page(
    store: Store, archive: ArchiveWriter, tools: Tools, maker: ToolMaker, material: ModuleType
) -> None:
    bring_in(store, archive, material.pages_of("bao_lon", 3))
    readers = Readers(maker.in_child, 1)
    try:
        readers.understand(Lot((), {})).result()
        os.kill(readers.process_ids[0], signal.SIGKILL)
        tally = runner.process_pending(store, tools, hands=readers)
    finally:
        readers.close()
    assert "quarantined" not in tally.outcomes
    assert tally.outcomes.total() == 3


def test_a_page_that_takes_too_long_is_quarantined_and_the_work_goes_on(
    store: Store, archive: ArchiveWriter, tools: Tools, maker: ToolMaker, material: ModuleType
) -> None:
    [url] = bring_in(store, archive, material.pages_of("bao_lon", 1))
    readers = Readers(maker.in_child, 1, lot_seconds=0.001)
    try:
        tally = runner.process_pending(store, tools, hands=readers)
    finally:
        readers.close()
    assert tally.outcomes == {"quarantined": 1}
    with store.read() as session:
        row = pages.by_url(session, url)
    assert row is not None
    assert "took longer" in row.reason
    runner.redo(store, "extract", since=None, source=None)
    assert "quarantined" not in runner.process_pending(store, tools).outcomes


def test_a_page_that_wants_all_memory_is_quarantined(
    store: Store, archive: ArchiveWriter, tools: Tools, maker: ToolMaker, material: ModuleType, settings: Settings
) -> None:
    [printed] = material.pages_of("bao_lon", 1)
    body = printed.page.body.replace(b"</body>", b"<p>x</p>" * 400_000 + b"</body>")
    place = archive.write_response(printed.page.url, 200, [("Content-Type", "text/html")], body, NOW)
    archive.sync()
    good = bring_in(store, archive, material.pages_of("bao_lon", 3)[1:])
    with store.write() as session:
        pages.register_archived(session, [(printed.page.url, SOURCE, place, "text/html", NOW)])
    readers = Readers(maker.in_child, 1, growth=60_000_000)
    try:
        runner.process_pending(store, tools, hands=readers)
    finally:
        readers.close()
    with store.read() as session:
        states = {url: pages.by_url(session, url).state for url in [printed.page.url, *good]}
    assert states == {printed.page.url: "quarantined"} | dict.fromkeys(good, "done")


def test_pages_of_a_dead_worker_wait_again_when_its_lease_has_run_out(
    store: Store, archive: ArchiveWriter, tools: Tools, material: ModuleType, tmp_path: Path
) -> None:
    bring_in(store, archive, material.pages_of("bao_lon", 2))
    with store.write() as session:
        assert len(pages.take_pending(session, 1, 3600)) == 1
    assert runner.process_pending(store, tools).outcomes.total() == 1
    with store.write() as session:
        pages.give_back(session)
    assert runner.process_pending(store, tools).outcomes.total() == 1
