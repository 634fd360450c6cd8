"""Marks in titles and texts: where they stand, and that nothing of the text is lost or changed."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diembao.index.highlight import highlight
from diembao.index.language import parse
from diembao.index.protocol import Highlighting
from nlp.text import normalise

LONG = " ".join(f"câu số {number} không có gì." for number in range(60))


def shown(title: str = "", lead: str = "", body: str = "") -> dict[str, str | int | None]:
    return {"title": normalise(title), "lead": normalise(lead), "body": normalise(body), "published_at": 0}


def bracketed(query: str, **texts: str) -> dict[str, list[str]]:
    """Fragments by field, matches in square brackets, … where the text goes on."""
    found = highlight(parse(query), shown(**texts), Highlighting())
    return {
        field: [
            ("…" if fragment.cut_before else "")
            + "".join(f"[{piece.text}]" if piece.is_match else piece.text for piece in fragment.pieces)
            + ("…" if fragment.cut_after else "")
            for fragment in fragments
        ]
        for field, fragments in found.items()
    }


@pytest.mark.parametrize(
    ("query", "title", "expected"),
    [
        ("lũ", "Lũ về, LŨ rút, lủ khủ", "[Lũ] về, [LŨ] rút, [lủ] khủ"),
        ("duong", "Đường Ðường duong đương", "[Đường] [Đường] [duong] [đương]"),
        ("hoà", "Hòa Hoà hoá", "[Hòa] [Hoà] [hoá]"),
        ("hoa", unicodedata.normalize("NFD", "Hòa bình"), "[Hòa] bình"),
        ("thái nguyên", "Thái độ Thái Nguyên, nguyên nhân", "Thái độ [Thái Nguyên], nguyên nhân"),
        ("thái nguyên", "Thái độ, nguyên nhân", "[Thái] độ, [nguyên] nhân"),
        ('"thái nguyên"', "Thái, thái nguyên, nguyên", "Thái, [thái nguyên], nguyên"),
        ("TP.HCM", "TP HCM, tp.hcm, HCM", "[TP HCM], [tp.hcm], HCM"),
        ("chuyê*", "Chuyển câu chuyện, cho", "[Chuyển] câu [chuyện], cho"),
        ("title:lũ tin", "Tin lũ", "[Tin] [lũ]"),
        ("lũ -tin", "Tin lũ", "Tin [lũ]"),
        ("lũ OR tin", "Tin lũ", "[Tin] [lũ]"),
        ("lũ", "lũlụt lũ_lụt lũ2 2lũ", "lũlụt [lũ]_lụt lũ2 2lũ"),
        ("a" * 64, "a" * 70 + " b", f"[{'a' * 70}] b"),
        ("19/5", "Ngày 19-5 và 19.5.2026", "Ngày [19-5] và [19.5].2026"),
    ],
)
def test_titles_are_whole_and_marked(query: str, title: str, expected: str) -> None:
    assert bracketed(query, title=title) == {"title": [expected]}


def test_loose_words_stand_together_anywhere_in_the_article() -> None:
    """The title's scattered words are no match when the text has them side by side."""
    found = bracketed("thái nguyên", title="Thái độ của nguyên đơn", body="Tại Thái Nguyên.")
    assert found == {"body": ["Tại [Thái Nguyên]."]}


def test_fragments_are_cut_at_words_around_the_densest_matches() -> None:
    body = f"{LONG} Lũ về. {LONG} Lũ quét và lũ ống gây ngập. {LONG}"
    fragments = bracketed("lũ", body=body)["body"]
    assert len(fragments) == 2
    assert "[Lũ] về." in fragments[0]
    assert "[Lũ] quét và [lũ] ống" in fragments[1]
    for fragment in fragments:
        assert fragment.startswith("…") and fragment.endswith("…")
        assert fragment.strip("…").strip() in body.replace("Lũ", "[Lũ]").replace("lũ", "[lũ]")
        assert 100 < len(fragment) < 220


def test_a_short_text_is_one_fragment() -> None:
    assert bracketed("lũ", lead="Tin lũ.") == {"lead": ["Tin [lũ]."]}


def test_only_wanted_fields_and_numbers() -> None:
    wish = Highlighting(fields=("body",), fragments=1, length=60)
    found = highlight(parse("lũ"), shown("Lũ", "Lũ", f"Lũ {LONG} lũ lũ lũ {LONG}"), wish)
    assert list(found) == ["body"]
    assert len(found["body"]) == 1
    assert sum(piece.is_match for piece in found["body"][0].pieces) == 3


def test_nothing_found_nothing_marked() -> None:
    assert highlight(parse("lũ"), shown("Tin", body="khác"), Highlighting()) == {}
    assert highlight(parse("topic:lũ"), shown("Lũ"), Highlighting()) == {}
    assert highlight(None, shown("Lũ"), Highlighting()) == {}


@settings(deadline=None)
@given(
    st.text(st.one_of(st.sampled_from("lũ LŨthái nguyên. \n_-19İßﬁ\u0301"), st.characters()), max_size=600),
    st.sampled_from(["lũ", "thái nguyên", '"thái nguyên" lũ', "ng* OR lũ", "i OR ss OR fi", "19"]),
    st.integers(20, 200),
)
def test_fragments_are_pieces_of_the_text(text: str, query: str, length: int) -> None:
    texts = shown(text, body=text)
    for field, fragments in highlight(parse(query), texts, Highlighting(length=length)).items():
        for fragment in fragments:
            assert fragment.text in str(texts[field])
            assert any(piece.is_match and piece.text for piece in fragment.pieces)
            assert all(piece.text for piece in fragment.pieces)


@pytest.mark.parametrize("unit", ["lũ ", "l", "thái nguyên ", "thái ", "<b>lũ</b> "])
def test_overlong_texts(unit: str) -> None:
    """Linear in the length: this would not end if it were not."""
    text = unit * 200_000
    for query in ("lũ", "thái nguyên", "lu* OR th*", " ".join(["thái nguyên"] * 20)):
        highlight(parse(query), shown(text, text, text), Highlighting())
