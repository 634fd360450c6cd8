"""Figures against a plain count over the same articles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from diembao.index.embedded import EmbeddedIndex
from diembao.index.protocol import IndexDocument, Keyword, Period, Query, Unit
from diembao.newsroom.analysis import figures
from diembao.newsroom.analysis.figures import Number
from diembao.newsroom.analysis.spans import span

TOPICS = ("y-te", "giao-duc", "dat-dai")
PLACES = ("05443", "05569", "01843")
OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))
_LOCAL = timedelta(hours=7)


@pytest.fixture(scope="module")
def articles() -> list[IndexDocument]:
    chance = Random(11)
    return [
        IndexDocument(
            id=str(number),
            version=1,
            title="lũ" if chance.random() < 0.4 else "chè",
            url="",
            source=chance.choice(("a", "b", "c")),
            story=str(chance.randint(1, 90)),
            topics=tuple(chance.sample(TOPICS, chance.randint(0, 2))),
            place_codes=tuple(chance.sample(PLACES, chance.randint(0, 2))),
            published_at=datetime(2025, 9, 1, tzinfo=UTC) + timedelta(hours=chance.randint(0, 24 * 440)),
        )
        for number in range(1500)
    ]


@pytest.fixture(scope="module")
def index(articles: Sequence[IndexDocument], tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedIndex]:
    folder: Path = tmp_path_factory.mktemp("figures")
    index = EmbeddedIndex(folder / "index")
    index.add(articles)
    index.commit()
    yield index
    index.close()


def _day(article: IndexDocument) -> date:
    assert article.published_at is not None
    return (article.published_at + _LOCAL).date()


def _about(topic: str = "", source: str = "", place: str = "") -> Callable[[IndexDocument], bool]:
    return lambda one: (
        (not topic or topic in one.topics)
        and (not source or one.source == source)
        and (not place or place in one.place_codes)
    )


def _count(
    articles: Sequence[IndexDocument],
    period: Period,
    wanted: Callable[[IndexDocument], bool] = lambda _article: True,
) -> Number:
    found = [one for one in articles if period.first <= _day(one) <= period.last and wanted(one)]
    return Number(len(found), len({one.story for one in found}))


def test_a_period_against_the_two_it_is_compared_with(index: EmbeddedIndex, articles: list[IndexDocument]) -> None:
    compared = span(OCTOBER)
    found = figures.change(index, Query(), compared)
    assert found.now == _count(articles, OCTOBER) != Number()
    assert found.before == _count(articles, compared.before) != Number()
    assert found.year_before == _count(articles, compared.year_before) != Number()


@pytest.mark.parametrize("unit", list(Unit))
def test_a_timeline_has_every_period_and_every_line(
    unit: Unit, index: EmbeddedIndex, articles: list[IndexDocument]
) -> None:
    found = figures.timeline(index, Query(), OCTOBER, unit, Keyword.TOPIC)
    assert found.periods[0].first <= OCTOBER.first and found.periods[-1].last >= OCTOBER.last
    for at, whole in enumerate(found.periods):
        part = Period(max(whole.first, OCTOBER.first), min(whole.last, OCTOBER.last))
        assert found.total[at] == _count(articles, part)
        for line in found.lines:
            assert line.numbers[at] == _count(articles, part, _about(topic=line.value))
    assert {line.value for line in found.lines} == set(TOPICS)


def test_shares_with_what_they_were(index: EmbeddedIndex, articles: list[IndexDocument]) -> None:
    compared = span(OCTOBER)
    found = figures.shares(index, Query(), compared, Keyword.SOURCE)
    assert sum(share.part for share in found) == pytest.approx(1.0)
    for share in found:
        assert share.now == _count(articles, OCTOBER, _about(source=share.value))
        assert share.before == _count(articles, compared.before, _about(source=share.value))
    assert [share.now.articles for share in found] == sorted((share.now.articles for share in found), reverse=True)


def test_values_that_were_not_written_about_are_zero(index: EmbeddedIndex, articles: list[IndexDocument]) -> None:
    found = figures.of_values(index, Query(), OCTOBER, Keyword.PLACE_CODE, [*PLACES, "99999"])
    assert list(found) == [*PLACES, "99999"]
    assert found["99999"] == Number()
    assert found["05443"] == _count(articles, OCTOBER, _about(place="05443")) != Number()


def test_topics_against_places(index: EmbeddedIndex, articles: list[IndexDocument]) -> None:
    table = figures.topics_by_places(index, Query(), OCTOBER)
    for row, topic in zip(table.numbers, table.rows, strict=True):
        for number, place in zip(row, table.columns, strict=True):
            assert number == _count(articles, OCTOBER, _about(topic=topic, place=place))


def test_nothing_written_is_no_error(index: EmbeddedIndex) -> None:
    empty = Period(date(2020, 1, 1), date(2020, 1, 7))
    assert figures.shares(index, Query(), span(empty), Keyword.SOURCE) == ()
    assert figures.timeline(index, Query(), empty, Unit.DAY, Keyword.TOPIC).lines == ()
    assert figures.topics_by_places(index, Query(), empty).rows == ()
