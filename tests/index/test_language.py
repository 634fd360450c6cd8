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


# Whatever people and programmes send: pieces of the syntax, words that are special to it, letters in odd forms.
PIECES = [
    *("a", "lũ", "lụt ", "OR ", "NOT ", "AND ", "or", "-", "(", ")", '"', "“", " ", "*", ":", "title:", "Place:"),
    *("TP.HCM", "19/5", "COVID-19", "a_b", "İ", "ß", "ﬁ", "K", "Å", "५", "²", "ª", "ŉ", "ǰ", "ẞ", "Ð", "Ɖ", "ð"),
    *("e\u0302\u0301", "e\u0301\u0302", "a\u0336", "\u0301", "\u200b", "\u00ad", "\ufeff", "\x00", "\x0b", "\x85"),
    *("\ud800", "🙂", "x" * 70, "นํ้า", "한국", "各", "\u202e", "\u3000"),
]  # fmt: skip
typed = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=40).map("".join)


def read(text: str) -> Node | str | None:
    """The tree, or the code of what is wrong."""
    try:
        return parse(text)
    except BadQuery as fault:
        assert fault.code in CODES
        assert 0 <= fault.position <= len(text)
        return fault.code


@settings(deadline=None, max_examples=500)
@given(typed)
def test_whatever_is_read_is_written_and_read_again(text: str) -> None:
    tree = read(text)
    if tree is not None and not isinstance(tree, str):
        written = render(tree)
        assert len(written) > MAX_LENGTH or parse(written) == tree
        assert render(parse(written) or tree) == written


@settings(deadline=None, max_examples=500)
@given(typed)
def test_composed_and_decomposed_letters_are_read_alike(text: str) -> None:
    assert read(unicodedata.normalize("NFD", text)) == read(unicodedata.normalize("NFC", text)) == read(text)


class Hand:
    """Writes a tree as somebody may type it."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._chance = draw(st.randoms(use_true_random=False))

    def write(self, node: Node) -> str:
        return self._in_parentheses(self._bare(node), 0.15)

    def _bare(self, node: Node) -> str:
        chance = self._chance
        match node:
            case Word(text):
                return f'"{self._spelled(text)}"' if chance.random() < 0.1 else self._spelled(text)
            case Prefix(text):
                return self._spelled(text) + "*"
            case Phrase(words):
                opening, closing = chance.choice(('""', "“”", "«»", "„“"))
                return opening + "  ".join(map(self._spelled, words)) + closing
            case Within(field, term):
                return f"{chance.choice((field, field.upper(), field.title()))}:{self._bare(term)}"
            case Not(inner):
                minus = chance.choice(("-", "NOT ", "-NOT -", "NOT NOT NOT "))
                return minus + self._tight(inner)
            case And(nodes):
                return chance.choice((" ", "   ", " AND ", "\t")).join(map(self._tight, nodes))
            case Or(nodes):
                return " OR ".join(map(self.write, nodes))

    def _tight(self, node: Node) -> str:
        return self._in_parentheses(self._bare(node), 1.0 if isinstance(node, And | Or) else 0.15)

    def _in_parentheses(self, text: str, share: float) -> str:
        return f"({text})" if self._chance.random() < share else text

    def _spelled(self, word: str) -> str:
        chance = self._chance
        for change in (str.upper, str.title, _old_tones, _lookalikes, _with_invisible, _decomposed):
            if chance.random() < 0.3:
                changed = change(word)
                # A word in capitals may be an operator, and then it is another query.
                word = word if changed in ("OR", "AND", "NOT") else changed
        return word


_OLD_TONES = {"òa": "oà", "óa": "oá", "ỏe": "oẻ", "úy": "uý", "ùy": "uỳ", "ụy": "uỵ"}


def _old_tones(word: str) -> str:
    ending = word[-2:]
    return word[:-2] + _OLD_TONES[ending] if ending in _OLD_TONES and word[-3:-2] != "q" else word


def _lookalikes(word: str) -> str:
    return word.replace("đ", "ð").replace("Đ", "Ð")


def _with_invisible(word: str) -> str:
    return word[:1] + "\u200b" + word[1:]


def _decomposed(word: str) -> str:
    return unicodedata.normalize("NFD", word)


SYLLABLES = ["hòa", "khỏe", "thúy", "quý", "lụy", "đường", "đỗ", "thái", "nguyên", "ngập", "19", "or", "not", "a"]
syllables = st.sampled_from(SYLLABLES)
written_terms = st.one_of(
    syllables.map(Word),
    st.sampled_from([word for word in SYLLABLES if len(word) > 1]).map(Prefix),
    st.lists(syllables, min_size=2, max_size=3).map(lambda found: Phrase(tuple(found))),
)
written_trees = st.recursive(
    st.one_of(written_terms, st.builds(Within, st.sampled_from(FIELDS), written_terms)), _grow, max_leaves=6
)


@settings(deadline=None, max_examples=500)
@given(written_trees, st.data())
def test_every_way_of_writing_a_query_is_the_same_query(tree: Node, data: st.DataObject) -> None:
    text = data.draw(st.composite(lambda draw: Hand(draw).write(tree))())
    assert parse(text) == tree, text


def test_the_fault_is_where_it_was_typed() -> None:
    for text in ('lũ lụt "Phú Bình', "hoà bình) b", "đỏ màu:đỏ"):
        whole = unicodedata.normalize("NFC", text)
        for given_text in (whole, unicodedata.normalize("NFD", text), whole.replace("lũ", "l\u200b\u200bũ")):
            with pytest.raises(BadQuery) as caught:
                parse(given_text)
            assert given_text[caught.value.position] in '")m'


def test_length_is_counted_in_letters_however_they_are_composed() -> None:
    text = unicodedata.normalize("NFD", "ệ" * MAX_LENGTH)
    assert len(text) == 3 * MAX_LENGTH
    assert parse(text) == Word("ệ" * MAX_WORD)
    assert read(text + "e") == "too_long"
