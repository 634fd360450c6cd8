"""A query written differently is the same query, on every engine: a hundred of them, and as many about real news.

What is equal: with decomposed letters, either tone placement, capitals, look-alikes of đ or invisible characters the
same articles come in the same order with the same scores. Without its accents a query finds the same articles, and only
their order may change, since no accents are left to be preferred.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from diembao.demo.manuscripts import load_press
from diembao.errors import BadQuery
from diembao.index.language import parse
from diembao.index.protocol import IndexDocument, Query, SearchIndex
from nlp.text import fold, normalise

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
QUERIES = 100
MARKS = '"“”:,.?!*()-'  # around a word

_TONES = "\u0300\u0301\u0309\u0303\u0323"
_NEW_TONES = {
    unicodedata.normalize("NFC", first + tone + second): unicodedata.normalize("NFC", first + second + tone)
    for first, second in ("oa", "oe", "uy")
    for tone in _TONES
}
_NEW_STYLE = re.compile(rf"(?<![qQ])({'|'.join(_NEW_TONES)})(?!\w)")
_OPERATOR = re.compile(r"\b(?:or|and|not)\b", re.IGNORECASE)


def old_tones(text: str) -> str:
    """hòa, khỏe, thúy → hoà, khoẻ, thuý."""
    return _NEW_STYLE.sub(lambda found: _NEW_TONES[found[1]], text)


def in_capitals(text: str) -> str:
    """What is an operator stays one, and what is not does not become one."""
    return "".join(
        part if _OPERATOR.fullmatch(part) else part.upper()
        for part in re.split(r"(\b(?:or|and|not)\b)", text, flags=re.I)
    )


def without_capitals(text: str) -> str:
    return "".join(
        part if part in ("OR", "AND", "NOT") else part.lower() for part in re.split(r"(\bOR|AND|NOT\b)", text)
    )


def lookalikes(text: str) -> str:
    return text.replace("Đ", "Ð").replace("đ", "ð")


def other_lookalikes(text: str) -> str:
    return text.replace("Đ", "Ɖ").replace("đ", "ɖ")


def decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def with_invisible(text: str) -> str:
    return re.sub(r"(?<=\w)(?=\w)", "\u200b", text, count=3)


SAME: Mapping[str, Callable[[str], str]] = {
    "NFD": decomposed,
    "old tones": old_tones,
    "capitals": in_capitals,
    "small letters": without_capitals,
    "Ð": lookalikes,
    "Ɖ": other_lookalikes,
    "invisible": with_invisible,
    "everything": lambda text: decomposed(with_invisible(in_capitals(lookalikes(old_tones(text))))),
}


def without_accents(text: str) -> str:
    return fold(normalise(text))


def written_by_us() -> list[IndexDocument]:
    """The press of the demonstration, and articles full of letters that are written in more than one way."""
    texts = [(one.title, one.lead, "\n".join(one.paragraphs), one.authors) for one in load_press().manuscripts.values()]
    texts += [
        (
            "Hòa Bình và Định Hóa họp bàn",
            "Cụm thủy điện trên sông Đà khỏe lại",
            "Bà Thúy nói: hòa là quý.",
            ("Đỗ Thúy",),
        ),
        ("Tòa án Đại Từ xử vụ hủy hoại rừng", "Bị cáo Đào Duy xin hòa giải", "Tòa tuyên hủy án.", ("Hòa",)),
        ("Thủy lợi Núi Cốc xả lũ", "Đập khóa van lúc 5 giờ", "Nước tỏa ra đồng, lúa đổ nhòe.", ()),
        ("Thai Nguyen FC thang dam", "Cau thu duoc thuong", "Bai viet khong dau.", ()),
        ("Thái Nguyễn Hoà thắng giải", "Đường chạy dài", "Nguyên nhân là khoẻ.", ()),
    ]
    return [
        IndexDocument(
            id=str(number), version=1, title=title, lead=lead, body=body, url="", source="bao", authors=authors,
            published_at=BEGIN + timedelta(hours=number),
        )
        for number, (title, lead, body, authors) in enumerate(texts)
    ]  # fmt: skip


def questions(documents: Sequence[IndexDocument], seed: int) -> list[str]:
    """As people ask: words, phrases, parts of names and fields, out of what was written."""
    chance = random.Random(seed)
    lines = [line.split() for one in documents for line in (one.title, one.lead) if line]
    # A third of them about words whose tone can stand in two places.
    special = [line for line in lines if any(old_tones(word) != word for word in line)]
    found: list[str] = []
    while len(found) < QUERIES:
        is_special = len(found) % 3 == 0
        words = chance.choice(special if is_special else lines)
        about = next((at for at, word in enumerate(words) if old_tones(word) != word), 0) if is_special else None
        length = chance.choice((1, 2, 2, 3, 4, 6))
        start = chance.randint(0, max(0, len(words) - length)) if about is None else max(0, about - length // 2)
        piece = " ".join(words[start : start + length]).strip(MARKS)
        other = chance.choice(words).strip(MARKS)
        text = chance.choice(
            (piece, piece, piece, f'"{piece}"', f"{piece} OR {other}", f"{piece} -{other}", f"title:{other} {piece}",
             f"({piece}) {other}*", f"author:{other} OR {piece}")
        )  # fmt: skip
        try:
            if parse(text) is not None:
                found.append(text)
        except BadQuery:
            continue
    return found


def found_by(index: SearchIndex, text: str) -> list[tuple[str, float]]:
    """Ids and scores, to the last article."""
    query, rows = Query(tree=parse(text), size=1000), []
    while True:
        hits = index.search(query)
        rows += [(hit.id, hit.score) for hit in hits.items]
        if hits.next is None:
            return rows
        query = replace(query, after=hits.next)


def check(index: SearchIndex, texts: Sequence[str]) -> Counter[str]:
    """How many of the texts each way of writing really changes."""
    changed = Counter[str]()
    for text in texts:
        expected = found_by(index, text)
        for name, way in SAME.items():
            other = way(text)
            changed[name] += other != text
            assert found_by(index, other) == expected, (name, text)
        bare = without_accents(text)
        changed["no accents"] += bare != text
        assert {identity for identity, _ in found_by(index, bare)} == {identity for identity, _ in expected}, text
    return changed


def test_a_hundred_queries_however_they_are_written(index: SearchIndex) -> None:
    documents = written_by_us()
    index.add(documents)
    index.commit()
    changed = check(index, questions(documents, seed=4))
    # The ways are all tried, and often enough.
    assert min(changed.values()) >= 10, changed


def test_articles_however_they_are_written_are_found_alike(index: SearchIndex) -> None:
    documents = written_by_us()
    write = SAME["everything"]
    spelled = [
        replace(
            document,
            id=f"other {document.id}",
            title=write(document.title),
            lead=write(document.lead),
            body=write(document.body),
            authors=tuple(map(write, document.authors)),
        )
        for document in documents
    ]
    index.add([*documents, *spelled])
    index.commit()
    for text in questions(documents, seed=8):
        scores = dict(found_by(index, text))
        mine = {identity: score for identity, score in scores.items() if not identity.startswith("other ")}
        others = {identity: score for identity, score in scores.items() if identity not in mine}
        assert {identity.removeprefix("other "): score for identity, score in others.items()} == mine, text


def test_accents_as_typed_come_first_and_none_are_lost_without_them(index: SearchIndex) -> None:
    documents = written_by_us()
    index.add(documents)
    index.commit()
    by_title = {document.title: document.id for document in documents}
    plain, other = by_title["Thai Nguyen FC thang dam"], by_title["Thái Nguyễn Hoà thắng giải"]
    accented = dict(found_by(index, "Thái Nguyên"))
    bare = dict(found_by(index, "thai nguyen"))
    assert accented.keys() == bare.keys() >= {plain, other}
    rightly = {document.id for document in documents if "Thái Nguyên" in document.title}
    assert rightly
    assert min(accented[identity] for identity in rightly) > max(accented[plain], accented[other])
    # Without accents in the query nothing is preferred: a title is a title.
    assert {bare[identity] for identity in rightly} == {bare[plain]} == {bare[other]}


def test_parts_in_another_order_find_the_same(index: SearchIndex) -> None:
    documents = written_by_us()
    index.add(documents)
    index.commit()
    chance = random.Random(5)
    pieces = [text for text in questions(documents, seed=6) if " OR " not in text]
    for _ in range(QUERIES):
        parts = [f"({text})" for text in chance.sample(pieces, chance.randint(2, 3))]
        turned = list(reversed(parts))
        for joined in (" ", " AND ", " OR "):
            expected = {identity for identity, _ in found_by(index, joined.join(parts))}
            assert {identity for identity, _ in found_by(index, joined.join(turned))} == expected


@pytest.mark.outside
@pytest.mark.timeout(600)
def test_a_hundred_queries_about_real_news(index: SearchIndex, eval_dir: Path) -> None:
    with gzip.open(eval_dir / "corpora" / "pool.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = {row["id"]: row for row in map(json.loads, file)}
    documents = [
        IndexDocument(
            id=row["id"], version=1, title=row["title"], body=row["text"], url="", source=row["source"],
            published_at=BEGIN + timedelta(hours=number % 700),
        )
        for number, row in enumerate(rows.values())
    ]  # fmt: skip
    for start in range(0, len(documents), 500):
        index.add(documents[start : start + 500])
    index.commit()
    changed = check(index, questions(documents, seed=4))
    assert min(changed.values()) >= 5, changed
