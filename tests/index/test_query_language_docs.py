"""What docs/query-language.md says of the language is what is read: its grammar, its examples, its codes."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from diembao.errors import BadQuery
from diembao.index.language import FIELDS, parse, render
from diembao.index.protocol import IndexDocument, Query, SearchIndex

DOCS = (Path(__file__).parents[2] / "docs" / "query-language.md").read_text(encoding="utf-8")
LETTERS = "aăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạếềểễệừữỳÀĐỒ0159"
_TOKEN = re.compile(
    r"""\s*(?:(?P<name>\w+)|"(?P<double>[^"]*)"|'(?P<single>[^']*)'|\?(?P<special>[^?]*)\?|(?P<sign>[,|{}\[\]();]))"""
)


@dataclass(frozen=True)
class Part:
    """kind: `name`, `text`, `letter`, `group` (once), `option` or `many`."""

    kind: str
    text: str = ""
    inner: tuple[tuple[Part, ...], ...] = ()


class Ebnf:
    """A grammar read from its text, as far as ours goes."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_TOKEN.finditer(text))
        self._at = 0

    def rules(self) -> tuple[tuple[Part, ...], ...]:
        alternatives = [self._sequence()]
        while self._sign("|"):
            alternatives.append(self._sequence())
        return tuple(alternatives)

    def _sequence(self) -> tuple[Part, ...]:
        parts = [self._part()]
        while self._sign(","):
            parts.append(self._part())
        return tuple(parts)

    def _sign(self, sign: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at]["sign"] == sign:
            self._at += 1
            return True
        return False

    def _part(self) -> Part:
        for opening, closing, kind in (("(", ")", "group"), ("[", "]", "option"), ("{", "}", "many")):
            if self._sign(opening):
                inner = self.rules()
                assert self._sign(closing)
                return Part(kind, inner=inner)
        token = self._tokens[self._at]
        self._at += 1
        if token["special"] is not None:
            return Part("letter")
        if token["name"]:
            return Part("name", token["name"])
        return Part("text", token["double"] if token["double"] is not None else token["single"])


def documented_grammar() -> Mapping[str, tuple[tuple[Part, ...], ...]]:
    [block] = re.findall(r"```ebnf\n(.*?)```", DOCS, re.DOTALL)
    bare = re.sub(r"\(\*.*?\*\)", "", block)
    found = re.findall(r"^(\w+)\s*=(.*?) ;$", bare, re.MULTILINE)
    return {name: Ebnf(text).rules() for name, text in found}


# Sentences are apart by space, terms are not.
SENTENCES = {"query", "either", "all", "one", "excluded", "group"}


class Writer:
    """Sentences of a grammar, at random."""

    def __init__(self, grammar: Mapping[str, tuple[tuple[Part, ...], ...]], seed: int) -> None:
        self._grammar, self._chance = grammar, random.Random(seed)

    def write(self, name: str, depth: int = 0) -> str:
        # Deep down only the last alternative is left, which is the one that ends.
        alternatives = self._grammar[name]
        chosen = alternatives[-1] if depth > 12 else self._chance.choice(alternatives)
        return self._sequence(chosen, " " if name in SENTENCES else "", depth)

    def _sequence(self, parts: tuple[Part, ...], space: str, depth: int) -> str:
        written = [self._part(part, space, depth) for part in parts]
        joined = space.join(text for text in written if text)
        return joined.replace("- ", "-")  # a minus stands right before what it excludes

    def _part(self, part: Part, space: str, depth: int) -> str:
        chance = self._chance
        match part.kind:
            case "letter":
                return chance.choice(LETTERS)
            case "text":
                return part.text
            case "name":
                return self.write(part.text, depth + 1)
        times = {"group": 1, "option": chance.randint(0, 1), "many": chance.choice((0, 0, 1, 2))}[part.kind]
        return space.join(self._sequence(chance.choice(part.inner), space, depth + 1) for _ in range(times))


@pytest.mark.parametrize("seed", range(5))
def test_every_sentence_of_the_documented_grammar_is_read(seed: int) -> None:
    writer = Writer(documented_grammar(), seed)
    read = 0
    for _ in range(400):
        text = writer.write("query")
        try:
            tree = parse(text)
        except BadQuery as fault:
            # Limits are no part of the grammar.
            assert fault.code in {"too_long", "too_many_terms", "too_many_prefixes", "too_deep"}, (text, fault.code)
            continue
        assert tree is not None
        assert parse(render(tree)) == tree, text
        read += 1
    assert read > 300


def test_the_documented_fields_are_those_there_are() -> None:
    [alternatives] = [documented_grammar()["field"]]
    assert tuple(part.text for [part] in alternatives) == FIELDS


# What each documented example finds among the articles below.
EXAMPLES = {
    "lũ lụt thái nguyên": {"flood", "scattered"},
    '"lũ lụt"': {"flood"},
    "lũ OR hạn": {"flood", "scattered", "drought", "both"},
    "lũ -hạn": {"flood", "scattered"},
    "lũ NOT hạn": {"flood", "scattered"},
    '(lũ OR hạn) "Phú Bình"': {"drought"},
    "ngập*": {"scattered"},
    "title:ngập": {"scattered"},
    "source:baothainguyen": {"flood"},
    "topic:y-te": {"health"},
    'place:"Phú Bình"': {"drought"},
    'entity:"Trịnh Xuân"': {"health"},
    "author:hà": {"health"},
}  # fmt: skip
ARTICLES = {
    "flood": {"title": "Lũ lụt ở Thái Nguyên", "source": "baothainguyen"},
    "scattered": {"title": "Ngập sau lũ", "body": "Nước rút, lụt vẫn còn. Nguyên nhân là cống thái nhỏ."},
    "drought": {"title": "Hạn ở Phú Bình", "places": ("Phú Bình",)},
    "both": {"title": "Hết lũ đến hạn"},
    "health": {"title": "Tiêm phòng", "topics": ("y-te",), "people": ("Trịnh Xuân Trường",), "authors": ("Thu Hà",)},
}


def documented_examples() -> list[str]:
    table = DOCS.split("| you write |")[1].split("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines()[2:]]
    return [example for cell in cells for example in re.findall(r"`([^`]+)`", cell)]


def test_documented_examples_find_what_they_say(index: SearchIndex) -> None:
    index.add(
        [
            IndexDocument(**{"id": name, "version": 1, "url": "", "source": "bao", **given})  # type: ignore[arg-type]
            for name, given in ARTICLES.items()
        ]
    )
    index.commit()
    assert set(documented_examples()) == set(EXAMPLES)
    for text, expected in EXAMPLES.items():
        assert {hit.id for hit in index.search(Query(tree=parse(text))).items} == expected, text


def test_documented_codes_are_those_there_are() -> None:
    table = DOCS.split("| code | meaning |")[1]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    documented = {code for cell in cells for code in re.findall(r"`([a-z_]+)`", cell)}
    source = (Path(__file__).parents[2] / "diembao" / "index" / "language.py").read_text(encoding="utf-8")
    raised = set(re.findall(r'BadQuery\(.*?"([a-z_]+)"\)', source, re.DOTALL))
    assert documented - {"bad_cursor"} == raised
