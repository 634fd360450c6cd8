"""What the watch remembers between articles, asked of the index and the store where it does not know yet.

What came before an article is told by their numbers, which are given in the order of coming in, and not by what the
index happens to hold at this moment: so it does not matter in which lots, or how late, articles are looked at, and a
rehearsal months later judges as the watch did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from diembao.index.protocol import SearchIndex
from diembao.newsroom.analysis.alerts.alert import Alert
from diembao.newsroom.analysis.alerts.history import came_before, came_since, of_outlet
from diembao.newsroom.analysis.alerts.rules import Sighting


@dataclass(slots=True)
class Told:
    """Pairs of alert with story, article or outlet that was told, and when the newest of them was printed; stories that
    are muted for an alert, and for a person; which stories became part of which."""

    stories: set[tuple[int, int]] = field(default_factory=set)
    articles: set[tuple[int, int]] = field(default_factory=set)
    outlets: set[tuple[int, str]] = field(default_factory=set)
    newest: dict[int, datetime] = field(default_factory=dict)
    muted: set[tuple[int, int]] = field(default_factory=set)
    muted_for: set[tuple[int, int]] = field(default_factory=set)
    parts: Mapping[int, tuple[int, ...]] = field(default_factory=dict)


class WatchMemory:
    """`begin` says what was told before a lot of articles; that articles exist is a fact, and remembered for good."""

    def __init__(self, index: SearchIndex) -> None:
        self._index = index
        self._told = Told()
        self._outlets: dict[tuple[int, str], int] = {}  # the number of an article that the outlet had
        self._newest: dict[int, tuple[datetime, int]] = {}  # the newest article of the search, and its number

    def begin(self, told: Told) -> None:
        self._told = told

    def forget(self, alert_id: int) -> None:
        """An alert changed, or is gone."""
        self._newest.pop(alert_id, None)
        self._outlets = {pair: number for pair, number in self._outlets.items() if pair[0] != alert_id}

    def has_told(self, alert: Alert, seen: Sighting) -> bool:
        told = self._told
        stories = (seen.story_id, *told.parts.get(seen.story_id, ()))
        if (alert.id, seen.article_id) in told.articles:
            return True
        return any(
            (alert.id, story) in told.stories
            or (alert.id, story) in told.muted
            or (alert.user_id, story) in told.muted_for
            for story in stories
        )

    def has_come_since(self, alert: Alert, seen: Sighting, moment: datetime) -> bool:
        newest = self._told.newest.get(alert.id)
        if newest is not None and newest >= moment:
            return True
        at, number = self._newest.get(alert.id, (seen.at, seen.article_id))
        if seen.at >= at:
            self._newest[alert.id] = seen.at, seen.article_id
        if number < seen.article_id and at >= moment:
            return True
        return came_since(self._index, alert.query, moment, seen.article_id) is not None

    def has_written(self, alert: Alert, seen: Sighting) -> bool:
        pair = (alert.id, seen.source)
        if pair in self._told.outlets or self._outlets.get(pair, seen.article_id) < seen.article_id:
            return True
        found = came_before(self._index, of_outlet(alert.query, seen.source), seen.article_id)
        self._outlets[pair] = seen.article_id if found is None else found
        return found is not None

    def told_now(self, alert: Alert, seen: Sighting) -> None:
        self._told.stories.add((alert.id, seen.story_id))
        self._told.articles.add((alert.id, seen.article_id))
        self._told.outlets.add((alert.id, seen.source))
        self._told.newest[alert.id] = max(seen.at, self._told.newest.get(alert.id, seen.at))
