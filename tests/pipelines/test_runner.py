"""The way of articles from archived rows to the index, with the real models and the real engine."""

from __future__ import annotations

import csv
import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from diembao.errors import IndexUnavailable, WrongUse
from diembao.index.embedded import EmbeddedIndex
from diembao.index.language import parse
from diembao.index.opening import open_index
from diembao.index.protocol import Query, SearchIndex
from diembao.newsroom.publishing import publish_by_policy, refusal
from diembao.settings import Settings
from diembao.store import articles, audit, outbox, pages, stories
from diembao.store.archive import ArchiveWriter
from diembao.store.database import Store
from diembao.store.models import ArticleRow, StoryRow
from nlp.analyzer import Analyzer
from pipelines import loop, runner
from pipelines.imports import ImportTally, import_files
from pipelines.indexing import drain, make_anew_if_empty, rebuild
from pipelines.steps import Tools
from pipelines.trails import trail_of

FLOOD = (
    "Mưa lớn từ đêm qua khiến nước sông Cầu dâng nhanh, nhiều tổ dân phố ở phường Phan Đình Phùng, tỉnh Thái Nguyên "
    "ngập sâu hơn một mét. Lực lượng chức năng của tỉnh Thái Nguyên đã đưa gần ba trăm người dân đến nơi an toàn "
    "trước khi trời tối. Trường học trong phường được dùng làm nơi ở tạm, bữa cơm đầu tiên nấu xong lúc tám giờ tối."
)
OURS = {
    "id": "1",
    "url": "https://songcau.example/lu-1.html",
    "source": "Báo Sông Cầu",
    "date": "2026-11-20T18:30:00+07:00",
    "title": "Thái Nguyên: Lũ sông Cầu lên nhanh, sơ tán ba trăm người",
    "text": FLOOD,
}
REPRINT = OURS | {
    "id": "2",
    "url": "https://trungdu.example/lu.html",
    "source": "Tin Trung Du",
    "date": "2026-11-20T20:00:00+07:00",
    "title": "Sơ tán ba trăm người trong đêm lũ Thái Nguyên",
    "text": FLOOD + "\nTheo Báo Sông Cầu",
}
TAIYUAN = {
    "id": "3",
    "title": "Trung Quốc phóng chùm vệ tinh mới",
    "text": "Tên lửa đẩy rời bệ phóng tại Trung tâm phóng vệ tinh Thái Nguyên, tỉnh Sơn Tây, Trung Quốc vào sáng nay.",
}
FOREIGN = {"id": "4", "title": "Giá vàng thế giới giảm", "text": "Giá vàng giao ngay tại New York giảm gần 1%."}


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


@pytest.fixture
def index(settings: Settings) -> Iterator[SearchIndex]:
    opened = open_index(settings)
    yield opened
    opened.close()


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def imported(store: Store, archive: ArchiveWriter, tmp_path: Path, rows: list[dict[str, Any]]) -> ImportTally:
    return import_files(store, archive, [write_rows(tmp_path / "rows.jsonl", rows)])


def outcomes(store: Store) -> dict[str, int]:
    with store.read() as session:
        return {outcome: number for (_state, outcome), number in pages.counts(session).items()}


class Hanging:
    """An engine that takes a change and never answers; nor does it anything else until it is let go."""

    def __init__(self) -> None:
        self.asked, self._let_go = threading.Event(), threading.Event()

    def __getattr__(self, _name: str) -> object:
        def hang(*_: object, **__: object) -> object:
            self.asked.set()
            assert self._let_go.wait(60)
            raise IndexUnavailable("never answered")

        return hang

    def let_go(self) -> None:
        self._let_go.set()


def test_an_engine_that_never_answers_holds_up_no_article(
    store: Store, archive: ArchiveWriter, tools: Tools, settings: Settings, tmp_path: Path
) -> None:
    engine, stop = Hanging(), threading.Event()
    imported(store, archive, tmp_path, [OURS])
    runner.process_pending(store, tools)
    worker = threading.Thread(target=loop.run, args=(store, engine, tools, settings, stop))
    worker.start()
    try:
        assert engine.asked.wait(60)
        imported(store, archive, tmp_path, [TAIYUAN, FOREIGN, REPRINT])
        limit = time.monotonic() + 60
        while outcomes(store) != {"relevant": 2, "irrelevant": 2}:
            assert time.monotonic() < limit and worker.is_alive()
            time.sleep(0.05)
    finally:
        stop.set()
        engine.let_go()
        worker.join(60)
    assert not worker.is_alive()


def test_a_fault_of_ours_in_indexing_ends_the_worker_and_is_not_swallowed(
    store: Store, tools: Tools, archive: ArchiveWriter, settings: Settings, tmp_path: Path
) -> None:
    class Broken:
        def __getattr__(self, name: str) -> object:
            raise TypeError(f"{name} is wrong")

    imported(store, archive, tmp_path, [OURS])
    runner.process_pending(store, tools)
    stop = threading.Event()
    with pytest.raises(TypeError, match="is wrong"):
        loop.run(store, Broken(), tools, settings, stop)  # type: ignore[arg-type]


def found_in(index: SearchIndex) -> int:
    return index.count(Query())


def at_work(store: Store, index: SearchIndex, tools: Tools, settings: Settings, until: Callable[[], bool]) -> None:
    """A worker, until something is so."""
    stop = threading.Event()
    worker = threading.Thread(target=loop.run, args=(store, index, tools, settings, stop))
    worker.start()
    limit = time.monotonic() + 60
    try:
        while not until():
            assert time.monotonic() < limit and worker.is_alive()
            time.sleep(0.05)
    finally:
        stop.set()
        worker.join(60)
    assert not worker.is_alive()


def test_a_worker_makes_an_index_anew_that_has_lost_everything(
    store: Store, archive: ArchiveWriter, tools: Tools, settings: Settings, tmp_path: Path
) -> None:
    """As after an upgrade that changes the form of the index: nothing of it waits, and nothing would ever come."""
    imported(store, archive, tmp_path, [OURS, REPRINT, FOREIGN])
    runner.process_pending(store, tools)
    drain(store, EmbeddedIndex(tmp_path / "as it was"))
    index = EmbeddedIndex(tmp_path / "in another form")
    with store.read() as session:
        assert outbox.depth(session) == 0 and articles.count(session) == 2
    at_work(store, index, tools, settings, lambda: found_in(index) == 2)


def test_a_worker_that_is_to_stop_leaves_an_empty_index_as_it_is(
    store: Store, archive: ArchiveWriter, tools: Tools, tmp_path: Path
) -> None:
    imported(store, archive, tmp_path, [OURS, REPRINT])
    runner.process_pending(store, tools)
    drain(store, EmbeddedIndex(tmp_path / "as it was"))
    index = EmbeddedIndex(tmp_path / "in another form")
    assert make_anew_if_empty(store, index, tmp_path, stop=lambda: True) is None
    assert found_in(index) == 0
    assert make_anew_if_empty(store, index, tmp_path) == 2
    assert found_in(index) == 2
    assert make_anew_if_empty(store, index, tmp_path) is None  # nothing is lacking now


def test_what_only_waits_is_handed_over_and_not_made_anew(
    store: Store, archive: ArchiveWriter, tools: Tools, tmp_path: Path
) -> None:
    imported(store, archive, tmp_path, [OURS, REPRINT])
    runner.process_pending(store, tools)
    assert make_anew_if_empty(store, EmbeddedIndex(tmp_path / "new"), tmp_path) is None


def test_every_row_ends_in_one_outcome_and_is_found(
    store: Store, archive: ArchiveWriter, tools: Tools, index: SearchIndex, tmp_path: Path
) -> None:
    tally = imported(store, archive, tmp_path, [OURS, REPRINT, TAIYUAN, FOREIGN])
    assert (tally.new, tally.known, tally.bad) == (4, 0, 0)
    processed = runner.process_pending(store, tools)
    assert processed.outcomes == {"relevant": 2, "irrelevant": 2}
    assert outcomes(store) == {"relevant": 2, "irrelevant": 2}
    drain(store, index)
    assert index.count(Query(tree=parse("lu song cau"))) == 2
    with store.read() as session:
        assert outbox.depth(session) == 0


def test_a_reprint_joins_the_story_of_the_first_printing_in_either_order(
    store: Store, archive: ArchiveWriter, tools: Tools, tmp_path: Path
) -> None:
    imported(store, archive, tmp_path, [REPRINT])
    runner.process_pending(store, tools)
    imported(store, archive, tmp_path, [OURS])
    runner.process_pending(store, tools)
    with store.read() as session:
        rows = {row.url: row for row in session.scalars(select(ArticleRow))}
        first, copy = rows[str(OURS["url"])], rows[str(REPRINT["url"])]
        assert first.story_id == copy.story_id
        assert (first.reprint_of, copy.reprint_of) == (None, first.id)
        story = stories.get(session, first.story_id)
        assert story is not None and (story.articles, story.outlets, story.first_article_id) == (2, 2, first.id)


def test_importing_twice_adds_nothing(store: Store, archive: ArchiveWriter, tools: Tools, tmp_path: Path) -> None:
    rows = [OURS, TAIYUAN, FOREIGN, FOREIGN]
    first = imported(store, archive, tmp_path, rows)
    assert (first.new, first.known, first.bad) == (3, 1, 0)
    runner.process_pending(store, tools)
    second = imported(store, archive, tmp_path, rows)
    assert (second.new, second.known, second.bad) == (0, 4, 0)
    assert runner.process_pending(store, tools).outcomes.total() == 0


def test_bad_rows_are_counted_named_and_harm_nobody(store: Store, archive: ArchiveWriter, tmp_path: Path) -> None:
    path = tmp_path / "mixed.jsonl"
    good = json.dumps(OURS, ensure_ascii=False)
    path.write_text(f'{good}\n{{"broken\n[1, 2]\n{{"id": "9"}}\n\n{{"title": {{"no": "text"}}}}\n', "utf-8")
    tally = import_files(store, archive, [path])
    assert (tally.new, tally.bad) == (1, 4)
    assert tally.faults[0].startswith("mixed.jsonl:2: not JSON")


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_gzipped_csv_is_read_like_json_lines(
    store: Store, archive: ArchiveWriter, tmp_path: Path, delimiter: str
) -> None:
    path = tmp_path / "rows.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, ["id", "title", "text", "url"], delimiter=delimiter, extrasaction="ignore")
        writer.writeheader()
        writer.writerow(OURS)
        writer.writerow({**FOREIGN, "text": 'Dòng một;\nDòng "hai", hết.'})
    assert import_files(store, archive, [path]).new == 2


@pytest.mark.parametrize("name", ["rows.docx", "missing.jsonl", "rows.csv"])
def test_unusable_files_are_one_clear_line(store: Store, archive: ArchiveWriter, tmp_path: Path, name: str) -> None:
    if name != "missing.jsonl":
        (tmp_path / name).write_text("a,b\n1,2\n")
    with pytest.raises(WrongUse) as error:
        import_files(store, archive, [tmp_path / name])
    assert name in str(error.value) and "\n" not in str(error.value)


def test_a_failing_article_is_quarantined_and_the_rest_goes_on(
    store: Store, archive: ArchiveWriter, tools: Tools, settings: Settings, tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    imported(store, archive, tmp_path, [OURS, FOREIGN])
    with store.read() as session:
        damaged = pages.take_pending(session, 1, 0)[0]
    file = settings.archive_dir / damaged.place.file
    kept = file.read_bytes()
    file.write_bytes(kept[:10] + b"\0" * 40 + kept[50:])
    tally = runner.process_pending(store, tools)
    assert tally.outcomes == {"quarantined": 1, "irrelevant": 1}
    (told,) = [record for record in caplog.records if record.message == "article quarantined"]
    assert (vars(told)["page"], vars(told)["url"]) == (damaged.id, damaged.url)
    assert "archive" in trail_of(store, damaged.url)[-1].detail["reason"]
    file.write_bytes(kept)
    assert runner.redo(store, "extract", since=None, source=None) == 2
    assert runner.process_pending(store, tools).outcomes == {"relevant": 1, "irrelevant": 1}


@pytest.mark.parametrize("step", ["extract", "gate", "tag", "group", "index"])
def test_doing_a_step_again_changes_nothing_that_should_stay(
    store: Store, archive: ArchiveWriter, tools: Tools, index: SearchIndex, tmp_path: Path, step: str
) -> None:
    imported(store, archive, tmp_path, [OURS, REPRINT, FOREIGN])
    runner.process_pending(store, tools)

    def shape() -> list[tuple[Any, ...]]:
        with store.read() as session:
            rows = session.scalars(select(ArticleRow).order_by(ArticleRow.id))
            return [(r.id, r.url, r.story_id, r.reprint_of, r.relevance, r.topic, r.text) for r in rows]

    before = shape()
    runner.redo(store, step, since=None, source=None)
    runner.process_pending(store, tools)
    assert shape() == before
    drain(store, index)
    assert index.count(Query()) == 2
    with store.read() as session:
        alive = session.scalar(select(func.count()).select_from(StoryRow).where(StoryRow.articles > 0))
    assert alive == 1


def test_unknown_step_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="unknown step"):
        runner.redo(store, "nonsense", since=None, source=None)


def test_trail_tells_the_whole_way_by_any_spelling_of_the_address(
    store: Store, archive: ArchiveWriter, tools: Tools, tmp_path: Path
) -> None:
    imported(store, archive, tmp_path, [OURS])
    runner.process_pending(store, tools)
    lines = trail_of(store, str(OURS["url"]) + "?utm_source=facebook#top")
    assert [line.step for line in lines] == ["found", "extract", "gate", "tag", "group", "now"]
    assert lines[-1].detail["outcome"] == "relevant"
    with pytest.raises(WrongUse, match="never met"):
        trail_of(store, "https://songcau.example/other.html")


def test_rebuilt_index_answers_like_the_old_one(
    store: Store, archive: ArchiveWriter, tools: Tools, index: SearchIndex, settings: Settings, tmp_path: Path
) -> None:
    imported(store, archive, tmp_path, [OURS, REPRINT])
    runner.process_pending(store, tools)
    drain(store, index)
    before = [hit.id for hit in index.search(Query(tree=parse("Thái Nguyên"))).items]
    index.clear()
    assert index.count(Query()) == 0
    assert rebuild(store, index, settings.data_dir) == 2
    assert [hit.id for hit in index.search(Query(tree=parse("Thái Nguyên"))).items] == before


def test_nothing_is_published_before_its_hour_and_never_without_policy(
    store: Store, archive: ArchiveWriter, tools: Tools, settings: Settings, tmp_path: Path
) -> None:
    imported(store, archive, tmp_path, [OURS, TAIYUAN])
    runner.process_pending(store, tools)
    printed = datetime.fromisoformat(str(OURS["date"]))
    after = printed + timedelta(hours=2)
    assert publish_by_policy(store, settings, after) == 0
    willing = settings.model_copy(update={"auto_publish_sources": ("*",), "front_press_agencies": 0})
    assert publish_by_policy(store, willing, printed + timedelta(minutes=59)) == 0
    assert publish_by_policy(store, willing, after) == 1
    assert publish_by_policy(store, willing, after) == 0
    with store.read() as session:
        [story] = stories.published(session)
        [log] = audit.of_object(session, "story", story.id)
        assert (log.actor, log.action) == ("policy:auto-publish", "publish")
        again = refusal(story, articles.of_story(session, story.id), willing, after)
        assert again is not None and again.rule == "already"
    assert trail_of(store, str(OURS["url"]))[-2].step == "publish"


def test_an_article_without_source_time_waits_for_an_editors_word(
    store: Store, archive: ArchiveWriter, tools: Tools, settings: Settings, tmp_path: Path
) -> None:
    imported(store, archive, tmp_path, [{name: value for name, value in OURS.items() if name != "date"}])
    runner.process_pending(store, tools)
    now = datetime.now(UTC) + timedelta(days=1)
    with store.read() as session:
        [story] = stories.unpublished(session, limit=9)
        printings = articles.of_story(session, story.id)
        asked = refusal(story, printings, settings, now)
        assert asked is not None and asked.rule == "unknown_time"
        assert refusal(story, printings, settings, now, time_vouched=True) is None
