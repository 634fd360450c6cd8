"""Which articles match, told by their numbers: the same as asking for them one by one."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from diembao.index import embedded_numbers
from diembao.index.embedded import EmbeddedIndex
from diembao.index.embedded_schema import number_of
from diembao.index.language import parse
from diembao.index.protocol import Deletion, Grouping, IndexDocument, Keyword, Query

WORDS = ("lũ", "cầu", "chè", "đường", "họp", "rừng")
NUMBERS = [*range(1, 160), 4_999, 10_000, 10**8]


def filled(root: Path, identities: Sequence[str]) -> tuple[EmbeddedIndex, dict[str, IndexDocument]]:
    chance = random.Random(3)
    made = {
        identity: IndexDocument(
            id=identity,
            version=1,
            title=" ".join(chance.sample(WORDS, chance.randint(1, 4))),
            url="",
            source=chance.choice(("a", "b")),
            story=chance.choice(("", f"s{chance.randint(1, 40)}")),
        )
        for identity in identities
    }
    index = EmbeddedIndex(root)
    documents = list(made.values())
    for first in range(0, len(documents), 50):  # several segments
        index.add(documents[first : first + 50])
        index.commit()
    gone = identities[7]
    index.delete([Deletion(gone, 2)])
    index.commit()
    del made[gone]
    return index, made


@pytest.mark.parametrize(
    "identities", [[str(n) for n in NUMBERS], [*map(str, NUMBERS), "007"], [f"x{n}" for n in NUMBERS]]
)
@pytest.mark.parametrize("most_blocks", [60_000, 500_000, 10**7])
def test_numbers_of_stories_and_of_articles_are_those_of_a_plain_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, identities: list[str], most_blocks: int
) -> None:
    monkeypatch.setattr(embedded_numbers, "_MOST_BLOCKS", most_blocks)  # the question is asked in many, few, one parts
    index, articles = filled(tmp_path, identities)
    for text in (*WORDS, "lũ OR chè", "-lũ", "rừng họp", "khôngcó"):
        query = Query(tree=parse(text), count_stories=True, collapse=True, size=50)
        hits = index.search(query)
        found = [article for article in articles.values() if matches(text, article.title)]
        stories = {article.story or article.id for article in found}
        assert (hits.total, hits.stories) == (len(found), len(stories))
        sizes = {hit.id: hit.same_story for hit in hits.items}
        assert all(
            sizes[hit.id] == sum((one.story or one.id) == (hit.story or hit.id) for one in found) for hit in hits.items
        )
        by_source = index.counts(query, [Grouping(Keyword.SOURCE)])
        assert {cell.values[0]: cell.articles for cell in by_source.cells} == {
            source: number for source in "ab" if (number := sum(one.source == source for one in found))
        }


def matches(text: str, title: str) -> bool:
    words = title.split()
    if text.startswith("-"):
        return text[1:] not in words
    if " OR " in text:
        return any(word in words for word in text.split(" OR "))
    return all(word in words for word in text.split())


@pytest.mark.parametrize(
    ("identity", "number"),
    [("0", 0), ("17", 17), (str(10**8), 10**8), (str(10**8 + 1), None), ("017", None), ("-1", None), ("", None),
     ("٣", None), ("1" * 400, None), ("a", None)],
)  # fmt: skip
def test_only_plain_numbers_are_numbers(identity: str, number: int | None) -> None:
    assert number_of(identity) == number
