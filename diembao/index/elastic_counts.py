"""Articles and stories by value and time, exactly, out of the aggregations of Elasticsearch.

The server's own distinct count is an estimate. Buckets of stories are exact; they are counted on the server, so that
only numbers travel, in as many passes over parts of the stories as its most buckets make necessary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from diembao.index.analysis import PUBLISHED_AT, STORY_KEY
from diembao.index.elastic_schema import Json
from diembao.index.periods import check_cells, day_of, period_around, start_second
from diembao.index.protocol import Cell, Counts, Grouping, Period, Unit

# Below `search.max_buckets` of a server left as it comes (65,536), with room for parts that hash unevenly.
_MOST_BUCKETS = 60_000
_LEVEL = "level"
_STORIES = "stories"
_NUMBER = "number"
_ZONE = "+07:00"

Ask = Callable[[Json], Mapping[str, Any]]
Place = tuple[Any, ...]  # the key of the bucket on each level; () for everything


class Tabulating:
    """One table. ask: sends aggregations, on one snapshot, and returns what came of them and the total."""

    def __init__(
        self,
        ask: Ask,
        by: Sequence[Grouping],
        chosen: Sequence[tuple[str, ...]],
        over: Unit | Sequence[Period] | None,
    ) -> None:
        self._ask = ask
        self._by = by
        self._chosen = chosen
        self._over = over
        self._given = [] if over is None or isinstance(over, Unit) else list(dict.fromkeys(over))

    def counts(self) -> Counts:
        """Raises ValueError when the table would be too large."""
        can_hold = all(self._chosen) and (self._over is None or bool(self._unit or self._given))
        levels = self._levels() if can_hold else []
        check_cells([len(values) for values in self._chosen], self._number_of_periods())
        answer = self._ask(_nested(levels, {}))
        articles = dict(_leaves(answer, len(levels), _documents))
        total: int = answer["total"]
        stories = self._stories(levels, total + sum(articles.values()) if levels else total, len(articles))
        cells = self._cells(articles, stories) if levels else ()
        return Counts(total, stories.get((), 0), tuple(self._chosen), cells)

    @property
    def _unit(self) -> Unit | None:
        return self._over if isinstance(self._over, Unit) else None

    def _number_of_periods(self) -> int:
        if self._unit is None:
            return len(self._given)
        if not self._chosen:
            return 1
        return len(self._ask(_nested([_by_unit(self._unit)], {}))[_LEVEL]["buckets"])

    def _levels(self) -> list[Json]:
        """Time outermost: buckets of given periods come back even when they are empty."""
        levels: list[Json] = []
        if self._unit is not None:
            levels.append(_by_unit(self._unit))
        elif self._given:
            levels.append(_by_period(self._given))
        for grouping, values in zip(self._by, self._chosen, strict=True):
            terms = {"field": grouping.field.value, "include": list(values), "size": len(values)}
            levels.append({"terms": {**terms, "shard_size": len(values)}})
        return levels

    def _stories(self, levels: Sequence[Json], pairs: int, cells: int) -> dict[Place, int]:
        """Different stories of everything and of each cell; `pairs`: at most so many buckets of stories."""
        passes = pairs // max(1000, _MOST_BUCKETS - cells) + 1
        found: dict[Place, int] = {}
        for number in range(passes):
            terms: Json = {"field": STORY_KEY, "size": _MOST_BUCKETS, "shard_size": _MOST_BUCKETS}
            if passes > 1:
                terms["include"] = {"partition": number, "num_partitions": passes}
            inner: Json = {
                _STORIES: {"terms": terms},
                _NUMBER: {"stats_bucket": {"buckets_path": f"{_STORIES}._count"}},
            }
            answer = self._ask({**inner, **(_nested(levels, inner) if levels else {})})
            found[()] = found.get((), 0) + _stories_of(answer)
            for place, different in _leaves(answer, len(levels), _stories_of):
                if place:
                    found[place] = found.get(place, 0) + different
        return found

    def _cells(self, articles: Mapping[Place, int], stories: Mapping[Place, int]) -> tuple[Cell, ...]:
        timed = 0 if self._over is None else 1
        ranks = [{value: rank for rank, value in enumerate(values)} for values in self._chosen]
        cells: list[tuple[Place, Cell]] = []
        for place, number in articles.items():
            if number:
                period = self._period(place[0]) if timed else None
                values = place[timed:]
                rank = tuple(ranks[level][value] for level, value in enumerate(values)) + place[:timed]
                cells.append((rank, Cell(values, period, number, stories[place])))
        return tuple(cell for _, cell in sorted(cells, key=lambda pair: pair[0]))

    def _period(self, key: Any) -> Period:
        return self._given[key] if self._unit is None else period_around(day_of(key / 1000), self._unit)


def _by_unit(unit: Unit) -> Json:
    return {
        "date_histogram": {
            "field": PUBLISHED_AT,
            "calendar_interval": unit.value,
            "time_zone": _ZONE,
            "min_doc_count": 1,
        }
    }


def _by_period(periods: Sequence[Period]) -> Json:
    ranges = [
        # As text: numbers would be taken for milliseconds.
        {"key": str(number), "from": str(start_second(period.first)), "to": str(start_second(period.last) + 86_400)}
        for number, period in enumerate(periods)
    ]
    return {"date_range": {"field": PUBLISHED_AT, "format": "epoch_second", "ranges": ranges}}


def _nested(levels: Sequence[Json], innermost: Json) -> Json:
    for level in reversed(levels):
        innermost = {_LEVEL: {**level, "aggs": innermost}}
    return innermost


def _leaves(
    answer: Mapping[str, Any], depth: int, read: Callable[[Mapping[str, Any]], int]
) -> Iterator[tuple[Place, int]]:
    """The number of every innermost bucket, by the keys of the buckets it lies in."""
    if not depth:
        yield (), read(answer)
        return
    for bucket in answer[_LEVEL]["buckets"]:
        # A given period has bounds, and its number for a key, as text.
        key = int(bucket["key"]) if "from" in bucket else bucket["key"]
        for place, number in _leaves(bucket, depth - 1, read):
            yield (key, *place), number


def _documents(bucket: Mapping[str, Any]) -> int:
    number: int = bucket.get("doc_count", 0)
    return number


def _stories_of(bucket: Mapping[str, Any]) -> int:
    number: int = bucket[_NUMBER]["count"]
    return number
