"""The step `group` on the store: lineage, stories, people's word, restarts."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, event, select, update

from diembao.demo.edition import Edition
from diembao.demo.manuscripts import load_press
from diembao.newsroom.stories import portraits, related, usual_lately
from diembao.settings import Settings
from diembao.store import stories
from diembao.store.archive import ArchiveWriter
from diembao.store.database import Store, open_store
from diembao.store.models import ArticleRow, BandRow, StoryRow
from nlp.analyzer import Analyzer
from pipelines import runner
from pipelines.grouping import keys_of
from pipelines.imports import import_files
from pipelines.steps import Tools

FLOOD = (
    "Mưa lớn từ đêm qua khiến nước sông Cầu dâng nhanh, nhiều tổ dân phố ở phường Phan Đình Phùng, tỉnh Thái Nguyên "
    "ngập sâu hơn một mét. Lực lượng chức năng của tỉnh Thái Nguyên đã đưa gần ba trăm người dân đến nơi an toàn "
    "trước khi trời tối. Trường học trong phường được dùng làm nơi ở tạm, bữa cơm đầu tiên nấu xong lúc tám giờ tối."
)
MEALS = (
    "Phường Phan Đình Phùng, tỉnh Thái Nguyên, nấu hơn ba trăm suất cơm cho người sơ tán vì lũ sông Cầu; nước đang rút "
    "chậm, trường học trong phường vẫn là nơi ở tạm, lực lượng chức năng của tỉnh Thái Nguyên trực suốt đêm."
)
TEA = (
    "Sở Nông nghiệp và Môi trường tỉnh Thái Nguyên mở lớp làm chè sạch cho hai trăm hộ ở xã Tân Cương, tỉnh Thái "
    "Nguyên. Các hộ được học cách sao chè, đóng gói và ghi nhật ký vườn. Lớp học kéo dài sáu tuần, không thu học phí."
)
NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)


def row(number: int, source: str, hour: str, title: str, text: str) -> dict[str, Any]:
    return {
        "id": str(number),
        "url": f"https://{number}.example/tin.html",
        "source": source,
        "date": f"2026-11-20T{hour}:00+07:00",
        "title": title,
        "text": text,
    }


SEARCH = (
    "Lực lượng cứu hộ tỉnh Thái Nguyên tìm kiếm hai thợ mỏ mắc kẹt trong hầm lò Khe Chàm ở xã Vĩnh Thông sau vụ bục "
    "nước rạng sáng nay. Máy bơm công suất lớn được đưa tới cửa lò, đội thợ lặn chia ba kíp làm việc suốt ngày đêm."
)
CHARGE = (
    "Công an tỉnh Thái Nguyên khởi tố giám đốc Công ty Khoáng sản Lũng Ngà vì khai thác ngoài ranh giới giấy phép. Hồ "
    "sơ cho thấy doanh nghiệp đào sâu hơn thiết kế ba mươi mét, bỏ qua hai lần nhắc nhở của đoàn kiểm tra."
)
BRIDGE = (
    "Vụ bục nước ở hầm lò Khe Chàm, xã Vĩnh Thông: khởi tố giám đốc Công ty Khoáng sản Lũng Ngà. Lực lượng cứu hộ tỉnh "
    "Thái Nguyên vẫn tìm kiếm hai thợ mỏ mắc kẹt, trong khi Công an tỉnh cho biết doanh nghiệp khai thác ngoài ranh "
    "giới giấy phép."
)

FIRST = row(1, "Báo Sông Cầu", "18:30", "Thái Nguyên: Lũ sông Cầu lên nhanh, sơ tán ba trăm người", FLOOD)
COPY = row(2, "Tin Trung Du", "17:00", "Sơ tán ba trăm người trong đêm lũ Thái Nguyên", FLOOD + "\nTheo Báo Sông Cầu")
REPORT = row(3, "Ba Sông", "21:00", "Lũ sông Cầu: phường Phan Đình Phùng nấu cơm cho người sơ tán", MEALS)
OTHER = row(4, "Ba Sông", "08:00", "Thái Nguyên mở lớp làm chè sạch cho hai trăm hộ ở Tân Cương", TEA)
TRAPPED = row(5, "Báo Sông Cầu", "06:30", "Tìm kiếm hai thợ mỏ mắc kẹt trong hầm lò Khe Chàm", SEARCH)
CHARGED = row(6, "Ba Sông", "19:00", "Khởi tố giám đốc Công ty Khoáng sản Lũng Ngà", CHARGE)
BETWEEN = row(7, "Tin Trung Du", "20:00", "Khởi tố giám đốc Lũng Ngà, tìm hai thợ mỏ ở hầm lò Khe Chàm", BRIDGE)


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


def work(store: Store, archive: ArchiveWriter, tools: Tools, folder: Path, *rows: dict[str, Any]) -> None:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows), "utf-8")
    import_files(store, archive, [path])
    runner.process_pending(store, tools)


def by_url(store: Store) -> dict[int, ArticleRow]:
    with store.read() as session:
        return {int(one.url.split("/")[2].split(".")[0]): one for one in session.scalars(select(ArticleRow))}


def test_copies_and_reports_of_one_event_are_one_story(
    store: Store, archive: ArchiveWriter, tools: Tools, tmp_path: Path
) -> None:
    work(store, archive, tools, tmp_path, FIRST, COPY, REPORT, OTHER)
    rows = by_url(store)
    assert rows[1].story_id == rows[2].story_id == rows[3].story_id != rows[4].story_id
    assert (rows[2].reprint_of, rows[2].credit_source) == (rows[1].id, "songcau")
    assert rows[2].reprint_certainty > 0.9
    assert rows[3].reprint_of is None and rows[1].reprint_of is None


def test_a_credited_original_takes_the_head_even_when_it_comes_later(
    store: Store, archive: ArchiveWriter, tools: Tools, tmp_path: Path
) -> None:
    work(store, archive, tools, tmp_path, COPY)
    work(store, archive, tools, tmp_path, FIRST)
    rows = by_url(store)
    assert (rows[1].reprint_of, rows[2].reprint_of) == (None, rows[1].id)
    with store.read() as session:
        story = session.get_one(StoryRow, rows[1].story_id)
        assert story.first_article_id == rows[1].id
        assert story.first_at == rows[2].effective_at


def test_doing_it_again_from_any_point_gives_the_same_groups(
    store: Store, archive: ArchiveWriter, tools: Tools, tmp_path: Path
) -> None:
    work(store, archive, tools, tmp_path, FIRST, COPY, REPORT, OTHER)

    def shape() -> dict[int, tuple[Any, ...]]:
        return {n: (r.story_id, r.reprint_of, r.reprint_certainty) for n, r in by_url(store).items()}

    before = shape()
    for _ in range(2):
        runner.redo(store, "group", since=None, source=None)
        runner.process_pending(store, tools, stop=lambda: False)
        assert shape() == before


def test_signatures_of_an_earlier_version_are_made_anew_and_no_story_moves(
    store: Store, archive: ArchiveWriter, tools: Tools, tmp_path: Path
) -> None:
    work(store, archive, tools, tmp_path, FIRST, COPY, REPORT, OTHER)
    before = {number: (one.story_id, one.reprint_of) for number, one in by_url(store).items()}
    with store.write() as session:
        session.execute(update(ArticleRow).values(signature=b"pr1\0"))
        session.execute(delete(BandRow))
    runner.redo(store, "group", since=None, source=None)
    runner.process_pending(store, tools)
    rows = by_url(store)
    assert {number: (one.story_id, one.reprint_of) for number, one in rows.items()} == before
    assert all(keys_of(one.signature) for one in rows.values())


def test_stopped_and_begun_again_ends_like_never_stopped(
    store: Store, archive: ArchiveWriter, tools: Tools, settings: Settings, tmp_path: Path, analyzer: Analyzer
) -> None:
    rows = [COPY, OTHER, REPORT, FIRST]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows), "utf-8")
    import_files(store, archive, [path])
    done: list[int] = []
    while True:
        # Each turn a new process would begin with: nothing but the store is carried over.
        fresh = Tools(settings.archive_dir, analyzer, {})
        tally = runner.process_pending(store, fresh, stop=lambda: len(done) % 2 == 1, progress=lambda n: done.append(n))
        if not tally.outcomes:
            break
        done.append(0)
    stopped = {n: (r.story_id, r.reprint_of) for n, r in by_url(store).items()}
    assert stopped[1][0] == stopped[2][0] == stopped[3][0] != stopped[4][0]
    assert stopped[2][1] == by_url(store)[1].id


def test_an_article_that_no_longer_fits_leaves_its_story(
    store: Store, archive: ArchiveWriter, tools: Tools, tmp_path: Path
) -> None:
    work(store, archive, tools, tmp_path, FIRST, REPORT)
    together = by_url(store)
    assert together[1].story_id == together[3].story_id
    with store.write() as session:
        changed = session.get_one(ArticleRow, together[3].id)
        changed.title, changed.lead, changed.text, changed.signature = OTHER["title"], "", TEA, b""
    runner.redo(store, "group", since=None, source=None)
    runner.process_pending(store, tools)
    apart = by_url(store)
    assert apart[1].story_id == together[1].story_id != apart[3].story_id


def test_what_a_person_took_apart_stays_apart(
    store: Store, archive: ArchiveWriter, tools: Tools, tmp_path: Path
) -> None:
    work(store, archive, tools, tmp_path, FIRST, REPORT)
    rows = by_url(store)
    with store.write() as session:
        made = stories.split_by_hand(session, rows[3].story_id, [rows[3].id], NOW)
        with pytest.raises(ValueError, match="not all"):
            stories.split_by_hand(session, made.id, [rows[3].id], NOW)
    work(store, archive, tools, tmp_path, COPY)
    runner.redo(store, "group", since=None, source=None)
    runner.process_pending(store, tools)
    after = by_url(store)
    assert after[1].story_id == after[2].story_id != after[3].story_id


def test_what_a_person_put_together_stays_together(
    store: Store, archive: ArchiveWriter, tools: Tools, tmp_path: Path
) -> None:
    work(store, archive, tools, tmp_path, FIRST, OTHER)
    rows = by_url(store)
    with store.write() as session:
        stories.merge_by_hand(session, rows[1].story_id, rows[4].story_id, NOW)
    runner.redo(store, "group", since=None, source=None)
    runner.process_pending(store, tools)
    after = by_url(store)
    assert after[1].story_id == after[4].story_id == rows[1].story_id


def test_what_a_story_shows(store: Store, archive: ArchiveWriter, tools: Tools, tmp_path: Path) -> None:
    work(store, archive, tools, tmp_path, FIRST, COPY, REPORT, OTHER)
    rows = by_url(store)
    with store.read() as session:
        shown = portraits(session, [rows[1].story_id], NOW)[rows[1].story_id]
        assert shown.first.id == rows[1].id and shown.headline
        assert (shown.articles, shown.originals, len(shown.outlets)) == (3, 2, 3)
        assert [number for _, number in shown.growth] == [1, 2, 3]
        assert related(session, rows[1].story_id) == []


def test_many_stories_are_shown_by_one_question(
    store: Store, archive: ArchiveWriter, tools: Tools, tmp_path: Path
) -> None:
    work(store, archive, tools, tmp_path, FIRST, COPY, REPORT, OTHER)
    rows = by_url(store)
    asked: list[str] = []
    with store.read() as session:
        engine = session.get_bind()
        event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
        shown = portraits(session, [rows[4].story_id, rows[1].story_id, 987_654], NOW)
    assert list(shown) == [rows[4].story_id, rows[1].story_id]
    assert [sorted(one.outlets) for one in shown.values()] == [["Ba Sông"], ["Ba Sông", "Báo Sông Cầu", "Tin Trung Du"]]
    assert shown[rows[1].story_id].outlets[0] == "Báo Sông Cầu"
    assert len([statement for statement in asked if "articles" in statement]) == 1
    assert not [statement for statement in asked if "articles.text" in statement or "signature" in statement]


def test_the_usual_counts_outlets_of_the_first_hours(
    store: Store, archive: ArchiveWriter, tools: Tools, tmp_path: Path
) -> None:
    work(store, archive, tools, tmp_path, FIRST, COPY, REPORT, OTHER)
    with store.read() as session:
        usual = usual_lately(session, NOW)
        assert usual.outlets > 1.5, "one story had three outlets in its first hours, the other one"
        assert 0.5 < usual.weights["ba-song"] < 1.0
        too_early = NOW - timedelta(days=1)
        assert usual_lately(session, too_early).weights == {}


def test_an_article_that_links_two_stories_makes_them_one_until_it_changes(
    store: Store, archive: ArchiveWriter, tools: Tools, tmp_path: Path
) -> None:
    work(store, archive, tools, tmp_path, TRAPPED, CHARGED)
    rows = by_url(store)
    assert rows[5].story_id != rows[6].story_id
    work(store, archive, tools, tmp_path, BETWEEN)
    joined = by_url(store)
    assert joined[5].story_id == joined[6].story_id == joined[7].story_id == rows[5].story_id
    with store.write() as session:
        assert session.get_one(StoryRow, rows[6].story_id).merged_into == rows[5].story_id
        changed = session.get_one(ArticleRow, joined[7].id)
        changed.title, changed.lead, changed.text, changed.signature = OTHER["title"], "", TEA, b""
    runner.redo(store, "group", since=None, source=None)
    runner.process_pending(store, tools)
    apart = by_url(store)
    assert len({apart[number].story_id for number in (5, 6, 7)}) == 3
    assert apart[5].story_id == rows[5].story_id
    with store.read() as session:
        assert [session.get_one(StoryRow, apart[number].story_id).articles for number in (5, 6, 7)] == [1, 1, 1]


def test_a_bridge_between_stories_that_people_made_leaves_them_two(
    store: Store, archive: ArchiveWriter, tools: Tools, tmp_path: Path
) -> None:
    work(store, archive, tools, tmp_path, TRAPPED, CHARGED, FIRST, OTHER)
    rows = by_url(store)
    with store.write() as session:
        stories.merge_by_hand(session, rows[5].story_id, rows[1].story_id, NOW)
        stories.merge_by_hand(session, rows[6].story_id, rows[4].story_id, NOW)
    work(store, archive, tools, tmp_path, BETWEEN)
    after = by_url(store)
    assert after[5].story_id == after[1].story_id != after[6].story_id == after[4].story_id
    assert after[7].story_id in (after[5].story_id, after[6].story_id)


def demo_rows() -> list[dict[str, Any]]:
    press = load_press()
    edition = Edition(press, NOW - timedelta(hours=3))
    printed = [edition.article(name, NOW) for name in press.manuscripts]
    return [
        {
            "id": one.id,
            "url": f"https://{one.paper}.example/{one.id}.html",
            "source": one.paper,
            "date": one.published_at.isoformat(),
            "title": one.title,
            "text": one.text,
            "credit": one.credit,
        }
        for one in printed
        if one.published_at <= NOW and one.label.relevance != "irrelevant"
    ]


def stories_told(store: Store) -> list[list[str]]:
    told: dict[int, list[str]] = {}
    with store.read() as session:
        for one in session.scalars(select(ArticleRow)):
            told.setdefault(one.story_id, []).append(one.url)
    return sorted(sorted(urls) for urls in told.values())


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_arrival_plays_no_part(settings: Settings, analyzer: Analyzer, tmp_path: Path, seed: int) -> None:
    told = []
    for turn in ("in order", "shuffled"):
        rows = demo_rows()
        if turn == "shuffled":
            random.Random(seed).shuffle(rows)
        folder = tmp_path / turn
        folder.mkdir()
        here = settings.model_copy(update={"data_dir": folder})
        store, archive = open_store(here), ArchiveWriter(here.archive_dir)
        work(store, archive, Tools(here.archive_dir, analyzer, {}), folder, *rows)
        told.append(stories_told(store))
        archive.close()
        store.close()
    assert sum(len(story) > 1 for story in told[0]) >= 15
    assert told[0] == told[1]
