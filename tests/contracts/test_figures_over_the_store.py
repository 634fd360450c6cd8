"""Every figure an analyst is shown, for two hundred random questions, against a plain count over the rows of the store:
facets, days, stories, timelines, shares, comparisons, maps and tables, on every engine."""

from __future__ import annotations

import csv
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from itertools import islice

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from diembao.index.language import index_words
from diembao.index.periods import period_around, periods_between
from diembao.index.protocol import FacetRequest, Grouping, Keyword, Period, Query, SearchIndex, Unit
from diembao.newsroom.analysis import figures
from diembao.newsroom.analysis.asked import FIELDS, Asked
from diembao.newsroom.analysis.figures import Number
from diembao.newsroom.analysis.spans import span
from diembao.records import Annotations, Entity, PlaceMention, Relevance, Stance, Topic
from diembao.settings import Settings
from diembao.store.articles import annotations_to_json
from diembao.store.database import Store, open_store
from diembao.store.models import ArticleRow, PageRow, SourceRow, StoryRow
from nlp.text import fold, normalise
from pipelines.indexing import rebuild

QUERIES = 200
TODAY = date(2026, 7, 15)
AHEAD = timedelta(hours=7)
MIDNIGHT = datetime(2026, 7, 8, 17, tzinfo=UTC)  # in Viet Nam: 9 July, when the council sits
SOURCES = {
    "songcau": ("newspaper", "local"), "trungdu": ("newspaper", "central"), "xuche": ("magazine", "local"),
    "dai": ("broadcaster", "region"), "cong": ("portal", "sector"),
}  # fmt: skip
UNITS = [("Phan Đình Phùng", "05443"), ("Đại Từ", "05770"), ("Định Hóa", "05551"), ("Phú Bình", "05908")]
TOPICS = ["y-te", "dat-dai", "giao-duc"]
NAMES = ["Trịnh Văn Ví", "Nguyễn Thị Dụ", "Lê Hòa", "Đỗ Thúy"]
BODIES = ["Sở Y tế", "UBND tỉnh", "Công an tỉnh"]
WORDS = ["lũ", "hạn", "chè", "đường", "họp", "bão", "trường", "hoà"]
STATES = ["new", "approved", "rejected", "published", "withdrawn"]


@dataclass(frozen=True)
class Counted:
    """One article as a person would count it, from its rows."""

    id: int
    story: int
    day: date
    words: frozenset[str]
    values: dict[Keyword, frozenset[str]]
    is_public: bool


def _lay_in() -> dict[str, str]:
    with files("diembao.newsroom.analysis").joinpath("tiles.csv").open(encoding="utf-8") as file:
        return {row["code"]: row["former_district"] for row in csv.DictReader(file)}


LAY_IN = _lay_in()


def counted_rows(session: Session) -> list[Counted]:
    """The whole store, read without anything that the index or its making uses."""
    query = select(ArticleRow, StoryRow, SourceRow).join(StoryRow, StoryRow.id == ArticleRow.story_id)
    rows = session.execute(query.join(SourceRow, SourceRow.name == ArticleRow.source))
    return [_counted(article, story, source) for article, story, source in rows]


def _counted(article: ArticleRow, story: StoryRow, source: SourceRow) -> Counted:
    notes = article.annotations
    people = {one["text"] for one in notes["entities"] if one["type"] == "person"}
    bodies = {one["text"] for one in notes["entities"] if one["type"] == "organisation"}
    values = {
        Keyword.RELEVANCE: {article.relevance},
        Keyword.STANCE: {article.stance},
        Keyword.FLAG: {
            flag
            for flag, held in (
                ("needs_response", article.needs_response),
                ("source_removed", article.source_removed_at),
                ("withdrawn", article.withdrawn_at),
            )
            if held
        },
        Keyword.TOPIC: {topic["slug"] for topic in notes["topics"]},
        Keyword.PLACE_CODE: {place["code"] for place in notes["places"]},
        Keyword.DISTRICT: {LAY_IN[place["code"]] for place in notes["places"] if place["code"] in LAY_IN},
        Keyword.PLACE: {place["name"] for place in notes["places"]},
        Keyword.SOURCE: {source.name},
        Keyword.OUTLET_TYPE: {source.outlet_type},
        Keyword.SCOPE: {source.scope},
        Keyword.PERSON: people,
        Keyword.ORGANISATION: bodies,
        Keyword.SECTION: {article.section},
        Keyword.STATE: {story.state},
    }
    text = normalise(" ".join((article.title, article.lead, article.text)))
    return Counted(
        article.id,
        article.story_id,
        (article.effective_at + AHEAD).date(),
        frozenset(fold(word) for word in index_words(text)),
        {field: frozenset(normalise(value).strip()[:512] for value in held if value) for field, held in values.items()},
        story.state == "published" and article.withdrawn_at is None and article.source_removed_at is None,
    )


@dataclass(frozen=True)
class Question:
    """One view of an analyst, and which rows it means. days: None where it is not bounded."""

    asked: Asked
    word: str
    days: Period | None
    public: bool

    def query(self) -> Query:
        return replace(self.asked.query(TODAY), public_only=self.public)

    def means(self, row: Counted) -> bool:
        """Apart from its days."""
        if (self.public and not row.is_public) or (self.word and fold(self.word) not in row.words):
            return False
        for name, field in FIELDS.items():
            chosen = {value for key, value in self.asked.values if key == name and not value.startswith("-")}
            without = {value[1:] for key, value in self.asked.values if key == name and value.startswith("-")}
            if (chosen and not chosen & row.values[field]) or without & row.values[field]:
                return False
        return True


def questions(rows: Sequence[Counted], words: Sequence[str], seed: int) -> Iterator[Question]:
    """Views on fields and values that there are, on days that begin and end where something was printed."""
    chance = random.Random(seed)
    # What begins with a minus would be read as left out.
    held = {
        field: sorted({value for row in rows for value in row.values[field] if not value.startswith("-")})
        for field in FIELDS.values()
    }
    days = sorted({row.day for row in rows})
    while True:
        values = []
        for name in chance.sample(list(FIELDS), chance.choice((0, 0, 1, 1, 2, 3))):
            if known := held[FIELDS[name]]:
                several = chance.sample(known, min(len(known), chance.choice((1, 1, 2, 4))))
                sign = "-" if chance.random() < 0.2 else ""
                values += [(name, sign + value) for value in several]
        word = chance.choice(words) if chance.random() < 0.5 else ""
        period = None
        if chance.random() < 0.5:
            first, last = sorted(chance.choices(days, k=2))
            period = Period(first, last)
        asked = Asked(q=word, values=tuple(values))
        yield Question(asked.during(period) if period else asked, word, period, chance.random() < 0.25)


def within(rows: Sequence[Counted], period: Period) -> list[Counted]:
    return [row for row in rows if period.first <= row.day <= period.last]


def number(rows: Sequence[Counted]) -> Number:
    return Number(len(rows), len({row.story for row in rows}))


def most_frequent(rows: Sequence[Counted], field: Keyword, most: int) -> list[tuple[str, int]]:
    counts = Counter(value for row in rows for value in row.values[field])
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]


def having(rows: Sequence[Counted], field: Keyword, value: str) -> list[Counted]:
    return [row for row in rows if value in row.values[field]]


def check_search(index: SearchIndex, question: Question, rows: Sequence[Counted]) -> None:
    """The counts beside a list: everything of the question, its days included."""
    found = within(rows, question.days) if question.days else rows
    facets = tuple(FacetRequest(field, 7) for field in FIELDS.values())
    hits = index.search(
        replace(question.query(), size=20, facets=facets, histogram=True, count_stories=True, collapse=False)
    )
    assert (hits.total, hits.stories) == (len(found), len({row.story for row in found}))
    assert index.count(question.query()) == len(found)
    assert {int(hit.id) for hit in hits.items} <= {row.id for row in found}
    for facet in facets:
        counted = [(one.value, one.count) for one in hits.facets[facet.field]]
        assert counted == most_frequent(found, facet.field, facet.size), facet.field
    assert [(day.day, day.count) for day in hits.histogram] == sorted(Counter(row.day for row in found).items())


def check_over_time(index: SearchIndex, question: Question, rows: Sequence[Counted], chance: random.Random) -> None:
    period = question.days or Period(TODAY - timedelta(days=60), TODAY)
    unit, by = chance.choice(list(Unit)), chance.choice(list(FIELDS.values()))
    found = within(rows, period)
    shown = figures.timeline(index, question.query(), period, unit, by)
    assert shown.periods == tuple(periods_between(period.first, period.last, unit))
    by_period: dict[Period, list[Counted]] = {one: [] for one in shown.periods}
    for row in found:
        by_period[period_around(row.day, unit)].append(row)
    assert shown.total == tuple(number(of) for of in by_period.values())
    assert [line.value for line in shown.lines] == [value for value, _ in most_frequent(found, by, 8)]
    for line in shown.lines:
        assert line.numbers == tuple(number(having(of, by, line.value)) for of in by_period.values())


def check_compared(index: SearchIndex, question: Question, rows: Sequence[Counted], chance: random.Random) -> None:
    period = question.days or Period(TODAY - timedelta(days=29), TODAY)
    compared = span(period)
    now, before, year_before = (within(rows, one) for one in (period, compared.before, compared.year_before))
    change = figures.change(index, question.query(), compared)
    assert (change.now, change.before, change.year_before) == (number(now), number(before), number(year_before))
    by = chance.choice(list(FIELDS.values()))
    shares = figures.shares(index, question.query(), compared, by, 10)
    assert [share.value for share in shares] == [value for value, _ in most_frequent(now, by, 10)]
    for share in shares:
        assert (share.now, share.before) == (
            number(having(now, by, share.value)),
            number(having(before, by, share.value)),
        )
        assert share.part == pytest.approx(share.now.articles / len(now))


def check_map_and_table(index: SearchIndex, question: Question, rows: Sequence[Counted], units: Sequence[str]) -> None:
    period = question.days or Period(TODAY - timedelta(days=29), TODAY)
    found = within(rows, period)
    on_map = figures.of_values(index, question.query(), period, Keyword.PLACE_CODE, units)
    assert on_map == {code: number(having(found, Keyword.PLACE_CODE, code)) for code in units}
    table = figures.topics_by_places(index, question.query(), period)
    assert list(table.rows) == [value for value, _ in most_frequent(found, Keyword.TOPIC, 20)]
    for topic, numbers in zip(table.rows, table.numbers, strict=True):
        of_topic = having(found, Keyword.TOPIC, topic)
        expected = [number(having(of_topic, Keyword.PLACE_CODE, code)) for code in table.columns]
        assert list(numbers) == expected, topic


def check_everything(index: SearchIndex, rows: Sequence[Counted], words: Sequence[str], units: Sequence[str]) -> int:
    """Two hundred questions; returns how many of them found something."""
    chance = random.Random(21)
    found_something = 0
    for question in islice(questions(rows, words, seed=20), QUERIES):
        meant = [row for row in rows if question.means(row)]
        found_something += bool(meant)
        try:
            check_search(index, question, meant)
            check_over_time(index, question, meant, chance)
            check_compared(index, question, meant, chance)
            check_map_and_table(index, question, meant, units)
        except AssertionError as error:
            error.add_note(f"{question}")
            raise
    return found_something


class Press:
    """A store full of articles: printings of one story on several days and in several states, at every hour and right
    at midnight, some without a date of their own, some taken back by their newspaper."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._chance = random.Random(17)

    def fill(self, number: int) -> None:
        chance = self._chance
        made = datetime(2026, 7, 15, tzinfo=UTC)
        states = [chance.choice(STATES) for _ in range(number // 2)]
        with self._store.write() as session:
            for name, (outlet_type, scope) in SOURCES.items():
                session.add(
                    SourceRow(name=name, title=f"Báo {name}", outlet_type=outlet_type, scope=scope, agreement="none",
                              definition={}, updated_at=made)
                )  # fmt: skip
            session.flush()
            stories = [
                {
                    "id": at,
                    "first_at": made,
                    "last_at": made,
                    "relevance": "relevant",
                    "state": state,
                    "updated_at": made,
                }
                for at, state in enumerate(states, 1)
            ]
            articles = [self._article(at, len(stories), made) for at in range(1, number + 1)]
            pages = [
                {"id": one["id"], "url": one["url"], "source": one["source"], "found_at": made, "state": "done",
                 "next_try_at": made}
                for one in articles
            ]  # fmt: skip
            for model, rows in ((PageRow, pages), (StoryRow, stories), (ArticleRow, articles)):
                session.execute(insert(model), rows)

    def _article(self, at: int, stories: int, made: datetime) -> dict[str, object]:
        chance = self._chance
        annotations = self._annotations()
        published = self._moment()
        is_dated = chance.random() < 0.95
        return {
            "id": at, "page_id": at, "source": chance.choice(list(SOURCES)), "url": f"https://bao.vidu.vn/{at}",
            "canonical_url": f"https://bao.vidu.vn/{at}", "title": self._row(3), "lead": self._row(4),
            "text": self._row(8), "section": chance.choice(("", "Thời sự", "Xã hội")),
            "published_at": published if is_dated else None, "published_from": "page" if is_dated else "",
            "effective_at": published, "relevance": annotations.relevance.value, "relevance_score": 0.9,
            "topic": "", "stance": (annotations.stance or Stance.NEUTRAL).value,
            "needs_response": chance.random() < 0.3, "annotations": annotations_to_json(annotations),
            "story_id": chance.randint(1, stories), "created_at": made, "updated_at": made,
            "withdrawn_at": made if chance.random() < 0.05 else None,
            "source_removed_at": made if chance.random() < 0.05 else None,
        }  # fmt: skip

    def _moment(self) -> datetime:
        chance = self._chance
        if chance.random() < 0.2:  # one second before, at and after the beginning of a day
            return MIDNIGHT + timedelta(days=chance.randint(-3, 3), seconds=chance.choice((-1, 0, 1)))
        return MIDNIGHT - timedelta(seconds=chance.randint(-6 * 86_400, 420 * 86_400))

    def _annotations(self) -> Annotations:
        chance = self._chance
        places = chance.sample(UNITS, chance.randint(0, 3))
        return Annotations(
            chance.choice((Relevance.RELEVANT, Relevance.RELEVANT, Relevance.MARGINAL)),
            0.9,
            topics=tuple(Topic(slug, 0.8) for slug in chance.sample(TOPICS, chance.randint(0, 2))),
            stance=chance.choice(list(Stance)),
            # Named twice, as in real articles: it still counts once.
            places=tuple(PlaceMention(name, code, "unit", name) for name, code in (*places, *places[:1])),
            entities=(
                *(Entity("person", name) for name in chance.sample(NAMES, chance.randint(0, 2))),
                *(Entity("organisation", name) for name in chance.sample(BODIES, chance.randint(0, 2))),
            ),
        )  # fmt: skip

    def _row(self, length: int) -> str:
        return " ".join(self._chance.choice([*WORDS, "tin", "bài", "báo", "nay"]) for _ in range(length))


@pytest.fixture
def press(settings: Settings, index: SearchIndex) -> Iterator[list[Counted]]:
    """The rows of a filled store; the index holds the same."""
    store = open_store(settings)
    Press(store).fill(900)
    rebuild(store, index, settings.data_dir)
    with store.read() as session:
        rows = counted_rows(session)
    yield rows
    store.close()


def test_two_hundred_questions(index: SearchIndex, press: list[Counted]) -> None:
    units = [*(code for _, code in UNITS), "05455"]
    assert check_everything(index, press, WORDS, units) > QUERIES / 2


def test_a_printing_of_the_last_second_belongs_to_its_day(index: SearchIndex, press: list[Counted]) -> None:
    sitting = Period(date(2026, 7, 9), date(2026, 7, 9))
    day_before = Period(date(2026, 7, 8), date(2026, 7, 8))
    for period in (sitting, day_before):
        expected = number(within(press, period))
        assert expected.articles > 0
        assert figures.change(index, Query(), span(period)).now == expected
    counts = index.counts(Query(), [Grouping(Keyword.STATE)], [sitting, day_before])
    for cell in counts.cells:
        assert cell.period is not None
        by_hand = number(having(within(press, cell.period), Keyword.STATE, cell.values[0]))
        assert Number(cell.articles, cell.stories) == by_hand
