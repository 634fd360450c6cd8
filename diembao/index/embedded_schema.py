"""Our fields and conditions in the words of tantivy."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import tantivy

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
    schema_fingerprint,
)
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
    Published,
)
from diembao.index.protocol import Deletion, Keyword

SHOWN = "shown"
# Of articles whose id is a plain number, as all of ours are: that number, and a power of two for its place in a block
# of fifty (`embedded_numbers`).
NUMBER, BIT = "number", "bit"
_LARGEST_NUMBER = 10**8  # articles
BLOCK = 50
MOST_BUCKETS = 65_000  # the engine refuses to return more
_AT_SPACES = "at_spaces"

Query = Any  # tantivy.Query: the package's stubs are not complete enough to be followed


def build_schema() -> Any:
    """The tantivy schema of our fields."""
    builder = tantivy.SchemaBuilder()
    for name in POSITIONED:
        builder.add_text_field(name, tokenizer_name=_AT_SPACES, index_option="position")
    for name in UNPOSITIONED:
        builder.add_text_field(name, tokenizer_name=_AT_SPACES, index_option="basic")
    for name in KEYWORDS:
        builder.add_text_field(name.value, fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field(MARK, tokenizer_name="raw", index_option="basic")
    for name in (VERSION, SORT_KEY, ID_KEY, STORY_KEY):
        builder.add_integer_field(name, indexed=name == STORY_KEY, fast=True)
    for name in (NUMBER, BIT):
        builder.add_integer_field(name, fast=True)
    builder.add_date_field(PUBLISHED_AT, indexed=True, fast=True)
    builder.add_bytes_field(SHOWN, stored=True)
    return builder.build()


def fingerprint() -> str:
    """Changes whenever an embedded index made before cannot be used any more."""
    parts = (schema_fingerprint(), NUMBER, BIT, BLOCK)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def number_of(identity: str) -> int | None:
    """The number that an id is; None for other ids."""
    if not (identity.isascii() and identity.isdigit()) or len(identity) > 9 or identity != str(int(identity)):
        return None
    number = int(identity)
    return number if number <= _LARGEST_NUMBER else None


def open_index(schema: Any, directory: str) -> Any:
    """Open or make an index. Tokenizers are not kept in it and have to be registered every time."""
    index = tantivy.Index(schema, directory)
    index.register_tokenizer(_AT_SPACES, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    index.config_reader("commit")
    return index


def build_document(article: Analysed) -> Any:
    document = tantivy.Document()
    for field, text in article.texts.items():
        document.add_text(field, text)
    for keyword, values in article.keywords.items():
        for value in values:
            document.add_text(keyword.value, value)
    for mark in article.marks:
        document.add_text(MARK, mark)
    document.add_integer(VERSION, article.version)
    document.add_integer(SORT_KEY, article.sort_key)
    document.add_integer(ID_KEY, article.id_key)
    document.add_integer(STORY_KEY, article.story_key)
    if article.published_at is not None:
        document.add_date(PUBLISHED_AT, datetime.fromtimestamp(article.published_at, UTC))
    if (number := number_of(article.id)) is not None:
        document.add_integer(NUMBER, number)
        document.add_integer(BIT, 1 << number % BLOCK)
    document.add_bytes(SHOWN, json.dumps(article.shown, ensure_ascii=False).encode())
    return document


def build_tombstone(deletion: Deletion) -> Any:
    """What stays of a deleted article, so that an older write that comes late is known to be older."""
    document = tantivy.Document()
    document.add_text(Keyword.ID.value, deletion.id)
    document.add_integer(VERSION, deletion.version)
    return document


def translate(schema: Any, condition: Condition) -> Query:
    """A condition as a query. Scores of these queries mean nothing."""
    match condition:
        case Has(field, token):
            return tantivy.Query.term_query(schema, field, token, "basic")
        case HasAny(field, values):
            return tantivy.Query.term_set_query(schema, field, list(values))
        case HasRow(field, tokens):
            return tantivy.Query.phrase_query(schema, field, list(tokens))
        case HasPrefix(field, prefix):
            return tantivy.Query.fuzzy_term_query(schema, field, prefix, distance=0, prefix=True)
        case Published(start, end):
            return _dates(schema, start, end)
        case InStories(keys):
            return tantivy.Query.term_set_query(schema, STORY_KEY, list(keys))
        case AtLeast(number, conditions):
            any_of = [(tantivy.Occur.Should, translate(schema, inner)) for inner in conditions]
            return tantivy.Query.boolean_query(any_of, minimum_number_should_match=number)
        case AllOf(conditions):
            return _all_of(schema, conditions)
        case Except():
            return _all_of(schema, (condition,))


def _all_of(schema: Any, conditions: Sequence[Condition]) -> Query:
    return all_of(clauses_of(schema, conditions))


Clause = tuple[Any, Query]  # how a condition takes part (tantivy.Occur), and the condition


def clauses_of(schema: Any, conditions: Sequence[Condition]) -> list[Clause]:
    """Conditions that must all hold, for `all_of`; groups among them are opened up."""
    clauses: list[Clause] = []
    for condition in conditions:
        match condition:
            case Except(unwanted):
                clauses.append((tantivy.Occur.MustNot, translate(schema, unwanted)))
            case AllOf(inner):
                clauses += clauses_of(schema, inner)
            case _:
                clauses.append((tantivy.Occur.Must, translate(schema, condition)))
    return clauses


def all_of(clauses: Sequence[Clause]) -> Query:
    if not any(occur == tantivy.Occur.Must for occur, _ in clauses):
        # The engine answers nothing to a query that only excludes.
        clauses = [*clauses, (tantivy.Occur.Must, tantivy.Query.all_query())]
    return tantivy.Query.boolean_query(list(clauses))


def none_of(schema: Any, condition: Condition) -> Clause:
    return tantivy.Occur.MustNot, translate(schema, condition)


def _dates(schema: Any, start: int | None, end: int | None) -> Query:
    return tantivy.Query.range_query(
        schema,
        PUBLISHED_AT,
        tantivy.FieldType.Date,
        None if start is None else datetime.fromtimestamp(start, UTC),
        None if end is None else datetime.fromtimestamp(end, UTC),
        include_lower=True,
        include_upper=end is None,  # as the engine wants it where there is no bound
    )


def numbers(schema: Any, field: str, at_least: int | None, at_most: int | None) -> Query:
    """Documents whose number lies between the bounds, both included."""
    return tantivy.Query.range_query(schema, field, tantivy.FieldType.Integer, at_least, at_most)


def both(first: Query, second: Query) -> Query:
    return tantivy.Query.boolean_query([(tantivy.Occur.Must, first), (tantivy.Occur.Must, second)])


def every_value(field: str) -> dict[str, Any]:
    """The aggregation that counts all values of a keyword, as far as the engine returns them."""
    return {"terms": {"field": field, "size": MOST_BUCKETS, "segment_size": MOST_BUCKETS}}


def order(newest_first: bool) -> Any:
    return tantivy.Order.Desc if newest_first else tantivy.Order.Asc
