"""Articles as rows of a file: read in batches, so that a hundred thousand take no more memory than ten."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from diembao.store import articles, stories
from diembao.store.articles import annotations_from_json
from diembao.store.models import ArticleRow, StoryRow
from search_api.analysis.spreadsheets import Cell
from search_api.site import Site

_BATCH = 500
COLUMNS = (
    "id", "story", "time", "outlet", "outlet_source", "title", "lead", "url", "relevance", "stance", "needs_response",
    "topics", "places", "people", "organisations", "printings", "outlets", "state", "headline", "summary",
    "removed_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spelling:
    """How times and the values of fields are written. value: takes the name of the field and the value."""

    time: Callable[[datetime], str]
    value: Callable[[str, str], str]


def articles_in_order(site: Site, numbers: Iterable[int]) -> Iterator[tuple[ArticleRow, StoryRow]]:
    """The articles of these numbers, in their order; what the store has lost meanwhile is left out."""
    left = iter(numbers)
    while batch := list(islice(left, _BATCH)):
        with site.resources.store.read() as session:
            rows = articles.by_ids(session, batch)
            found = stories.by_ids(session, sorted({row.story_id for row in rows.values()}))
        for number in batch:
            row = rows.get(number)
            if row is not None and row.story_id in found:
                yield row, found[row.story_id]


def cells(row: ArticleRow, story: StoryRow, spelling: Spelling) -> Sequence[Cell]:
    """One article as cells, in the order of `COLUMNS`."""
    notes = annotations_from_json(row.annotations)
    names: dict[str, list[str]] = {"person": [], "organisation": []}
    for entity in notes.entities:
        names.setdefault(entity.type, []).append(entity.text)
    return (
        row.id,
        row.story_id,
        spelling.time(row.published_at) if row.published_at else "",
        spelling.value("source", row.source),
        row.source,
        row.title,
        row.lead,
        row.url,
        spelling.value("relevance", row.relevance),
        spelling.value("stance", row.stance) if row.stance else "",
        1 if row.needs_response else 0,
        "; ".join(spelling.value("topic", topic.slug) for topic in notes.topics),
        "; ".join(dict.fromkeys(place.name for place in notes.places)),
        "; ".join(dict.fromkeys(names["person"])),
        "; ".join(dict.fromkeys(names["organisation"])),
        story.articles,
        story.outlets,
        spelling.value("state", story.state),
        story.headline,
        story.summary,
        spelling.time(removed) if (removed := articles.removed_at(row)) else "",
    )
