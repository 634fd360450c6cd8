"""Every number of the report against the list behind it, on each database and each engine, in months of all kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from urllib.parse import parse_qsl, urlsplit

import pytest

from diembao.index.protocol import Period, SearchIndex
from diembao.newsroom.analysis.asked import SEARCH, Asked
from diembao.newsroom.briefing.composing import compose
from diembao.newsroom.briefing.content import Cell, Kind, Pack
from diembao.newsroom.tet import new_year
from diembao.records import Annotations, Article, FeedHints, PlaceMention, Relevance, Stance, Topic
from diembao.settings import Settings
from diembao.store import articles, pages, sources, stories
from diembao.store.database import Store
from pipelines.indexing import drain

NOW = datetime(2026, 11, 22, 2, 5, tzinfo=UTC)
TODAY = date(2026, 11, 22)
UNITS = (PlaceMention("Gia Sàng", "05455", "unit", "phường Gia Sàng"), PlaceMention("Tân Cương", "05503", "unit", ""))
SOURCES = ("songcau", "trungdu", "xuche")
Make = Callable[[datetime, int], None]


class PlainNames:
    def value(self, name: str, value: str) -> str:
        return f"{name} {value}"


@pytest.fixture
def make(store: Store, index: SearchIndex) -> Iterator[Make]:
    """Makes a story of so many printings at a time; what is about what is drawn with the same seed each time."""
    chance, count = Random(7), iter(range(10_000))
    outlets = [sources.SourceRecord(name, f"Báo {name}", "newspaper", "local", "none", {}, ()) for name in SOURCES]
    with store.write() as session:
        sources.sync_sources(session, outlets, 600, NOW)

    def story(at: datetime, printings: int) -> None:
        with store.write() as session:
            row = stories.create(session, at=at, relevance="relevant", now=NOW)
            for number in range(printings):
                _article(session, row.id, next(count), at + timedelta(minutes=number), chance)
            stories.refresh(session, row.id, NOW)
        drain(store, index)

    yield story


def _article(session: object, story_id: int, number: int, at: datetime, chance: Random) -> None:
    source = SOURCES[number % len(SOURCES)]
    url = f"https://{source}.vn/{number}.html"
    pages.register_found(session, source, None, [pages.FoundLink(url, FeedHints())], NOW)  # type: ignore[arg-type]
    page = pages.by_url(session, url)  # type: ignore[arg-type]
    assert page is not None
    judged = Annotations(
        Relevance.RELEVANT,
        0.9,
        topics=tuple(Topic(slug, 0.9) for slug in chance.sample(("y-te", "the-thao", "dat-dai"), chance.randint(0, 2))),
        stance=chance.choice((*Stance, None)),
        needs_response=chance.random() < 0.3,
        places=tuple(chance.sample(UNITS, chance.randint(0, 2))),
        versions={"stance": f"stance-{number % 2 + 1}"},
    )
    article = Article(url, url, source, f"Tin {number}", "", "Nội dung.", published_at=at)
    articles.add(session, page.id, article, judged, story_id=story_id, reprint_of=None, signature=b"", bands=(),
                 fetched_at=at, now=NOW)  # type: ignore[arg-type]  # fmt: skip


def report(store: Store, index: SearchIndex, period: Period) -> Pack:
    asked = Asked.read([("relevance", "relevant"), ("outlet_type", "newspaper")])
    with store.read() as session:
        return compose(session, index, Settings(owner_name="Trung tâm"), asked, period, PlainNames(), "về tỉnh", NOW)


def follow(index: SearchIndex, pack: Pack) -> int:
    """Count every list behind a number; returns how many numbers were not zero."""
    nonzero = 0
    for part in pack.parts:
        loose = [(piece, "") for line in (*part.lines, *part.after) for piece in line if isinstance(piece, Cell)]
        tabled = [
            (cell, column.title)
            for table in part.tables
            for row in table.rows
            for cell, column in zip(row, table.columns, strict=True)
        ]
        for cell, column in (*loose, *tabled):
            if cell.kind is Kind.COUNT and cell.href.startswith(SEARCH) and column != "Số báo":
                asked = Asked.read(parse_qsl(urlsplit(cell.href).query))
                counts = index.counts(asked.query(TODAY))
                assert cell.value == (counts.articles if asked.apart else counts.stories), (column, cell)
                nonzero += bool(cell.value)
    return nonzero


def test_numbers_are_those_of_their_lists(store: Store, index: SearchIndex, make: Make) -> None:
    chance = Random(3)
    for _ in range(25):
        make(
            datetime(2026, 9, 1, tzinfo=UTC) + timedelta(hours=chance.randint(0, 24 * 62)), chance.choice((1, 1, 2, 4))
        )
    pack = report(store, index, Period(date(2026, 10, 1), date(2026, 10, 31)))
    assert follow(index, pack) > 60
    told = " ".join(str(line[0]) for line in pack.parts[-1].lines)
    assert "thái độ: stance-1, stance-2" in told


def test_a_month_with_tet(store: Store, index: SearchIndex, make: Make) -> None:
    """No holiday is left out, and the days nobody printed on are zeros of the table by day, not gaps."""
    tet = new_year(2026)
    make(datetime(tet.year, tet.month, tet.day, 3, tzinfo=UTC), 2)
    make(datetime(2026, 2, 3, 3, tzinfo=UTC), 1)
    pack = report(store, index, Period(date(2026, 2, 1), date(2026, 2, 28)))
    days = next(table for table in pack.tables if table.key == "theo-thoi-gian")
    numbers = {row[0].value: row[1].value for row in days.rows}
    assert len(numbers) == 28 and numbers[tet] == 2 and sum(numbers.values()) == 3  # type: ignore[arg-type]
    assert follow(index, pack) > 8


@pytest.mark.parametrize("printings", [0, 1, 40])
def test_nothing_one_and_forty(store: Store, index: SearchIndex, make: Make, printings: int) -> None:
    if printings:
        make(datetime(2026, 10, 5, tzinfo=UTC), printings)
    pack = report(store, index, Period(date(2026, 10, 1), date(2026, 10, 31)))
    totals = next(table for table in pack.tables if table.key == "tong-quan")
    assert [row[1].value for row in totals.rows[:2]] == [printings, min(printings, 1)]
    follow(index, pack)
    top = next((table for table in pack.tables if table.key == "tin-noi-bat"), None)
    assert (top is None) == (printings == 0)
    if top is not None:
        assert [cell.value for cell in top.rows[0]][4:6] == [printings, min(printings, 3)]
