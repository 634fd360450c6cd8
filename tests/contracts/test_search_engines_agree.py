"""Every engine against the same plain reading of the same articles: random questions, and two hundred about
real news. Engines that agree with it agree with each other, in what they find and in its order."""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from diembao.errors import BadQuery
from diembao.index.analysis import Analysed, analyse
from diembao.index.language import And, Node, Not, Or, Phrase, Prefix, Term, Within, Word, index_words, parse
from diembao.index.plan import (
    AllOf,
    AtLeast,
    Condition,
    Except,
    Has,
    HasAny,
    HasPrefix,
    HasRow,
    Plan,
    Published,
    make_plan,
)
from diembao.index.protocol import FacetRequest, Filter, IndexDocument, Keyword, Query, SearchIndex, Sort
from diembao.index.standing import REANCHOR_EVERY, StandingQueries
from nlp.text import fold, normalise

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def holds(condition: Condition, article: Analysed) -> bool:
    """A condition of a plan, taken literally."""
    match condition:
        case Has("mark", token):
            return token in article.marks
        case Has(field, token):
            return token in article.texts.get(field, "").split()
        case HasAny(field, values):
            return not set(values).isdisjoint(article.keywords.get(Keyword(field), ()))
        case HasRow(field, row):
            return f" {' '.join(row)} " in f" {article.texts.get(field, '')} "
        case HasPrefix(field, prefix):
            return any(token.startswith(prefix) for token in article.texts.get(field, "").split())
        case Published(begin, end):
            at = article.published_at
            return at is not None and (begin is None or begin <= at) and (end is None or at < end)
        case AllOf(conditions):
            return all(holds(inner, article) for inner in conditions)
        case AtLeast(number, conditions):
            return sum(holds(inner, article) for inner in conditions) >= number
        case Except(inner):
            return not holds(inner, article)
        case _:
            raise AssertionError(condition)


def in_order(plan: Plan, articles: Iterable[Analysed]) -> list[str]:
    def place(article: Analysed) -> tuple[int, int, int]:
        score = next((rung.score for rung in plan.ladder if holds(rung.condition, article)), 0)
        return -score, -article.sort_key if plan.newest_first else article.sort_key, article.id_key

    return [article.id for article in sorted(filter(lambda one: holds(plan.wanted, one), articles), key=place)]


def means(node: Node, document: IndexDocument) -> bool:
    """What a query says, without any plan."""
    title, text = words(document.title), [*words(document.lead), *words(document.body)]
    match node:
        case And(nodes):
            return all(means(inner, document) for inner in nodes)
        case Or(nodes):
            return any(means(inner, document) for inner in nodes)
        case Not(inner):
            return not means(inner, document)
        case Within("title", term):
            return stands_in(term, [title])
        case Within("source", term):
            return whole(term, [document.source, document.source_title])
        case Within("topic", term):
            return whole(term, document.topics)
        case Within("place", term):
            return stands_in(term, [words(value) for value in (*document.places, *document.place_codes)])
        case Within("entity", term):
            return stands_in(term, [words(value) for value in (*document.people, *document.organisations)])
        case Within(_, term):
            return stands_in(term, [words(value) for value in document.authors])
        case _:
            return stands_in(node, [title, text])


def words(text: str) -> list[str]:
    return [fold(word) for word in index_words(normalise(text))]


def whole(term: Term, values: Iterable[str]) -> bool:
    if isinstance(term, Prefix):
        return stands_in(term, [words(value) for value in values])
    return list(map(fold, row_of(term))) in [words(value) for value in values]


def row_of(term: Word | Phrase) -> tuple[str, ...]:
    return (term.text,) if isinstance(term, Word) else term.words


def stands_in(term: Term, texts: Sequence[list[str]]) -> bool:
    if isinstance(term, Prefix):
        return any(word.startswith(fold(term.text)) for text in texts for word in text)
    row = [fold(word) for word in row_of(term)]
    return any(text[at : at + len(row)] == row for text in texts for at in range(len(text)))


# Few syllables, so that random words meet, with and without their accents.
SYLLABLES = ["thái", "thai", "nguyên", "nguyễn", "lũ", "lu", "lụt", "đại", "dai", "từ", "phú", "bình", "19", "5"]
TOPICS = ["y-te", "kinh-te", "te", "thien-tai"]


class Chance:
    """Random articles and questions; the same for every engine."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def row(self, least: int, most: int) -> str:
        return " ".join(self._random.choice(SYLLABLES) for _ in range(self._random.randint(least, most)))

    def some(self, values: Sequence[str]) -> tuple[str, ...]:
        return tuple(self._random.sample(values, self._random.randint(0, 2)))

    def article(self, identity: str) -> IndexDocument:
        chance = self._random
        return IndexDocument(
            id=identity,
            version=1,
            title=self.row(0, 5),
            lead=self.row(0, 4),
            body=self.row(0, 25),
            url="",
            source=chance.choice(["baothai", "bao-nguyen"]),
            source_title=chance.choice(["Báo Thái", "Báo Nguyên"]),
            story=chance.choice(["", "", *(f"s{number}" for number in range(30))]),
            topics=self.some(TOPICS),
            places=self.some(["Phú Bình", "Đại Từ", "Thái Nguyên"]),
            people=self.some(["Nguyễn Thái", "Từ Phú"]),
            authors=self.some(["Thái", "Bình Nguyên"]),
            published=chance.random() < 0.5,
            published_at=None if chance.random() < 0.05 else BEGIN + timedelta(hours=chance.randint(0, 100)),
        )

    def question(self, depth: int = 0) -> str:
        chance = self._random
        kind = chance.random()
        if kind < 0.35 or depth > 2:
            return self.row(1, 4)
        if kind < 0.5:
            return f'"{self.row(1, 4)}"'
        if kind < 0.58:
            return chance.choice(["th*", "ngu*", "lụ*", "đạ*"])
        if kind < 0.7:
            field = chance.choice(["title", "source", "topic", "place", "entity", "author"])
            value = chance.choice(
                [f'"{self.row(1, 2)}"', "y-te", "kinh-te", "te", "baothai", '"báo nguyên"', "thá*", "bình"]
            )
            return f"{field}:{value}"
        if kind < 0.8:
            return f"-({self.question(depth + 1)})"
        joined = chance.choice([" ", " OR ", " -"])
        return f"({self.question(depth + 1)}{joined}({self.question(depth + 1)}))"

    def query(self) -> Query:
        chance = self._random
        filters = []
        if chance.random() < 0.3:
            filters.append(Filter(Keyword.TOPIC, self.some(TOPICS), exclude=chance.random() < 0.4))
        hours = sorted(chance.sample(range(101), 2))
        return Query(
            tree=parse(self.question()) if chance.random() < 0.95 else None,
            filters=tuple(filters),
            published_from=BEGIN + timedelta(hours=hours[0]) if chance.random() < 0.2 else None,
            published_to=BEGIN + timedelta(hours=hours[1]) if chance.random() < 0.2 else None,
            public_only=chance.random() < 0.2,
            sort=chance.choice(list(Sort)),
            size=1000,
            facets=(FacetRequest(Keyword.TOPIC), FacetRequest(Keyword.PLACE, 2)),
            histogram=True,
            count_stories=True,
        )


def put(index: SearchIndex, documents: Sequence[IndexDocument], parts: int) -> None:
    """In several commits, with old versions and deleted articles left behind in the engine."""
    step = -(-len(documents) // parts)
    for start in range(0, len(documents), step):
        index.add([replace(one, title="lũ lụt", version=0) for one in documents[start : start + step : 3]])
        index.commit()
        index.add(documents[start : start + step])
        index.commit()


def check_counts(index: SearchIndex, query: Query, found: Sequence[Analysed]) -> None:
    hits = index.search(replace(query, size=0))
    assert hits.total == index.count(query) == len(found)
    assert hits.stories == len({article.story_key for article in found})
    for facet in query.facets:
        values = Counter(value for article in found for value in article.keywords.get(facet.field, ()))
        expected = sorted(values.items(), key=lambda item: (-item[1], item[0]))[: facet.size]
        assert [(count.value, count.count) for count in hits.facets[facet.field]] == expected
    days = Counter(
        (datetime.fromtimestamp(article.published_at, UTC) + timedelta(hours=7)).date()
        for article in found
        if article.published_at is not None
    )
    assert [(day.day, day.count) for day in hits.histogram] == sorted(days.items())


def test_random_questions(index: SearchIndex) -> None:
    chance = Chance(3)
    documents = [chance.article(str(number)) for number in range(200)]
    put(index, documents, parts=4)
    analysed = {document.id: analyse(document) for document in documents}
    for _ in range(150):
        query = chance.query()
        expected = in_order(make_plan(query), analysed.values())
        got = [hit.id for hit in index.search(query).items]
        assert got == expected, query
        check_counts(index, query, [analysed[identity] for identity in expected])
        if query.tree is not None:
            simple = Query(tree=query.tree, size=1000)
            meant = {document.id for document in documents if means(query.tree, document)}
            assert {hit.id for hit in index.search(simple).items} == meant, query.tree


def test_a_query_that_waits_is_answered_by_what_a_search_finds() -> None:
    chance = Chance(7)
    queries = {f"alert {number}": chance.query() for number in range(200)}
    waiting = StandingQueries()
    for key, query in queries.items():
        waiting.put(key, query)
    # Enough articles for the anchors to have been chosen anew from what was seen.
    for number in range(REANCHOR_EVERY + 100):
        article = analyse(chance.article(str(number)))
        expected = {key for key, query in queries.items() if holds(make_plan(query).wanted, article)}
        assert waiting.answered_by(article) == expected


def test_each_article_answers_the_waiting_queries_that_a_search_finds_it_with(index: SearchIndex) -> None:
    """Both ways, against the engine itself: an alert tells of what its search lists, and of nothing else."""
    chance = Chance(11)
    documents = [chance.article(str(number)) for number in range(1, 301)]
    put(index, documents, parts=3)
    queries = {f"alert {number}": chance.query() for number in range(100)}
    waiting = StandingQueries()
    for key, query in queries.items():
        waiting.put(key, query)
    found = {(key, hit.id) for key, query in queries.items() for hit in index.scan(query)}
    assert {(key, one.id) for one in documents for key in waiting.answered_by(analyse(one))} == found


def test_a_query_that_was_changed_or_dropped_does_not_wait_any_more() -> None:
    article = analyse(IndexDocument(id="1", version=1, title="Lũ lụt ở Phú Bình", url="", source="a"))
    waiting = StandingQueries()
    waiting.put("one", Query(tree=parse("lũ")))
    waiting.put("two", Query(tree=parse("-hạn")))
    assert waiting.answered_by(article) == {"one", "two"}
    waiting.put("one", Query(tree=parse("hạn")))
    waiting.drop("two")
    waiting.drop("never there")
    assert waiting.answered_by(article) == set()
    assert len(waiting) == 1


@pytest.mark.outside
@pytest.mark.timeout(600)
def test_two_hundred_questions_about_real_news(index: SearchIndex, eval_dir: Path) -> None:
    with gzip.open(eval_dir / "corpora" / "pool.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    documents = [
        IndexDocument(
            id=row["id"],
            version=1,
            title=row["title"],
            body=row["text"],
            url=row["url"] or "",
            source=row["source"],
            published_at=BEGIN + timedelta(hours=number % 700),
        )
        for number, row in enumerate({row["id"]: row for row in rows}.values())
    ]
    put(index, documents, parts=3)
    analysed = [_with_sets(analyse(document)) for document in documents]
    chance = random.Random(9)
    asked = 0
    while asked < 200:
        title = index_words(normalise(chance.choice(documents).title))
        length = chance.choice((1, 2, 2, 3, 4, 6))
        start = chance.randint(0, max(0, len(title) - length))
        piece = " ".join(title[start : start + length])
        text = chance.choice((piece, piece, fold(piece), f'"{piece}"', f"title:{piece} OR {piece}", f"{piece} -thái"))
        try:
            query = Query(tree=parse(text), size=100)
        except BadQuery:
            continue
        asked += 1
        assert [hit.id for hit in index.search(query).items] == in_order(make_plan(query), analysed)[:100], text


class _Tokens(str):
    """A text that is split once: the plain reading asks for its words again and again."""

    __slots__ = ("_words",)
    _words: frozenset[str]

    def split(self, *_: object) -> frozenset[str]:  # type: ignore[override]
        if not hasattr(self, "_words"):
            self._words = frozenset(str.split(self))
        return self._words


def _with_sets(article: Analysed) -> Analysed:
    return replace(article, texts={name: _Tokens(text) for name, text in article.texts.items()})
