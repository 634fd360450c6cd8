"""The desk's queue as queries: which stories stand in it, in which order, and how many of each kind.

Stories are walked and counted in one index that holds everything they are chosen by; rows are read for the page
shown only. Newspapers and places are counted over the first stories of a long queue, which is said with the counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Row, Select, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from diembao.store.models import ArticleRow, LabelRow, SourceRow, StoryPlaceRow, StoryRow

Sort = Literal["rank", "newest", "oldest", "outlets"]

# Newspapers and places are counted in so many stories at most: a month's worth, and bounded.
COUNTED_AT_MOST: Final = 1000
# Beyond so many the database sorts faster than runs are merged here.
_MERGED_AT_MOST: Final = 2000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which stories. since, until: of the newest printing, the later exclusive. ids: only these.

    assignee: None asks for everybody's. after: only stories with a greater number, which came later.
    """

    states: tuple[str, ...]
    relevance: tuple[str, ...] = ("relevant",)
    topic: str = ""
    stance: str = ""
    needs_response: bool | None = None
    source: str = ""
    place: str = ""
    assignee: int | None = None
    after: int = 0
    since: datetime | None = None
    until: datetime | None = None
    ids: tuple[int, ...] | None = None
    sort: Sort = "rank"


@dataclass(frozen=True, slots=True)
class Kinds:
    """How many stories of each kind, each counted with every other choice in force but its own.

    counted: in how many of the stories newspapers and places were counted.
    """

    total: int
    topics: Mapping[str, int]
    stances: Mapping[str, int]
    needs_response: int
    sources: Mapping[str, int]
    places: Mapping[str, int]
    counted: int


def ids(session: Session, wanted: Wanted, *, limit: int = COUNTED_AT_MOST, offset: int = 0) -> list[int]:
    """Ids of the stories wanted, in order."""
    if wanted.sort == "rank" and offset + limit <= _MERGED_AT_MOST:
        return _merged(session, wanted, limit, offset)
    query = select(StoryRow.id).where(_conditions(wanted)).order_by(*_order(wanted.sort)).limit(limit).offset(offset)
    return list(session.scalars(query))


def count(session: Session, wanted: Wanted) -> int:
    return session.scalar(select(func.count()).select_from(StoryRow).where(_conditions(wanted))) or 0


def count_by_state(session: Session) -> dict[tuple[str, str], int]:
    """How many stories stand in each (state, relevance)."""
    query = select(StoryRow.state, StoryRow.relevance, func.count()).group_by(StoryRow.state, StoryRow.relevance)
    return {(state, relevance): number for state, relevance, number in session.execute(query)}


def kinds(session: Session, wanted: Wanted, first: Sequence[int]) -> Kinds:
    """What the filters count. first: the first stories wanted, up to `COUNTED_AT_MOST`."""
    cube = _cube(session, replace(wanted, topic="", stance="", needs_response=None))

    def counted(keep: str) -> Counter[Any]:
        found: Counter[Any] = Counter()
        for (topic, stance, needs), number in cube.items():
            values = {"topic": topic, "stance": stance, "needs_response": needs}
            chosen = {"topic": wanted.topic, "stance": wanted.stance, "needs_response": wanted.needs_response}
            if all(name == keep or chosen[name] in ("", None) or values[name] == chosen[name] for name in values):
                found[values.get(keep, "")] += number
        return found

    total = sum(counted("").values())
    return Kinds(
        total=total,
        topics=_named(counted("topic")),
        stances=_named(counted("stance")),
        needs_response=counted("needs_response")[True],
        sources=_sources(session, ids(session, replace(wanted, source="")) if wanted.source else first),
        places=_places(session, ids(session, replace(wanted, place="")) if wanted.place else first),
        counted=min(total, COUNTED_AT_MOST),
    )


def newest_story_id(session: Session) -> int:
    """Numbers are given once and in order, so a story with a greater one has come since."""
    return session.scalar(select(func.max(StoryRow.id))) or 0


def evidence_of(session: Session, article_ids: Sequence[int]) -> dict[int, Row[Any]]:
    """What the machine rests its stance on, of these articles: title and evidence; texts are not read."""
    query = select(
        ArticleRow.id,
        ArticleRow.page_id,
        ArticleRow.stance,
        ArticleRow.annotations["stance_evidence"].label("stance_evidence"),
    ).where(ArticleRow.id.in_(article_ids))
    return {row.id: row for row in session.execute(query)}


def labels_of(session: Session, article_ids: Sequence[int]) -> Sequence[Row[Any]]:
    """What people say of these articles against the machine, newest first; copies of a label come after it."""
    query = (
        select(
            ArticleRow.id.label("article_id"),
            LabelRow.id.label("label_id"),
            LabelRow.field,
            LabelRow.machine_value,
            LabelRow.value,
            LabelRow.by,
            LabelRow.at,
        )
        .join(ArticleRow, ArticleRow.page_id == LabelRow.page_id)
        .where(ArticleRow.id.in_(article_ids), LabelRow.withdrawn_at.is_(None))
        .order_by(LabelRow.from_label.is_not(None), LabelRow.id.desc())
    )
    return session.execute(query).all()


def outlets(session: Session) -> dict[str, str]:
    """What every source calls itself."""
    return {row.name: row.title for row in session.execute(select(SourceRow.name, SourceRow.title))}


def _merged(session: Session, wanted: Wanted, limit: int, offset: int) -> list[int]:
    """As `ids`, by rank: each state stands in that order in the index, so nothing is sorted but what is taken."""
    runs = [
        session.execute(
            select(StoryRow.rank, StoryRow.id)
            .where(_conditions(one))
            .order_by(StoryRow.rank.desc(), StoryRow.id.desc())
            .limit(offset + limit)
        ).all()
        for one in _each_kind(wanted)
    ]
    merged = merge(*runs, key=lambda row: (row.rank, row.id), reverse=True)
    return [row.id for row in islice(merged, offset, offset + limit)]


def _cube(session: Session, wanted: Wanted) -> dict[tuple[str, str, bool], int]:
    columns = (StoryRow.topic, StoryRow.stance, StoryRow.needs_response)
    found: Counter[tuple[str, str, bool]] = Counter()
    for one in _each_kind(wanted):
        query = select(*columns, func.count()).where(_conditions(one)).group_by(*columns)
        for topic, stance, needs, number in session.execute(query):
            found[topic, stance, needs] += number
    return found


def _each_kind(wanted: Wanted) -> list[Wanted]:
    """One state and one relevance each: within these the indexes stand in order."""
    return [
        replace(wanted, states=(state,), relevance=(relevance,))
        for state in wanted.states
        for relevance in wanted.relevance
    ]


def _sources(session: Session, story_ids: Sequence[int]) -> dict[str, int]:
    number = func.count(ArticleRow.story_id.distinct())
    query = select(ArticleRow.source, number).where(ArticleRow.story_id.in_(story_ids)).group_by(ArticleRow.source)
    return _counts(session, query)


def _places(session: Session, story_ids: Sequence[int]) -> dict[str, int]:
    query = select(StoryPlaceRow.code, func.count()).where(StoryPlaceRow.story_id.in_(story_ids))
    return _counts(session, query.group_by(StoryPlaceRow.code))


def _counts(session: Session, query: Select[str, int]) -> dict[str, int]:
    return _named({row[0]: row[1] for row in session.execute(query)})


def _named(counts: Mapping[Any, int]) -> dict[str, int]:
    """Most frequent first; what has no name is left out."""
    return {name: number for name, number in sorted(counts.items(), key=lambda one: (-one[1], str(one[0]))) if name}


def _conditions(wanted: Wanted) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [
        _among(StoryRow.state, wanted.states),
        _among(StoryRow.relevance, wanted.relevance),
    ]
    if wanted.topic:
        conditions.append(StoryRow.topic == wanted.topic)
    if wanted.stance:
        conditions.append(StoryRow.stance == wanted.stance)
    if wanted.needs_response is not None:
        conditions.append(StoryRow.needs_response == wanted.needs_response)
    if wanted.assignee is not None:
        conditions.append(StoryRow.assignee_id == wanted.assignee)
    if wanted.after:
        conditions.append(StoryRow.id > wanted.after)
    if wanted.since is not None:
        conditions.append(StoryRow.last_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(StoryRow.last_at < wanted.until)
    if wanted.source:
        printed = select(ArticleRow.story_id).where(ArticleRow.source == wanted.source)
        conditions.append(StoryRow.id.in_(printed))
    if wanted.place:
        named = select(StoryPlaceRow.story_id).where(StoryPlaceRow.code == wanted.place)
        conditions.append(StoryRow.id.in_(named))
    if wanted.ids is not None:
        conditions.append(StoryRow.id.in_(wanted.ids))
    return and_(*conditions)


def _among(column: InstrumentedAttribute[str], values: Sequence[str]) -> ColumnElement[bool]:
    """One value is asked for as such: SQLite does not see that a list of one leaves the index in order."""
    return column == values[0] if len(values) == 1 else column.in_(values)


def _order(sort: Sort) -> tuple[ColumnElement[Any], ...]:
    orders: dict[Sort, tuple[ColumnElement[Any], ...]] = {
        "rank": (StoryRow.rank.desc(), StoryRow.id.desc()),
        "newest": (StoryRow.last_at.desc(), StoryRow.id.desc()),
        "oldest": (StoryRow.first_at.asc(), StoryRow.id.asc()),
        "outlets": (StoryRow.outlets.desc(), StoryRow.rank.desc(), StoryRow.id.desc()),
    }
    return orders[sort]
