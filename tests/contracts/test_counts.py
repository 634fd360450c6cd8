"""Articles and stories by value and time: every engine against a plain count, on random questions and on real news."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from diembao.index.analysis import keyword_value
from diembao.index.language import parse
from diembao.index.protocol import (
    Cell,
    Counts,
    Deletion,
    Filter,
    Grouping,
    IndexDocument,
    Keyword,
    Period,
    Query,
    SearchIndex,
    Tabulation,
    Unit,
)

BEGIN = datetime(2025, 12, 20, tzinfo=UTC)
TOPICS = ("y-te", "kinh-te", "thien-tai")
PLACES = ("Phú Bình", "Đại Từ", "Định Hóa", "Võ Nhai")
WORDS = ("lũ", "lụt", "sông", "cầu", "đường")


def article(identity: str, **given: object) -> IndexDocument:
    return IndexDocument(id=identity, version=1, url="", **{"title": "Tin", "source": "bao", **given})  # type: ignore[arg-type]


def random_articles(number: int, seed: int) -> list[IndexDocument]:
    chance = random.Random(seed)

    def some(values: Sequence[str]) -> tuple[str, ...]:
        return tuple(chance.sample(values, chance.randint(0, 2)))

    return [
        article(
            str(serial),
            title=" ".join(chance.choice(WORDS) for _ in range(3)),
            source=chance.choice(("bao-a", "bao-b", "bao-c")),
            story=chance.choice(("", f"s{chance.randint(0, number // 3)}")),
            topics=some(TOPICS),
            places=some(PLACES),
            published=chance.random() < 0.7,
            published_at=None if chance.random() < 0.05 else BEGIN + timedelta(hours=chance.randint(0, 24 * 100)),
        )
        for serial in range(number)
    ]


def values_of(document: IndexDocument, field: Keyword) -> tuple[str, ...]:
    held = {Keyword.TOPIC: document.topics, Keyword.PLACE: document.places, Keyword.SOURCE: (document.source,)}
    return held[field]


def day_in_viet_nam(document: IndexDocument) -> date | None:
    at = document.published_at
    return (at + timedelta(hours=7)).date() if at else None


def whole_unit(day: date, unit: Unit) -> Period:
    if unit is Unit.DAY:
        return Period(day, day)
    if unit is Unit.WEEK:
        monday = date.fromordinal(day.toordinal() - day.weekday())
        return Period(monday, monday + timedelta(days=6))
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return Period(day.replace(day=1), following - timedelta(days=1))


def plainly(documents: Iterable[IndexDocument], by: Sequence[Grouping], over: Unit | Sequence[Period] | None) -> Counts:
    """The same by looking at every article."""
    found = list(documents)
    chosen = [_chosen(found, grouping) for grouping in by]
    cells: dict[tuple[tuple[int, ...], object], tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    named: dict[tuple[tuple[int, ...], object], tuple[tuple[str, ...], Period | None]] = {}
    for document in found:
        day = day_in_viet_nam(document)
        if over is None:
            times: list[tuple[object, Period | None]] = [(0, None)]
        elif isinstance(over, Unit):
            times = [(whole_unit(day, over).first, whole_unit(day, over))] if day else []
        else:
            times = [(at, one) for at, one in enumerate(over) if day and one.first <= day <= one.last]
        rows: list[tuple[int, ...]] = [()]
        for grouping, values in zip(by, chosen, strict=True):
            mine = [values.index(value) for value in values_of(document, grouping.field) if value in values]
            rows = [(*row, value) for row in rows for value in mine]
        for row in rows:
            for rank, period in times:
                named[row, rank] = tuple(chosen[at][place] for at, place in enumerate(row)), period
                cells[row, rank][0].add(document.id)
                cells[row, rank][1].add(document.story or f"alone {document.id}")
    table = tuple(Cell(*named[key], len(cells[key][0]), len(cells[key][1])) for key in sorted(cells))
    stories = {document.story or f"alone {document.id}" for document in found}
    return Counts(len(found), len(stories), tuple(chosen), table if by or over is not None else ())


def _chosen(found: Sequence[IndexDocument], grouping: Grouping) -> tuple[str, ...]:
    if grouping.values:
        return tuple(dict.fromkeys(map(keyword_value, grouping.values)))
    numbers: dict[str, int] = defaultdict(int)
    for document in found:
        for value in values_of(document, grouping.field):
            numbers[value] += 1
    return tuple(sorted(numbers, key=lambda value: (-numbers[value], value))[: grouping.size])


class Question:
    """A random query, and which articles it means."""

    def __init__(self, chance: random.Random) -> None:
        self._word = chance.choice((*WORDS, ""))
        self._topic = chance.choice((*TOPICS, ""))
        self._public = chance.random() < 0.3
        hours = sorted(chance.sample(range(24 * 100), 2))
        self._since = BEGIN + timedelta(hours=hours[0]) if chance.random() < 0.4 else None
        self._until = BEGIN + timedelta(hours=hours[1]) if chance.random() < 0.4 else None

    def query(self) -> Query:
        return Query(
            tree=parse(self._word),
            filters=(Filter(Keyword.TOPIC, (self._topic,)),) if self._topic else (),
            published_from=self._since,
            published_to=self._until,
            public_only=self._public,
        )

    def means(self, document: IndexDocument) -> bool:
        at = document.published_at
        return (
            self._word in (*document.title.split(), "")
            and (not self._topic or self._topic in document.topics)
            and (document.published or not self._public)
            and (not self._since or (at is not None and at >= self._since))
            and (not self._until or (at is not None and at < self._until))
        )


def random_table(chance: random.Random) -> tuple[list[Grouping], Unit | list[Period] | None]:
    fields = chance.sample((Keyword.TOPIC, Keyword.PLACE, Keyword.SOURCE), chance.randint(0, 2))
    by = [
        Grouping(field, values=("Đại Từ", "không có", "y-te", "bao-b", "Đại Từ"))
        if chance.random() < 0.3
        else Grouping(field, chance.randint(1, 5))
        for field in fields
    ]
    if chance.random() < 0.6:
        return by, chance.choice((*Unit, None))
    starts = [date(2026, 1, 1) + timedelta(days=chance.randint(-30, 100)) for _ in range(chance.randint(1, 4))]
    return by, [Period(start, start + timedelta(days=chance.randint(0, 40))) for start in starts]


def fill(index: SearchIndex, documents: Sequence[IndexDocument]) -> None:
    """In parts, with older versions and deleted articles left behind in the engine."""
    for start in range(0, len(documents), 150):
        part = documents[start : start + 150]
        index.add([replace(document, version=0, story="alt", topics=TOPICS) for document in part[::3]])
        index.commit()
        index.add(part)
        index.commit()


def test_two_hundred_random_tables(index: SearchIndex) -> None:
    documents = random_articles(600, seed=6)
    fill(index, documents)
    chance = random.Random(12)
    for _ in range(200):
        question = Question(chance)
        by, over = random_table(chance)
        expected = plainly(
            filter(question.means, documents), by, list(dict.fromkeys(over)) if isinstance(over, list) else over
        )
        assert index.counts(question.query(), by, over) == expected, (question.query(), by, over)


def test_a_day_begins_at_midnight_in_viet_nam(index: SearchIndex) -> None:
    midnight = datetime(2026, 2, 28, 17, 0, tzinfo=UTC)  # 1 March, 00:00
    index.add(
        [
            article("1", published_at=midnight - timedelta(seconds=1)),
            article("2", published_at=midnight),
            article("3", published_at=None),
        ]
    )
    index.commit()
    for unit, periods in (
        (Unit.DAY, [(date(2026, 2, 28), date(2026, 2, 28)), (date(2026, 3, 1), date(2026, 3, 1))]),
        (Unit.WEEK, [(date(2026, 2, 23), date(2026, 3, 1))]),
        (Unit.MONTH, [(date(2026, 2, 1), date(2026, 2, 28)), (date(2026, 3, 1), date(2026, 3, 31))]),
    ):
        counts = index.counts(Query(), over=unit)
        assert [(cell.period.first, cell.period.last) for cell in counts.cells if cell.period] == periods
        assert (counts.articles, sum(cell.articles for cell in counts.cells)) == (3, 2)


def test_a_story_counts_once_in_each_cell_and_once_in_the_whole(index: SearchIndex) -> None:
    monday = datetime(2026, 3, 2, 3, tzinfo=UTC)
    index.add(
        [
            article("1", story="s", topics=("y-te",), published_at=monday),
            article("2", story="s", topics=("y-te", "kinh-te"), published_at=monday),
            article("3", story="s", topics=("kinh-te",), published_at=monday + timedelta(days=7)),
            article("4", topics=("kinh-te",), published_at=monday + timedelta(days=7)),
        ]
    )
    index.commit()
    counts = index.counts(Query(), [Grouping(Keyword.TOPIC)], Unit.WEEK)
    first, second = Period(date(2026, 3, 2), date(2026, 3, 8)), Period(date(2026, 3, 9), date(2026, 3, 15))
    assert (counts.articles, counts.stories, counts.values) == (4, 2, (("kinh-te", "y-te"),))
    assert counts.cells == (
        Cell(("kinh-te",), first, 1, 1),
        Cell(("kinh-te",), second, 2, 2),
        Cell(("y-te",), first, 2, 1),
    )


def test_a_period_beside_the_one_before_and_the_same_of_last_year(index: SearchIndex) -> None:
    march = datetime(2026, 3, 10, tzinfo=UTC)
    index.add(
        [
            article("1", source="bao-a", published_at=march),
            article("2", source="bao-a", published_at=march - timedelta(days=28)),
            article("3", source="bao-b", published_at=march - timedelta(days=365)),
            article("4", source="bao-a", published_at=march - timedelta(days=700)),
        ]
    )
    index.commit()
    asked = [
        Period(date(2026, 3, 1), date(2026, 3, 31)),
        Period(date(2026, 2, 1), date(2026, 2, 28)),
        Period(date(2025, 3, 1), date(2025, 3, 31)),
    ]
    cells = index.counts(Query(), [Grouping(Keyword.SOURCE)], asked).cells
    assert [(cell.values[0], cell.period, cell.articles) for cell in cells] == [
        ("bao-a", asked[0], 1),
        ("bao-a", asked[1], 1),
        ("bao-b", asked[2], 1),
    ]


def test_two_fields_crossed(index: SearchIndex) -> None:
    index.add(
        [
            article("1", topics=("y-te", "kinh-te"), places=("Đại Từ",)),
            article("2", topics=("y-te",), places=("Đại Từ", "Võ Nhai")),
            article("3", topics=("y-te",)),
        ]
    )
    index.commit()
    counts = index.counts(Query(), [Grouping(Keyword.TOPIC), Grouping(Keyword.PLACE)])
    assert [(cell.values, cell.articles) for cell in counts.cells] == [
        (("y-te", "Đại Từ"), 2),
        (("y-te", "Võ Nhai"), 1),
        (("kinh-te", "Đại Từ"), 1),
    ]


@pytest.mark.parametrize("without_story", [0, 5])
def test_the_most_printed_stories_come_first_and_of_equals_the_first_by_name(
    index: SearchIndex, without_story: int
) -> None:
    sizes = {"10": 3, "9": 3, "b": 2, "a": 2, "c": 2, "z": 1}
    documents = [article(f"{story}-{number}", story=story) for story, size in sizes.items() for number in range(size)]
    documents += [article(f"alone-{number}") for number in range(without_story)]
    index.add(documents)
    index.commit()
    for most in (1, 2, 3, 4, 6, 9):
        counts = index.counts(Query(), [Grouping(Keyword.STORY, most)])
        expected = [("10", 3), ("9", 3), ("a", 2), ("b", 2), ("c", 2), ("z", 1)][:most]
        assert [(cell.values[0], cell.articles) for cell in counts.cells] == expected
        assert all(cell.stories == 1 for cell in counts.cells)


def test_several_tables_at_once_are_those_that_would_come_one_by_one(index: SearchIndex) -> None:
    fill(index, random_articles(300, seed=9))
    chance = random.Random(15)
    for _ in range(15):
        query = Question(chance).query()
        tables = [random_table(chance) for _ in range(4)] + [([Grouping(Keyword.STORY, 5)], None)]
        wanted = [Tabulation(tuple(by), tuple(over) if isinstance(over, list) else over) for by, over in tables]
        assert index.tables(query, wanted) == tuple(index.counts(query, by, over) for by, over in tables)


def test_a_count_knows_what_was_written_and_taken_out_a_moment_before(index: SearchIndex) -> None:
    query = Query(filters=(Filter(Keyword.TOPIC, ("y-te",)),))
    for version in range(1, 6):
        topics = ("y-te",) if version % 2 else ("kinh-te",)
        index.add([replace(article("1", topics=topics), version=version), article(f"n{version}", topics=("y-te",))])
        index.commit()
        assert index.counts(query).articles == version + version % 2
    index.delete([Deletion("n1", 2)])
    index.commit()
    counts = index.counts(Query(), [Grouping(Keyword.TOPIC)])
    assert [(cell.values, cell.articles) for cell in counts.cells] == [(("y-te",), 5)]


def test_nothing_there_and_nothing_that_matches(index: SearchIndex) -> None:
    for _ in range(2):
        for by in ([], [Grouping(Keyword.TOPIC)]):
            for over in (None, Unit.DAY, [Period(date(2026, 1, 1), date(2026, 1, 2))], []):
                counts = index.counts(Query(tree=parse("vắng")), by, over)
                assert (counts.articles, counts.stories, counts.cells) == (0, 0, ())
        index.add([article("1", topics=("y-te",), published_at=BEGIN)])
        index.commit()


def test_more_stories_than_one_pass_can_count(index: SearchIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diembao.index.elastic_counts._MOST_BUCKETS", 1200)
    documents = random_articles(4000, seed=8)
    index.add(documents)
    index.commit()
    for by, over in (([], Unit.DAY), ([Grouping(Keyword.TOPIC), Grouping(Keyword.PLACE)], Unit.MONTH)):
        assert index.counts(Query(), by, over) == plainly(documents, by, over)


def test_a_table_beyond_all_measure_is_refused(index: SearchIndex) -> None:
    index.add(random_articles(200, seed=1))
    index.commit()
    with pytest.raises(ValueError, match="two fields"):
        index.counts(Query(), [Grouping(Keyword.TOPIC), Grouping(Keyword.PLACE), Grouping(Keyword.SOURCE)])
    with pytest.raises(ValueError, match="cells"):
        index.counts(Query(), [Grouping(Keyword.TOPIC, 1000), Grouping(Keyword.PLACE, 1000)])
    with pytest.raises(ValueError, match="1 to 1000"):
        Grouping(Keyword.TOPIC, 0)
    with pytest.raises(ValueError, match="ends before"):
        Period(date(2026, 1, 2), date(2026, 1, 1))
