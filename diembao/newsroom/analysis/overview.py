"""All figures of one page about a period, in three questions to the index: of the period, and of the two it is
measured against. One by one they would read the same articles a dozen times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from diembao.index.protocol import Grouping, Keyword, Query, SearchIndex, Tabulation, Unit
from diembao.newsroom.analysis.figures import (
    TOPICS_BY_PLACES,
    Change,
    Number,
    Share,
    Table,
    Timeline,
    numbers_of,
    shares_of,
    table_of,
    timeline_of,
    within,
)
from diembao.newsroom.analysis.leaders import MOST_STORIES, stories_of
from diembao.newsroom.analysis.spans import Span

_MOST_LINES = 8


@dataclass(frozen=True, slots=True)
class Overview:
    """over_time: stacked by a field. before: the same of the period before, not stacked.
    shares: of the fields asked for. places: of every one asked for. stories: how many articles of each match, the most
    printed first."""

    change: Change
    over_time: Timeline
    before: Timeline
    shares: Mapping[Keyword, tuple[Share, ...]]
    places: Mapping[str, Number]
    topics_by_places: Table
    stories: Mapping[int, int]


def overview(
    index: SearchIndex,
    query: Query,
    span: Span,
    *,
    unit: Unit,
    stacked_by: Keyword,
    shares: Mapping[Keyword, int],
    places: Sequence[str],
) -> Overview:
    """The query's own time is ignored. shares: fields with how many values at most. places: codes, 1 to 1000.

    Raises:
        ValueError: more cells than can be counted at once.
    """
    wanted = [
        Tabulation(over=unit),
        Tabulation((Grouping(stacked_by, _MOST_LINES),), unit),
        Tabulation((Grouping(Keyword.PLACE_CODE, values=tuple(places)),)),
        Tabulation(TOPICS_BY_PLACES),
        Tabulation((Grouping(Keyword.STORY, MOST_STORIES),)),
        *(Tabulation((Grouping(field, most),)) for field, most in shares.items()),
    ]
    total, stacked, by_place, crossed, by_story, *now = index.tables(within(query, span.asked), wanted)
    fields = [field for field, counts in zip(shares, now, strict=True) if counts.cells]
    now = [counts for counts in now if counts.cells]
    total_before, *before = index.tables(
        within(query, span.before),
        [
            Tabulation(over=unit),
            *(
                Tabulation((Grouping(field, values=counts.values[0]),))
                for field, counts in zip(fields, now, strict=True)
            ),
        ],
    )
    year_before = index.counts(within(query, span.year_before))
    found = {field: shares_of(*pair) for field, *pair in zip(fields, now, before, strict=True)}
    return Overview(
        Change(*(Number(counts.articles, counts.stories) for counts in (total, total_before, year_before))),
        timeline_of(span.asked, unit, total, stacked),
        timeline_of(span.before, unit, total_before),
        {field: found.get(field, ()) for field in shares},
        numbers_of(by_place),
        table_of(crossed),
        stories_of(by_story),
    )


def over_time(
    index: SearchIndex, query: Query, span: Span, unit: Unit, stacked_by: Keyword
) -> tuple[Timeline, Timeline]:  # fmt: skip
    """The two timelines of an overview alone.

    Raises:
        ValueError: more cells than can be counted at once.
    """
    total, stacked = index.tables(
        within(query, span.asked), [Tabulation(over=unit), Tabulation((Grouping(stacked_by, _MOST_LINES),), unit)]
    )
    before = index.counts(within(query, span.before), over=unit)
    return timeline_of(span.asked, unit, total, stacked), timeline_of(span.before, unit, before)
