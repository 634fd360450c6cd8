"""Counting by tallies, and carrying them over a commit: the same as an index that is opened anew."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from diembao.index import embedded_columns, embedded_tallies
from diembao.index.embedded import EmbeddedIndex
from diembao.index.language import parse
from diembao.index.protocol import (
    Deletion,
    FacetRequest,
    Filter,
    Grouping,
    IndexDocument,
    Keyword,
    Query,
    Sort,
    Tabulation,
    Unit,
)

FIELDS = (Keyword.TOPIC, Keyword.SOURCE, Keyword.PERSON, Keyword.STATE)
WORDS = ("lũ", "cầu", "chè", "đường", "họp", "rừng")
START = datetime(2026, 3, 1, tzinfo=UTC)


class Press:
    """Articles that come, are written again and go; what the index should hold is what this does."""

    def __init__(self, seed: int, prefix: str = "") -> None:
        self._chance = random.Random(seed)
        self._prefix = prefix
        self._next = 1
        self.versions: dict[str, int] = {}

    def article(self) -> IndexDocument:
        chance = self._chance
        if self.versions and chance.random() < 0.3:
            identity = chance.choice(list(self.versions))
        else:
            identity = f"{self._prefix}{self._next}"
            self._next += chance.choice((1, 1, 1, 70))
        self.versions[identity] = self.versions.get(identity, 0) + 1
        people = [f"người {int(chance.paretovariate(0.7))}" for _ in range(chance.randint(0, 4))]
        return IndexDocument(
            id=identity,
            version=self.versions[identity],
            title=" ".join(chance.sample(WORDS, chance.randint(1, 4))),
            url="",
            source=chance.choice("abc"),
            story=chance.choice(("", f"s{chance.randint(1, 60)}")),
            topics=tuple(chance.sample(("y-te", "lu-lut", "giao-thong", "giao-duc"), chance.randint(0, 3))),
            people=tuple(people),
            state=chance.choice(("new", "published", "dropped")),
            published_at=chance.choice((None, START + timedelta(hours=chance.randint(0, 2000)))),
        )

    def gone(self) -> Deletion | None:
        if not self.versions:
            return None
        identity = self._chance.choice(list(self.versions))
        return Deletion(identity, self.versions.pop(identity) + 1)

    def question(self) -> Query:
        chance = self._chance
        chosen = [Filter(Keyword.TOPIC, ("y-te",), exclude=chance.random() < 0.5)] if chance.random() < 0.4 else []
        return Query(
            tree=parse(chance.choice((*WORDS, "lũ OR chè", "-họp", ""))),
            filters=tuple(chosen),
            facets=tuple(FacetRequest(field, chance.choice((1, 3, 4, 12))) for field in FIELDS),
            sort=Sort.NEWEST,
            size=5,
            collapse=chance.random() < 0.5,
            count_stories=True,
            histogram=True,
        )


@pytest.fixture(params=["", "x"], ids=["numbered", "named"])
def press(request: pytest.FixtureRequest) -> Press:
    return Press(11, request.param)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[EmbeddedIndex]:
    index = EmbeddedIndex(tmp_path / "index")
    yield index
    index.close()


def learned(index: EmbeddedIndex, query: Query) -> embedded_columns.Columns:
    """The columns after the fields that the query counts have been tallied."""
    index.search(query)
    index._helping().learner.submit(bool).result()
    return index._snapshot().columns


@pytest.mark.parametrize("most_values", [3, 500])
@pytest.mark.parametrize("drift", [6, 10_000])
@pytest.mark.parametrize("most_changed", [3, 60])
def test_what_is_carried_over_commits_is_what_an_index_opened_anew_finds(
    tmp_path: Path, index: EmbeddedIndex, press: Press, monkeypatch: pytest.MonkeyPatch, most_values: int, drift: int,
    most_changed: int,
) -> None:  # fmt: skip
    monkeypatch.setattr(embedded_columns, "_NARROW", 10**9)
    monkeypatch.setattr(embedded_columns, "_MOST_CHANGED", most_changed)
    monkeypatch.setattr(embedded_tallies, "MOST_VALUES", most_values)
    monkeypatch.setattr(embedded_tallies, "_MOST_DRIFT", drift)
    writer = EmbeddedIndex(tmp_path / "index")
    for number in (150, 4, 9, 1, 0, 20, 3):
        for _ in range(number):
            writer.add([press.article()])
        if number % 2 and (gone := press.gone()):
            writer.delete([gone])
        writer.commit()
        anew = EmbeddedIndex(tmp_path / "index")
        for _ in range(3):
            query = press.question()
            assert index.search(query) == anew.search(query)
            learned(index, query)
            again = press.question()
            assert index.search(again) == anew.search(again)
            tables = [
                Tabulation((Grouping(Keyword.PERSON, 3), Grouping(Keyword.TOPIC)), Unit.WEEK),
                Tabulation((Grouping(Keyword.STORY, 4),)),
            ]
            assert index.tables(query, tables) == anew.tables(query, tables)
        anew.close()
    writer.close()


def test_a_value_that_is_not_kept_may_still_be_the_most_frequent_one(
    index: EmbeddedIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_columns, "_NARROW", 10**9)
    monkeypatch.setattr(embedded_tallies, "MOST_VALUES", 1)

    def one(number: int, title: str, person: str) -> IndexDocument:
        return IndexDocument(id=str(number), version=1, title=title, url="", source="a", people=(person,))

    index.add([one(n, "họp", "An") for n in range(1, 6)] + [one(n, "lũ", "Bình") for n in range(6, 9)])
    index.commit()
    query = Query(facets=(FacetRequest(Keyword.PERSON, 1),), count_stories=True)
    tally = learned(index, query).tally(Keyword.PERSON)
    assert tally is not None and tally.values == ("An",) and tally.rest == 3

    def most_frequent(text: str) -> list[tuple[str, int]]:
        asked = Query(tree=parse(text), facets=query.facets, count_stories=True)
        return [(count.value, count.count) for count in index.search(asked).facets[Keyword.PERSON]]

    assert most_frequent("họp") == [("An", 5)]
    assert most_frequent("lũ") == [("Bình", 3)]
    index.add([one(n, "lũ", "Bình") for n in range(9, 14)])
    index.commit()
    assert most_frequent("") == [("Bình", 8)]


def test_after_a_commit_only_what_it_changed_is_read(index: EmbeddedIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    press = Press(5)
    index.add([press.article() for _ in range(300)])
    index.commit()
    query = Query(facets=(FacetRequest(Keyword.TOPIC),), count_stories=True, size=0)
    before = learned(index, query)
    reader = EmbeddedIndex(index._generations.home.parent)
    learned(reader, query)
    index.add([press.article() for _ in range(3)])
    index.commit()
    read = embedded_columns._Articles.read
    handed_over: list[int] = []

    def counted(searcher: object, asked: object) -> embedded_columns._Articles:
        articles = read(searcher, asked)
        handed_over.append(len(articles.stories))
        return articles

    monkeypatch.setattr(embedded_columns._Articles, "read", staticmethod(counted))
    columns = reader._snapshot().columns
    assert len(columns) >= len(before) and columns.tally(Keyword.TOPIC) is not None
    assert sum(handed_over) <= 3 * 50  # three blocks of fifty at most
    reader.close()


def test_commits_in_a_row_leave_nothing_to_learn_behind(index: EmbeddedIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that is written to all morning must not pile up work on what has long been replaced."""
    press = Press(6)
    index.add([press.article() for _ in range(100)])
    index.commit()
    query = Query(facets=tuple(FacetRequest(field) for field in FIELDS), count_stories=True, size=0)
    reader = EmbeddedIndex(index._generations.home.parent)
    may_go_on, learned_of = threading.Event(), list[int]()
    learn = embedded_columns.Columns.learn

    def slow(columns: embedded_columns.Columns, field: Keyword) -> None:
        may_go_on.wait()
        learned_of.append(len(columns))
        learn(columns, field)

    monkeypatch.setattr(embedded_columns.Columns, "learn", slow)
    for _ in range(5):
        reader.search(query)
        index.add([press.article()])
        index.commit()
    reader.search(query)
    may_go_on.set()
    reader._helping().learner.submit(bool).result()
    reader.close()
    assert len(learned_of) <= 1 + len(FIELDS)  # the one that was under way, and those of the last commit
