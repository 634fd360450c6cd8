"""Our fields and conditions in the words of Elasticsearch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diembao.index.analysis import (
    ID_KEY,
    KEYWORDS,
    MARK,
    POSITIONED,
    PUBLISHED_AT,
    SORT_KEY,
    STORY_KEY,
    UNPOSITIONED,
    VERSION,
    Analysed,
)
from diembao.index.highlight import TEXT_FIELDS, texts_looked_at
from diembao.index.plan import (
    AllOf,
    AtLeast,
    Condition,
    Except,
    Has,
    HasAny,
    HasPrefix,
    HasRow,
    InStories,
    Plan,
    Published,
)
from diembao.index.protocol import Deletion, Query

SHOWN = "shown"
_AT_SPACES = "at_spaces"

Json = dict[str, Any]


def index_settings(shards: int, replicas: int) -> Json:
    return {
        "number_of_shards": shards,
        "number_of_replicas": replicas,
        "refresh_interval": "1s",
        "analysis": {"analyzer": {_AT_SPACES: {"type": "custom", "tokenizer": "whitespace"}}},
    }


def mappings() -> Json:
    """Strict: a field we do not know is refused. Scores come from conditions alone, so norms are not kept, and
    of the source only what is shown."""
    positioned = {"type": "text", "analyzer": _AT_SPACES, "index_options": "positions", "norms": False}
    return {
        "dynamic": "strict",
        "_source": {"includes": [SHOWN]},
        "properties": {
            **dict.fromkeys(POSITIONED, positioned),
            **{name: {**positioned, "index_options": "docs"} for name in UNPOSITIONED},
            **{keyword.value: {"type": "keyword"} for keyword in KEYWORDS},
            MARK: {"type": "keyword", "doc_values": False},
            VERSION: {"type": "long", "index": False},
            SORT_KEY: {"type": "long", "index": False},
            ID_KEY: {"type": "long", "index": False},
            STORY_KEY: {"type": "long"},
            PUBLISHED_AT: {"type": "date", "format": "epoch_second"},
            SHOWN: {"type": "object", "enabled": False},
        },
    }


def document_body(change: Analysed | Deletion) -> Json:
    """An article; or what stays of a deleted one, so that an older write that comes late is known to be older."""
    if isinstance(change, Deletion):
        return {VERSION: change.version}
    body: Json = {
        **change.texts,
        **{keyword.value: list(values) for keyword, values in change.keywords.items()},
        MARK: list(change.marks),
        VERSION: change.version,
        SORT_KEY: change.sort_key,
        ID_KEY: change.id_key,
        STORY_KEY: change.story_key,
        SHOWN: change.shown,
    }
    if change.published_at is not None:
        body[PUBLISHED_AT] = change.published_at
    return body


def ranked(plan: Plan, wanted: Json) -> Json:
    """The query of a plan: the score of an article is that of its class."""
    if not plan.ladder:
        return {"bool": {"filter": [wanted]}}
    rungs = [
        {"constant_score": {"filter": translate(rung.condition), "boost": rung.score}}
        for rung in plan.ladder
        if rung.score
    ]
    return {"bool": {"filter": [wanted], "should": [{"dis_max": {"queries": rungs}}]}}


def sort_of(plan: Plan) -> list[Json]:
    """The order of every answer, for `sort` and `search_after`."""
    time = "desc" if plan.newest_first else "asc"
    return [{"_score": "desc"}, {SORT_KEY: time}, {ID_KEY: "asc"}]


def source_of(query: Query) -> Json | bool:
    """What of the articles comes back, for `_source`. Their texts are nearly all of an answer, and of what it costs."""
    if query.bare and not query.highlight:
        return False
    looked_at = texts_looked_at(query.tree, query.highlight) if query.highlight else frozenset()
    # The title is part of every hit.
    unread = [name for name in TEXT_FIELDS if name != "title" and name not in looked_at]
    return {"includes": [SHOWN], "excludes": [f"{SHOWN}.{name}" for name in unread]}


def translate(condition: Condition) -> Json:
    """A condition as a query to be used as a filter."""
    match condition:
        case Has(field, token):
            return {"term": {field: token}}
        case HasAny(field, values):
            return {"terms": {field: list(values)}}
        case HasRow(field, tokens):
            return {"match_phrase": {field: " ".join(tokens)}}
        case HasPrefix(field, prefix):
            return {"prefix": {field: prefix}}
        case Published(start, end):
            bounds = {"gte": start, "lt": end}
            # As text: numbers would be taken for milliseconds, whatever the format of the field.
            given = {name: str(second) for name, second in bounds.items() if second is not None}
            return {"range": {PUBLISHED_AT: {**given, "format": "epoch_second"}}}
        case InStories(keys):
            return {"terms": {STORY_KEY: list(keys)}}
        case AtLeast(number, conditions):
            return {"bool": {"should": list(map(translate, conditions)), "minimum_should_match": number}}
        case AllOf(conditions):
            return _all_of(conditions)
        case Except():
            return _all_of((condition,))


def _all_of(conditions: Sequence[Condition]) -> Json:
    """Nested groups are opened up: the server bounds how deep they may go."""
    wanted: list[Json] = []
    unwanted: list[Json] = []
    stack = list(reversed(conditions))
    while stack:
        condition = stack.pop()
        if isinstance(condition, AllOf):
            stack.extend(reversed(condition.conditions))
        elif isinstance(condition, Except):
            unwanted.append(translate(condition.condition))
        else:
            wanted.append(translate(condition))
    return {"bool": {"filter": wanted, "must_not": unwanted}}
