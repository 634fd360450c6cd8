"""The query language: what people may type, and that nothing they type can do harm."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diembao.errors import BadQuery
from diembao.index.language import (
    FIELDS,
    MAX_DEPTH,
    MAX_LENGTH,
    MAX_PREFIXES,
    MAX_TERMS,
    MAX_WORD,
    And,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Within,
    Word,
    index_words,
    parse,
    render,
)

CODES = {
    "too_long",
    "too_many_terms",
    "too_many_prefixes",
    "too_deep",
    "unclosed_quote",
    "empty_phrase",
    "unclosed_parenthesis",
    "unexpected_parenthesis",
    "empty_parentheses",
    "missing_operand",
    "unknown_field",
    "missing_value",
    "misplaced_star",
    "short_prefix",
    "no_words",
}


def words(*texts: str) -> And:
    return And(tuple(Word(text) for text in texts))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("lũ", Word("lũ")),
        ("lũ lụt", words("lũ", "lụt")),
        ("lũ AND lụt", words("lũ", "lụt")),
        ('"lũ lụt"', Phrase(("lũ", "lụt"))),
        ("“lũ lụt”", Phrase(("lũ", "lụt"))),
        ("«lũ lụt»", Phrase(("lũ", "lụt"))),
        ('"lũ"', Word("lũ")),
        ("lũ OR hạn", Or((Word("lũ"), Word("hạn")))),
        ("mưa lũ OR hạn", Or((words("mưa", "lũ"), Word("hạn")))),
        ("mưa (lũ OR hạn)", And((Word("mưa"), Or((Word("lũ"), Word("hạn")))))),
        ("lũ -hạn", And((Word("lũ"), Not(Word("hạn"))))),
        ("lũ NOT hạn", And((Word("lũ"), Not(Word("hạn"))))),
        ('-"hạn hán"', Not(Phrase(("hạn", "hán")))),
        ("-(lũ hạn)", Not(words("lũ", "hạn"))),
        ("ngập*", Prefix("ngập")),
        ("title:ngập", Within("title", Word("ngập"))),
        ("Title:Ngập", Within("title", Word("ngập"))),
        ('place:"Phú Bình"', Within("place", Phrase(("phú", "bình")))),
        ("topic:y-te", Within("topic", Phrase(("y", "te")))),
        ("author:hà*", Within("author", Prefix("hà"))),
        ("-source:abc", Not(Within("source", Word("abc")))),
        ("title:NOT", Within("title", Word("not"))),
        ("or and not", words("or", "and", "not")),
        ("TP.HCM", Phrase(("tp", "hcm"))),
        ("COVID-19", Phrase(("covid", "19"))),
        ("19/5", Phrase(("19", "5"))),
        ("12:30", Phrase(("12", "30"))),
        ("http://vi.du/a", Phrase(("http", "vi", "du", "a"))),
        ("Hà Nội - Huế", words("hà", "nội", "huế")),
        ("R & D", words("r", "d")),
        ("lũ -…", Word("lũ")),
        ("Thái Nguyên: tin mới", words("thái", "nguyên", "tin", "mới")),
        ("a\u00a0b\tc\u3000d", words("a", "b", "c", "d")),
    ],
)
def test_reads(text: str, tree: Node) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize("text", ["", "   ", "\n\t\u00a0"])
def test_nothing_asked_for(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("text", "code", "position"),
    [
        ("(((", "unclosed_parenthesis", 2),
        ("lũ (hạn", "unclosed_parenthesis", 3),
        ("lũ) hạn", "unexpected_parenthesis", 2),
        ("lũ ()", "empty_parentheses", 3),
        ('lũ "hạn', "unclosed_quote", 3),
        ('lũ ""', "empty_phrase", 3),
        ('title:"…"', "empty_phrase", 6),
        ("OR lũ", "missing_operand", 0),
        ("lũ OR", "missing_operand", 3),
        ("lũ OR OR hạn", "missing_operand", 3),
        ("AND lũ", "missing_operand", 0),
        ("lũ AND", "missing_operand", 3),
        ("lũ NOT", "missing_operand", 3),
        ("(lũ NOT)", "missing_operand", 4),
        ("colour:red lũ", "unknown_field", 0),
        ("lũ màu:đỏ", "unknown_field", 3),
        ("lũ title:", "missing_value", 9),
        ("title: lũ", "missing_value", 6),
        ("title:(lũ hạn)", "missing_value", 6),
        ("*", "misplaced_star", 0),
        ("lũ *lụt", "misplaced_star", 3),
        ("a*b", "misplaced_star", 1),
        ("covid-1*", "misplaced_star", 7),
        ('"lũ l*"', "misplaced_star", 5),
        ("l*", "short_prefix", 0),
        ("!?", "no_words", 0),
        ("a" * (MAX_LENGTH + 1), "too_long", MAX_LENGTH),
        ("ab " * MAX_TERMS + "cd", "too_many_terms", 3 * MAX_TERMS),
        ("ab* " * MAX_PREFIXES + "cd*", "too_many_prefixes", 4 * MAX_PREFIXES),
        ("(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1), "too_deep", MAX_DEPTH),
        ("-" * (MAX_DEPTH + 1) + "a", "too_deep", MAX_DEPTH),
    ],
)
def test_points_at_the_fault(text: str, code: str, position: int) -> None:
    with pytest.raises(BadQuery) as caught:
        parse(text)
    assert (caught.value.code, caught.value.position) == (code, position)


def test_as_deep_as_allowed() -> None:
    assert parse("(" * (MAX_DEPTH - 1) + "a" + ")" * (MAX_DEPTH - 1)) == Word("a")


@pytest.mark.parametrize(
    "forms",
    [
        ("hoà bình", "hòa bình", "HOÀ BÌNH", unicodedata.normalize("NFD", "Hoà Bình"), "h\u200boà b\u00adình"),
        ("đường", "Đường", "ĐƯỜNG", "Ðường", "ðường", unicodedata.normalize("NFD", "đường")),
        ("a b OR c", "(a b) OR c", "(a AND b) OR (c)"),
        ("a (b (c d))", "a b c d", "((a)) b AND c AND d"),
        ("a OR (b OR c)", "a OR b OR c"),
        ("a -b", "a NOT b", "a AND -b", "a NOT NOT NOT b", "a ---b"),
    ],
)
def test_equivalent_forms(forms: tuple[str, ...]) -> None:
    assert len({parse(form) for form in forms}) == 1


def test_a_word_is_cut_as_in_the_index() -> None:
    assert parse("a" * 500) == Word("a" * MAX_WORD)


LETTERS = "aăâbcdđeêghiklmnoôơpqrstuưvxyàáảãạềếểễệữỳ"
term_words = st.text(st.sampled_from(LETTERS + "0189"), min_size=1, max_size=8).map(lambda word: index_words(word)[0])
long_words = st.text(st.sampled_from(LETTERS), min_size=2, max_size=8).map(lambda word: index_words(word)[0])
terms = st.one_of(
    term_words.map(Word),
    long_words.map(Prefix),
    st.lists(term_words, min_size=2, max_size=4).map(lambda found: Phrase(tuple(found))),
)
leaves = st.one_of(terms, st.builds(Within, st.sampled_from(FIELDS), terms))


def _grow(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(children, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        several.filter(lambda nodes: not any(isinstance(node, And) for node in nodes)).map(And),
        several.filter(lambda nodes: not any(isinstance(node, Or) for node in nodes)).map(Or),
        children.filter(lambda node: not isinstance(node, Not)).map(Not),
    )


trees = st.recursive(leaves, _grow, max_leaves=7)


@settings(deadline=None)  # how long it takes is measured elsewhere
@given(trees)
def test_round_trip(tree: Node) -> None:
    assert parse(render(tree)) == tree


SYNTAX = "\"“”()-*:\\/+~^[]{}?!&|<>' \t\n\x00\u0301\u200b\ud800ORANDTtitle:đÐ🙂"
hostile = st.text(st.one_of(st.sampled_from(SYNTAX), st.characters()), max_size=400)


@settings(deadline=None, max_examples=300)
@given(hostile, st.integers(1, 40))
def test_hostile_text_is_read_or_refused(text: str, times: int) -> None:
    text = (text * times)[:10_000]
    try:
        tree = parse(text)
    except BadQuery as fault:
        assert fault.code in CODES
        assert 0 <= fault.position <= len(text)
        assert str(fault)
    else:
        assert tree is None or parse(render(tree)) is not None


UNITS = ["(", "-", '"', "NOT ", "a OR ", "title:", "(a ", '"a" ', "*", "\u0301", "a\u0301", ":"]


@pytest.mark.parametrize("unit", UNITS)
def test_ten_thousand_characters_are_refused_at_once(unit: str) -> None:
    with pytest.raises(BadQuery, match="longer than"):
        parse(unit * (10_000 // len(unit)))


@pytest.mark.parametrize("unit", ["(", "-", "NOT ", "(a ", '("a" OR -', "title:a ", "a:", "\u0301"])
def test_nesting_up_to_the_length_is_bounded(unit: str) -> None:
    try:
        parse(unit * (MAX_LENGTH // len(unit)))
    except BadQuery as fault:
        assert fault.code in CODES
