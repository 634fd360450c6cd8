"""Store and index kept together: nothing lost, nothing in the way, whatever happens between them."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text, update

from diembao.errors import IndexUnavailable, StoreUnavailable
from diembao.index.language import parse
from diembao.index.opening import open_index
from diembao.index.protocol import IndexDocument, Query, Rebuild, SearchIndex, WriteReport
from diembao.records import Annotations, Article, Relevance
from diembao.settings import Settings
from diembao.store import articles, outbox, stories
from diembao.store.database import Store
from diembao.store.locks import exclusive
from diembao.store.models import ArticleRow, PageRow, SourceRow
from pipelines import loop
from pipelines.indexing import LOCK, documents_of, drain, rebuild
from pipelines.reconciling import compare, mend

NOW = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)


@pytest.fixture
def index(settings: Settings) -> Iterator[SearchIndex]:
    opened = open_index(settings)
    yield opened
    opened.close()


def write_articles(store: Store, count: int) -> list[int]:
    """Articles number 1 to `count` of one newspaper, each a story of its own, their changes in the outbox."""
    ids = []
    with store.write() as session:
        if session.get(SourceRow, "songcau") is None:
            session.add(
                SourceRow(
                    name="songcau", title="Báo Sông Cầu", outlet_type="newspaper", scope="local", agreement="none",
                    definition={}, updated_at=NOW,
                )
            )  # fmt: skip
            session.flush()
        for number in range(1, count + 1):
            url = f"https://songcau.example/{number}.html"
            page = PageRow(url=url, source="songcau", found_at=NOW, state="done", next_try_at=NOW)
            session.add(page)
            session.flush()
            at = NOW + timedelta(minutes=number)
            row = articles.add(
                session, page.id,
                Article(url, url, "songcau", f"Lũ sông Cầu, tin số {number}", "", "Nước lên nhanh.", published_at=at),
                Annotations(Relevance.RELEVANT, 0.9),
                story_id=stories.create(session, at=at, relevance="relevant", now=NOW).id,
                reprint_of=None, signature=b"", bands=(), fetched_at=at, now=NOW,
            )  # fmt: skip
            ids.append(row.id)
    return ids


def retitle(store: Store, article_id: int, title: str) -> None:
    with store.write() as session:
        session.get_one(ArticleRow, article_id).title = title
        articles.touch(session, [article_id], NOW)


def remove(store: Store, article_id: int) -> None:
    with store.write() as session:
        articles.remove(session, session.get_one(ArticleRow, article_id), NOW)


def spoil(store: Store, article_id: int) -> None:
    """Give the article a version that no engine takes; its next change mends it."""
    with store.write() as session:
        session.execute(update(ArticleRow).where(ArticleRow.id == article_id).values(version=-1))


def found(index: SearchIndex, words: str) -> list[str]:
    return [hit.url for hit in index.search(Query(tree=parse(words), size=100)).items]


def held(index: SearchIndex) -> dict[int, int]:
    return {int(identity): version for identity, version in index.versions()}


def kept(store: Store) -> dict[int, int]:
    with store.read() as session:
        return {row.id: row.version for row in session.execute(select(ArticleRow.id, ArticleRow.version))}


def test_a_refused_article_keeps_its_reason_and_stops_nobody(store: Store, index: SearchIndex) -> None:
    first, second, third = write_articles(store, 3)
    spoil(store, second)
    assert drain(store, index) == 2
    assert set(held(index)) == {first, third}
    with store.read() as session:
        assert (outbox.depth(session), outbox.count_refused(session)) == (0, 1)
        [refusal] = outbox.refused(session, 10)
    assert (refusal.article_id, refusal.attempts) == (second, 1) and "version" in refusal.reason
    assert drain(store, index) == 0, "what was refused is not sent again and again"


def test_an_article_of_which_no_document_can_be_made_is_kept_aside_and_stops_nobody(
    store: Store, index: SearchIndex, settings: Settings
) -> None:
    first, second, third = write_articles(store, 3)
    with store.write() as session:
        sound = session.get_one(ArticleRow, second).annotations
        broken = {**sound, "places": [{"no": "place"}]}
        session.execute(update(ArticleRow).where(ArticleRow.id == second).values(annotations=broken))
    assert drain(store, index) == 2
    assert set(held(index)) == {first, third}
    with store.read() as session:
        [refusal] = outbox.refused(session, 10)
    assert refusal.article_id == second and "no document can be made" in refusal.reason
    assert rebuild(store, index, settings.data_dir) == 2
    with store.read() as session:
        assert [refusal.article_id for refusal in outbox.refused(session, 10)] == [second]
    with store.write() as session:
        session.get_one(ArticleRow, second).annotations = sound
        articles.touch(session, [second], NOW)
    assert drain(store, index) == 1
    assert set(held(index)) == {first, second, third}


def test_a_refused_article_gets_in_once_it_has_changed(store: Store, index: SearchIndex) -> None:
    _first, second, _third = write_articles(store, 3)
    spoil(store, second)
    drain(store, index)
    retitle(store, second, "Lũ rút")
    assert drain(store, index) == 1
    assert found(index, "lũ rút") == ["https://songcau.example/2.html"]
    with store.read() as session:
        assert outbox.count_refused(session) == 0


def test_a_refused_article_that_is_refused_again_is_one_refusal(store: Store, index: SearchIndex) -> None:
    [only] = write_articles(store, 1)
    for _ in range(3):
        spoil(store, only)
        with store.write() as session:
            outbox.add(session, only, 7, NOW)
        drain(store, index)
    with store.read() as session:
        assert outbox.count_refused(session) == 1


def test_a_refused_article_that_is_removed_leaves_no_refusal(store: Store, index: SearchIndex) -> None:
    first, second = write_articles(store, 2)
    spoil(store, second)
    drain(store, index)
    remove(store, second)
    drain(store, index)
    assert set(held(index)) == {first}
    with store.read() as session:
        assert outbox.count_refused(session) == 0


def test_an_engine_that_is_away_loses_no_change(store: Store, index: SearchIndex) -> None:
    class Away:
        def __getattr__(self, name: str) -> object:
            raise IndexUnavailable("away")

    ids = write_articles(store, 3)
    with pytest.raises(IndexUnavailable):
        drain(store, Away())  # type: ignore[arg-type]
    assert drain(store, index) == 3
    assert set(held(index)) == set(ids)


def test_the_loop_goes_on_after_every_connection_to_the_store_was_cut(
    store: Store, index: SearchIndex, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    if store.dialect == "sqlite":
        pytest.skip("a file has no connections to cut")
    monkeypatch.setattr(loop, "_IDLE_SECONDS", 0.05)
    monkeypatch.setattr(loop, "_FAULT_SECONDS", 0.2)
    stop = threading.Event()
    # Nothing is fetched here, so no step is taken and no tool needed.
    worker = threading.Thread(target=loop.run, args=(store, index, None, settings, stop))
    with exclusive(store, settings.data_dir, "a lock of this process") as alone:
        assert alone
        worker.start()
        write_articles(store, 1)
        wait_until(lambda: index.count(Query()) == 1)
        other = create_engine(store.engine.url)
        with other.connect() as connection:
            cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname ="
            connection.execute(text(f"{cut} current_database()"))
        other.dispose()
        wait_until(lambda: is_readable(store))
        retitle(store, 1, "Lũ rút")
        wait_until(lambda: found(index, "lũ rút") != [])
        assert worker.is_alive()
        stop.set()
        worker.join(30)


def wait_until(holds: Callable[[], bool]) -> None:
    limit = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.05)


def is_readable(store: Store) -> bool:
    try:
        kept(store)
    except StoreUnavailable:
        return False
    return True


class Meanwhile:
    """An index during whose rebuild something happens, after the articles were sent and before it takes over."""

    def __init__(self, index: SearchIndex, happens: Sequence[object]) -> None:
        self._index = index
        self._happens = list(happens)

    def __getattr__(self, name: str) -> object:
        return getattr(self._index, name)

    @contextmanager
    def rebuild(self) -> Iterator[Rebuild]:
        happens = self._happens

        class Fresh:
            def add(self, documents: Sequence[IndexDocument]) -> WriteReport:
                report = fresh.add(documents)
                while happens:
                    happens.pop()()  # type: ignore[operator]
                return report

        with self._index.rebuild() as fresh:
            yield Fresh()


def test_what_a_worker_hands_to_the_old_index_during_a_rebuild_is_in_the_new_one(
    store: Store, index: SearchIndex, settings: Settings
) -> None:
    first, second, third = write_articles(store, 3)
    drain(store, index)

    def a_worker_goes_on() -> None:
        retitle(store, first, "Lũ rút")
        remove(store, second)
        with exclusive(store, settings.data_dir, LOCK) as free:
            assert free, "changes are not held up while the new index is filled"
            drain(store, index)
        assert found(index, "lũ rút") == ["https://songcau.example/1.html"]

    assert rebuild(store, Meanwhile(index, [a_worker_goes_on]), settings.data_dir) == 2  # type: ignore[arg-type]
    assert held(index) == kept(store)
    assert set(held(index)) == {first, third}
    assert found(index, "lũ rút") == ["https://songcau.example/1.html"]


def test_an_article_that_came_during_a_rebuild_is_in_the_new_index(
    store: Store, index: SearchIndex, settings: Settings
) -> None:
    write_articles(store, 2)
    drain(store, index)

    def one_more() -> None:
        with store.write() as session:
            page = PageRow(url="https://x.example/", source="songcau", found_at=NOW, state="done", next_try_at=NOW)
            session.add(page)
            session.flush()
            articles.add(
                session, page.id, Article(page.url, page.url, "songcau", "Tin đến sau", "", "Hết."),
                Annotations(Relevance.RELEVANT, 0.9),
                story_id=stories.create(session, at=NOW, relevance="relevant", now=NOW).id,
                reprint_of=None, signature=b"", bands=(), fetched_at=NOW, now=NOW,
            )  # fmt: skip
        drain(store, index)

    assert rebuild(store, Meanwhile(index, [one_more]), settings.data_dir) == 3  # type: ignore[arg-type]
    assert found(index, "tin đến sau") == ["https://x.example/"]


def test_a_rebuild_notes_what_the_engine_refuses_and_forgets_what_it_refused_before(
    store: Store, index: SearchIndex, settings: Settings
) -> None:
    first, second, third = write_articles(store, 3)
    spoil(store, first)
    drain(store, index)
    with store.write() as session:
        session.execute(update(ArticleRow).where(ArticleRow.id == first).values(version=1))
    spoil(store, third)
    assert rebuild(store, index, settings.data_dir) == 2
    assert set(held(index)) == {first, second}
    with store.read() as session:
        assert [refusal.article_id for refusal in outbox.refused(session, 10)] == [third]


def test_a_rebuild_waits_for_who_is_writing_and_others_skip_meanwhile(store: Store, settings: Settings) -> None:
    with exclusive(store, settings.data_dir, LOCK) as first:
        assert first
        url = store.engine.url.render_as_string(hide_password=False)
        code = (
            "import sys; from pathlib import Path\n"
            "from diembao.store.database import Store; from diembao.store.locks import exclusive\n"
            "with exclusive(Store(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]) as held: print(held)\n"
            "with exclusive(Store(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], wait=True) as held: print(held)\n"
        )
        other = subprocess.Popen(
            [sys.executable, "-u", "-c", code, url, str(settings.data_dir), LOCK], stdout=subprocess.PIPE, text=True
        )
        assert other.stdout is not None
        assert other.stdout.readline() == "False\n"
    assert other.stdout.readline() == "True\n"
    other.stdout.close()
    assert other.wait() == 0


def test_reconciling_finds_and_mends_every_difference(store: Store, index: SearchIndex) -> None:
    same, missing, behind, ahead, waiting, refused = ids = write_articles(store, 6)
    spoil(store, refused)
    drain(store, index)
    with store.read() as session:
        [newer], _ = documents_of(session, [ahead])
    index.clear()
    with store.read() as session:
        index.add(documents_of(session, [same, behind, waiting])[0])
    index.add([IndexDocument(str(ahead), newer.version + 5, "Từ tương lai", newer.url, "songcau")])
    index.add([IndexDocument("4711", 3, "Không ai biết", "https://x.example", "songcau")])
    index.commit()
    with store.write() as session:
        row = session.get_one(ArticleRow, behind)
        row.title, row.version = "Lũ rút", row.version + 1
        session.execute(update(ArticleRow).where(ArticleRow.id == refused).values(version=2))
    retitle(store, waiting, "Đang chờ")

    differences = compare(store, index)
    assert differences.compared == len(ids)
    assert (differences.missing, differences.behind) == ([missing], [behind])
    assert (differences.ahead, differences.surplus) == ([(ahead, 6)], [(4711, 3)])
    assert mend(store, differences) == 1, "the refused one is tried again"
    drain(store, index)

    assert compare(store, index).total == 0
    assert held(index) == kept(store)
    assert set(held(index)) == set(ids)
    assert found(index, "từ tương lai") == []
    assert found(index, "lũ rút") == ["https://songcau.example/3.html"]


def test_reconciling_what_is_in_order_changes_nothing(store: Store, index: SearchIndex) -> None:
    write_articles(store, 3)
    drain(store, index)
    before = kept(store)
    differences = compare(store, index)
    assert differences.total == 0
    mend(store, differences)
    assert drain(store, index) == 0
    assert kept(store) == before


def diembao(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "diembao", *arguments],
        env={"DIEMBAO_DATA_DIR": str(settings.data_dir), "PATH": str(Path(sys.executable).parent)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_commands_tell_what_was_refused_and_mend(settings: Settings) -> None:
    from diembao.store.database import open_store

    own = open_store(settings)
    _first, second, _third = write_articles(own, 3)
    spoil(own, second)
    index = open_index(settings)
    drain(own, index)
    index.close()

    status = diembao(settings, "index", "status")
    assert "refused: 1" in status.stdout and "version must be" in status.stdout
    with own.write() as session:
        session.execute(update(ArticleRow).where(ArticleRow.id == second).values(version=2))
    done = diembao(settings, "index", "reconcile")
    assert done.returncode == 0, done.stderr
    assert "3 articles compared" in done.stdout and "1 refused ones tried again" in done.stdout
    assert "refused: 0" in diembao(settings, "index", "status").stdout
    own.close()
