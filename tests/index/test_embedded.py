"""The embedded engine between processes: one writes, many read, any may be killed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from diembao.errors import IndexBusy, IndexUnavailable
from diembao.index.embedded import EmbeddedIndex
from diembao.index.generations import Generations
from diembao.index.protocol import IndexDocument, Query

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def article(identity: str, version: int = 1) -> IndexDocument:
    return IndexDocument(
        id=identity,
        version=version,
        title=f"Tin {identity}",
        body="nội dung " * 50,
        url="",
        source="s",
        published_at=NOW,
    )


@pytest.fixture
def index(tmp_path: Path) -> Iterator[EmbeddedIndex]:
    opened = EmbeddedIndex(tmp_path)
    yield opened
    opened.close()


def generation(root: Path) -> Path:
    """The directory of the generation that answers."""
    (pointer,) = root.glob("*/current")
    return pointer.parent / pointer.read_text()


PREAMBLE = """
    import sys, time
    from pathlib import Path
    from datetime import UTC, datetime
    from diembao.index.embedded import EmbeddedIndex
    from diembao.index.protocol import IndexDocument, Query

    index = EmbeddedIndex(Path(sys.argv[1]))

    def article(identity, version=1):
        return IndexDocument(id=identity, version=version, title=f"Tin {identity}", body="nội dung " * 50,
                             url="", source="s", published_at=datetime(2026, 3, 1, tzinfo=UTC))
"""


def start(root: Path, program: str, *arguments: str) -> subprocess.Popen[str]:
    """Another process with an `index` on the same directory."""
    code = textwrap.dedent(PREAMBLE) + textwrap.dedent(program)
    return subprocess.Popen(
        [sys.executable, "-c", code, str(root), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def next_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def end(process: subprocess.Popen[str]) -> None:
    process.communicate("\n", timeout=60)
    assert process.returncode == 0


def within(seconds: float, process: subprocess.Popen[str], expected: str) -> None:
    """Ask the process again and again until it says so."""
    limit = time.monotonic() + seconds
    answer = ""
    while time.monotonic() < limit:
        tell(process)
        answer = next_line(process)
        if answer == expected:
            return
        time.sleep(0.05)
    pytest.fail(f"{answer} instead of {expected}")


COUNTING = """
    while sys.stdin.readline():
        try:
            print(index.count(Query()), flush=True)
        except Exception as fault:
            print(repr(fault), flush=True)
"""


def test_a_second_writer_is_told_to_wait(tmp_path: Path, index: EmbeddedIndex) -> None:
    writer = start(
        tmp_path, "index.add([article('1')]); index.commit(); print('written', flush=True); sys.stdin.readline()"
    )
    assert next_line(writer) == "written"
    assert index.count(Query()) == 1
    with pytest.raises(IndexBusy):
        index.add([article("2")])
    end(writer)
    index.add([article("2")])
    index.commit()
    assert index.count(Query()) == 2


def test_readers_elsewhere_see_commits_rebuilds_and_clearing(tmp_path: Path, index: EmbeddedIndex) -> None:
    reader = start(tmp_path, COUNTING)
    within(20, reader, "0")
    for number in range(1, 4):
        index.add([article(str(number))])
        index.commit()
        within(10, reader, str(number))
    with index.rebuild() as fresh:
        fresh.add([article(str(number)) for number in range(10)])
    within(10, reader, "10")
    index.clear()
    within(10, reader, "0")
    reader.kill()
    reader.communicate()


def test_many_processes_begin_at_once(tmp_path: Path) -> None:
    readers = [start(tmp_path / "index", COUNTING) for _ in range(4)]
    for reader in readers:
        within(30, reader, "0")
    for reader in readers:
        reader.kill()
        reader.communicate()
    assert len([entry for entry in (tmp_path / "index").glob("*/*") if entry.is_dir()]) == 1


def test_a_writer_killed_at_any_moment_loses_nothing_committed(tmp_path: Path) -> None:
    program = """
        number = max((int(identity) for identity, _ in index.versions()), default=-1) + 1
        while True:
            index.add([article(str(number)), article(str(number // 2), version=number + 2)])
            index.commit()
            print(number, flush=True)
            number += 1
    """
    chance = random.Random(5)
    acknowledged = -1
    for _ in range(8):
        writer = start(tmp_path, program)
        acknowledged = int(next_line(writer))
        time.sleep(chance.random() * 0.7)
        os.kill(writer.pid, signal.SIGKILL)
        rest = writer.communicate()[0].split()
        acknowledged = int(rest[-1]) if rest else acknowledged
        index = EmbeddedIndex(tmp_path)
        held = dict(index.versions())
        assert {str(number) for number in range(acknowledged + 1)} <= held.keys()
        assert len(held) == index.count(Query()) <= acknowledged + 2
        index.close()
    index = EmbeddedIndex(tmp_path)
    index.add([article("last")])
    index.commit()
    index.close()
    assert orphans(generation(tmp_path)) == set()


def orphans(directory: Path) -> set[str]:
    known = {
        segment["segment_id"].replace("-", "")
        for segment in json.loads((directory / "meta.json").read_text())["segments"]
    }
    return {entry.name for entry in directory.iterdir() if len(entry.stem.split(".")[0]) == 32} - {
        entry.name for entry in directory.iterdir() if entry.name.split(".")[0] in known
    }


def test_files_left_behind_are_swept(tmp_path: Path, index: EmbeddedIndex) -> None:
    index.add([article("1")])
    index.commit()
    index.close()
    left = generation(tmp_path) / f"{'ab' * 16}.store"
    left.write_bytes(b"x" * 1000)
    index.add([article("2")])
    index.commit()
    assert not left.exists()
    assert index.count(Query()) == 2


def test_a_rebuild_that_was_killed_leaves_no_trace(tmp_path: Path, index: EmbeddedIndex) -> None:
    index.add([article("1")])
    index.commit()
    rebuilder = start(
        tmp_path,
        """
        with index.rebuild() as fresh:
            fresh.add([article("2")])
            print("filling", flush=True)
            time.sleep(60)
        """,
    )
    assert next_line(rebuilder) == "filling"
    with pytest.raises(IndexBusy), index.rebuild():
        pass
    os.kill(rebuilder.pid, signal.SIGKILL)
    rebuilder.communicate()
    assert [identity for identity, _ in index.versions()] == ["1"]
    with index.rebuild() as fresh:
        fresh.add([article("3")])
    assert [identity for identity, _ in index.versions()] == ["3"]
    assert [entry for entry in generation(tmp_path).parent.iterdir() if entry.is_dir()] == [generation(tmp_path)]


def test_a_rebuild_elsewhere_tells_a_writer_with_uncommitted_writes(tmp_path: Path, index: EmbeddedIndex) -> None:
    index.add([article("1")])
    rebuilder = start(tmp_path, "with index.rebuild() as fresh: fresh.add([article('2')])")
    end(rebuilder)
    with pytest.raises(IndexBusy, match="sent again"):
        index.commit()
    index.add([article("1")])
    index.commit()
    assert sorted(index.versions()) == [("1", 1), ("2", 1)]


def test_an_index_of_another_schema_stays_until_a_rebuild(tmp_path: Path, index: EmbeddedIndex) -> None:
    older = Generations(tmp_path, "0123456789ab").current()
    (older / "something").write_text("x")
    assert index.count(Query()) == 0
    assert older.exists()
    with index.rebuild() as fresh:
        fresh.add([article("1")])
    assert not older.exists()
    assert index.count(Query()) == 1


def test_uncommitted_writes_are_dropped_on_close(index: EmbeddedIndex) -> None:
    index.add([article("1")])
    index.close()
    assert index.count(Query()) == 0
    assert index.add([article("1")]).accepted == 1


def test_a_damaged_index_is_one_clear_error(tmp_path: Path, index: EmbeddedIndex) -> None:
    index.add([article("1")])
    index.commit()
    index.close()
    (generation(tmp_path) / "meta.json").write_text("{")
    for use in (lambda: index.count(Query()), lambda: index.add([article("2")]), index.status):
        with pytest.raises(IndexUnavailable):
            use()
    with index.rebuild() as fresh:
        fresh.add([article("1")])
    assert index.count(Query()) == 1


def test_a_place_that_cannot_be_used_is_one_clear_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(IndexUnavailable, match="cannot be used"):
        EmbeddedIndex(blocked).count(Query())


def test_segments_do_not_pile_up(tmp_path: Path, index: EmbeddedIndex) -> None:
    for number in range(60):
        index.add([article(str(number % 10), version=number)])
        index.commit()
    index.close()
    segments = json.loads((generation(tmp_path) / "meta.json").read_text())["segments"]
    assert len(segments) <= 16


def test_searches_do_not_wait_for_writes(index: EmbeddedIndex) -> None:
    index.add([article("1")])
    index.commit()
    begun, searched = threading.Event(), threading.Event()

    class Slow(list[IndexDocument]):
        def __iter__(self) -> Iterator[IndexDocument]:
            begun.set()
            assert searched.wait(30)
            return super().__iter__()

    writing = threading.Thread(target=index.add, args=(Slow([article("2")]),))
    writing.start()
    assert begun.wait(30)
    assert index.count(Query()) == 1
    searched.set()
    writing.join()


def test_searches_elsewhere_never_fail_while_others_rebuild(tmp_path: Path, index: EmbeddedIndex) -> None:
    documents = [article(str(number)) for number in range(20)]
    index.add(documents)
    index.commit()
    program = """
        seen = set()
        while not seen or time.monotonic() < limit:
            opened = EmbeddedIndex(Path(sys.argv[1]))  # opening is the moment when files may vanish
            seen.add(opened.count(Query()))
            seen.add(opened.search(Query(size=100)).total)
        print(seen, flush=True)
    """
    reader = start(tmp_path, "limit = time.monotonic() + 4\nprint('begun', flush=True)" + textwrap.dedent(program))
    assert next_line(reader) == "begun"
    while reader.poll() is None:
        with index.rebuild() as fresh:
            fresh.add(documents)
    assert next_line(reader) == "{20}"
    end(reader)
