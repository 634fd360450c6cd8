"""What the watch remembers between articles, asked of the index and the store where it does not know yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from diembao.index.protocol import SearchIndex
from diembao.newsroom.analysis.alerts.alert import Alert
from diembao.newsroom.analysis.alerts.history import has_written, newest_before
from diembao.newsroom.analysis.alerts.rules import Sighting


@dataclass(slots=True)
class Told:
    """Pairs of alert with story or article; stories that are muted for an alert; which story became part of which."""

    stories: set[tuple[int, int]] = field(default_factory=set)
    articles: set[tuple[int, int]] = field(default_factory=set)
    muted: set[tuple[int, int]] = field(default_factory=set)
    muted_for: set[tuple[int, int]] = field(default_factory=set)  # person and story
    parts: Mapping[int, tuple[int, ...]] = field(default_factory=dict)


class WatchMemory:
    """What is learnt of a batch of articles counts only once `settle` says that the batch was kept: a batch that failed
    is judged again as if it had never been."""

    def __init__(self, index: SearchIndex) -> None:
        self._index = index
        self._told = Told()
        self._newest: dict[int, datetime | None] = {}
        self._outlets: set[tuple[int, str]] = set()
        self._newest_here: dict[int, datetime | None] = {}
        self._outlets_here: set[tuple[int, str]] = set()

    def begin(self, told: Told) -> None:
        self._told = told
        self._newest_here, self._outlets_here = {}, set()

    def settle(self) -> None:
        self._newest |= self._newest_here
        self._outlets |= self._outlets_here

    def forget(self, alert_id: int) -> None:
        """An alert changed, or is gone."""
        self._newest.pop(alert_id, None)
        self._outlets = {pair for pair in self._outlets if pair[0] != alert_id}

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

    def last_before(self, alert: Alert, seen: Sighting) -> datetime | None:
        if alert.id in self._newest_here:
            last = self._newest_here[alert.id]
        elif alert.id in self._newest:
            last = self._newest[alert.id]
        else:
            last = newest_before(self._index, alert.query, seen.at)
        self._newest_here[alert.id] = seen.at if last is None else max(last, seen.at)
        return last

    def has_written(self, alert: Alert, seen: Sighting) -> bool:
        pair = (alert.id, seen.source)
        if pair in self._outlets or pair in self._outlets_here:
            return True
        self._outlets_here.add(pair)
        return has_written(self._index, alert.query, seen.source, seen.at)

    def told_now(self, alert: Alert, seen: Sighting) -> None:
        self._told.stories.add((alert.id, seen.story_id))
        self._told.articles.add((alert.id, seen.article_id))
